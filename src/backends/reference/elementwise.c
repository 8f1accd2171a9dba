/* SPDX-License-Identifier: Apache-2.0
 * fill, sum, reorder, activation, activation_grad, add, mul, scale, dropout. */
#include "backends/reference/reference.h"
#include "base/philox.h"

#include <math.h>
#include <string.h>

static brn_status run_fill(const brn__step *step, const brn__run *run)
{
    const brn__fill_attributes *attributes = step->node->attributes;
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++) y[i] = attributes->value;
    return BRN_OK;
}
REFERENCE_KERNEL(fill);

static brn_status run_sum(const brn__step *step, const brn__run *run)
{
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++) {
        double total = 0; /* y may be one of the inputs: gradients that accumulate */
        for (int k = 0; k < step->node->input_count; k++)
            total += ((const double *)step->inputs[k])[i];
        y[i] = total;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(sum);

static brn_status run_reorder(const brn__step *step, const brn__run *run)
{
    (void)run;
    memmove(step->outputs[0], step->inputs[0], step->out[0].bytes);
    return BRN_OK;
}
REFERENCE_KERNEL(reorder);

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

double brn__reference_activate(brn_activation kind, double x)
{
    switch (kind) {
    case BRN_ACTIVATION_RELU: return x > 0 ? x : 0;
    case BRN_ACTIVATION_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case BRN_ACTIVATION_SIGMOID: return sigmoid(x);
    case BRN_ACTIVATION_TANH: return tanh(x);
    case BRN_ACTIVATION_SILU: return x * sigmoid(x);
    default: return x;
    }
}

double brn__reference_activate_grad(brn_activation kind, double dy, double s)
{
    switch (kind) {
    case BRN_ACTIVATION_RELU: return s > 0 ? dy : 0;
    case BRN_ACTIVATION_RELU6: return s > 0 && s < 6 ? dy : 0;
    case BRN_ACTIVATION_SIGMOID: return dy * s * (1 - s);
    case BRN_ACTIVATION_TANH: return dy * (1 - s * s);
    case BRN_ACTIVATION_SILU: return dy * (sigmoid(s) + s * sigmoid(s) * (1 - sigmoid(s)));
    default: return dy;
    }
}

static brn_status run_activation(const brn__step *step, const brn__run *run)
{
    const brn__activation_attributes *attributes = step->node->attributes;
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        y[i] = brn__reference_activate(attributes->kind, x[i]);
    return BRN_OK;
}
REFERENCE_KERNEL(activation);

static brn_status run_activation_grad(const brn__step *step, const brn__run *run)
{
    const brn__activation_attributes *attributes = step->node->attributes;
    const double *dy = step->inputs[0], *s = step->inputs[1];
    double *dx = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        dx[i] = brn__reference_activate_grad(attributes->kind, dy[i], s[i]);
    return BRN_OK;
}
REFERENCE_KERNEL(activation_grad);

static brn_status run_add(const brn__step *step, const brn__run *run)
{
    brn_shape full = step->node->outputs[0].shape;
    brn__strides to_a = brn__reference_strides(brn__step_shape(step, 0), full);
    brn__strides to_b = brn__reference_strides(brn__step_shape(step, 1), full);
    const double *a = step->inputs[0], *b = step->inputs[1];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        y[i] = a[brn__reference_offset(full, i, &to_a)] + b[brn__reference_offset(full, i, &to_b)];
    return BRN_OK;
}
REFERENCE_KERNEL(add);

static brn_status run_mul(const brn__step *step, const brn__run *run)
{
    brn_shape full = step->node->outputs[0].shape;
    brn__strides to_a = brn__reference_strides(brn__step_shape(step, 0), full);
    brn__strides to_b = brn__reference_strides(brn__step_shape(step, 1), full);
    const double *a = step->inputs[0], *b = step->inputs[1];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        y[i] = a[brn__reference_offset(full, i, &to_a)] * b[brn__reference_offset(full, i, &to_b)];
    return BRN_OK;
}
REFERENCE_KERNEL(mul);

static brn_status run_scale(const brn__step *step, const brn__run *run)
{
    const brn__scale_attributes *attributes = step->node->attributes;
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        y[i] = attributes->a * x[i] + attributes->b;
    return BRN_OK;
}
REFERENCE_KERNEL(scale);

/* An element is kept when its uniform number is at least p. The numbers are float32 in every
 * backend, so the same elements are kept everywhere. */
static brn_status run_dropout(const brn__step *step, const brn__run *run)
{
    const brn__dropout_attributes *attributes = step->node->attributes;
    const double *x = step->inputs[0];
    double *y = step->outputs[0], p = run->scalars[attributes->slot];
    int64_t samples = brn__step_shape(step, 0).dims[0];
    int64_t elements = output_elements(step, 0) / (samples ? samples : 1);
    uint64_t key = brn__philox_key(run->seed, attributes->stream);
    for (int64_t n = 0; n < samples; n++)
        for (int64_t i = 0; i < elements; i++) {
            brn__philox_block block = brn__philox(key, (uint32_t)(i / 4), (uint32_t)n, run->step,
                                                  run->micro_batch << 16 | run->rank);
            bool kept = brn__uniform_float(block.word[i % 4]) >= (float)p;
            y[n * elements + i] = kept ? x[n * elements + i] / (1 - p) : 0;
        }
    return BRN_OK;
}
REFERENCE_KERNEL(dropout);
