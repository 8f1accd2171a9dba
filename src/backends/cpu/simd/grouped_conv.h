/* SPDX-License-Identifier: Apache-2.0
 *
 * Grouped 3x3 convolution with 4, 8, 16 or 32 channels per group (ResNeXt), padding 1, stride 1 or 2,
 * on channel blocks (nChw16c, nChw8c): oneDNN 3.2 has narrow or no kernels for the small groups.
 *
 * y's lane l takes channel j of its group through w[j][l]. Where several groups share a block, a
 * permutation brings channel j of every group to all of its lanes, so that full vectors multiply; a
 * group of a block or more has one number multiplied into all lanes.
 *
 * One call works on one output block of one picture: (H, W, block) each. x points to the first plane
 * of the block's group: one plane, or per_group / block of them, each after the other. Weights are
 * packed as [kh][kw][j][lane]: per_group numbers j and `block` lanes.
 */
#ifndef BRN__BACKENDS_CPU_SIMD_GROUPED_CONV_H
#define BRN__BACKENDS_CPU_SIMD_GROUPED_CONV_H

#include "base/isa.h"
#include "burnish/ops.h"

typedef struct brn__grouped_case {
    int64_t h, w, oh, ow; /* y's are x's by the stride, rounded up */
    int stride;    /* 1 or 2 */
    int per_group; /* 4, 8, 16 or 32 */
} brn__grouped_case;

typedef struct brn__grouped_conv {
    const char *name;
    int block; /* channels of a block: 16 or 8 */
    /* y = activation(conv(x, w) + bias + residual); bias (block) and residual may be NULL. y may be
     * the residual's memory. */
    void (*forward)(const brn__grouped_case *c, const float *x, const float *packed, const float *bias,
                    const float *residual, brn_activation activation, float *y);
    /* dx of stride 2 (stride 1: forward with weights packed transposed and flipped). */
    void (*grad_input)(const brn__grouped_case *c, const float *dy, const float *packed, float *dx);
    /* sums (3, 3, per_group, block) += this plane's part of the weight gradient. */
    void (*grad_weight)(const brn__grouped_case *c, const float *x, const float *dy, float *sums);
} brn__grouped_conv;

/* The loops of an instruction set, or NULL when the processor lacks it. */
const brn__grouped_conv *brn__grouped_conv_of(brn__isa isa);

#endif
