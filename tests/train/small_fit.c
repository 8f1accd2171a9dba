/* SPDX-License-Identifier: Apache-2.0 */
#include "small_fit.h"
#include "base/philox.h"
#include "burnish/nn.h"
#include "test.h"

#include <stdio.h>

static brn_status load_point(const brn__dataset *dataset, int64_t item,
                             const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    brn__random random = brn__random_new(brn__philox_key(1, "points"), (uint32_t)item, 0, 0);
    float *x = input;
    for (int i = 0; i < SMALL_FEATURES; i++) x[i] = (float)brn__random_between(&random, -1, 1);
    *(int64_t *)target = x[0] > x[1];
    return BRN_OK;
}

static brn__loader *loader_of(const small_fit *s, int64_t first, int64_t count, bool training)
{
    int64_t items[SMALL_ITEMS];
    for (int64_t i = 0; i < count; i++) items[i] = first + i;
    brn__loader_options options = brn__loader_defaults(training);
    options.batch_size = SMALL_BATCH;
    options.workers = 0;
    brn__loader *loader;
    assert_ok(brn__loader_new(&s->dataset, items, count, &options, &loader));
    return loader;
}

void small_fit_new(small_fit *s) { small_fit_new_deep(s, 0); }

void small_fit_new_deep(small_fit *s, int layers)
{
    *s = (small_fit){.dataset = {.count = SMALL_ITEMS + SMALL_VALID,
                                 .input_dtype = BRN_DTYPE_F32,
                                 .target_dtype = BRN_DTYPE_I64,
                                 .input_shape = brn_shape_of(1, (int64_t[]){SMALL_FEATURES}),
                                 .target_shape = brn_shape_of(0, NULL),
                                 .load = load_point}};
    assert_ok(brn_graph_new(&s->graph));
    brn_node *x =
        brn_input(s->graph, "x", BRN_DTYPE_F32, (int64_t[]){SMALL_BATCH, SMALL_FEATURES}, 2);
    brn_node *t = brn_input(s->graph, "t", BRN_DTYPE_I64, (int64_t[]){SMALL_BATCH}, 1);
    const brn_init init = {.kind = BRN_INIT_KAIMING_NORMAL};
    brn_node *h = brn_relu(brn_nn_linear(x, "a", 8, true, init));
    brn_graph_set_group(s->graph, 1);
    h = brn_nn_batch_norm(h, "n", NULL);
    for (int i = 0; i < layers; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%d", i);
        h = brn_nn_linear(h, name, 8, false, init);
    }
    h = brn_nn_linear(h, "b", 2, true, init);
    brn_node *loss = brn_cross_entropy(h, t, -1);
    assert_ok(brn_parameters_new(s->graph, BRN_DTYPE_F32, &s->parameters));
    assert_ok(brn_parameters_initialise(s->parameters, 5, -1));
    assert_ok(brn__learner_new(s->parameters, "cpu", 1, 5, &s->learner));
    s->train = loader_of(s, 0, SMALL_ITEMS, true);
    s->valid = loader_of(s, SMALL_ITEMS, SMALL_VALID, false);
    s->fit = (brn__fit_options){
        .network = {.input = x, .target = t, .output = h, .loss = loss, .measure = loss},
        .train = s->train,
        .valid = s->valid,
        .epochs = 2,
        .learning_groups = UINT64_MAX,
        .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
        .learning_rate = 1e-2,
    };
}

void small_fit_free(small_fit *s)
{
    brn__loader_free(s->train);
    brn__loader_free(s->valid);
    brn__learner_free(s->learner);
    brn_parameters_free(s->parameters);
    brn_graph_free(s->graph);
}

void small_fit_use(small_fit *s, const brn__callback *callback)
{
    s->fit.callbacks[s->fit.callback_count++] = callback;
}

float *small_fit_parameter(small_fit *s, const char *name)
{
    const int index = brn_parameters_find(s->parameters, name);
    assert_true(index >= 0);
    return (float *)brn_parameters_values(s->parameters) +
           brn_parameters_info(s->parameters, index).offset;
}

void small_fit_set(small_fit *s, const char *name, int64_t index, float value)
{
    small_fit_parameter(s, name)[index] = value;
    brn_parameters_touch(s->parameters, 0, brn_parameters_elements(s->parameters));
}

static brn__action play(void *state, brn__fit *fit)
{
    const small_script *script = state;
    fit->valid_loss = script->values[fit->epoch];
    if (script->name) brn__fit_set_metric(fit, script->name, script->values[fit->epoch]);
    return BRN__GO_ON;
}

void small_script_init(small_script *script, const double *values, const char *name)
{
    *script = (small_script){.values = values, .name = name};
    script->callback = (brn__callback){.name = "script",
                                       .order = BRN__ORDER_METRICS,
                                       .on = {[BRN__AFTER_VALIDATE] = play},
                                       .state = script};
}
