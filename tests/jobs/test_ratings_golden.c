/* SPDX-License-Identifier: Apache-2.0
 * The networks of the ratings job against PyTorch and fastai 2 in double (tests/golden/make_ratings.py):
 * gradients of one step, losses and weights of ten steps of Adam, on both backends. */
#include "golden/generator.h"
#include "golden/golden.h"
#include "jobs/ratings_job.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 12, STEPS = 10, USERS = 7, ITEMS = 9, FACTORS = 5, WIDTH_MAX = 4 };

typedef struct run {
    json_t *golden;
    const char *name, *backend;
    bool real64;
    double tolerance, worst;
    brn_ratings_options options;
    brn__ratings_network network;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
} run;

static brn_ratings_options options_of(const char *name)
{
    brn_ratings_options o = brn_ratings_defaults();
    o.data = "golden";
    o.batch_size = BATCH;
    o.factors = FACTORS;
    o.threads = 1;
    if (!strcmp(name, "bpr")) o.loss = BRN_RATINGS_LOSS_BPR;
    if (!strcmp(name, "weighted")) o.loss = BRN_RATINGS_LOSS_WEIGHTED;
    if (!strcmp(name, "neural") || !strcmp(name, "course")) o.network = BRN_RATINGS_NEURAL;
    if (!strcmp(name, "course")) o.form = BRN_RATINGS_FORM_COURSE;
    o.has_range = !strcmp(name, "dot") || o.network == BRN_RATINGS_NEURAL;
    o.low = .5;
    o.high = 5.5;
    assert_ok(brn__ratings_options_settle(&o));
    return o;
}

static void fill_weights(run *r)
{
    for (int i = 0; i < brn_parameters_count(r->store); i++) {
        brn_parameter_info info = brn_parameters_info(r->store, i);
        double *values = malloc((size_t)info.count * sizeof *values);
        golden_fill("table", info.name, info.shape.rank, info.shape.dims, values);
        assert_ok(brn_parameters_write(r->store, i, BRN_DTYPE_F64, values, info.count));
        free(values);
    }
}

static void open_run(run *r)
{
    r->real64 = strcmp(r->backend, "reference") == 0;
    r->tolerance = r->real64 ? 1e-9 : 1e-4;
    r->golden = golden_open("tests/golden/ratings.json");
    r->options = options_of(r->name);
    assert_ok(brn__ratings_network_new(&r->options, USERS, ITEMS, &r->network));
    assert_ok(brn_parameters_new(r->network.graph, r->real64 ? BRN_DTYPE_F64 : BRN_DTYPE_F32,
                                 &r->store));
    assert_ok(brn_runner_new(r->store, r->backend, 1, &r->runner));
    fill_weights(r);
    brn_plan_options plan = brn_plan_defaults();
    plan.training = true;
    plan.loss = r->network.ends.loss;
    plan.outputs[plan.output_count++] = r->network.ends.loss;
    memset(plan.norm_form, BRN_NORM_BATCH, sizeof plan.norm_form);
    assert_ok(brn_runner_plan(r->runner, &plan, &r->plan));
}

static void close_run(run *r)
{
    print_message("%s on %s: worst %.2g\n", r->name, r->backend, r->worst);
    brn_runner_free(r->runner);
    brn_parameters_free(r->store);
    brn__ratings_network_free(&r->network);
    json_decref(r->golden);
}

/* The rows of make_ratings.py's batch(step), in the form of the loss. */
static void make_batch(const run *r, int step, double *rows, double *target)
{
    char stream[32];
    double drawn[BATCH];
    snprintf(stream, sizeof stream, "rating:%d", step);
    golden_uniform(stream, BATCH, drawn);
    for (int n = 0; n < BATCH; n++) {
        double *row = rows + n * r->network.width, rating = 1 + 2 * (drawn[n] + 1);
        row[0] = 1 + (7 * n + 5 * step) % USERS;
        row[1] = 1 + (11 * n + 3 * step) % ITEMS;
        target[n] = rating;
        if (r->options.loss == BRN_RATINGS_LOSS_BPR) {
            row[2] = row[0];
            row[3] = 1 + (5 * n + 7 * step + 2) % ITEMS;
            target[n] = 1;
        } else if (r->options.loss == BRN_RATINGS_LOSS_WEIGHTED) {
            row[2] = n % 2 ? 1 : sqrt(1 + rating);
            target[n] = n % 2 ? 0 : row[2];
        }
    }
}

