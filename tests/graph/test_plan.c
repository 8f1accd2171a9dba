/* SPDX-License-Identifier: Apache-2.0
 * Plans on the reference backend: small enough to be computed by hand. */
#include "burnish/nn.h"
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "test.h"

#include <string.h>

/* y = w x, loss = mean (y - t)^2 over (2, 1), w (1, 2). */
typedef struct small_net {
    brn_graph *graph;
    brn_node *x, *t, *w, *y, *loss;
    brn_parameters *store;
    brn_runner *runner;
} small_net;

static small_net small_net_new(void)
{
    small_net net;
    assert_ok(brn_graph_new(&net.graph));
    net.x = brn_input(net.graph, "x", BRN_DTYPE_F32, (int64_t[]){2, 2}, 2);
    net.t = brn_input(net.graph, "t", BRN_DTYPE_F32, (int64_t[]){2, 1}, 2);
    net.w = brn_parameter(net.graph, "w", (int64_t[]){1, 2}, 2, BRN_PARAMETER_WEIGHT, (brn_init){BRN_INIT_ZEROS});
    net.y = brn_linear(net.x, net.w, NULL);
    net.loss = brn_loss(net.y, net.t, BRN_LOSS_MSE);
    assert_ok(brn_parameters_new(net.graph, BRN_DTYPE_F64, &net.store));
    assert_ok(brn_parameters_write(net.store, 0, BRN_DTYPE_F64, (double[]){3, -1}, 2));
    assert_ok(brn_runner_new(net.store, "reference", 1, &net.runner));
    return net;
}

static void small_net_free(small_net *net)
{
    brn_runner_free(net->runner);
    brn_parameters_free(net->store);
    brn_graph_free(net->graph);
}

static const double x_values[4] = {1, 2, 4, 8}, t_values[2] = {0, 1}; /* y = 1, 4; loss = (1 + 9) / 2 */

