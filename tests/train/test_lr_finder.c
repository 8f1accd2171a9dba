/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/golden.h"
#include "graph/parameters.h"
#include "test.h"
#include "train/lr_finder.h"
#include "train/toy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ suggestions */

static void check_suggestion(const char *curve, const json_t *want, const char *name, double got)
{
    const json_t *expected = json_object_get(want, name);
    assert_non_null(expected);
    if (json_is_null(expected)) {
        if (!isnan(got)) fail_msg("%s, %s: %g, expected none", curve, name, got);
        return;
    }
    const double value = json_number_value(expected);
    if (!(fabs(got - value) <= 1e-6 * value))
        fail_msg("%s, %s: %.9g, fastai says %.9g", curve, name, got, value);
}

TEST(suggestions_equal_those_of_fastai_2)
{
    json_t *golden = golden_open("tests/golden/lr_finder.json");
    const char *name;
    json_t *value;
    int curves = 0;
    json_object_foreach(json_object_get(golden, "curves"), name, value)
    {
        const json_t *rates = json_object_get(value, "rates"), *losses = json_object_get(value, "losses");
        brn_lr_point points[100];
        brn_lr_curve curve = {.points = points, .iterations = 100};
        for (size_t i = 0; i < json_array_size(rates); i++) {
            const json_t *loss = json_array_get(losses, i);
            points[curve.count++] =
                (brn_lr_point){.rate = json_number_value(json_array_get(rates, i)),
                               .loss = json_is_null(loss) ? NAN : json_number_value(loss)};
            if (json_is_null(loss)) break; /* a finder of ours ends there */
        }
        const brn_lr_suggestions got = brn_lr_suggest(&curve);
        const json_t *want = json_object_get(value, "suggestions");
        check_suggestion(name, want, "valley", got.valley);
        check_suggestion(name, want, "slide", got.slide);
        check_suggestion(name, want, "steep", got.steep);
        check_suggestion(name, want, "minimum", got.minimum);
        curves++;
    }
    assert_int_equal(curves, 10);
    json_decref(golden);
}

TEST(too_few_points_suggest_nothing)
{
    brn_lr_point points[17];
    for (int i = 0; i < 17; i++) points[i] = (brn_lr_point){.rate = .1 * (i + 1), .loss = 2 - .1 * i};
    brn_lr_curve curve = {.points = points, .count = 15, .iterations = 100};
    brn_lr_suggestions s = brn_lr_suggest(&curve); /* 10 + 5 are left out */
    assert_true(isnan(s.valley) && isnan(s.slide) && isnan(s.steep) && isnan(s.minimum));
    curve.count = 17;
    s = brn_lr_suggest(&curve);
    assert_close(s.minimum, .12, 1e-7);
    assert_close(s.steep, 1.1, 1e-7);
    assert_true(isfinite(s.valley) && isnan(s.slide));
    curve.count = 16; /* one point is no slope */
    s = brn_lr_suggest(&curve);
    assert_true(isnan(s.valley) && isnan(s.steep) && isnan(s.minimum));
    curve.count = 0;
    assert_true(isnan(brn_lr_suggest(&curve).valley));
    points[12].loss = INFINITY; /* it stopped there: two points are left, less five */
    curve.count = 13;
    assert_true(isnan(brn_lr_suggest(&curve).minimum));
    points[12].loss = NAN; /* fastai 2 would have gone on to 100 */
    assert_close(brn_lr_suggest(&curve).minimum, .12, 1e-7);
}

/* ------------------------------------------------------------------ rates */

static brn_lr_curve find(toy *t, const brn_lr_finder_options *o)
{
    brn_lr_curve curve;
    assert_ok(brn__lr_find(t->learner, &t->fit, NULL, o, &curve));
    return curve;
}

TEST(the_rates_are_those_of_a_real_fastai_2_finder)
{
    toy t;
    toy_new(&t);
    json_t *golden = golden_open("tests/golden/lr_finder.json");
    brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    o.stop = false;
    brn_lr_curve curve = find(&t, &o);
    assert_int_equal(curve.count, 100); /* of ten batches an epoch: gone through ten times */
    assert_false(curve.stopped);
    double average = 0;
    for (int i = 0; i < 100; i++) {
        const double want = json_number_value(json_array_get(json_object_get(golden, "rates"), (size_t)i));
        assert_close(curve.points[i].rate / want, 1, 1e-6);
        average = .98 * average + .02 * curve.points[i].batch_loss;
        assert_close(curve.points[i].loss, average / (1 - pow(.98, i + 1)), 1e-9);
        assert_true(isnan(curve.points[i].valid_loss));
    }
    brn_lr_curve_free(&curve);
    json_decref(golden);
    toy_free(&t);
}

