/* SPDX-License-Identifier: Apache-2.0
 * Depthwise 3x3 and 5x5 convolution on channel blocks (nChw16c, nChw8c): the weight gradient, for which
 * oneDNN 3.2 falls to matrix products of one column with 5x5, and the dense forward pass, which is the
 * input gradient too. One call works on one plane (H, W, block) of one picture. Weights are packed as
 * [kh][kw][lane]. */
#ifndef BRN__BACKENDS_CPU_SIMD_DEPTHWISE_H
#define BRN__BACKENDS_CPU_SIMD_DEPTHWISE_H

#include "base/isa.h"
#include "burnish/ops.h"

typedef struct brn__depthwise_case {
    int64_t h, w, oh, ow;
    int64_t stride, top, left; /* padding above and to the left */
    int side;                  /* 3 or 5 */
} brn__depthwise_case;

typedef struct brn__depthwise {
    const char *name;
    int block; /* channels of a block: 16 or 8 */
    /* y = activation(conv(x, w) + bias + residual) in stride 1, padding side / 2; bias (block) and residual may be
     * NULL. y may be the residual's memory. */
    void (*forward)(const brn__depthwise_case *c, const float *x, const float *packed, const float *bias,
                    const float *residual, brn_activation activation, float *y);
    /* sums (side, side, block) += this plane's part; stride 1 or 2, any padding below `side` */
    void (*grad_weight)(const brn__depthwise_case *c, const float *x, const float *dy, float *sums);
} brn__depthwise;

/* The loops of an instruction set, or NULL when the processor lacks it. */
const brn__depthwise *brn__depthwise_of(brn__isa isa);

#endif
