/* SPDX-License-Identifier: Apache-2.0
 * pointwise_loss and its gradient. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <math.h>

static brn_status loss_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

static double loss_of(brn_pointwise_loss kind, double x, double t)
{
    switch (kind) {
    case BRN_LOSS_BCE_WITH_LOGITS: return fmax(x, 0) - x * t + log1p(exp(-fabs(x)));
    case BRN_LOSS_L1: return fabs(x - t);
    case BRN_LOSS_MSE: break;
    }
    return (x - t) * (x - t);
}

static double slope_of(brn_pointwise_loss kind, double x, double t)
{
    switch (kind) {
    case BRN_LOSS_BCE_WITH_LOGITS: return 1 / (1 + exp(-x)) - t;
    case BRN_LOSS_L1: return (x > t) - (x < t);
    case BRN_LOSS_MSE: break;
    }
    return 2 * (x - t);
}

/* x, target -> loss () */
static brn_status loss_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__pointwise_loss_attributes *attributes = step->node->attributes;
    const float *x = step->inputs[0], *target = step->inputs[1];
    int64_t n = brn__step_elements(step, 0);
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += loss_of(attributes->kind, (double)x[i], (double)target[i]);
    *(float *)step->outputs[0] = (float)(total / (double)n);
    return BRN_OK;
}

const brn__kernel brn__cpu_pointwise_loss = {loss_prepare, loss_run, NULL};

/* dloss (), x, target -> dx */
static brn_status loss_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__pointwise_loss_attributes *attributes = step->node->attributes;
    const float *x = step->inputs[1], *target = step->inputs[2];
    float *dx = step->outputs[0];
    int64_t n = brn__step_elements(step, 1);
    double factor = (double)*(const float *)step->inputs[0] / (double)n;
    for (int64_t i = 0; i < n; i++)
        dx[i] = (float)(factor * slope_of(attributes->kind, (double)x[i], (double)target[i]));
    return BRN_OK;
}

const brn__kernel brn__cpu_pointwise_loss_grad = {loss_prepare, loss_grad_run, NULL};
