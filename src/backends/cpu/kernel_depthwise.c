/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on channel blocks by simd/depthwise.c. The weight gradient gives each thread
 * whole channel blocks and walks the pictures in order: the bits do not depend on the number of threads. */
#include "backends/cpu/kernel_depthwise.h"
#include "backends/cpu/blocked_conv.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/simd/depthwise.h"
#include "base/alloc.h"

#include <string.h>

extern const brn__depthwise brn__depthwise_avx512, brn__depthwise_avx2, brn__depthwise_portable;

const brn__depthwise *brn__depthwise_of(brn__isa isa)
{
    static const brn__depthwise *const tables[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = &brn__depthwise_portable,
        [BRN__ISA_AVX2] = &brn__depthwise_avx2,
        [BRN__ISA_AVX512] = &brn__depthwise_avx512,
    };
    return brn__isa_has(isa) ? tables[isa] : NULL;
}

typedef struct depthwise_data {
    const brn__depthwise *loops;
    brn__depthwise_case shape;
    brn__blocked_conv blocked;
} depthwise_data;

bool brn__depthwise_can_sum(const brn__conv2d_geometry *g)
{
    bool depthwise = g->groups > 1 && g->groups == g->c && g->c == g->o && g->dilation[0] == 1 && g->dilation[1] == 1;
    bool strides = g->stride[0] == g->stride[1] && (g->stride[0] == 1 || g->stride[0] == 2);
    bool side = g->kh == g->kw && (g->kh == 3 || g->kh == 5);
    return depthwise && strides && side && g->pad_begin[0] < g->kh && g->pad_begin[1] < g->kw;
}

bool brn__depthwise_can_walk(const brn__conv2d_geometry *g)
{
    return brn__depthwise_can_sum(g) && g->stride[0] == 1 && g->pad_begin[0] == g->kh / 2 &&
           g->pad_begin[1] == g->kw / 2 && g->oh == g->h && g->ow == g->w;
}

/* Where ours beat oneDNN 3.2 by CPU time on a Zen 5 core, oneDNN held to AVX2 and SSE4.1 for the other two
 * instruction sets. Its kernels are good but for 5x5 weight gradients, which it has none for, input
 * gradients of 5x5, and narrow pictures (columns of y). */
enum { NARROW = 14, NARROWEST = 7, WIDE = 28 };

bool brn__depthwise_forward_wins(const brn__conv2d_geometry *g)
{
    return brn__depthwise_can_walk(g) && brn__isa_best() != BRN__ISA_AVX512 && g->ow <= NARROW;
}

bool brn__depthwise_grad_input_wins(const brn__conv2d_geometry *g)
{
    int64_t most = brn__isa_best() == BRN__ISA_AVX512 ? NARROWEST : NARROW;
    return brn__depthwise_can_walk(g) && (g->kh == 5 || g->ow <= most);
}

bool brn__depthwise_grad_weight_wins(const brn__conv2d_geometry *g)
{
    bool stride = g->stride[0] == 1 || brn__isa_best() == BRN__ISA_AVX512;
    return brn__depthwise_can_sum(g) && (g->kh == 5 || (stride && g->w >= WIDE));
}

static void release(brn__step *step)
{
    depthwise_data *data = step->data;
    if (!data) return;
    brn__blocked_conv_end(&data->blocked);
    brn__free(data);
    step->data = NULL;
}

static int64_t taps_of(const depthwise_data *data) { return data->shape.side * data->shape.side; }

/* Makes step->data. Scratch: a block's taps for each block, then the padded bias. */
static brn_status begin(brn__step *step, const brn__conv2d_geometry *g, depthwise_data **out)
{
    depthwise_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    data->loops = brn__depthwise_of(brn__isa_best());
    data->shape = (brn__depthwise_case){g->h, g->w, g->oh, g->ow, g->stride[0], g->pad_begin[0], g->pad_begin[1],
                                        (int)g->kh};
    brn_status status = brn__blocked_conv_begin(g, data->loops->block, &data->blocked);
    if (status != BRN_OK) {
        release(step);
        return status;
    }
    step->scratch_bytes = sizeof(float) * (size_t)(data->blocked.blocks * data->blocked.lanes * (taps_of(data) + 1));
    step->implementation = data->loops->name;
    *out = data;
    return BRN_OK;
}

