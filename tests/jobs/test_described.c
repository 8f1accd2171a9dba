/* SPDX-License-Identifier: Apache-2.0
 * Described networks under the learner and the job of pictures: they learn, are kept whole, and go on to the same
 * bits. */
#include "base/files.h"
#include "base/sha256.h"
#include "burnish/image.h"
#include "burnish/image_learner.h"
#include "burnish/image_lr_find.h"
#include "jobs/bars.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS(probability)                                                                        \
    "\"layers\": [{\"layer\": \"sequential\", \"layers\": [{\"layer\": \"conv\", \"channels\": 8, \"kernel\": 3, "\
    "\"padding\": 1, \"bias\": false}, {\"layer\": \"batch_norm\"}, {\"layer\": \"relu\"}]}, "      \
    "{\"layer\": \"sequential\", \"layers\": [{\"layer\": \"conv\", \"channels\": 12, \"kernel\": 3, \"stride\": 2}, "\
    "{\"layer\": \"batch_norm\"}, {\"layer\": \"relu\"}, {\"layer\": \"global_pool\", \"kind\": \"concat\"}]}, "\
    "{\"layer\": \"dropout\", \"probability\": " probability "}, {\"layer\": \"linear\", \"outputs\": \"classes\"}]}"
static const char bars_network[] = "{\"format\": 1, \"name\": \"bars\", \"size\": 32, " LAYERS("0.1");
static const char other_network[] = "{\"format\": 1, \"name\": \"bars\", \"size\": 32, " LAYERS("0.2");

static brn_image_learner *make(brn_image_data *data, const char *network)
{
    brn_image_learner *learner;
    brn_image_learner_options o = brn_image_learner_defaults();
    o.network = network;
    o.batch_size = 8;
    o.threads = o.loaders = 1;
    assert_ok(brn_image_learner_new(data, &o, &learner));
    return learner;
}

static brn_image_data *open_bars(void)
{
    brn_image_data *data;
    const brn_image_data_options options = brn_image_data_defaults();
    assert_ok(brn_image_data_open(bars_make_folder(16, 4), &options, &data));
    return data;
}

static void fit(brn_image_learner *learner, int epochs, double rate)
{
    brn_image_fit f = brn_image_fit_defaults(learner, rate);
    f.epochs = epochs;
    f.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    assert_ok(brn_image_learner_fit(learner, &f));
}

static bool same_values(brn_image_learner *a, brn_image_learner *b)
{
    brn_parameters *one = brn_image_learner_parameters(a), *other = brn_image_learner_parameters(b);
    assert_int_equal(brn_parameters_elements(one), brn_parameters_elements(other));
    return memcmp(brn_parameters_values(one), brn_parameters_values(other),
                  (size_t)brn_parameters_elements(one) * sizeof(float)) == 0;
}

static int right_answers(const float *answers)
{
    int right = 0;
    for (int i = 0; i < 8; i++) right += (answers[2 * i + 1] > answers[2 * i]) == (i >= 4);
    return right;
}

