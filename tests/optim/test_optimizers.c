/* SPDX-License-Identifier: Apache-2.0
 * All optimizers by their names, against PyTorch and fastai 2; bits, state and memory of each. */
#include "base/alloc.h"
#include "burnish/optimizer.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const all[] = {"sgd",  "nesterov", "rmsprop", "adam",   "adamw",
                                  "lamb", "radam",    "ranger",  "adagrad"};
enum { ALL = sizeof all / sizeof *all, STEPS = 10, COUNT = 45 };

static brn_optimizer_options named(const char *name)
{
    brn_optimizer_options options;
    assert_ok(brn_optimizer_named(name, &options));
    return options;
}

static brn_optimizer *new_optimizer(brn_parameters *parameters, const brn_optimizer_options *o)
{
    brn_optimizer *optimizer;
    assert_ok(brn_optimizer_new(parameters, o, &optimizer));
    return optimizer;
}

/* Three tensors of one group, as make_optimizers.py has them. */
static const struct {
    const char *name, *start, *gradient;
    int64_t count;
    double scale;
} tensors[3] = {{"first", "parameters", "grad", 37, 1},
                {"second", "second", "second", 5, .01},
                {"third", "third", "third", 3, 0}};

static brn_parameters *new_store(brn_dtype real, const int64_t counts[3])
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    for (int i = 0; i < 3; i++)
        brn_parameter(graph, tensors[i].name, &counts[i], 1, BRN_PARAMETER_WEIGHT,
                      (brn_init){.kind = BRN_INIT_ZEROS});
    brn_parameters *parameters;
    assert_ok(brn_parameters_new(graph, real, &parameters));
    brn_graph_free(graph);
    return parameters;
}

/* Writes u(stream) times scale into the values, or the gradients, of parameter i. */
static void put(brn_parameters *store, bool gradient, int i, const char *stream, double scale)
{
    const brn_parameter_info info =
        brn_parameters_info(store, brn_parameters_find(store, tensors[i].name));
    void *buffer = brn_parameters_values(store);
    if (gradient) assert_ok(brn_parameters_gradients(store, &buffer));
    double *values = malloc((size_t)info.count * sizeof *values);
    assert_non_null(values);
    golden_uniform(stream, info.count, values);
    for (int64_t k = 0; k < info.count; k++)
        if (brn_parameters_dtype(store) == BRN_DTYPE_F64)
            ((double *)buffer)[info.offset + k] = scale * values[k];
        else
            ((float *)buffer)[info.offset + k] = (float)(scale * values[k]);
    free(values);
}

static void start(brn_parameters *store)
{
    for (int i = 0; i < 3; i++) put(store, false, i, tensors[i].start, tensors[i].scale);
}

static void one_step(brn_parameters *store, brn_optimizer *optimizer,
                     const brn_optimizer_settings *settings, int step)
{
    for (int i = 0; i < 3; i++) {
        char stream[32];
        snprintf(stream, sizeof stream, "%s:%d", tensors[i].gradient, step);
        put(store, true, i, stream, 1);
    }
    assert_ok(brn_optimizer_step(optimizer, settings, 1));
}

static const int64_t golden_counts[3] = {37, 5, 3};

static void read_all(const brn_parameters *store, double *out)
{
    for (int i = 0; i < 3; i++) {
        const int index = brn_parameters_find(store, tensors[i].name);
        assert_ok(brn_parameters_read(store, index, BRN_DTYPE_F64, out, golden_counts[i]));
        out += golden_counts[i];
    }
}

/* ------------------------------------------------------------------ goldens */

static void override(const json_t *given, const char *key, double *value)
{
    const json_t *number = json_object_get(given, key);
    if (number) *value = json_number_value(number);
}

