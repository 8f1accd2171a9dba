/* SPDX-License-Identifier: Apache-2.0
 * batch_norm, batch_norm_grad, batch_norm_fold, running_update.
 * Values of one channel are x[(n C + c) P + p], p = a pixel, P = H W (1 for (N, C)). */
#include "backends/reference/reference.h"

#include <math.h>

typedef struct sizes {
    int64_t items, channels, pixels;
} sizes;

static sizes sizes_of(brn_shape x)
{
    return (sizes){x.dims[0], x.dims[1], x.rank == 4 ? x.dims[2] * x.dims[3] : 1};
}

/* Mean and biased variance of channel c. */
static void statistics(sizes s, const double *x, int64_t c, double *mean, double *variance)
{
    double count = (double)(s.items * s.pixels);
    *mean = *variance = 0;
    for (int64_t n = 0; n < s.items; n++)
        for (int64_t p = 0; p < s.pixels; p++)
            *mean += x[(n * s.channels + c) * s.pixels + p] / count;
    for (int64_t n = 0; n < s.items; n++)
        for (int64_t p = 0; p < s.pixels; p++) {
            double difference = x[(n * s.channels + c) * s.pixels + p] - *mean;
            *variance += difference * difference / count;
        }
}

/* The same bits in both directions: the gradient's mask may be taken from it. */
static double normalised(double gamma, double beta, double x, double mean, double var, double epsilon)
{
    return gamma * (x - mean) / sqrt(var + epsilon) + beta;
}

static brn_status run_batch_norm(const brn__step *step, const brn__run *run)
{
    const brn__batch_norm_attributes *attributes = step->node->attributes;
    sizes s = sizes_of(brn__step_shape(step, 0));
    const double *x = step->inputs[0], *gamma = step->inputs[1], *beta = step->inputs[2];
    const double *running_mean = step->inputs[3], *running_var = step->inputs[4];
    const double *residual = step->inputs[5];
    double *y = step->outputs[0], *batch_mean = step->outputs[1], *batch_var = step->outputs[2];
    (void)run;
    for (int64_t c = 0; c < s.channels; c++) {
        double m, v;
        statistics(s, x, c, &m, &v);
        if (batch_mean) batch_mean[c] = m;
        if (batch_var) batch_var[c] = v;
        if (attributes->form != BRN_NORM_BATCH) m = running_mean[c], v = running_var[c];
        for (int64_t n = 0; y && n < s.items; n++)
            for (int64_t p = 0; p < s.pixels; p++) {
                int64_t i = (n * s.channels + c) * s.pixels + p;
                double z = normalised(gamma[c], beta[c], x[i], m, v, attributes->epsilon);
                if (residual) z += residual[i];
                y[i] = brn__reference_activate(attributes->activation, z);
            }
    }
    return BRN_OK;
}
REFERENCE_KERNEL(batch_norm);

static brn_status run_batch_norm_grad(const brn__step *step, const brn__run *run)
{
    const brn__batch_norm_attributes *attributes = step->node->attributes;
    sizes s = sizes_of(brn__step_shape(step, 0));
    const double *dy = step->inputs[0], *x = step->inputs[1], *gamma = step->inputs[2];
    const double *mean = step->inputs[3], *var = step->inputs[4];
    const double *y = step->inputs[5], *dy2 = step->inputs[6], *beta = step->inputs[7];
    double *dx = step->outputs[0], *dgamma = step->outputs[1], *dbeta = step->outputs[2];
    double *dresidual = step->outputs[3], count = (double)(s.items * s.pixels);
    (void)run;
    for (int64_t c = 0; c < s.channels; c++) {
        double inverse = 1 / sqrt(var[c] + attributes->epsilon), sum_dz = 0, sum_dz_xhat = 0;
        for (int pass = 0; pass < 2; pass++) /* the sums, then what needs them */
            for (int64_t n = 0; n < s.items; n++)
                for (int64_t p = 0; p < s.pixels; p++) {
                    int64_t i = (n * s.channels + c) * s.pixels + p;
                    double xhat = (x[i] - mean[c]) * inverse, dz = dy[i] + (dy2 ? dy2[i] : 0);
                    double active = y ? y[i] : 0;
                    if (beta)
                        active = brn__reference_activate(
                            attributes->activation, normalised(gamma[c], beta[c], x[i], mean[c], var[c], attributes->epsilon));
                    dz = brn__reference_activate_grad(attributes->activation, dz, active);
                    if (pass == 0) {
                        sum_dz += dz;
                        sum_dz_xhat += dz * xhat;
                        continue;
                    }
                    if (dresidual) dresidual[i] = dz;
                    if (attributes->form == BRN_NORM_BATCH)
                        dz -= sum_dz / count + xhat * sum_dz_xhat / count;
                    if (dx) dx[i] = gamma[c] * inverse * dz;
                }
        if (dgamma) dgamma[c] = sum_dz_xhat;
        if (dbeta) dbeta[c] = sum_dz;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(batch_norm_grad);

static brn_status run_batch_norm_fold(const brn__step *step, const brn__run *run)
{
    const brn__batch_norm_attributes *attributes = step->node->attributes;
    const double *w = step->inputs[0], *gamma = step->inputs[1], *beta = step->inputs[2];
    const double *mean = step->inputs[3], *var = step->inputs[4], *bias = step->inputs[5];
    double *folded = step->outputs[0], *folded_bias = step->outputs[1];
    int64_t outputs = brn__step_shape(step, 0).dims[0];
    int64_t inner = output_elements(step, 0) / outputs;
    (void)run;
    for (int64_t o = 0; o < outputs; o++) {
        double s = gamma[o] / sqrt(var[o] + attributes->epsilon);
        for (int64_t i = 0; folded && i < inner; i++) folded[o * inner + i] = s * w[o * inner + i];
        if (folded_bias) folded_bias[o] = beta[o] + ((bias ? bias[o] : 0) - mean[o]) * s;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(batch_norm_fold);

static brn_status run_running_update(const brn__step *step, const brn__run *run)
{
    const brn__running_update_attributes *attributes = step->node->attributes;
    const double *running = step->inputs[0], *batch = step->inputs[1];
    double *updated = step->outputs[0], momentum = attributes->momentum;
    (void)run;
    for (int64_t c = 0; c < output_elements(step, 0); c++)
        updated[c] = (1 - momentum) * running[c] + momentum * attributes->correction * batch[c];
    return BRN_OK;
}
REFERENCE_KERNEL(running_update);
