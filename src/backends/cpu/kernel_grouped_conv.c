/* SPDX-License-Identifier: Apache-2.0
 * Grouped convolution on nChw16c by simd/grouped_conv.c: packing of the (small) weights in each run,
 * planes shared out to threads. The weight gradient gives each thread whole channel blocks and walks
 * the pictures in order: the bits do not depend on the number of threads. */
#include "backends/cpu/kernel_grouped_conv.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/simd/grouped_conv.h"
#include "base/alloc.h"

#include <string.h>

extern const brn__grouped_conv brn__grouped_conv_avx512;

const brn__grouped_conv *brn__grouped_conv_now(void)
{
#if defined(__x86_64__)
    if (brn__isa_best() == BRN__ISA_AVX512) return &brn__grouped_conv_avx512;
#endif
    return NULL;
}

typedef struct grouped_data {
    const brn__grouped_conv *loops;
    brn__grouped_case shape;
    int64_t n, per_group; /* pictures; channels per group */
    dnnl_memory_desc_t x, y; /* nChw16c */
} grouped_data;

bool brn__grouped_conv_applies(const brn__conv2d_geometry *g)
{
    if (!brn__grouped_conv_now() || g->groups == 1 || g->c != g->o || g->c % 16) return false;
    int64_t per_group = g->c / g->groups;
    bool square = g->kh == 3 && g->kw == 3 && g->pad_begin[0] == 1 && g->pad_begin[1] == 1;
    bool strides = g->stride[0] == g->stride[1] && (g->stride[0] == 1 || g->stride[0] == 2);
    return square && strides && g->dilation[0] == 1 && g->dilation[1] == 1 && (per_group == 4 || per_group == 8);
}

static void release(brn__step *step)
{
    grouped_data *data = step->data;
    if (!data) return;
    if (data->x) dnnl_memory_desc_destroy(data->x);
    if (data->y) dnnl_memory_desc_destroy(data->y);
    brn__free(data);
    step->data = NULL;
}

static brn_status describe(grouped_data *data, const brn__conv2d_geometry *g)
{
    dnnl_dims_t x = {g->n, g->c, g->h, g->w}, y = {g->n, g->o, g->oh, g->ow};
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->x, 4, x, dnnl_f32, dnnl_nChw16c));
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->y, 4, y, dnnl_f32, dnnl_nChw16c));
    return BRN_OK;
}

/* Makes step->data; `floats` of scratch. */
static brn_status begin(brn__step *step, const brn__conv2d_geometry *g, grouped_data **out)
{
    grouped_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    data->loops = brn__grouped_conv_now();
    data->n = g->n;
    data->per_group = g->c / g->groups;
    data->shape = (brn__grouped_case){g->c / 16,          g->h, g->w, g->oh, g->ow, (int)g->stride[0],
                                      (int)data->per_group / 4};
    brn_status status = describe(data, g);
    if (status != BRN_OK) {
        release(step);
        return status;
    }
    step->scratch_bytes = sizeof(float) * (size_t)(data->shape.blocks * data->shape.passes * BRN__GROUPED_PASS);
    step->implementation = data->loops->name;
    *out = data;
    return BRN_OK;
}

static brn__layout layout_of(const_dnnl_memory_desc_t descriptor)
{
    return (brn__layout){descriptor, dnnl_memory_desc_get_size(descriptor)};
}

/* Where the weight of packed element (block, pass, kh, kw, j, lane) lies in (O, C / G, 3, 3); for the
 * input's gradient roles of input and output channel are swapped. */
static int64_t weight_at(const grouped_data *data, int64_t block, int pass, int tap, int j, int lane, bool swapped)
{
    int64_t channel = block * 16 + lane, inside = channel % data->per_group, other = 4 * pass + j;
    int64_t o = swapped ? channel - inside + other : channel, i = swapped ? inside : other;
    return (o * data->per_group + i) * 9 + tap;
}

static void pack(const grouped_data *data, const float *w, bool swapped, bool flipped, float *packed)
{
    for (int64_t block = 0; block < data->shape.blocks; block++)
        for (int pass = 0; pass < data->shape.passes; pass++)
            for (int tap = 0; tap < 9; tap++)
                for (int j = 0; j < 4; j++)
                    for (int lane = 0; lane < 16; lane++)
                        *packed++ = w[weight_at(data, block, pass, flipped ? 8 - tap : tap, j, lane, swapped)];
}

