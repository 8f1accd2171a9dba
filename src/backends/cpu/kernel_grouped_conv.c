/* SPDX-License-Identifier: Apache-2.0
 * Grouped convolution on channel blocks by simd/grouped_conv.c: packing of the (small) weights in each
 * run, planes shared out to threads. The weight gradient gives each thread whole channel blocks and walks
 * the pictures in order: the bits do not depend on the number of threads. */
#include "backends/cpu/kernel_grouped_conv.h"
#include "backends/cpu/blocked_conv.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/simd/grouped_conv.h"
#include "base/alloc.h"

#include <string.h>

extern const brn__grouped_conv brn__grouped_conv_avx512, brn__grouped_conv_avx2, brn__grouped_conv_portable;

const brn__grouped_conv *brn__grouped_conv_of(brn__isa isa)
{
    static const brn__grouped_conv *const tables[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = &brn__grouped_conv_portable,
        [BRN__ISA_AVX2] = &brn__grouped_conv_avx2,
        [BRN__ISA_AVX512] = &brn__grouped_conv_avx512,
    };
    return brn__isa_has(isa) ? tables[isa] : NULL;
}

typedef struct grouped_data {
    const brn__grouped_conv *loops;
    brn__grouped_case shape;
    brn__blocked_conv blocked;
    int64_t planes; /* that an output block reads: 1, or per_group / lanes */
} grouped_data;

bool brn__grouped_conv_can(const brn__conv2d_geometry *g)
{
    int64_t per_group = g->c / g->groups;
    bool sizes = per_group == 4 || per_group == 8 || per_group == 16 || per_group == 32;
    bool square = g->kh == 3 && g->kw == 3 && g->pad_begin[0] == 1 && g->pad_begin[1] == 1;
    bool strides = g->stride[0] == g->stride[1] && (g->stride[0] == 1 || g->stride[0] == 2);
    bool whole = g->oh == (g->h - 1) / g->stride[0] + 1 && g->ow == (g->w - 1) / g->stride[0] + 1;
    return g->groups > 1 && g->c == g->o && sizes && square && strides && whole && g->dilation[0] == 1 &&
           g->dilation[1] == 1;
}

/* Numbers of channels per group (each its own bit) with which ours beat oneDNN 3.2, in strides 1 and 2,
 * by CPU time on a Zen 5 core; oneDNN held to AVX2 and SSE4.1 for the other two. */
typedef struct faster {
    int forward[2], grad_input[2], grad_weight[2];
} faster;

static const faster *measured(void)
{
    static const faster tables[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = {{4 | 8, 4 | 8}, {4 | 8 | 16 | 32, 4 | 8 | 16 | 32}, {4 | 8 | 16 | 32, 4 | 8 | 16 | 32}},
        [BRN__ISA_AVX2] = {{4 | 8 | 16, 4 | 8 | 16}, {4, 4 | 16 | 32}, {4 | 8, 4}},
        [BRN__ISA_AVX512] = {{4 | 8, 4 | 8}, {4 | 8, 4 | 8 | 16 | 32}, {4 | 8, 4 | 8}},
    };
    return &tables[brn__isa_best()];
}

static bool wins(const brn__conv2d_geometry *g, const int by_stride[2])
{
    return brn__grouped_conv_can(g) && (by_stride[g->stride[0] - 1] & (int)(g->c / g->groups));
}

bool brn__grouped_forward_wins(const brn__conv2d_geometry *g) { return wins(g, measured()->forward); }
bool brn__grouped_grad_input_wins(const brn__conv2d_geometry *g) { return wins(g, measured()->grad_input); }
bool brn__grouped_grad_weight_wins(const brn__conv2d_geometry *g) { return wins(g, measured()->grad_weight); }

static void release(brn__step *step)
{
    grouped_data *data = step->data;
    if (!data) return;
    brn__blocked_conv_end(&data->blocked);
    brn__free(data);
    step->data = NULL;
}

/* Packed floats of one block, or its sums. */
static int64_t block_floats(const grouped_data *data)
{
    return 9 * data->shape.per_group * data->loops->block;
}

/* Makes step->data. Scratch: a block's numbers for each block, then the padded bias. */
static brn_status begin(brn__step *step, const brn__conv2d_geometry *g, grouped_data **out)
{
    grouped_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    data->loops = brn__grouped_conv_of(brn__isa_best());
    int64_t per_group = g->c / g->groups;
    data->shape = (brn__grouped_case){g->h, g->w, g->oh, g->ow, (int)g->stride[0], (int)per_group};
    data->planes = per_group < data->loops->block ? 1 : per_group / data->loops->block;
    brn_status status = brn__blocked_conv_begin(g, data->loops->block, &data->blocked);
    if (status != BRN_OK) {
        release(step);
        return status;
    }
    const brn__blocked_conv *b = &data->blocked;
    step->scratch_bytes = sizeof(float) * (size_t)(b->blocks * (block_floats(data) + b->lanes));
    step->implementation = data->loops->name;
    *out = data;
    return BRN_OK;
}

/* w (C, C / G, 3, 3) of one block as [tap][j][lane]: output channel of the lane, input channel j of its
 * group. For the input's gradient the two change roles, and with stride 1 the taps their order. Lanes
 * past C are zero. */
