/* SPDX-License-Identifier: Apache-2.0
 * Winograd's convolution by simd/winograd.c, a group of tiles after the other: transform what is read, multiply point
 * by point, transform back. A group is small enough that what lies between stays in the caches, and large enough that
 * weights are fetched seldom. Threads take groups of their own where there are many, else a share of each. Every
 * number is summed in the same order whoever computes it: the bits do not depend on the number of threads. */
#include "backends/cpu/kernel_winograd.h"
#include "backends/cpu/blocked_conv.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/winograd_weights.h"
#include "base/alloc.h"

#include <omp.h>

extern const brn__winograd brn__winograd_avx512, brn__winograd_avx2, brn__winograd_portable;

const brn__winograd *brn__winograd_of(brn__isa isa)
{
    static const brn__winograd *const tables[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = &brn__winograd_portable,
        [BRN__ISA_AVX2] = &brn__winograd_avx2,
        [BRN__ISA_AVX512] = &brn__winograd_avx512,
    };
    return brn__isa_has(isa) ? tables[isa] : NULL;
}

enum { POINTS = BRN__WINOGRAD_POINTS, TILE = BRN__WINOGRAD_TILE };

typedef struct winograd_data {
    const brn__winograd *loops;
    brn__blocked_conv blocked;     /* x and y */
    brn__winograd_weights weights; /* for the weight gradient: of the sums */
    dnnl_memory_desc_t layout;     /* of the weights; NULL for the weight gradient */
    brn__winograd_plane a, b;      /* read (x or dy) and written (y or dx); of the weight gradient x and dy */
    int64_t a_blocks, b_blocks;    /* of channels */
    int64_t tiles, group, groups;  /* of b; of one group, but for the last; number of groups */
    int64_t a_step, b_step;        /* floats from one point of a group to the next */
    int owners;                    /* threads that take groups of their own, each with its scratch; 1: all share each */
} winograd_data;

bool brn__winograd_can(const brn__conv2d_geometry *g)
{
    int block = brn__winograd_of(brn__isa_best())->block;
    bool dense = g->groups == 1 && g->kh == 3 && g->kw == 3 && g->stride[0] == 1 && g->stride[1] == 1 &&
                 g->dilation[0] == 1 && g->dilation[1] == 1;
    return dense && g->c % block == 0 && g->o % block == 0 && g->pad_begin[0] <= 2 && g->pad_begin[1] <= 2;
}

/* From which size on ours beat oneDNN 3.2's direct convolution by CPU time on a Zen 5 core, packing of the weights
 * counted in full; oneDNN held to AVX2 and SSE4.1 for the other two instruction sets. Transforms take time for each
 * channel and products for each pair; few tiles make too little use of weights that are four times as large; and
 * pixels of tiles that lie outside of the picture are computed in vain. */
typedef struct least {
    int64_t pairs;            /* of channels */
    int64_t tiles, gradients; /* of all pictures, in the forward pass and for gradients */
    int64_t filled;           /* per cent of the tiles' pixels that are inside of the picture */
} least;

static bool wins(const brn__conv2d_geometry *g, bool gradient, int64_t high, int64_t wide)
{
    static const least measured[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = {16 * 16, 16, 20, 55},
        [BRN__ISA_AVX2] = {16 * 16, 16, 20, 55},
        [BRN__ISA_AVX512] = {32 * 32, 16, 20, 60},
    };
    const least *from = &measured[brn__isa_best()];
    int64_t tiles = brn__divide_up(high, TILE) * brn__divide_up(wide, TILE);
    return brn__winograd_can(g) && g->c * g->o >= from->pairs && g->n * tiles >= (gradient ? from->gradients : from->tiles) &&
           high * wide * 100 >= tiles * TILE * TILE * from->filled;
}

