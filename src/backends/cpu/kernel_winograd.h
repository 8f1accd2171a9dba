/* SPDX-License-Identifier: Apache-2.0
 * Kernels of our own that kernel_conv2d.c prefers to oneDNN's where they win. */
#ifndef BRN__BACKENDS_CPU_KERNEL_WINOGRAD_H
#define BRN__BACKENDS_CPU_KERNEL_WINOGRAD_H

#include "graph/backend.h"
#include "ops/attributes.h"

/* Dense 3x3 in stride 1 without dilation, padding 0 to 2, whole blocks of channels. */
bool brn__winograd_can(const brn__conv2d_geometry *geometry);
/* And measured to be faster than oneDNN's on this processor. */
bool brn__winograd_forward_wins(const brn__conv2d_geometry *geometry);
bool brn__winograd_grad_input_wins(const brn__conv2d_geometry *geometry);
bool brn__winograd_grad_weight_wins(const brn__conv2d_geometry *geometry);

extern const brn__kernel brn__winograd_conv2d, brn__winograd_grad_input, brn__winograd_grad_weight;

#endif