static const float *block_weights(const brn__step *step, const grouped_data *data, int64_t block)
{
    return (const float *)step->scratch + block * data->shape.passes * BRN__GROUPED_PASS;
}

static brn_status prepare_forward(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    grouped_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = layout_of(data->x);
    step->out[0] = layout_of(data->y);
    if (brn__has(step->node, 3)) {
        step->in[3] = step->out[0];
        step->in_place[0] = 3;
    }
    return BRN_OK;
}

static brn_status run_forward(const brn__step *step, const brn__run *run)
{
    (void)run;
    const grouped_data *data = step->data;
    const brn__conv2d_attributes *attributes = step->node->attributes;
    const brn__grouped_case *c = &data->shape;
    const float *x = step->inputs[0], *bias = step->inputs[2], *residual = step->inputs[3];
    float *y = step->outputs[0];
    int64_t x_plane = c->h * c->w * 16, y_plane = c->oh * c->ow * 16, planes = data->n * c->blocks;
    pack(data, step->inputs[1], false, false, step->scratch);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < planes; i++)
        data->loops->forward(c, x + i * x_plane, block_weights(step, data, i % c->blocks),
                             bias ? bias + i % c->blocks * 16 : NULL, residual ? residual + i * y_plane : NULL,
                             attributes->activation, y + i * y_plane);
    return BRN_OK;
}

static brn_status prepare_grad_input(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    grouped_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = layout_of(data->y);
    step->out[0] = layout_of(data->x);
    return BRN_OK;
}

static brn_status run_grad_input(const brn__step *step, const brn__run *run)
{
    (void)run;
    const grouped_data *data = step->data;
    const brn__grouped_case *c = &data->shape;
    const float *dy = step->inputs[0];
    float *dx = step->outputs[0];
    int64_t x_plane = c->h * c->w * 16, y_plane = c->oh * c->ow * 16, planes = data->n * c->blocks;
    pack(data, step->inputs[1], true, c->stride == 1, step->scratch);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < planes; i++) {
        const float *packed = block_weights(step, data, i % c->blocks);
        if (c->stride == 1)
            data->loops->forward(c, dy + i * y_plane, packed, NULL, NULL, BRN_ACTIVATION_NONE, dx + i * x_plane);
        else data->loops->grad_input(c, dy + i * y_plane, packed, dx + i * x_plane);
    }
    return BRN_OK;
}

static brn_status prepare_grad_weight(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    grouped_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = layout_of(data->x);
    step->in[1] = layout_of(data->y);
    return BRN_OK; /* dw and db are canonical */
}

static brn_status run_grad_weight(const brn__step *step, const brn__run *run)
{
    (void)run;
    const grouped_data *data = step->data;
    const brn__grouped_case *c = &data->shape;
    const float *x = step->inputs[0], *dy = step->inputs[1];
    float *dw = step->outputs[0], *db = step->outputs[1];
    int64_t x_plane = c->h * c->w * 16, y_plane = c->oh * c->ow * 16;
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t block = 0; block < c->blocks; block++) {
        float *sums = (float *)step->scratch + block * c->passes * BRN__GROUPED_PASS;
        memset(sums, 0, sizeof(float) * (size_t)(c->passes * BRN__GROUPED_PASS));
        for (int64_t n = 0; n < data->n; n++)
            data->loops->grad_weight(c, x + (n * c->blocks + block) * x_plane, dy + (n * c->blocks + block) * y_plane,
                                     sums);
        for (int pass = 0; pass < c->passes; pass++)
            for (int tap = 0; tap < 9; tap++)
                for (int j = 0; j < 4; j++)
                    for (int lane = 0; lane < 16; lane++)
                        dw[weight_at(data, block, pass, tap, j, lane, false)] = *sums++;
        if (db) brn__block_sums(data->n, c->blocks, c->oh * c->ow, block, dy, db + block * 16);
    }
    return BRN_OK;
}

const brn__kernel brn__grouped_conv2d = {prepare_forward, run_forward, release};
const brn__kernel brn__grouped_conv2d_grad_input = {prepare_grad_input, run_grad_input, release};
const brn__kernel brn__grouped_conv2d_grad_weight = {prepare_grad_weight, run_grad_weight, release};
