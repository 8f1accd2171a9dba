/* SPDX-License-Identifier: Apache-2.0
 * Prototypes of this build's loops: table.c gathers them. simd.h says what they do. */
#ifndef BRN__BACKENDS_CPU_SIMD_DECLARE_H
#define BRN__BACKENDS_CPU_SIMD_DECLARE_H

#include "backends/cpu/simd/vector.h"

void BRN__SIMD(norm_statistics)(int64_t length, int64_t period, const float *x, const uint16_t *x16, const float *about,
                                double *sum, double *square);
void BRN__SIMD(norm_apply)(const brn__norm_forward *span);
void BRN__SIMD(norm_backward_first)(const brn__norm_backward *span, double *sum, double *dot);
void BRN__SIMD(norm_backward_second)(const brn__norm_backward *span);
void BRN__SIMD(pool_reduce)(int64_t length, int64_t period, const float *x, double *sum,
                            float *maximum);
void BRN__SIMD(pool_first_maximum)(int64_t length, int64_t period, const float *x, float *maximum,
                                   int32_t *first);
void BRN__SIMD(fill_lanes)(int64_t length, int64_t period, const float *value, float *x);
void BRN__SIMD(activation)(brn_activation kind, int64_t n, const float *x, float *y);
void BRN__SIMD(activation_grad)(brn_activation kind, int64_t n, const float *dy, const float *s,
                                float *dx);
void BRN__SIMD(add)(int64_t n, const float *a, const float *b, float *y);
void BRN__SIMD(mul)(int64_t n, const float *a, const float *b, float *y);
void BRN__SIMD(scale)(int64_t n, float a, float b, const float *x, float *y);
void BRN__SIMD(sum)(int64_t n, int count, const float *const *x, float *y);
void BRN__SIMD(dropout)(int64_t n, int64_t begin, uint64_t key, const uint32_t counter[3], float p,
                        const float *x, float *y);
float BRN__SIMD(maximum)(int64_t n, const float *x);
double BRN__SIMD(sum_exp)(int64_t n, float shift, const float *x);
void BRN__SIMD(exp_add)(int64_t n, float shift, float factor, const float *x, const float *base,
                        float *y);
void BRN__SIMD(small_product)(const brn__small_product *p);
void BRN__SIMD(small_product_transposed)(const brn__small_product *p);
void BRN__SIMD(sum_rows)(const brn__row_sums *s);
void BRN__SIMD(transpose)(int64_t rows, int64_t columns, const float *x, int64_t x_row, float *y, int64_t y_row);
void BRN__SIMD(lstm_forward)(int64_t n, int64_t hidden, const float *c_before, float *gates,
                             float *c, float *h);
void BRN__SIMD(lstm_backward)(int64_t n, int64_t hidden, const brn__lstm_backward *cell);
void BRN__SIMD(qrnn_forward)(int64_t n, int64_t hidden, const brn__qrnn_forward *cell);
void BRN__SIMD(qrnn_backward)(int64_t n, int64_t hidden, const brn__qrnn_backward *cell);

#endif
