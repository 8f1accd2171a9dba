/* SPDX-License-Identifier: Apache-2.0
 * The focal and the quantile loss against PyTorch's values and gradients. */
#include "burnish/nn.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ITEMS = 9, CLASSES = 5, NUMBERS = ITEMS * CLASSES };

typedef struct bound {
    double logits[NUMBERS], numbers[NUMBERS];
    float narrow_logits[NUMBERS], narrow_numbers[NUMBERS];
    int64_t labels[ITEMS];
} bound;

static bound draw(void)
{
    bound b;
    golden_uniform("logits", NUMBERS, b.logits);
    golden_uniform("numbers", NUMBERS, b.numbers);
    golden_targets(ITEMS, CLASSES, b.labels);
    for (int i = 0; i < NUMBERS; i++) {
        b.narrow_logits[i] = (float)(b.logits[i] *= 3);
        b.narrow_numbers[i] = (float)b.numbers[i];
    }
    return b;
}

static double number_at(const void *values, bool is_double, int i)
{
    return is_double ? ((const double *)values)[i] : (double)((const float *)values)[i];
}

static brn_node *build(brn_graph *graph, const json_t *golden, const char *form, bool focal,
                       brn_node **out)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", form, focal ? "gamma" : "quantile");
    double parameter = golden_number(golden, path);
    if (!focal) {
        brn_node *x = *out = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){NUMBERS}, 1);
        return brn_nn_quantile_loss(
            x, brn_input(graph, "t", BRN_DTYPE_F32, (int64_t[]){NUMBERS}, 1), parameter);
    }
    brn_node *x = *out = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){ITEMS, CLASSES}, 2);
    return brn_focal_loss(x, brn_input(graph, "t", BRN_DTYPE_I64, (int64_t[]){ITEMS}, 1),
                          parameter);
}

static void check(const char *form, bool is_reference, double tolerance)
{
    json_t *golden = golden_open("tests/golden/table_losses.json");
    char path[64];
    bool focal = strncmp(form, "focal", 5) == 0;
    bound b = draw();
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan *plan;
    assert_ok(brn_graph_new(&graph));
    brn_node *x, *loss = build(graph, golden, form, focal, &x);
    assert_ok(brn_graph_status(graph));
    assert_ok(brn_parameters_new(graph, is_reference ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &parameters));
    assert_ok(brn_runner_new(parameters, is_reference ? "reference" : "cpu", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = options.loss = loss;
    options.input_gradients[options.input_gradient_count++] = x;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", is_reference ? (void *)b.logits : (void *)b.narrow_logits));
    assert_ok(brn_plan_bind(plan, "t",
                            focal          ? (void *)b.labels
                            : is_reference ? (void *)b.numbers
                                           : (void *)b.narrow_numbers));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    snprintf(path, sizeof path, "%s/loss", form);
    assert_close(number_at(brn_plan_output(plan, 0), is_reference, 0), golden_number(golden, path),
                 tolerance);
    snprintf(path, sizeof path, "%s/gradient", form);
    double gradient[NUMBERS];
    for (int i = 0; i < NUMBERS; i++)
        gradient[i] = number_at(brn_plan_output(plan, 1), is_reference, i);
    assert_true(golden_check_array(golden_at(golden, path), path, gradient, NUMBERS, tolerance) <=
                tolerance);
    b.labels[3] = CLASSES;
    if (focal)
        assert_fails(brn_plan_run(plan, &(brn_run){0}), BRN_ERROR_INPUT, "label 5 is not in 0..4");
    brn_runner_free(runner);
    brn_parameters_free(parameters);
    brn_graph_free(graph);
    json_decref(golden);
}

TEST(the_focal_loss_equals_pytorch)
{
    check("focal", true, 1e-12);
    check("focal_half", true, 1e-12);
    check("focal", false, 1e-6);
    check("focal_half", false, 1e-6);
}

TEST(the_quantile_loss_equals_pytorch)
{
    check("quantile", true, 1e-12);
    check("quantile", false, 1e-6);
}

TEST(losses_refuse_parameters_that_mean_nothing)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){4}, 1);
    brn_nn_quantile_loss(x, x, 1);
    assert_fails(brn_graph_status(graph), BRN_ERROR_USAGE, "quantile 1; expected");
    brn_graph_free(graph);
    assert_ok(brn_graph_new(&graph));
    x = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){4, 2}, 2);
    brn_focal_loss(x, brn_input(graph, "t", BRN_DTYPE_I64, (int64_t[]){4}, 1), -1);
    assert_fails(brn_graph_status(graph), BRN_ERROR_USAGE, "gamma -1; expected");
    brn_graph_free(graph);
}
