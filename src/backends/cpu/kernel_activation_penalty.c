/* SPDX-License-Identifier: Apache-2.0
 * activation_penalty and its gradient. Sums are of one time step each, in double, then over the steps. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

enum { LANES = 8 };

typedef struct sizes {
    int64_t steps, row; /* T, N H */
} sizes;

static sizes sizes_of(const brn__step *step, int input)
{
    brn_shape shape = brn__step_shape(step, input);
    return (sizes){shape.dims[0], shape.dims[1] * shape.dims[2]};
}

static brn_status prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[0].bytes);
    step->scratch_bytes = (size_t)sizes_of(step, 0).steps * 2 * sizeof(double);
    step->implementation = "c";
    return BRN_OK;
}

/* Sum of (a - b)^2; b NULL: of a^2. */
static double squares(int64_t n, const float *a, const float *b)
{
    double lanes[LANES] = {0}, total = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            const double d = (double)a[i + k] - (b ? (double)b[i + k] : 0);
            lanes[k] += d * d;
        }
    for (; i < n; i++) {
        const double d = (double)a[i] - (b ? (double)b[i] : 0);
        lanes[i % LANES] += d * d;
    }
    for (int k = 0; k < LANES; k++) total += lanes[k];
    return total;
}

static brn_status run(const brn__step *step, const brn__run *run)
{
    const brn__activation_penalty_attributes *attributes = step->node->attributes;
    const float *raw = step->inputs[0], *dropped = step->inputs[1];
    const sizes s = sizes_of(step, 0);
    double *sums = step->scratch, ar = 0, tar = 0;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t t = 0; t < s.steps; t++) {
        sums[2 * t] = squares(s.row, dropped + t * s.row, NULL);
        sums[2 * t + 1] = t ? squares(s.row, raw + t * s.row, raw + (t - 1) * s.row) : 0;
    }
    for (int64_t t = 0; t < s.steps; t++) ar += sums[2 * t], tar += sums[2 * t + 1];
    double loss = run->scalars[attributes->alpha_slot] * ar / (double)(s.steps * s.row);
    if (s.steps > 1) loss += run->scalars[attributes->beta_slot] * tar / (double)((s.steps - 1) * s.row);
    *(float *)step->outputs[0] = (float)loss;
    return BRN_OK;
}

const brn__kernel brn__cpu_activation_penalty = {prepare, run, NULL};

static brn_status grad_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[1].bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

/* draw[t] = beta (2 raw[t] - raw[t-1] - raw[t+1]), or of the one neighbour at the ends. */
static void draw_of(int64_t n, float beta, const float *before, const float *at, const float *after, float *out)
{
    if (before && after)
        for (int64_t i = 0; i < n; i++) out[i] = beta * ((at[i] - before[i]) - (after[i] - at[i]));
    else if (before || after) {
        const float *other = before ? before : after;
        for (int64_t i = 0; i < n; i++) out[i] = beta * (at[i] - other[i]);
    } else {
        for (int64_t i = 0; i < n; i++) out[i] = 0;
    }
}

static brn_status grad_run(const brn__step *step, const brn__run *run)
{
    const brn__activation_penalty_attributes *attributes = step->node->attributes;
    const double dloss = (double)*(const float *)step->inputs[0];
    const float *raw = step->inputs[1], *dropped = step->inputs[2];
    float *draw = step->outputs[0], *ddropped = step->outputs[1];
    const sizes s = sizes_of(step, 1);
    const float alpha = (float)(2 * dloss * run->scalars[attributes->alpha_slot] / (double)(s.steps * s.row));
    const float beta =
        s.steps > 1 ? (float)(2 * dloss * run->scalars[attributes->beta_slot] / (double)((s.steps - 1) * s.row)) : 0;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t t = 0; t < s.steps; t++) {
        const int64_t at = t * s.row;
        if (ddropped) brn__simd_now()->scale(s.row, alpha, 0, dropped + at, ddropped + at);
        if (draw)
            draw_of(s.row, beta, t ? raw + at - s.row : NULL, raw + at,
                    t + 1 < s.steps ? raw + at + s.row : NULL, draw + at);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_activation_penalty_grad = {grad_prepare, grad_run, NULL};
