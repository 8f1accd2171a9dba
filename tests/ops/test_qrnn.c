/* SPDX-License-Identifier: Apache-2.0
 * A quasi-recurrent layer (time_window, linear, qrnn) against fastai's in double (tests/golden/make_qrnn.py): outputs and
 * every gradient. And what no gradient check sees: zoneout in inference, a sequence in two stretches. */
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "graph/graph.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOUND_MAX = 9, SIZES = 7 };

typedef struct comparison {
    const char *name, *backend;
    bool real64;
    brn_graph *graph;
    brn_runner *runner;
    brn_plan *plan;
    brn_plan_options options;
    const char *gradients[BRN_PLAN_INPUTS_MAX];
    const char *outputs[3];
    void *bound[BOUND_MAX];
} comparison;

static brn_node *input(comparison *c, const char *name, const int64_t *dims, int rank)
{
    return brn_input(c->graph, name, BRN_DTYPE_F32, dims, rank);
}

static brn_node *learning(comparison *c, const char *name, const int64_t *dims, int rank)
{
    const int place = c->options.input_gradient_count++;
    c->gradients[place] = name;
    return c->options.input_gradients[place] = input(c, name, dims, rank);
}

static void read(comparison *c, const char *name, brn_node *value)
{
    c->outputs[c->options.output_count] = name;
    c->options.outputs[c->options.output_count++] = value;
}

#define DIMS(...) (const int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void build(comparison *c, const json_t *sizes)
{
    int64_t s[SIZES];
    for (size_t i = 0; i < SIZES; i++) s[i] = json_integer_value(json_array_get(sizes, i));
    const int64_t steps = s[0], items = s[1], inputs = s[2], hidden = s[3], window = s[4];
    const bool backward = s[5] == 1, zoneout = s[6] == 1;
    brn_node *source = learning(c, "x", DIMS(steps, items, inputs)), *last = NULL;
    if (window == 2) {
        source = brn_time_window(source, learning(c, "before", DIMS(items, inputs)), backward);
        last = brn_node_output(source, 1);
    }
    brn_node *gates = brn_linear(source, learning(c, "w", DIMS(3 * hidden, window * inputs)), learning(c, "b", DIMS(3 * hidden)));
    brn_node *y = brn_qrnn(gates, learning(c, "c0", DIMS(items, hidden)),
                           zoneout ? input(c, "keep", DIMS(steps, items, hidden)) : NULL, backward);
    brn_node *weighted = brn_mul(y, input(c, "v:y", DIMS(steps, items, hidden)));
    brn_node *state = brn_mul(brn_node_output(y, 2), input(c, "v:c_n", DIMS(items, hidden)));
    read(c, "y", y);
    read(c, "c_n", brn_node_output(y, 2));
    if (last) read(c, "last", last);
    c->options.loss = brn_add(brn_reduce(weighted, BRN_REDUCE_SUM, 7, false), brn_reduce(state, BRN_REDUCE_SUM, 3, false));
}

/* The stream's numbers in the backend's type, bound under the stream's name; a mask's are 0 or 2. */
static void bind(comparison *c, int place)
{
    const brn_node *node = c->graph->inputs[place];
    const int64_t count = brn_shape_elements(brn_node_shape(node));
    double *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    golden_uniform(node->name, count, values);
    for (int64_t i = 0; !strcmp(node->name, "keep") && i < count; i++) values[i] = values[i] > -.2 ? 2 : 0;
    for (int64_t i = 0; !c->real64 && i < count; i++) ((float *)(void *)values)[i] = (float)values[i];
    c->bound[place] = values;
    assert_ok(brn_plan_bind(c->plan, node->name, values));
}

static void check(const comparison *c, const json_t *want, const char *name, int output)
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
}

