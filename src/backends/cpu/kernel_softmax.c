/* SPDX-License-Identifier: Apache-2.0
 *
 * log_softmax and cross_entropy with their gradients: rows of K logits. A row is shifted by its
 * maximum before exp; sums are in double.
 */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <inttypes.h>
#include <math.h>

static int64_t last_dimension(brn_shape shape)
{
    return shape.rank ? shape.dims[shape.rank - 1] : 1;
}

static brn_status rows_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[0].bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

/* log of the sum of exp(x). */
static double log_sum_exp(const brn__simd *simd, int64_t k, const float *x)
{
    float top = simd->maximum(k, x);
    if (!isfinite(top)) top = 0;
    return (double)top + log(simd->sum_exp(k, top, x));
}

/* ---- log_softmax ---- */

static brn_status log_softmax_prepare(brn__step *step)
{
    step->in_place[0] = 0;
    return rows_prepare(step);
}

static brn_status log_softmax_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__simd *simd = brn__simd_now();
    int64_t k = last_dimension(brn__step_shape(step, 0)), n = brn__step_elements(step, 0) / k;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t i = 0; i < n; i++) {
        const float *x = (const float *)step->inputs[0] + i * k;
        simd->scale(k, 1, (float)-log_sum_exp(simd, k, x), x, (float *)step->outputs[0] + i * k);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_log_softmax = {log_softmax_prepare, log_softmax_run, NULL};

/* dx = dy - exp(y) sum(dy) */
static brn_status log_softmax_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__simd *simd = brn__simd_now();
    int64_t k = last_dimension(brn__step_shape(step, 0)), n = brn__step_elements(step, 0) / k;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t i = 0; i < n; i++) {
        const float *dy = (const float *)step->inputs[0] + i * k;
        double sum = 0;
        for (int64_t j = 0; j < k; j++) sum += (double)dy[j];
        simd->exp_add(k, 0, (float)-sum, (const float *)step->inputs[1] + i * k, dy,
                      (float *)step->outputs[0] + i * k);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_log_softmax_grad = {log_softmax_prepare, log_softmax_grad_run, NULL};

/* ---- cross_entropy: logits, target -> loss (), item_loss (N) ---- */

static double smoothing(const brn__step *step, const brn__run *run)
{
    const brn__cross_entropy_attributes *attributes = step->node->attributes;
    return attributes->smoothing_slot < 0 ? 0 : run->scalars[attributes->smoothing_slot];
}

/* The class numbers of input `target`, or NULL when targets are soft. */
static const int64_t *classes_of(const brn__step *step, int target)
{
    return brn__input_dtype(step->node, target) == BRN_DTYPE_I64 ? step->inputs[target] : NULL;
}

static brn_status check_classes(const brn__step *step, const int64_t *classes, int64_t n, int64_t k)
{
    for (int64_t i = 0; classes && i < n; i++)
        if (classes[i] < 0 || classes[i] >= k)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: target %" PRId64 " of item %" PRId64 " is not in 0..%" PRId64,
                             step->node->op->name, classes[i], i, k - 1);
    return BRN_OK;
}

static brn_status cross_entropy_prepare(brn__step *step)
{
    BRN__TRY(rows_prepare(step));
    step->scratch_bytes = (size_t)brn__step_shape(step, 0).dims[0] * sizeof(double);
    return BRN_OK;
}

static double item_loss(const brn__simd *simd, int64_t k, const float *x, const int64_t *class,
                        const float *soft, double smooth)
{
    double log_sum = log_sum_exp(simd, k, x), sum = 0, chosen = 0;
    for (int64_t j = 0; smooth != 0 && j < k; j++) sum += (double)x[j] - log_sum;
    if (class) chosen = (double)x[*class] - log_sum;
    for (int64_t j = 0; soft && j < k; j++)
        if (soft[j] != 0) chosen += (double)soft[j] * ((double)x[j] - log_sum);
    return -((1 - smooth) * chosen + smooth / (double)k * sum);
}

static brn_status cross_entropy_run(const brn__step *step, const brn__run *run)
{
    const brn__simd *simd = brn__simd_now();
    brn_shape shape = brn__step_shape(step, 0);
    int64_t n = shape.dims[0], k = shape.dims[1];
    const int64_t *classes = classes_of(step, 1);
    BRN__TRY(check_classes(step, classes, n, k));
    double *losses = step->scratch, smooth = smoothing(step, run), total = 0;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t i = 0; i < n; i++)
        losses[i] =
            item_loss(simd, k, (const float *)step->inputs[0] + i * k, classes ? classes + i : NULL,
                      classes ? NULL : (const float *)step->inputs[1] + i * k, smooth);
    for (int64_t i = 0; i < n; i++) {
        total += losses[i];
        if (step->outputs[1]) ((float *)step->outputs[1])[i] = (float)losses[i];
    }
    if (step->outputs[0]) *(float *)step->outputs[0] = (float)(total / (double)n);
    return BRN_OK;
}

const brn__kernel brn__cpu_cross_entropy = {cross_entropy_prepare, cross_entropy_run, NULL};

/* ---- cross_entropy_grad: dloss, logits, target -> dlogits ----
 * dx = dloss / N (softmax(x) sum(t) - t), t = (1 - s) target + s / K */

static void item_grad(const brn__simd *simd, int64_t k, const float *x, const int64_t *class,
                      const float *soft, double smooth, double factor, float *dx)
{
    double sum = class ? 1 : 0;
    for (int64_t j = 0; soft && j < k; j++) sum += (double)soft[j];
    sum = (1 - smooth) * sum + smooth;
    simd->exp_add(k, (float)log_sum_exp(simd, k, x), (float)(factor * sum), x, NULL, dx);
    if (smooth != 0) simd->scale(k, 1, (float)(-factor * smooth / (double)k), dx, dx);
    if (class) dx[*class] -= (float)(factor * (1 - smooth));
    for (int64_t j = 0; soft && j < k; j++) dx[j] -= (float)(factor * (1 - smooth)) * soft[j];
}

static brn_status cross_entropy_grad_prepare(brn__step *step)
{
    BRN__TRY(rows_prepare(step));
    step->threads = brn__threads_for(step, step->in[1].bytes);
    return BRN_OK;
}

static brn_status cross_entropy_grad_run(const brn__step *step, const brn__run *run)
{
    const brn__simd *simd = brn__simd_now();
    brn_shape shape = brn__step_shape(step, 1);
    int64_t n = shape.dims[0], k = shape.dims[1];
    const int64_t *classes = classes_of(step, 2);
    BRN__TRY(check_classes(step, classes, n, k));
    double smooth = smoothing(step, run);
    double factor = (double)*(const float *)step->inputs[0] / (double)n;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t i = 0; i < n; i++)
        item_grad(simd, k, (const float *)step->inputs[1] + i * k, classes ? classes + i : NULL,
                  classes ? NULL : (const float *)step->inputs[2] + i * k, smooth, factor,
                  (float *)step->outputs[0] + i * k);
    return BRN_OK;
}

const brn__kernel brn__cpu_cross_entropy_grad = {cross_entropy_grad_prepare, cross_entropy_grad_run,
                                                 NULL};
