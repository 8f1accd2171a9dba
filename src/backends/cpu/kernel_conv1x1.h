/* SPDX-License-Identifier: Apache-2.0
 * The weight gradient of 1x1 convolutions in bfloat16, which kernel_conv2d.c prefers to oneDNN's. */
#ifndef BRN__BACKENDS_CPU_KERNEL_CONV1X1_H
#define BRN__BACKENDS_CPU_KERNEL_CONV1X1_H

#include "graph/backend.h"
#include "ops/attributes.h"

/* Dense 1x1 without padding, in any strides, on a processor that multiplies bfloat16 (but for AMX, for which oneDNN has
 * kernels), where that saves more time than rounding takes. Threads share dw in parts of 16 x 16 channels at least: small
 * ones keep few of them busy. */
bool brn__conv1x1_grad_weight_wins(const brn__conv2d_geometry *geometry);

extern const brn__kernel brn__conv1x1_grad_weight;

#endif
