/* SPDX-License-Identifier: Apache-2.0
 * category_linear against what it stands for, a linear layer over embeddings side by side with numbers; and the pass
 * that puts it there: where, with what result, and where not. */
#include "burnish/nn.h"
#include "golden/generator.h"
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "burnish/runner.h"
#include "models/table_net.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 24, BATCH_MAX = 300 };

/* ------------------------------------------------------------------ the op and the composed form */

enum { ROWS = 37, OUTPUTS = 21, NUMBERS = 4, TABLES = 3 };
static const int64_t cardinalities[TABLES] = {5, 1, 50}, widths[TABLES] = {3, 2, 7};

/* y = linear(embedding 0, numbers 0..1, embedding 1, embedding 2, numbers 2..3) */
static brn_node *composed(brn_node *x, brn_node **tables, brn_node *numbers, brn_node *weight, brn_node *bias)
{
    brn_node *parts[] = {brn_embedding(tables[0], brn_column_indices(x, 0)), brn_slice(numbers, 1, 0, 2),
                         brn_embedding(tables[1], brn_column_indices(x, 1)),
                         brn_embedding(tables[2], brn_column_indices(x, 2)), brn_slice(numbers, 1, 2, 4)};
    return brn_linear(brn_concat(parts, 5, 1), weight, bias);
}

static brn_node *by_category(brn_node *x, brn_node **tables, brn_node *numbers, brn_node *weight, brn_node *bias)
{
    static const brn__category_column columns[] = {{0, 5, 3, 0}, {1, 1, 2, 5}, {2, 50, 7, 7}};
    static const brn__dense_run runs[] = {{3, 2}, {14, 2}};
    const brn__category_linear_attributes attributes = {3, 2, columns, runs, BRN_ACTIVATION_NONE};
    brn_node *flat[TABLES];
    for (int i = 0; i < TABLES; i++) flat[i] = brn_reshape(tables[i], (int64_t[]){-1}, 1);
    brn_node *inputs[] = {x, brn_concat(flat, TABLES, 0), weight, numbers, bias};
    return brn__apply(&brn__op_category_linear, &attributes, inputs, 5);
}

/* The layer's values, then all gradients of sum(v y). */
static double *values_of(bool as_categories, const double *rows, int64_t *count)
{
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    brn_node *tables[TABLES];
    const brn_init init = {.kind = BRN_INIT_NORMAL, .a = 1};
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "x", BRN_DTYPE_F32, (int64_t[]){ROWS, TABLES}, 2);
    for (int i = 0; i < TABLES; i++) {
        char name[8];
        snprintf(name, sizeof name, "e%d", i);
        tables[i] = brn_parameter(graph, name, (int64_t[]){cardinalities[i], widths[i]}, 2, BRN_PARAMETER_WEIGHT, init);
    }
    brn_node *numbers = brn_parameter(graph, "numbers", (int64_t[]){ROWS, NUMBERS}, 2, BRN_PARAMETER_WEIGHT, init);
    brn_node *weight = brn_parameter(graph, "weight", (int64_t[]){OUTPUTS, 16}, 2, BRN_PARAMETER_WEIGHT, init);
    brn_node *bias = brn_parameter(graph, "bias", (int64_t[]){OUTPUTS}, 1, BRN_PARAMETER_BIAS, init);
    brn_node *v = brn_parameter(graph, "v", (int64_t[]){ROWS, OUTPUTS}, 2, BRN_PARAMETER_WEIGHT, init);
    brn_node *y = (as_categories ? by_category : composed)(x, tables, numbers, weight, bias);
    brn_node *loss = brn_reduce(brn_mul(y, v), BRN_REDUCE_SUM, 3, false);
    assert_ok(brn_graph_status(graph));
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F64, &store));
    assert_ok(brn_parameters_initialise(store, 3, -1));
    assert_ok(brn_runner_new(store, "reference", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.loss = loss;
    options.outputs[options.output_count++] = y;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", rows));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    int64_t all = ROWS * OUTPUTS;
    for (int i = 0; i < brn_parameters_count(store); i++) all += brn_parameters_info(store, i).count;
    double *out = malloc((size_t)all * sizeof *out), *to = out + ROWS * OUTPUTS;
    void *gradients;
    memcpy(out, brn_plan_output(plan, 0), ROWS * OUTPUTS * sizeof *out);
    assert_ok(brn_parameters_gradients(store, &gradients));
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        memcpy(to, (const double *)gradients + info.offset, (size_t)info.count * sizeof *to);
        to += info.count;
    }
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
    *count = all;
    return out;
}

