/* SPDX-License-Identifier: Apache-2.0
 * The AWD-LSTM language model against fastai 2 in double (tests/golden/make_awd_lstm.py, of QRNNs make_awd_qrnn.py): a
 * training step with all dropouts and both penalties, the carried state, and ten steps. */
#include "models/awd_lstm.h"
#include "burnish/ops.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 64, STEPS = 10 };

typedef struct descent {
    const json_t *golden; /* of the case */
    const char *name, *backend;
    bool real64, qrnn;
    double tolerance, rate, scale;
    int64_t items, steps;
    brn__awd_lstm_options options;
    brn_graph *graph;
    brn__language_model model;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
} descent;

static double number(const descent *d, const char *key)
{
    return golden_number(d->golden, key);
}

static void read_options(descent *d)
{
    brn__awd_lstm_options *o = &d->options;
    *o = brn__awd_lstm_defaults((int64_t)number(d, "V"));
    d->items = (int64_t)number(d, "N");
    d->steps = (int64_t)number(d, "T");
    o->embedding = (int64_t)number(d, "E");
    o->hidden = (int64_t)number(d, "H");
    o->layers = o->embedding_group = (int)number(d, "layers");
    o->qrnn = d->qrnn;
    o->tied = json_is_true(golden_at(d->golden, "tied"));
    o->decoder_bias = json_is_true(golden_at(d->golden, "bias"));
    o->dropout = (brn__awd_lstm_dropout){number(d, "input"), number(d, "output"), number(d, "weight"),
                                         number(d, "embedding"), number(d, "hidden")};
    o->alpha = number(d, "alpha");
    o->beta = number(d, "beta");
}

