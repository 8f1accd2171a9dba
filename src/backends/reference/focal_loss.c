/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/reference/reference.h"

#include <math.h>

/* The logarithm of softmax(x) at `label`; an error for a label that is no class. */
static brn_status log_share(const brn__step *step, const double *x, int64_t classes, int64_t label,
                            double *out)
{
    double largest = x[0], sum = 0;
    if (label < 0 || label >= classes)
        return brn__fail(BRN_ERROR_INPUT, "%s: label %lld is not in 0..%lld", step->node->op->name,
                         (long long)label, (long long)classes - 1);
    for (int64_t k = 0; k < classes; k++) largest = x[k] > largest ? x[k] : largest;
    for (int64_t k = 0; k < classes; k++) sum += exp(x[k] - largest);
    *out = x[label] - largest - log(sum);
    return BRN_OK;
}

/* logits (N, K), labels (N) -> mean of -(1 - p)^g log p */
static brn_status run_focal_loss(const brn__step *step, const brn__run *run)
{
    const brn__focal_loss_attributes *attributes = step->node->attributes;
    brn_shape shape = brn__step_shape(step, 0);
    const int64_t *labels = step->inputs[1];
    double sum = 0;
    (void)run;
    for (int64_t n = 0; n < shape.dims[0]; n++) {
        double share;
        BRN__TRY(log_share(step, (const double *)step->inputs[0] + n * shape.dims[1], shape.dims[1],
                           labels[n], &share));
        sum -= pow(1 - exp(share), attributes->gamma) * share;
    }
    *(double *)step->outputs[0] = sum / (double)shape.dims[0];
    return BRN_OK;
}
REFERENCE_KERNEL(focal_loss);

/* dloss (), logits, labels -> dx. Where p is 1 the power g - 1 may have no value, and the slope is
 * 0. */
static brn_status run_focal_loss_grad(const brn__step *step, const brn__run *run)
{
    const brn__focal_loss_attributes *attributes = step->node->attributes;
    brn_shape shape = brn__step_shape(step, 1);
    const int64_t *labels = step->inputs[2];
    const double g = attributes->gamma, dloss = *(const double *)step->inputs[0];
    (void)run;
    for (int64_t n = 0; n < shape.dims[0]; n++) {
        const double *x = (const double *)step->inputs[1] + n * shape.dims[1];
        double *dx = (double *)step->outputs[0] + n * shape.dims[1], share;
        BRN__TRY(log_share(step, x, shape.dims[1], labels[n], &share));
        double p = exp(share), rest = 1 - p, total = x[labels[n]] - share;
        double slope = -pow(rest, g);
        if (g > 0 && rest > 0) slope += g * p * pow(rest, g - 1) * share;
        for (int64_t k = 0; k < shape.dims[1]; k++)
            dx[k] = dloss * slope * ((k == labels[n]) - exp(x[k] - total)) / (double)shape.dims[0];
    }
    return BRN_OK;
}
REFERENCE_KERNEL(focal_loss_grad);