TEST(category_linear_is_a_linear_layer_over_embeddings_and_numbers)
{
    double rows[ROWS * TABLES], norm = 0;
    for (int n = 0; n < ROWS; n++)
        for (int i = 0; i < TABLES; i++) rows[n * TABLES + i] = (double)((5 * n + 3 * i) % cardinalities[i]);
    int64_t count, same;
    double *got = values_of(true, rows, &count), *expected = values_of(false, rows, &same);
    assert_int_equal(count, same);
    for (int64_t i = 0; i < count; i++) {
        assert_close(got[i], expected[i], 1e-9);
        norm += expected[i] * expected[i];
    }
    assert_true(norm > 1000); /* not zero to zero */
    free(got);
    free(expected);
}

/* ------------------------------------------------------------------ the pass */

typedef struct net {
    brn__table_net_options options;
    int64_t cardinalities[COLUMNS_MAX], widths[COLUMNS_MAX], batch;
    brn_graph *graph;
    brn_node *x, *output, *loss;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    float rows[BATCH_MAX * COLUMNS_MAX];
    double wide[BATCH_MAX * COLUMNS_MAX];
    int64_t target[BATCH_MAX];
} net;

/* Adult's columns, and one hidden layer as wide as its first. */
static net *adult(int64_t batch)
{
    static const int64_t cards[] = {10, 17, 8, 16, 7, 6, 3, 42, 3};
    net *n = calloc(1, sizeof *n);
    n->options = brn__table_net_defaults(BRN__TABLE_FASTAI2);
    n->options.by_category = true;
    n->options.category_count = 9;
    n->options.number_count = 6;
    n->options.cardinalities = n->cardinalities;
    n->options.outputs = 2;
    n->batch = batch;
    memcpy(n->cardinalities, cards, sizeof cards);
    return n;
}

static void draw_rows(net *n, int step)
{
    const int64_t categories = n->options.category_count, all = categories + n->options.number_count;
    golden_uniform("numbers", n->batch * all, n->wide);
    for (int64_t i = 0; i < n->batch; i++) {
        for (int64_t c = 0; c < categories; c++)
            n->wide[i * all + c] = (double)((i * (c + 1) + i / 7 + step) % n->cardinalities[c]);
        n->target[i] = i * 7 % 3 == 1;
    }
    for (int64_t i = 0; i < n->batch * all; i++) n->rows[i] = (float)n->wide[i];
}

static void net_open(net *n, const char *backend, int threads)
{
    const bool reference = strcmp(backend, "reference") == 0;
    const int64_t dims[] = {n->batch, n->options.category_count + n->options.number_count};
    assert_ok(brn_graph_new(&n->graph));
    n->x = brn_input(n->graph, "x", BRN_DTYPE_F32, dims, 2);
    n->output = brn__table_net(n->x, &n->options);
    n->loss = brn_cross_entropy(n->output, brn_input(n->graph, "target", BRN_DTYPE_I64, dims, 1), -1);
    assert_ok(brn_graph_status(n->graph));
    assert_ok(brn_parameters_new(n->graph, reference ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &n->store));
    for (int i = 0; i < brn_parameters_count(n->store); i++) {
        const brn_parameter_info info = brn_parameters_info(n->store, i);
        double *values = malloc((size_t)info.count * sizeof *values);
        golden_fill("table", info.name, info.shape.rank, info.shape.dims, values);
        assert_ok(brn_parameters_write(n->store, i, BRN_DTYPE_F64, values, info.count));
        free(values);
    }
    assert_ok(brn_runner_new(n->store, backend, threads, &n->runner));
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = n->loss;
    options.outputs[options.output_count++] = n->output;
    assert_ok(brn_runner_plan(n->runner, &options, &n->plan));
    draw_rows(n, 0);
    assert_ok(brn_plan_bind(n->plan, "x", reference ? (void *)n->wide : (void *)n->rows));
    assert_ok(brn_plan_bind(n->plan, "target", n->target));
}

