/* SPDX-License-Identifier: Apache-2.0
 * Wrong calls of the builders: each poisons the graph with a sentence that shows the shapes. */
#include "ops/cases.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static brn_graph *g; /* of the call under test */
static int64_t input_count;

static brn_node *in(const int64_t *dims, int rank)
{
    char name[16];
    snprintf(name, sizeof name, "input%lld", (long long)input_count++);
    return brn_input(g, name, BRN_DTYPE_F32, dims, rank);
}

static brn_node *in_int(const int64_t *dims, int rank)
{
    char name[16];
    snprintf(name, sizeof name, "input%lld", (long long)input_count++);
    return brn_input(g, name, BRN_DTYPE_I64, dims, rank);
}

/* A wrong call and the sentence that it must give. */
#define REFUSED(call, expected) refused((call), (expected), #call, __LINE__)
static void refused(brn_node *node, const char *expected, const char *call, int line)
{
    if (!brn__is_poison(node)) fail_msg("line %d: %s was not refused", line, call);
    assert_int_not_equal(brn_graph_status(g), BRN_OK);
    if (strcmp(brn_error_message(), expected))
        fail_msg("line %d: %s\n  says     %s\n  expected %s", line, call, brn_error_message(),
                 expected);
    assert_true(brn__is_poison(brn_relu(node))); /* later builders pass the poison on */
    brn_graph_free(g);
    assert_ok(brn_graph_new(&g));
}

static void start(void)
{
    assert_ok(brn_graph_new(&g));
}
static void finish(void)
{
    brn_graph_free(g);
}

static brn_node *conv(brn_node *x, brn_node *w, brn_node *b, brn_conv2d_options options)
{
    return brn_conv2d(x, w, b, &options);
}

TEST(convolutions_say_what_does_not_fit)
{
    start();
    REFUSED(conv(in(DIMS(32, 1, 224, 224)), in(DIMS(64, 3, 7, 7)), NULL, (brn_conv2d_options){0}),
            "conv2d: weight (64, 3, 7, 7) needs 3 input channels, got x (32, 1, 224, 224)");
    REFUSED(
        conv(in(DIMS(2, 8, 4, 4)), in(DIMS(8, 4, 3, 3)), NULL, (brn_conv2d_options){.groups = 4}),
        "conv2d: weight (8, 4, 3, 3) needs 16 input channels in its groups, got x (2, 8, 4, 4)");
    REFUSED(
        conv(in(DIMS(2, 8, 4, 4)), in(DIMS(6, 2, 3, 3)), NULL, (brn_conv2d_options){.groups = 4}),
        "conv2d: 4 groups must divide the output channels of weight (6, 2, 3, 3)");
    REFUSED(
        conv(in(DIMS(2, 3, 4, 4)), in(DIMS(8, 3, 5, 5)), NULL, (brn_conv2d_options){0}),
        "conv2d: weight (8, 3, 5, 5) with dilation 1x1 is larger than the padded x (2, 3, 4, 4)");
    REFUSED(conv(in(DIMS(2, 3, 4)), in(DIMS(8, 3, 3, 3)), NULL, (brn_conv2d_options){0}),
            "conv2d: x must have 4 dimensions, got (2, 3, 4)");
    REFUSED(conv(in(DIMS(2, 3, 4, 4)), in(DIMS(8, 3, 3, 3)), in(DIMS(4)), (brn_conv2d_options){0}),
            "conv2d: bias must be (O) = (8), got (4)");
    REFUSED(conv(in(DIMS(2, 3, 4, 4)), in(DIMS(8, 3, 3, 3)), NULL,
                 (brn_conv2d_options){.stride = {-1, 1}}),
            "conv2d: stride and dilation must be positive and padding not negative, got stride -1, "
            "dilation 1, padding 0");
    REFUSED(conv(in_int(DIMS(2, 3, 4, 4)), in(DIMS(8, 3, 3, 3)), NULL, (brn_conv2d_options){0}),
            "conv2d: x must be float32, got int64 (2, 3, 4, 4)");
    finish();
}

