/* SPDX-License-Identifier: Apache-2.0
 * batch_norm_fold and running_update: arithmetic on parameters and running statistics. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <math.h>

static brn_status plain_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

/* w (O, ...), gamma, beta, mean, var, [bias] -> w', bias' */
static brn_status fold_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__batch_norm_attributes *attributes = step->node->attributes;
    const float *w = step->inputs[0], *gamma = step->inputs[1], *beta = step->inputs[2];
    const float *mean = step->inputs[3], *var = step->inputs[4], *bias = step->inputs[5];
    float *folded = step->outputs[0], *shift = step->outputs[1];
    int64_t outputs = brn__step_shape(step, 0).dims[0];
    int64_t fan = outputs ? brn__step_elements(step, 0) / outputs : 0;
    for (int64_t o = 0; o < outputs; o++) {
        double factor = (double)gamma[o] / sqrt((double)var[o] + attributes->epsilon);
        double from = (bias ? (double)bias[o] : 0) - (double)mean[o];
        for (int64_t i = o * fan; folded && i < (o + 1) * fan; i++)
            folded[i] = (float)(factor * (double)w[i]);
        if (shift) shift[o] = (float)((double)beta[o] + from * factor);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_batch_norm_fold = {plain_prepare, fold_run, NULL};

/* running, batch -> (1 - momentum) running + momentum correction batch */
static brn_status running_update_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__running_update_attributes *attributes = step->node->attributes;
    const float *running = step->inputs[0], *batch = step->inputs[1];
    float *y = step->outputs[0];
    double keep = 1 - attributes->momentum, take = attributes->momentum * attributes->correction;
    int64_t n = brn__step_elements(step, 0);
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)(keep * (double)running[i] + take * (double)batch[i]);
    return BRN_OK;
}

const brn__kernel brn__cpu_running_update = {plain_prepare, running_update_run, NULL};
