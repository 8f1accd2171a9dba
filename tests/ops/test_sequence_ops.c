/* SPDX-License-Identifier: Apache-2.0
 * What gradients and the reference alone can't show of the ops of sequences. */
#include "golden/generator.h"
#include "golden/golden.h"
#include "ops/cases.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One graph with a plan of some outputs, training, on one backend. */
typedef struct machine {
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
} machine;

static void machine_begin(machine *m)
{
    *m = (machine){0};
    assert_ok(brn_graph_new(&m->graph));
}

static void machine_plan(machine *m, const char *backend, brn_node *const *outputs, int count, brn_node *loss)
{
    const bool reference = !strcmp(backend, "reference");
    assert_ok(brn_graph_status(m->graph));
    assert_ok(brn_parameters_new(m->graph, reference ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &m->store));
    assert_ok(brn_runner_new(m->store, backend, 2, &m->runner));
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = loss;
    for (int i = 0; i < count; i++) options.outputs[options.output_count++] = outputs[i];
    assert_ok(brn_runner_plan(m->runner, &options, &m->plan));
}

static void machine_end(machine *m)
{
    brn_runner_free(m->runner);
    brn_parameters_free(m->store);
    brn_graph_free(m->graph);
}

/* ------------------------------------------------------------------ dropout */

TEST(a_locked_mask_is_the_same_at_every_step_and_another_for_every_sequence)
{
    enum { T = 5, N = 3, F = 200 };
    machine m;
    machine_begin(&m);
    int slot = brn_scalar(m.graph, "p", .3);
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, DIMS(T, N, F));
    brn_node *y = brn_locked_dropout(x, slot);
    machine_plan(&m, "cpu", &y, 1, NULL);
    static float ones[T * N * F];
    for (int i = 0; i < T * N * F; i++) ones[i] = 1;
    assert_ok(brn_plan_bind(m.plan, "x", ones));
    assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 3, .step = 8}));
    const float *out = brn_plan_output(m.plan, 0);
    int kept = 0;
    for (int i = 0; i < N * F; i++) {
        for (int t = 1; t < T; t++) assert_true(out[t * N * F + i] == out[i]);
        assert_true(out[i] == 0 || fabsf(out[i] - 1 / .7f) < 1e-6f);
        kept += out[i] != 0;
    }
    assert_in_range(kept, (int)(N * F * .62), (int)(N * F * .78));
    assert_memory_not_equal(out, out + F, F * sizeof *out);
    assert_memory_not_equal(out, out + 2 * F, F * sizeof *out);
    float first[N * F];
    memcpy(first, out, sizeof first);
    assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 3, .step = 9}));
    assert_true(memcmp(first, brn_plan_output(m.plan, 0), sizeof first) != 0);
    machine_end(&m);
}

TEST(a_dropped_word_is_dropped_wherever_it_stands)
{
    enum { ROWS = 400, WORDS = 50, E = 3 };
    machine m;
    machine_begin(&m);
    int slot = brn_scalar(m.graph, "p", .5);
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, DIMS(ROWS, E));
    brn_node *y = brn_embedding_dropout(x, brn_input(m.graph, "words", BRN_DTYPE_I64, DIMS(ROWS)), slot);
    machine_plan(&m, "cpu", &y, 1, NULL);
    static float ones[ROWS * E];
    static int64_t words[ROWS];
    for (int i = 0; i < ROWS * E; i++) ones[i] = 1;
    for (int i = 0; i < ROWS; i++) words[i] = (i * 7 + i / 50) % WORDS;
    assert_ok(brn_plan_bind(m.plan, "x", ones));
    assert_ok(brn_plan_bind(m.plan, "words", words));
    assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 5}));
    const float *out = brn_plan_output(m.plan, 0);
    float of_word[WORDS];
    int kept = 0;
    for (int i = 0; i < WORDS; i++) of_word[i] = -1;
    for (int i = 0; i < ROWS; i++) {
        assert_true(out[i * E] == 0 || out[i * E] == 2);
        assert_true(out[i * E + 1] == out[i * E] && out[i * E + 2] == out[i * E]);
        if (of_word[words[i]] >= 0) assert_true(of_word[words[i]] == out[i * E]);
        of_word[words[i]] = out[i * E];
    }
    for (int i = 0; i < WORDS; i++) kept += of_word[i] > 0;
    assert_in_range(kept, 13, 37);
    machine_end(&m);
}