/* w (C, 1, side, side) as [block][tap][lane], zero past C; turned around for the input's gradient. */
static void pack(const depthwise_data *data, const float *w, bool flipped, float *packed)
{
    const brn__blocked_conv *b = &data->blocked;
    int64_t taps = taps_of(data);
    for (int64_t block = 0; block < b->blocks; block++)
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t lane = 0; lane < b->lanes; lane++) {
                int64_t channel = block * b->lanes + lane;
                *packed++ = channel < b->channels ? w[channel * taps + (flipped ? taps - 1 - tap : tap)] : 0;
            }
}

static brn_status prepare_forward(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    depthwise_data *data;
    BRN__TRY(begin(step, &g, &data));
    brn__blocked_forward_layouts(&data->blocked, step);
    return BRN_OK;
}

static brn_status run_forward(const brn__step *step, const brn__run *run)
{
    (void)run;
    const depthwise_data *data = step->data;
    const brn__conv2d_attributes *attributes = step->node->attributes;
    const brn__blocked_conv *b = &data->blocked;
    float *packed = step->scratch, *y = step->outputs[0];
    int64_t weights = taps_of(data) * b->lanes;
    const float *x = step->inputs[0], *residual = step->inputs[3];
    const float *bias = brn__blocked_bias(b, step->inputs[2], packed + b->blocks * weights);
    pack(data, step->inputs[1], false, packed);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < b->n * b->blocks; i++)
        data->loops->forward(&data->shape, x + i * b->x_plane, packed + i % b->blocks * weights,
                             bias ? bias + i % b->blocks * b->lanes : NULL, residual ? residual + i * b->y_plane : NULL,
                             attributes->activation, y + i * b->y_plane);
    return BRN_OK;
}

static brn_status prepare_grad_input(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    depthwise_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = brn__blocked_layout(data->blocked.y);
    step->out[0] = brn__blocked_layout(data->blocked.x);
    return BRN_OK;
}

static brn_status run_grad_input(const brn__step *step, const brn__run *run)
{
    (void)run;
    const depthwise_data *data = step->data;
    const brn__blocked_conv *b = &data->blocked;
    const float *dy = step->inputs[0];
    float *packed = step->scratch, *dx = step->outputs[0];
    int64_t weights = taps_of(data) * b->lanes;
    pack(data, step->inputs[1], true, packed);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < b->n * b->blocks; i++)
        data->loops->forward(&data->shape, dy + i * b->y_plane, packed + i % b->blocks * weights, NULL, NULL,
                             BRN_ACTIVATION_NONE, dx + i * b->x_plane);
    return BRN_OK;
}

static brn_status prepare_grad_weight(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    depthwise_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = brn__blocked_layout(data->blocked.x);
    step->in[1] = brn__blocked_layout(data->blocked.y);
    return BRN_OK; /* dw and db are canonical */
}

static brn_status run_grad_weight(const brn__step *step, const brn__run *run)
{
    (void)run;
    const depthwise_data *data = step->data;
    const brn__depthwise_case *c = &data->shape;
    const brn__blocked_conv *b = &data->blocked;
    const float *x = step->inputs[0], *dy = step->inputs[1];
    float *dw = step->outputs[0], *db = step->outputs[1];
    int64_t taps = taps_of(data);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t block = 0; block < b->blocks; block++) {
        float *sums = (float *)step->scratch + block * taps * b->lanes;
        memset(sums, 0, sizeof *sums * (size_t)(taps * b->lanes));
        for (int64_t i = block; i < b->n * b->blocks; i += b->blocks)
            data->loops->grad_weight(c, x + i * b->x_plane, dy + i * b->y_plane, sums);
        for (int64_t lane = 0; lane < b->lanes && block * b->lanes + lane < b->channels; lane++)
            for (int64_t tap = 0; tap < taps; tap++)
                dw[(block * b->lanes + lane) * taps + tap] = sums[tap * b->lanes + lane];
        if (db) brn__block_sums(b->n, b->channels, c->oh * c->ow, b->lanes, block, dy, db);
    }
    return BRN_OK;
}

const brn__kernel brn__depthwise_conv2d = {prepare_forward, run_forward, release};
const brn__kernel brn__depthwise_grad_input = {prepare_grad_input, run_grad_input, release};
const brn__kernel brn__depthwise_grad_weight = {prepare_grad_weight, run_grad_weight, release};
