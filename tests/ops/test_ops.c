/* SPDX-License-Identifier: Apache-2.0
 *
 * The op suite. Its tests come from the op list: an op without a case is a failure.
 * (a) On the reference backend, float64: the gradient of each tensor against signed central
 *     differences, element by element (a sample of large tensors) and along one random direction
 * that moves every element at once. (b) Every backend against the reference: outputs and gradients.
 */
#include "ops/experiment.h"
#include "base/philox.h"
#include "graph/backend.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double step_size = 1e-6, gradient_tolerance = 1e-6;
static const double parity_tolerance = 1e-5; /* of a tensor, in the L2 norm, float32 */
enum { ELEMENTS_CHECKED = 24 };

/* A wrong number is printed and counted, so that one run shows all of them. */
static int failures;
#define REPORT(...)                                                                                \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        failures++;                                                                                \
    } while (0)

static void compare_slope(experiment *e, int tensor, const char *what, int64_t place,
                          double expected, double got, double scale)
{
    double allowed = gradient_tolerance * scale + 1e-8 * fmax(1, fabs(experiment_loss(e)));
    if (fabs(expected - got) <= allowed) return;
    REPORT("%s (%s): gradient of %s %s %lld is %.12g, differences give %.12g (%g allowed)",
           e->of->name, e->of->op, e->tensors[tensor].of.name, what, (long long)place, got,
           expected, allowed);
}

static void check_element(experiment *e, int tensor, int64_t index, double got, double scale)
{
    double value = experiment_get(e, tensor, index);
    experiment_set(e, tensor, index, value + step_size);
    double above = experiment_loss(e);
    experiment_set(e, tensor, index, value - step_size);
    double below = experiment_loss(e);
    experiment_set(e, tensor, index, value);
    compare_slope(e, tensor, "element", index, (above - below) / (2 * step_size), got, scale);
}

/* Moves along a direction of entries in [-1, 1] by `distance`. */
static void move(experiment *e, int tensor, const double *base, double distance)
{
    brn__random random = brn__random_new(brn__philox_key(23, "direction"), (uint32_t)tensor, 0, 0);
    for (int64_t i = 0; i < e->tensors[tensor].count; i++)
        experiment_set(e, tensor, i, base[i] + distance * brn__random_between(&random, -1, 1));
}

static void check_direction(experiment *e, int tensor, const double *gradient, double scale)
{
    int64_t count = e->tensors[tensor].count;
    double *base = malloc((size_t)count * sizeof *base), got = 0;
    assert_non_null(base);
    brn__random random = brn__random_new(brn__philox_key(23, "direction"), (uint32_t)tensor, 0, 0);
    for (int64_t i = 0; i < count; i++) {
        base[i] = experiment_get(e, tensor, i);
        got += gradient[i] * brn__random_between(&random, -1, 1);
    }
    move(e, tensor, base, step_size);
    double above = experiment_loss(e);
    move(e, tensor, base, -step_size);
    double below = experiment_loss(e);
    move(e, tensor, base, 0);
    free(base);
    compare_slope(e, tensor, "direction", 0, (above - below) / (2 * step_size), got,
                  scale * sqrt((double)count));
}

static void check_tensor(experiment *e, int tensor, const double *gradient)
{
    int64_t count = e->tensors[tensor].count;
    double scale = 0;
    for (int64_t i = 0; i < count; i++) scale = fmax(scale, fabs(gradient[i]));
    if (!(scale > 1e-5 && scale < 1e5))
        REPORT("%s (%s): the gradient of %s shows nothing: its largest element is %g", e->of->name,
               e->of->op, e->tensors[tensor].of.name, scale);
    brn__random random = brn__random_new(brn__philox_key(29, "elements"), (uint32_t)tensor, 0, 0);
    for (int64_t k = 0; k < count && k < ELEMENTS_CHECKED; k++) {
        int64_t index = count <= ELEMENTS_CHECKED ? k : brn__random_below(&random, (uint32_t)count);
        check_element(e, tensor, index, gradient[index], scale);
    }
    check_direction(e, tensor, gradient, scale);
}

/* The gradients are copied first: they lie in memory that the next run uses. */
static void check_gradients(const op_case *of)
{
    experiment e;
    double *gradients[CASE_TENSORS_MAX] = {NULL};
    experiment_open(&e, of, "reference");
    experiment_run(&e);
    experiment_check_guards(&e);
    for (int i = 0; i < e.tensor_count && !of->not_differentiable; i++) {
        const double *gradient = experiment_gradient(&e, i);
        if (!gradient) continue;
        size_t bytes = (size_t)e.tensors[i].count * sizeof *gradient;
        gradients[i] = malloc(bytes);
        assert_non_null(gradients[i]);
        memcpy(gradients[i], gradient, bytes);
    }
    for (int i = 0; i < e.tensor_count; i++)
        if (gradients[i]) check_tensor(&e, i, gradients[i]);
    for (int i = 0; i < e.tensor_count; i++) free(gradients[i]);
    experiment_close(&e);
}

