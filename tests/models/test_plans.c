/* SPDX-License-Identifier: Apache-2.0
 * What must hold of every architecture's plans on the cpu backend: no step falls to a reference
 * implementation of oneDNN, plain C moves a 250th of the bytes at most, and running allocates nothing. */
#include "base/alloc.h"
#include "burnish/model_zoo.h"
#include "burnish/optimizer.h"
#include "burnish/runner.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS = 8, SIDE = 64 };

typedef struct network {
    brn_graph *graph;
    brn_node *logits, *loss;
    brn_parameters *store;
    brn_runner *runner;
    float *pixels;
    int64_t target[ITEMS];
} network;

static network network_new(const brn_model *model)
{
    network net = {0};
    assert_ok(brn_graph_new(&net.graph));
    brn_node *x = brn_input(net.graph, "image", BRN_DTYPE_F32, (int64_t[]){ITEMS, 3, SIDE, SIDE}, 4);
    brn_node *target = brn_input(net.graph, "target", BRN_DTYPE_I64, (int64_t[]){ITEMS}, 1);
    net.logits = brn_model_classifier(model, brn_model_body(model, x), 1000);
    net.loss = brn_cross_entropy(net.logits, target, -1);
    assert_ok(brn_parameters_new(net.graph, BRN_DTYPE_F32, &net.store));
    assert_ok(brn_parameters_initialise(net.store, 1, -1));
    assert_ok(brn_runner_new(net.store, "cpu", 0, &net.runner));
    size_t count = (size_t)ITEMS * 3 * SIDE * SIDE;
    net.pixels = malloc(count * sizeof *net.pixels);
    assert_non_null(net.pixels);
    for (size_t i = 0; i < count; i++) net.pixels[i] = (float)(i * 2654435761u % 2000) / 1000 - 1;
    for (int i = 0; i < ITEMS; i++) net.target[i] = 7 * i;
    return net;
}

static void network_free(network *net)
{
    brn_runner_free(net->runner);
    brn_parameters_free(net->store);
    brn_graph_free(net->graph);
    free(net->pixels);
}

static brn_plan *plan_of(network *net, bool training, brn_norm_form frozen)
{
    brn_plan_options options = brn_plan_defaults();
    brn_plan *plan;
    if (training) {
        options.training = true;
        options.loss = net->loss;
        if (frozen != BRN_NORM_BATCH) {
            options.learning_groups = 4; /* the head alone */
            options.norm_form[0] = options.norm_form[1] = (unsigned char)frozen;
        }
    } else {
        options.outputs[options.output_count++] = net->logits;
    }
    assert_ok(brn_runner_plan(net->runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "image", net->pixels));
    assert_ok(brn_plan_bind(plan, "target", net->target));
    return plan;
}

static bool is_reference(const char *implementation) { return strstr(implementation, "ref") != NULL; }

static void check_plan(const brn_model *model, brn_plan *plan, const char *what)
{
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1})); /* packs, touches the memory */
    uint64_t calls = brn__alloc_calls();
    for (uint32_t i = 1; i < 4; i++) assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1, .step = i}));
    assert_int_equal(brn__alloc_calls(), calls);
    double all = 0, plain = 0;
    for (int i = 0; i < brn_plan_step_count(plan); i++) {
        brn_step_info step = brn_plan_step(plan, i);
        if (is_reference(step.implementation)) fail_msg("%s, %s: %s runs on %s", model->name, what, step.name, step.implementation);
        if (step.parameters_only) continue; /* not of each run */
        all += step.bytes;
        if (!strcmp(step.implementation, "c")) plain += step.bytes;
    }
    if (plain > .004 * all)
        fail_msg("%s, %s: plain C moves %.3f of %.2f MB", model->name, what, plain / 1e6, all / 1e6);
}

/* Larger nets of the same blocks as one that is looked at. */
static bool is_like_another(const char *name)
{
    static const char *const starts[] = {"wide", "vgg13", "vgg16", "vgg19", "resnet56"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncmp(name, starts[i], strlen(starts[i]))) return true;
    return strstr(name, "101") || strstr(name, "152");
}

TEST(no_plan_of_any_model_has_a_slow_step_or_allocates)
{
    for (int i = 0; i < brn_model_count(); i++) {
        const brn_model *model = brn_model_at(i);
        if (is_like_another(model->name)) continue;
        network net = network_new(model);
        check_plan(model, plan_of(&net, false, BRN_NORM_BATCH), "inference");
        check_plan(model, plan_of(&net, true, BRN_NORM_BATCH), "training");
        check_plan(model, plan_of(&net, true, BRN_NORM_FIXED), "training of the head");
        network_free(&net);
    }
}

TEST(a_frozen_prefix_is_folded_and_gets_no_gradient_steps)
{
    network net = network_new(brn_model_find("resnet18"));
    brn_plan *plan = plan_of(&net, true, BRN_NORM_FIXED);
    for (int i = 0; i < brn_plan_step_count(plan); i++) {
        brn_step_info step = brn_plan_step(plan, i);
        assert_string_not_equal(step.op, "batch_norm");
        assert_string_not_equal(step.op, "conv2d_grad_weight");
        assert_string_not_equal(step.op, "conv2d_grad_input");
    }
    network_free(&net);
}

/* The optimizer's step too makes no allocation, and packed weights follow it. */
TEST(training_steps_allocate_nothing_and_lower_the_loss)
{
    network net = network_new(brn_model_find("resnet18"));
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = net.loss;
    options.outputs[options.output_count++] = net.loss;
    brn_plan *plan;
    assert_ok(brn_runner_plan(net.runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "image", net.pixels));
    assert_ok(brn_plan_bind(plan, "target", net.target));
    brn_optimizer *optimizer;
    brn_optimizer_options kind = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
    assert_ok(brn_optimizer_new(net.store, &kind, &optimizer));
    brn_optimizer_settings settings = brn_optimizer_settings_of(&kind, 1e-2);
    float first = 0, last = 0;
    uint64_t calls = 0;
    for (uint32_t i = 0; i < 6; i++) {
        assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1, .step = i}));
        assert_ok(brn_optimizer_step(optimizer, &settings, UINT64_MAX));
        last = *(const float *)brn_plan_output(plan, 0);
        if (i == 0) first = last, calls = brn__alloc_calls();
    }
    assert_int_equal(brn__alloc_calls(), calls);
    assert_true(last < first - 1);
    brn_optimizer_free(optimizer);
    network_free(&net);
}
