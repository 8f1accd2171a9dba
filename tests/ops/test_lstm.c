/* SPDX-License-Identifier: Apache-2.0
 * lstm against PyTorch in double (tests/golden/make_lstm.py): outputs and every gradient. */
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "graph/graph.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GIVEN = 7, OUTPUTS = 3 };
static const char *const given[GIVEN] = {"x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh"};
static const char *const outputs[OUTPUTS] = {"y", "h_n", "c_n"};

typedef struct comparison {
    const char *name, *backend;
    bool real64;
    brn_graph *graph;
    brn_runner *runner;
    brn_plan *plan;
    void *bound[GIVEN + OUTPUTS];
} comparison;

static brn_node *input(comparison *c, const char *name, brn_shape shape)
{
    return brn_input(c->graph, name, BRN_DTYPE_F32, shape.dims, shape.rank);
}

/* The stream's numbers in the backend's type, bound under the stream's name. */
static void bind(comparison *c, int place, const char *name)
{
    brn_shape shape = {0};
    for (int i = 0; i < c->graph->input_count; i++)
        if (!strcmp(c->graph->inputs[i]->name, name)) shape = brn_node_shape(c->graph->inputs[i]);
    int64_t count = brn_shape_elements(shape);
    double *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    golden_uniform(name, count, values);
    for (int64_t i = 0; !c->real64 && i < count; i++) ((float *)(void *)values)[i] = (float)values[i];
    c->bound[place] = values;
    assert_ok(brn_plan_bind(c->plan, name, values));
}

static double check(const comparison *c, const json_t *want, const char *name, int output)
{
    int64_t count = brn_shape_elements(brn_plan_output_shape(c->plan, output));
    const void *values = brn_plan_output(c->plan, output);
    double *wide = malloc((size_t)count * sizeof *wide), tolerance = c->real64 ? 1e-9 : 1e-5;
    assert_non_null(wide);
    for (int64_t i = 0; i < count; i++)
        wide[i] = c->real64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
    double error = golden_check_summary(json_object_get(want, name), name, wide, count, tolerance);
    free(wide);
    if (!(error <= tolerance)) fail_msg("%s on %s: %s is off by %g", c->name, c->backend, name, error);
    return error;
}

static brn_node *build(comparison *c, const json_t *sizes, brn_plan_options *options)
{
    int64_t s[4];
    for (size_t i = 0; i < 4; i++) s[i] = json_integer_value(json_array_get(sizes, i));
    const brn_shape shapes[GIVEN] = {{3, {s[0], s[1], s[2]}}, {2, {s[1], s[3]}},     {2, {s[1], s[3]}},
                                     {2, {4 * s[3], s[2]}},   {2, {4 * s[3], s[3]}}, {1, {4 * s[3]}},
                                     {1, {4 * s[3]}}};
    brn_node *in[GIVEN], *total = NULL;
    for (int i = 0; i < GIVEN; i++) in[i] = options->input_gradients[i] = input(c, given[i], shapes[i]);
    options->input_gradient_count = GIVEN;
    brn_node *y = brn_lstm(in[0], in[1], in[2], &(brn_lstm_weights){in[3], in[4], in[5], in[6]});
    for (int i = 0; i < OUTPUTS; i++) {
        char stream[16];
        snprintf(stream, sizeof stream, "v:%s", outputs[i]);
        brn_node *part = options->outputs[options->output_count++] = brn_node_output(y, i);
        brn_node *weighted = brn_mul(part, input(c, stream, brn_node_shape(part)));
        brn_node *sum = brn_reduce(weighted, BRN_REDUCE_SUM, i == 0 ? 7 : 3, false);
        total = total ? brn_add(total, sum) : sum;
    }
    return total;
}

static void compare(const char *name, const json_t *golden, const char *backend)
{
    comparison c = {.name = name, .backend = backend, .real64 = strcmp(backend, "reference") == 0};
    brn_parameters *store;
    brn_plan_options options = brn_plan_defaults();
    assert_ok(brn_graph_new(&c.graph));
    options.loss = build(&c, golden_at(golden, "sizes"), &options);
    assert_ok(brn_graph_status(c.graph));
    assert_ok(brn_parameters_new(c.graph, c.real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &store));
    assert_ok(brn_runner_new(store, backend, 2, &c.runner));
    assert_ok(brn_runner_plan(c.runner, &options, &c.plan));
    for (int i = 0; i < GIVEN; i++) bind(&c, i, given[i]);
    for (int i = 0; i < OUTPUTS; i++) {
        char stream[16];
        snprintf(stream, sizeof stream, "v:%s", outputs[i]);
        bind(&c, GIVEN + i, stream);
    }
    assert_ok(brn_plan_run(c.plan, &(brn_run){.seed = 1}));
    for (int i = 0; i < OUTPUTS; i++) check(&c, golden_at(golden, "outputs"), outputs[i], i);
    for (int i = 0; i < GIVEN; i++) check(&c, golden_at(golden, "gradients"), given[i], OUTPUTS + i);
    for (int i = 0; i < GIVEN + OUTPUTS; i++) free(c.bound[i]);
    brn_runner_free(c.runner);
    brn_parameters_free(store);
    brn_graph_free(c.graph);
}

static void compare_all(const char *backend)
{
    json_t *golden = golden_open("tests/golden/lstm.json");
    const char *name;
    json_t *entry;
    json_object_foreach((json_t *)golden_at(golden, "cases"), name, entry) compare(name, entry, backend);
    json_decref(golden);
}

TEST(lstm_computes_as_pytorch_in_double)
{
    compare_all("reference");
}

TEST(lstm_computes_as_pytorch_on_cpu)
{
    compare_all("cpu");
}
