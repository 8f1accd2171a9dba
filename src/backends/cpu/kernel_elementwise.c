/* SPDX-License-Identifier: Apache-2.0
 *
 * activation, activation_grad, add, mul, scale, sum, fill.
 *
 * Inputs of one shape are walked flat, in whatever layout they share, padding included where
 * f(0) = 0 keeps it zero. Broadcasting works on canonical values: dimensions are merged until the
 * innermost is one run in which each operand is either an array or one number.
 */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/pairing.h"
#include "base/alloc.h"
#include "ops/attributes.h"

#include <omp.h>

/* Any common layout for all inputs and output 0. */
static brn_status flat_prepare(brn__step *step, bool keeps_zero)
{
    int count = step->node->input_count;
    brn__layout canonical = brn__canonical_input(step, 0);
    brn__layout layout = brn__common_layout(step, 0, count);
    if (!keeps_zero && layout.bytes != canonical.bytes) layout = canonical;
    for (int i = 0; i < count; i++) step->in[i] = layout;
    step->out[0] = layout;
    step->in_place[0] = 0;
    step->threads = brn__threads_for(step, layout.bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

typedef void flat_part(const brn__step *step, const brn__simd *simd, int64_t begin, int64_t n);

static brn_status flat_run(const brn__step *step, flat_part *part)
{
    const brn__simd *simd = brn__simd_now();
    int64_t n = (int64_t)(step->out[0].bytes / sizeof(float));
    if (step->threads <= 1) {
        part(step, simd, 0, n);
        return BRN_OK;
    }
#pragma omp parallel num_threads(step->threads)
    {
        int64_t begin, end;
        brn__part(n, BRN__PERIOD, omp_get_thread_num(), omp_get_num_threads(), &begin, &end);
        if (end > begin) part(step, simd, begin, end - begin);
    }
    return BRN_OK;
}

static const float *input_at(const brn__step *step, int input, int64_t begin)
{
    return (const float *)step->inputs[input] + begin;
}

static float *output_at(const brn__step *step, int64_t begin)
{
    return (float *)step->outputs[0] + begin;
}

/* ---- activation ---- */

static brn_status activation_prepare(brn__step *step)
{
    const brn__activation_attributes *attributes = step->node->attributes;
    return flat_prepare(step, attributes->kind != BRN_ACTIVATION_SIGMOID);
}

static void activation_part(const brn__step *step, const brn__simd *simd, int64_t begin, int64_t n)
{
    const brn__activation_attributes *attributes = step->node->attributes;
    simd->activation(attributes->kind, n, input_at(step, 0, begin), output_at(step, begin));
}

static brn_status activation_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    return flat_run(step, activation_part);
}

const brn__kernel brn__cpu_activation = {activation_prepare, activation_run, NULL};

static brn_status activation_grad_prepare(brn__step *step)
{
    return flat_prepare(step, true);
}

static void activation_grad_part(const brn__step *step, const brn__simd *simd, int64_t begin,
                                 int64_t n)
{
    const brn__activation_attributes *attributes = step->node->attributes;
    simd->activation_grad(attributes->kind, n, input_at(step, 0, begin), input_at(step, 1, begin),
                          output_at(step, begin));
}

static brn_status activation_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    return flat_run(step, activation_grad_part);
}

const brn__kernel brn__cpu_activation_grad = {activation_grad_prepare, activation_grad_run, NULL};

/* ---- scale, sum, fill ---- */

static brn_status scale_prepare(brn__step *step)
{
    const brn__scale_attributes *attributes = step->node->attributes;
    return flat_prepare(step, attributes->b == 0);
}

static void scale_part(const brn__step *step, const brn__simd *simd, int64_t begin, int64_t n)
{
    const brn__scale_attributes *attributes = step->node->attributes;
    simd->scale(n, (float)attributes->a, (float)attributes->b, input_at(step, 0, begin),
                output_at(step, begin));
}

static brn_status scale_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    return flat_run(step, scale_part);
}

