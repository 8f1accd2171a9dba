/* SPDX-License-Identifier: Apache-2.0
 * A row of five taps at a time: five accumulators stay in registers while dy's row is walked. */
#include "backends/cpu/simd/depthwise.h"
#include "backends/cpu/simd/vector.h"

#if defined(__AVX512F__)

enum { SIDE = 5 };

#define UNROLLED _Pragma("GCC unroll 8")

/* Columns [from, to) of dy; `checked` where a tap may lie outside the row of x. */
INLINE void row(const brn__depthwise_case *c, const float *x, const float *dy, int64_t from, int64_t to, bool checked,
                __m512 sums[SIDE])
{
    for (int64_t ox = from; ox < to; ox++) {
        __m512 d = _mm512_loadu_ps(dy + ox * 16);
        int64_t first = ox * c->stride - c->left;
        UNROLLED for (int kw = 0; kw < SIDE; kw++) {
            int64_t ix = first + kw;
            __mmask16 inside = !checked || (ix >= 0 && ix < c->w) ? 0xFFFF : 0;
            __m512 v = checked ? _mm512_maskz_loadu_ps(inside, x + ix * 16) : _mm512_loadu_ps(x + ix * 16);
            sums[kw] = _mm512_fmadd_ps(v, d, sums[kw]);
        }
    }
}

static void grad_weight(const brn__depthwise_case *c, const float *x, const float *dy, float *out)
{
    /* Where all five taps lie inside: ox stride - left >= 0 and ox stride - left + 4 < w. */
    int64_t begin = (c->left + c->stride - 1) / c->stride;
    int64_t end = c->w - SIDE + c->left >= 0 ? (c->w - SIDE + c->left) / c->stride + 1 : 0;
    if (begin > c->ow) begin = c->ow;
    if (end > c->ow) end = c->ow;
    if (end < begin) end = begin;
    for (int kh = 0; kh < SIDE; kh++) {
        __m512 sums[SIDE];
        UNROLLED for (int kw = 0; kw < SIDE; kw++) sums[kw] = _mm512_setzero_ps();
        for (int64_t oy = 0; oy < c->oh; oy++) {
            int64_t iy = oy * c->stride + kh - c->top;
            if (iy < 0 || iy >= c->h) continue;
            const float *from = x + iy * c->w * 16, *gradient = dy + oy * c->ow * 16;
            row(c, from, gradient, 0, begin, true, sums);
            row(c, from, gradient, begin, end, false, sums);
            row(c, from, gradient, end, c->ow, true, sums);
        }
        UNROLLED for (int kw = 0; kw < SIDE; kw++) {
            float *to = out + (kh * SIDE + kw) * 16;
            _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), sums[kw]));
        }
    }
}

extern const brn__depthwise brn__depthwise_avx512;
const brn__depthwise brn__depthwise_avx512 = {"simd:avx512:depthwise", grad_weight};

#else
typedef int brn__no_depthwise; /* other instruction sets leave this to oneDNN */
#endif