bool brn__winograd_forward_wins(const brn__conv2d_geometry *g) { return wins(g, false, g->oh, g->ow); }
bool brn__winograd_grad_input_wins(const brn__conv2d_geometry *g) { return wins(g, true, g->h, g->w); }
bool brn__winograd_grad_weight_wins(const brn__conv2d_geometry *g) { return wins(g, true, g->oh, g->ow); }

static void release(brn__step *step)
{
    winograd_data *data = step->data;
    if (!data) return;
    if (data->layout) dnnl_memory_desc_destroy(data->layout);
    brn__blocked_conv_end(&data->blocked);
    brn__free(data);
    step->data = NULL;
}

/* Tiles of a group at most. Where the weights of all points (or their sums) stay in the second cache or come from the
 * third without delay, what is made of the tiles stays in the second; larger ones should be fetched seldom. */
static int64_t group_most(const winograd_data *data, bool sums)
{
    enum { MEGABYTE = 1 << 20, LEAST = 14 };
    int64_t tile = POINTS * (int64_t)sizeof(float) * (data->a_blocks + data->b_blocks) * data->loops->block;
    int64_t weights = POINTS * (int64_t)sizeof(float) * data->weights.rows * data->weights.columns;
    int64_t room = weights <= 10 * MEGABYTE ? MEGABYTE : sums ? 48 * MEGABYTE : 24 * MEGABYTE;
    return room / tile < LEAST ? LEAST : room / tile;
}

static void cut(const brn__step *step, winograd_data *data, bool sums)
{
    int64_t most = group_most(data, sums);
    data->tiles = data->blocked.n * data->b.high * data->b.wide;
    data->groups = brn__divide_up(data->tiles, most);
    data->group = brn__divide_up(data->tiles, data->groups);
    data->groups = brn__divide_up(data->tiles, data->group);
    data->owners = sums || data->groups < 2 * step->threads ? 1 : step->threads;
    int64_t line = data->loops->block;
    data->a_step = (data->a_blocks * data->group + 1) * line;
    data->b_step = (data->b_blocks * data->group + 1) * line;
}

/* Makes step->data but for the planes and what depends on them. */
static brn_status begin(brn__step *step, const brn__conv2d_geometry *g, bool turned, winograd_data **out)
{
    winograd_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    data->loops = brn__winograd_of(brn__isa_best());
    data->weights = brn__winograd_weights_of(g->o, g->c, turned);
    data->a_blocks = data->weights.rows / data->loops->block;
    data->b_blocks = data->weights.columns / data->loops->block;
    step->implementation = data->loops->name;
    *out = data;
    return brn__blocked_conv_begin(g, data->loops->block, &data->blocked);
}

static brn__winograd_plane plane_of(const winograd_data *data, int64_t h, int64_t w, int64_t blocks)
{
    return (brn__winograd_plane){.h = h, .w = w, .picture = blocks * h * w * data->loops->block};
}

/* Tiles of 4x4 over b; a begins `top` rows and `left` columns before. */
static void lay_tiles(winograd_data *data, int64_t top, int64_t left)
{
    data->a.high = data->b.high = brn__divide_up(data->b.h, TILE);
    data->a.wide = data->b.wide = brn__divide_up(data->b.w, TILE);
    data->a.top = top;
    data->a.left = left;
}

/* ---- forward, and the input's gradient ---- */

/* Points of a group, of what is read and of what is written. */
static float *points_of(const brn__step *step, const winograd_data *data, int owner)
{
    return (float *)step->scratch + owner * POINTS * (data->a_step + data->b_step);
}

typedef struct walk {
    const float *a, *weights, *bias, *residual;
    brn_activation activation;
    float *b;
} walk;

