/* SPDX-License-Identifier: Apache-2.0
 * Gradients of tables with a list of their rows, and steps that visit those rows only. */
#include "burnish/optimizer.h"
#include "burnish/ops.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "graph/parameters.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* loss = sum of weights x table[indices] (+ of the whole table when tied) + a bias's sum. The table is
 * several of the optimizer's blocks long and begins and ends inside of one. */
typedef struct lookup {
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    brn_optimizer *optimizer;
    brn_optimizer_settings settings;
    int64_t rows, width, named;
    int table;
} lookup;

static void lookup_new(lookup *l, brn_dtype real, int64_t rows, int64_t width, int64_t named, bool tied)
{
    *l = (lookup){.rows = rows, .width = width, .named = named};
    assert_ok(brn_graph_new(&l->graph));
    const brn_init init = {BRN_INIT_UNIFORM, .5};
    brn_node *before = brn_parameter(l->graph, "before", (int64_t[]){100}, 1, BRN_PARAMETER_WEIGHT, init);
    brn_node *table = brn_parameter(l->graph, "table", (int64_t[]){rows, width}, 2, BRN_PARAMETER_WEIGHT, init);
    brn_node *after = brn_parameter(l->graph, "after", (int64_t[]){100}, 1, BRN_PARAMETER_WEIGHT, init);
    brn_node *indices = brn_input(l->graph, "indices", BRN_DTYPE_I64, &named, 1);
    brn_node *weights = brn_input(l->graph, "weights", BRN_DTYPE_F32, (int64_t[]){named, width}, 2);
    brn_node *loss = brn_reduce(brn_mul(brn_embedding(table, indices), weights), BRN_REDUCE_SUM, 3, false);
    loss = brn_add(loss, brn_reduce(brn_mul(before, after), BRN_REDUCE_SUM, 1, false));
    if (tied) loss = brn_add(loss, brn_reduce(brn_mul(table, table), BRN_REDUCE_SUM, 3, false));
    assert_ok(brn_parameters_new(l->graph, real, &l->store));
    assert_ok(brn_parameters_initialise(l->store, 3, -1));
    assert_ok(brn_runner_new(l->store, real == BRN_DTYPE_F64 ? "reference" : "cpu", 2, &l->runner));
    brn_plan_options options = brn_plan_defaults();
    options.loss = options.outputs[options.output_count++] = loss;
    assert_ok(brn_runner_plan(l->runner, &options, &l->plan));
    l->table = brn_parameters_find(l->store, "table");
}

static void lookup_optimize(lookup *l, const brn_optimizer_options *options, double rate)
{
    assert_ok(brn_optimizer_new(l->store, options, &l->optimizer));
    l->settings = brn_optimizer_settings_of(options, rate);
}

static void lookup_free(lookup *l)
{
    brn_optimizer_free(l->optimizer);
    brn_runner_free(l->runner);
    brn_parameters_free(l->store);
    brn_graph_free(l->graph);
}

static void lookup_run(lookup *l, const int64_t *indices, const void *weights)
{
    assert_ok(brn_plan_bind(l->plan, "indices", indices));
    assert_ok(brn_plan_bind(l->plan, "weights", weights));
    assert_ok(brn_plan_run(l->plan, &(brn_run){.seed = 1}));
}

/* Run k of a sequence with other rows each time, some of them twice. */
static void lookup_run_drawn(lookup *l, int k)
{
    int64_t indices[64];
    double drawn[64 * 48], words[64];
    float weights[64 * 48];
    char name[32];
    assert_true(l->named <= 64 && l->width <= 48);
    snprintf(name, sizeof name, "rows:%d", k);
    golden_uniform(name, l->named, words);
    for (int64_t i = 0; i < l->named; i++) indices[i] = (int64_t)((words[i] * .5 + .5) * (double)l->rows);
    indices[1] = indices[0];
    golden_uniform(name, l->named * l->width, drawn);
    for (int64_t i = 0; i < l->named * l->width; i++) weights[i] = (float)drawn[i];
    lookup_run(l, indices, weights);
}

static const float *table_gradient(const lookup *l)
{
    const float *gradients = brn__parameters_gradients(l->store);
    return gradients + brn_parameters_info(l->store, l->table).offset;
}

TEST(a_table_lists_the_rows_that_a_run_named_and_the_rest_is_zero)
{
    lookup l;
    lookup_new(&l, BRN_DTYPE_F32, 300, 40, 3, false);
    static float weights[3 * 40];
    for (int i = 0; i < 3 * 40; i++) weights[i] = 1;
    lookup_run(&l, (int64_t[]){7, 299, 7}, weights);
    const brn__rows *rows = brn__parameters_rows(l.store, l.table);
    assert_true(rows->listed);
    assert_int_equal(rows->count, 2);
    assert_int_equal(rows->rows[0], 7);
    assert_int_equal(rows->rows[1], 299);
    assert_true(table_gradient(&l)[7 * 40] == 2 && table_gradient(&l)[299 * 40 + 39] == 1);
    lookup_run(&l, (int64_t[]){0, 257, 1}, weights); /* what the first run left is gone */
    for (int64_t i = 0; i < 300 * 40; i++) {
        const int64_t row = i / 40;
        assert_true(table_gradient(&l)[i] == (row == 0 || row == 1 || row == 257 ? 1 : 0));
    }
    assert_false(brn__parameters_rows(l.store, 0)->listed);
    lookup_free(&l);
}

