/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "base/sha256.h"
#include "burnish/image.h"
#include "burnish/imagenet.h"
#include "burnish/weights.h"
#include "jobs/image_job.h"
#include "jobs/bars.h"
#include "jobs/run_folder.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static brn_image_options tiny_options(const char *data, const char *out)
{
    brn_image_options o = brn_image_defaults();
    o.data = data;
    o.out = out;
    o.architecture = "resnet18";
    o.recipe = BRN_RECIPE_SCRATCH;
    o.epochs = 2;
    o.freeze_epochs = 0;
    o.batch_size = 8;
    o.size = 32;
    o.tta = 0;
    o.threads = 1;
    o.loaders = 1;
    return o;
}

/* ------------------------------------------------------------------ training */

TEST(loader_threads_change_no_bit_of_the_weights)
{
    const char *data = bars_make_folder(13, 3);
    char expected[65] = "", out[256], path[512], digest[65];
    for (int loaders = 1; loaders <= 8; loaders *= 2) {
        snprintf(out, sizeof out, "%s/run", test_scratch_folder());
        brn_image_options o = tiny_options(data, out);
        o.loaders = loaders;
        brn_image_result result;
        assert_ok(brn_image_train(&o, &result));
        assert_int_equal(result.train_count, 26);
        assert_int_equal(result.valid_count, 6);
        snprintf(path, sizeof path, "%s/model.safetensors", out);
        assert_ok(brn__sha256_of_file(path, digest));
        if (!*expected) strcpy(expected, digest);
        assert_string_equal(digest, expected);
    }
}

typedef struct listener {
    int starts, stages, epochs, warnings, dones, batches, stop_after;
    char warning[1024], run[512];
    double accuracy, valid_loss;
} listener;

static int listen(void *context, const brn_event *event)
{
    listener *l = context;
    l->starts += event->kind == BRN_EVENT_START;
    l->stages += event->kind == BRN_EVENT_STAGE;
    l->epochs += event->kind == BRN_EVENT_EPOCH;
    l->batches += event->kind == BRN_EVENT_BATCH;
    if (event->kind == BRN_EVENT_WARNING) {
        l->warnings++;
        snprintf(l->warning, sizeof l->warning, "%s", event->text);
    }
    if (event->kind == BRN_EVENT_DONE) {
        l->dones++;
        snprintf(l->run, sizeof l->run, "%s", event->text ? event->text : "");
        l->valid_loss = event->valid_loss;
        l->accuracy = event->metrics[0].value;
    }
    return l->stop_after && l->batches >= l->stop_after;
}

TEST(a_run_leaves_its_files_and_its_model_answers)
{
    const char *data = bars_make_folder(24, 8);
    char out[256], path[512];
    snprintf(out, sizeof out, "%s/deep/er/run", test_scratch_folder());
    listener l = {0};
    brn_image_options o = tiny_options(data, out);
    o.epochs = 6;
    o.tta = 2;
    o.on_event = listen;
    o.context = &l;
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    assert_string_equal(result.run, out);
    assert_string_equal(l.run, out);
    assert_int_equal(l.starts, 1);
    assert_int_equal(l.epochs, 6);
    assert_int_equal(l.dones, 1);
    if (result.accuracy < .85) fail_msg("accuracy %g on bars", result.accuracy);
    static const char *const files[] = {"config.json", "history.csv", "model.safetensors"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", out, files[i]);
        assert_true(brn__is_file(path));
    }
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_USAGE, "never overwritten");

    brn_image_model *model;
    assert_ok(brn_image_model_open(out, 1, &model));
    assert_int_equal(brn_image_model_classes(model), 2);
    assert_string_equal(brn_image_model_class(model, 1), "upright");
    assert_string_equal(brn_image_model_architecture(model), "resnet18");
    assert_int_equal(brn_image_model_size(model), 32);
    brn_image_evaluation e;
    assert_ok(brn_image_evaluate(model, data, 8, 2, 0, false, NULL, NULL, &e));
    assert_int_equal(e.count, 16);
    assert_close(e.accuracy, result.accuracy, 0); /* the same seed, views and numbers */
    assert_close(e.valid_loss, result.valid_loss, 1e-6);
    assert_int_equal(e.confusion[0] + e.confusion[1] + e.confusion[2] + e.confusion[3], 16);
    assert_close((double)(e.confusion[0] + e.confusion[3]) / 16, e.accuracy, 1e-12);

    brn_image_evaluation plain, other; /* fastai 2's weight of the plain pass */
    assert_ok(brn_image_evaluate(model, data, 8, 0, 0, false, NULL, NULL, &plain));
    assert_ok(brn_image_evaluate(model, data, 8, 2, 1, false, NULL, NULL, &other));
    assert_close(other.valid_loss, plain.valid_loss, 1e-6); /* nothing but the plain pass counts */
    assert_ok(brn_image_evaluate(model, data, 8, 1, 0, false, NULL, NULL, &e));
    assert_ok(brn_image_evaluate(model, data, 8, 1, .5, false, NULL, NULL, &other));
    assert_close(other.valid_loss, e.valid_loss, 1e-6); /* of one pass and one: both are the mean */
    assert_ok(brn_image_evaluate(model, data, 8, 1, .25, false, NULL, NULL, &other));
    assert_true(fabs(other.valid_loss - e.valid_loss) > 1e-5);
    assert_fails(brn_image_evaluate(model, data, 8, 1, 1.5, false, NULL, NULL, &other), BRN_ERROR_USAGE,
                 "beta 1.5; expected 0 to 1");
    brn_image_model_close(model);
}

