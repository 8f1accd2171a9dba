/* SPDX-License-Identifier: Apache-2.0
 * The table network against fastai 2's TabularModel in double (tests/golden/make_table_net.py): one
 * training step with dropout, gradients and running statistics; and its rules by hand. */
#include "models/table_net.h"
#include "burnish/runner.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 16, BATCH_MAX = 64 };

typedef struct step {
    json_t *golden;
    const char *name, *backend;
    bool real64;
    brn__table_net_options options;
    int64_t cardinalities[COLUMNS_MAX], widths[COLUMNS_MAX], batch;
    brn_graph *graph;
    brn_node *output, *loss;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    double worst;
} step;

static const json_t *member(const step *s, const char *key)
{
    char path[64];
    snprintf(path, sizeof path, "cases/%s/%s", s->name, key);
    return golden_at(s->golden, path);
}

static void read_options(step *s)
{
    brn__table_net_options *o = &s->options;
    const json_t *cards = member(s, "cards"), *layers = member(s, "layers");
    *o = brn__table_net_defaults(BRN__TABLE_FASTAI2);
    o->category_count = (int64_t)json_array_size(cards);
    o->number_count = json_integer_value(member(s, "numbers"));
    for (int64_t i = 0; i < o->category_count; i++) {
        s->cardinalities[i] = json_integer_value(json_array_get(cards, (size_t)i));
        s->widths[i] = json_integer_value(json_array_get(member(s, "widths"), (size_t)i));
    }
    o->cardinalities = s->cardinalities;
    o->widths = s->widths;
    o->hidden_count = (int)json_array_size(layers);
    for (int i = 0; i < o->hidden_count; i++) {
        o->hidden[i] = json_integer_value(json_array_get(layers, (size_t)i));
        o->dropout[i] = json_number_value(json_array_get(member(s, "ps"), (size_t)i));
    }
    o->embedding_dropout = json_number_value(member(s, "embed_p"));
    o->norm_hidden = json_is_true(member(s, "use_bn"));
    o->outputs = json_integer_value(member(s, "outputs"));
    o->by_category = true;
    char path[64];
    snprintf(path, sizeof path, "cases/%s/y_range", s->name);
    o->has_range = golden_has(s->golden, path);
    if (!o->has_range) return;
    o->low = json_number_value(json_array_get(member(s, "y_range"), 0));
    o->high = json_number_value(json_array_get(member(s, "y_range"), 1));
}

static void build(step *s)
{
    int64_t dims[] = {s->batch, s->options.category_count + s->options.number_count};
    assert_ok(brn_graph_new(&s->graph));
    brn_node *x = brn_input(s->graph, "x", BRN_DTYPE_F32, dims, 2);
    s->output = brn__table_net(x, &s->options);
    bool number = s->options.outputs == 1;
    brn_node *target =
        brn_input(s->graph, "target", number ? BRN_DTYPE_F32 : BRN_DTYPE_I64, dims, 1);
    s->loss = number ? brn_loss(brn_reshape(s->output, (int64_t[]){0}, 1), target, BRN_LOSS_MSE)
                     : brn_cross_entropy(s->output, target, -1);
    assert_ok(brn_graph_status(s->graph));
    assert_int_equal(brn_graph_group_count(s->graph), BRN__TABLE_GROUPS);
    assert_ok(brn_parameters_new(s->graph, s->real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32, &s->store));
    assert_ok(brn_runner_new(s->store, s->backend, 1, &s->runner));
    for (int i = 0; i < brn_parameters_count(s->store); i++) {
        brn_parameter_info info = brn_parameters_info(s->store, i);
        double *values = malloc((size_t)info.count * sizeof *values);
        golden_fill("table", info.name, info.shape.rank, info.shape.dims, values);
        assert_ok(brn_parameters_write(s->store, i, BRN_DTYPE_F64, values, info.count));
        free(values);
    }
}

/* Doubles into what the backend calls real. The caller frees. */
static void *reals(const step *s, const double *values, int64_t count)
{
    double *out = malloc((size_t)count * sizeof *out);
    for (int64_t i = 0; i < count; i++)
        if (s->real64)
            out[i] = values[i];
        else
            ((float *)(void *)out)[i] = (float)values[i];
    return out;
}

static double *doubles(const step *s, const void *values, int64_t count)
{
    double *out = malloc((size_t)count * sizeof *out);
    for (int64_t i = 0; i < count; i++)
        out[i] = s->real64 ? ((const double *)values)[i] : ((const float *)values)[i];
    return out;
}

