/* SPDX-License-Identifier: Apache-2.0
 * The weight gradient that kernel_conv2d.c prefers to oneDNN's where it applies. */
#ifndef BRN__BACKENDS_CPU_KERNEL_DEPTHWISE_H
#define BRN__BACKENDS_CPU_KERNEL_DEPTHWISE_H

#include "graph/backend.h"
#include "ops/attributes.h"

/* Depthwise 5x5, no dilation, a multiple of 16 channels, stride 1 or 2. */
bool brn__depthwise_applies(const brn__conv2d_geometry *geometry);

extern const brn__kernel brn__depthwise_grad_weight;

#endif
