/* SPDX-License-Identifier: Apache-2.0
 * activation_penalty, sequence_pool and their gradients. */
#include "backends/reference/reference.h"

static double slot(const brn__run *run, int place) { return run->scalars[place]; }

static brn_status run_activation_penalty(const brn__step *step, const brn__run *run)
{
    const brn__activation_penalty_attributes *attributes = step->node->attributes;
    const double *raw = step->inputs[0], *dropped = step->inputs[1];
    brn_shape shape = brn__step_shape(step, 0);
    const int64_t row = shape.dims[1] * shape.dims[2], all = shape.dims[0] * row;
    double squares = 0, changes = 0;
    for (int64_t i = 0; i < all; i++) squares += dropped[i] * dropped[i];
    for (int64_t i = row; i < all; i++) changes += (raw[i] - raw[i - row]) * (raw[i] - raw[i - row]);
    *(double *)step->outputs[0] = slot(run, attributes->alpha_slot) * squares / (double)all;
    if (all > row)
        *(double *)step->outputs[0] += slot(run, attributes->beta_slot) * changes / (double)(all - row);
    return BRN_OK;
}
REFERENCE_KERNEL(activation_penalty);

static brn_status run_activation_penalty_grad(const brn__step *step, const brn__run *run)
{
    const brn__activation_penalty_attributes *attributes = step->node->attributes;
    const double dloss = *(const double *)step->inputs[0], *raw = step->inputs[1], *dropped = step->inputs[2];
    double *draw = step->outputs[0], *ddropped = step->outputs[1];
    brn_shape shape = brn__step_shape(step, 1);
    const int64_t row = shape.dims[1] * shape.dims[2], all = shape.dims[0] * row;
    const double alpha = 2 * dloss * slot(run, attributes->alpha_slot) / (double)all;
    const double beta = 2 * dloss * slot(run, attributes->beta_slot) / (double)(all - row);
    for (int64_t i = 0; ddropped && i < all; i++) ddropped[i] = alpha * dropped[i];
    for (int64_t i = 0; draw && i < all; i++) {
        draw[i] = 0;
        if (i >= row) draw[i] += beta * (raw[i] - raw[i - row]);
        if (i + row < all) draw[i] -= beta * (raw[i + row] - raw[i]);
    }
    return BRN_OK;
}
REFERENCE_KERNEL(activation_penalty_grad);

/* Of sequence n: its steps that count, the last of them. */
static int64_t count_steps(const brn__step *step, const int64_t *tokens, brn_shape x, int64_t n, int64_t *last)
{
    const brn__sequence_pool_attributes *attributes = step->node->attributes;
    int64_t count = 0;
    for (int64_t t = 0; t < x.dims[0]; t++) {
        if (tokens && tokens[t * x.dims[1] + n] == attributes->padding) continue;
        *last = t;
        count++;
    }
    return count;
}

static bool counts(const brn__step *step, const int64_t *tokens, int64_t place)
{
    const brn__sequence_pool_attributes *attributes = step->node->attributes;
    return !tokens || tokens[place] != attributes->padding;
}

/* The first step with the largest element e of sequence n. */
static int64_t best_step(const brn__step *step, const double *x, const int64_t *tokens, brn_shape shape,
                         int64_t n, int64_t e)
{
    int64_t best = -1;
    for (int64_t t = 0; t < shape.dims[0]; t++) {
        const int64_t place = t * shape.dims[1] + n;
        if (!counts(step, tokens, place)) continue;
        if (best < 0 || x[place * shape.dims[2] + e] > x[(best * shape.dims[1] + n) * shape.dims[2] + e]) best = t;
    }
    return best;
}

static brn_status run_sequence_pool(const brn__step *step, const brn__run *run)
{
    const double *x = step->inputs[0];
    const int64_t *tokens = step->inputs[1];
    brn_shape shape = brn__step_shape(step, 0);
    const int64_t items = shape.dims[1], width = shape.dims[2];
    (void)run;
    for (int64_t n = 0; n < items; n++) {
        double *y = (double *)step->outputs[0] + n * 3 * width;
        int64_t last = 0;
        const int64_t count = count_steps(step, tokens, shape, n, &last);
        for (int64_t e = 0; e < width; e++) {
            double sum = 0;
            for (int64_t t = 0; t < shape.dims[0]; t++)
                if (counts(step, tokens, t * items + n)) sum += x[(t * items + n) * width + e];
            y[e] = count ? x[(last * items + n) * width + e] : 0;
            y[width + e] = count ? x[(best_step(step, x, tokens, shape, n, e) * items + n) * width + e] : 0;
            y[2 * width + e] = count ? sum / (double)count : 0;
        }
    }
    return BRN_OK;
}
REFERENCE_KERNEL(sequence_pool);

static brn_status run_sequence_pool_grad(const brn__step *step, const brn__run *run)
{
    const double *x = step->inputs[1];
    const int64_t *tokens = step->inputs[2];
    double *dx = step->outputs[0];
    brn_shape shape = brn__step_shape(step, 1);
    const int64_t items = shape.dims[1], width = shape.dims[2];
    (void)run;
    for (int64_t n = 0; n < items; n++) {
        const double *dy = (const double *)step->inputs[0] + n * 3 * width;
        int64_t last = 0;
        const int64_t count = count_steps(step, tokens, shape, n, &last);
        for (int64_t e = 0; e < width; e++) {
            const int64_t best = best_step(step, x, tokens, shape, n, e);
            for (int64_t t = 0; t < shape.dims[0]; t++) {
                double sum = 0;
                if (counts(step, tokens, t * items + n)) sum = dy[2 * width + e] / (double)count;
                if (count && t == last) sum += dy[e];
                if (t == best) sum += dy[width + e];
                dx[(t * items + n) * width + e] = sum;
            }
        }
    }
    return BRN_OK;
}
REFERENCE_KERNEL(sequence_pool_grad);