static void bind_and_run(step *s)
{
    int64_t categories = s->options.category_count, numbers = s->options.number_count;
    double drawn[BATCH_MAX * COLUMNS_MAX], rows[BATCH_MAX * COLUMNS_MAX], target[BATCH_MAX];
    int64_t classes[BATCH_MAX];
    golden_uniform("numbers", s->batch * numbers, drawn);
    golden_uniform("target", s->batch, target);
    golden_targets(s->batch, s->options.outputs, classes);
    for (int64_t n = 0; n < s->batch; n++) {
        double *row = rows + n * (categories + numbers);
        for (int64_t c = 0; c < categories; c++)
            row[c] = (double)((7 * n + 3 * c) % s->cardinalities[c]);
        for (int64_t i = 0; i < numbers; i++) row[categories + i] = drawn[n * numbers + i];
    }
    void *x = reals(s, rows, s->batch * (categories + numbers)), *y = reals(s, target, s->batch);
    assert_ok(brn_plan_bind(s->plan, "x", x));
    assert_ok(brn_plan_bind(s->plan, "target", s->options.outputs == 1 ? y : (void *)classes));
    assert_ok(brn_plan_run(s->plan, &(brn_run){.seed = 1}));
    free(x);
    free(y);
}

static void check(step *s, const json_t *summary, const char *name, const void *values,
                  int64_t count)
{
    double tolerance = s->real64 ? 1e-9 : 1e-4, *wide = doubles(s, values, count);
    if (!summary) fail_msg("%s: the golden has no %s", s->name, name);
    double error = golden_compare(summary, name, wide, count).full;
    if (!(error <= tolerance))
        fail_msg("%s on %s: %s is off by %g", s->name, s->backend, name, error);
    s->worst = fmax(s->worst, error);
    free(wide);
}

static void check_parameters(step *s)
{
    size_t bytes = s->real64 ? sizeof(double) : sizeof(float), learned = 0, buffers = 0;
    void *gradients;
    assert_ok(brn_parameters_gradients(s->store, &gradients));
    for (int i = 0; i < brn_parameters_count(s->store); i++) {
        brn_parameter_info info = brn_parameters_info(s->store, i);
        bool buffer = info.kind == BRN_PARAMETER_BUFFER;
        const char *from = buffer ? brn_parameters_values(s->store) : gradients;
        check(s, json_object_get(member(s, buffer ? "buffers" : "gradients"), info.name), info.name,
              from + (size_t)info.offset * bytes, info.count);
        *(buffer ? &buffers : &learned) += 1;
    }
    assert_int_equal(learned, json_object_size(member(s, "gradients")));
    assert_int_equal(buffers, json_object_size(member(s, "buffers")));
}

static void check_step(const char *name, const char *backend)
{
    step s = {.name = name, .backend = backend, .real64 = strcmp(backend, "reference") == 0};
    s.golden = golden_open("tests/golden/tables/net.json");
    s.batch = (int64_t)golden_number(s.golden, "batch");
    read_options(&s);
    build(&s);
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    options.loss = s.loss;
    options.outputs[options.output_count++] = s.loss;
    options.outputs[options.output_count++] = s.output;
    memset(options.norm_form, BRN_NORM_BATCH, sizeof options.norm_form);
    assert_ok(brn_runner_plan(s.runner, &options, &s.plan));
    bool by_category = false;
    for (int i = 0; i < brn_plan_step_count(s.plan); i++)
        by_category |= strcmp(brn_plan_step(s.plan, i).op, "category_linear") == 0;
    assert_int_equal(by_category, !s.real64 && strcmp(name, "few") == 0);
    bind_and_run(&s);
    double *loss = doubles(&s, brn_plan_output(s.plan, 0), 1);
    assert_close(*loss, json_number_value(member(&s, "loss")), s.real64 ? 1e-9 : 1e-5);
    free(loss);
    check(&s, member(&s, "output"), "output", brn_plan_output(s.plan, 1),
          s.batch * s.options.outputs);
    check_parameters(&s);
    print_message("%s on %s: worst %.2g\n", name, backend, s.worst);
    brn_runner_free(s.runner);
    brn_parameters_free(s.store);
    brn_graph_free(s.graph);
    json_decref(s.golden);
}

static const char *const cases[] = {"range", "classes", "numbers", "categories", "few"};

TEST(table_net_steps_as_fastai_in_double)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_step(cases[i], "reference");
}

TEST(table_net_steps_as_fastai_on_cpu)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_step(cases[i], "cpu");
}

TEST(embedding_widths_follow_both_rules)
{
    /* c of the Rossmann lesson -> width, 0.7 */
    static const int64_t course[][2] = {{1116, 50}, {8, 4},   {4, 2},   {13, 7},
                                        {32, 16},   {3, 2},   {26, 13}, {27, 14},
                                        {53, 27},   {22, 11}, {98, 49}, {99, 50}};
    /* fastai 2: emb_sz_rule */
    static const int64_t now[][2] = {{2, 2},   {3, 3},     {10, 6},       {17, 8},
                                     {43, 13}, {1000, 77}, {100000, 600}, {16000000, 600}};
    for (size_t i = 0; i < sizeof course / sizeof *course; i++)
        assert_int_equal(brn__embedding_width(BRN__TABLE_COURSE, course[i][0]), course[i][1]);
    for (size_t i = 0; i < sizeof now / sizeof *now; i++)
        assert_int_equal(brn__embedding_width(BRN__TABLE_FASTAI2, now[i][0]), now[i][1]);
}