TEST(linear_rates_begin_at_zero)
{
    toy t;
    toy_new(&t);
    brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    o.linear = true;
    o.end = .5;
    o.iterations = 25;
    brn_lr_curve curve = find(&t, &o);
    assert_int_equal(curve.count, 25);
    for (int i = 0; i < 25; i++) assert_close(curve.points[i].rate, .02 * i, 1e-14);
    brn_lr_curve_free(&curve);
    toy_free(&t);
}

TEST(an_epoch_of_few_batches_is_gone_through_again)
{
    toy t;
    toy_new(&t);
    brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND_EPOCH);
    o.stop = false;
    brn_lr_curve curve = find(&t, &o); /* 10 batches: 0.7 would show nothing of them */
    assert_int_equal(curve.iterations, 100);
    assert_int_equal(curve.count, 100);
    brn_lr_curve_free(&curve);
    brn__loader_free(t.train);
    t.fit.train = t.train = toy_loader(&t, 0, 160, 8, true); /* 20 batches: one epoch */
    curve = find(&t, &o);
    assert_int_equal(curve.iterations, 20);
    assert_int_equal(curve.count, 20);
    assert_close(curve.points[7].rate, 1e-5 * pow(1e6, 7 / 20.), 1e-12);
    brn_lr_curve_free(&curve);
    toy_free(&t);
}

/* ------------------------------------------------------------------ stopping */

TEST(a_finder_stops_where_the_loss_explodes)
{
    toy t;
    toy_new(&t);
    t.fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD);
    brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    o.end = 1e4;
    brn_lr_curve now = find(&t, &o);
    assert_true(now.stopped);
    assert_true(now.count < 100);
    double best = INFINITY;
    for (int64_t i = 0; i < now.count; i++) {
        best = fmin(best, now.points[i].loss);
        const bool is_last = i == now.count - 1;
        assert_true((now.points[i].loss > 4 * best || !isfinite(now.points[i].loss)) == is_last);
    }
    /* 0.7 leaves that point out, and looks for the best from the 12th batch on */
    o.form = BRN_LR_FIND_VALID;
    brn_lr_curve old = find(&t, &o);
    assert_true(old.stopped);
    assert_true(old.count > 11 && old.count < 100);
    best = 1e9;
    for (int64_t i = 0; i < old.count; i++) {
        assert_true(old.points[i].loss <= 4 * best);
        if (i >= 11) best = fmin(best, old.points[i].loss);
        assert_true(isfinite(old.points[i].valid_loss));
    }
    brn_lr_curve_free(&now);
    brn_lr_curve_free(&old);
    toy_free(&t);
}

static brn__action spoil_loss(void *state, brn__fit *fit)
{
    if (fit->iteration == *(int *)state) fit->loss = fit->train_loss = NAN;
    return BRN__GO_ON;
}

TEST(a_loss_that_is_no_number_stops_every_form)
{
    for (int form = BRN_LR_FIND; form <= BRN_LR_FIND_VALID; form++) {
        toy t;
        toy_new(&t);
        int at = 30;
        const brn__callback spoil = {.order = -1, .on = {[BRN__AFTER_LOSS] = spoil_loss}, .state = &at};
        toy_use(&t, &spoil);
        brn_lr_finder_options o = brn_lr_finder_defaults((brn_lr_finder_form)form);
        o.end = 1e-3;
        o.stop = false;
        brn_lr_curve curve = find(&t, &o);
        assert_true(curve.stopped);
        assert_int_equal(curve.count, form == BRN_LR_FIND ? 31 : 30);
        brn_lr_curve_free(&curve);
        toy_free(&t);
    }
}

/* Losses of our own: low before the 12th batch, 1 from there on, 3.9 at number 30, 4.1 at 40. */
static brn__action write_losses(void *state, brn__fit *fit)
{
    (void)state;
    const int64_t i = fit->iteration;
    fit->train_loss = i < 11 ? .1 : i == 30 ? 3.9 : i == 40 ? 4.1 : 1;
    return BRN__GO_ON;
}

TEST(the_best_loss_counts_from_the_12th_batch_in_0_7_only)
{
    static const int64_t counts[] = {12, 40, 40};
    for (int form = BRN_LR_FIND; form <= BRN_LR_FIND_VALID; form++) {
        toy t;
        toy_new(&t);
        const brn__callback losses = {.order = -1, .on = {[BRN__AFTER_LOSS] = write_losses}};
        toy_use(&t, &losses);
        const brn_lr_finder_options o = brn_lr_finder_defaults((brn_lr_finder_form)form);
        brn_lr_curve curve = find(&t, &o);
        assert_true(curve.stopped);
        assert_int_equal(curve.count, counts[form]);
        brn_lr_curve_free(&curve);
        toy_free(&t);
    }
}

/* ------------------------------------------------------------------ nothing is left behind */

