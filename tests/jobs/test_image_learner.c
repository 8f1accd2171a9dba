/* SPDX-License-Identifier: Apache-2.0 */
#include "base/files.h"
#include "burnish/image.h"
#include "burnish/image_learner.h"
#include "jobs/bars.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ a small learner */

typedef struct listener {
    int batches, epochs, stop_after;
    double rates[64], loss;
} listener;

static int listen(void *context, const brn_event *event)
{
    listener *l = context;
    if (event->kind == BRN_EVENT_BATCH && l->batches < 64) l->rates[l->batches] = event->learning_rate;
    l->batches += event->kind == BRN_EVENT_BATCH;
    l->epochs += event->kind == BRN_EVENT_EPOCH;
    if (event->kind == BRN_EVENT_EPOCH) l->loss = event->valid_loss;
    return l->stop_after && l->batches >= l->stop_after;
}

static brn_image_data *open_bars(int train, int valid)
{
    brn_image_data *data;
    const brn_image_data_options options = brn_image_data_defaults();
    assert_ok(brn_image_data_open(bars_make_folder(train, valid), &options, &data));
    return data;
}

static brn_image_learner *make(brn_image_data *data, listener *hears)
{
    brn_image_learner *learner;
    brn_image_learner_options o = brn_image_learner_defaults();
    o.architecture = "resnet18";
    o.pretrained = false;
    o.size = 32;
    o.batch_size = 8;
    o.threads = o.loaders = 1;
    o.on_event = hears ? listen : NULL;
    o.context = hears;
    assert_ok(brn_image_learner_new(data, &o, &learner));
    return learner;
}

/* All values of the store; free. */
static float *values_of(brn_image_learner *learner, int64_t *count)
{
    brn_parameters *parameters = brn_image_learner_parameters(learner);
    *count = brn_parameters_elements(parameters);
    float *copy = malloc((size_t)*count * sizeof *copy);
    memcpy(copy, brn_parameters_values(parameters), (size_t)*count * sizeof *copy);
    return copy;
}

static bool group_changed(brn_image_learner *learner, const float *before, int group)
{
    int64_t begin, middle, end;
    brn_parameters *parameters = brn_image_learner_parameters(learner);
    brn_parameters_group(parameters, group, &begin, &middle, &end);
    const float *now = brn_parameters_values(parameters);
    return memcmp(now + begin, before + begin, (size_t)(end - begin) * sizeof *now) != 0;
}

static brn_image_pass plain_pass(brn_answer_form form)
{
    return (brn_image_pass){.split = BRN_SPLIT_VALID, .form = form};
}

/* ------------------------------------------------------------------ what learns */

