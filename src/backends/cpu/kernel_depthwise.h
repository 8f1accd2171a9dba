/* SPDX-License-Identifier: Apache-2.0
 * Kernels of our own that kernel_conv2d.c prefers to oneDNN's where they win. */
#ifndef BRN__BACKENDS_CPU_KERNEL_DEPTHWISE_H
#define BRN__BACKENDS_CPU_KERNEL_DEPTHWISE_H

#include "graph/backend.h"
#include "ops/attributes.h"

/* Depthwise 3x3 or 5x5, no dilation, any number of channels. The weight gradient takes stride 1 or 2 and
 * any padding below the kernel's side; the other two stride 1 and padding side / 2. */
bool brn__depthwise_can_sum(const brn__conv2d_geometry *geometry);
bool brn__depthwise_can_walk(const brn__conv2d_geometry *geometry);
/* And measured to be faster than oneDNN's on this processor. */
bool brn__depthwise_forward_wins(const brn__conv2d_geometry *geometry);
bool brn__depthwise_grad_input_wins(const brn__conv2d_geometry *geometry);
bool brn__depthwise_grad_weight_wins(const brn__conv2d_geometry *geometry);

extern const brn__kernel brn__depthwise_conv2d, brn__depthwise_grad_input, brn__depthwise_grad_weight;

#endif
