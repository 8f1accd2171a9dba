/* SPDX-License-Identifier: Apache-2.0
 * Kernels of our own that kernel_conv2d.c prefers to oneDNN's where they apply. */
#ifndef BRN__BACKENDS_CPU_KERNEL_GROUPED_CONV_H
#define BRN__BACKENDS_CPU_KERNEL_GROUPED_CONV_H

#include "graph/backend.h"
#include "ops/attributes.h"

/* Grouped 3x3, padding 1, 4, 8, 16 or 32 channels a group, stride 1 or 2, as many channels of y as of x. */
bool brn__grouped_conv_can(const brn__conv2d_geometry *geometry);
/* And measured to be faster than oneDNN's on this processor. */
bool brn__grouped_forward_wins(const brn__conv2d_geometry *geometry);
bool brn__grouped_grad_input_wins(const brn__conv2d_geometry *geometry);
bool brn__grouped_grad_weight_wins(const brn__conv2d_geometry *geometry);

extern const brn__kernel brn__grouped_conv2d, brn__grouped_conv2d_grad_input, brn__grouped_conv2d_grad_weight;

#endif