TEST(who_asks_for_the_gradients_gives_up_the_list)
{
    lookup l;
    lookup_new(&l, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_run_drawn(&l, 0);
    void *gradients;
    assert_ok(brn_parameters_gradients(l.store, &gradients));
    assert_false(brn__parameters_rows(l.store, l.table)->listed);
    ((float *)gradients)[brn_parameters_info(l.store, l.table).offset + 5] = 3;
    lookup_run_drawn(&l, 1);
    lookup_run_drawn(&l, 0);
    float *first = malloc(300 * 40 * sizeof *first);
    memcpy(first, table_gradient(&l), 300 * 40 * sizeof *first);
    lookup fresh;
    lookup_new(&fresh, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_run_drawn(&fresh, 0);
    assert_memory_equal(first, table_gradient(&fresh), 300 * 40 * sizeof *first);
    free(first);
    lookup_free(&l);
    lookup_free(&fresh);
}

TEST(the_gradient_of_a_tied_table_is_dense)
{
    lookup l;
    lookup_new(&l, BRN_DTYPE_F32, 300, 40, 8, true);
    lookup_run_drawn(&l, 0);
    assert_false(brn__parameters_rows(l.store, l.table)->listed);
    int64_t zeros = 0;
    for (int64_t i = 0; i < 300 * 40; i++) zeros += table_gradient(&l)[i] == 0;
    assert_true(zeros < 10);
    lookup_free(&l);
}

/* ------------------------------------------------------------------ what is passed over */

static brn_optimizer_options plain(brn_optimizer_kind kind)
{
    brn_optimizer_options o = brn_optimizer_defaults(kind);
    o.weight_decay = 0;
    if (kind == BRN_OPTIMIZER_SGD) o.momentum = 0;
    return o;
}

/* Twelve steps with and without the lists, their bits compared; returns the norm of the last. */
static void same_with_and_without_lists(const brn_optimizer_options *options, double clip)
{
    lookup with, without;
    lookup_new(&with, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_new(&without, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_optimize(&with, options, .1);
    lookup_optimize(&without, options, .1);
    with.settings.clip_norm = without.settings.clip_norm = clip;
    for (int k = 0; k < 12; k++) {
        void *gradients;
        lookup_run_drawn(&with, k);
        lookup_run_drawn(&without, k);
        assert_ok(brn_parameters_gradients(without.store, &gradients));
        assert_true(brn_optimizer_gradient_norm(with.optimizer, 1) ==
                    brn_optimizer_gradient_norm(without.optimizer, 1));
        assert_ok(brn_optimizer_step(with.optimizer, &with.settings, 1));
        assert_ok(brn_optimizer_step(without.optimizer, &without.settings, 1));
    }
    assert_memory_equal(brn_parameters_values(with.store), brn_parameters_values(without.store),
                        (size_t)brn_parameters_elements(with.store) * sizeof(float));
    for (int i = 0; i < brn_optimizer_state_count(with.optimizer); i++) {
        const brn_optimizer_state a = brn_optimizer_state_at(with.optimizer, i);
        const brn_optimizer_state b = brn_optimizer_state_at(without.optimizer, i);
        assert_memory_equal(a.data, b.data, (size_t)a.count * brn_dtype_bytes(a.dtype));
    }
    lookup_free(&with);
    lookup_free(&without);
}

TEST(rows_are_passed_over_only_where_no_bit_changes)
{
    const brn_optimizer_options sgd = plain(BRN_OPTIMIZER_SGD), adagrad = plain(BRN_OPTIMIZER_ADAGRAD);
    same_with_and_without_lists(&sgd, 0);
    same_with_and_without_lists(&sgd, .5);
    same_with_and_without_lists(&adagrad, 0);
    brn_optimizer_options decaying = sgd, looking = sgd;
    decaying.weight_decay = .1;
    looking.lookahead_every = 3, looking.lookahead_share = .5;
    same_with_and_without_lists(&decaying, 0);
    same_with_and_without_lists(&looking, 0);
    static const char *const names[] = {"sgd", "nesterov", "rmsprop", "adam", "adamw", "lamb", "ranger"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        brn_optimizer_options o;
        assert_ok(brn_optimizer_named(names[i], &o));
        same_with_and_without_lists(&o, i % 2 ? .5 : 0);
    }
}

/* ------------------------------------------------------------------ lazy */

TEST(lazy_adam_equals_pytorchs_sparse_adam)
{
    json_t *golden = golden_open("tests/golden/sequence_ops.json");
    lookup l;
    lookup_new(&l, BRN_DTYPE_F64, 6, 3, 3, false);
    brn_optimizer_options o;
    assert_ok(brn_optimizer_named("lazy_adam", &o));
    o.momentum = .8, o.square_momentum = .95, o.epsilon = 1e-30, o.weight_decay = 0;
    lookup_optimize(&l, &o, .1);
    double table[18];
    golden_uniform("table", 18, table);
    for (int i = 0; i < 18; i++) table[i] *= .5;
    assert_ok(brn_parameters_write(l.store, l.table, BRN_DTYPE_F64, table, 18));
    for (int64_t k = 0; k < 4; k++) {
        char path[32];
        double weights[9];
        snprintf(path, sizeof path, "grad:%d", (int)k);
        golden_uniform(path, 9, weights);
        lookup_run(&l, (int64_t[]){k, 5 - k, k}, weights);
        assert_ok(brn_optimizer_step(l.optimizer, &l.settings, 1));
        assert_ok(brn_parameters_read(l.store, l.table, BRN_DTYPE_F64, table, 18));
        snprintf(path, sizeof path, "lazy_adam/%d", (int)k);
        assert_true(golden_check_array(golden_at(golden, path), path, table, 18, 1e-12) <= 1e-12);
    }
    lookup_free(&l);
    json_decref(golden);
}

TEST(a_lazy_step_leaves_rows_that_were_not_named_and_steps_all_else_as_ever)
{
    lookup lazy, dense;
    brn_optimizer_options o;
    assert_ok(brn_optimizer_named("lazy_adamw", &o));
    lookup_new(&lazy, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_optimize(&lazy, &o, .1);
    assert_ok(brn_optimizer_named("adamw", &o));
    lookup_new(&dense, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_optimize(&dense, &o, .1);
    float *before = malloc(300 * 40 * sizeof *before), *after = malloc(300 * 40 * sizeof *after);
    for (int k = 0; k < 6; k++) {
        assert_ok(brn_parameters_read(lazy.store, lazy.table, BRN_DTYPE_F32, before, 300 * 40));
        lookup_run_drawn(&lazy, k);
        lookup_run_drawn(&dense, k);
        assert_ok(brn_optimizer_step(lazy.optimizer, &lazy.settings, 1));
        assert_ok(brn_optimizer_step(dense.optimizer, &dense.settings, 1));
        assert_ok(brn_parameters_read(lazy.store, lazy.table, BRN_DTYPE_F32, after, 300 * 40));
        const brn__rows *rows = brn__parameters_rows(lazy.store, lazy.table);
        for (int64_t row = 0, at = 0; row < 300; row++) {
            const bool named = at < rows->count && rows->rows[at] == row;
            at += named;
            assert_true((memcmp(before + row * 40, after + row * 40, 40 * sizeof(float)) != 0) == named);
        }
    }
    for (int i = 0; i < brn_parameters_count(lazy.store); i++) {
        const brn_parameter_info info = brn_parameters_info(lazy.store, i);
        const float *a = brn_parameters_values(lazy.store), *b = brn_parameters_values(dense.store);
        if (i != lazy.table)
            assert_memory_equal(a + info.offset, b + info.offset, (size_t)info.count * sizeof *a);
    }
    free(before);
    free(after);
    lookup_free(&lazy);
    lookup_free(&dense);
}

TEST(lazy_is_refused_where_it_makes_no_sense)
{
    lookup l;
    lookup_new(&l, BRN_DTYPE_F32, 6, 3, 3, false);
    brn_optimizer_options o = brn_optimizer_defaults(BRN_OPTIMIZER_LAMB);
    brn_optimizer *optimizer;
    o.lazy = true;
    assert_fails(brn_optimizer_new(l.store, &o, &optimizer), BRN_ERROR_USAGE, "lazy");
    o = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    o.lazy = true, o.lookahead_every = 6;
    assert_fails(brn_optimizer_new(l.store, &o, &optimizer), BRN_ERROR_USAGE, "lazy");
    lookup_free(&l);
}

TEST(rows_are_found_in_a_gradient_that_was_written_by_hand)
{
    lookup l;
    lookup_new(&l, BRN_DTYPE_F32, 300, 40, 8, false);
    lookup_run_drawn(&l, 0);
    void *gradients;
    assert_ok(brn_parameters_gradients(l.store, &gradients));
    float *table = (float *)gradients + brn_parameters_info(l.store, l.table).offset;
    memset(table, 0, 300 * 40 * sizeof *table);
    table[3 * 40 + 39] = 1, table[299 * 40] = -1;
    assert_ok(brn__parameters_find_rows(l.store, l.table));
    const brn__rows *rows = brn__parameters_rows(l.store, l.table);
    assert_true(rows->listed && rows->count == 2 && rows->rows[0] == 3 && rows->rows[1] == 299);
    lookup_free(&l);
}
