/* SPDX-License-Identifier: Apache-2.0
 * The planes of grouped convolution, for AVX-512. Loops over taps and columns of a tile have constant
 * bounds and are unrolled, so that accumulators stay in registers. */
#include "backends/cpu/simd/grouped_conv.h"
#include "backends/cpu/simd/vector.h"

#if defined(__AVX512F__)

enum { TILE = 7, PAIRS = 4 }; /* output columns at once; pairs of them in grad_input */

#define UNROLLED _Pragma("GCC unroll 16")

/* Zero outside the row. */
INLINE __m512 column(const float *row, int64_t x, int64_t width)
{
    __mmask16 inside = x >= 0 && x < width ? 0xFFFF : 0;
    return _mm512_maskz_loadu_ps(inside, row + x * 16);
}

/* Lanes whose j-th of four becomes channel 4 pass + j of the group: with 8 channels per group both
 * quads of a group take its quad number `pass`. */
INLINE __m512 quads(__m512 v, int passes, int pass)
{
    if (passes == 1) return v;
    return pass == 0 ? _mm512_shuffle_f32x4(v, v, 0xA0) : _mm512_shuffle_f32x4(v, v, 0xF5);
}

INLINE void spread(__m512 v, __m512 out[4])
{
    out[0] = _mm512_permute_ps(v, 0x00);
    out[1] = _mm512_permute_ps(v, 0x55);
    out[2] = _mm512_permute_ps(v, 0xAA);
    out[3] = _mm512_permute_ps(v, 0xFF);
}

INLINE void load_taps(const float *packed, __m512 taps[3][4])
{
    UNROLLED for (int kw = 0; kw < 3; kw++)
        UNROLLED for (int j = 0; j < 4; j++) taps[kw][j] = _mm512_loadu_ps(packed + (kw * 4 + j) * 16);
}

INLINE void forward_tile(const brn__grouped_case *c, const float *x, const float *packed, int64_t oy, int64_t ox,
                         int stride, int passes, __m512 sums[TILE])
{
    for (int pass = 0; pass < passes; pass++)
        for (int kh = 0; kh < 3; kh++) {
            int64_t iy = oy * stride + kh - 1;
            if (iy < 0 || iy >= c->h) continue;
            const float *row = x + iy * c->w * 16;
            __m512 taps[3][4], v[4];
            load_taps(packed + (pass * 3 + kh) * 12 * 16, taps);
            UNROLLED for (int i = 0; i < (TILE - 1) * stride + 3; i++) {
                spread(quads(column(row, ox * stride - 1 + i, c->w), passes, pass), v);
                UNROLLED for (int kw = 0; kw < 3; kw++) {
                    int from = i - kw;
                    if (from < 0 || from % stride || from / stride >= TILE) continue;
                    UNROLLED for (int j = 0; j < 4; j++)
                        sums[from / stride] = _mm512_fmadd_ps(v[j], taps[kw][j], sums[from / stride]);
                }
            }
        }
}

INLINE __m512 finish(__m512 v, brn_activation activation)
{
    if (activation != BRN_ACTIVATION_NONE) v = _mm512_max_ps(v, _mm512_setzero_ps());
    return activation == BRN_ACTIVATION_RELU6 ? _mm512_min_ps(v, _mm512_set1_ps(6)) : v;
}

INLINE void forward_plane(const brn__grouped_case *c, const float *x, const float *packed, const float *bias,
                          const float *residual, brn_activation activation, float *y, int stride, int passes)
{
    __m512 start = bias ? _mm512_loadu_ps(bias) : _mm512_setzero_ps();
    for (int64_t oy = 0; oy < c->oh; oy++)
        for (int64_t ox = 0; ox < c->ow; ox += TILE) {
            __m512 sums[TILE];
            UNROLLED for (int i = 0; i < TILE; i++) sums[i] = start;
            forward_tile(c, x, packed, oy, ox, stride, passes, sums);
            int64_t at = (oy * c->ow + ox) * 16;
            UNROLLED for (int i = 0; i < TILE; i++) {
                if (ox + i >= c->ow) break;
                if (residual) sums[i] = _mm512_add_ps(sums[i], _mm512_loadu_ps(residual + at + i * 16));
                _mm512_storeu_ps(y + at + i * 16, finish(sums[i], activation));
            }
        }
}

static void forward(const brn__grouped_case *c, const float *x, const float *packed, const float *bias,
                    const float *residual, brn_activation activation, float *y)
{
    if (c->stride == 1 && c->passes == 1) forward_plane(c, x, packed, bias, residual, activation, y, 1, 1);
    else if (c->stride == 1) forward_plane(c, x, packed, bias, residual, activation, y, 1, 2);
    else if (c->passes == 1) forward_plane(c, x, packed, bias, residual, activation, y, 2, 1);
    else forward_plane(c, x, packed, bias, residual, activation, y, 2, 2);
}

