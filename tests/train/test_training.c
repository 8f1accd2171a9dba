/* SPDX-License-Identifier: Apache-2.0
 * Whole trainings against fastai 2 and PyTorch: from the same parameters and batches, the losses of the first
 * 50 batches. Optimizers, schedules, groups, decays, clipping and the loop work together here. */
#include "burnish/nn.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"
#include "train/scheduling.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ITEMS = 64, BATCH = 16, NUMBERS = 432, CLASSES = 5, EPOCHS = 13, LOSSES = 50, GROUPS = 3 };

static brn_status load_item(const brn__dataset *dataset, int64_t item,
                            const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    char stream[32];
    double values[NUMBERS];
    snprintf(stream, sizeof stream, "item:%d", (int)item);
    golden_uniform(stream, NUMBERS, values);
    for (int i = 0; i < NUMBERS; i++) ((float *)input)[i] = (float)values[i];
    *(int64_t *)target = (7 * item + 3) % CLASSES;
    return BRN_OK;
}

typedef struct net {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__loader *loader;
    brn__fit_options fit;
    double losses[256];
    int count;
} net;

static brn__action keep_loss(void *state, brn__fit *fit)
{
    net *n = state;
    assert_true(n->count < 256);
    n->losses[n->count++] = fit->loss;
    return BRN__GO_ON;
}

static brn_node *block(brn_node *x, const char *conv, const char *norm, int64_t channels, int stride)
{
    const brn_nn_conv2d_options options = {
        .channels = channels, .kernel = 3, .stride = stride, .padding = 1};
    return brn_relu(brn_nn_batch_norm(brn_nn_conv2d(x, conv, &options), norm, NULL));
}

