/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "burnish/optimizer.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A store with the given parameters; the graph may go once the store is made. */
typedef struct declared {
    const char *name;
    int64_t count;
    brn_parameter_kind kind;
    int group;
} declared;

static brn_parameters *new_store(const declared *list, int count, brn_dtype real)
{
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    for (int i = 0; i < count; i++) {
        brn_graph_set_group(graph, list[i].group);
        brn_parameter(graph, list[i].name, &list[i].count, 1, list[i].kind,
                      (brn_init){.kind = BRN_INIT_ZEROS});
    }
    brn_parameters *parameters;
    assert_ok(brn_parameters_new(graph, real, &parameters));
    brn_graph_free(graph);
    return parameters;
}

static brn_optimizer *new_optimizer(brn_parameters *parameters, const brn_optimizer_options *o)
{
    brn_optimizer *optimizer;
    assert_ok(brn_optimizer_new(parameters, o, &optimizer));
    return optimizer;
}

static void put(brn_parameters *parameters, bool gradient, const char *name, const double *values)
{
    const int index = brn_parameters_find(parameters, name);
    const brn_parameter_info info = brn_parameters_info(parameters, index);
    void *buffer = brn_parameters_values(parameters);
    if (gradient) assert_ok(brn_parameters_gradients(parameters, &buffer));
    for (int64_t i = 0; i < info.count; i++)
        if (brn_parameters_dtype(parameters) == BRN_DTYPE_F64)
            ((double *)buffer)[info.offset + i] = values[i];
        else
            ((float *)buffer)[info.offset + i] = (float)values[i];
}

static void get(const brn_parameters *parameters, const char *name, double *out)
{
    const int index = brn_parameters_find(parameters, name);
    assert_ok(brn_parameters_read(parameters, index, BRN_DTYPE_F64, out,
                                  brn_parameters_info(parameters, index).count));
}

/* ------------------------------------------------------------------ against PyTorch */

enum { COUNT = 37, STEPS = 10 };

static double number_or(const json_t *object, const char *key, double other)
{
    const json_t *value = json_object_get(object, key);
    return value ? json_number_value(value) : other;
}

static double golden_run(const char *name, brn_dtype real, double tolerance)
{
    json_t *golden = golden_open("tests/golden/optimizers.json");
    char path[128];
    snprintf(path, sizeof path, "optimizers/%s/options", name);
    const json_t *given = golden_at(golden, path), *betas = json_object_get(given, "betas");
    brn_optimizer_options o =
        brn_optimizer_defaults(betas ? BRN_OPTIMIZER_ADAM : BRN_OPTIMIZER_SGD);
    o.weight_decay = number_or(given, "weight_decay", 0);
    o.momentum =
        betas ? json_number_value(json_array_get(betas, 0)) : number_or(given, "momentum", 0);
    if (betas) o.square_momentum = json_number_value(json_array_get(betas, 1));
    o.epsilon = number_or(given, "eps", o.epsilon);

    brn_parameters *store =
        new_store((declared[]){{"parameters", COUNT, BRN_PARAMETER_WEIGHT, 0}}, 1, real);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    const brn_optimizer_settings settings =
        brn_optimizer_settings_of(&o, number_or(given, "lr", 0));
    double values[COUNT], worst = 0;
    golden_uniform("parameters", COUNT, values);
    put(store, false, "parameters", values);
    for (int step = 0; step < STEPS; step++) {
        snprintf(path, sizeof path, "grad:%d", step);
        golden_uniform(path, COUNT, values);
        put(store, true, "parameters", values);
        assert_ok(brn_optimizer_step(optimizer, &settings, 1));
        get(store, "parameters", values);
        snprintf(path, sizeof path, "optimizers/%s/steps/%d", name, step);
        const double error =
            golden_check_array(golden_at(golden, path), path, values, COUNT, tolerance);
        if (!(error <= worst)) worst = error;
    }
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
    json_decref(golden);
    return worst;
}