const brn__kernel brn__cpu_scale = {scale_prepare, scale_run, NULL};

static brn_status sum_prepare(brn__step *step)
{
    return flat_prepare(step, true);
}

static void sum_part(const brn__step *step, const brn__simd *simd, int64_t begin, int64_t n)
{
    const float *x[BRN__INPUTS_MAX];
    for (int i = 0; i < step->node->input_count; i++) x[i] = input_at(step, i, begin);
    simd->sum(n, step->node->input_count, x, output_at(step, begin));
}

static brn_status sum_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    return flat_run(step, sum_part);
}

const brn__kernel brn__cpu_sum = {sum_prepare, sum_run, NULL};

static brn_status fill_prepare(brn__step *step)
{
    step->out[0] = brn__canonical_output(step, 0);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

static brn_status fill_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__fill_attributes *attributes = step->node->attributes;
    int64_t n = brn_shape_elements(attributes->shape);
    float *y = step->outputs[0];
    for (int64_t i = 0; i < n; i++) y[i] = (float)attributes->value;
    return BRN_OK;
}

const brn__kernel brn__cpu_fill = {fill_prepare, fill_run, NULL};

/* ---- add, mul ---- */

static brn_status pair_prepare(brn__step *step)
{
    const brn_node *node = step->node;
    brn_shape a = brn__input_shape(node, 0), b = brn__input_shape(node, 1);
    if (brn_shape_equal(a, b)) return flat_prepare(step, true);
    brn__pairing *data = brn__alloc(sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    *data = brn__pair(a, b, node->outputs[0].shape);
    step->data = data;
    brn__all_canonical(step);
    step->in_place[0] = brn_shape_equal(a, node->outputs[0].shape)   ? 0
                        : brn_shape_equal(b, node->outputs[0].shape) ? 1
                                                                     : -1;
    step->threads = brn__threads_for(step, step->out[0].bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static void pair_release(brn__step *step)
{
    brn__free(step->data);
}

static void run_of_pair(const brn__simd *simd, bool product, const brn__pairing *p, const float *a,
                        const float *b, float *y)
{
    int64_t n = p->dims[p->rank - 1];
    bool one_a = !p->a[p->rank - 1], one_b = !p->b[p->rank - 1];
    if (!one_a && !one_b) {
        (product ? simd->mul : simd->add)(n, a, b, y);
        return;
    }
    float number = one_a ? *a : *b;
    simd->scale(n, product ? number : 1, product ? 0 : number, one_a ? b : a, y);
}

static void pair_broadcast(const brn__step *step, bool product)
{
    const brn__simd *simd = brn__simd_now();
    const brn__pairing *p = step->data;
    const float *a = step->inputs[0], *b = step->inputs[1];
    int64_t runs = brn__pairing_runs(p), n = p->dims[p->rank - 1];
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t r = 0; r < runs; r++) {
        int64_t at_a, at_b;
        brn__pairing_at(p, r, &at_a, &at_b);
        run_of_pair(simd, product, p, a + at_a, b + at_b, output_at(step, r * n));
    }
}

static void add_part(const brn__step *step, const brn__simd *simd, int64_t begin, int64_t n)
{
    simd->add(n, input_at(step, 0, begin), input_at(step, 1, begin), output_at(step, begin));
}

static void mul_part(const brn__step *step, const brn__simd *simd, int64_t begin, int64_t n)
{
    simd->mul(n, input_at(step, 0, begin), input_at(step, 1, begin), output_at(step, begin));
}

static brn_status add_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    if (!step->data) return flat_run(step, add_part);
    pair_broadcast(step, false);
    return BRN_OK;
}

static brn_status mul_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    if (!step->data) return flat_run(step, mul_part);
    pair_broadcast(step, true);
    return BRN_OK;
}

const brn__kernel brn__cpu_add = {pair_prepare, add_run, pair_release};
const brn__kernel brn__cpu_mul = {pair_prepare, mul_run, pair_release};