static void compare(const char *name, const json_t *golden, const char *backend)
{
    comparison c = {.name = name, .backend = backend, .real64 = strcmp(backend, "reference") == 0};
    brn_parameters *store;
    c.options = brn_plan_defaults();
    assert_ok(brn_graph_new(&c.graph));
    build(&c, golden_at(golden, "sizes"));
    assert_ok(brn_graph_status(c.graph));
    assert_true(c.graph->input_count <= BOUND_MAX);
    assert_ok(brn_parameters_new(c.graph, c.real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &store));
    assert_ok(brn_runner_new(store, backend, 2, &c.runner));
    assert_ok(brn_runner_plan(c.runner, &c.options, &c.plan));
    for (int i = 0; i < c.graph->input_count; i++) bind(&c, i);
    assert_ok(brn_plan_run(c.plan, &(brn_run){.seed = 1}));
    const int outputs = c.options.output_count, gradients = c.options.input_gradient_count;
    assert_int_equal(outputs, json_object_size(golden_at(golden, "outputs")));
    assert_int_equal(gradients, json_object_size(golden_at(golden, "gradients")));
    for (int i = 0; i < outputs; i++) check(&c, golden_at(golden, "outputs"), c.outputs[i], i);
    for (int i = 0; i < gradients; i++) check(&c, golden_at(golden, "gradients"), c.gradients[i], outputs + i);
    for (int i = 0; i < c.graph->input_count; i++) free(c.bound[i]);
    brn_runner_free(c.runner);
    brn_parameters_free(store);
    brn_graph_free(c.graph);
}

static void compare_all(const char *backend)
{
    json_t *golden = golden_open("tests/golden/qrnn.json");
    const char *name;
    json_t *entry;
    json_object_foreach((json_t *)golden_at(golden, "cases"), name, entry) compare(name, entry, backend);
    json_decref(golden);
}

TEST(quasi_recurrent_layers_compute_as_fastais_in_double)
{
    compare_all("reference");
}

TEST(quasi_recurrent_layers_compute_as_fastais_on_cpu)
{
    compare_all("cpu");
}

/* ------------------------------------------------------------------ in stretches */

enum { STEPS = 11, ITEMS = 3, INPUTS = 5, HIDDEN = 19, STRETCHES = 4 };

typedef struct layer {
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_node *y;
    int zoneout; /* slot */
} layer;

/* A layer of window 2 that carries its state from run to run. */
static void layer_new(layer *l, const char *backend, bool zoneout)
{
    assert_ok(brn_graph_new(&l->graph));
    const brn_init draw = {BRN_INIT_UNIFORM, 1};
    brn_node *x = brn_input(l->graph, "x", BRN_DTYPE_F32, DIMS(1, ITEMS, INPUTS));
    brn_node *before = brn_parameter(l->graph, "before", DIMS(ITEMS, INPUTS), BRN_PARAMETER_BUFFER, (brn_init){BRN_INIT_ZEROS});
    brn_node *c = brn_parameter(l->graph, "c", DIMS(ITEMS, HIDDEN), BRN_PARAMETER_BUFFER, (brn_init){BRN_INIT_ZEROS});
    brn_node *w = brn_parameter(l->graph, "w", DIMS(3 * HIDDEN, 2 * INPUTS), BRN_PARAMETER_WEIGHT, draw);
    brn_node *source = brn_time_window(x, before, false), *gates = brn_linear(source, w, NULL);
    l->zoneout = brn_scalar(l->graph, "zoneout", .5);
    l->y = brn_qrnn(gates, c, zoneout ? brn_zoneout(gates, l->zoneout) : NULL, false);
    brn_carry(before, brn_node_output(source, 1));
    brn_carry(c, brn_node_output(l->y, 2));
    assert_ok(brn_graph_status(l->graph));
    const bool real64 = strcmp(backend, "reference") == 0;
    assert_ok(brn_parameters_new(l->graph, real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &l->store));
    assert_ok(brn_parameters_initialise(l->store, 7, -1));
    assert_ok(brn_runner_new(l->store, backend, 1, &l->runner));
}