TEST(ten_steps_of_every_optimizer_equal_pytorch)
{
    json_t *golden = golden_open("tests/golden/optimizers.json");
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(golden, "optimizers"), name, value)
    {
        assert_true(golden_run(name, BRN_DTYPE_F64, 1e-12) <= 1e-12);
        assert_true(golden_run(name, BRN_DTYPE_F32, 1e-6) <= 1e-6);
    }
    json_decref(golden);
}

/* ------------------------------------------------------------------ against the formulas */

/* The header's formulas for one number. */
typedef struct scalar_state {
    double p, m, v;
    int t;
} scalar_state;

static void plain_step(scalar_state *s, const brn_optimizer_options *o, double rate, double g)
{
    s->t++;
    if (o->decoupled_decay)
        s->p -= rate * o->weight_decay * s->p;
    else
        g += o->weight_decay * s->p;
    const double mu = o->momentum, a = o->square_momentum;
    switch (o->kind) {
    case BRN_OPTIMIZER_SGD:
        s->m = mu * s->m + g;
        s->p -= rate * (o->nesterov ? g + mu * s->m : s->m);
        break;
    case BRN_OPTIMIZER_RMSPROP:
        s->v = a * s->v + (1 - a) * g * g;
        s->m = mu * s->m + g / (sqrt(s->v) + o->epsilon);
        s->p -= rate * s->m;
        break;
    case BRN_OPTIMIZER_ADAM:
        s->m = mu * s->m + (1 - mu) * g;
        s->v = a * s->v + (1 - a) * g * g;
        s->p -=
            rate * (s->m / (1 - pow(mu, s->t))) / (sqrt(s->v / (1 - pow(a, s->t))) + o->epsilon);
        break;
    default: fail_msg("kind %d", (int)o->kind); /* test_optimizers.c */
    }
}

