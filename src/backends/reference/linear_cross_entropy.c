/* SPDX-License-Identifier: Apache-2.0
 * linear_cross_entropy, a row at a time. */
#include "backends/reference/reference.h"

#include <math.h>

typedef struct sizes {
    int64_t rows, width, words; /* N, E, V */
} sizes;

static double product(const brn__step *step, double a, double b)
{
    return brn__reference_factor(step, a) * brn__reference_factor(step, b);
}

static double logit(const brn__step *step, const sizes *s, int64_t n, int64_t v)
{
    const double *x = (const double *)step->inputs[0] + n * s->width;
    const double *w = (const double *)step->inputs[1] + v * s->width, *bias = step->inputs[3];
    double z = bias ? bias[v] : 0;
    for (int64_t e = 0; e < s->width; e++) z += product(step, w[e], x[e]);
    return z;
}

/* Row n's loss; whether its target is the first of the largest; and, with a factor, its part of the
 * gradients. */
static double one_row(const brn__step *step, const sizes *s, int64_t n, double factor, bool *is_hit)
{
    const double *x = (const double *)step->inputs[0] + n * s->width, *w = step->inputs[1];
    const int64_t target = ((const int64_t *)step->inputs[2])[n];
    double *dx = step->outputs[2], *dw = step->outputs[3], *db = step->outputs[4];
    double top = -HUGE_VAL, sum = 0, chosen = 0;
    int64_t best = 0;
    for (int64_t v = 0; v < s->words; v++) {
        const double z = logit(step, s, n, v);
        if (z > top) top = z, best = v;
        if (v == target) chosen = z;
    }
    for (int64_t v = 0; v < s->words; v++) sum += exp(logit(step, s, n, v) - top);
    for (int64_t v = 0; v < s->words && (dx || dw || db); v++) {
        const double dz = factor * (exp(logit(step, s, n, v) - top) / sum - (v == target));
        for (int64_t e = 0; e < s->width; e++) {
            if (dx) dx[n * s->width + e] += product(step, dz, w[v * s->width + e]);
            if (dw) dw[v * s->width + e] += product(step, dz, x[e]);
        }
        if (db) db[v] += dz;
    }
    *is_hit = best == target;
    return top + log(sum) - chosen;
}

static brn_status run_linear_cross_entropy(const brn__step *step, const brn__run *run)
{
    const brn__linear_cross_entropy_attributes *attributes = step->node->attributes;
    const int64_t *target = step->inputs[2];
    brn_shape w = brn__step_shape(step, 1);
    const sizes s = {brn__step_elements(step, 2), w.dims[1], w.dims[0]};
    double loss = 0, counted = 0, hits = 0;
    (void)run;
    for (int i = 2; i <= 4; i++)
        for (int64_t k = 0; step->outputs[i] && k < output_elements(step, i); k++)
            ((double *)step->outputs[i])[k] = 0;
    for (int64_t n = 0; n < s.rows; n++) {
        if (target[n] == attributes->ignored) continue;
        if (target[n] < 0 || target[n] >= s.words)
            return brn__fail(BRN_ERROR_INPUT, "linear_cross_entropy: target %lld of row %lld is not in 0..%lld",
                             (long long)target[n], (long long)n, (long long)s.words - 1);
        counted++;
    }
    for (int64_t n = 0; n < s.rows; n++) {
        bool is_hit;
        if (target[n] == attributes->ignored) continue;
        loss += one_row(step, &s, n, 1 / counted, &is_hit);
        hits += is_hit;
    }
    if (step->outputs[0]) *(double *)step->outputs[0] = counted > 0 ? loss / counted : 0;
    if (step->outputs[1]) *(double *)step->outputs[1] = counted > 0 ? hits / counted : 0;
    return BRN_OK;
}
REFERENCE_KERNEL(linear_cross_entropy);
