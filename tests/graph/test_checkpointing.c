/* SPDX-License-Identifier: Apache-2.0
 * Activation checkpointing: the same losses, gradients and buffers to the last bit, in less memory. */
#include "burnish/model_zoo.h"
#include "burnish/nn.h"
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "jobs/lm_job.h"
#include "models/awd_lstm.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a few runs of a training plan leave behind. */
typedef struct left {
    double loss;
    void *gradients, *values; /* copies */
    size_t bytes, arena;
    int steps;
} left;

typedef struct model {
    brn_graph *graph;
    brn_node *loss;
    brn_parameters *parameters;
    const char *names[2];
    const void *data[2];
} model;

static void *copied(const void *from, size_t bytes)
{
    void *to = malloc(bytes);
    assert_non_null(to);
    return memcpy(to, from, bytes);
}

static brn_precision precision = BRN_PRECISION_FP32;

static left train(const model *m, const char *backend, int threads, bool checkpointing, uint64_t learning_groups)
{
    const size_t real = strcmp(backend, "cpu") ? sizeof(double) : sizeof(float);
    brn_runner *runner;
    brn_plan *plan;
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = m->loss;
    options.outputs[options.output_count++] = m->loss;
    options.learning_groups = learning_groups;
    options.activation_checkpointing = checkpointing;
    options.precision = precision;
    left out = {0};
    out.bytes = real * (size_t)brn_parameters_elements(m->parameters);
    void *before = copied(brn_parameters_values(m->parameters), out.bytes), *gradients;
    assert_ok(brn_parameters_gradients(m->parameters, &gradients));
    memset(gradients, 0, out.bytes);
    assert_ok(brn_runner_new(m->parameters, backend, threads, &runner));
    assert_ok(brn_runner_plan(runner, &options, &plan));
    for (int i = 0; i < 2; i++)
        if (m->names[i]) assert_ok(brn_plan_bind(plan, m->names[i], m->data[i]));
    for (uint32_t step = 0; step < 3; step++) assert_ok(brn_plan_run(plan, &(brn_run){.seed = 7, .step = step}));
    const void *loss = brn_plan_output(plan, 0);
    out.loss = real == sizeof(float) ? *(const float *)loss : *(const double *)loss;
    assert_ok(brn_parameters_gradients(m->parameters, &gradients));
    out.gradients = copied(gradients, out.bytes);
    out.values = copied(brn_parameters_values(m->parameters), out.bytes);
    out.arena = brn_runner_arena_bytes(runner);
    out.steps = brn_plan_step_count(plan);
    memcpy(brn_parameters_values(m->parameters), before, out.bytes);
    brn_parameters_touch(m->parameters, 0, brn_parameters_elements(m->parameters));
    free(before);
    brn_runner_free(runner);
    return out;
}

static void forget(left *l)
{
    free(l->gradients);
    free(l->values);
}

/* `share`: of the memory without checkpointing, at the most. */
static void check_same(const model *m, const char *backend, int threads, uint64_t learning_groups, double share)
{
    left kept = train(m, backend, threads, false, learning_groups), again = train(m, backend, threads, true, learning_groups);
    assert_true(kept.loss == again.loss);
    assert_memory_equal(kept.gradients, again.gradients, kept.bytes);
    assert_memory_equal(kept.values, again.values, kept.bytes);
    assert_true(again.steps > kept.steps);
    if ((double)again.arena > share * (double)kept.arena)
        fail_msg("%zu bytes for %zu: more than %g of it", again.arena, kept.arena, share);
    forget(&kept);
    forget(&again);
}

static void *numbers(int64_t count, bool real64)
{
    float *values = malloc((size_t)count * sizeof(double));
    double *wide = (double *)values;
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)(i * 7919 % 2003) / 1000 - 1;
        if (real64) wide[i] = value;
        else values[i] = (float)value;
    }
    return values;
}

/* The graph is whole: parameters for it, drawn by a seed. */
static void make_parameters(model *m, bool wide)
{
    assert_ok(brn_graph_status(m->graph));
    assert_ok(brn_parameters_new(m->graph, wide ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &m->parameters));
    assert_ok(brn_parameters_initialise(m->parameters, 3, -1));
}

static void model_free(model *m)
{
    brn_parameters_free(m->parameters);
    brn_graph_free(m->graph);
}

