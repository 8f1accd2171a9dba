/* SPDX-License-Identifier: Apache-2.0
 * time_window and its gradient: copies, and one sum. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <string.h>

typedef struct sizes {
    int64_t steps, items, width;
    int64_t first, last; /* the steps that come first and last */
    int64_t before;      /* from a step to the one that comes before it */
} sizes;

static sizes sizes_of(const brn__step *step, brn_shape x)
{
    const brn__time_window_attributes *attributes = step->node->attributes;
    const int64_t steps = x.dims[0];
    const bool backward = attributes->backward;
    return (sizes){steps, x.dims[1], x.dims[2], backward ? steps - 1 : 0, backward ? 0 : steps - 1, backward ? 1 : -1};
}

static brn_status prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->out[0].bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    const sizes s = sizes_of(step, brn__step_shape(step, 0));
    const float *x = step->inputs[0], *border = step->inputs[1];
    const size_t bytes = (size_t)s.width * sizeof *x;
    float *y = step->outputs[0], *last = step->outputs[1];
    (void)counters;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t row = 0; row < s.steps * s.items; row++) {
        const int64_t t = row / s.items, n = row % s.items;
        const float *now = x + row * s.width;
        const float *before = t == s.first ? border + n * s.width : now + s.before * s.items * s.width;
        if (y) memcpy(y + 2 * row * s.width, now, bytes);
        if (y) memcpy(y + (2 * row + 1) * s.width, before, bytes);
        if (last && t == s.last) memcpy(last + n * s.width, now, bytes);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_time_window = {prepare, run, NULL};

/* a + b, either of which may be NULL for zero. */
static void add(int64_t width, const float *a, const float *b, float *sum)
{
    if (a && b) brn__simd_now()->add(width, a, b, sum);
    else if (a || b) memcpy(sum, a ? a : b, (size_t)width * sizeof *sum);
    else memset(sum, 0, (size_t)width * sizeof *sum);
}

static brn_status grad_run(const brn__step *step, const brn__run *counters)
{
    const brn__time_window_attributes *attributes = step->node->attributes;
    const sizes s = sizes_of(step, attributes->x_shape);
    const float *dy = step->inputs[0], *dlast = step->inputs[1];
    float *dx = step->outputs[0], *dbefore = step->outputs[1];
    (void)counters;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t row = 0; row < s.steps * s.items; row++) {
        const int64_t t = row / s.items, n = row % s.items, after = row - s.before * s.items;
        const float *behind = dlast ? dlast + n * s.width : NULL;
        if (t != s.last) behind = dy ? dy + (2 * after + 1) * s.width : NULL;
        if (dx) add(s.width, dy ? dy + 2 * row * s.width : NULL, behind, dx + row * s.width);
        if (dbefore && t == s.first)
            add(s.width, dy ? dy + (2 * row + 1) * s.width : NULL, NULL, dbefore + n * s.width);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_time_window_grad = {prepare, grad_run, NULL};
