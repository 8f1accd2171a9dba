/* SPDX-License-Identifier: Apache-2.0
 * The planes of grouped convolution. Each loop walks along rows: a column of pixels is spread once and
 * meets all outputs that it belongs to, whose sums roll through registers and leave when they are
 * complete. So edges need no masks, and memory is read in long runs. Inner loops have constant bounds:
 * one function for each number of channels per group and of rows, made by the lists below. */
#include "backends/cpu/simd/grouped_conv.h"
#include "backends/cpu/simd/blocked_target.h"

#define UNROLLED _Pragma("GCC unroll 16")

enum { HALF_ROWS = LANES == 16 ? 2 : 1 }; /* rows of y at once in stride 2: as registers allow */

/* ---- channels of a group ---- */

/* Lane j of every four becomes all four. */
#if LANES == 16
#define LANE_OF_FOUR(v, j) ((vector)_mm512_permute_ps((__m512)(v), (j) * 0x55))
#elif LANES == 8
#define LANE_OF_FOUR(v, j) ((vector)_mm256_permute_ps((__m256)(v), (j) * 0x55))
#else
#define LANE_OF_FOUR(v, j) splat((v)[j])
#endif

INLINE vector lane_of_four(vector v, int j)
{
    switch (j) {
    case 0: return LANE_OF_FOUR(v, 0);
    case 1: return LANE_OF_FOUR(v, 1);
    case 2: return LANE_OF_FOUR(v, 2);
    default: return LANE_OF_FOUR(v, 3);
    }
}

/* Channels 4 quad .. 4 quad + 3 of every group at one pixel. */
typedef struct channels {
    vector four;       /* groups inside a block: of each, those four */
    const float *each; /* else, where they are */
} channels;

/* For the part's lanes; x points into the group's first plane. */
INLINE channels channels_of(const float *x, int64_t plane, int group, int part, int quad)
{
    if (group >= BLOCK) return (channels){splat(0), x + quad * 4 / BLOCK * plane + quad * 4 % BLOCK};
    vector v = load(x + part * LANES);
#if LANES == 16
    /* Both fours of a group of eight take its first or its second four. */
    if (group == 8 && quad == 0) v = (vector)_mm512_shuffle_f32x4((__m512)v, (__m512)v, 0xA0);
    if (group == 8 && quad == 1) v = (vector)_mm512_shuffle_f32x4((__m512)v, (__m512)v, 0xF5);
#endif
    return (channels){v, NULL};
}

/* Channel j of them, in all lanes of its group. */
INLINE vector channel(channels c, int group, int j)
{
    return group >= BLOCK ? splat(c.each[j]) : lane_of_four(c.four, j);
}

/* The weights of tap (kh, kw) from channel j on, for a part's lanes. */
INLINE const float *weight_at(const float *packed, int group, int part, int kh, int kw, int j)
{
    return packed + ((kh * 3 + kw) * group + j) * BLOCK + part * LANES;
}

/* ---- forward ---- */

/* `rows` rows of y from oy on. Column ix of x belongs to y's columns ix - 1, ix, ix + 1, whose sums are
 * 0, 1, 2; each in two, so that additions do not wait for one another. */
INLINE void dense_rows(const brn__grouped_case *c, const float *x, const float *packed, const target *to, int64_t oy,
                       int part, int rows, int group)
{
    vector sums[2][3][2] = {0};
    int64_t plane = c->h * c->w * BLOCK;
    for (int64_t ix = 0; ix < c->w; ix++) {
        UNROLLED for (int r = 0; r < rows + 2; r++) {
            int64_t iy = oy + r - 1;
            if (iy < 0 || iy >= c->h) continue;
            for (int quad = 0; quad < group / 4; quad++) {
                channels here = channels_of(x + (iy * c->w + ix) * BLOCK, plane, group, part, quad);
                UNROLLED for (int j = 0; j < 4; j++) {
                    vector v = channel(here, group, j);
                    UNROLLED for (int a = 0; a < rows; a++)
                        UNROLLED for (int kw = 0; kw < 3; kw++) {
                            int kh = r - a;
                            if (kh < 0 || kh > 2) continue;
                            sums[a][2 - kw][j % 2] += v * load(weight_at(packed, group, part, kh, kw, quad * 4 + j));
                        }
                }
            }
        }
        UNROLLED for (int a = 0; a < rows; a++) {
            if (ix > 0) put(to, (oy + a) * c->ow + ix - 1, part, sums[a][0][0] + sums[a][0][1]);
            UNROLLED for (int i = 0; i < 2; i++) {
                sums[a][0][i] = sums[a][1][i];
                sums[a][1][i] = sums[a][2][i];
                sums[a][2][i] = splat(0);
            }
        }
    }
    UNROLLED for (int a = 0; a < rows; a++) put(to, (oy + a + 1) * c->ow - 1, part, sums[a][0][0] + sums[a][0][1]);
}

