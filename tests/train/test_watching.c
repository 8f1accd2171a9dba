/* SPDX-License-Identifier: Apache-2.0
 * Callbacks that watch a value: early stopping, the best epoch, rates on a plateau. */
#include "base/files.h"
#include "io/safetensors.h"
#include "io/state.h"
#include "small_fit.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static brn__monitor monitor_of(const char *name, double min_delta)
{
    brn__monitor monitor;
    assert_ok(brn__monitor_init(&monitor, name, min_delta));
    return monitor;
}

/* ------------------------------------------------------------------ the monitor */

TEST(a_monitor_knows_which_way_is_better)
{
    static const char *const falling[] = {"valid_loss", "train_loss", "error_rate", "rmse",
                                          "mse", "mae", "exp_rmspe", "perplexity"};
    static const char *const rising[] = {"accuracy", "top5", "f2", "map", "auc", "ndcg",
                                         "precision_at_10"};
    for (size_t i = 0; i < sizeof falling / sizeof *falling; i++)
        assert_false(monitor_of(falling[i], 0).rises);
    for (size_t i = 0; i < sizeof rising / sizeof *rising; i++)
        assert_true(monitor_of(rising[i], 0).rises);
    brn__monitor monitor;
    assert_fails(brn__monitor_init(&monitor, "acuracy", 0), BRN_ERROR_USAGE, "\"acuracy\"; expected");
    assert_fails(brn__monitor_init(&monitor, "accuracy", -1), BRN_ERROR_USAGE, "min_delta");
    assert_fails(brn__monitor_init(&monitor, "accuracy", NAN), BRN_ERROR_USAGE, "min_delta");
}

TEST(a_monitor_takes_only_what_is_better_by_more_than_its_delta)
{
    const brn__monitor loss = monitor_of("valid_loss", 0), careful = monitor_of("valid_loss", .1);
    const brn__monitor accuracy = monitor_of("accuracy", .125);
    assert_true(brn__monitor_improves(&loss, .5, NAN));
    assert_true(brn__monitor_improves(&loss, .5, .6));
    assert_false(brn__monitor_improves(&loss, .5, .5));
    assert_false(brn__monitor_improves(&loss, .6, .5));
    assert_false(brn__monitor_improves(&loss, NAN, NAN));
    assert_false(brn__monitor_improves(&loss, NAN, .5));
    assert_true(brn__monitor_improves(&loss, INFINITY, NAN));
    assert_true(brn__monitor_improves(&loss, .5, INFINITY));
    assert_false(brn__monitor_improves(&careful, .45, .5));
    assert_true(brn__monitor_improves(&careful, .35, .5));
    assert_false(brn__monitor_improves(&accuracy, .625, .5));
    assert_true(brn__monitor_improves(&accuracy, .75, .5));
    assert_false(brn__monitor_improves(&accuracy, .25, .5));
}

/* ------------------------------------------------------------------ early stopping */

typedef struct notes {
    int count;
    char text[256];
} notes;

static int hear(void *context, const brn_event *event)
{
    notes *heard = context;
    if (event->kind != BRN_EVENT_NOTE) return 0;
    heard->count++;
    snprintf(heard->text, sizeof heard->text, "%s", event->text);
    return 0;
}

/* Epochs that a fit of `epochs` makes with these values. */
static int epochs_with(const double *values, int epochs, const char *name, double min_delta,
                       int patience, notes *heard)
{
    small_fit s;
    small_fit_new(&s);
    brn__early_stopping stopping;
    brn__progress progress;
    small_script script;
    const brn__monitor monitor = monitor_of(name, min_delta);
    *heard = (notes){0};
    brn__progress_init(&progress, hear, heard);
    progress.epochs_before = 10;
    small_script_init(&script, values, name);
    brn__early_stopping_init(&stopping, &monitor, patience, &progress);
    small_fit_use(&s, &stopping.callback);
    small_fit_use(&s, &script.callback);
    s.fit.epochs = epochs;
    brn__fit_result result;
    assert_ok(brn__learner_fit(s.learner, &s.fit, &result));
    assert_int_equal(heard->count, brn__early_stopping_stopped(&stopping));
    small_fit_free(&s);
    return result.epochs;
}