static brn_plan *loss_plan(small_net *net, bool accumulate)
{
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = net->loss;
    options.loss = net->loss;
    options.accumulate = accumulate;
    brn_plan *plan;
    assert_ok(brn_runner_plan(net->runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", x_values));
    assert_ok(brn_plan_bind(plan, "t", t_values));
    return plan;
}

TEST(a_plan_computes_loss_and_gradient)
{
    small_net net = small_net_new();
    brn_plan *plan = loss_plan(&net, false);
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    assert_close(*(const double *)brn_plan_output(plan, 0), 5, 1e-12);
    double *gradient;
    assert_ok(brn_parameters_gradients(net.store, (void **)&gradient));
    assert_close(gradient[0], 1 * 1 + 3 * 4, 1e-12); /* 2/2 sum (y - t) x */
    assert_close(gradient[1], 1 * 2 + 3 * 8, 1e-12);
    small_net_free(&net);
}

TEST(accumulating_adds_to_the_gradient)
{
    small_net net = small_net_new();
    brn_plan *first = loss_plan(&net, false);
    assert_ok(brn_plan_run(first, &(brn_run){0}));
    brn_plan *plan = loss_plan(&net, true);
    assert_ptr_not_equal(first, plan);
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    double *gradient;
    assert_ok(brn_parameters_gradients(net.store, (void **)&gradient));
    assert_close(gradient[0], 3 * 13, 1e-12);
    assert_close(gradient[1], 3 * 26, 1e-12);
    small_net_free(&net);
}

TEST(plans_are_cached_by_their_options_and_shapes)
{
    small_net net = small_net_new();
    brn_plan *plan = loss_plan(&net, false);
    assert_ptr_equal(plan, loss_plan(&net, false));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = net.y;
    options.shape_inputs[0] = net.x;
    options.shapes[0] = brn_shape_of(2, (int64_t[]){1, 2});
    options.shape_count = 1;
    brn_plan *other;
    assert_ok(brn_runner_plan(net.runner, &options, &other));
    assert_ptr_not_equal(plan, other);
    assert_ok(brn_plan_bind(other, "x", (double[]){5, 1}));
    assert_ok(brn_plan_run(other, &(brn_run){0}));
    assert_int_equal(brn_plan_output_shape(other, 0).dims[0], 1);
    assert_close(*(const double *)brn_plan_output(other, 0), 14, 1e-12);
    small_net_free(&net);
}

TEST(an_unbound_or_unknown_input_is_named)
{
    small_net net = small_net_new();
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = net.y;
    brn_plan *plan;
    assert_ok(brn_runner_plan(net.runner, &options, &plan));
    assert_fails(brn_plan_run(plan, &(brn_run){0}), BRN_ERROR_USAGE, "input x (2, 2) is not bound");
    assert_fails(brn_plan_bind(plan, "pixels", x_values), BRN_ERROR_USAGE, "pixels");
    assert_ok(brn_plan_bind(plan, "t", t_values)); /* the graph's, but not needed here */
    small_net_free(&net);
}

TEST(a_frozen_group_gets_no_gradient_and_no_gradient_steps)
{
    small_net net = small_net_new();
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = net.loss;
    options.loss = net.loss;
    options.learning_groups = 0;
    brn_plan *plan;
    assert_ok(brn_runner_plan(net.runner, &options, &plan));
    for (int i = 0; i < brn_plan_step_count(plan); i++)
        assert_null(strstr(brn_plan_step(plan, i).op, "_grad"));
    small_net_free(&net);
}

TEST(the_gradient_of_an_input_is_an_output)
{
    small_net net = small_net_new();
    brn_plan_options options = brn_plan_defaults();
    options.loss = net.loss;
    options.learning_groups = 0;
    options.input_gradients[options.input_gradient_count++] = net.x;
    brn_plan *plan;
    assert_ok(brn_runner_plan(net.runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", x_values));
    assert_ok(brn_plan_bind(plan, "t", t_values));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    const double *dx = brn_plan_output(plan, 0); /* (y - t) w */
    assert_close(dx[0], 3, 1e-12);
    assert_close(dx[1], -1, 1e-12);
    assert_close(dx[2], 9, 1e-12);
    assert_close(dx[3], -3, 1e-12);
    small_net_free(&net);
}

/* batch norm of (4, 1): x = 0 1 2 5, mean 2, biased variance 3.5, unbiased 14 / 3. */
TEST(running_statistics_are_updated_in_training_only)
{
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){4, 1}, 2);
    brn_node *y = brn_nn_batch_norm(x, "n", NULL);
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F64, &store));
    assert_ok(brn_parameters_initialise(store, 1, -1));
    assert_ok(brn_runner_new(store, "reference", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = y;
    brn_plan *infer, *train;
    assert_ok(brn_runner_plan(runner, &options, &infer));
    options.training = true;
    assert_ok(brn_runner_plan(runner, &options, &train));
    const double values[4] = {0, 1, 2, 5};
    assert_ok(brn_plan_bind(infer, "x", values));
    assert_ok(brn_plan_bind(train, "x", values));
    assert_ok(brn_plan_run(infer, &(brn_run){0}));
    assert_close(((const double *)brn_plan_output(infer, 0))[3], 5, 1e-4);
    double mean, variance;
    int at_mean = brn_parameters_find(store, "n.running_mean"), at_variance = brn_parameters_find(store, "n.running_var");
    assert_ok(brn_parameters_read(store, at_mean, BRN_DTYPE_F64, &mean, 1));
    assert_close(mean, 0, 0);
    assert_ok(brn_plan_run(train, &(brn_run){0}));
    assert_ok(brn_parameters_read(store, at_mean, BRN_DTYPE_F64, &mean, 1));
    assert_ok(brn_parameters_read(store, at_variance, BRN_DTYPE_F64, &variance, 1));
    assert_close(mean, .2, 1e-12);
    assert_close(variance, .9 + .1 * 14 / 3, 1e-12);
    assert_ok(brn_plan_run(infer, &(brn_run){0})); /* sees the new statistics */
    assert_close(((const double *)brn_plan_output(infer, 0))[3], (5 - .2) / 1.16905, 1e-4);
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
}

TEST(a_loss_that_is_no_scalar_is_refused)
{
    small_net net = small_net_new();
    brn_plan_options options = brn_plan_defaults();
    options.loss = net.y;
    brn_plan *plan;
    assert_fails(brn_runner_plan(net.runner, &options, &plan), BRN_ERROR_INPUT, "(2, 1)");
    small_net_free(&net);
}