/* ------------------------------------------------------------------ the decoder */

static void narrow(const double *from, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i++) to[i] = (float)from[i];
}

/* Loss, hits, dx; dweight and dbias from the store. */
static void decoder_on(const char *backend, int64_t chunk, double tolerance)
{
    enum { T = 5, N = 4, E = 6, V = 11 };
    const bool is_double = !strcmp(backend, "reference");
    json_t *golden = golden_open("tests/golden/sequence_ops.json");
    machine m;
    machine_begin(&m);
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, DIMS(T, N, E));
    brn_node *target = brn_input(m.graph, "target", BRN_DTYPE_I64, DIMS(T, N));
    const brn_init zeros = {BRN_INIT_ZEROS, 0};
    brn_node *weight = brn_parameter(m.graph, "weight", DIMS(V, E), BRN_PARAMETER_WEIGHT, zeros);
    brn_node *bias = brn_parameter(m.graph, "bias", DIMS(V), BRN_PARAMETER_BIAS, zeros);
    brn__linear_cross_entropy_attributes attributes = {1, chunk};
    brn_node *loss = case_apply(&brn__op_linear_cross_entropy, &attributes,
                                (brn_node *[]){x, weight, target, bias}, 4);
    machine_plan(&m, backend,
                 (brn_node *[]){loss, brn_node_output(loss, 1), brn_node_output(loss, 2),
                                brn_node_output(loss, 3), brn_node_output(loss, 4)}, 5, loss);
    double wide[T * N * E];
    float single[T * N * E];
    int64_t targets[T * N];
    golden_targets(T * N, V, targets);
    golden_uniform("weight", V * E, wide);
    assert_ok(brn_parameters_write(m.store, brn_parameters_find(m.store, "weight"), BRN_DTYPE_F64, wide, V * E));
    golden_uniform("bias", V, wide);
    for (int i = 0; i < V; i++) wide[i] *= .5;
    assert_ok(brn_parameters_write(m.store, brn_parameters_find(m.store, "bias"), BRN_DTYPE_F64, wide, V));
    golden_uniform("x", T * N * E, wide);
    narrow(wide, T * N * E, single);
    assert_ok(brn_plan_bind(m.plan, "x", is_double ? (void *)wide : single));
    assert_ok(brn_plan_bind(m.plan, "target", targets));
    assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 1}));
    static const char *const names[] = {"dx", "dweight", "dbias"};
    for (int i = 0; i < 5; i++) {
        const int64_t count = brn_shape_elements(brn_plan_output_shape(m.plan, i));
        double got[T * N * E];
        for (int64_t k = 0; k < count; k++)
            got[k] = is_double ? ((const double *)brn_plan_output(m.plan, i))[k]
                               : (double)((const float *)brn_plan_output(m.plan, i))[k];
        if (i == 0) assert_close(got[0], golden_number(golden, "decoder/loss"), tolerance);
        if (i == 1) assert_close(got[0], golden_number(golden, "decoder/hits"), tolerance);
        if (i < 2) continue;
        char path[32];
        snprintf(path, sizeof path, "decoder/%s", names[i - 2]);
        assert_true(golden_check_array(golden_at(golden, path), path, got, count, tolerance) <= tolerance);
    }
    machine_end(&m);
    json_decref(golden);
}

TEST(the_decoder_equals_pytorchs_linear_and_cross_entropy)
{
    decoder_on("reference", 0, 1e-9);
    decoder_on("cpu", 0, 1e-6);
    decoder_on("cpu", 7, 1e-6);
    decoder_on("cpu", 3, 1e-6);
}

static size_t decoder_arena(int64_t rows, const char *form)
{
    enum { E = 16, V = 20000 };
    machine m;
    machine_begin(&m);
    brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, DIMS(rows, E));
    brn_node *target = brn_input(m.graph, "target", BRN_DTYPE_I64, DIMS(rows));
    brn_node *weight = brn_parameter(m.graph, "w", DIMS(V, E), BRN_PARAMETER_WEIGHT, (brn_init){BRN_INIT_UNIFORM, 1});
    brn_node *loss = !strcmp(form, "fused") ? brn_linear_cross_entropy(x, weight, NULL, target, -1)
                                            : brn_cross_entropy(brn_linear(x, weight, NULL), target, -1);
    machine_plan(&m, "cpu", &loss, 1, loss);
    const size_t bytes = brn_runner_arena_bytes(m.runner);
    machine_end(&m);
    return bytes;
}