TEST(norms_and_pools_say_what_does_not_fit)
{
    start();
    REFUSED(
        brn_batch_norm(in(DIMS(2, 8, 4)), in(DIMS(8)), in(DIMS(8)), in(DIMS(8)), in(DIMS(8)), NULL),
        "batch_norm: x must be (N, C) or (N, C, H, W), got (2, 8, 4)");
    REFUSED(
        brn_batch_norm(in(DIMS(2, 8)), in(DIMS(8)), in(DIMS(8)), in(DIMS(7)), in(DIMS(8)), NULL),
        "batch_norm: running_mean must be (C) = (8), got (7)");
    REFUSED(brn_batch_norm(in(DIMS(2, 8)), in(DIMS(8)), in(DIMS(8)), in(DIMS(8)), in(DIMS(8)),
                           &(brn_batch_norm_options){.epsilon = 0}),
            "batch_norm: epsilon must be positive, got 0");
    REFUSED(brn_pool2d(in(DIMS(1, 3, 4, 4)), &(brn_pool2d_options){.kernel = {5, 5}}),
            "pool2d: a 5x5 window is larger than the padded x (1, 3, 4, 4)");
    REFUSED(brn_pool2d(in(DIMS(1, 3, 4, 4)),
                       &(brn_pool2d_options){.kernel = {2, 2}, .padding = {2, 0}}),
            "pool2d: kernel and stride must be positive and padding at most half the kernel, got "
            "kernel 2, stride 2, padding 2");
    REFUSED(
        brn_pool2d(in(DIMS(1, 3, 8, 8)), &(brn_pool2d_options){.kind = BRN_POOL_AVERAGE,
                                                               .kernel = {3, 3},
                                                               .stride = {2, 2},
                                                               .ceil = true,
                                                               .count_padding = true}),
        "pool2d: an average that counts padding can't round up past the padding of x (1, 3, 8, 8)");
    REFUSED(brn_concat_pool(in(DIMS(2, 3))), "global_pool: x must have 4 dimensions, got (2, 3)");
    finish();
}

TEST(products_and_sums_say_what_does_not_fit)
{
    start();
    REFUSED(brn_add(in(DIMS(2, 3)), in(DIMS(2, 4))),
            "add: trailing dimensions must be equal or 1, got a (2, 3) and b (2, 4)");
    REFUSED(brn_mul(in(DIMS(2, 3)), in(DIMS(2))),
            "mul: trailing dimensions must be equal or 1, got a (2, 3) and b (2)");
    REFUSED(brn_linear(in(DIMS(2, 3)), in(DIMS(5, 4)), NULL),
            "matmul: inner dimensions must be equal, got a (2, 3) and b (5, 4) transposed");
    REFUSED(brn_linear(in(DIMS(2, 3)), in(DIMS(5, 3)), in(DIMS(3))),
            "matmul: bias must be (N) = (5), got (3)");
    REFUSED(brn_linear(in(DIMS(3)), in(DIMS(5, 3)), NULL),
            "matmul: a must have 2 to 8 dimensions, got (3)");
    REFUSED(brn_matmul(in(DIMS(2, 3, 4)), in(DIMS(3, 4, 5)), false, false),
            "matmul: leading dimensions must be equal, got a (2, 3, 4) and b (3, 4, 5)");
    REFUSED(brn_matmul(in(DIMS(2, 4, 3)), in(DIMS(4, 5)), true, false),
            "matmul: a stack of transposed a (2, 4, 3) needs as many b, got b (4, 5)");
    finish();
}