TEST(a_learner_trains_the_groups_that_are_not_frozen_and_no_other)
{
    brn_image_data *data = open_bars(8, 2);
    brn_image_learner *learner = make(data, NULL);
    assert_int_equal(brn_image_learner_groups(learner), 3);
    int64_t count;
    float *before = values_of(learner, &count);
    assert_ok(brn_image_learner_freeze_to(learner, 1));
    brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
    assert_ok(brn_image_learner_fit(learner, &fit));
    assert_false(group_changed(learner, before, 0));
    assert_true(group_changed(learner, before, 1));
    assert_true(group_changed(learner, before, 2));
    assert_fails(brn_image_learner_freeze_to(learner, 3), BRN_ERROR_USAGE, "layer group from -3 to 2");
    free(before);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_learner_uses_cached_features_only_while_the_body_is_frozen)
{
    brn_image_data *data = open_bars(8, 2);
    brn_image_learner *learner = make(data, NULL);
    setenv("BURNISH_CACHE", test_scratch_folder(), 1);
    brn_image_learner_precompute(learner, true);
    assert_false(brn_image_learner_is_cached(learner));
    assert_ok(brn_image_learner_freeze_to(learner, -1));
    assert_true(brn_image_learner_is_cached(learner));
    brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
    assert_ok(brn_image_learner_fit(learner, &fit));
    /* Cached or not, the plain pictures are answered alike: the features are not stale. */
    float cached[8], whole[8];
    bool seen[4];
    brn_image_pass pass = plain_pass(BRN_ANSWER_PROBABILITIES);
    assert_ok(brn_image_learner_answer(learner, &pass, cached, seen));
    assert_ok(brn_image_learner_freeze_to(learner, 0));
    assert_false(brn_image_learner_is_cached(learner));
    fit.optimizer.momentum = 0;
    assert_ok(brn_image_learner_answer(learner, &pass, whole, seen));
    for (int i = 0; i < 8; i++) assert_close(cached[i], whole[i], 1e-4);
    assert_ok(brn_image_learner_fit(learner, &fit)); /* the body moves: its features are computed anew */
    assert_ok(brn_image_learner_answer(learner, &pass, whole, seen));
    assert_ok(brn_image_learner_freeze_to(learner, -1));
    assert_ok(brn_image_learner_answer(learner, &pass, cached, seen));
    for (int i = 0; i < 8; i++) assert_close(cached[i], whole[i], 1e-4);
    unsetenv("BURNISH_CACHE");
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

/* ------------------------------------------------------------------ fits */

TEST(a_fit_in_cycles_follows_them_and_saves_each_ones_end)
{
    listener hears = {0};
    brn_image_data *data = open_bars(8, 2);
    brn_image_learner *learner = make(data, &hears);
    char name[512], path[600];
    snprintf(name, sizeof name, "%s/bars", test_scratch_folder());
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .multiplier = 2};
    brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
    fit.cycles = &cycles;
    fit.epochs = 3; /* 1 + 2 */
    fit.snapshots = name;
    assert_ok(brn_image_learner_fit(learner, &fit));
    assert_int_equal(hears.epochs, 3);
    /* Two training batches and a validation batch an epoch. */
    assert_close(hears.rates[0], 1e-4, 1e-12); /* 0.7's warm-up */
    assert_close(hears.rates[1], 5e-3, 1e-12);
    assert_true(isnan(hears.rates[2])); /* of the batch that validates */
    assert_close(hears.rates[3], 1e-2, 1e-12);
    assert_close(hears.rates[4], 1e-2 / 2 * (1 + cos(M_PI / 4)), 1e-12);
    int64_t count;
    float *last = values_of(learner, &count);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s_cyc_%d.safetensors", name, i);
        assert_ok(brn_image_learner_load(learner, path));
        assert_int_equal(group_changed(learner, last, 2), i == 0); /* the second is the fit's end */
    }
    free(last);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_fit_that_is_stopped_keeps_what_it_has_learned)
{
    listener hears = {.stop_after = 2};
    brn_image_data *data = open_bars(16, 2);
    brn_image_learner *learner = make(data, &hears);
    int64_t count;
    float *before = values_of(learner, &count);
    brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
    fit.epochs = 3;
    assert_int_equal(brn_image_learner_fit(learner, &fit), BRN_ERROR_INTERRUPTED);
    assert_int_equal(hears.epochs, 0);
    assert_true(group_changed(learner, before, 2));
    hears = (listener){0};
    fit.epochs = 1;
    assert_ok(brn_image_learner_fit(learner, &fit)); /* and goes on when asked */
    assert_int_equal(hears.epochs, 1);
    fit.epochs = 0;
    assert_fails(brn_image_learner_fit(learner, &fit), BRN_ERROR_USAGE, "0 epochs");
    fit.epochs = 1;
    fit.decays[1] = -1;
    assert_fails(brn_image_learner_fit(learner, &fit), BRN_ERROR_USAGE, "layer group 1");
    free(before);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_weight_decay_is_that_of_its_layer_group)
{
    brn_image_data *data = open_bars(8, 2);
    brn_image_learner *learner = make(data, NULL);
    int64_t count;
    float *before = values_of(learner, &count);
    brn_image_fit fit = brn_image_fit_defaults(learner, 0); /* nothing but decay could move, and it has the rate */
    fit.decays[0] = .5;
    assert_ok(brn_image_learner_fit(learner, &fit));
    for (int g = 0; g < 3; g++) assert_false(group_changed(learner, before, g));
    fit.rates[0] = .1;
    fit.optimizer.decoupled_decay = true;
    assert_ok(brn_image_learner_fit(learner, &fit));
    assert_true(group_changed(learner, before, 0));
    assert_false(group_changed(learner, before, 1));
    free(before);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_learners_rate_finder_leaves_no_trace)
{
    brn_image_data *data = open_bars(8, 2);
    brn_image_learner *learner = make(data, NULL);
    int64_t count;
    float *before = values_of(learner, &count);
    const brn_image_fit fit = brn_image_fit_defaults(learner, 1e-2);
    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    finder.iterations = 12;
    finder.stop = false;
    brn_lr_curve curve;
    assert_ok(brn_image_learner_lr_find(learner, &fit, &finder, &curve));
    assert_int_equal(curve.count, 12);
    brn_lr_curve_free(&curve);
    for (int g = 0; g < 3; g++) assert_false(group_changed(learner, before, g));
    free(before);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

/* ------------------------------------------------------------------ answers and files */

TEST(augmented_passes_differ_by_number_and_plain_ones_do_not)
{
    brn_image_data *data = open_bars(4, 2);
    brn_image_learner *learner = make(data, NULL);
    float plain[8], again[8], one[8], two[8];
    bool seen[4];
    brn_image_pass pass = plain_pass(BRN_ANSWER_LOG_PROBABILITIES);
    assert_ok(brn_image_learner_answer(learner, &pass, plain, seen));
    pass.number = 1;
    assert_ok(brn_image_learner_answer(learner, &pass, again, seen));
    assert_memory_equal(plain, again, sizeof plain);
    for (int i = 0; i < 4; i++) {
        assert_true(seen[i]);
        assert_close(exp(plain[2 * i]) + exp(plain[2 * i + 1]), 1, 1e-6);
    }
    pass.augmented = true;
    assert_ok(brn_image_learner_answer(learner, &pass, one, seen));
    assert_ok(brn_image_learner_answer(learner, &pass, again, seen));
    assert_memory_equal(one, again, sizeof one);
    pass.number = 2;
    assert_ok(brn_image_learner_answer(learner, &pass, two, seen));
    assert_memory_not_equal(one, two, sizeof one);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_learners_file_opens_as_a_model_that_answers_alike)
{
    brn_image_data *data = open_bars(4, 2);
    brn_image_learner *learner = make(data, NULL);
    const int64_t first = brn_image_data_split_start(data, BRN_SPLIT_VALID);
    float answers[8];
    bool seen[4];
    char path[512];
    const brn_image_pass pass = plain_pass(BRN_ANSWER_PROBABILITIES);
    assert_ok(brn_image_learner_answer(learner, &pass, answers, seen));
    snprintf(path, sizeof path, "%s/bars.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(learner, path));
    brn_image_model *model;
    assert_ok(brn_image_model_open(path, 1, &model));
    assert_string_equal(brn_image_model_class(model, 1), "upright");
    for (int64_t i = 0; i < 4; i++) {
        const float *p;
        assert_ok(brn_image_predict_file(model, brn_image_data_path(data, first + i), &p));
        assert_close(p[1], answers[2 * i + 1], 1e-5);
    }
    brn_image_model_close(model);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_learner_goes_on_with_larger_pictures_of_the_same_classes_only)
{
    brn_image_data *data = open_bars(8, 2);
    brn_image_learner *learner = make(data, NULL);
    int64_t count;
    float *before = values_of(learner, &count);
    assert_ok(brn_image_learner_set_data(learner, data, 48, "flip"));
    for (int g = 0; g < 3; g++) assert_false(group_changed(learner, before, g));
    brn_image_fit fit = brn_image_fit_defaults(learner, 1e-3);
    assert_ok(brn_image_learner_fit(learner, &fit));
    assert_true(group_changed(learner, before, 0));
    assert_fails(brn_image_learner_set_data(learner, data, 0, "no-such-change"), BRN_ERROR_USAGE,
                 "no-such-change");
    assert_fails(brn_image_learner_set_data(learner, data, 5, NULL), BRN_ERROR_USAGE, "size: 5");
    const char *folder = bars_make_folder(8, 2);
    char other[512];
    snprintf(other, sizeof other, "%s/train/third", folder);
    assert_ok(brn__make_folders(other));
    strcat(other, "/a.png");
    bars_write(other, 0, 1);
    snprintf(other, sizeof other, "%s/train", folder);
    brn_image_data *three;
    const brn_image_data_options options = brn_image_data_defaults();
    assert_ok(brn_image_data_open(other, &options, &three));
    assert_fails(brn_image_learner_set_data(learner, three, 0, NULL), BRN_ERROR_USAGE, "classes");
    assert_ok(brn_image_learner_fit(learner, &fit)); /* a refusal has changed nothing */
    brn_image_data_close(three);
    free(before);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}