static void check_formula(brn_optimizer_options o)
{
    brn_parameters *store =
        new_store((declared[]){{"w", 1, BRN_PARAMETER_WEIGHT, 0}}, 1, BRN_DTYPE_F64);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    scalar_state state = {.p = .7};
    put(store, false, "w", &state.p);
    for (int step = 0; step < 20; step++) {
        /* rate and momentum move, as under one-cycle */
        const double gradient = sin(3. * step) + .1, rate = .01 + .001 * step;
        o.momentum = .95 - .005 * step;
        put(store, true, "w", &gradient);
        const brn_optimizer_settings settings = brn_optimizer_settings_of(&o, rate);
        assert_ok(brn_optimizer_step(optimizer, &settings, 1));
        plain_step(&state, &o, rate, gradient);
        double p;
        get(store, "w", &p);
        assert_close(p, state.p, 1e-13);
    }
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

TEST(steps_are_the_formulas_of_the_header)
{
    for (int kind = BRN_OPTIMIZER_SGD; kind <= BRN_OPTIMIZER_ADAM; kind++) {
        for (int variant = 0; variant < 4; variant++) {
            brn_optimizer_options o = brn_optimizer_defaults((brn_optimizer_kind)kind);
            o.weight_decay = .03;
            o.decoupled_decay = variant & 1;
            o.nesterov = kind == BRN_OPTIMIZER_SGD && variant & 2;
            check_formula(o);
        }
    }
}

/* ------------------------------------------------------------------ groups */

static const declared four[] = {
    {"body.w", 20, BRN_PARAMETER_WEIGHT, 0},           {"body.norm", 5, BRN_PARAMETER_NORM, 0},
    {"head.w", 30, BRN_PARAMETER_WEIGHT, 1},           {"head.b", 3, BRN_PARAMETER_BIAS, 1},
    {"body.running_mean", 5, BRN_PARAMETER_BUFFER, 0},
};

static brn_parameters *four_ones(void)
{
    brn_parameters *store = new_store(four, 5, BRN_DTYPE_F64);
    double ones[32];
    for (int i = 0; i < 32; i++) ones[i] = 1;
    for (int i = 0; i < 5; i++) put(store, false, four[i].name, ones);
    return store;
}

static void expect(const brn_parameters *store, const char *name, double value)
{
    double values[32];
    get(store, name, values);
    assert_close(values[0], value, 1e-15);
    assert_close(values[2], value, 1e-15);
}

TEST(only_learning_groups_are_stepped_each_with_its_rate)
{
    brn_parameters *store = four_ones();
    brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    double gradient[32];
    for (int i = 0; i < 32; i++) gradient[i] = 2;
    for (int i = 0; i < 4; i++) put(store, true, four[i].name, gradient);
    brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .5);
    settings.groups[0].learning_rate = .125;
    assert_ok(brn_optimizer_step(optimizer, &settings, 2));
    expect(store, "body.w", 1);
    expect(store, "body.norm", 1);
    expect(store, "head.w", 0);
    expect(store, "head.b", 0);
    assert_ok(brn_optimizer_step(optimizer, &settings, 3));
    expect(store, "body.w", .75);
    expect(store, "body.norm", .75);
    expect(store, "head.w", -1.9); /* m = .9 * 2 + 2 */
    expect(store, "body.running_mean", 1);
    const brn_optimizer_state steps = brn_optimizer_state_at(optimizer, 0);
    assert_string_equal(steps.name, "steps");
    assert_int_equal(((int64_t *)steps.data)[0], 1);
    assert_int_equal(((int64_t *)steps.data)[1], 2);
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

TEST(biases_and_norms_decay_only_when_asked)
{
    for (int all = 0; all < 2; all++) {
        brn_parameters *store = four_ones();
        brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
        o.decay_all = all;
        o.weight_decay = .5;
        brn_optimizer *optimizer = new_optimizer(store, &o);
        brn_optimizer_settings settings = brn_optimizer_settings_of(&o, .5);
        settings.groups[1].weight_decay = .25;
        assert_ok(brn_optimizer_step(optimizer, &settings, 3)); /* gradients are zero */
        expect(store, "body.w", .75);
        expect(store, "body.norm", all ? .75 : 1);
        expect(store, "head.w", .875);
        expect(store, "head.b", all ? .875 : 1);
        expect(store, "body.running_mean", 1);
        brn_optimizer_free(optimizer);
        brn_parameters_free(store);
    }
}

TEST(clipping_bounds_the_norm_over_learning_groups)
{
    brn_parameters *store = four_ones();
    brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    double gradient[32] = {0};
    gradient[0] = 3;
    put(store, true, "head.w", gradient);
    gradient[0] = 4;
    put(store, true, "head.b", gradient);
    gradient[0] = 1000;
    put(store, true, "body.w", gradient);
    assert_close(brn_optimizer_gradient_norm(optimizer, 2), 5, 1e-15);
    brn_optimizer_settings settings = brn_optimizer_settings_of(&o, 1);
    settings.clip_norm = 2.5;
    double value;
    assert_ok(brn_optimizer_step(optimizer, &settings, 2));
    double values[32];
    get(store, "head.w", values);
    value = 1 - 3 * 2.5 / (5 + 1e-6);
    assert_close(values[0], value, 1e-15);
    settings.clip_norm = 100; /* above the norm: no change */
    settings.groups[1].momentum = 0;
    assert_ok(brn_optimizer_step(optimizer, &settings, 2));
    get(store, "head.w", values);
    assert_close(values[0], value - 3, 1e-15);
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

TEST(a_gradient_that_is_not_a_number_stops_a_clipped_step)
{
    brn_parameters *store = four_ones();
    brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    brn_optimizer *optimizer = new_optimizer(store, &o);
    double gradient[32] = {0};
    gradient[7] = NAN;
    put(store, true, "head.w", gradient);
    brn_optimizer_settings settings = brn_optimizer_settings_of(&o, 1);
    settings.clip_norm = 1;
    assert_fails(brn_optimizer_step(optimizer, &settings, 3), BRN_ERROR_DIVERGED, "not a number");
    expect(store, "head.w", 1);
    assert_int_equal(*(int64_t *)brn_optimizer_state_at(optimizer, 0).data, 0);
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

/* ------------------------------------------------------------------ bits, state, memory */

enum { LARGE = 100001 };

static void fill_random(brn_parameters *store, bool gradient, const char *stream)
{
    double *values = malloc(LARGE * sizeof *values);
    assert_non_null(values);
    golden_uniform(stream, LARGE, values);
    put(store, gradient, "w", values);
    put(store, gradient, "b", values);
    free(values);
}

static brn_parameters *large_store(void)
{
    brn_parameters *store = new_store(
        (declared[]){{"w", LARGE, BRN_PARAMETER_WEIGHT, 0}, {"b", LARGE, BRN_PARAMETER_BIAS, 0}}, 2,
        BRN_DTYPE_F32);
    fill_random(store, false, "start");
    return store;
}

static void steps(brn_parameters *store, brn_optimizer *optimizer, const brn_optimizer_options *o,
                  int begin, int end)
{
    brn_optimizer_settings settings = brn_optimizer_settings_of(o, .01);
    settings.clip_norm = 10;
    for (int step = begin; step < end; step++) {
        fill_random(store, true, step % 2 ? "odd" : "even");
        assert_ok(brn_optimizer_step(optimizer, &settings, 1));
    }
}

static void assert_same_values(brn_parameters *a, brn_parameters *b)
{
    assert_memory_equal(brn_parameters_values(a), brn_parameters_values(b),
                        (size_t)brn_parameters_elements(a) * sizeof(float));
}

TEST(the_bits_of_a_step_do_not_depend_on_threads)
{
    brn_parameters *stores[3];
    for (int i = 0; i < 3; i++) {
        stores[i] = large_store();
        brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
        o.threads = i + 1;
        brn_optimizer *optimizer = new_optimizer(stores[i], &o);
        steps(stores[i], optimizer, &o, 0, 3);
        brn_optimizer_free(optimizer);
    }
    assert_same_values(stores[0], stores[1]);
    assert_same_values(stores[0], stores[2]);
    for (int i = 0; i < 3; i++) brn_parameters_free(stores[i]);
}

TEST(an_optimizer_with_the_state_of_another_goes_on_to_the_same_bits)
{
    brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    brn_parameters *whole = large_store(), *half = large_store();
    brn_optimizer *first = new_optimizer(whole, &o), *second = new_optimizer(half, &o);
    steps(whole, first, &o, 0, 5);
    steps(half, second, &o, 0, 2);
    brn_optimizer *third = new_optimizer(half, &o);
    assert_int_equal(brn_optimizer_state_count(third), 3);
    for (int i = 0; i < brn_optimizer_state_count(third); i++) {
        const brn_optimizer_state from = brn_optimizer_state_at(second, i);
        const brn_optimizer_state to = brn_optimizer_state_at(third, i);
        assert_int_equal(from.count, to.count);
        memcpy(to.data, from.data, (size_t)from.count * brn_dtype_bytes(from.dtype));
    }
    brn_optimizer_free(second);
    steps(half, third, &o, 2, 5);
    assert_same_values(whole, half);
    brn_optimizer_free(first);
    brn_optimizer_free(third);
    brn_parameters_free(whole);
    brn_parameters_free(half);
}

TEST(a_step_allocates_nothing)
{
    brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    brn_parameters *store = large_store();
    brn_optimizer *optimizer = new_optimizer(store, &o);
    const uint64_t before = brn__alloc_calls();
    steps(store, optimizer, &o, 0, 1);
    assert_int_equal(brn__alloc_calls(), before);
    brn_optimizer_free(optimizer);
    brn_parameters_free(store);
}

TEST(no_memory_for_an_optimizer_is_an_error_at_every_allocation)
{
    int failures = 0;
    for (;; failures++) {
        brn_parameters *store = new_store(four, 5, BRN_DTYPE_F32);
        const brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
        brn_optimizer *optimizer;
        brn__alloc_fail_after((uint64_t)failures + 1, 0);
        const brn_status status = brn_optimizer_new(store, &o, &optimizer);
        brn__alloc_fail_after(0, 0);
        if (status == BRN_OK) {
            brn_optimizer_free(optimizer);
            brn_parameters_free(store);
            break;
        }
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        assert_null(optimizer);
        brn_parameters_free(store);
    }
    assert_true(failures >= 4);
}
