/* SPDX-License-Identifier: Apache-2.0
 * reduce and reduce_max_grad on canonical values: one walk over x, in memory order, with the
 * accumulators (double) in scratch. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/pairing.h"
#include "ops/attributes.h"

#include <math.h>
#include <string.h>

/* x against its reduced shape, reduced dimensions kept as 1. */
static brn__pairing reduction_of(const brn__step *step, int input)
{
    const brn__reduce_attributes *attributes = step->node->attributes;
    brn_shape x = brn__step_shape(step, input), kept = x;
    for (int i = 0; i < x.rank; i++)
        if (attributes->axes >> i & 1) kept.dims[i] = 1;
    return brn__pair(x, kept, x);
}

static int64_t reduced_elements(const brn__step *step, int input)
{
    const brn__reduce_attributes *attributes = step->node->attributes;
    brn_shape x = brn__step_shape(step, input);
    int64_t n = 1;
    for (int i = 0; i < x.rank; i++)
        if (!(attributes->axes >> i & 1)) n *= x.dims[i];
    return n;
}

static void add_run(int64_t n, bool one, const float *x, double *sum)
{
    if (!one) {
        for (int64_t i = 0; i < n; i++) sum[i] += (double)x[i];
        return;
    }
    double part[4] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int l = 0; l < 4; l++) part[l] += (double)x[i + l];
    for (; i < n; i++) part[0] += (double)x[i];
    *sum += part[0] + part[1] + (part[2] + part[3]);
}

static void maximum_run(int64_t n, bool one, const float *x, double *top)
{
    for (int64_t i = 0; i < n; i++) {
        double *best = one ? top : top + i;
        if ((double)x[i] > *best) *best = (double)x[i];
    }
}

static brn_status reduce_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->scratch_bytes = (size_t)reduced_elements(step, 0) * sizeof(double);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

static brn_status reduce_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__reduce_attributes *attributes = step->node->attributes;
    bool maximum = attributes->kind == BRN_REDUCE_MAX;
    brn__pairing p = reduction_of(step, 0);
    int64_t count = reduced_elements(step, 0), n = p.dims[p.rank - 1];
    double *total = step->scratch;
    float *y = step->outputs[0];
    for (int64_t i = 0; i < count; i++) total[i] = maximum ? -INFINITY : 0;
    for (int64_t r = 0; r < brn__pairing_runs(&p); r++) {
        int64_t at_x, at_y;
        brn__pairing_at(&p, r, &at_x, &at_y);
        (maximum ? maximum_run : add_run)(n, !p.b[p.rank - 1],
                                          (const float *)step->inputs[0] + at_x, total + at_y);
    }
    double divisor = 1;
    if (attributes->kind == BRN_REDUCE_MEAN)
        divisor = (double)brn__step_elements(step, 0) / (double)count;
    for (int64_t i = 0; i < count; i++) y[i] = (float)(total[i] / divisor);
    return BRN_OK;
}

const brn__kernel brn__cpu_reduce = {reduce_prepare, reduce_run, NULL};

/* ---- reduce_max_grad: dy, x -> dx ---- */

static brn_status reduce_max_grad_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->scratch_bytes = (size_t)reduced_elements(step, 1) * sizeof(int64_t);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

static brn_status reduce_max_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    brn__pairing p = reduction_of(step, 1);
    int64_t count = reduced_elements(step, 1), n = p.dims[p.rank - 1];
    const float *dy = step->inputs[0], *x = step->inputs[1];
    float *dx = step->outputs[0];
    int64_t *first = step->scratch;
    for (int64_t i = 0; i < count; i++) first[i] = -1;
    for (int64_t r = 0; r < brn__pairing_runs(&p); r++) {
        int64_t at_x, at_y;
        brn__pairing_at(&p, r, &at_x, &at_y);
        for (int64_t i = 0; i < n; i++) {
            int64_t *best = first + at_y + (p.b[p.rank - 1] ? i : 0);
            if (*best < 0 || x[at_x + i] > x[*best]) *best = at_x + i;
        }
    }
    memset(dx, 0, step->out[0].bytes);
    for (int64_t i = 0; i < count; i++)
        if (first[i] >= 0) dx[first[i]] = dy[i];
    return BRN_OK;
}

const brn__kernel brn__cpu_reduce_max_grad = {reduce_max_grad_prepare, reduce_max_grad_run, NULL};
