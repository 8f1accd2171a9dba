/* SPDX-License-Identifier: Apache-2.0 */
#include "burnish/nn.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"
#include "train/averages.h"
#include "train/snapshots.h"
#include "train/toy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ against PyTorch */

static brn_status load_item(const brn__dataset *dataset, int64_t item,
                            const brn__sample_context *context, void *input, void *target)
{
    (void)dataset, (void)context;
    double values[40];
    golden_uniform("items", 40, values);
    for (int i = 0; i < 2; i++) ((float *)input)[i] = (float)values[2 * item + i];
    *(int64_t *)target = 0;
    return BRN_OK;
}

/* The net of make_averages.py. */
typedef struct small {
    brn__dataset dataset;
    brn_graph *graph;
    brn_parameters *parameters;
    brn__learner *learner;
    brn__network network;
    brn__loader *loader;
} small;

static void small_new(small *s)
{
    *s = (small){.dataset = {.count = 20,
                             .input_dtype = BRN_DTYPE_F32,
                             .target_dtype = BRN_DTYPE_I64,
                             .input_shape = brn_shape_of(1, (int64_t[]){2}),
                             .target_shape = brn_shape_of(0, NULL),
                             .load = load_item}};
    assert_ok(brn_graph_new(&s->graph));
    brn_node *x = brn_input(s->graph, "x", BRN_DTYPE_F32, (int64_t[]){8, 2}, 2);
    brn_node *t = brn_input(s->graph, "t", BRN_DTYPE_I64, (int64_t[]){8}, 1);
    const brn_init init = {.kind = BRN_INIT_ZEROS};
    brn_node *h = brn_nn_linear(x, "a", 4, true, init);
    h = brn_nn_batch_norm(h, "n", &(brn_batch_norm_options){.epsilon = 1e-5, .momentum = .3});
    h = brn_nn_linear(h, "b", 2, true, init);
    brn_node *loss = brn_cross_entropy(h, t, -1);
    s->network = (brn__network){x, t, h, loss, loss};
    assert_ok(brn_parameters_new(s->graph, BRN_DTYPE_F32, &s->parameters));
    assert_ok(brn__learner_new(s->parameters, "cpu", 1, 5, &s->learner));
    brn__loader_options options = brn__loader_defaults(false);
    options.batch_size = 8;
    options.workers = 0;
    assert_ok(brn__loader_new(&s->dataset, NULL, 0, &options, &s->loader));
}

static void small_free(small *s)
{
    brn__loader_free(s->loader);
    brn__learner_free(s->learner);
    brn_parameters_free(s->parameters);
    brn_graph_free(s->graph);
}

