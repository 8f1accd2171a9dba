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
    assert_true(memcmp(out, out + F, F * sizeof *out) && memcmp(out, out + 2 * F, F * sizeof *out));
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