static void fill_weights(descent *d)
{
    for (int i = 0; i < brn_parameters_count(d->store); i++) {
        brn_parameter_info info = brn_parameters_info(d->store, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        double *values = malloc((size_t)info.count * sizeof *values);
        assert_non_null(values);
        golden_uniform(info.name, info.count, values);
        for (int64_t k = 0; k < info.count; k++) values[k] *= d->scale;
        assert_ok(brn_parameters_write(d->store, i, BRN_DTYPE_F64, values, info.count));
        free(values);
    }
    brn__awd_lstm_reset(d->store);
}

static void begin(descent *d)
{
    read_options(d);
    const int64_t dims[] = {d->items, d->steps};
    assert_ok(brn_graph_new(&d->graph));
    brn_node *tokens = brn_input(d->graph, "tokens", BRN_DTYPE_I64, dims, 2);
    brn_node *targets = brn_input(d->graph, "targets", BRN_DTYPE_I64, dims, 2);
    d->model = brn__awd_lstm(tokens, targets, &d->options);
    assert_ok(brn_graph_status(d->graph));
    assert_int_equal(brn_graph_group_count(d->graph), d->options.layers + 1);
    assert_ok(brn_parameters_new(d->graph, d->real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &d->store));
    assert_ok(brn_runner_new(d->store, d->backend, 1, &d->runner));
    fill_weights(d);
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = d->model.loss;
    options.outputs[options.output_count++] = d->model.loss;
    options.outputs[options.output_count++] = d->model.measure;
    options.outputs[options.output_count++] = d->model.hits;
    assert_ok(brn_runner_plan(d->runner, &options, &d->plan));
}

static void finish(descent *d)
{
    brn_runner_free(d->runner);
    brn_parameters_free(d->store);
    brn_graph_free(d->graph);
}

static double output(const descent *d, int index)
{
    const void *value = brn_plan_output(d->plan, index);
    return d->real64 ? *(const double *)value : (double)*(const float *)value;
}

/* As make_awd_lstm.py's batch(). */
static void run(descent *d, int step)
{
    int64_t tokens[TOKENS_MAX], targets[TOKENS_MAX];
    for (int64_t n = 0; n < d->items; n++)
        for (int64_t t = 0; t <= d->steps; t++) {
            int64_t token = 2 + (5 * n + 3 * t + 7 * step + t * t) % (d->options.vocabulary - 2);
            if (t < d->steps) tokens[n * d->steps + t] = token;
            if (t > 0) targets[n * d->steps + t - 1] = token;
        }
    assert_ok(brn_plan_bind(d->plan, "tokens", tokens));
    assert_ok(brn_plan_bind(d->plan, "targets", targets));
    assert_ok(brn_plan_run(d->plan, &(brn_run){.seed = 1, .step = (uint32_t)step}));
}

static void check(const descent *d, const char *folder, const char *name, const void *values, int64_t count)
{
    const json_t *want = json_object_get(golden_at(d->golden, folder), name);
    if (!want) fail_msg("%s: the golden has no %s/%s", d->name, folder, name);
    double *wide = malloc((size_t)count * sizeof *wide);
    assert_non_null(wide);
    for (int64_t i = 0; i < count; i++)
        wide[i] = d->real64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
    double error = golden_check_summary(want, name, wide, count, d->tolerance);
    free(wide);
    if (!(error <= d->tolerance)) fail_msg("%s on %s: %s of %s is off by %g", d->name, d->backend, folder, name, error);
}

static void check_first_step(const descent *d)
{
    size_t bytes = d->real64 ? sizeof(double) : sizeof(float), states = 0, learned = 0;
    void *gradients;
    assert_close(output(d, 2), number(d, "hits"), d->tolerance);
    assert_ok(brn_parameters_gradients(d->store, &gradients));
    for (int i = 0; i < brn_parameters_count(d->store); i++) {
        brn_parameter_info info = brn_parameters_info(d->store, i);
        bool state = brn__is_carried(info.name);
        const char *from = state ? brn_parameters_values(d->store) : gradients;
        check(d, state ? "states" : "gradients", info.name, from + (size_t)info.offset * bytes, info.count);
        *(state ? &states : &learned) += 1;
    }
    assert_int_equal(states, json_object_size(golden_at(d->golden, "states")));
    assert_int_equal(learned, json_object_size(golden_at(d->golden, "gradients")));
}

static void descend(descent *d)
{
    void *gradients, *values = brn_parameters_values(d->store);
    assert_ok(brn_parameters_gradients(d->store, &gradients));
    for (int i = 0; i < brn_parameters_count(d->store); i++) {
        brn_parameter_info info = brn_parameters_info(d->store, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        for (int64_t k = info.offset; k < info.offset + info.count; k++)
            if (d->real64) ((double *)values)[k] -= d->rate * ((double *)gradients)[k];
            else ((float *)values)[k] -= (float)d->rate * ((float *)gradients)[k];
    }
    brn_parameters_touch(d->store, 0, brn_parameters_elements(d->store));
}

static void compare(const json_t *root, const char *name, const char *backend, bool qrnn)
{
    descent d = {.name = name, .backend = backend, .real64 = strcmp(backend, "reference") == 0, .qrnn = qrnn};
    char path[64];
    snprintf(path, sizeof path, "cases/%s", name);
    d.golden = golden_at(root, path);
    d.tolerance = d.real64 ? 1e-9 : 1e-5;
    d.rate = golden_number(root, "rate");
    d.scale = golden_number(root, "scale");
    begin(&d);
    for (int step = 0; step < STEPS; step++) {
        run(&d, step);
        snprintf(path, sizeof path, "losses/%d", step);
        assert_close(output(&d, 0), number(&d, path), d.tolerance);
        snprintf(path, sizeof path, "measures/%d", step);
        assert_close(output(&d, 1), number(&d, path), d.tolerance);
        if (step == 0) check_first_step(&d);
        descend(&d);
    }
    finish(&d);
}

static void compare_all(const char *path, const char *backend, bool qrnn)
{
    json_t *root = golden_open(path), *entry;
    const char *name;
    json_object_foreach((json_t *)golden_at(root, "cases"), name, entry) compare(root, name, backend, qrnn);
    json_decref(root);
}

TEST(awd_lstm_steps_as_fastai_in_double)
{
    compare_all("tests/golden/awd_lstm.json", "reference", false);
}

TEST(awd_lstm_steps_as_fastai_on_cpu)
{
    compare_all("tests/golden/awd_lstm.json", "cpu", false);
}

TEST(awd_qrnn_steps_as_fastai_in_double)
{
    compare_all("tests/golden/awd_qrnn.json", "reference", true);
}

TEST(awd_qrnn_steps_as_fastai_on_cpu)
{
    compare_all("tests/golden/awd_qrnn.json", "cpu", true);
}

static void expect_refusal(const brn__awd_lstm_options *options, brn_dtype dtype, const char *part)
{
    brn_graph *graph;
    const int64_t dims[] = {2, 5};
    assert_ok(brn_graph_new(&graph));
    brn__awd_lstm_encoder(brn_input(graph, "tokens", dtype, dims, 2), options);
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, part);
    brn_graph_free(graph);
}

TEST(awd_lstm_refuses_what_does_not_fit)
{
    brn__awd_lstm_options options = brn__awd_lstm_defaults(20);
    expect_refusal(&options, BRN_DTYPE_F32, "awd_lstm: tokens must be int64 (N, T), got float32 (2, 5)");
    options.layers = 9;
    expect_refusal(&options, BRN_DTYPE_I64, "awd_lstm: 9 layers; expected 1 to 8");
    options = brn__awd_lstm_defaults(20);
    options.dropout_multiplier = 4;
    expect_refusal(&options, BRN_DTYPE_I64, "awd_lstm: a dropout of 0.25 times 4; expected less than 1");
    options = brn__awd_lstm_defaults(0);
    expect_refusal(&options, BRN_DTYPE_I64, "awd_lstm: vocabulary 0, embedding 400 and hidden 1152 must be 1 or more");
}

static void expect_name(const char *old, const char *now)
{
    char name[64];
    snprintf(name, sizeof name, "%s", old);
    assert_int_equal(brn__awd_lstm_name(name, sizeof name), now != NULL);
    if (now) assert_string_equal(name, now);
}

TEST(names_of_older_checkpoints_are_those_of_the_model)
{
    expect_name("0.encoder.weight", "0.encoder.weight");
    expect_name("0.encoder_dp.emb.weight", NULL);
    expect_name("0.encoder_with_dropout.embed.weight", NULL);
    expect_name("0.rnns.1.module.weight_hh_l0_raw", "0.rnns.1.weight_hh_l0_raw");
    expect_name("0.rnns.1.weight_hh_l0_raw", "0.rnns.1.weight_hh_l0_raw");
    expect_name("0.rnns.1.module.weight_hh_l0", NULL);
    expect_name("0.rnns.1.module.weight_ih_l0", "0.rnns.1.module.weight_ih_l0");
    expect_name("1.decoder.bias", "1.decoder.bias");
    static const char now[] = "0.rnns.1.layers.0.linear.weight_raw", bias[] = "0.rnns.1.layers.0.linear.module.bias";
    expect_name(now, now);
    expect_name(bias, bias);
    expect_name("0.rnns.1.layers.0.linear.module.weight", NULL);
    expect_name("0.rnns.1.linear.module.weight_raw", now);
    expect_name("0.rnns.1.linear.module.weight", NULL);
    expect_name("0.rnns.1.linear.module.bias", bias);
    expect_name("0.rnns.1.linear.weight", now); /* without weight drop */
    expect_name("0.rnns.1.linear.bias", bias);
}