/* Stride 2: x's columns 2 ox and 2 ox + 1 belong to y's column ox, the latter to ox + 1 too. Sums in
 * four. */
INLINE void half_rows(const brn__grouped_case *c, const float *x, const float *packed, const target *to, int64_t oy,
                      int part, int rows, int group)
{
    vector sums[2][2][4] = {0};
    int64_t plane = c->h * c->w * BLOCK;
    for (int64_t ox = 0; ox < c->ow; ox++) {
        bool right = 2 * ox + 1 < c->w;
        UNROLLED for (int r = 0; r < 2 * rows + 1; r++) {
            int64_t iy = oy * 2 + r - 1;
            if (iy < 0 || iy >= c->h) continue;
            const float *pixel = x + (iy * c->w + 2 * ox) * BLOCK;
            for (int quad = 0; quad < group / 4; quad++) {
                channels here = channels_of(pixel, plane, group, part, quad);
                UNROLLED for (int j = 0; j < 4; j++) {
                    vector v = channel(here, group, j);
                    UNROLLED for (int a = 0; a < rows; a++) {
                        int kh = r - 2 * a;
                        if (kh < 0 || kh > 2) continue;
                        sums[a][0][j] += v * load(weight_at(packed, group, part, kh, 1, quad * 4 + j));
                    }
                }
                if (!right) continue;
                here = channels_of(pixel + BLOCK, plane, group, part, quad);
                UNROLLED for (int j = 0; j < 4; j++) {
                    vector v = channel(here, group, j);
                    UNROLLED for (int a = 0; a < rows; a++) {
                        int kh = r - 2 * a;
                        if (kh < 0 || kh > 2) continue;
                        sums[a][0][j] += v * load(weight_at(packed, group, part, kh, 2, quad * 4 + j));
                        sums[a][1][j] += v * load(weight_at(packed, group, part, kh, 0, quad * 4 + j));
                    }
                }
            }
        }
        UNROLLED for (int a = 0; a < rows; a++) {
            put(to, (oy + a) * c->ow + ox, part, (sums[a][0][0] + sums[a][0][1]) + (sums[a][0][2] + sums[a][0][3]));
            UNROLLED for (int j = 0; j < 4; j++) {
                sums[a][0][j] = sums[a][1][j];
                sums[a][1][j] = splat(0);
            }
        }
    }
}

INLINE void forward_plane(const brn__grouped_case *c, const float *x, const float *packed, const target *to, int group)
{
    int64_t oy = 0;
    for (int part = 0; part < PARTS; part++) {
        if (c->stride == 1) {
            for (oy = 0; oy + 2 <= c->oh; oy += 2) dense_rows(c, x, packed, to, oy, part, 2, group);
            for (; oy < c->oh; oy++) dense_rows(c, x, packed, to, oy, part, 1, group);
        } else {
            for (oy = 0; oy + HALF_ROWS <= c->oh; oy += HALF_ROWS)
                half_rows(c, x, packed, to, oy, part, HALF_ROWS, group);
            for (; oy < c->oh; oy++) half_rows(c, x, packed, to, oy, part, 1, group);
        }
    }
}

/* ---- input gradient of stride 2 ---- */

/* dx's rows 2 oy and, where it is there, 2 oy + 1. dy's column ox belongs to dx's columns 2 ox - 1,
 * 2 ox, 2 ox + 1 through kw = 0, 1, 2; its row oy to dx's rows 2 oy (kh = 1) and 2 oy + 1 (2), its row
 * oy + 1 to 2 oy + 1 (0). */