/* Part `part` of `parts` of a group; the parts wait for each other. */
static void walk_group(const winograd_data *data, const walk *w, int64_t group, int part, int parts, float *points)
{
    const brn__winograd *loops = data->loops;
    float *made = points + POINTS * data->a_step;
    int64_t first = group * data->group, begin, end, panels = brn__winograd_panels(&data->weights, loops);
    int64_t count = data->tiles - first < data->group ? data->tiles - first : data->group, row = count * loops->block;
    brn__part(data->a_blocks, 1, part, parts, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        loops->read_input(&data->a, w->a + i * data->a.h * data->a.w * loops->block, first, count, points + i * row,
                          data->a_step);
    if (parts > 1) {
#pragma omp barrier
    }
    brn__part(POINTS * panels, 1, part, parts, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        int64_t point = i / panels, panel = i % panels;
        brn__winograd_product product = {.blocks = data->a_blocks, .tiles = count, .v = points + point * data->a_step};
        product.u = w->weights + point * data->weights.step +
                    brn__winograd_panel(&data->weights, loops, panel, &product.columns);
        product.out = made + point * data->b_step + panel * (loops->columns / loops->block) * row;
        loops->multiply(&product);
    }
    if (parts > 1) {
#pragma omp barrier
    }
    brn__part(data->b_blocks, 1, part, parts, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        int64_t plane = i * data->b.h * data->b.w * loops->block;
        loops->write(&data->b, made + i * row, data->b_step, first, count, w->bias ? w->bias + i * loops->block : NULL,
                     w->residual ? w->residual + plane : NULL, w->activation, w->b + plane);
    }
    if (parts > 1) {
#pragma omp barrier
    }
}

static void walk_all(const brn__step *step, const walk *w)
{
    const winograd_data *data = step->data;
#pragma omp parallel num_threads(step->threads)
    {
        int thread = omp_get_thread_num(), threads = omp_get_num_threads();
        if (data->owners > 1) {
            for (int owner = thread; owner < data->owners; owner += threads) {
                int64_t begin, end;
                brn__part(data->groups, 1, owner, data->owners, &begin, &end);
                for (int64_t i = begin; i < end; i++) walk_group(data, w, i, 0, 1, points_of(step, data, thread));
            }
        } else {
            float *points = points_of(step, data, 0);
            for (int64_t i = 0; i < data->groups; i++) walk_group(data, w, i, thread, threads, points);
        }
    }
}

static brn_status or_release(brn__step *step, brn_status status)
{
    if (status != BRN_OK) release(step);
    return status;
}

static brn_status finish_walk(brn__step *step, winograd_data *data)
{
    cut(step, data, false);
    BRN__TRY(brn__winograd_describe(&data->weights, &data->layout));
    step->in[1] = brn__winograd_layout(&data->weights, data->layout);
    step->scratch_bytes = sizeof(float) * (size_t)(data->owners * POINTS * (data->a_step + data->b_step));
    return BRN_OK;
}

static brn_status prepare_forward(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), brn__step_shape(step, 1));
    winograd_data *data;
    BRN__TRY(begin(step, &g, false, &data));
    data->a = plane_of(data, g.h, g.w, data->a_blocks);
    data->b = plane_of(data, g.oh, g.ow, data->b_blocks);
    lay_tiles(data, g.pad_begin[0], g.pad_begin[1]);
    brn__blocked_forward_layouts(&data->blocked, step);
    return finish_walk(step, data);
}

static brn_status run_forward(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__conv2d_attributes *attributes = step->node->attributes;
    walk_all(step, &(walk){step->inputs[0], step->inputs[1], step->inputs[2], step->inputs[3], attributes->activation,
                           step->outputs[0]});
    return BRN_OK;
}

static brn_status prepare_grad_input(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, attributes->x_shape, brn__step_shape(step, 1));
    winograd_data *data;
    BRN__TRY(begin(step, &g, true, &data));
    data->a = plane_of(data, g.oh, g.ow, data->a_blocks);
    data->b = plane_of(data, g.h, g.w, data->b_blocks);
    lay_tiles(data, 2 - g.pad_begin[0], 2 - g.pad_begin[1]);
    step->in[0] = brn__blocked_layout(data->blocked.y);
    step->out[0] = brn__blocked_layout(data->blocked.x);
    return finish_walk(step, data);
}