static void layer_free(layer *l)
{
    brn_runner_free(l->runner);
    brn_parameters_free(l->store);
    brn_graph_free(l->graph);
}

/* `steps` steps from x on; y (steps, N, H). */
static void run_stretch(layer *l, bool training, int64_t steps, const double *x, double *y)
{
    const bool real64 = brn_parameters_dtype(l->store) == BRN_DTYPE_F64;
    float narrow[STEPS * ITEMS * INPUTS];
    brn_plan *plan;
    brn_plan_options options = brn_plan_defaults();
    options.training = training;
    options.outputs[options.output_count++] = l->y;
    options.shape_inputs[options.shape_count] = l->graph->inputs[0];
    options.shapes[options.shape_count++] = brn_shape_of(3, (const int64_t[]){steps, ITEMS, INPUTS});
    assert_ok(brn_runner_plan(l->runner, &options, &plan));
    for (int64_t i = 0; i < steps * ITEMS * INPUTS; i++) narrow[i] = (float)x[i];
    assert_ok(brn_plan_bind(plan, "x", real64 ? (const void *)x : narrow));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 2}));
    const void *values = brn_plan_output(plan, 0);
    for (int64_t i = 0; i < steps * ITEMS * HIDDEN; i++)
        y[i] = real64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
}

static void stretches_on(const char *backend, double tolerance)
{
    static const int64_t lengths[STRETCHES] = {1, 4, 1, 5};
    double x[STEPS * ITEMS * INPUTS], whole[STEPS * ITEMS * HIDDEN], parts[STEPS * ITEMS * HIDDEN];
    layer one, many;
    golden_uniform("x", STEPS * ITEMS * INPUTS, x);
    layer_new(&one, backend, false);
    layer_new(&many, backend, false);
    run_stretch(&one, false, STEPS, x, whole);
    for (int64_t i = 0, at = 0; i < STRETCHES; at += lengths[i++])
        run_stretch(&many, false, lengths[i], x + at * ITEMS * INPUTS, parts + at * ITEMS * HIDDEN);
    for (int i = 0; i < STEPS * ITEMS * HIDDEN; i++) assert_close(parts[i], whole[i], tolerance);
    run_stretch(&one, false, STEPS, x, parts); /* it goes on: not from nothing again */
    double difference = 0;
    for (int i = 0; i < ITEMS * HIDDEN; i++) difference += fabs(parts[i] - whole[i]);
    assert_true(difference > .1);
    layer_free(&one);
    layer_free(&many);
}

TEST(a_quasi_recurrent_layer_goes_on_where_it_stopped)
{
    stretches_on("reference", 1e-13);
    stretches_on("cpu", 1e-6);
}

/* In inference nothing is zoned out; in training, with c at 0 first, a unit that keeps its state is exactly 0. */
static void zoneout_on(const char *backend)
{
    double x[ITEMS * INPUTS], plain[ITEMS * HIDDEN], zoned[ITEMS * HIDDEN];
    layer without, with;
    golden_uniform("x", ITEMS * INPUTS, x);
    layer_new(&without, backend, false);
    layer_new(&with, backend, true);
    run_stretch(&without, false, 1, x, plain);
    run_stretch(&with, false, 1, x, zoned);
    for (int i = 0; i < ITEMS * HIDDEN; i++) assert_close(zoned[i], plain[i], 0);
    layer_free(&with);
    layer_new(&with, backend, true);
    run_stretch(&with, true, 1, x, zoned);
    int kept = 0;
    for (int i = 0; i < ITEMS * HIDDEN; i++)
        if (zoned[i] == 0) kept++;
        else assert_close(zoned[i], 2 * plain[i], 1e-6); /* 1 / (1 - .5) */
    assert_true(kept > 18 && kept < 39);
    layer_free(&without);
    layer_free(&with);
}

TEST(zoneout_keeps_states_in_training_alone)
{
    zoneout_on("reference");
    zoneout_on("cpu");
}
