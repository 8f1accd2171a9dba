/* SPDX-License-Identifier: Apache-2.0
 * What our convolutions on channel blocks (nChw16c, nChw8c) share: descriptors, sizes, the bias. */
#ifndef BRN__BACKENDS_CPU_BLOCKED_CONV_H
#define BRN__BACKENDS_CPU_BLOCKED_CONV_H

#include "backends/cpu/dnnl.h"
#include "ops/attributes.h"

typedef struct brn__blocked_conv {
    int64_t n, channels;       /* pictures; of x as of y */
    int64_t lanes, blocks;     /* channels of a block: 16 or 8; blocks of a picture */
    int64_t x_plane, y_plane;  /* floats of one block of one picture */
    dnnl_memory_desc_t x, y;   /* owned */
} brn__blocked_conv;

brn_status brn__blocked_conv_begin(const brn__conv2d_geometry *geometry, int lanes, brn__blocked_conv *out);
void brn__blocked_conv_end(brn__blocked_conv *blocked);
brn__layout brn__blocked_layout(const_dnnl_memory_desc_t descriptor);
/* Layouts of a forward pass: x, y, and a residual that y may lie in the place of. */
void brn__blocked_forward_layouts(const brn__blocked_conv *blocked, brn__step *step);
/* `bias` (channels, or NULL) with zeros up to whole blocks, written to `room` (blocks x lanes); NULL for NULL. */
const float *brn__blocked_bias(const brn__blocked_conv *blocked, const float *bias, float *room);

#endif
