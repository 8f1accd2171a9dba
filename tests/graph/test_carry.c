/* SPDX-License-Identifier: Apache-2.0
 * State that is carried from run to run. */
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "test.h"

#include <string.h>

enum { WIDTH = 3 };

/* state <- state + x; loss = sum(w state x), with the state before the run. */
typedef struct carrying {
    bool real64;
    brn_graph *graph;
    brn_node *state, *loss, *apart;
    brn_parameters *store;
    brn_runner *runner;
} carrying;

static carrying start(const char *backend)
{
    carrying c = {.real64 = strcmp(backend, "reference") == 0};
    int64_t dims[] = {WIDTH};
    assert_ok(brn_graph_new(&c.graph));
    brn_node *x = brn_input(c.graph, "x", BRN_DTYPE_F32, dims, 1);
    brn_node *w = brn_parameter(c.graph, "w", dims, 1, BRN_PARAMETER_WEIGHT, (brn_init){BRN_INIT_ONES});
    c.state = brn_parameter(c.graph, "state", dims, 1, BRN_PARAMETER_BUFFER, (brn_init){BRN_INIT_ZEROS});
    brn_node *total = brn_add(c.state, x);
    brn_node *product = brn_reduce(brn_mul(brn_mul(w, c.state), x), BRN_REDUCE_SUM, 1, false);
    /* The new state is made in the forward pass already, ahead of the gradient that reads the old one. */
    c.loss = brn_add(product, brn_scale(brn_reduce(total, BRN_REDUCE_SUM, 1, false), 0, 0));
    c.apart = brn_mul(x, x);
    brn_carry(c.state, total);
    assert_ok(brn_graph_status(c.graph));
    assert_ok(brn_parameters_new(c.graph, c.real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &c.store));
    assert_ok(brn_parameters_initialise(c.store, 1, -1));
    assert_ok(brn_runner_new(c.store, backend, 1, &c.runner));
    return c;
}

static void finish(carrying *c)
{
    brn_runner_free(c->runner);
    brn_parameters_free(c->store);
    brn_graph_free(c->graph);
}

static double run(carrying *c, brn_node *output, bool training, double x)
{
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = output;
    options.training = training;
    if (training) options.loss = c->loss;
    brn_plan *plan;
    assert_ok(brn_runner_plan(c->runner, &options, &plan));
    double wide[WIDTH] = {x, x, x};
    float narrow[WIDTH] = {(float)x, (float)x, (float)x};
    assert_ok(brn_plan_bind(plan, "x", c->real64 ? (void *)wide : (void *)narrow));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    const void *y = brn_plan_output(plan, 0);
    return c->real64 ? *(const double *)y : (double)*(const float *)y;
}

static double parameter(const carrying *c, const char *name)
{
    double values[WIDTH];
    assert_ok(brn_parameters_read(c->store, brn_parameters_find(c->store, name), BRN_DTYPE_F64, values, WIDTH));
    return values[WIDTH - 1];
}

static double gradient_of_w(const carrying *c)
{
    void *gradients;
    int64_t at = brn_parameters_info(c->store, brn_parameters_find(c->store, "w")).offset;
    assert_ok(brn_parameters_gradients(c->store, &gradients));
    return c->real64 ? ((double *)gradients)[at] : (double)((float *)gradients)[at];
}

static void carries_on(const char *backend)
{
    carrying c = start(backend);
    assert_close(run(&c, c.loss, true, 2), 0, 0);
    assert_close(parameter(&c, "state"), 2, 0);
    assert_close(run(&c, c.loss, true, 5), 30, 0); /* 3 x 2 x 5: what the state was before */
    assert_close(gradient_of_w(&c), 10, 0);        /* read after the update was computed */
    assert_close(parameter(&c, "state"), 7, 0);
    assert_close(run(&c, c.loss, false, 1), 21, 0); /* in inference behaviour too */
    assert_close(parameter(&c, "state"), 8, 0);
    assert_close(run(&c, c.apart, false, 3), 9, 0); /* a plan that does not read it leaves it alone */
    assert_close(parameter(&c, "state"), 8, 0);
    finish(&c);
}

TEST(state_is_carried_from_run_to_run_and_read_as_it_was)
{
    carries_on("reference");
    carries_on("cpu");
}

TEST(state_must_be_a_buffer_of_the_value_s_shape)
{
    brn_graph *graph;
    int64_t two[] = {2}, three[] = {3};
    for (int i = 0; i < 2; i++) {
        assert_ok(brn_graph_new(&graph));
        brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, three, 1);
        brn_parameter_kind kind = i ? BRN_PARAMETER_BUFFER : BRN_PARAMETER_WEIGHT;
        brn_carry(brn_parameter(graph, "state", two, 1, kind, (brn_init){BRN_INIT_ZEROS}), x);
        if (i) assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, "carry: state (2) can't take a value of shape (3)");
        else assert_fails(brn_graph_status(graph), BRN_ERROR_USAGE, "carry: state is not a buffer");
        brn_graph_free(graph);
    }
}