TEST(files_pixels_and_batches_give_the_same_answers)
{
    const char *data = bars_make_folder(4, 2);
    char out[256], first[512], bad[512];
    snprintf(out, sizeof out, "%s/run", test_scratch_folder());
    brn_image_options o = tiny_options(data, out);
    o.epochs = 1;
    assert_ok(brn_image_train(&o, NULL));
    brn_image_model *model;
    snprintf(first, sizeof first, "%s/model.safetensors", out);
    assert_ok(brn_image_model_open(first, 1, &model));
    snprintf(first, sizeof first, "%s/valid/upright/00.png", data);
    snprintf(bad, sizeof bad, "%s/valid/upright/none.png", data);
    const float *p;
    assert_ok(brn_image_predict_file(model, first, &p));
    float from_file[2] = {p[0], p[1]};
    assert_close(p[0] + p[1], 1, 1e-6);
    uint8_t pixels[BARS_SIDE * BARS_SIDE * 3];
    bars_paint(pixels, 1, 1000);
    assert_ok(brn_image_predict_pixels(model, pixels, BARS_SIDE, BARS_SIDE, &p));
    assert_memory_equal(p, from_file, sizeof from_file);
    float many[8];
    bool ok[4];
    const char *paths[] = {first, bad, first, first};
    assert_ok(brn_image_predict_files(model, paths, 4, 2, many, ok));
    assert_true(ok[0] && !ok[1] && ok[2] && ok[3]);
    for (int i = 0; i < 2; i++) {
        assert_close(many[i], from_file[i], 1e-5);
        assert_close(many[4 + i], from_file[i], 1e-5);
        assert_true(many[2 + i] == 0);
    }
    assert_fails(brn_image_predict_files(model, paths + 1, 1, 2, many, ok), BRN_ERROR_INPUT, bad);
    assert_fails(brn_image_predict_file(model, bad, &p), BRN_ERROR_INPUT, bad);
    brn_image_model_close(model);
    assert_fails(brn_image_model_open("no/such/run", 1, &model), BRN_ERROR_INPUT, "no/such/run");
    assert_fails(brn_image_model_open(data, 1, &model), BRN_ERROR_INPUT, "no model.safetensors");
}

TEST(a_bad_picture_costs_one_sample)
{
    const char *data = bars_make_folder(6, 2);
    char path[512], out[256];
    snprintf(path, sizeof path, "%s/train/lying/03.png", data);
    assert_ok(brn__replace_file(path, "no picture at all", 17));
    snprintf(out, sizeof out, "%s/run", test_scratch_folder());
    listener l = {0};
    brn_image_options o = tiny_options(data, out);
    o.on_event = listen;
    o.context = &l;
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    assert_int_equal(result.bad_count, 1);
    assert_int_equal(l.warnings, 1);
    assert_non_null(strstr(l.warning, path));
}