TEST(a_fit_ends_when_its_loss_falls_no_more)
{
    notes heard;
    assert_int_equal(epochs_with((double[]){3, 2, 2.5, 2.2, 1}, 5, "valid_loss", 0, 2, &heard), 4);
    assert_string_equal(heard.text,
                        "stopped early: valid_loss got no better than 2 (of epoch 12) in 2 epochs");
    assert_int_equal(epochs_with((double[]){3, 2, 2, 1}, 4, "valid_loss", 0, 1, &heard), 3);
    assert_int_equal(epochs_with((double[]){3, 2, 2.5, 1.9, 2, 1}, 6, "valid_loss", 0, 2, &heard), 6);
    assert_int_equal(heard.count, 0);
    assert_int_equal(epochs_with((double[]){3, 2.95, 2.93, 1}, 4, "valid_loss", .1, 2, &heard), 3);
}

TEST(a_fit_ends_when_its_accuracy_rises_no_more)
{
    notes heard;
    assert_int_equal(epochs_with((double[]){.5, .7, .6, .6, .9}, 5, "accuracy", 0, 2, &heard), 4);
    assert_int_equal(epochs_with((double[]){.5, .6, .7, .8, .9}, 5, "accuracy", 0, 1, &heard), 5);
}

TEST(values_that_are_no_numbers_are_no_improvement)
{
    notes heard;
    assert_int_equal(epochs_with((double[]){3, NAN, NAN, 1}, 4, "valid_loss", 0, 2, &heard), 3);
    assert_int_equal(epochs_with((double[]){NAN, 3, NAN, 1}, 4, "valid_loss", 0, 2, &heard), 4);
    assert_int_equal(epochs_with((double[]){NAN, NAN, 1}, 3, "valid_loss", 0, 2, &heard), 2);
    assert_string_equal(heard.text, "stopped early: valid_loss was never a number");
}

TEST(a_fit_that_was_to_end_anyway_has_not_stopped_early)
{
    notes heard;
    assert_int_equal(epochs_with((double[]){1, 2, 3}, 3, "valid_loss", 0, 2, &heard), 3);
    assert_int_equal(heard.count, 0);
}

/* A second fit with the first one's memory goes on counting. */
TEST(early_stopping_goes_on_from_its_memory)
{
    small_fit s;
    small_fit_new(&s);
    const brn__monitor monitor = monitor_of("valid_loss", 0);
    brn__early_stopping first, second;
    small_script script;
    brn__fit_result result;
    brn__early_stopping_init(&first, &monitor, 3, NULL);
    small_script_init(&script, (double[]){2, 3, 4, 5}, NULL);
    small_fit_use(&s, &first.callback);
    small_fit_use(&s, &script.callback);
    assert_ok(brn__learner_fit(s.learner, &s.fit, &result));
    assert_int_equal(result.epochs, 2);
    brn__early_stopping_init(&second, &monitor, 3, NULL);
    assert_int_equal(second.callback.memory_count, first.callback.memory_count);
    memcpy(second.callback.memory, first.callback.memory,
           (size_t)first.callback.memory_count * sizeof(double));
    s.fit.callbacks[0] = &second.callback;
    s.fit.epochs = 4;
    small_script_init(&script, (double[]){4, 5, 1, 1}, NULL); /* two more: three in all */
    assert_ok(brn__learner_fit(s.learner, &s.fit, &result));
    assert_int_equal(result.epochs, 2);
    small_fit_free(&s);
}

