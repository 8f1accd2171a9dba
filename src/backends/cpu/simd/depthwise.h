/* SPDX-License-Identifier: Apache-2.0
 * Weight gradient of depthwise 5x5 convolution on nChw16c, where oneDNN 3.2 falls to general matrix
 * products of one column. One call works on one plane (H, W, 16) of one picture and channel block. */
#ifndef BRN__BACKENDS_CPU_SIMD_DEPTHWISE_H
#define BRN__BACKENDS_CPU_SIMD_DEPTHWISE_H

#include <stdint.h>

typedef struct brn__depthwise_case {
    int64_t h, w, oh, ow;
    int64_t stride, top, left; /* padding above and to the left */
} brn__depthwise_case;

typedef struct brn__depthwise {
    const char *name;
    /* sums (5, 5, 16) += this plane's part */
    void (*grad_weight)(const brn__depthwise_case *c, const float *x, const float *dy, float *sums);
} brn__depthwise;

/* NULL where the processor (or BRN_ISA) has no such loops. */
const brn__depthwise *brn__depthwise_now(void);

#endif