TEST(an_interrupted_run_keeps_its_model)
{
    const char *data = bars_make_folder(8, 2);
    char out[256];
    snprintf(out, sizeof out, "%s/run", test_scratch_folder());
    listener l = {.stop_after = 4};
    brn_image_options o = tiny_options(data, out);
    o.epochs = 50;
    o.on_event = listen;
    o.context = &l;
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_INTERRUPTED, out);
    assert_int_equal(l.batches, 4);
    brn_image_model *model;
    assert_ok(brn_image_model_open(out, 1, &model));
    brn_image_model_close(model);
}

TEST(options_that_make_no_sense_are_refused_before_a_folder_is_made)
{
    const char *data = bars_make_folder(2, 1);
    char out[256];
    snprintf(out, sizeof out, "%s/run", test_scratch_folder());
    brn_image_options o = tiny_options(data, out);
#define REFUSED(change, code, message)                                                             \
    do {                                                                                           \
        brn_image_options wrong = o;                                                               \
        wrong.change;                                                                              \
        assert_fails(brn_image_train(&wrong, NULL), code, message);                                \
        assert_false(brn__is_folder(out));                                                         \
    } while (0)
    REFUSED(data = NULL, BRN_ERROR_USAGE, "data");
    REFUSED(data = "/no/such/folder", BRN_ERROR_IO, "/no/such/folder");
    REFUSED(architecture = "resnet19", BRN_ERROR_USAGE, "resnet19");
    REFUSED(epochs = -2, BRN_ERROR_USAGE, "epochs");
    REFUSED(batch_size = 1, BRN_ERROR_USAGE, "batch size: 1");
    REFUSED(size = 7, BRN_ERROR_USAGE, "size: 7");
    REFUSED(learning_rate = -1, BRN_ERROR_USAGE, "learning rate");
    REFUSED(optimizer = "adamant", BRN_ERROR_USAGE, "adamant");
    REFUSED(augment = "flop", BRN_ERROR_USAGE, "flop");
    REFUSED(recipe = (brn_image_recipe)9, BRN_ERROR_USAGE, "recipe");
    REFUSED(cycle_length = -1, BRN_ERROR_USAGE, "cycles: -1");
    REFUSED(schedule = "steps", BRN_ERROR_USAGE, "one-cycle, cosine, constant, flat-cosine, restarts");
    REFUSED(label_smoothing = 1, BRN_ERROR_USAGE, "label smoothing");
    REFUSED(tta = -1, BRN_ERROR_USAGE, "tta");
    REFUSED(valid = 1, BRN_ERROR_USAGE, "valid");
#undef REFUSED
}

/* ------------------------------------------------------------------ run folders */

TEST(run_folders_are_numbered_and_never_used_twice)
{
    char path[4096], cwd[4096], out[256];
    assert_non_null(getcwd(cwd, sizeof cwd));
    const char *folder = test_scratch_folder();
    assert_int_equal(chdir(folder), 0);
    assert_ok(brn__run_folder_make(NULL, "image", path, sizeof path));
    assert_string_equal(path, "runs/image-1");
    assert_ok(brn__make_folders("runs/image-2"));
    assert_ok(brn__run_folder_make(NULL, "image", path, sizeof path));
    assert_string_equal(path, "runs/image-3");
    assert_true(brn__is_folder(path));
    assert_int_equal(chdir(cwd), 0);
    snprintf(out, sizeof out, "%s/a/b", folder);
    assert_ok(brn__run_folder_make(out, "image", path, sizeof path));
    assert_string_equal(path, out);
    assert_fails(brn__run_folder_make(out, "image", path, sizeof path), BRN_ERROR_USAGE, out);
    snprintf(out, sizeof out, "%s/file", folder);
    assert_ok(brn__replace_file(out, "x", 1));
    assert_fails(brn__run_folder_make(out, "image", path, sizeof path), BRN_ERROR_USAGE, out);
}

/* ------------------------------------------------------------------ cached features */

typedef struct feature_rig {
    brn_image_data *data;
    brn__image_transform transform;
    brn__image_network network;
} feature_rig;

