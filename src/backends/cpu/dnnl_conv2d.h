/* SPDX-License-Identifier: Apache-2.0
 * oneDNN's convolutions, which kernel_conv2d.c uses wherever none of our own applies. */
#ifndef BRN__BACKENDS_CPU_DNNL_CONV2D_H
#define BRN__BACKENDS_CPU_DNNL_CONV2D_H

#include "graph/backend.h"
#include "ops/attributes.h"

extern const brn__kernel brn__dnnl_conv2d, brn__dnnl_conv2d_grad_input, brn__dnnl_conv2d_grad_weight;

/* Whether multiply-adds in bfloat16, each of which saves so many nanoseconds of one core of a Zen 5 server, save more time
 * than rounding so many values takes. */
bool brn__bf16_gains(const brn__conv2d_geometry *geometry, double saved, int64_t rounded);
/* In a plan of precision BF16: whether x and dy are taken in bfloat16. */
bool brn__dnnl_conv2d_reads_bf16(const brn__conv2d_geometry *geometry);
bool brn__dnnl_conv2d_grad_input_reads_bf16(const brn__conv2d_geometry *geometry);
bool brn__dnnl_conv2d_grad_weight_reads_bf16(const brn__conv2d_geometry *geometry);

#endif
