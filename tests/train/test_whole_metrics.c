/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"
#include "train/toy.h"
#include "train/whole_metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ against scikit-learn */

enum { ITEMS = 60, CLASSES = 5, NUMBERS = ITEMS * CLASSES };

/* The arrays of make_metrics.py. */
static float outputs[NUMBERS], hot[NUMBERS], numbers[NUMBERS], two[ITEMS * 2];
static int64_t labels[ITEMS], pair[ITEMS];

static void draw(void)
{
    double values[NUMBERS];
    golden_uniform("outputs", NUMBERS, values);
    for (int i = 0; i < NUMBERS; i++) outputs[i] = (float)(floor(20 * values[i] + .5) / 10);
    golden_uniform("targets", NUMBERS, values);
    for (int i = 0; i < NUMBERS; i++) {
        hot[i] = values[i] > .2 && i / CLASSES != 7 && i % CLASSES != 4;
        numbers[i] = i % CLASSES == 2 ? .25f : (float)values[i];
    }
    golden_targets(ITEMS, CLASSES, labels);
    golden_targets(ITEMS, 2, pair);
    for (int i = 0; i < ITEMS; i++) memcpy(two + 2 * i, outputs + CLASSES * i, 2 * sizeof *two);
}

static void check(const char *form, const char *name, const brn__answers *answers)
{
    json_t *golden = golden_open("tests/golden/metrics.json");
    char path[64];
    snprintf(path, sizeof path, "%s/%s", form, name);
    double value = NAN;
    const brn__whole_metric *metric = brn__whole_metric_find(name);
    assert_non_null(metric);
    assert_string_equal(metric->name, name);
    assert_ok(metric->of_all(answers, &value));
    assert_close(value, golden_number(golden, path), 1e-12);
    json_decref(golden);
}

TEST(metrics_of_all_items_equal_scikit_learn)
{
    draw();
    const brn__answers multi = {ITEMS, CLASSES, outputs, hot, NULL};
    check("multi", "f2", &multi);
    check("multi", "accuracy_multi", &multi);
    check("multi", "map", &multi);
    check("multi", "auc", &multi);
    const brn__answers single = {ITEMS, CLASSES, outputs, NULL, labels};
    check("single", "map", &single);
    check("single", "auc", &single);
    const brn__answers of_two = {ITEMS, 2, two, NULL, pair};
    check("pair", "auc", &of_two);
    const brn__answers regression = {ITEMS, CLASSES, outputs, numbers, NULL};
    static const char *const names[] = {"mse", "rmse", "mae", "r2", "exp_rmspe"};
    for (int i = 0; i < 5; i++) check("numbers", names[i], &regression);
    assert_null(brn__whole_metric_find("f3"));
}

TEST(f_beta_equals_scikit_learn_at_every_threshold)
{
    draw();
    json_t *golden = golden_open("tests/golden/metrics.json");
    const brn__answers multi = {ITEMS, CLASSES, outputs, hot, NULL};
    for (int i = 0; i < 7; i++) {
        char path[64];
        snprintf(path, sizeof path, "multi/f2_at/%d", i);
        assert_close(brn__f_beta(&multi, 2, .17 + .01 * i), golden_number(golden, path), 1e-12);
    }
    assert_close(brn__f_beta(&multi, 1, .5), golden_number(golden, "multi/f1_at_half"), 1e-12);
    json_decref(golden);
}

TEST(average_precisions_of_classes_equal_scikit_learn)
{
    draw();
    json_t *golden = golden_open("tests/golden/metrics.json");
    const brn__answers multi = {ITEMS, CLASSES, outputs, hot, NULL};
    double each[CLASSES];
    assert_ok(brn__average_precisions(&multi, each));
    for (int k = 0; k < 4; k++) {
        char path[64];
        snprintf(path, sizeof path, "multi/average_precisions/%d", k);
        assert_close(each[k], golden_number(golden, path), 1e-12);
    }
    assert_true(isnan(each[4])); /* nothing to find */
    json_decref(golden);
}

/* ------------------------------------------------------------------ by hand */