INLINE void double_rows(const brn__grouped_case *c, const float *dy, const float *packed, int64_t oy, int part,
                        int group, float *dx)
{
    vector sums[2][3][2] = {0};
    int64_t plane = c->oh * c->ow * BLOCK;
    bool second = 2 * oy + 1 < c->h, below = second && oy + 1 < c->oh;
    float *to = dx + 2 * oy * c->w * BLOCK + part * LANES;
    for (int64_t ox = 0; ox < c->ow; ox++) {
        const float *pixel = dy + (oy * c->ow + ox) * BLOCK;
        for (int quad = 0; quad < group / 4; quad++) {
            channels here = channels_of(pixel, plane, group, part, quad);
            UNROLLED for (int j = 0; j < 4; j++) {
                vector v = channel(here, group, j);
                UNROLLED for (int kw = 0; kw < 3; kw++) {
                    sums[0][kw][j % 2] += v * load(weight_at(packed, group, part, 1, kw, quad * 4 + j));
                    sums[1][kw][j % 2] += v * load(weight_at(packed, group, part, 2, kw, quad * 4 + j));
                }
            }
            if (!below) continue;
            here = channels_of(pixel + c->ow * BLOCK, plane, group, part, quad);
            UNROLLED for (int j = 0; j < 4; j++) {
                vector v = channel(here, group, j);
                UNROLLED for (int kw = 0; kw < 3; kw++)
                    sums[1][kw][j % 2] += v * load(weight_at(packed, group, part, 0, kw, quad * 4 + j));
            }
        }
        UNROLLED for (int a = 0; a < 2; a++) {
            float *row = to + a * c->w * BLOCK;
            bool there = a == 0 || second;
            if (there && ox > 0) store(row + (2 * ox - 1) * BLOCK, sums[a][0][0] + sums[a][0][1]);
            if (there) store(row + 2 * ox * BLOCK, sums[a][1][0] + sums[a][1][1]);
            UNROLLED for (int i = 0; i < 2; i++) {
                sums[a][0][i] = sums[a][2][i];
                sums[a][1][i] = sums[a][2][i] = splat(0);
            }
        }
    }
    if (c->w % 2) return;
    store(to + (c->w - 1) * BLOCK, sums[0][0][0] + sums[0][0][1]);
    if (second) store(to + (2 * c->w - 1) * BLOCK, sums[1][0][0] + sums[1][0][1]);
}

INLINE void grad_input_plane(const brn__grouped_case *c, const float *dy, const float *packed, int group, float *dx)
{
    for (int part = 0; part < PARTS; part++)
        for (int64_t oy = 0; oy < c->oh; oy++) double_rows(c, dy, packed, oy, part, group, dx);
}

/* ---- weight gradient ---- */

enum { QUADS_MAX = LANES == 16 ? 2 : 1 }; /* fours of x's channels at once: three taps of each in registers */

/* Column ix of x meets dy's columns ix + 1, ix, ix - 1 in taps 0, 1, 2. */
INLINE void weight_row_dense(const brn__grouped_case *c, const float *x, const float *dy, int part, int first,
                             int quads, int group, vector sums[3][4 * QUADS_MAX])
{
    vector before = splat(0), here = load(dy + part * LANES);
    for (int64_t ix = 0; ix < c->w; ix++) {
        vector after = ix + 1 < c->w ? load(dy + (ix + 1) * BLOCK + part * LANES) : splat(0);
        UNROLLED for (int q = 0; q < quads; q++) {
            channels now = channels_of(x + ix * BLOCK, c->h * c->w * BLOCK, group, part, first + q);
            UNROLLED for (int j = 0; j < 4; j++) {
                vector v = channel(now, group, j);
                sums[0][q * 4 + j] += v * after;
                sums[1][q * 4 + j] += v * here;
                sums[2][q * 4 + j] += v * before;
            }
        }
        before = here;
        here = after;
    }
}