TEST(a_value_that_the_fit_does_not_have_is_told)
{
    small_fit s;
    small_fit_new(&s);
    const brn__monitor monitor = monitor_of("f2", 0);
    brn__early_stopping stopping;
    brn__early_stopping_init(&stopping, &monitor, 1, NULL);
    small_fit_use(&s, &stopping.callback);
    assert_fails(brn__learner_fit(s.learner, &s.fit, NULL), BRN_ERROR_USAGE,
                 "early stopping: it watches f2, which is not measured here; there are train_loss, "
                 "valid_loss");
    s.fit.valid = NULL;
    brn__fit_result result;
    assert_fails(brn__learner_fit(s.learner, &s.fit, &result), BRN_ERROR_USAGE,
                 "nothing to validate on");
    assert_int_equal(result.epochs, 0);
    const brn__monitor training = monitor_of("train_loss", 0);
    brn__early_stopping_init(&stopping, &training, 1, NULL);
    assert_ok(brn__learner_fit(s.learner, &s.fit, &result));
    assert_true(result.epochs >= 1);
    small_fit_free(&s);
}

/* ------------------------------------------------------------------ the best epoch */

typedef struct best_rig {
    small_fit s;
    char path[256];
    int written;
    float at_epoch[16]; /* b.weight[0] after each epoch */
    float running[16];  /* n.running_mean[0] */
    brn_status fails;
} best_rig;

static brn_status write_best(void *context, const brn__save_best *best)
{
    best_rig *r = context;
    assert_true(brn__save_best_epoch(best) > 0);
    if (r->fails != BRN_OK) return brn__fail(r->fails, "the disk is full");
    brn__safetensors_item items[32];
    const int count = brn_parameters_count(r->s.parameters);
    for (int i = 0; i < count; i++) {
        const brn_parameter_info info = brn_parameters_info(r->s.parameters, i);
        items[i] = (brn__safetensors_item){
            info.name, BRN_DTYPE_F32, info.shape,
            (float *)brn_parameters_values(r->s.parameters) + info.offset};
    }
    r->written++;
    return brn__safetensors_write(r->path, items, count, NULL, 0);
}

static brn_status read_best(void *context, const brn__save_best *best)
{
    best_rig *r = context;
    brn__state *state;
    (void)best;
    assert_ok(brn__state_open(r->path, &state));
    for (int i = 0; i < brn_parameters_count(r->s.parameters); i++) {
        const brn_parameter_info info = brn_parameters_info(r->s.parameters, i);
        float values[64];
        assert_ok(brn__state_read(brn__state_find(state, info.name), BRN_DTYPE_F32, values));
        assert_ok(brn_parameters_write(r->s.parameters, i, BRN_DTYPE_F32, values, info.count));
    }
    brn__state_close(state);
    return BRN_OK;
}

static brn__action note_weight(void *state, brn__fit *fit)
{
    best_rig *r = state;
    r->at_epoch[fit->epoch] = *small_fit_parameter(&r->s, "b.weight");
    r->running[fit->epoch] = *small_fit_parameter(&r->s, "n.running_mean");
    return BRN__GO_ON;
}

/* A fit with these values whose best epoch is given back. */
static brn__fit_result fit_best(best_rig *r, brn__save_best *best, const char *name,
                                const double *values, int epochs)
{
    small_script script;
    const brn__callback noting = {.order = 99, .on = {[BRN__AFTER_EPOCH] = note_weight}, .state = r};
    const brn__monitor monitor = monitor_of(name, 0);
    brn__fit_result result;
    *r = (best_rig){0};
    small_fit_new(&r->s);
    snprintf(r->path, sizeof r->path, "%s/best.safetensors", test_scratch_folder());
    brn__save_best_init(best, &monitor, &(brn__best_file){write_best, read_best, r}, NULL);
    small_script_init(&script, values, "accuracy");
    small_fit_use(&r->s, &best->callback);
    small_fit_use(&r->s, &script.callback);
    small_fit_use(&r->s, &noting);
    r->s.fit.epochs = epochs;
    assert_ok(brn__learner_fit(r->s.learner, &r->s.fit, &result));
    assert_ok(brn__save_best_restore(best, &result));
    return result;
}