static void feature_rig_new(feature_rig *r, const char *folder)
{
    const brn_image_data_options split = brn_image_data_defaults();
    assert_ok(brn_image_data_open(folder, &split, &r->data));
    r->transform = brn__image_transform_defaults(32);
    const brn__image_network_options options = {.model = brn_model_find("resnet18"),
                                                .head = brn_nn_head_defaults(2),
                                                .batch_size = 4,
                                                .size = 32,
                                                .threads = 1,
                                                .seed = 7};
    assert_ok(brn__image_network_new(&options, &r->network));
}

static void feature_rig_free(feature_rig *r)
{
    brn__image_network_free(&r->network);
    brn_image_data_close(r->data);
}

/* Makes the features once; says whether they came from the cache, and where they are. */
static bool were_cached(feature_rig *r, char path[4096])
{
    brn__image_features *features;
    assert_ok(
        brn__image_features_make(&r->network, r->data, &r->transform, 4, 1, NULL, &features));
    bool cached = brn__image_features_were_cached(features);
    snprintf(path, 4096, "%s", brn__image_features_path(features));
    brn__image_features_free(features);
    return cached;
}

TEST(cached_features_are_found_again_until_something_changes)
{
    const char *folder = bars_make_folder(3, 1);
    char first[4096], again[4096], picture[512];
    setenv("BURNISH_CACHE", test_scratch_folder(), 1);
    feature_rig r;
    feature_rig_new(&r, folder);
    assert_false(were_cached(&r, first));
    assert_true(were_cached(&r, again));
    assert_string_equal(first, again);
    snprintf(picture, sizeof picture, "%s/train/lying/01.png", folder);
    bars_write(picture, 0, 555);
    assert_false(were_cached(&r, again));
    assert_string_not_equal(first, again);
    r.transform.resize = 36;
    assert_false(were_cached(&r, first));
    assert_ok(brn_parameters_initialise(r.network.parameters, 8, 0)); /* another body */
    assert_false(were_cached(&r, first));
    assert_true(were_cached(&r, first));
    assert_ok(brn_parameters_initialise(r.network.parameters, 9, 2)); /* another head: the same */
    assert_true(were_cached(&r, first));
    assert_ok(brn__replace_file(first, "damaged", 7));
    assert_false(were_cached(&r, first));
    feature_rig_free(&r);
    unsetenv("BURNISH_CACHE");
}

TEST(cached_features_are_those_of_the_frozen_body)
{
    const char *folder = bars_make_folder(2, 1); /* 4 training pictures */
    setenv("BURNISH_CACHE", test_scratch_folder(), 1);
    feature_rig r;
    feature_rig_new(&r, folder);
    brn__image_features *features;
    assert_ok(brn__image_features_make(&r.network, r.data, &r.transform, 4, 1, NULL, &features));
    const int64_t width = 2 * r.network.model->features;
    float *pixels = brn__alloc_aligned(4 * 3 * 32 * 32 * sizeof(float));
    float *row = brn__alloc_aligned((size_t)width * sizeof(float));
    int64_t labels[4], label;
    for (int64_t i = 0; i < 4; i++) {
        assert_ok(brn__image_transform_read(&r.transform, brn_image_data_path(r.data, i), false,
                                            NULL, pixels + i * 3 * 32 * 32));
        labels[i] = brn_image_data_label(r.data, i);
    }
    brn_plan_options options = brn_plan_defaults();
    brn_plan *plan;
    options.training = true;
    options.loss = r.network.whole.loss;
    options.learning_groups = 1 << 2;
    options.norm_form[0] = options.norm_form[1] = BRN_NORM_FIXED;
    options.outputs[options.output_count++] = r.network.pooled;
    assert_ok(brn_runner_plan(brn__learner_runner(r.network.learner), &options, &plan));
    assert_ok(brn_plan_bind(plan, "image", pixels));
    assert_ok(brn_plan_bind(plan, "target", labels));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 1}));
    const float *expected = brn_plan_output(plan, 0);
    const brn__dataset *dataset = brn__image_features_dataset(features);
    for (int64_t i = 0; i < 4; i++) {
        assert_ok(dataset->load(dataset, i, &(brn__sample_context){0}, row, &label));
        assert_int_equal(label, labels[i]);
        for (int64_t k = 0; k < width; k++)
            assert_close(row[k], expected[i * width + k], 1e-4);
    }
    brn__free_aligned(pixels);
    brn__free_aligned(row);
    brn__image_features_free(features);
    feature_rig_free(&r);
    unsetenv("BURNISH_CACHE");
}

