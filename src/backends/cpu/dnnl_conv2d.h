/* SPDX-License-Identifier: Apache-2.0
 * oneDNN's convolutions, which kernel_conv2d.c uses wherever none of our own applies. */
#ifndef BRN__BACKENDS_CPU_DNNL_CONV2D_H
#define BRN__BACKENDS_CPU_DNNL_CONV2D_H

#include "graph/backend.h"

extern const brn__kernel brn__dnnl_conv2d, brn__dnnl_conv2d_grad_input, brn__dnnl_conv2d_grad_weight;

#endif
