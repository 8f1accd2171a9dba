/* SPDX-License-Identifier: Apache-2.0
 * Where convolutions on channel blocks put their sums: behind vector.h. */
#ifndef BRN__BACKENDS_CPU_SIMD_BLOCKED_TARGET_H
#define BRN__BACKENDS_CPU_SIMD_BLOCKED_TARGET_H

#include "backends/cpu/simd/vector.h"

enum {
    BLOCK = LANES < 8 ? 8 : LANES, /* channels of a block */
    PARTS = BLOCK / LANES,
};

typedef struct target {
    const float *bias, *residual; /* may be NULL */
    brn_activation activation;
    float *y;
} target;

INLINE void put(const target *to, int64_t pixel, int part, vector v)
{
    int64_t at = pixel * BLOCK + part * LANES;
    if (to->bias) v += load(to->bias + part * LANES);
    if (to->residual) v += load(to->residual + at);
    if (to->activation != BRN_ACTIVATION_NONE) v = to->activation == BRN_ACTIVATION_RELU6 ? relu6(v) : relu(v);
    store(to->y + at, v);
}

#endif