TEST(the_decoders_logits_never_exist_as_a_whole)
{
    const size_t logits = 4096ul * 20000 * sizeof(float);
    assert_true(decoder_arena(4096, "in two") > logits);
    assert_true(decoder_arena(4096, "fused") < logits / 16);
    assert_true(decoder_arena(65536, "fused") < logits / 16); /* grows by x's gradient alone, not by logits */
}

TEST(a_decoder_without_a_target_that_counts_gives_zeros_and_a_wrong_target_is_refused)
{
    static const char *const backends[] = {"reference", "cpu"};
    for (int i = 0; i < 2; i++) {
        machine m;
        machine_begin(&m);
        brn_node *x = brn_input(m.graph, "x", BRN_DTYPE_F32, DIMS(2, 2));
        brn_node *target = brn_input(m.graph, "target", BRN_DTYPE_I64, DIMS(2));
        brn_node *weight = brn_parameter(m.graph, "w", DIMS(3, 2), BRN_PARAMETER_WEIGHT, (brn_init){BRN_INIT_ONES, 0});
        brn_node *loss = brn_linear_cross_entropy(x, weight, NULL, target, 1);
        machine_plan(&m, backends[i], &loss, 1, loss);
        assert_ok(brn_plan_bind(m.plan, "x", (double[]){1, 2, 3, 4}));
        assert_ok(brn_plan_bind(m.plan, "target", (int64_t[]){1, 1}));
        assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 1}));
        const void *got = brn_plan_output(m.plan, 0);
        assert_true(i == 0 ? *(const double *)got == 0 : *(const float *)got == 0);
        assert_ok(brn_plan_bind(m.plan, "target", (int64_t[]){1, 3}));
        assert_fails(brn_plan_run(m.plan, &(brn_run){.seed = 1}), BRN_ERROR_INPUT, "target 3 of row 1 is not in 0..2");
        machine_end(&m);
    }
}

/* ------------------------------------------------------------------ penalty and pooling against fastai */

/* A value (N, T, E) of fastai's, batch first, as ours is, time first; or back. */
static void swap_time(const double *from, int64_t a, int64_t b, int64_t e, double *to)
{
    for (int64_t i = 0; i < a; i++)
        for (int64_t k = 0; k < b; k++) memcpy(to + (k * a + i) * e, from + (i * b + k) * e, (size_t)e * sizeof *to);
}

/* Output `index` of the plan as doubles. */
static void output_of(const machine *m, bool is_double, int index, double *out)
{
    const void *got = brn_plan_output(m->plan, index);
    for (int64_t k = 0; k < brn_shape_elements(brn_plan_output_shape(m->plan, index)); k++)
        out[k] = is_double ? ((const double *)got)[k] : (double)((const float *)got)[k];
}

enum { GOLDEN_MAX = 256 };

/* Binds u(name), given batch first (n, t, e), as input `name` (t, n, e); `buffer` (2, GOLDEN_MAX) lasts. */
static void bind_drawn(machine *m, bool is_double, const char *name, int64_t n, int64_t t, int64_t e, double *buffer)
{
    double drawn[GOLDEN_MAX];
    golden_uniform(name, n * t * e, drawn);
    swap_time(drawn, n, t, e, buffer);
    narrow(buffer, n * t * e, (float *)(buffer + GOLDEN_MAX));
    assert_ok(brn_plan_bind(m->plan, name, is_double ? buffer : buffer + GOLDEN_MAX));
}

static void assert_golden(const json_t *golden, const char *path, const double *values, int64_t count, double tolerance)
{
    assert_true(golden_check_array(golden_at(golden, path), path, values, count, tolerance) <= tolerance);
}

static void machine_plan_inputs(machine *m, const char *backend, brn_node *output, brn_node *loss,
                                brn_node *const *inputs, int input_count)
{
    const bool reference = !strcmp(backend, "reference");
    assert_ok(brn_graph_status(m->graph));
    assert_ok(brn_parameters_new(m->graph, reference ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &m->store));
    assert_ok(brn_runner_new(m->store, backend, 2, &m->runner));
    brn_plan_options options = brn_plan_defaults();
    options.loss = loss;
    options.outputs[options.output_count++] = output;
    for (int i = 0; i < input_count; i++) options.input_gradients[options.input_gradient_count++] = inputs[i];
    assert_ok(brn_runner_plan(m->runner, &options, &m->plan));
}