static void net_close(net *n)
{
    brn_runner_free(n->runner);
    brn_parameters_free(n->store);
    brn_graph_free(n->graph);
    free(n);
}

static int steps_of(const brn_plan *plan, const char *op)
{
    int count = 0;
    for (int i = 0; i < brn_plan_step_count(plan); i++) count += strcmp(brn_plan_step(plan, i).op, op) == 0;
    return count;
}

/* How many layers go by category, and how many columns are looked up row by row. */
static void expect(net *n, int layers, int embeddings)
{
    net_open(n, "cpu", 1);
    assert_int_equal(steps_of(n->plan, "category_linear"), layers);
    assert_int_equal(steps_of(n->plan, "category_linear_grad"), layers);
    assert_int_equal(steps_of(n->plan, "embedding"), embeddings);
    net_close(n);
}

TEST(a_layer_goes_by_category_where_that_is_less_work)
{
    expect(adult(64), 1, 0);
    expect(adult(256), 1, 0);
    expect(adult(4), 0, 9); /* more categories than rows */
    net *n = adult(64);
    n->options.by_category = false; /* a lazy step needs the rows */
    expect(n, 0, 9);
    n = adult(64);
    n->options.embedding_dropout = .1;
    expect(n, 0, 9);
    n = adult(64);
    n->options.one_hot = true;
    expect(n, 0, 9);
    n = adult(64);
    n->cardinalities[7] = 1000; /* one column is not worth it, the others are */
    expect(n, 1, 1);
    n = adult(64);
    for (int i = 0; i < 9; i++) n->cardinalities[i] = 100;
    expect(n, 0, 9);
    n = adult(24);
    n->options.category_count = 1;
    expect(n, 1, 0);
    n = adult(24);
    n->options.number_count = 20, n->options.category_count = 1; /* much that stays dense beside one column */
    expect(n, 0, 1);
}

TEST(a_prediction_looks_rows_up)
{
    net *n = adult(64);
    net_open(n, "cpu", 1);
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = n->output;
    brn_plan *plan;
    assert_ok(brn_runner_plan(n->runner, &options, &plan));
    assert_int_equal(steps_of(plan, "category_linear"), 0);
    assert_int_equal(steps_of(plan, "embedding"), 9);
    options = brn_plan_defaults(); /* the plan's batch counts, not the graph's */
    options.loss = n->loss;
    options.shape_inputs[0] = n->x, options.shapes[0] = brn_shape_of(2, (int64_t[]){4, 15});
    options.shape_inputs[1] = n->loss->inputs[1].node, options.shapes[1] = brn_shape_of(1, (int64_t[]){4});
    options.shape_count = 2;
    assert_ok(brn_runner_plan(n->runner, &options, &plan));
    assert_int_equal(steps_of(plan, "category_linear"), 0);
    net_close(n);
}

/* Outputs and gradients of both, by name. */
static void compare(net *a, net *b, double tolerance)
{
    const bool reference = brn_parameters_dtype(b->store) == BRN_DTYPE_F64;
    void *of_a, *of_b;
    assert_ok(brn_plan_run(a->plan, &(brn_run){.seed = 1}));
    assert_ok(brn_plan_run(b->plan, &(brn_run){.seed = 1}));
    assert_ok(brn_parameters_gradients(a->store, &of_a));
    assert_ok(brn_parameters_gradients(b->store, &of_b));
    for (int i = -1; i < brn_parameters_count(a->store); i++) {
        const brn_parameter_info info = brn_parameters_info(a->store, i < 0 ? 0 : i);
        if (i >= 0 && info.kind == BRN_PARAMETER_BUFFER) continue;
        const float *got = i < 0 ? brn_plan_output(a->plan, 0) : (const float *)of_a + info.offset;
        const int place = brn_parameters_find(b->store, info.name);
        const int64_t at = i < 0 ? 0 : brn_parameters_info(b->store, place).offset;
        const void *expected = i < 0 ? brn_plan_output(b->plan, 0) : of_b;
        const int64_t count = i < 0 ? a->batch * a->options.outputs : info.count;
        double error = 0, norm = 0;
        for (int64_t k = 0; k < count; k++) {
            const double e = reference ? ((const double *)expected)[at + k] : (double)((const float *)expected)[at + k];
            error += ((double)got[k] - e) * ((double)got[k] - e);
            norm += e * e;
        }
        if (!(norm > 0 && sqrt(error) <= tolerance * sqrt(norm)))
            fail_msg("%s is off by %g of %g", i < 0 ? "output" : info.name, sqrt(error), sqrt(norm));
    }
}