static void put(small *s, int k)
{
    for (int i = 0; i < brn_parameters_count(s->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(s->parameters, i);
        if (info.kind == BRN_PARAMETER_BUFFER) continue;
        char stream[64];
        double values[16];
        snprintf(stream, sizeof stream, "%s:%d", info.name, k);
        golden_uniform(stream, info.count, values);
        assert_ok(brn_parameters_write(s->parameters, i, BRN_DTYPE_F64, values, info.count));
    }
}

static void check(const small *s, const char *form, bool with_statistics)
{
    json_t *golden = golden_open("tests/golden/averages.json");
    int checked = 0;
    for (int i = 0; i < brn_parameters_count(s->parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(s->parameters, i);
        if (info.kind == BRN_PARAMETER_BUFFER && !with_statistics) continue;
        const json_t *want = json_object_get(json_object_get(golden, form), info.name);
        double values[16];
        assert_ok(brn_parameters_read(s->parameters, i, BRN_DTYPE_F64, values, info.count));
        assert_true(golden_check_array(want, info.name, values, info.count, 1e-6) <= 1e-6);
        checked++;
    }
    assert_int_equal(checked, with_statistics ? 8 : 6);
    json_decref(golden);
}

TEST(averages_of_weights_equal_pytorch)
{
    small s;
    small_new(&s);
    brn__average mean, ema;
    assert_ok(brn__swa_init(&mean, s.parameters, 2));
    assert_ok(brn__ema_init(&ema, s.parameters, .9));
    brn__fit fit = {0};
    /* before its start nothing is averaged */
    put(&s, 77);
    assert_int_equal(mean.callback.on[BRN__AFTER_TRAIN](&mean, &fit), BRN__GO_ON);
    assert_fails(brn__average_apply(&mean, NULL), BRN_ERROR_USAGE, "weight averaging: nothing");
    for (int k = 0; k < 5; k++) {
        put(&s, k);
        fit.epoch = 1 + k;
        mean.callback.on[BRN__AFTER_TRAIN](&mean, &fit);
        ema.callback.on[BRN__AFTER_STEP](&ema, &fit);
    }
    assert_int_equal(brn__average_count(&mean), 5);
    assert_ok(brn__average_apply(&ema, NULL));
    check(&s, "ema", false);
    assert_ok(brn__average_apply(&mean, NULL));
    check(&s, "mean", false);
    assert_ok(brn__reestimate_norms(s.learner, &s.network, s.loader));
    check(&s, "mean", true);
    brn__average_deinit(&mean);
    brn__average_deinit(&ema);
    small_free(&s);
}

/* ------------------------------------------------------------------ in training */

TEST(averaging_changes_nothing_of_the_training)
{
    toy plain, t;
    toy_new(&plain);
    assert_ok(brn__learner_fit(plain.learner, &plain.fit, NULL));
    toy_new(&t);
    brn__average mean, ema;
    assert_ok(brn__swa_init(&mean, t.parameters, 2));
    assert_ok(brn__ema_init(&ema, t.parameters, .9));
    toy_use(&t, &mean.callback);
    toy_use(&t, &ema.callback);
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    const uint64_t after = toy_hash(&plain);
    assert_true(toy_hash(&t) == after);
    assert_int_equal(brn__average_count(&mean), 1); /* of two epochs the second */
    assert_int_equal(brn__average_count(&ema), 20);
    /* the mean of one is that one */
    void *saved = malloc((size_t)mean.elements * sizeof(float));
    assert_non_null(saved);
    assert_ok(brn__average_apply(&mean, NULL));
    assert_true(toy_hash(&t) == after);
    assert_ok(brn__average_apply(&ema, saved));
    assert_true(toy_hash(&t) != after);
    brn__average_undo(&ema, saved);
    assert_true(toy_hash(&t) == after);
    free(saved);
    brn__average_deinit(&mean);
    brn__average_deinit(&ema);
    toy_free(&plain);
    toy_free(&t);
}

TEST(estimating_statistics_anew_touches_nothing_else)
{
    toy t, plain;
    toy_new(&t);
    toy_new(&plain);
    const brn__learner_keys before = brn__learner_keys_of(t.learner);
    int64_t learned = 0;
    for (int g = 0; g < 2; g++) {
        int64_t begin, middle, end;
        brn_parameters_group(t.parameters, g, &begin, &middle, &end);
        learned = end;
    }
    float start[4096];
    assert_true(learned <= 4096);
    memcpy(start, brn_parameters_values(t.parameters), (size_t)learned * sizeof(float));
    assert_ok(brn__reestimate_norms(t.learner, &t.fit.network, t.train));
    assert_memory_equal(start, brn_parameters_values(t.parameters), (size_t)learned * sizeof(float));
    assert_true(toy_hash(&t) != toy_hash(&plain)); /* but the statistics are others */
    assert_memory_equal(&before, (&(brn__learner_keys){brn__learner_keys_of(t.learner).epoch,
                                                       brn__learner_keys_of(t.learner).step}),
                        sizeof before);
    toy_free(&t);
    toy_free(&plain);
}

static double metric_of(const brn__fit_result *result, const char *name)
{
    for (int i = 0; i < result->metric_count; i++)
        if (strcmp(result->metrics[i].name, name) == 0) return result->metrics[i].value;
    return NAN;
}

/* The mean loss over the validation items, with the parameters as they are. */
static double valid_loss_of(toy *t)
{
    double sum = 0, items = 0;
    assert_ok(brn__loader_start_epoch(t->valid, 0));
    for (;;) {
        brn__batch batch;
        brn_plan *plan;
        assert_ok(brn__loader_next(t->valid, &batch));
        if (batch.count == 0) break;
        assert_ok(brn__network_plan(brn__learner_runner(t->learner), &t->fit.network, NULL, batch.count,
                                    &plan));
        assert_ok(brn_plan_bind(plan, "x", batch.inputs));
        assert_ok(brn_plan_bind(plan, "t", batch.targets));
        assert_ok(brn_plan_run(plan, &(brn_run){0}));
        sum += (double)*(const float *)brn_plan_output(plan, 1) * (double)batch.count;
        items += (double)batch.count;
    }
    return sum / items;
}

TEST(averaged_weights_are_shown_and_training_goes_on_to_the_same_bits)
{
    toy plain, t;
    toy_new(&plain);
    plain.fit.epochs = 4;
    brn__average same;
    assert_ok(brn__swa_init(&same, plain.parameters, 1));
    toy_use(&plain, &same.callback);
    brn__fit_result without, with;
    assert_ok(brn__learner_fit(plain.learner, &plain.fit, &without));
    toy_new(&t);
    t.fit.epochs = 4;
    brn__average mean;
    brn__swa_score score;
    assert_ok(brn__swa_init(&mean, t.parameters, 1));
    assert_ok(brn__swa_score_init(&score, &mean, 2));
    toy_use(&t, &mean.callback);
    toy_use(&t, &score.callback);
    assert_ok(brn__learner_fit(t.learner, &t.fit, &with));
    assert_true(toy_hash(&t) == toy_hash(&plain));
    assert_close(with.valid_loss, without.valid_loss, 0);
    /* what was shown last is what the averages give when they stay */
    assert_ok(brn__average_apply(&same, NULL));
    assert_ok(brn__reestimate_norms(plain.learner, &plain.fit.network, plain.train));
    assert_close(metric_of(&with, "swa_loss"), valid_loss_of(&plain), 1e-12);
    assert_true(metric_of(&with, "swa_loss") != with.valid_loss);
    assert_true(metric_of(&with, "swa_accuracy") > .4);
    brn__swa_score_deinit(&score);
    assert_fails(brn__swa_score_init(&score, &mean, 0), BRN_ERROR_USAGE, "every 0 epochs");
    brn__swa_score_deinit(&score);
    brn__average_deinit(&same);
    brn__average_deinit(&mean);
    toy_free(&plain);
    toy_free(&t);
}

TEST(averages_that_cannot_be_are_refused)
{
    small s;
    small_new(&s);
    brn__average average;
    assert_fails(brn__ema_init(&average, s.parameters, 1), BRN_ERROR_USAGE, "a decay of 1");
    assert_fails(brn__ema_init(&average, s.parameters, -.1), BRN_ERROR_USAGE, "a decay of -0.1");
    assert_fails(brn__swa_init(&average, s.parameters, 0), BRN_ERROR_USAGE, "a start in epoch 0");
    brn__average_deinit(&average);
    small_free(&s);
}

/* ------------------------------------------------------------------ snapshots */

typedef struct album {
    uint64_t hashes[8];
    int64_t steps[8];
    int count;
    brn_status answer;
    const toy *t;
} album;

static brn_status keep(void *context, brn_parameters *parameters, int number)
{
    album *a = context;
    assert_ptr_equal(parameters, a->t->parameters);
    assert_int_equal(number, a->count);
    a->hashes[a->count++] = toy_hash(a->t);
    return a->answer;
}

static brn__action hash_steps(void *state, brn__fit *fit)
{
    album *a = state;
    /* at 10, 30 and 70: after 1, 1 + 2 and 1 + 2 + 4 epochs */
    if (fit->iteration == 9 || fit->iteration == 29 || fit->iteration == 69)
        a->hashes[a->count++] = toy_hash(a->t);
    return BRN__GO_ON;
}

TEST(a_snapshot_is_taken_after_the_last_step_of_each_cycle)
{
    toy t, same;
    toy_new(&t);
    toy_new(&same);
    album snaps = {.t = &t}, steps = {.t = &same};
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .multiplier = 2};
    brn__snapshots snapshots;
    brn__snapshots_init(&snapshots, &cycles, keep, &snaps);
    toy_use(&t, &snapshots.callback);
    const brn__callback hashing = {.on = {[BRN__AFTER_STEP] = hash_steps}, .state = &steps};
    toy_use(&same, &hashing);
    t.fit.epochs = same.fit.epochs = 7;
    assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
    assert_ok(brn__learner_fit(same.learner, &same.fit, NULL));
    assert_int_equal(snaps.count, 3);
    assert_int_equal(steps.count, 3);
    for (int i = 0; i < 3; i++) assert_true(snaps.hashes[i] == steps.hashes[i]);
    assert_true(snapshots.count == 3);
    snaps.count = 0;
    snaps.answer = BRN_ERROR_IO;
    assert_int_equal(brn__learner_fit(t.learner, &t.fit, NULL), BRN_ERROR_IO);
    toy_free(&t);
    toy_free(&same);
}

static brn_status member(void *context, int number, float *predictions)
{
    const brn_status *failing = context;
    if (number == 2 && *failing != BRN_OK) return *failing;
    const float values[3][2] = {{.1f, .9f}, {.2f, .8f}, {.6f, .4f}};
    memcpy(predictions, values[number], sizeof values[number]);
    return BRN_OK;
}

TEST(an_ensemble_is_the_mean_of_its_members)
{
    float mean[2];
    brn_status failing = BRN_OK;
    assert_ok(brn__ensemble_predict(3, member, &failing, 2, mean));
    assert_close(mean[0], .3, 1e-7);
    assert_close(mean[1], .7, 1e-7);
    assert_ok(brn__ensemble_predict(1, member, &failing, 2, mean));
    assert_close(mean[1], .9, 1e-7);
    failing = BRN_ERROR_IO;
    assert_int_equal(brn__ensemble_predict(3, member, &failing, 2, mean), BRN_ERROR_IO);
    assert_fails(brn__ensemble_predict(0, member, &failing, 2, mean), BRN_ERROR_USAGE, "0 members");
}