static void expect_refusal(const brn__table_net_options *options, int64_t columns, const char *part)
{
    brn_graph *graph;
    int64_t dims[] = {4, columns};
    assert_ok(brn_graph_new(&graph));
    brn__table_net(brn_input(graph, "x", BRN_DTYPE_F32, dims, 2), options);
    assert_fails(brn_graph_status(graph), BRN_ERROR_INPUT, part);
    brn_graph_free(graph);
}

TEST(table_net_refuses_what_does_not_fit)
{
    int64_t cardinalities[] = {3, 0};
    brn__table_net_options options = brn__table_net_defaults(BRN__TABLE_COURSE);
    options.category_count = 1;
    options.cardinalities = cardinalities;
    options.number_count = 2;
    expect_refusal(&options, 4, "x must be (N, 3), got (4, 4)");
    options.category_count = 2;
    expect_refusal(&options, 4, "a cardinality is at least 1, got 0");
    cardinalities[1] = 2;
    options.has_range = true;
    expect_refusal(&options, 4, "the range 0 to 0 is empty");
    options.has_range = false;
    options.hidden[1] = 0;
    expect_refusal(&options, 4, "a hidden width is at least 1, got 0");
    options.hidden_count = 9;
    expect_refusal(&options, 4, "0 to 8 hidden layers, got 9");
}

TEST(table_net_refuses_codes_that_are_none)
{
    int64_t cardinality = 3, dims[] = {2, 1};
    brn__table_net_options options = brn__table_net_defaults(BRN__TABLE_FASTAI2);
    options.category_count = 1;
    options.cardinalities = &cardinality;
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *y = brn__table_net(brn_input(graph, "x", BRN_DTYPE_F32, dims, 2), &options);
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    assert_ok(brn_parameters_initialise(store, 1, -1));
    assert_ok(brn_runner_new(store, "cpu", 1, &runner));
    brn_plan_options plan_options = brn_plan_defaults();
    plan_options.outputs[plan_options.output_count++] = y;
    assert_ok(brn_runner_plan(runner, &plan_options, &plan));
    float codes[][2] = {{0, 2.4f}, {1, 3}, {-1, 0}, {NAN, 0}};
    for (int i = 0; i < 4; i++) {
        assert_ok(brn_plan_bind(plan, "x", codes[i]));
        brn_status status = brn_plan_run(plan, &(brn_run){.seed = 1});
        assert_int_equal(status, i == 0 ? BRN_OK : BRN_ERROR_INPUT);
    }
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
}

/* What a layer over zeros and ones is: bias, and the columns of the weight where the ones are. */
TEST(table_net_without_embeddings_is_a_layer_over_zeros_and_ones)
{
    const int64_t cardinalities[] = {3, 2}, dims[] = {3, 3};
    const double rows[] = {0, 1, .5, 2, 0, -1, 1, 1, 0};
    brn__table_net_options o = brn__table_net_defaults(BRN__TABLE_FASTAI2);
    o.category_count = 2;
    o.number_count = 1;
    o.cardinalities = cardinalities;
    o.hidden_count = 0;
    o.norm_numbers = false;
    o.one_hot = true;
    o.outputs = 2;
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
    assert_ok(brn_graph_new(&graph));
    brn_node *output = brn__table_net(brn_input(graph, "x", BRN_DTYPE_F32, dims, 2), &o);
    assert_ok(brn_graph_status(graph));
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F64, &store));
    assert_ok(brn_parameters_initialise(store, 5, -1));
    assert_ok(brn_runner_new(store, "reference", 1, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = output;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "x", rows));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    const double *y = brn_plan_output(plan, 0), *values = brn_parameters_values(store);
    const double *w[4];
    const char *const names[] = {"embeds.0.weight", "embeds.1.weight", "layers.0.0.weight", "layers.0.0.bias"};
    for (int i = 0; i < 4; i++) {
        const int place = brn_parameters_find(store, names[i]);
        assert_true(place >= 0);
        w[i] = values + brn_parameters_info(store, place).offset;
    }
    for (int n = 0; n < 3; n++)
        for (int k = 0; k < 2; k++) {
            const double *x = rows + 3 * n;
            assert_close(y[2 * n + k], w[0][2 * (int)x[0] + k] + w[1][2 * (int)x[1] + k] + x[2] * w[2][k] + w[3][k], 1e-12);
        }
    double most = 0;
    for (int i = 0; i < 6; i++) most = fmax(most, fabs(w[0][i]));
    assert_true(most > .1 && most <= 1 / sqrt(6)); /* six inputs: three values, two, a number */
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
}
