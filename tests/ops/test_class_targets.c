/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

enum { ITEMS = 9, CLASSES = 5, NUMBERS = ITEMS * CLASSES };

typedef struct drawn {
    double logits[NUMBERS];
    float weights[CLASSES], narrow[NUMBERS];
    int64_t labels[ITEMS];
} drawn;

static drawn draw(void)
{
    drawn d;
    double values[CLASSES];
    golden_uniform("logits", NUMBERS, d.logits);
    golden_uniform("weights", CLASSES, values);
    golden_targets(ITEMS, CLASSES, d.labels);
    for (int i = 0; i < NUMBERS; i++) d.narrow[i] = (float)(d.logits[i] *= 3);
    for (int k = 0; k < CLASSES; k++) d.weights[k] = (float)(1 + .9 * values[k]);
    return d;
}

static double number_at(const void *values, bool is_double, int i)
{
    return is_double ? ((const double *)values)[i] : (double)((const float *)values)[i];
}

static void check(const char *form, bool is_reference, double tolerance)
{
    json_t *golden = golden_open("tests/golden/losses.json");
    char path[64];
    snprintf(path, sizeof path, "%s/smoothing", form);
    drawn d = draw();
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    const int slot = brn_scalar(graph, "smoothing", golden_number(golden, path));
    brn_node *logits = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){ITEMS, CLASSES}, 2);
    brn_node *labels = brn_input(graph, "t", BRN_DTYPE_I64, (int64_t[]){ITEMS}, 1);
    brn_node *loss =
        brn_cross_entropy(logits, brn_class_targets(labels, d.weights, CLASSES, slot), -1);
    for (int k = 0; k < CLASSES; k++) d.weights[k] = 0; /* they were copied */
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan *plan;
    assert_ok(brn_parameters_new(graph, is_reference ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &parameters));
    assert_ok(brn_runner_new(parameters, is_reference ? "reference" : "cpu", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = options.loss = loss;
    options.input_gradients[options.input_gradient_count++] = logits;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", is_reference ? (void *)d.logits : (void *)d.narrow));
    assert_ok(brn_plan_bind(plan, "t", d.labels));
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
    d.labels[3] = CLASSES;
    assert_fails(brn_plan_run(plan, &(brn_run){0}), BRN_ERROR_INPUT, "label 5 of item 3 is not in 0..4");
    brn_runner_free(runner);
    brn_parameters_free(parameters);
    brn_graph_free(graph);
    json_decref(golden);
}

TEST(a_loss_weighted_by_class_equals_pytorch)
{
    check("weighted", true, 1e-12);
    check("weighted_smoothed", true, 1e-12);
    check("weighted", false, 1e-6);
    check("weighted_smoothed", false, 1e-6);
}

static void refused(brn_dtype dtype, const float *weights, int64_t classes, int slot, const char *part)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *labels = brn_input(graph, "t", dtype, (int64_t[]){4}, 1);
    brn_class_targets(labels, weights, classes, slot);
    assert_fails(brn_graph_status(graph), brn_graph_status(graph), part);
    assert_true(brn_graph_status(graph) != BRN_OK);
    brn_graph_free(graph);
}

TEST(weights_that_cannot_be_are_refused)
{
    const float good[2] = {1, 2}, negative[2] = {1, -2}, none[2] = {1, NAN};
    refused(BRN_DTYPE_I64, good, 0, -1, "0 classes");
    refused(BRN_DTYPE_I64, negative, 2, -1, "class 1 has weight -2");
    refused(BRN_DTYPE_I64, none, 2, -1, "class 1 has weight");
    refused(BRN_DTYPE_I64, good, 2, 0, "no scalar slot 0");
    refused(BRN_DTYPE_F32, good, 2, -1, "class_targets: labels");
}
