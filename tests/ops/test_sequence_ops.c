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
