/* SPDX-License-Identifier: Apache-2.0
 * global_pool and its gradient: x in any blocked layout, (N, C) or (N, 2C) canonical. Work is
 * shared out by item and channel block; sums are in double. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "base/alloc.h"
#include "ops/attributes.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct pool_data {
    brn__blocking blocking;
    int64_t period, run; /* simd.h; floats of one item and channel block */
} pool_data;

static brn_status pool_prepare(brn__step *step, int x)
{
    brn_shape shape = brn__input_shape(step->node, x);
    brn__all_canonical(step);
    pool_data found = {0};
    step->in[x] = step->have[x];
    if (!brn__blocking_of(&step->in[x], shape, &found.blocking)) {
        step->in[x] = brn__canonical_input(step, x);
        if (!brn__blocking_of(&step->in[x], shape, &found.blocking))
            return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: x %s must be (N, C, H, W)",
                             step->node->op->name, BRN__SHAPE(shape));
    }
    const brn__blocking *b = &found.blocking;
    found.period = BRN__PERIOD % b->block == 0 ? BRN__PERIOD : b->block;
    found.run = b->spatial * b->block;
    if (found.run >= INT32_MAX)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: x %s has more than 2^31 values in one item",
                         step->node->op->name, BRN__SHAPE(shape));
    pool_data *data = brn__alloc(sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    *data = found;
    step->data = data;
    step->threads = brn__threads_for(step, step->in[x].bytes);
    /* per thread: sums in double, then two vectors of 4 bytes an element */
    step->scratch_bytes = (size_t)(step->threads * data->period) * 2 * sizeof(double);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static void pool_release(brn__step *step)
{
    brn__free(step->data);
}

/* This thread's part of the scratch. */
static double *own_scratch(const brn__step *step)
{
    const pool_data *data = step->data;
    return (double *)step->scratch + 2 * data->period * omp_get_thread_num();
}

static int64_t channels_of(const brn__blocking *b, int64_t panel)
{
    int64_t rest = b->channels - panel * b->block;
    return rest < b->block ? rest : b->block;
}

/* ---- forward ---- */

static void pool_panel(const brn__step *step, int64_t n, int64_t panel)
{
    const brn__global_pool_attributes *attributes = step->node->attributes;
    const pool_data *data = step->data;
    const brn__blocking *b = &data->blocking;
    double *sum = own_scratch(step);
    float *maximum = (float *)(sum + data->period);
    for (int64_t l = 0; l < data->period; l++) sum[l] = 0, maximum[l] = -INFINITY;
    const float *x = (const float *)step->inputs[0] + (n * b->channel_blocks + panel) * data->run;
    brn__simd_now()->pool_reduce(data->run, data->period, x, sum, maximum);

    int64_t both = attributes->maximum && attributes->average ? 2 : 1;
    float *y = (float *)step->outputs[0] + n * both * b->channels + panel * b->block;
    for (int64_t c = 0; c < channels_of(b, panel); c++) {
        double total = 0;
        float top = -INFINITY;
        for (int64_t l = c; l < data->period; l += b->block) {
            total += sum[l];
            if (maximum[l] > top) top = maximum[l];
        }
        if (attributes->maximum) y[c] = top;
        if (attributes->average)
            y[(both - 1) * b->channels + c] = (float)(total / (double)b->spatial);
    }
}

static brn_status global_pool_prepare(brn__step *step)
{
    return pool_prepare(step, 0);
}

static brn_status global_pool_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__blocking *b = &((const pool_data *)step->data)->blocking;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < b->n * b->channel_blocks; k++)
        pool_panel(step, k / b->channel_blocks, k % b->channel_blocks);
    return BRN_OK;
}

const brn__kernel brn__cpu_global_pool = {global_pool_prepare, global_pool_run, pool_release};

/* ---- gradient: dy, x -> dx ---- */

/* Adds dmax at the first place of the panel that holds channel c's maximum. */
static void add_at_maximum(const pool_data *data, int64_t c, const float *maximum,
                           const int32_t *first, float dmax, float *dx)
{
    int64_t block = data->blocking.block, best = first[c] * data->period + c;
    float top = maximum[c];
    for (int64_t l = c + block; l < data->period; l += block) {
        int64_t at = first[l] * data->period + l;
        if (maximum[l] > top || (maximum[l] == top && at < best)) top = maximum[l], best = at;
    }
    dx[best] += dmax;
}

static void pool_panel_grad(const brn__step *step, int64_t n, int64_t panel)
{
    const brn__global_pool_attributes *attributes = step->node->attributes;
    const pool_data *data = step->data;
    const brn__blocking *b = &data->blocking;
    const brn__simd *simd = brn__simd_now();
    float *value = (float *)own_scratch(step), *maximum = value + data->period;
    int32_t *first = (int32_t *)(maximum + data->period);
    int64_t both = attributes->maximum && attributes->average ? 2 : 1;
    int64_t at = (n * b->channel_blocks + panel) * data->run;
    const float *dy = (const float *)step->inputs[0] + n * both * b->channels + panel * b->block;
    const float *x = (const float *)step->inputs[1] + at;
    float *dx = (float *)step->outputs[0] + at;

    memset(value, 0, (size_t)data->period * sizeof *value);
    for (int64_t c = 0; attributes->average && c < channels_of(b, panel); c++)
        for (int64_t l = c; l < data->period; l += b->block)
            value[l] = dy[(both - 1) * b->channels + c] / (float)b->spatial;
    if (attributes->maximum) simd->pool_first_maximum(data->run, data->period, x, maximum, first);
    simd->fill_lanes(data->run, data->period, value, dx);
    for (int64_t c = 0; attributes->maximum && c < channels_of(b, panel); c++)
        add_at_maximum(data, c, maximum, first, dy[c], dx);
}

static brn_status global_pool_grad_prepare(brn__step *step)
{
    BRN__TRY(pool_prepare(step, 1));
    step->out[0] = step->in[1];
    step->in_place[0] = 1;
    return BRN_OK;
}

static brn_status global_pool_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__blocking *b = &((const pool_data *)step->data)->blocking;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < b->n * b->channel_blocks; k++)
        pool_panel_grad(step, k / b->channel_blocks, k % b->channel_blocks);
    return BRN_OK;
}

const brn__kernel brn__cpu_global_pool_grad = {global_pool_grad_prepare, global_pool_grad_run,
                                               pool_release};