TEST(shape_ops_say_what_does_not_fit)
{
    start();
    REFUSED(brn_reshape(in(DIMS(2, 6)), (int64_t[]){5, -1}, 2),
            "reshape: x (2, 6) has 12 elements, (5, -1) has not");
    REFUSED(brn_reshape(in(DIMS(2, 6)), (int64_t[]){-1, -1}, 2),
            "reshape: dimension 1 is -1: it must be positive, 0 (as in x (2, 6)) or once -1");
    REFUSED(brn_reshape(in(DIMS(2, 6)), (int64_t[]){1}, 9),
            "reshape: the rank must be 0..8, got 9");
    REFUSED(brn_transpose(in(DIMS(2, 6)), (int[]){0, 0}, 2),
            "transpose: the order (0, 0) must name each dimension of x (2, 6) once");
    REFUSED(brn_concat((brn_node *[]){in(DIMS(2, 6)), in(DIMS(3, 6))}, 2, 1),
            "concat: parts must agree outside axis 1, got x0 (2, 6) and x1 (3, 6)");
    REFUSED(brn_concat((brn_node *[]){in(DIMS(2, 6))}, 1, 2),
            "concat: there is no axis 2 in (2, 6)");
    REFUSED(brn_concat((brn_node *[]){in(DIMS(2, 6))}, 9, 1), "concat: takes 1..8 parts, got 9");
    REFUSED(brn_slice(in(DIMS(2, 6)), 1, 3, 7), "slice: [3, 7) is no range of axis 1 of x (2, 6)");
    REFUSED(brn_slice(in(DIMS(2, 6)), 1, 3, 3), "slice: [3, 3) is no range of axis 1 of x (2, 6)");
    REFUSED(brn_reduce(in(DIMS(2, 6)), BRN_REDUCE_SUM, 4, false),
            "reduce: the axes (bits 0x4) are not all in x (2, 6)");
    REFUSED(brn_broadcast(in(DIMS(2, 6)), DIMS(3, 6)),
            "broadcast: x (2, 6) can't be repeated to (3, 6)");
    finish();
}

TEST(losses_and_lookups_say_what_does_not_fit)
{
    start();
    REFUSED(brn_cross_entropy(in(DIMS(4, 5)), in_int(DIMS(3)), -1),
            "cross_entropy: target must be int64 (N) or float32 (N, K) for logits (4, 5), got "
            "int64 (3)");
    REFUSED(brn_cross_entropy(in(DIMS(4, 5)), in(DIMS(4)), -1),
            "cross_entropy: target must be int64 (N) or float32 (N, K) for logits (4, 5), got "
            "float32 (4)");
    REFUSED(brn_cross_entropy(in(DIMS(4, 5)), in(DIMS(4, 5)), 0),
            "cross_entropy: there is no scalar slot 0");
    REFUSED(brn_loss(in(DIMS(4, 1)), in(DIMS(4)), BRN_LOSS_MSE),
            "pointwise_loss: target (4) must have the shape of x (4, 1)");
    REFUSED(brn_embedding(in(DIMS(9, 4)), in(DIMS(3))),
            "embedding: indices must be int64, got float32 (3)");
    REFUSED(brn_embedding(in(DIMS(9)), in_int(DIMS(3))),
            "embedding: weight must have 2 dimensions, got (9)");
    REFUSED(brn_dropout(in(DIMS(2, 3)), 0), "dropout: there is no scalar slot 0");
    REFUSED(brn_activate(in(DIMS(2, 3)), (brn_activation)77),
            "activation: there is no activation 77");
    REFUSED(brn_activate(in_int(DIMS(2, 3)), BRN_ACTIVATION_RELU),
            "activation: x must be float32, got int64 (2, 3)");
    finish();
}

static brn_node *lstm(brn_node *x, brn_node *state, brn_node *w_ih, brn_node *w_hh, brn_node *b_ih)
{
    return brn_lstm(x, state, state, &(brn_lstm_weights){w_ih, w_hh, b_ih, NULL});
}

TEST(recurrent_layers_say_what_does_not_fit)
{
    start();
    REFUSED(lstm(in(DIMS(4, 3)), in(DIMS(3, 5)), in(DIMS(20, 6)), in(DIMS(20, 5)), NULL),
            "lstm: x must have 3 dimensions, got (4, 3)");
    REFUSED(lstm(in(DIMS(4, 3, 6)), in(DIMS(3, 5)), in(DIMS(20, 6)), in(DIMS(5, 20)), NULL),
            "lstm: w_hh must be (4 H, H), got (5, 20)");
    REFUSED(lstm(in(DIMS(4, 3, 6)), in(DIMS(4, 5)), in(DIMS(20, 6)), in(DIMS(20, 5)), NULL),
            "lstm: h0 must be (N, H) = (3, 5), got (4, 5)");
    REFUSED(lstm(in(DIMS(4, 3, 6)), in(DIMS(3, 5)), in(DIMS(20, 7)), in(DIMS(20, 5)), NULL),
            "lstm: w_ih must be (4 H, I) = (20, 6) for x (4, 3, 6), got (20, 7)");
    REFUSED(lstm(in(DIMS(4, 3, 6)), in(DIMS(3, 5)), in(DIMS(20, 6)), in(DIMS(20, 5)), in(DIMS(5))),
            "lstm: b_ih must be (4 H) = (20), got (5)");
    REFUSED(lstm(in(DIMS(0, 3, 6)), in(DIMS(3, 5)), in(DIMS(20, 6)), in(DIMS(20, 5)), NULL),
            "lstm: x (0, 3, 6) has no time step");
    finish();
}