/* Of a model of `count` numbers and labels; takes it. */
static void check_on_numbers(model *m, const char *backend, int threads, int64_t count, const int64_t *labels, double share)
{
    const bool wide = strcmp(backend, "cpu") != 0;
    make_parameters(m, wide);
    void *values = numbers(count, wide);
    m->data[0] = values;
    m->data[1] = labels;
    check_same(m, backend, threads, UINT64_MAX, share);
    free(values);
    model_free(m);
}

/* An architecture with its own classifier on pictures of 64 x 64. */
static void check_pictures(const char *architecture, const char *backend, int threads, int batch_size, double share)
{
    const brn_model *architecture_of = brn_model_find(architecture);
    const int64_t dims[] = {batch_size, 3, 64, 64};
    int64_t labels[16];
    model m = {.names = {"image", "target"}};
    for (int i = 0; i < batch_size; i++) labels[i] = i % 10;
    assert_ok(brn_graph_new(&m.graph));
    brn_node *image = brn_input(m.graph, "image", BRN_DTYPE_F32, dims, 4);
    brn_node *target = brn_input(m.graph, "target", BRN_DTYPE_I64, dims, 1);
    brn_node *logits = brn_model_classifier(architecture_of, brn_model_body(architecture_of, image), 10);
    m.loss = brn_cross_entropy(logits, target, -1);
    check_on_numbers(&m, backend, threads, (int64_t)batch_size * 3 * 64 * 64, labels, share);
}

TEST(residual_networks_learn_the_same_in_less_memory)
{
    check_pictures("resnet18", "cpu", 1, 8, .7);
    check_pictures("resnet18", "cpu", 2, 3, .9);
    check_pictures("resnext50_32x4d", "cpu", 2, 8, .35);
}

/* A value and its copy lie in the same type, so that a norm reads the same of both. */
static void check_norm_behind_relu(void)
{
    enum { N = 4, C = 256, SIDE = 8 };
    const int64_t dims[] = {N, C, SIDE, SIDE};
    const brn_nn_conv2d_options one = {.channels = C, .kernel = 1};
    int64_t labels[N] = {0, 1, 2, 3};
    model m = {.names = {"x", "target"}};
    assert_ok(brn_graph_new(&m.graph));
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, dims, 4), *target = brn_input(m.graph, "target", BRN_DTYPE_I64, dims, 1);
    for (int i = 0; i < 6; i++) {
        char conv[16], norm[16];
        snprintf(conv, sizeof conv, "conv%d", i);
        snprintf(norm, sizeof norm, "norm%d", i);
        x = brn_nn_batch_norm(brn_relu(brn_nn_conv2d(x, conv, &one)), norm, NULL);
    }
    m.loss = brn_cross_entropy(brn_reduce(x, BRN_REDUCE_MEAN, 12, false), target, -1);
    check_on_numbers(&m, "cpu", 1, N * C * SIDE * SIDE, labels, .9);
}

TEST(networks_in_bfloat16_learn_the_same_in_less_memory)
{
    if (brn_precision_here(BRN_PRECISION_BF16) != BRN_PRECISION_BF16) skip();
    precision = BRN_PRECISION_BF16;
    check_norm_behind_relu();
    check_pictures("resnet18", "cpu", 1, 8, .8);
    check_pictures("resnext50_32x4d", "cpu", 2, 8, .5);
    precision = BRN_PRECISION_FP32;
}

TEST(networks_with_pools_and_dropout_learn_the_same_in_less_memory)
{
    check_pictures("vgg16", "cpu", 1, 4, .75);
    check_pictures("efficientnet_lite0", "cpu", 2, 8, .35);
    check_pictures("squeezenet1_1", "cpu", 1, 8, .6);
}

/* A body that does not learn keeps nothing for gradients: it runs once. */
TEST(frozen_layers_are_not_computed_again)
{
    for (int head = 0; head < 2; head++) {
        const int64_t dims[] = {4, 3, 64, 64};
        const brn_model *resnet = brn_model_find("resnet18");
        brn_graph *graph;
        brn_parameters *parameters;
        brn_runner *runner;
        brn_plan *plan;
        int convolutions = 0;
        assert_ok(brn_graph_new(&graph));
        brn_node *image = brn_input(graph, "image", BRN_DTYPE_F32, dims, 4), *target = brn_input(graph, "target", BRN_DTYPE_I64, dims, 1);
        const brn_nn_head_options options = brn_nn_head_defaults(10);
        brn_node *logits = brn_model_head(resnet, brn_concat_pool(brn_model_body(resnet, image)), &options);
        brn_plan_options training = brn_plan_defaults();
        training.training = true;
        training.loss = brn_cross_entropy(logits, target, -1);
        training.outputs[training.output_count++] = training.loss;
        training.learning_groups = head ? 1ull << resnet->body_groups : UINT64_MAX;
        training.activation_checkpointing = true;
        assert_ok(brn_graph_status(graph));
        assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &parameters));
        assert_ok(brn_runner_new(parameters, "cpu", 1, &runner));
        assert_ok(brn_runner_plan(runner, &training, &plan));
        for (int i = 0; i < brn_plan_step_count(plan); i++) convolutions += strcmp(brn_plan_step(plan, i).op, "conv2d") == 0;
        if (head) assert_int_equal(convolutions, 20);
        else if (convolutions < 25) fail_msg("%d convolutions", convolutions);
        brn_runner_free(runner);
        brn_parameters_free(parameters);
        brn_graph_free(graph);
    }
}

