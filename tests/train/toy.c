/* SPDX-License-Identifier: Apache-2.0 */
#include "train/toy.h"

#include "base/philox.h"
#include "burnish/nn.h"
#include "test.h"

static brn_status load_point(const brn__dataset *dataset, int64_t item,
                             const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    brn__random random = brn__random_new(brn__philox_key(1, "points"), (uint32_t)item, 0, 0);
    float *x = input;
    for (int i = 0; i < TOY_FEATURES; i++) x[i] = (float)brn__random_between(&random, -1, 1);
    *(int64_t *)target = x[0] * x[1] > 0;
    return BRN_OK;
}

brn__loader *toy_loader(const toy *t, int64_t first, int64_t count, int64_t batch_size, bool training)
{
    int64_t items[TOY_ITEMS + TOY_VALID];
    for (int64_t i = 0; i < count; i++) items[i] = first + i;
    brn__loader_options options = brn__loader_defaults(training);
    options.batch_size = batch_size;
    options.workers = 1;
    options.seed = 3;
    brn__loader *loader;
    assert_ok(brn__loader_new(&t->dataset, items, count, &options, &loader));
    return loader;
}

static void make(toy *t, double dropout)
{
    *t = (toy){.dataset = {.count = TOY_ITEMS + TOY_VALID,
                           .input_dtype = BRN_DTYPE_F32,
                           .target_dtype = BRN_DTYPE_I64,
                           .input_shape = brn_shape_of(1, (int64_t[]){TOY_FEATURES}),
                           .target_shape = brn_shape_of(0, NULL),
                           .load = load_point}};
    assert_ok(brn_graph_new(&t->graph));
    brn_node *x = brn_input(t->graph, "x", BRN_DTYPE_F32, (int64_t[]){TOY_BATCH, TOY_FEATURES}, 2);
    brn_node *target = brn_input(t->graph, "t", BRN_DTYPE_I64, (int64_t[]){TOY_BATCH}, 1);
    brn_graph_set_group(t->graph, 0);
    const brn_init init = {.kind = BRN_INIT_KAIMING_NORMAL};
    brn_node *h = brn_relu(brn_nn_linear(x, "a", 32, true, init));
    brn_graph_set_group(t->graph, 1);
    h = brn_dropout(brn_nn_batch_norm(h, "n", NULL), brn_scalar(t->graph, "p", dropout));
    h = brn_nn_linear(h, "b", 2, true, init);
    brn_node *loss = brn_cross_entropy(h, target, -1);
    assert_ok(brn_parameters_new(t->graph, BRN_DTYPE_F32, &t->parameters));
    assert_ok(brn_parameters_initialise(t->parameters, 5, -1));
    assert_ok(brn__learner_new(t->parameters, "cpu", 1, 5, &t->learner));
    t->train = toy_loader(t, 0, TOY_ITEMS, TOY_BATCH, true);
    t->valid = toy_loader(t, TOY_ITEMS, TOY_VALID, TOY_BATCH, false);
    t->fit = (brn__fit_options){
        .network = {.input = x, .target = target, .output = h, .loss = loss, .measure = loss},
        .train = t->train,
        .valid = t->valid,
        .epochs = 2,
        .learning_groups = UINT64_MAX,
        .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
        .learning_rate = 1e-2,
    };
}

void toy_new(toy *t) { make(t, .1); }

void toy_new_without_dropout(toy *t) { make(t, 0); }

void toy_free(toy *t)
{
    brn__loader_free(t->train);
    brn__loader_free(t->valid);
    brn__learner_free(t->learner);
    brn_parameters_free(t->parameters);
    brn_graph_free(t->graph);
}

void toy_use(toy *t, const brn__callback *callback)
{
    t->fit.callbacks[t->fit.callback_count++] = callback;
}

uint64_t toy_hash(const toy *t)
{
    const unsigned char *bytes = brn_parameters_values(t->parameters);
    uint64_t hash = 0xcbf29ce484222325;
    for (int64_t i = 0; i < brn_parameters_elements(t->parameters) * (int64_t)sizeof(float); i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}