TEST(a_described_network_learns_by_its_groups_and_its_file_is_all_of_it)
{
    brn_image_data *data = open_bars();
    brn_image_learner *learner = make(data, bars_network);
    assert_int_equal(brn_image_learner_groups(learner), 3);
    fit(learner, 12, 1e-2);
    float answers[16];
    bool seen[8];
    const brn_image_pass pass = {.split = BRN_SPLIT_VALID, .form = BRN_ANSWER_PROBABILITIES};
    assert_ok(brn_image_learner_answer(learner, &pass, answers, seen));
    assert_true(right_answers(answers) >= 7);
    assert_ok(brn_image_learner_freeze_to(learner, -1));
    brn_image_learner_precompute(learner, true);
    assert_false(brn_image_learner_is_cached(learner));
    brn_parameters *store = brn_image_learner_parameters(learner);
    int64_t begin, middle, end;
    brn_parameters_group(store, 1, &begin, &middle, &end);
    float *before = malloc((size_t)end * sizeof *before);
    memcpy(before, brn_parameters_values(store), (size_t)end * sizeof *before);
    fit(learner, 1, 1e-2);
    assert_memory_equal(before, brn_parameters_values(store), (size_t)end * sizeof *before);
    free(before);
    char path[512];
    snprintf(path, sizeof path, "%s/bars.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_answer(learner, &pass, answers, seen));
    assert_ok(brn_image_learner_save(learner, path));
    brn_image_model *model;
    assert_ok(brn_image_model_open(path, 1, &model));
    assert_string_equal(brn_image_model_architecture(model), "bars");
    assert_int_equal(brn_image_model_size(model), 32);
    const float *p;
    for (int64_t i = 0; i < 8; i++) {
        assert_ok(brn_image_predict_file(model, brn_image_data_path(data, brn_image_data_split_start(data, BRN_SPLIT_VALID) + i), &p));
        assert_close(p[0], answers[2 * i], 1e-5);
    }
    brn_image_model_close(model);
    brn_image_learner_free(learner);
    brn_image_data_close(data);
}

TEST(a_learner_goes_on_where_another_was_saved_to_the_same_bits)
{
    char path[512];
    brn_image_data *data = open_bars();
    brn_image_learner *whole = make(data, bars_network), *second = make(data, bars_network), *third = make(data, bars_network);
    fit(whole, 2, 1e-2);
    snprintf(path, sizeof path, "%s/half.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(whole, path));
    fit(whole, 2, 5e-3);
    assert_ok(brn_image_learner_resume(second, path));
    fit(second, 2, 5e-3);
    assert_true(same_values(whole, second));
    assert_ok(brn_image_learner_load(third, path)); /* the values alone: other shuffles */
    fit(third, 2, 5e-3);
    assert_false(same_values(whole, third));
    brn_image_learner_free(third);
    brn_image_learner_free(second);
    brn_image_learner_free(whole);
    brn_image_data_close(data);
}

TEST(a_learner_takes_its_own_network_alone)
{
    char path[512];
    brn_image_data *data = open_bars();
    brn_image_learner *learner = make(data, bars_network), *other = make(data, other_network);
    snprintf(path, sizeof path, "%s/bars.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(learner, path));
    assert_fails(brn_image_learner_load(other, path), BRN_ERROR_INPUT, "another network of the name bars");
    brn_image_learner_free(other);
    brn_image_learner_free(learner);
    brn_image_learner_options o = brn_image_learner_defaults();
    o.network = "{\"format\": 1, \"layers\": [{\"layer\": \"linear\", \"outputs\": 7}]}";
    assert_fails(brn_image_learner_new(data, &o, &learner), BRN_ERROR_INPUT, "its last layer gives");
    o.network = "/no/such/network.json";
    assert_fails(brn_image_learner_new(data, &o, &learner), BRN_ERROR_INPUT, "/no/such/network.json");
    brn_image_data_close(data);
}

static int stop_after_three(void *context, const brn_event *event)
{
    int *batches = context;
    *batches += event->kind == BRN_EVENT_BATCH;
    return *batches >= 3;
}

static brn_image_options options_of(const char *data, const char *out, const char *network)
{
    brn_image_options o = brn_image_defaults();
    o.data = data;
    o.out = out;
    o.network = network;
    o.epochs = 3;
    o.batch_size = 8;
    o.tta = 0;
    o.threads = o.loaders = 1;
    o.checkpoint_seconds = 0;
    return o;
}

/* Its description was in a file, which is gone by then. */
TEST(a_run_of_a_described_network_is_resumed_to_the_same_bits)
{
    char whole[512], stopped[512], file[512], path[600], expected[65], digest[65], folder[256];
    snprintf(folder, sizeof folder, "%s", bars_make_folder(12, 3));
    snprintf(file, sizeof file, "%s/network.json", folder);
    snprintf(whole, sizeof whole, "%s/runs/whole", folder);
    snprintf(stopped, sizeof stopped, "%s/runs/stopped", folder);
    assert_ok(brn__replace_file(file, bars_network, strlen(bars_network)));
    brn_image_options o = options_of(folder, whole, file);
    assert_ok(brn_image_train(&o, NULL));
    int batches = 0;
    o = options_of(folder, stopped, file);
    o.on_event = stop_after_three;
    o.context = &batches;
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_INTERRUPTED, stopped);
    assert_int_equal(remove(file), 0);
    assert_ok(brn_image_resume(stopped, NULL, NULL, NULL));
    snprintf(path, sizeof path, "%s/model.safetensors", whole);
    assert_ok(brn__sha256_of_file(path, expected));
    snprintf(path, sizeof path, "%s/model.safetensors", stopped);
    assert_ok(brn__sha256_of_file(path, digest));
    assert_string_equal(digest, expected);
    brn_lr_curve curve;
    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    finder.iterations = 12;
    o = options_of(folder, NULL, bars_network);
    assert_ok(brn_image_lr_find(&o, &finder, &curve));
    assert_true(curve.count > 3);
    brn_lr_curve_free(&curve);
}