TEST(the_reference_backend_learns_the_same)
{
    check_pictures("resnet18", "reference", 1, 2, .6);
}

TEST(masks_of_dropout_are_the_same_the_second_time)
{
    enum { ROWS = 64, WIDTH = 48, LAYERS = 12 };
    const brn_init normal = {BRN_INIT_KAIMING_NORMAL};
    const int64_t dims[] = {ROWS, WIDTH};
    int64_t labels[ROWS];
    model m = {.names = {"x", "target"}};
    for (int i = 0; i < ROWS; i++) labels[i] = i % 10;
    assert_ok(brn_graph_new(&m.graph));
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, dims, 2), *target = brn_input(m.graph, "target", BRN_DTYPE_I64, dims, 1);
    for (int i = 0; i < LAYERS; i++) {
        char name[16], drop[16];
        snprintf(name, sizeof name, "layer%d", i);
        snprintf(drop, sizeof drop, "drop%d", i);
        x = brn_nn_dropout(brn_relu(brn_nn_linear(x, name, WIDTH, true, normal)), drop, .5);
    }
    m.loss = brn_cross_entropy(brn_nn_linear(x, "last", 10, true, normal), target, -1);
    check_on_numbers(&m, "cpu", 1, ROWS * WIDTH, labels, .8);
}

/* A language model's states and its masks of dropout are the same the second time. */
static void check_words(const char *backend, bool wide, uint64_t learning_groups)
{
    enum { STREAMS = 4, LENGTH = 12, WORDS = 50 };
    static int64_t tokens[STREAMS * LENGTH], next[STREAMS * LENGTH];
    const int64_t dims[] = {STREAMS, LENGTH};
    model m = {.names = {"tokens", "next"}, .data = {tokens, next}};
    for (int i = 0; i < STREAMS * LENGTH; i++) tokens[i] = i * 31 % WORDS, next[i] = i * 17 % WORDS;
    brn__awd_lstm_options net = brn__awd_lstm_defaults(WORDS);
    net.embedding = 24;
    net.hidden = 32;
    net.layers = 3;
    assert_ok(brn_graph_new(&m.graph));
    brn_node *words = brn_input(m.graph, "tokens", BRN_DTYPE_I64, dims, 2);
    brn_node *targets = brn_input(m.graph, "next", BRN_DTYPE_I64, dims, 2);
    m.loss = brn__awd_lstm(words, targets, &net).loss;
    make_parameters(&m, wide);
    check_same(&m, backend, 1, learning_groups, 1);
    model_free(&m);
}

/* A step's plan as the job makes it, of a language model with options. */
static int steps_of(bool checkpointing)
{
    brn_lm_options options = brn_lm_defaults();
    options.embedding = 16;
    options.hidden = 24;
    options.threads = 1;
    options.activation_checkpointing = checkpointing;
    brn__lm_network network;
    brn_plan *plan;
    assert_ok(brn__lm_network_new(&options, 50, 4, 12, &network));
    brn_plan_options training = brn_plan_defaults();
    training.training = true;
    training.loss = network.ends.loss;
    training.outputs[training.output_count++] = network.ends.loss;
    assert_ok(brn_runner_plan(brn__learner_runner(network.learner), &training, &plan));
    const int steps = brn_plan_step_count(plan);
    brn__lm_network_free(&network);
    return steps;
}

TEST(the_option_of_language_models_reaches_their_plans)
{
    assert_true(steps_of(true) > steps_of(false));
}

TEST(language_models_learn_the_same)
{
    check_words("cpu", false, UINT64_MAX);
    check_words("reference", true, UINT64_MAX);
}