static double run_step(run *r, int step)
{
    double rows[BATCH * WIDTH_MAX], target[BATCH];
    float narrow_rows[BATCH * WIDTH_MAX], narrow_target[BATCH];
    make_batch(r, step, rows, target);
    for (int i = 0; i < BATCH * (int)r->network.width; i++) narrow_rows[i] = (float)rows[i];
    for (int i = 0; i < BATCH; i++) narrow_target[i] = (float)target[i];
    assert_ok(brn_plan_bind(r->plan, "rows", r->real64 ? (void *)rows : narrow_rows));
    assert_ok(brn_plan_bind(r->plan, "target", r->real64 ? (void *)target : narrow_target));
    assert_ok(brn_plan_run(r->plan, &(brn_run){.seed = 1, .step = (uint32_t)step}));
    const void *loss = brn_plan_output(r->plan, 0);
    return r->real64 ? *(const double *)loss : (double)*(const float *)loss;
}

static const json_t *member(const run *r, const char *part)
{
    char path[64];
    snprintf(path, sizeof path, "cases/%s/%s", r->name, part);
    return golden_at(r->golden, path);
}

/* A gradient that is zero in theory is no number to compare with. */
static bool is_zero(const json_t *summary)
{
    return fabs(json_number_value(json_object_get(summary, "norm"))) < 1e-12;
}

static void check_all(run *r, const char *part, const void *buffer)
{
    const json_t *summaries = member(r, part);
    size_t checked = 0;
    for (int i = 0; i < brn_parameters_count(r->store); i++) {
        brn_parameter_info info = brn_parameters_info(r->store, i);
        const json_t *summary = json_object_get(summaries, info.name);
        if (!summary) continue;
        double *wide = malloc((size_t)info.count * sizeof *wide), error = 0;
        for (int64_t k = 0; k < info.count; k++)
            wide[k] = r->real64 ? ((const double *)buffer)[info.offset + k]
                                : (double)((const float *)buffer)[info.offset + k];
        if (!is_zero(summary)) error = golden_compare(summary, info.name, wide, info.count).full;
        for (int64_t k = 0; is_zero(summary) && k < info.count; k++)
            error = fmax(error, fabs(wide[k]));
        if (!(error <= r->tolerance))
            fail_msg("%s on %s: %s of %s is off by %g", r->name, r->backend, part, info.name, error);
        r->worst = fmax(r->worst, error);
        free(wide);
        checked++;
    }
    assert_int_equal(checked, json_object_size(summaries));
}

static void check_run(const char *name, const char *backend)
{
    run r = {.name = name, .backend = backend};
    open_run(&r);
    brn_optimizer *optimizer;
    brn_optimizer_options adam = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    adam.weight_decay = .1;
    adam.threads = 1;
    assert_ok(brn_optimizer_new(r.store, &adam, &optimizer));
    const brn_optimizer_settings settings = brn_optimizer_settings_of(&adam, .01);
    for (int step = 0; step < STEPS; step++) {
        double loss = run_step(&r, step), want;
        want = json_number_value(json_array_get(member(&r, "losses"), (size_t)step));
        assert_close(loss, want, r.real64 ? 1e-9 : 1e-4);
        if (step == 0) {
            void *gradients;
            assert_ok(brn_parameters_gradients(r.store, &gradients));
            check_all(&r, "gradients", gradients);
        }
        assert_ok(brn_optimizer_step(optimizer, &settings, UINT64_MAX));
    }
    check_all(&r, "weights", brn_parameters_values(r.store));
    check_all(&r, "buffers", brn_parameters_values(r.store));
    brn_optimizer_free(optimizer);
    close_run(&r);
}

static const char *const names[] = {"dot", "free", "neural", "course", "bpr", "weighted"};

TEST(ratings_networks_go_ten_steps_as_pytorch_in_double)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check_run(names[i], "reference");
}

TEST(ratings_networks_go_ten_steps_as_pytorch_on_cpu)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) check_run(names[i], "cpu");
}
