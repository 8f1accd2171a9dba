/* SPDX-License-Identifier: Apache-2.0
 *
 * Grouped 3x3 convolution with 4 or 8 channels per group (ResNeXt), padding 1, stride 1 or 2, on
 * nChw16c: a group is a part of a vector's lanes, so one permutation inside 128-bit lanes brings
 * channel j of every group to all of its lanes, and full vectors multiply. oneDNN 3.2 has narrow or
 * no kernels here.
 *
 * One call works on one plane: (H, W, 16) of one picture and one block of 16 channels. Weights are
 * packed as [block][pass][kh][kw][j][lane]: output channel 16 block + lane, input channel 4 pass + j
 * of its group; passes = channels per group / 4.
 */
#ifndef BRN__BACKENDS_CPU_SIMD_GROUPED_CONV_H
#define BRN__BACKENDS_CPU_SIMD_GROUPED_CONV_H

#include "burnish/ops.h"

typedef struct brn__grouped_case {
    int64_t blocks; /* C / 16 */
    int64_t h, w, oh, ow;
    int stride;  /* 1 or 2 */
    int passes;  /* 1 or 2 */
} brn__grouped_case;

enum { BRN__GROUPED_PASS = 3 * 3 * 4 * 16 }; /* packed floats of one block and pass */

typedef struct brn__grouped_conv {
    const char *name;
    /* y = activation(conv(x, w) + bias + residual); bias (16) and residual may be NULL. */
    void (*forward)(const brn__grouped_case *c, const float *x, const float *packed, const float *bias,
                    const float *residual, brn_activation activation, float *y);
    /* dx of stride 2 (stride 1: forward with weights packed transposed and flipped). */
    void (*grad_input)(const brn__grouped_case *c, const float *dy, const float *packed, float *dx);
    /* sums (passes, 3, 3, 4, 16) += this plane's part of the weight gradient. */
    void (*grad_weight)(const brn__grouped_case *c, const float *x, const float *dy, float *sums);
} brn__grouped_conv;

/* NULL where the processor (or BRN_ISA) has no such kernels. */
const brn__grouped_conv *brn__grouped_conv_now(void);

#endif
