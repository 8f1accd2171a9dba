/* SPDX-License-Identifier: Apache-2.0
 * Kernels of our own that kernel_conv2d.c prefers to oneDNN's where they apply. */
#ifndef BRN__BACKENDS_CPU_KERNEL_GROUPED_CONV_H
#define BRN__BACKENDS_CPU_KERNEL_GROUPED_CONV_H

#include "graph/backend.h"
#include "ops/attributes.h"

/* Grouped 3x3, padding 1, 4 or 8 channels a group, a multiple of 16 channels, stride 1 or 2. */
bool brn__grouped_conv_applies(const brn__conv2d_geometry *geometry);

extern const brn__kernel brn__grouped_conv2d, brn__grouped_conv2d_grad_input, brn__grouped_conv2d_grad_weight;

#endif