static void check_golden(const char *key, const json_t *golden, brn_dtype real, double tolerance)
{
    char name[32] = "";
    memcpy(name, key, strcspn(key, ","));
    brn_optimizer_options o = named(name);
    const json_t *given = json_object_get(golden, "options");
    double every = o.lookahead_every;
    override(given, "momentum", &o.momentum);
    override(given, "weight_decay", &o.weight_decay);
    override(given, "lookahead_share", &o.lookahead_share);
    override(given, "lookahead_every", &every);
    o.lookahead_every = (int)every;
    brn_optimizer_settings settings =
        brn_optimizer_settings_of(&o, json_number_value(json_object_get(golden, "rate")));
    override(given, "clip_norm", &settings.clip_norm);
    override(given, "clip_value", &settings.clip_value);
    brn_parameters *store = new_store(real, golden_counts);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    start(store);
    for (int step = 0; step < STEPS; step++) {
        one_step(store, optimizer, &settings, step);
        double values[COUNT];
        read_all(store, values);
        const json_t *want = json_array_get(json_object_get(golden, "steps"), (size_t)step);
        const double error = golden_check_array(want, key, values, COUNT, tolerance);
        if (!(error <= tolerance)) fail_msg("%s, step %d: off by %g", key, step, error);
    }
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

TEST(ten_steps_of_every_named_optimizer_equal_pytorch_or_fastai)
{
    json_t *golden = golden_open("tests/golden/optimizers.json");
    int checked = 0;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(golden, "named"), key, value)
    {
        check_golden(key, value, BRN_DTYPE_F64, 1e-12);
        check_golden(key, value, BRN_DTYPE_F32, 1e-6);
        checked++;
    }
    for (int i = 0; i < ALL; i++) assert_non_null(json_object_get(json_object_get(golden, "named"), all[i]));
    assert_int_equal(checked, ALL + 3);
    json_decref(golden);
}

/* ------------------------------------------------------------------ bits, state, memory */

static const int64_t large_counts[3] = {100001, 3000, 40};

static brn_parameters *new_large(void)
{
    brn_parameters *store = new_store(BRN_DTYPE_F32, large_counts);
    start(store);
    return store;
}

static void assert_same_values(brn_parameters *a, brn_parameters *b, const char *name)
{
    if (memcmp(brn_parameters_values(a), brn_parameters_values(b),
               (size_t)brn_parameters_elements(a) * sizeof(float)) != 0)
        fail_msg("%s: the bits differ", name);
}

TEST(no_optimizers_bits_depend_on_threads)
{
    for (int i = 0; i < ALL; i++) {
        brn_parameters *stores[2];
        for (int k = 0; k < 2; k++) {
            stores[k] = new_large();
            brn_optimizer_options o = named(all[i]);
            o.threads = k == 0 ? 1 : 3;
            o.lookahead_every = 2;
            const brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .01);
            brn_optimizer *optimizer = new_optimizer(stores[k], &o);
            for (int step = 0; step < 3; step++) one_step(stores[k], optimizer, &settings, step);
            brn_optimizer_free(optimizer);
        }
        assert_same_values(stores[0], stores[1], all[i]);
        for (int k = 0; k < 2; k++) brn_parameters_free(stores[k]);
    }
}

TEST(every_optimizers_state_moves_into_a_new_one)
{
    for (int i = 0; i < ALL; i++) {
        brn_optimizer_options o = named(all[i]);
        o.lookahead_every = 4;
        o.lookahead_share = .5;
        const brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .01);
        brn_parameters *whole = new_large(), *half = new_large();
        brn_optimizer *first = new_optimizer(whole, &o), *second = new_optimizer(half, &o);
        for (int step = 0; step < 8; step++) one_step(whole, first, &settings, step);
        for (int step = 0; step < 3; step++) one_step(half, second, &settings, step);
        brn_optimizer *third = new_optimizer(half, &o);
        const int count = brn_optimizer_state_count(second);
        assert_null(brn_optimizer_state_at(second, count).name);
        for (int k = 0; k < count; k++) {
            const brn_optimizer_state from = brn_optimizer_state_at(second, k);
            const brn_optimizer_state to = brn_optimizer_state_at(third, k);
            assert_string_equal(from.name, to.name);
            memcpy(to.data, from.data, (size_t)from.count * brn_dtype_bytes(from.dtype));
        }
        brn_optimizer_free(second);
        for (int step = 3; step < 8; step++) one_step(half, third, &settings, step);
        assert_same_values(whole, half, all[i]);
        brn_optimizer_free(first);
        brn_optimizer_free(third);
        brn_parameters_free(whole);
        brn_parameters_free(half);
    }
}