/* Stride 2: x's column 2 ox meets dy's ox in tap 1; 2 ox + 1 meets ox in tap 2 and ox + 1 in tap 0. */
INLINE void weight_row_half(const brn__grouped_case *c, const float *x, const float *dy, int part, int first, int quads,
                            int group, vector sums[3][4 * QUADS_MAX])
{
    vector here = load(dy + part * LANES);
    for (int64_t ox = 0; ox < c->ow; ox++) {
        vector after = ox + 1 < c->ow ? load(dy + (ox + 1) * BLOCK + part * LANES) : splat(0);
        bool right = 2 * ox + 1 < c->w;
        UNROLLED for (int q = 0; q < quads; q++) {
            channels now = channels_of(x + 2 * ox * BLOCK, c->h * c->w * BLOCK, group, part, first + q);
            UNROLLED for (int j = 0; j < 4; j++) sums[1][q * 4 + j] += channel(now, group, j) * here;
            if (!right) continue;
            now = channels_of(x + (2 * ox + 1) * BLOCK, c->h * c->w * BLOCK, group, part, first + q);
            UNROLLED for (int j = 0; j < 4; j++) {
                vector v = channel(now, group, j);
                sums[2][q * 4 + j] += v * here;
                sums[0][q * 4 + j] += v * after;
            }
        }
        here = after;
    }
}

/* The plane's part of the gradient of `quads` fours of channels from `first` on, row kh of taps. */
INLINE void weight_taps(const brn__grouped_case *c, const float *x, const float *dy, int part, int kh, int first,
                        int quads, int group, float *out)
{
    vector sums[3][4 * QUADS_MAX] = {0};
    for (int64_t oy = 0; oy < c->oh; oy++) {
        int64_t iy = oy * c->stride + kh - 1;
        if (iy < 0 || iy >= c->h) continue;
        const float *row = x + iy * c->w * BLOCK, *gradient = dy + oy * c->ow * BLOCK;
        if (c->stride == 1) weight_row_dense(c, row, gradient, part, first, quads, group, sums);
        else weight_row_half(c, row, gradient, part, first, quads, group, sums);
    }
    UNROLLED for (int kw = 0; kw < 3; kw++)
        UNROLLED for (int j = 0; j < 4 * quads; j++) {
            float *to = out + ((kh * 3 + kw) * group + first * 4 + j) * BLOCK + part * LANES;
            store(to, load(to) + sums[kw][j]);
        }
}

INLINE void grad_weight_plane(const brn__grouped_case *c, const float *x, const float *dy, int group, float *out)
{
    const int quads = group / 4 < QUADS_MAX ? group / 4 : QUADS_MAX;
    for (int part = 0; part < PARTS; part++)
        for (int kh = 0; kh < 3; kh++)
            for (int first = 0; first < group / 4; first += quads)
                weight_taps(c, x, dy, part, kh, first, quads, group, out);
}

/* ---- one function for each number of channels per group ---- */

#define GROUP_LIST(X) X(4) X(8) X(16) X(32)

#define X(group) \
    static void forward_##group(const brn__grouped_case *c, const float *x, const float *packed, const target *to) \
    { \
        forward_plane(c, x, packed, to, group); \
    } \
    static void grad_input_##group(const brn__grouped_case *c, const float *dy, const float *packed, float *dx) \
    { \
        grad_input_plane(c, dy, packed, group, dx); \
    } \
    static void grad_weight_##group(const brn__grouped_case *c, const float *x, const float *dy, float *sums) \
    { \
        grad_weight_plane(c, x, dy, group, sums); \
    }
GROUP_LIST(X)
#undef X

static void forward(const brn__grouped_case *c, const float *x, const float *packed, const float *bias,
                    const float *residual, brn_activation activation, float *y)
{
    target to = {bias, residual, activation, y};
    switch (c->per_group) {
#define X(group) case group: forward_##group(c, x, packed, &to); break;
        GROUP_LIST(X)
#undef X
    }
}

static void grad_input(const brn__grouped_case *c, const float *dy, const float *packed, float *dx)
{
    switch (c->per_group) {
#define X(group) case group: grad_input_##group(c, dy, packed, dx); break;
        GROUP_LIST(X)
#undef X
    }
}

static void grad_weight(const brn__grouped_case *c, const float *x, const float *dy, float *sums)
{
    switch (c->per_group) {
#define X(group) case group: grad_weight_##group(c, x, dy, sums); break;
        GROUP_LIST(X)
#undef X
    }
}

#define QUOTE(isa) QUOTE2(isa)
#define QUOTE2(isa) "simd:" #isa ":grouped"

extern const brn__grouped_conv BRN__SIMD(grouped_conv);
const brn__grouped_conv BRN__SIMD(grouped_conv) = {QUOTE(BRN__ISA), BLOCK, forward, grad_input, grad_weight};