TEST(the_best_threshold_is_found_and_the_first_of_equals)
{
    /* logits of .1, .185, .4: at .17 two are answered, from .19 on one; the last is wanted */
    float out[3];
    const double shares[3] = {.1, .185, .4};
    for (int k = 0; k < 3; k++) out[k] = (float)log(shares[k] / (1 - shares[k]));
    const float want[3] = {0, 0, 1};
    const brn__answers answers = {1, 3, out, want, NULL};
    double f2;
    assert_close(brn__best_threshold(&answers, 2, .17, .01, 7, &f2), .19, 1e-12);
    assert_close(f2, 1, 1e-12);
    assert_close(brn__f_beta(&answers, 2, .17), 5 / 6., 1e-12);
    assert_close(brn__best_threshold(&answers, 2, .5, .01, 3, &f2), .5, 0);
    assert_close(f2, 0, 0);
}

TEST(equal_scores_are_one_threshold)
{
    const float out[4] = {1, 1, 1, 1}, want[4] = {1, 0, 0, 1};
    const brn__answers answers = {4, 1, out, want, NULL};
    double value;
    assert_ok(brn__whole_map.of_all(&answers, &value));
    assert_close(value, .5, 1e-15);
    assert_ok(brn__whole_auc.of_all(&answers, &value));
    assert_close(value, .5, 1e-15);
}

TEST(what_is_not_defined_is_no_number)
{
    const float out[2] = {1, 2}, none[2] = {0, 0};
    const brn__answers answers = {2, 1, out, none, NULL};
    double value = 0;
    assert_ok(brn__whole_map.of_all(&answers, &value));
    assert_true(isnan(value));
    value = 0;
    assert_ok(brn__whole_auc.of_all(&answers, &value));
    assert_true(isnan(value));
    const brn__answers one = {1, 1, out, none, NULL};
    assert_ok(brn__whole_r2.of_all(&one, &value));
    assert_true(isnan(value));
    const int64_t label[2] = {0, 0};
    const brn__answers labelled = {2, 1, out, NULL, label};
    static const brn__whole_metric *const of_numbers[] = {&brn__whole_f2,  &brn__whole_accuracy_multi,
                                                          &brn__whole_mse, &brn__whole_rmse,
                                                          &brn__whole_mae, &brn__whole_r2,
                                                          &brn__whole_exp_rmspe};
    for (int i = 0; i < 7; i++)
        assert_fails(of_numbers[i]->of_all(&labelled, &value), BRN_ERROR_USAGE, of_numbers[i]->name);
    const float bad[2] = {NAN, 1};
    const brn__answers broken = {2, 1, bad, none, NULL};
    assert_fails(brn__whole_auc.of_all(&broken, &value), BRN_ERROR_DIVERGED, "item 0");
}

/* ------------------------------------------------------------------ in a fit */

TEST(a_fit_shows_the_metrics_of_its_validation_items)
{
    toy t;
    toy_new(&t);
    brn__whole_metrics whole;
    brn__metrics means;
    brn__whole_metrics_init(&whole, (const brn__whole_metric *[]){&brn__whole_auc, &brn__whole_map}, 2);
    brn__metrics_init(&means, (const brn__metric *[]){&brn__metric_accuracy}, 1);
    toy_use(&t, &whole.callback);
    toy_use(&t, &means.callback);
    t.fit.epochs = 12;
    brn__fit_result result;
    assert_ok(brn__learner_fit(t.learner, &t.fit, &result));
    assert_int_equal(result.metric_count, 3);
    assert_int_equal(whole.items, TOY_VALID);
    double shown[3] = {0};
    static const char *const names[3] = {"auc", "map", "accuracy"};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            if (strcmp(result.metrics[k].name, names[i]) == 0) shown[i] = result.metrics[k].value;
    /* recomputed from what it kept: the last epoch's */
    const brn__answers answers = {whole.items, 2, whole.outputs, NULL, whole.labels};
    double value;
    assert_ok(brn__whole_auc.of_all(&answers, &value));
    assert_close(shown[0], value, 0);
    int64_t right = 0;
    for (int64_t i = 0; i < whole.items; i++)
        right += brn__largest(whole.outputs + 2 * i, 2) == whole.labels[i];
    assert_close(shown[2], (double)right / TOY_VALID, 1e-12);
    assert_true(shown[0] > .8 && shown[1] > .8);
    brn__whole_metrics_deinit(&whole);
    /* a metric that is not for labels ends the fit with a sentence */
    brn__whole_metrics_init(&whole, (const brn__whole_metric *[]){&brn__whole_f2}, 1);
    assert_fails(brn__learner_fit(t.learner, &t.fit, NULL), BRN_ERROR_USAGE, "f2: expected a target of 2");
    brn__whole_metrics_deinit(&whole);
    toy_free(&t);
}
