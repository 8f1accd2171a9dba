/* SPDX-License-Identifier: Apache-2.0
 *
 * The hot loops of the CPU backend, compiled once per instruction set; the table of the processor
 * in use is brn__simd_now() (isa.h). Loops know nothing of graphs, layouts or threads.
 *
 * Spans. Batch norm and global pooling see memory as `length` contiguous floats in which element i
 * belongs to lane i % period, and per-channel numbers as arrays of `period` floats. One channel
 * block of a blocked layout is a span of period 16 (blocks of 1, 2, 4, 8 repeat their channels
 * 16 / block times); rows of a channels-last layout are a span of period C, whole rows only.
 * Outputs may be the inputs' memory. Pointers need no alignment.
 */
#ifndef BRN__BACKENDS_CPU_SIMD_SIMD_H
#define BRN__BACKENDS_CPU_SIMD_SIMD_H

#include "burnish/ops.h"

#include <string.h>

enum { BRN__PERIOD = 16 }; /* floats in the widest vector */

/* bfloat16 is the upper half of a float. */
static inline float brn__widened(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

typedef struct brn__norm_forward {
    int64_t length, period;
    const float *x, *residual; /* residual may be NULL */
    float *y;
    /* bfloat16 in the place of x and y, where they are not NULL; period 16, length a multiple of it. */
    const uint16_t *x16;
    uint16_t *y16;
    const float *mean, *factor, *shift; /* (period) */
    brn_activation activation;          /* NONE, RELU, RELU6 */
    bool stream; /* y is too large to stay in the caches: store around them */
} brn__norm_forward;

typedef struct brn__norm_backward {
    int64_t length, period;
    const float *dy, *dy2;      /* dy2 may be NULL */
    const float *y;             /* read only for the activation's mask, and not where `shift` is given */
    const float *x;             /* may be NULL in the first pass, when neither `dot` nor `shift` is given */
    float *dx, *dz;             /* NULL: not wanted */
    /* bfloat16 in the place of the others, where they are not NULL, as in brn__norm_forward; y16 for RELU alone. */
    const uint16_t *dy16, *dy2_16, *y16, *x16;
    uint16_t *dx16;
    const float *mean, *factor; /* (period) */
    const float *shift;         /* NULL, or (period): y was activation((x - mean) factor + shift), to the bit */
    const float *c1, *c2;       /* (period), second pass only */
    brn_activation activation;
    bool stream; /* the same for dx, second pass only */
} brn__norm_backward;

/* One step backwards: the gates as lstm_forward left them, c and the cell before; gradients of h from
 * above (dy) and from the step after (dh), each NULL for zero. dc comes in as the gradient of c from the
 * step after and goes out as that of c_before. */
typedef struct brn__lstm_backward {
    const float *gates, *c, *c_before, *dy, *dh;
    float *dc, *dz; /* dz: 4 parts `hidden` apart, like gates */
} brn__lstm_backward;

/* One step of a quasi-recurrent layer. gates: z, f, o before their functions, `hidden` floats apart; keep may be NULL
 * for 1, y NULL: not wanted; c may be c_before. */
typedef struct brn__qrnn_forward {
    const float *gates, *keep, *c_before;
    float *c, *y;
} brn__qrnn_forward;

/* And backwards: gradients of y from above (dy) and of the sequence's end (dh), each NULL for zero. dc comes in as
 * the gradient of c from the step after and goes out as that of c_before. dgates may be gates; NULL: not wanted. */
typedef struct brn__qrnn_backward {
    const float *gates, *keep, *c, *c_before, *dy, *dh;
    float *dc, *dgates;
} brn__qrnn_backward;

/* Matrices of rows; NAME_row is what lies between the rows of NAME, in floats. C is no operand's memory. */
typedef struct brn__small_product {
    int64_t rows, inner, columns;
    const float *a, *b;
    float *c;
    int64_t a_row, a_inner, b_row, c_row; /* A(i, k) = a[i a_row + k a_inner] */
    bool adds;                            /* to what C holds */
} brn__small_product;

/* Row r of y = bias + y, when it is added to, + the rows which[begins[r]] .. which[begins[r + 1] - 1] of x, in that
 * order, through the activation. */
typedef struct brn__row_sums {
    int64_t rows, columns;
    const uint32_t *begins, *which; /* (rows + 1), (begins[rows]) */
    const float *x, *bias;          /* bias (columns) or NULL */
    float *y;
    int64_t x_row, y_row;
    bool adds;                 /* to what y holds */
    brn_activation activation; /* NONE, RELU, RELU6 */
} brn__row_sums;

typedef struct brn__simd {
    const char *name; /* "simd:avx512" */

    /* sum += (x - about), square += (x - about)^2, by lane (period). */
    void (*norm_statistics)(int64_t length, int64_t period, const float *x, const uint16_t *x16, const float *about,
                            double *sum, double *square);
    /* y = activation((x - mean) factor + shift + residual) */
    void (*norm_apply)(const brn__norm_forward *span);
    /* dz = (dy + dy2) masked by the activation; stores dz and dx = factor dz where wanted; when
     * `sum` is given, by lane: sum += dz, dot += dz (x - mean). */
    void (*norm_backward_first)(const brn__norm_backward *span, double *sum, double *dot);
    /* dx = factor (dz - c1 - c2 (x - mean)) */
    void (*norm_backward_second)(const brn__norm_backward *span);

    /* sum += x, maximum = max(maximum, x), by lane. */
    void (*pool_reduce)(int64_t length, int64_t period, const float *x, double *sum,
                        float *maximum);
    /* Per lane the maximum and the first place i / period that holds it. length < 2^31. */
    void (*pool_first_maximum)(int64_t length, int64_t period, const float *x, float *maximum,
                               int32_t *first);
    /* x[i] = value[i % period] */
    void (*fill_lanes)(int64_t length, int64_t period, const float *value, float *x);

    /* Flat loops over n floats. */
    void (*activation)(brn_activation kind, int64_t n, const float *x, float *y);
    /* s as in ops/attributes.h */
    void (*activation_grad)(brn_activation kind, int64_t n, const float *dy, const float *s,
                            float *dx);
    void (*add)(int64_t n, const float *a, const float *b, float *y);
    void (*mul)(int64_t n, const float *a, const float *b, float *y);
    /* y = a x + b */
    void (*scale)(int64_t n, float a, float b, const float *x, float *y);
    /* y = sum of count >= 1 arrays, from first to last */
    void (*sum)(int64_t n, int count, const float *const *x, float *y);
    /* Elements begin .. begin + n - 1 of one sample, begin a multiple of 4; x and y point at the
     * first of them. counter: the last three words of the Philox counter. */
    void (*dropout)(int64_t n, int64_t begin, uint64_t key, const uint32_t counter[3], float p,
                    const float *x, float *y);
    float (*maximum)(int64_t n, const float *x); /* -infinity when n = 0 */
    /* sum of exp(x - shift) */
    double (*sum_exp)(int64_t n, float shift, const float *x);
    /* y = base + factor exp(x - shift); base may be NULL */
    void (*exp_add)(int64_t n, float shift, float factor, const float *x, const float *base,
                    float *y);

    /* C = A B [+ C], b (inner, columns); every element adds up in the order of k. */
    void (*small_product)(const brn__small_product *p);
    /* C = A B^T, b (columns, inner), a_inner 1, adds false; every element adds up lane by lane. */
    void (*small_product_transposed)(const brn__small_product *p);
    void (*sum_rows)(const brn__row_sums *s);
    /* y (columns, rows) = x^T */
    void (*transpose)(int64_t rows, int64_t columns, const float *x, int64_t x_row, float *y, int64_t y_row);

    /* n units of one LSTM step. gates: 4 parts `hidden` floats apart, i f g o, taken through their
     * functions in place; then c = f c_before + i g and h = o tanh(c). c may be c_before. */
    void (*lstm_forward)(int64_t n, int64_t hidden, const float *c_before, float *gates, float *c,
                         float *h);
    void (*lstm_backward)(int64_t n, int64_t hidden, const brn__lstm_backward *cell);
    void (*qrnn_forward)(int64_t n, int64_t hidden, const brn__qrnn_forward *cell);
    void (*qrnn_backward)(int64_t n, int64_t hidden, const brn__qrnn_backward *cell);
} brn__simd;

extern const brn__simd brn__simd_avx512, brn__simd_avx2, brn__simd_portable;

#endif
