/* SPDX-License-Identifier: Apache-2.0
 * Forward: rows are walked as in grouped_conv.c, sums roll through registers. Weight gradient: as many
 * rows of taps at once as there are registers for their sums, while a row of dy is walked. */
#include "backends/cpu/simd/depthwise.h"
#include "backends/cpu/simd/blocked_target.h"

#define UNROLLED _Pragma("GCC unroll 32")

enum {
    SIDE_MAX = 5,
    TAP_ROWS = LANES == 16 ? 5 : 2, /* of 5 taps at once; three rows of 3 taps always fit */
};

/* ---- forward ---- */

/* `rows` rows of y from oy on: column ix of x belongs to y's columns ix - side / 2 .. ix + side / 2. */
INLINE void walk(const brn__depthwise_case *c, const float *x, const float *packed, const target *to, int64_t oy,
                 int part, int rows, int side)
{
    vector sums[2][SIDE_MAX] = {0};
    const int half = side / 2;
    for (int64_t ix = 0; ix < c->w; ix++) {
        UNROLLED for (int r = 0; r < rows + side - 1; r++) {
            int64_t iy = oy + r - half;
            if (iy < 0 || iy >= c->h) continue;
            vector v = load(x + (iy * c->w + ix) * BLOCK + part * LANES);
            UNROLLED for (int a = 0; a < rows; a++)
                UNROLLED for (int kw = 0; kw < side; kw++) {
                    int kh = r - a;
                    if (kh < 0 || kh >= side) continue;
                    sums[a][side - 1 - kw] += v * load(packed + (kh * side + kw) * BLOCK + part * LANES);
                }
        }
        UNROLLED for (int a = 0; a < rows; a++) {
            if (ix >= half) put(to, (oy + a) * c->ow + ix - half, part, sums[a][0]);
            UNROLLED for (int i = 0; i + 1 < side; i++) sums[a][i] = sums[a][i + 1];
            sums[a][side - 1] = splat(0);
        }
    }
    UNROLLED for (int a = 0; a < rows; a++)
        UNROLLED for (int i = 0; i < half; i++)
            if (c->w - half + i >= 0) put(to, (oy + a) * c->ow + c->w - half + i, part, sums[a][i]);
}

INLINE void forward_plane(const brn__depthwise_case *c, const float *x, const float *packed, const target *to, int side)
{
    for (int part = 0; part < PARTS; part++) {
        int64_t oy = 0;
        for (; oy + 2 <= c->oh; oy += 2) walk(c, x, packed, to, oy, part, 2, side);
        for (; oy < c->oh; oy++) walk(c, x, packed, to, oy, part, 1, side);
    }
}

static void forward(const brn__depthwise_case *c, const float *x, const float *packed, const float *bias,
                    const float *residual, brn_activation activation, float *y)
{
    target to = {bias, residual, activation, y};
    if (c->side == 3) forward_plane(c, x, packed, &to, 3);
    else forward_plane(c, x, packed, &to, 5);
}

/* ---- weight gradient ---- */

/* Columns [from, to) of a row of dy against `count` rows of x, of which `x` is the first; `checked` where
 * a tap may lie outside the row. */
INLINE void columns(const brn__depthwise_case *c, const float *x, const float *dy, int64_t from, int64_t to, bool checked,
                    int part, int count, int side, vector sums[SIDE_MAX][SIDE_MAX])
{
    for (int64_t ox = from; ox < to; ox++) {
        vector d = load(dy + ox * BLOCK + part * LANES);
        int64_t first = ox * c->stride - c->left;
        UNROLLED for (int k = 0; k < count; k++)
            UNROLLED for (int kw = 0; kw < side; kw++) {
                if (checked && (first + kw < 0 || first + kw >= c->w)) continue;
                sums[k][kw] += d * load(x + (k * c->w + first + kw) * BLOCK + part * LANES);
            }
    }
}

/* Taps kh .. kh + count - 1 over rows [from, to) of dy, for which all of these lie inside x. */
INLINE void rows_of_taps(const brn__depthwise_case *c, const float *x, const float *dy, int64_t from, int64_t to,
                         int part, int kh, int count, int side, float *out)
{
    vector sums[SIDE_MAX][SIDE_MAX] = {0};
    /* Where all taps of a row lie inside: ox stride - left >= 0 and ox stride - left + side - 1 < w. */
    int64_t begin = (c->left + c->stride - 1) / c->stride;
    int64_t end = c->w - side + c->left >= 0 ? (c->w - side + c->left) / c->stride + 1 : 0;
    if (begin > c->ow) begin = c->ow;
    if (end > c->ow) end = c->ow;
    if (end < begin) end = begin;
    for (int64_t oy = from; oy < to; oy++) {
        const float *row = x + (oy * c->stride + kh - c->top) * c->w * BLOCK, *gradient = dy + oy * c->ow * BLOCK;
        columns(c, row, gradient, 0, begin, true, part, count, side, sums);
        columns(c, row, gradient, begin, end, false, part, count, side, sums);
        columns(c, row, gradient, end, c->ow, true, part, count, side, sums);
    }
    UNROLLED for (int k = 0; k < count; k++)
        UNROLLED for (int kw = 0; kw < side; kw++) {
            float *at = out + ((kh + k) * side + kw) * BLOCK + part * LANES;
            store(at, load(at) + sums[k][kw]);
        }
}

/* The rows of dy whose tap kh lies inside x. */
static void inside(const brn__depthwise_case *c, int64_t kh, int64_t *from, int64_t *to)
{
    int64_t above = c->top - kh, below = c->h - 1 + c->top - kh;
    *from = above > 0 ? (above + c->stride - 1) / c->stride : 0;
    *to = below < 0 ? 0 : below / c->stride + 1;
    if (*to > c->oh) *to = c->oh;
    if (*from > *to) *from = *to;
}

/* All rows of dy in which some of the taps kh .. kh + count - 1 lie inside: those with all of them, and
 * for each alone what is above and below. */
INLINE void taps_of_plane(const brn__depthwise_case *c, const float *x, const float *dy, int part, int kh, int count,
                          int side, float *out)
{
    int64_t from, to, first, last;
    inside(c, kh, &from, &last);
    inside(c, kh + count - 1, &first, &to);
    if (to < from) to = from;
    rows_of_taps(c, x, dy, from, to, part, kh, count, side, out);
    for (int k = kh; count > 1 && k < kh + count; k++) {
        inside(c, k, &first, &last);
        if (first < from) rows_of_taps(c, x, dy, first, last < from ? last : from, part, k, 1, side, out);
        if (last > to) rows_of_taps(c, x, dy, first > to ? first : to, last, part, k, 1, side, out);
    }
}

static void grad_weight(const brn__depthwise_case *c, const float *x, const float *dy, float *sums)
{
    for (int part = 0; part < PARTS; part++) {
        if (c->side == 3) {
            taps_of_plane(c, x, dy, part, 0, 3, 3, sums);
            continue;
        }
        int kh = 0;
        for (; kh + TAP_ROWS <= 5; kh += TAP_ROWS) taps_of_plane(c, x, dy, part, kh, TAP_ROWS, 5, sums);
        for (; kh < 5; kh++) taps_of_plane(c, x, dy, part, kh, 1, 5, sums);
    }
}

#define QUOTE(isa) QUOTE2(isa)
#define QUOTE2(isa) "simd:" #isa ":depthwise"

extern const brn__depthwise BRN__SIMD(depthwise);
const brn__depthwise BRN__SIMD(depthwise) = {QUOTE(BRN__ISA), BLOCK, forward, grad_weight};