static void fill(net *n)
{
    for (int i = 0; i < brn_parameters_count(n->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(n->parameters, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        double values[2048];
        assert_true(info.count <= 2048);
        golden_fill("resnet18", info.name, info.shape.rank, info.shape.dims, values);
        assert_ok(brn_parameters_write(n->parameters, i, BRN_DTYPE_F64, values, info.count));
    }
}

/* The net of make_training.py and its batches. */
static void net_new(net *n)
{
    *n = (net){.dataset = {.count = ITEMS,
                           .input_dtype = BRN_DTYPE_F32,
                           .target_dtype = BRN_DTYPE_I64,
                           .input_shape = brn_shape_of(3, (int64_t[]){3, 12, 12}),
                           .target_shape = brn_shape_of(0, NULL),
                           .load = load_item}};
    assert_ok(brn_graph_new(&n->graph));
    brn_node *x = brn_input(n->graph, "x", BRN_DTYPE_F32, (int64_t[]){BATCH, 3, 12, 12}, 4);
    brn_node *t = brn_input(n->graph, "t", BRN_DTYPE_I64, (int64_t[]){BATCH}, 1);
    brn_node *h = block(x, "conv1", "bn1", 8, 1);
    brn_graph_set_group(n->graph, 1);
    h = block(h, "conv2", "bn2", 16, 2);
    brn_graph_set_group(n->graph, 2);
    h = brn_reduce(h, BRN_REDUCE_MEAN, 1u << 2 | 1u << 3, false);
    h = brn_nn_linear(h, "fc", CLASSES, true, (brn_init){.kind = BRN_INIT_ZEROS});
    brn_node *loss = brn_cross_entropy(h, t, -1);
    assert_ok(brn_parameters_new(n->graph, BRN_DTYPE_F32, &n->parameters));
    fill(n);
    assert_ok(brn__learner_new(n->parameters, "cpu", 1, 1, &n->learner));
    brn__loader_options options = brn__loader_defaults(false);
    options.batch_size = BATCH;
    options.workers = 0;
    assert_ok(brn__loader_new(&n->dataset, NULL, 0, &options, &n->loader));
    n->fit = (brn__fit_options){
        .network = {.input = x, .target = t, .output = h, .loss = loss, .measure = loss},
        .train = n->loader,
        .epochs = EPOCHS,
        .learning_groups = UINT64_MAX};
}

static void net_free(net *n)
{
    brn__loader_free(n->loader);
    brn__learner_free(n->learner);
    brn_parameters_free(n->parameters);
    brn_graph_free(n->graph);
}

/* Trains with one more callback, and compares. */
static void check(net *n, const char *form, const brn__callback *callback)
{
    const brn__callback keeping = {.name = "keep", .on = {[BRN__AFTER_LOSS] = keep_loss}, .state = n};
    n->fit.callbacks[n->fit.callback_count++] = callback;
    n->fit.callbacks[n->fit.callback_count++] = &keeping;
    assert_ok(brn__learner_fit(n->learner, &n->fit, NULL));
    json_t *golden = golden_open("tests/golden/training.json");
    const json_t *want = golden_at(golden, form);
    assert_int_equal(json_array_size(want), LOSSES);
    for (int i = 0; i < LOSSES; i++) {
        const double expected = json_number_value(json_array_get(want, (size_t)i));
        if (!(fabs(n->losses[i] - expected) <= 1e-4 * expected))
            fail_msg("%s, batch %d: loss %.9g, expected %.9g", form, i, n->losses[i], expected);
    }
    json_decref(golden);
    net_free(n);
}

static brn_optimizer_options optimizer_of(const char *name)
{
    brn_optimizer_options options;
    assert_ok(brn_optimizer_named(name, &options));
    return options;
}

TEST(adam_with_one_cycle_and_a_slice_of_rates_trains_as_in_fastai_2)
{
    net n;
    net_new(&n);
    n.fit.optimizer = optimizer_of("adamw");
    double rates[GROUPS];
    brn_rates_spread(1e-3, 1e-2, GROUPS, rates);
    const brn_schedule rate = brn_schedule_one_cycle(1, .25, 25, 1e5);
    const brn_schedule momentum = brn_schedule_cosine_dip(.95, .85, .95, .25);
    brn__scheduling scheduling;
    brn__scheduling_init(&scheduling, rates, GROUPS, &rate, &momentum);
    check(&n, "one_cycle", &scheduling.callback);
}

TEST(ranger_with_flat_cosine_trains_as_in_fastai_2)
{
    net n;
    net_new(&n);
    n.fit.optimizer = optimizer_of("ranger");
    const brn_schedule rate = brn_schedule_flat_cosine(1, .75, 1e5);
    brn__scheduling scheduling;
    brn__scheduling_init(&scheduling, (double[]){1e-2, 1e-2, 1e-2}, GROUPS, &rate, NULL);
    check(&n, "flat_cosine", &scheduling.callback);
}

TEST(lamb_with_restarts_trains_as_in_fastai_2)
{
    net n;
    net_new(&n);
    n.fit.optimizer = optimizer_of("lamb");
    n.fit.epochs = 15;
    brn_schedule rate;
    assert_ok(brn_schedule_restarts(1, 2, 2, &rate));
    brn__scheduling scheduling;
    brn__scheduling_init(&scheduling, (double[]){1e-2, 1e-2, 1e-2}, GROUPS, &rate, NULL);
    check(&n, "sgdr", &scheduling.callback);
}

static brn__action clip(void *state, brn__fit *fit)
{
    fit->settings.clip_norm = *(const double *)state;
    return BRN__GO_ON;
}

TEST(clipped_sgd_with_decoupled_decay_trains_as_in_fastai_2)
{
    net n;
    net_new(&n);
    n.fit.optimizer = optimizer_of("sgd");
    n.fit.optimizer.decoupled_decay = true;
    n.fit.optimizer.weight_decay = .05;
    n.fit.learning_rate = 2e-2;
    double most = .2;
    const brn__callback clipping = {.on = {[BRN__BEFORE_FIT] = clip}, .state = &most};
    check(&n, "constant", &clipping);
}

TEST(fit_of_0_7_with_growing_cycles_and_differential_rates_trains_as_in_pytorch)
{
    net n;
    net_new(&n);
    n.fit.optimizer = optimizer_of("sgd");
    n.fit.optimizer.weight_decay = 1e-3;
    n.fit.optimizer.decay_all = true;
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .batches = 8, .multiplier = 2};
    brn__scheduling scheduling;
    brn__scheduling_cycles(&scheduling, (double[]){.05 / 9, .05 / 3, .05}, GROUPS, &cycles);
    check(&n, "cycles_07", &scheduling.callback);
}