static void compare_values(const experiment *a, const void *got, const experiment *b,
                           const void *expected, int64_t count, const char *what)
{
    double error = 0, norm = 0;
    int64_t worst = 0;
    double largest = -1;
    for (int64_t i = 0; i < count; i++) {
        double g = experiment_element(a, got, i), r = experiment_element(b, expected, i);
        double difference = isfinite(g) ? fabs(g - r) : HUGE_VAL;
        if (difference > largest) largest = difference, worst = i;
        error += difference * difference;
        norm += r * r;
    }
    if (sqrt(error) <= parity_tolerance * fmax(sqrt(norm), 1e-3)) return;
    REPORT("%s (%s): %s is off by %.3g of its norm; worst at %lld: %.9g, the reference gives %.9g",
           a->of->name, a->of->op, what, sqrt(error / fmax(norm, 1e-30)), (long long)worst,
           experiment_element(a, got, worst), experiment_element(b, expected, worst));
}

static void check_parity(const op_case *of, const char *backend)
{
    experiment tested, reference;
    experiment_open(&reference, of, "reference");
    experiment_open(&tested, of, backend);
    experiment_run(&reference);
    experiment_run(&tested);
    experiment_run(&tested); /* a second run finds the arena used and the weights packed */
    experiment_check_guards(&tested);
    for (int i = 0; i < tested.output_count; i++) { /* the loss, a sum that cancels, is left out */
        char what[32];
        snprintf(what, sizeof what, "output %d", i);
        compare_values(&tested, brn_plan_output(tested.plan, i), &reference,
                       brn_plan_output(reference.plan, i),
                       brn_shape_elements(brn_plan_output_shape(reference.plan, i)), what);
    }
    for (int i = 0; i < tested.tensor_count && !of->not_differentiable; i++) {
        char what[64];
        if (tested.tensors[i].of.fixed) continue;
        snprintf(what, sizeof what, "the gradient of %s", tested.tensors[i].of.name);
        compare_values(&tested, experiment_gradient(&tested, i), &reference,
                       experiment_gradient(&reference, i), tested.tensors[i].count, what);
    }
    experiment_close(&tested);
    experiment_close(&reference);
}

/* Whether a step of the case's plan runs the op. */
static bool plan_uses(const op_case *of, const char *op)
{
    experiment e;
    bool found = false;
    experiment_open(&e, of, "reference");
    for (int k = 0; k < brn_plan_step_count(e.plan); k++)
        found |= !strcmp(brn_plan_step(e.plan, k).op, op);
    experiment_close(&e);
    return found;
}

static int for_each_case(const char *op, void (*check)(const op_case *of))
{
    int count, done = 0;
    const op_case *cases = op_cases_all(&count);
    const char *only = getenv("BURNISH_CASE"); /* a part of a case's name, to look at one */
    failures = 0;
    for (int i = 0; i < count; i++) {
        if (strcmp(cases[i].op, op)) continue;
        done++;
        if (!only || strstr(cases[i].name, only)) check(&cases[i]);
    }
    if (failures) fail_msg("%s: %d differences in %d cases", op, failures, done);
    return done;
}

static bool appears_in_a_plan(const char *op)
{
    int count;
    const op_case *cases = op_cases_all(&count);
    for (int i = 0; i < count; i++)
        if (plan_uses(&cases[i], op)) return true;
    return false;
}

/* An op with a gradient rule needs cases of its own; a backward primitive must be reached from one.
 */
static void check_op(const brn__op *op)
{
    int cases = for_each_case(op->name, check_gradients);
    if (!cases && op->gradient) fail_msg("%s has no case", op->name);
    if (!cases && !appears_in_a_plan(op->name)) fail_msg("no case reaches %s", op->name);
}

static void check_cpu(const op_case *of)
{
    check_parity(of, "cpu");
}

static void check_op_on_cpu(const char *op)
{
    if (!brn__backend_find("cpu")) skip();
    for_each_case(op, check_cpu);
}

/* What the plan itself puts in: sources, picks, reorders. */
static bool is_exempt(int op)
{
    return op == BRN__OP_input || op == BRN__OP_parameter || op == BRN__OP_pick ||
           op == BRN__OP_reorder;
}

#define X(name)                                                                                    \
    TEST(name##_has_the_gradient_of_its_definition)                                                \
    {                                                                                              \
        if (!is_exempt(BRN__OP_##name)) check_op(&brn__op_##name);                                 \
    }                                                                                              \
    TEST(name##_on_cpu_agrees_with_the_reference)                                                  \
    {                                                                                              \
        check_op_on_cpu(#name);                                                                    \
    }
BRN__KERNEL_OP_LIST(X)
#undef X

TEST(networks_have_the_gradient_of_their_definition)
{
    assert_true(for_each_case("network", check_gradients) > 0);
}

TEST(networks_on_cpu_agree_with_the_reference)
{
    check_op_on_cpu("network");
}

TEST(records_and_list_agree)
{
    for (int id = 0; id < BRN__OP_COUNT; id++) {
        const brn__op *op = brn__op_table[id];
        assert_int_equal(op->id, id);
        assert_non_null(op->infer);
        assert_in_range(op->output_count, 1, BRN__OUTPUTS_MAX);
        assert_in_range(op->inputs_max, op->inputs_min, BRN__INPUTS_MAX);
    }
#define X(op_name) assert_string_equal(brn__op_##op_name.name, #op_name);
    BRN__OP_LIST(X)
#undef X
}

TEST(the_reference_backend_has_every_kernel)
{
    const brn__backend *reference = brn__backend_find("reference");
    assert_non_null(reference);
#define X(name) assert_non_null(reference->kernels[BRN__OP_##name]);
    BRN__KERNEL_OP_LIST(X)
#undef X
    assert_null(brn__backend_find("no such backend"));
}
