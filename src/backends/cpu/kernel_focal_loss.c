/* SPDX-License-Identifier: Apache-2.0
 * focal_loss and its gradient: a few classes and one item a row, in one thread. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <math.h>

static brn_status prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

/* *total: the logarithm of the sum of exponentials. */
static brn_status total_of(const brn__step *step, const float *x, int64_t classes, int64_t label,
                           double *total)
{
    double largest = (double)x[0], sum = 0;
    if (label < 0 || label >= classes)
        return brn__fail(BRN_ERROR_INPUT, "%s: label %lld is not in 0..%lld", step->node->op->name,
                         (long long)label, (long long)classes - 1);
    for (int64_t k = 1; k < classes; k++) largest = fmax((double)x[k], largest);
    for (int64_t k = 0; k < classes; k++) sum += exp((double)x[k] - largest);
    *total = largest + log(sum);
    return BRN_OK;
}

static brn_status loss_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__focal_loss_attributes *attributes = step->node->attributes;
    brn_shape shape = brn__step_shape(step, 0);
    const int64_t *labels = step->inputs[1];
    double sum = 0, total;
    for (int64_t n = 0; n < shape.dims[0]; n++) {
        const float *x = (const float *)step->inputs[0] + n * shape.dims[1];
        BRN__TRY(total_of(step, x, shape.dims[1], labels[n], &total));
        double share = (double)x[labels[n]] - total;
        sum -= pow(-expm1(share), attributes->gamma) * share;
    }
    *(float *)step->outputs[0] = (float)(sum / (double)shape.dims[0]);
    return BRN_OK;
}

const brn__kernel brn__cpu_focal_loss = {prepare, loss_run, NULL};

static brn_status grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__focal_loss_attributes *attributes = step->node->attributes;
    brn_shape shape = brn__step_shape(step, 1);
    const int64_t *labels = step->inputs[2];
    const double g = attributes->gamma;
    double factor = (double)*(const float *)step->inputs[0] / (double)shape.dims[0], total;
    for (int64_t n = 0; n < shape.dims[0]; n++) {
        const float *x = (const float *)step->inputs[1] + n * shape.dims[1];
        float *dx = (float *)step->outputs[0] + n * shape.dims[1];
        BRN__TRY(total_of(step, x, shape.dims[1], labels[n], &total));
        double share = (double)x[labels[n]] - total, rest = -expm1(share), slope = -pow(rest, g);
        if (g > 0 && rest > 0) slope += g * exp(share) * pow(rest, g - 1) * share;
        for (int64_t k = 0; k < shape.dims[1]; k++)
            dx[k] = (float)(factor * slope * ((k == labels[n]) - exp((double)x[k] - total)));
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_focal_loss_grad = {prepare, grad_run, NULL};