/* Asking for a gradient that does not exist is an error, never a silent zero. */
TEST(a_gradient_that_does_not_exist_is_refused)
{
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    start();
    brn_node *target = in(DIMS(4, 5)), *logits = in(DIMS(4, 5));
    brn_node *loss = brn_cross_entropy(logits, target, -1);
    brn_plan_options options = brn_plan_defaults();
    options.loss = loss;
    options.input_gradients[options.input_gradient_count++] = target;
    assert_ok(brn_parameters_new(g, BRN_DTYPE_F64, &store));
    assert_ok(brn_runner_new(store, "reference", 1, &runner));
    assert_fails(brn_runner_plan(runner, &options, &plan), BRN_ERROR_UNSUPPORTED,
                 "cross_entropy: there is no gradient for the target of cross_entropy");
    options.input_gradients[0] = logits;
    options.loss = brn_reduce(brn_node_output(loss, 1), BRN_REDUCE_SUM, 1, false);
    assert_fails(brn_runner_plan(runner, &options, &plan), BRN_ERROR_UNSUPPORTED,
                 "cross_entropy: the loss of each item of cross_entropy can't be differentiated");
    brn_runner_free(runner);
    brn_parameters_free(store);
    finish();
}

TEST(quasi_recurrent_layers_say_what_does_not_fit)
{
    start();
    REFUSED(brn_qrnn(in(DIMS(4, 15)), in(DIMS(3, 5)), NULL, false), "qrnn: gates must have 3 dimensions, got (4, 15)");
    REFUSED(brn_qrnn(in(DIMS(4, 3, 16)), in(DIMS(3, 5)), NULL, false),
            "qrnn: gates must be (T, N, 3 H) for c0 (N, H) = (3, 5), got (4, 3, 16)");
    REFUSED(brn_qrnn(in(DIMS(4, 3, 15)), in(DIMS(2, 5)), NULL, true),
            "qrnn: gates must be (T, N, 3 H) for c0 (N, H) = (2, 5), got (4, 3, 15)");
    REFUSED(brn_qrnn(in(DIMS(0, 3, 15)), in(DIMS(3, 5)), NULL, false), "qrnn: gates (0, 3, 15) have no time step");
    REFUSED(brn_qrnn(in(DIMS(4, 3, 15)), in(DIMS(3, 5)), in(DIMS(4, 3, 6)), false),
            "qrnn: keep must be (T, N, H) = (4, 3, 5), got (4, 3, 6)");
    REFUSED(brn_qrnn(in(DIMS(4, 3, 15)), NULL, NULL, false), "qrnn: 1 inputs; expected 2 to 3");
    REFUSED(brn_zoneout(in(DIMS(4, 3, 16)), brn_scalar(g, "p", .5)), "zoneout: gates must be (T, N, 3 H), got (4, 3, 16)");
    REFUSED(brn_time_window(in(DIMS(4, 3)), in(DIMS(3, 5)), false), "time_window: x must have 3 dimensions, got (4, 3)");
    REFUSED(brn_time_window(in(DIMS(0, 3, 5)), in(DIMS(3, 5)), false), "time_window: x (0, 3, 5) has no time step");
    REFUSED(brn_time_window(in(DIMS(4, 3, 5)), in(DIMS(3, 6)), false),
            "time_window: before must be (N, I) = (3, 5) for x (4, 3, 5), got (3, 6)");
    finish();
}