TEST(an_optimizer_keeps_only_what_it_reads)
{
    static const struct {
        const char *name, *states;
    } expected[] = {{"sgd", "steps average "},
                    {"adagrad", "steps square "},
                    {"lamb", "steps average square "},
                    {"ranger", "steps average square slow "}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        brn_parameters *store = new_store(BRN_DTYPE_F32, golden_counts);
        const brn_optimizer_options o = named(expected[i].name);
        brn_optimizer *optimizer = new_optimizer(store, &o);
        char states[64] = "";
        for (int k = 0; k < brn_optimizer_state_count(optimizer); k++)
            strcat(strcat(states, brn_optimizer_state_at(optimizer, k).name), " ");
        assert_string_equal(states, expected[i].states);
        brn_optimizer_free(optimizer);
        brn_parameters_free(store);
    }
}

TEST(a_step_of_lamb_allocates_nothing)
{
    brn_parameters *store = new_store(BRN_DTYPE_F32, golden_counts);
    const brn_optimizer_options o = named("lamb");
    const brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .01);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    const uint64_t before = brn__alloc_calls();
    one_step(store, optimizer, &settings, 0);
    assert_int_equal(brn__alloc_calls(), before);
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

/* ------------------------------------------------------------------ what cannot be */

TEST(optimizers_that_cannot_be_are_refused)
{
    brn_optimizer_options o;
    assert_fails(brn_optimizer_named("adam2", &o), BRN_ERROR_USAGE,
                 "no optimizer \"adam2\"; expected one of sgd, nesterov, rmsprop, adam, adamw, lamb, "
                 "radam, ranger, adagrad");
    brn_parameters *store = new_store(BRN_DTYPE_F32, golden_counts);
    brn_optimizer *optimizer;
    o = named("sgd");
    o.lookahead_every = -1;
    assert_fails(brn_optimizer_new(store, &o, &optimizer), BRN_ERROR_USAGE, "lookahead of -1 steps");
    o.lookahead_every = 5;
    o.lookahead_share = 1.5;
    assert_fails(brn_optimizer_new(store, &o, &optimizer), BRN_ERROR_USAGE, "a share of 1.5");
    o = named("ranger");
    o.kind = BRN_OPTIMIZER_ADAGRAD + 1;
    assert_fails(brn_optimizer_new(store, &o, &optimizer), BRN_ERROR_USAGE, "no kind");
    o = named("lamb");
    o.nesterov = true;
    assert_fails(brn_optimizer_new(store, &o, &optimizer), BRN_ERROR_USAGE, "SGD only");
    o = named("sgd");
    brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .01);
    settings.clip_norm = settings.clip_value = 1;
    optimizer = new_optimizer(store, &o);
    assert_fails(brn_optimizer_step(optimizer, &settings, 1), BRN_ERROR_USAGE, "one of them at most");
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

TEST(a_gradient_that_is_not_a_number_is_not_clipped_to_one)
{
    brn_parameters *store = new_store(BRN_DTYPE_F32, golden_counts);
    const brn_optimizer_options o = named("sgd");
    brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .01);
    settings.clip_value = 1;
    brn_optimizer *optimizer = new_optimizer(store, &o);
    void *gradients;
    assert_ok(brn_parameters_gradients(store, &gradients));
    ((float *)gradients)[0] = NAN;
    ((float *)gradients)[1] = -INFINITY;
    assert_ok(brn_optimizer_step(optimizer, &settings, 1));
    const float *values = brn_parameters_values(store);
    assert_true(isnan(values[0]));
    assert_close(values[1], .01, 1e-9);
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}
