/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/simd/declare.h"

#define QUOTE(isa) QUOTE2(isa)
#define QUOTE2(isa) "simd:" #isa

const brn__simd BRN__SIMD(simd) = {
    .name = QUOTE(BRN__ISA),
    .norm_statistics = BRN__SIMD(norm_statistics),
    .norm_apply = BRN__SIMD(norm_apply),
    .norm_backward_first = BRN__SIMD(norm_backward_first),
    .norm_backward_second = BRN__SIMD(norm_backward_second),
    .pool_reduce = BRN__SIMD(pool_reduce),
    .pool_first_maximum = BRN__SIMD(pool_first_maximum),
    .fill_lanes = BRN__SIMD(fill_lanes),
    .activation = BRN__SIMD(activation),
    .activation_grad = BRN__SIMD(activation_grad),
    .add = BRN__SIMD(add),
    .mul = BRN__SIMD(mul),
    .scale = BRN__SIMD(scale),
    .sum = BRN__SIMD(sum),
    .dropout = BRN__SIMD(dropout),
    .maximum = BRN__SIMD(maximum),
    .exp_add = BRN__SIMD(exp_add),
    .sum_exp = BRN__SIMD(sum_exp),
    .small_product = BRN__SIMD(small_product),
    .small_product_transposed = BRN__SIMD(small_product_transposed),
    .sum_rows = BRN__SIMD(sum_rows),
    .transpose = BRN__SIMD(transpose),
    .lstm_forward = BRN__SIMD(lstm_forward),
    .lstm_backward = BRN__SIMD(lstm_backward),
    .qrnn_forward = BRN__SIMD(qrnn_forward),
    .qrnn_backward = BRN__SIMD(qrnn_backward),
};