static brn_status run_grad_input(const brn__step *step, const brn__run *run)
{
    (void)run;
    walk_all(step, &(walk){.a = step->inputs[0], .weights = step->inputs[1], .b = step->outputs[0]});
    return BRN_OK;
}

/* ---- the weights' gradient ---- */

static brn_status prepare_grad_weight(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    winograd_data *data;
    BRN__TRY(begin(step, &g, false, &data));
    data->a = plane_of(data, g.h, g.w, data->a_blocks);
    data->b = plane_of(data, g.oh, g.ow, data->b_blocks);
    lay_tiles(data, g.pad_begin[0], g.pad_begin[1]);
    cut(step, data, true);
    step->in[0] = brn__blocked_layout(data->blocked.x);
    step->in[1] = brn__blocked_layout(data->blocked.y);
    step->scratch_bytes = sizeof(float) * (size_t)(POINTS * (data->a_step + data->b_step + data->weights.step));
    return BRN_OK; /* dw and db are canonical */
}

/* Adds a group's products to the sums. */
static void sum_group(const brn__step *step, int64_t group, int part, int parts, float *sums)
{
    const winograd_data *data = step->data;
    const brn__winograd *loops = data->loops;
    float *points = sums + POINTS * data->weights.step, *gradients = points + POINTS * data->a_step;
    int64_t first = group * data->group, begin, end, panels = brn__winograd_panels(&data->weights, loops);
    int64_t count = data->tiles - first < data->group ? data->tiles - first : data->group, row = count * loops->block;
    brn__part(data->a_blocks, 1, part, parts, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        loops->read_input(&data->a, (const float *)step->inputs[0] + i * data->blocked.x_plane, first, count,
                          points + i * row, data->a_step);
    brn__part(data->b_blocks, 1, part, parts, &begin, &end);
    for (int64_t i = begin; i < end; i++)
        loops->read_gradient(&data->b, (const float *)step->inputs[1] + i * data->blocked.y_plane, first, count,
                             gradients + i * row, data->b_step);
#pragma omp barrier
    brn__part(POINTS * panels, 1, part, parts, &begin, &end);
    for (int64_t i = begin; i < end; i++) {
        int64_t point = i / panels, panel = i % panels;
        brn__winograd_product product = {.blocks = data->a_blocks, .tiles = count, .adds = group > 0};
        product.v = points + point * data->a_step;
        product.u = gradients + point * data->b_step + panel * (loops->columns / loops->block) * row;
        product.out = sums + point * data->weights.step +
                      brn__winograd_panel(&data->weights, loops, panel, &product.columns);
        loops->correlate(&product);
    }
#pragma omp barrier
}

static brn_status run_grad_weight(const brn__step *step, const brn__run *run)
{
    (void)run;
    const winograd_data *data = step->data;
    const brn__blocked_conv *b = &data->blocked;
    float *sums = step->scratch, *dw = step->outputs[0], *db = step->outputs[1];
    int64_t block = data->loops->block;
#pragma omp parallel num_threads(step->threads)
    {
        for (int64_t i = 0; i < data->groups; i++)
            sum_group(step, i, omp_get_thread_num(), omp_get_num_threads(), sums);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < data->b_blocks; i++) {
            brn__winograd_gather(&data->weights, data->loops, sums, i, dw);
            if (db) brn__block_sums(b->n, data->weights.columns, data->b.h * data->b.w, block, i, step->inputs[1], db);
        }
    }
    return BRN_OK;
}

static brn_status forward(brn__step *step) { return or_release(step, prepare_forward(step)); }
static brn_status grad_input(brn__step *step) { return or_release(step, prepare_grad_input(step)); }
static brn_status grad_weight(brn__step *step) { return or_release(step, prepare_grad_weight(step)); }

const brn__kernel brn__winograd_conv2d = {forward, run_forward, release};
const brn__kernel brn__winograd_grad_input = {grad_input, run_grad_input, release};
const brn__kernel brn__winograd_grad_weight = {grad_weight, run_grad_weight, release};