/* On the reference backend nothing is replaced. */
static void compare_with_reference(net *n, net *reference)
{
    net_open(n, "cpu", 1);
    net_open(reference, "reference", 1);
    assert_int_equal(steps_of(n->plan, "category_linear"), 1);
    assert_int_equal(steps_of(reference->plan, "category_linear"), 0);
    compare(n, reference, 2e-5);
    /* Other codes in the same plan: sums of the first run must be gone. */
    for (int step = 1; step < 3; step++) {
        draw_rows(n, step);
        draw_rows(reference, step);
        compare(n, reference, 2e-5);
    }
    net_close(n);
    net_close(reference);
}

TEST(a_network_by_category_trains_as_the_reference_does)
{
    compare_with_reference(adult(64), adult(64));
    net *pair[2];
    for (int i = 0; i < 2; i++) { /* columns stay dense in the middle and behind, and there are numbers or none */
        pair[i] = adult(61);
        pair[i]->cardinalities[4] = pair[i]->cardinalities[8] = 500;
    }
    compare_with_reference(pair[0], pair[1]);
    for (int i = 0; i < 2; i++) {
        pair[i] = adult(61);
        pair[i]->cardinalities[4] = 500;
        pair[i]->options.number_count = 0;
    }
    compare_with_reference(pair[0], pair[1]);
    for (int i = 0; i < 2; i++) { /* more columns than an op takes inputs, all of #na# alone but two; with bias */
        pair[i] = adult(90);
        pair[i]->options.category_count = 21;
        pair[i]->options.number_count = 1;
        pair[i]->options.norm_hidden = false;
        for (int c = 0; c < 21; c++) pair[i]->cardinalities[c] = 1, pair[i]->widths[c] = 3;
        pair[i]->cardinalities[0] = 19, pair[i]->cardinalities[20] = 33;
        pair[i]->options.widths = pair[i]->widths;
    }
    compare_with_reference(pair[0], pair[1]);
    for (int i = 0; i < 2; i++) { /* no hidden layer */
        pair[i] = adult(64);
        pair[i]->options.hidden_count = 0;
    }
    compare_with_reference(pair[0], pair[1]);
}

TEST(a_layer_by_category_has_the_same_bits_for_any_number_of_threads)
{
    net *one = adult(300);
    net_open(one, "cpu", 1);
    assert_int_equal(steps_of(one->plan, "category_linear"), 1);
    for (int threads = 2; threads <= 7; threads += 1) {
        net *many = adult(300);
        net_open(many, "cpu", threads);
        compare(many, one, 0);
        net_close(many);
    }
    net_close(one);
}

TEST(a_layer_by_category_refuses_codes_that_are_none)
{
    static const float wrong[] = {10, -1, NAN, 9.5f, INFINITY};
    net *n = adult(64);
    net_open(n, "cpu", 1);
    assert_ok(brn_plan_run(n->plan, &(brn_run){.seed = 1}));
    for (int i = 0; i < 5; i++) {
        n->rows[3 * 15] = wrong[i];
        assert_fails(brn_plan_run(n->plan, &(brn_run){.seed = 1}), BRN_ERROR_INPUT, "column 0 at place 3 is not in 0..9");
    }
    n->rows[3 * 15] = 9.49f; /* rounds to the last */
    assert_ok(brn_plan_run(n->plan, &(brn_run){.seed = 1}));
    n->rows[3 * 15] = -.5f; /* halves up */
    assert_ok(brn_plan_run(n->plan, &(brn_run){.seed = 1}));
    net_close(n);
}