/* ------------------------------------------------------------------ real weights */

TEST(lite0_gives_the_known_logits_of_16_pictures)
{
    static const char weights[] = "pretrained/efficientnet_lite0/efficientnet-lite0-57934424.pth";
    char folder[4096], line[512], path[8192];
    snprintf(path, sizeof path, "%s", test_data_path(weights));
    setenv("BURNISH_CACHE", test_scratch_folder(), 1);
    assert_ok(brn_weights_import("efficientnet_lite0", path));
    snprintf(folder, sizeof folder, "%s", test_data_path("pretrained/check"));
    brn_image_model *model;
    assert_ok(brn_image_model_open("efficientnet_lite0", 1, &model));
    unsetenv("BURNISH_CACHE");
    snprintf(path, sizeof path, "%s/logits_efficientnet_lite0_16x1000_f32.bin", folder);
    FILE *logits = fopen(path, "rb");
    snprintf(path, sizeof path, "%s/expected.csv", folder);
    FILE *list = fopen(path, "r");
    assert_true(list && logits && fgets(line, sizeof line, list));
    int pictures = 0;
    while (fgets(line, sizeof line, list)) {
        float expected[BRN_IMAGENET_CLASSES];
        const float *p;
        line[strcspn(line, ",")] = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, line);
        assert_int_equal(fread(expected, sizeof *expected, BRN_IMAGENET_CLASSES, logits),
                         BRN_IMAGENET_CLASSES);
        assert_ok(brn_image_predict_file(model, path, &p));
        assert_int_equal(brn_image_best(p, BRN_IMAGENET_CLASSES),
                         brn_image_best(expected, BRN_IMAGENET_CLASSES));
        for (int k = 0; k < BRN_IMAGENET_CLASSES; k++)
            assert_true(fabs(brn_image_logits(model)[k] - expected[k]) <= 2e-3);
        pictures++;
    }
    assert_int_equal(pictures, 16);
    fclose(list);
    fclose(logits);
    brn_image_model_close(model);
}

TEST(the_bench_times_and_describes)
{
    double seconds[2];
    char *text;
    brn_image_bench_options options = brn_image_bench_defaults();
    options.architecture = "resnet18";
    options.batch_size = 2;
    options.size = 32;
    options.threads = 1;
    options.rounds = 2;
    assert_ok(brn_image_bench(&options, seconds, &text));
    assert_true(seconds[0] > 0 && seconds[1] > 0);
    assert_non_null(strstr(text, "conv2d"));
    brn_text_free(text);
    options.precision = (brn_precision)7;
    assert_fails(brn_image_bench(&options, seconds, NULL), BRN_ERROR_USAGE, "precision 7");
    options.precision = BRN_PRECISION_FP32;
    options.architecture = "resnet0";
    assert_fails(brn_image_bench(&options, seconds, NULL), BRN_ERROR_USAGE, "resnet0");
}

TEST(the_bench_reads_every_training_picture)
{
    double seconds[2] = {0};
    int64_t count = 0;
    char path[512];
    const char *folder = bars_make_folder(3, 1);
    assert_ok(brn_image_bench_reading(folder, "top-down", 64, 2, seconds, &count));
    assert_int_equal(count, 6);
    assert_true(seconds[0] > 0 && seconds[1] > 0);
    assert_fails(brn_image_bench_reading(folder, "sideways", 64, 2, seconds, &count), BRN_ERROR_USAGE, "sideways");
    assert_fails(brn_image_bench_reading(folder, NULL, 64, 0, seconds, &count), BRN_ERROR_USAGE, "0 rounds");
    snprintf(path, sizeof path, "%s/train/lying/00.png", folder);
    assert_int_equal(truncate(path, 10), 0);
    assert_fails(brn_image_bench_reading(folder, NULL, 64, 2, seconds, &count), BRN_ERROR_INPUT, "00.png");
}