TEST(the_best_epoch_is_kept_and_given_back)
{
    best_rig r;
    brn__save_best best;
    brn__fit_result result = fit_best(&r, &best, "valid_loss", (double[]){3, 1, 1, 2}, 4);
    assert_int_equal(r.written, 2); /* of the equal ones the first */
    assert_int_equal(brn__save_best_epoch(&best), 2);
    assert_close(brn__save_best_value(&best), 1, 0);
    assert_close(result.valid_loss, 1, 0);
    assert_string_equal(result.metrics[0].name, "accuracy");
    assert_close(result.metrics[0].value, 1, 0);
    assert_close(brn__save_best_metric(&best, 0), 1, 0);
    assert_true(isnan(brn__save_best_metric(&best, 1)) && isnan(brn__save_best_metric(&best, -1)));
    assert_true(r.at_epoch[1] != r.at_epoch[3] && r.running[1] != r.running[3]);
    assert_true(*small_fit_parameter(&r.s, "b.weight") == r.at_epoch[1]);
    assert_true(*small_fit_parameter(&r.s, "n.running_mean") == r.running[1]);
    small_fit_free(&r.s);
}

TEST(the_best_accuracy_is_the_highest)
{
    best_rig r;
    brn__save_best best;
    fit_best(&r, &best, "accuracy", (double[]){.5, .9, NAN, .8}, 4);
    assert_int_equal(r.written, 2);
    assert_int_equal(brn__save_best_epoch(&best), 2);
    small_fit_free(&r.s);
}

TEST(a_fit_without_a_number_has_no_best_epoch)
{
    best_rig r;
    brn__save_best best;
    fit_best(&r, &best, "valid_loss", (double[]){NAN, NAN}, 2);
    assert_int_equal(r.written, 0);
    assert_int_equal(brn__save_best_epoch(&best), 0);
    assert_true(isnan(brn__save_best_value(&best)));
    assert_true(*small_fit_parameter(&r.s, "b.weight") == r.at_epoch[1]);
    small_fit_free(&r.s);
}

TEST(a_best_epoch_that_cannot_be_written_ends_the_fit)
{
    best_rig r = {.fails = BRN_ERROR_IO};
    small_fit_new(&r.s);
    brn__save_best best;
    const brn__monitor monitor = monitor_of("valid_loss", 0);
    brn__save_best_init(&best, &monitor, &(brn__best_file){write_best, read_best, &r}, NULL);
    small_fit_use(&r.s, &best.callback);
    assert_fails(brn__learner_fit(r.s.learner, &r.s.fit, NULL), BRN_ERROR_IO, "the disk is full");
    small_fit_free(&r.s);
}

/* ------------------------------------------------------------------ rates on a plateau */

enum { STEPS_AN_EPOCH = SMALL_ITEMS / SMALL_BATCH };

typedef struct seen_rates {
    double rates[2][64];
    int count;
} seen_rates;

static brn__action see_rates(void *state, brn__fit *fit)
{
    seen_rates *seen = state;
    for (int g = 0; g < 2; g++)
        seen->rates[g][seen->count] = fit->settings.groups[g].learning_rate;
    seen->count++;
    return BRN__GO_ON;
}

static void expect_rates(const double *values, int epochs, int patience, double min_rate,
                         bool scheduled, const double *expected)
{
    small_fit s;
    small_fit_new(&s);
    brn__reduce_on_plateau reduce;
    brn__rates rates;
    small_script script;
    seen_rates seen = {.count = 0};
    const brn__monitor monitor = monitor_of("valid_loss", 0);
    const brn__callback see = {.order = 99, .on = {[BRN__AFTER_STEP] = see_rates}, .state = &seen};
    small_script_init(&script, values, NULL);
    brn__reduce_on_plateau_init(&reduce, &monitor, patience, .5, min_rate, NULL);
    brn__rates_init(&rates, BRN__RATES_CONSTANT, (double[]){1e-3, 1e-2}, 2, .25, 25);
    if (scheduled) small_fit_use(&s, &rates.callback);
    small_fit_use(&s, &reduce.callback);
    small_fit_use(&s, &script.callback);
    small_fit_use(&s, &see);
    s.fit.epochs = epochs;
    assert_ok(brn__learner_fit(s.learner, &s.fit, NULL));
    assert_int_equal(seen.count, epochs * STEPS_AN_EPOCH);
    for (int i = 0; i < seen.count; i++) {
        const double wanted = expected[i / STEPS_AN_EPOCH];
        assert_close(seen.rates[1][i], wanted, 1e-15);
        if (scheduled && min_rate == 0) assert_close(seen.rates[0][i] * 10, wanted, 1e-15);
    }
    small_fit_free(&s);
}

