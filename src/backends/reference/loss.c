/* SPDX-License-Identifier: Apache-2.0
 * log_softmax, cross_entropy, pointwise_loss, and their gradients. */
#include "backends/reference/reference.h"

#include <math.h>

/* log sum exp x, from its largest term so that nothing overflows. */
static double log_sum_exp(const double *x, int64_t count)
{
    double largest = x[0], sum = 0;
    for (int64_t k = 0; k < count; k++) largest = x[k] > largest ? x[k] : largest;
    for (int64_t k = 0; k < count; k++) sum += exp(x[k] - largest);
    return largest + log(sum);
}

static brn_status run_log_softmax(const brn__step *step, const brn__run *run)
{
    brn_shape shape = brn__step_shape(step, 0);
    int64_t columns = shape.dims[shape.rank - 1];
    (void)run;
    for (int64_t r = 0; r < brn_shape_elements(shape) / columns; r++) {
        const double *x = (const double *)step->inputs[0] + r * columns;
        double *y = (double *)step->outputs[0] + r * columns, total = log_sum_exp(x, columns);
        for (int64_t k = 0; k < columns; k++) y[k] = x[k] - total;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(log_softmax);

static brn_status run_log_softmax_grad(const brn__step *step, const brn__run *run)
{
    brn_shape shape = brn__step_shape(step, 0);
    int64_t columns = shape.dims[shape.rank - 1];
    (void)run;
    for (int64_t r = 0; r < brn_shape_elements(shape) / columns; r++) {
        const double *dy = (const double *)step->inputs[0] + r * columns;
        const double *y = (const double *)step->inputs[1] + r * columns;
        double *dx = (double *)step->outputs[0] + r * columns, sum = 0;
        for (int64_t k = 0; k < columns; k++) sum += dy[k];
        for (int64_t k = 0; k < columns; k++) dx[k] = dy[k] - exp(y[k]) * sum;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(log_softmax_grad);

/* Target of a cross-entropy: input `input` of the step, class indices or rows of weights. */
typedef struct target {
    const int64_t *indices; /* (N), or NULL */
    const double *weights;  /* (N, K), or NULL */
    int64_t classes;
    double smoothing;
} target;

static brn_status target_of(const brn__step *step, int input, const brn__run *run, target *out)
{
    const brn__cross_entropy_attributes *attributes = step->node->attributes;
    brn_shape logits = brn__step_shape(step, input - 1);
    bool indices = brn__input_dtype(step->node, input) == BRN_DTYPE_I64;
    int slot = attributes->smoothing_slot;
    *out = (target){.indices = indices ? step->inputs[input] : NULL,
                    .weights = indices ? NULL : step->inputs[input],
                    .classes = logits.dims[1],
                    .smoothing = slot < 0 ? 0 : run->scalars[slot]};
    for (int64_t n = 0; indices && n < logits.dims[0]; n++)
        if (out->indices[n] < 0 || out->indices[n] >= out->classes)
            return brn__fail(BRN_ERROR_INPUT, "%s: target %lld of item %lld is not in 0..%lld",
                             step->node->op->name, (long long)out->indices[n], (long long)n,
                             (long long)out->classes - 1);
    return BRN_OK;
}

/* t_k of item n after smoothing. */
static double weight_of(const target *t, int64_t n, int64_t k)
{
    double weight = t->indices ? t->indices[n] == k : t->weights[n * t->classes + k];
    return (1 - t->smoothing) * weight + t->smoothing / (double)t->classes;
}

static brn_status run_cross_entropy(const brn__step *step, const brn__run *run)
{
    brn_shape shape = brn__step_shape(step, 0);
    double *loss = step->outputs[0], *item_loss = step->outputs[1], mean = 0;
    target t;
    BRN__TRY(target_of(step, 1, run, &t));
    for (int64_t n = 0; n < shape.dims[0]; n++) {
        const double *x = (const double *)step->inputs[0] + n * t.classes;
        double total = log_sum_exp(x, t.classes), item = 0;
        for (int64_t k = 0; k < t.classes; k++) item -= weight_of(&t, n, k) * (x[k] - total);
        if (item_loss) item_loss[n] = item;
        mean += item / (double)shape.dims[0];
    }
    if (loss) *loss = mean;
    return BRN_OK;
}
REFERENCE_KERNEL(cross_entropy);

static brn_status run_cross_entropy_grad(const brn__step *step, const brn__run *run)
{
    brn_shape shape = brn__step_shape(step, 1);
    double dloss = *(const double *)step->inputs[0];
    target t;
    BRN__TRY(target_of(step, 2, run, &t));
    for (int64_t n = 0; n < shape.dims[0]; n++) {
        const double *x = (const double *)step->inputs[1] + n * t.classes;
        double *dx = (double *)step->outputs[0] + n * t.classes;
        double total = log_sum_exp(x, t.classes), weights = 0;
        for (int64_t k = 0; k < t.classes; k++) weights += weight_of(&t, n, k);
        for (int64_t k = 0; k < t.classes; k++)
            dx[k] =
                dloss * (exp(x[k] - total) * weights - weight_of(&t, n, k)) / (double)shape.dims[0];
    }
    return BRN_OK;
}
REFERENCE_KERNEL(cross_entropy_grad);

static double pointwise(brn_pointwise_loss kind, double x, double t)
{
    switch (kind) {
    case BRN_LOSS_BCE_WITH_LOGITS: return (x > 0 ? x : 0) - x * t + log1p(exp(-fabs(x)));
    case BRN_LOSS_L1: return fabs(x - t);
    default: return (x - t) * (x - t);
    }
}

static double pointwise_grad(brn_pointwise_loss kind, double x, double t)
{
    switch (kind) {
    case BRN_LOSS_BCE_WITH_LOGITS: return 1 / (1 + exp(-x)) - t;
    case BRN_LOSS_L1: return x > t ? 1 : x < t ? -1 : 0;
    default: return 2 * (x - t);
    }
}

static brn_status run_pointwise_loss(const brn__step *step, const brn__run *run)
{
    const brn__pointwise_loss_attributes *attributes = step->node->attributes;
    const double *x = step->inputs[0], *t = step->inputs[1];
    double *loss = step->outputs[0], sum = 0;
    int64_t count = brn__step_elements(step, 0);
    (void)run;
    for (int64_t i = 0; i < count; i++) sum += pointwise(attributes->kind, x[i], t[i]);
    *loss = sum / (double)count;
    return BRN_OK;
}
REFERENCE_KERNEL(pointwise_loss);

static brn_status run_pointwise_loss_grad(const brn__step *step, const brn__run *run)
{
    const brn__pointwise_loss_attributes *attributes = step->node->attributes;
    double dloss = *(const double *)step->inputs[0];
    const double *x = step->inputs[1], *t = step->inputs[2];
    double *dx = step->outputs[0];
    int64_t count = brn__step_elements(step, 1);
    (void)run;
    for (int64_t i = 0; i < count; i++)
        dx[i] = dloss * pointwise_grad(attributes->kind, x[i], t[i]) / (double)count;
    return BRN_OK;
}
REFERENCE_KERNEL(pointwise_loss_grad);
