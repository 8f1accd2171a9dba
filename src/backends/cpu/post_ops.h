/* SPDX-License-Identifier: Apache-2.0
 * Residual addition and activation as oneDNN post-operations. */
#ifndef BRN__BACKENDS_CPU_POST_OPS_H
#define BRN__BACKENDS_CPU_POST_OPS_H

#include "backends/cpu/dnnl.h"
#include "burnish/ops.h"

/* Attributes (user scratchpad) with: + residual (when its descriptor is given), then the activation.
 * The caller destroys. */
brn_status brn__dnnl_post_ops(const_dnnl_memory_desc_t residual, brn_activation activation,
                              dnnl_primitive_attr_t *out);

#endif