TEST(rates_fall_on_a_plateau)
{
    for (int scheduled = 0; scheduled < 2; scheduled++) {
        expect_rates((double[]){3, 2, 2, 2, 2, 1}, 6, 2, 0, scheduled,
                     (double[]){1e-2, 1e-2, 1e-2, 1e-2, 5e-3, 5e-3});
        expect_rates((double[]){3, 3, 3, 2}, 4, 1, 0, scheduled,
                     (double[]){1e-2, 1e-2, 5e-3, 2.5e-3});
        expect_rates((double[]){3, NAN, NAN, 2}, 4, 2, 0, scheduled,
                     (double[]){1e-2, 1e-2, 1e-2, 5e-3});
    }
}

/* torch.optim.lr_scheduler.ReduceLROnPlateau(factor=.5, patience=1, threshold=0, threshold_mode="abs") of
 * PyTorch 2.15, whose patience is one less. */
TEST(rates_on_a_plateau_are_those_of_pytorch)
{
    static const double losses[] = {5, 4, 4, 4.5, 3, 3.1, 3.2, 3.3, 3.4, 2.9, 3, NAN, 3, 2.9, 2.5};
    static const double rates[] = {.01,   .01,    .01,    .01,     .005,    .005,    .005,    .0025,
                                   .0025, .00125, .00125, .00125, .000625, .000625, .0003125};
    expect_rates(losses, 15, 2, 0, true, rates);
}

TEST(rates_fall_no_lower_than_the_least_and_are_not_raised_to_it)
{
    expect_rates((double[]){3, 3, 3, 3}, 4, 1, 4e-3, true, (double[]){1e-2, 1e-2, 5e-3, 4e-3});
    expect_rates((double[]){3, 3, 3, 3}, 4, 1, 1, false, (double[]){1e-2, 1e-2, 1e-2, 1e-2});
}

/* Saved while the factor lies on the rates, and gone on with. */
TEST(rates_on_a_plateau_go_on_from_their_memory)
{
    small_fit s;
    small_fit_new(&s);
    const brn__monitor monitor = monitor_of("valid_loss", 0);
    brn__reduce_on_plateau first, second;
    small_script script;
    seen_rates seen = {.count = 0};
    const brn__callback see = {.order = 99, .on = {[BRN__AFTER_STEP] = see_rates}, .state = &seen};
    brn__reduce_on_plateau_init(&first, &monitor, 1, .5, 0, NULL);
    small_script_init(&script, (double[]){3, 3, 2, 1}, NULL);
    small_fit_use(&s, &first.callback);
    small_fit_use(&s, &script.callback);
    small_fit_use(&s, &see);
    s.fit.epochs = 3;
    assert_ok(brn__learner_fit(s.learner, &s.fit, NULL));
    assert_close(seen.rates[1][seen.count - 1], 5e-3, 1e-15);
    brn__reduce_on_plateau_init(&second, &monitor, 1, .5, 0, NULL);
    memcpy(second.callback.memory, first.callback.memory,
           (size_t)first.callback.memory_count * sizeof(double));
    s.fit.callbacks[0] = &second.callback;
    s.fit.learning_rate = seen.rates[1][seen.count - 1]; /* as a state file has them */
    s.fit.epochs = 1;
    small_script_init(&script, (double[]){1}, NULL);
    assert_ok(brn__learner_fit(s.learner, &s.fit, NULL));
    assert_close(seen.rates[1][seen.count - 1], 5e-3, 1e-15);
    small_fit_free(&s);
}