/* dx of 2 PAIRS columns from `ix`, which is even: dx[2 ox + kw - 1] takes dy[ox] through tap kw. */
INLINE void grad_input_tile(const brn__grouped_case *c, const float *dy, const float *packed, int64_t iy, int64_t ix,
                            int passes, __m512 sums[2 * PAIRS])
{
    for (int pass = 0; pass < passes; pass++)
        for (int kh = 0; kh < 3; kh++) {
            int64_t twice = iy + 1 - kh;
            if (twice < 0 || twice % 2 || twice / 2 >= c->oh) continue;
            const float *row = dy + twice / 2 * c->ow * 16;
            __m512 taps[3][4], v[4];
            load_taps(packed + (pass * 3 + kh) * 12 * 16, taps);
            UNROLLED for (int i = 0; i < PAIRS + 1; i++) {
                spread(quads(column(row, ix / 2 + i, c->ow), passes, pass), v);
                UNROLLED for (int kw = 0; kw < 3; kw++) {
                    int to = 2 * i + kw - 1;
                    if (to < 0 || to >= 2 * PAIRS) continue;
                    UNROLLED for (int j = 0; j < 4; j++) sums[to] = _mm512_fmadd_ps(v[j], taps[kw][j], sums[to]);
                }
            }
        }
}

static void grad_input(const brn__grouped_case *c, const float *dy, const float *packed, float *dx)
{
    for (int64_t iy = 0; iy < c->h; iy++)
        for (int64_t ix = 0; ix < c->w; ix += 2 * PAIRS) {
            __m512 sums[2 * PAIRS];
            UNROLLED for (int i = 0; i < 2 * PAIRS; i++) sums[i] = _mm512_setzero_ps();
            if (c->passes == 1) grad_input_tile(c, dy, packed, iy, ix, 1, sums);
            else grad_input_tile(c, dy, packed, iy, ix, 2, sums);
            UNROLLED for (int i = 0; i < 2 * PAIRS; i++) {
                if (ix + i >= c->w) break;
                _mm512_storeu_ps(dx + (iy * c->w + ix + i) * 16, sums[i]);
            }
        }
}

/* One row of x against one row of dy: sums[kw][j] += x[ox stride + kw - 1] channel j times dy[ox]. */
INLINE void grad_weight_row(const float *x, const float *dy, int64_t w, int64_t ow, int stride, int passes, int pass,
                            __m512 sums[3][4])
{
    for (int64_t ox = 0; ox < ow; ox++) {
        __m512 d = _mm512_loadu_ps(dy + ox * 16), v[4];
        UNROLLED for (int kw = 0; kw < 3; kw++) {
            spread(quads(column(x, ox * stride + kw - 1, w), passes, pass), v);
            UNROLLED for (int j = 0; j < 4; j++) sums[kw][j] = _mm512_fmadd_ps(v[j], d, sums[kw][j]);
        }
    }
}

/* Stride 1: each column of x is spread once and meets three columns of dy. */
INLINE void grad_weight_row_dense(const float *x, const float *dy, int64_t w, int passes, int pass, __m512 sums[3][4])
{
    __m512 before = _mm512_setzero_ps(), here = _mm512_loadu_ps(dy), v[4];
    for (int64_t ix = 0; ix < w; ix++) {
        __m512 after = column(dy, ix + 1, w);
        spread(quads(_mm512_loadu_ps(x + ix * 16), passes, pass), v);
        UNROLLED for (int j = 0; j < 4; j++) {
            sums[0][j] = _mm512_fmadd_ps(v[j], after, sums[0][j]);
            sums[1][j] = _mm512_fmadd_ps(v[j], here, sums[1][j]);
            sums[2][j] = _mm512_fmadd_ps(v[j], before, sums[2][j]);
        }
        before = here;
        here = after;
    }
}

INLINE void grad_weight_plane(const brn__grouped_case *c, const float *x, const float *dy, float *out, int stride,
                              int passes)
{
    for (int pass = 0; pass < passes; pass++)
        for (int kh = 0; kh < 3; kh++) {
            __m512 sums[3][4];
            UNROLLED for (int i = 0; i < 12; i++) sums[i / 4][i % 4] = _mm512_setzero_ps();
            for (int64_t oy = 0; oy < c->oh; oy++) {
                int64_t iy = oy * stride + kh - 1;
                if (iy < 0 || iy >= c->h) continue;
                const float *row = x + iy * c->w * 16, *gradient = dy + oy * c->ow * 16;
                if (stride == 1) grad_weight_row_dense(row, gradient, c->w, passes, pass, sums);
                else grad_weight_row(row, gradient, c->w, c->ow, stride, passes, pass, sums);
            }
            float *to = out + (pass * 3 + kh) * 12 * 16;
            UNROLLED for (int i = 0; i < 12; i++)
                _mm512_storeu_ps(to + i * 16, _mm512_add_ps(_mm512_loadu_ps(to + i * 16), sums[i / 4][i % 4]));
        }
}

static void grad_weight(const brn__grouped_case *c, const float *x, const float *dy, float *sums)
{
    if (c->stride == 1 && c->passes == 1) grad_weight_plane(c, x, dy, sums, 1, 1);
    else if (c->stride == 1) grad_weight_plane(c, x, dy, sums, 1, 2);
    else if (c->passes == 1) grad_weight_plane(c, x, dy, sums, 2, 1);
    else grad_weight_plane(c, x, dy, sums, 2, 2);
}

extern const brn__grouped_conv brn__grouped_conv_avx512;
const brn__grouped_conv brn__grouped_conv_avx512 = {"simd:avx512:grouped", forward, grad_input, grad_weight};

#else
typedef int brn__no_grouped_conv; /* other instruction sets leave these cases to oneDNN */
#endif