static void penalty_on(const char *backend, double tolerance)
{
    enum { N = 3, T = 4, H = 5 };
    const bool is_double = !strcmp(backend, "reference");
    json_t *golden = golden_open("tests/golden/sequence_ops.json");
    machine m;
    machine_begin(&m);
    brn_node *inputs[] = {brn_input(m.graph, "raw", BRN_DTYPE_F32, DIMS(T, N, H)),
                          brn_input(m.graph, "dropped", BRN_DTYPE_F32, DIMS(T, N, H))};
    brn_node *loss = brn_activation_penalty(inputs[0], inputs[1], brn_scalar(m.graph, "alpha", 2),
                                            brn_scalar(m.graph, "beta", 1));
    machine_plan_inputs(&m, backend, loss, loss, inputs, 2);
    double buffers[2][2 * GOLDEN_MAX], got[GOLDEN_MAX], turned[GOLDEN_MAX];
    bind_drawn(&m, is_double, "raw", N, T, H, buffers[0]);
    bind_drawn(&m, is_double, "dropped", N, T, H, buffers[1]);
    assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 1}));
    output_of(&m, is_double, 0, got);
    assert_close(got[0], golden_number(golden, "penalty/loss"), tolerance);
    output_of(&m, is_double, 1, got);
    swap_time(got, T, N, H, turned);
    assert_golden(golden, "penalty/draw", turned, N * T * H, tolerance);
    output_of(&m, is_double, 2, got);
    swap_time(got, T, N, H, turned);
    assert_golden(golden, "penalty/ddropped", turned, N * T * H, tolerance);
    machine_end(&m);
    json_decref(golden);
}

TEST(the_penalty_equals_fastais_regularizer)
{
    penalty_on("reference", 1e-12);
    penalty_on("cpu", 1e-6);
}

static void pool_on(const char *backend, double tolerance)
{
    enum { N = 4, T = 12, E = 5 };
    const bool is_double = !strcmp(backend, "reference");
    json_t *golden = golden_open("tests/golden/sequence_ops.json");
    machine m;
    machine_begin(&m);
    brn_node *x = brn_input(m.graph, "output", BRN_DTYPE_F32, DIMS(T, N, E));
    brn_node *tokens = brn_input(m.graph, "tokens", BRN_DTYPE_I64, DIMS(T, N));
    brn_node *y = brn_sequence_pool(x, tokens, 1);
    brn_node *dy = brn_input(m.graph, "dpooled", BRN_DTYPE_F32, DIMS(1, N, 3 * E));
    brn_node *loss = brn_reduce(brn_mul(y, dy), BRN_REDUCE_SUM, 7, false);
    machine_plan_inputs(&m, backend, y, loss, &x, 1);
    double buffers[2][2 * GOLDEN_MAX], got[GOLDEN_MAX], turned[GOLDEN_MAX];
    int64_t words[T * N];
    for (int n = 0; n < N; n++)
        for (int t = 0; t < T; t++)
            words[t * N + n] = json_integer_value(json_array_get(golden_at(golden, "pool/tokens"), (size_t)(n * T + t)));
    bind_drawn(&m, is_double, "output", N, T, E, buffers[0]);
    bind_drawn(&m, is_double, "dpooled", N, 1, 3 * E, buffers[1]);
    assert_ok(brn_plan_bind(m.plan, "tokens", words));
    assert_ok(brn_plan_run(m.plan, &(brn_run){.seed = 1}));
    output_of(&m, is_double, 0, got);
    assert_golden(golden, "pool/pooled", got, N * 3 * E, tolerance);
    output_of(&m, is_double, 1, got);
    swap_time(got, T, N, E, turned);
    assert_golden(golden, "pool/doutput", turned, N * T * E, tolerance);
    machine_end(&m);
    json_decref(golden);
}

TEST(pooling_equals_fastais_masked_concat_pool)
{
    pool_on("reference", 1e-12);
    pool_on("cpu", 1e-6);
}
