/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/blocked_conv.h"

#include <string.h>

static brn_status describe(brn__blocked_conv *b, const brn__conv2d_geometry *g)
{
    dnnl_dims_t x = {g->n, g->c, g->h, g->w}, y = {g->n, g->o, g->oh, g->ow};
    dnnl_format_tag_t tag = b->lanes == 16 ? dnnl_nChw16c : dnnl_nChw8c;
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&b->x, 4, x, dnnl_f32, tag));
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&b->y, 4, y, dnnl_f32, tag));
    return BRN_OK;
}

brn_status brn__blocked_conv_begin(const brn__conv2d_geometry *g, int lanes, brn__blocked_conv *out)
{
    *out = (brn__blocked_conv){.n = g->n, .channels = g->c, .lanes = lanes, .blocks = (g->c + lanes - 1) / lanes,
                               .x_plane = g->h * g->w * lanes, .y_plane = g->oh * g->ow * lanes};
    brn_status status = describe(out, g);
    if (status != BRN_OK) brn__blocked_conv_end(out);
    return status;
}

void brn__blocked_conv_end(brn__blocked_conv *blocked)
{
    if (blocked->x) dnnl_memory_desc_destroy(blocked->x);
    if (blocked->y) dnnl_memory_desc_destroy(blocked->y);
    blocked->x = blocked->y = NULL;
}

brn__layout brn__blocked_layout(const_dnnl_memory_desc_t descriptor)
{
    return (brn__layout){descriptor, dnnl_memory_desc_get_size(descriptor)};
}

void brn__blocked_forward_layouts(const brn__blocked_conv *blocked, brn__step *step)
{
    step->in[0] = brn__blocked_layout(blocked->x);
    step->out[0] = brn__blocked_layout(blocked->y);
    if (brn__has(step->node, 3)) {
        step->in[3] = step->out[0];
        step->in_place[0] = 3;
    }
}

const float *brn__blocked_bias(const brn__blocked_conv *blocked, const float *bias, float *room)
{
    if (!bias) return NULL;
    memcpy(room, bias, sizeof *room * (size_t)blocked->channels);
    memset(room + blocked->channels, 0, sizeof *room * (size_t)(blocked->blocks * blocked->lanes - blocked->channels));
    return room;
}