static brn__action see_version(void *state, brn__fit *fit)
{
    *(uint64_t *)state = brn__parameters_version(brn__learner_parameters(fit->learner), 0);
    return BRN__GO_ON;
}

TEST(packed_copies_of_the_mock_fit_go_out_of_date)
{
    toy t;
    toy_new(&t);
    uint64_t last = 0;
    const brn__callback callback = {.on = {[BRN__AFTER_FIT] = see_version}, .state = &last};
    toy_use(&t, &callback);
    const brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve = find(&t, &o);
    assert_true(last > 0 && brn__parameters_version(t.parameters, 0) > last);
    brn_lr_curve_free(&curve);
    toy_free(&t);
}

TEST(a_fit_after_a_finder_makes_the_same_bits_as_without)
{
    toy plain;
    toy_new(&plain);
    assert_ok(brn__learner_fit(plain.learner, &plain.fit, NULL));
    const uint64_t middle = toy_hash(&plain);
    assert_ok(brn__learner_fit(plain.learner, &plain.fit, NULL));
    for (int form = BRN_LR_FIND; form <= BRN_LR_FIND_VALID; form++) {
        toy t;
        toy_new(&t);
        assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
        brn_lr_finder_options o = brn_lr_finder_defaults((brn_lr_finder_form)form);
        o.iterations = 37; /* ends in mid-epoch */
        brn_lr_curve curve = find(&t, &o);
        assert_true(curve.count > 20);
        brn_lr_curve_free(&curve);
        assert_true(toy_hash(&t) == middle);
        assert_ok(brn__learner_fit(t.learner, &t.fit, NULL));
        assert_true(toy_hash(&t) == toy_hash(&plain));
        toy_free(&t);
    }
    toy_free(&plain);
}

static brn__action interrupt(void *state, brn__fit *fit)
{
    (void)state;
    if (fit->iteration < 15) return BRN__GO_ON;
    return brn__fit_fail(fit, BRN_ERROR_INTERRUPTED);
}

TEST(an_interrupted_finder_puts_all_back_too)
{
    toy t;
    toy_new(&t);
    const brn__callback stop = {.order = 60, .on = {[BRN__AFTER_BATCH] = interrupt}};
    const uint64_t before = toy_hash(&t);
    toy_use(&t, &stop);
    const brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve;
    assert_int_equal(brn__lr_find(t.learner, &t.fit, NULL, &o, &curve), BRN_ERROR_INTERRUPTED);
    assert_null(curve.points);
    assert_true(toy_hash(&t) == before);
    assert_int_equal(brn__learner_keys_of(t.learner).step, 0);
    assert_int_equal(brn__learner_keys_of(t.learner).epoch, 0);
    toy_free(&t);
}

/* ------------------------------------------------------------------ groups */

static double seen[2];
static brn__action see(void *state, brn__fit *fit)
{
    (void)state;
    for (int g = 0; g < 2; g++) seen[g] = fit->settings.groups[g].learning_rate;
    return BRN__GO_ON;
}

TEST(groups_keep_their_ratio_to_the_last_one)
{
    toy t;
    toy_new(&t);
    const brn__callback callback = {.order = 60, .on = {[BRN__BEFORE_STEP] = see}};
    toy_use(&t, &callback);
    const brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve;
    assert_ok(brn__lr_find(t.learner, &t.fit, (double[]){1e-3, 9e-3}, &o, &curve));
    assert_close(seen[0] * 9, seen[1], 1e-12);
    assert_close(seen[1], curve.points[curve.count - 1].rate, 0);
    brn_lr_curve_free(&curve);
    assert_fails(brn__lr_find(t.learner, &t.fit, (double[]){1e-3, 0}, &o, &curve), BRN_ERROR_USAGE,
                 "last group's rate is 0");
    toy_free(&t);
}

TEST(finders_that_cannot_be_are_refused)
{
    toy t;
    toy_new(&t);
    brn_lr_curve curve;
    brn_lr_finder_options o = brn_lr_finder_defaults(BRN_LR_FIND);
    o.start = 0;
    assert_fails(brn__lr_find(t.learner, &t.fit, NULL, &o, &curve), BRN_ERROR_USAGE, "from 0 to 10");
    o.start = 11;
    assert_fails(brn__lr_find(t.learner, &t.fit, NULL, &o, &curve), BRN_ERROR_USAGE, "an end above it");
    o = brn_lr_finder_defaults(BRN_LR_FIND);
    o.iterations = 0;
    assert_fails(brn__lr_find(t.learner, &t.fit, NULL, &o, &curve), BRN_ERROR_USAGE, "0 iterations");
    o = brn_lr_finder_defaults(BRN_LR_FIND_VALID);
    t.fit.valid = NULL;
    assert_fails(brn__lr_find(t.learner, &t.fit, NULL, &o, &curve), BRN_ERROR_USAGE, "validation data");
    toy_free(&t);
}