static void pack(const grouped_data *data, const float *w, int64_t block, bool swapped, bool flipped, float *packed)
{
    int64_t lanes = data->loops->block, per_group = data->shape.per_group;
    for (int64_t lane = 0; lane < lanes; lane++) {
        int64_t channel = block * lanes + lane, inside = channel % per_group;
        if (channel >= data->blocked.channels) {
            for (int64_t i = 0; i < 9 * per_group; i++) packed[i * lanes + lane] = 0;
            continue;
        }
        const float *from = w + (swapped ? (channel - inside) * per_group + inside : channel * per_group) * 9;
        for (int64_t j = 0; j < per_group; j++, from += swapped ? per_group * 9 : 9)
            for (int tap = 0; tap < 9; tap++)
                packed[(tap * per_group + j) * lanes + lane] = from[flipped ? 8 - tap : tap];
    }
}

static void pack_all(const brn__step *step, const grouped_data *data, bool swapped, bool flipped)
{
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t block = 0; block < data->blocked.blocks; block++)
        pack(data, step->inputs[1], block, swapped, flipped, (float *)step->scratch + block * block_floats(data));
}

/* Where the planes that plane i (of all pictures' blocks) is computed from begin, counted in planes. */
static int64_t first_plane(const grouped_data *data, int64_t i)
{
    return i - i % data->blocked.blocks % data->planes;
}

static const float *block_weights(const brn__step *step, const grouped_data *data, int64_t block)
{
    return (const float *)step->scratch + block * block_floats(data);
}

static brn_status prepare_forward(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    grouped_data *data;
    BRN__TRY(begin(step, &g, &data));
    brn__blocked_forward_layouts(&data->blocked, step);
    return BRN_OK;
}

static brn_status run_forward(const brn__step *step, const brn__run *run)
{
    (void)run;
    const grouped_data *data = step->data;
    const brn__conv2d_attributes *attributes = step->node->attributes;
    const brn__grouped_case *c = &data->shape;
    const brn__blocked_conv *b = &data->blocked;
    const float *x = step->inputs[0], *residual = step->inputs[3];
    const float *bias = brn__blocked_bias(b, step->inputs[2], (float *)step->scratch + b->blocks * block_floats(data));
    float *y = step->outputs[0];
    int64_t planes = b->n * b->blocks;
    pack_all(step, data, false, false);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < planes; i++)
        data->loops->forward(c, x + first_plane(data, i) * b->x_plane, block_weights(step, data, i % b->blocks),
                             bias ? bias + i % b->blocks * b->lanes : NULL, residual ? residual + i * b->y_plane : NULL,
                             attributes->activation, y + i * b->y_plane);
    return BRN_OK;
}

static brn_status prepare_grad_input(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    grouped_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = brn__blocked_layout(data->blocked.y);
    step->out[0] = brn__blocked_layout(data->blocked.x);
    return BRN_OK;
}

static brn_status run_grad_input(const brn__step *step, const brn__run *run)
{
    (void)run;
    const grouped_data *data = step->data;
    const brn__grouped_case *c = &data->shape;
    const brn__grouped_case back = {c->oh, c->ow, c->h, c->w, 1, c->per_group}; /* stride 1: another convolution */
    const float *dy = step->inputs[0];
    float *dx = step->outputs[0];
    const brn__blocked_conv *b = &data->blocked;
    int64_t planes = b->n * b->blocks;
    pack_all(step, data, true, c->stride == 1);
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < planes; i++) {
        const float *packed = block_weights(step, data, i % b->blocks), *from = dy + first_plane(data, i) * b->y_plane;
        if (c->stride == 1)
            data->loops->forward(&back, from, packed, NULL, NULL, BRN_ACTIVATION_NONE, dx + i * b->x_plane);
        else data->loops->grad_input(c, from, packed, dx + i * b->x_plane);
    }
    return BRN_OK;
}

static brn_status prepare_grad_weight(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    grouped_data *data;
    BRN__TRY(begin(step, &g, &data));
    step->in[0] = brn__blocked_layout(data->blocked.x);
    step->in[1] = brn__blocked_layout(data->blocked.y);
    return BRN_OK; /* dw and db are canonical */
}

static void unpack(const grouped_data *data, const float *sums, int64_t block, float *dw)
{
    int64_t lanes = data->loops->block, per_group = data->shape.per_group;
    for (int64_t lane = 0; lane < lanes && block * lanes + lane < data->blocked.channels; lane++) {
        float *to = dw + (block * lanes + lane) * per_group * 9;
        for (int64_t j = 0; j < per_group; j++)
            for (int tap = 0; tap < 9; tap++) *to++ = sums[(tap * per_group + j) * lanes + lane];
    }
}

static brn_status run_grad_weight(const brn__step *step, const brn__run *run)
{
    (void)run;
    const grouped_data *data = step->data;
    const brn__grouped_case *c = &data->shape;
    const float *x = step->inputs[0], *dy = step->inputs[1];
    float *dw = step->outputs[0], *db = step->outputs[1];
    const brn__blocked_conv *b = &data->blocked;
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t block = 0; block < b->blocks; block++) {
        float *sums = (float *)step->scratch + block * block_floats(data);
        memset(sums, 0, sizeof *sums * (size_t)block_floats(data));
        for (int64_t i = block; i < b->n * b->blocks; i += b->blocks)
            data->loops->grad_weight(c, x + first_plane(data, i) * b->x_plane, dy + i * b->y_plane, sums);
        unpack(data, sums, block, dw);
        if (db) brn__block_sums(b->n, b->channels, c->oh * c->ow, b->lanes, block, dy, db);
    }
    return BRN_OK;
}

const brn__kernel brn__grouped_conv2d = {prepare_forward, run_forward, release};
const brn__kernel brn__grouped_conv2d_grad_input = {prepare_grad_input, run_grad_input, release};
const brn__kernel brn__grouped_conv2d_grad_weight = {prepare_grad_weight, run_grad_weight, release};
