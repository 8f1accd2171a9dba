/* SPDX-License-Identifier: Apache-2.0
 * Tags and numbers, from a list of pictures to answers. */
#include "base/files.h"
#include "base/philox.h"
#include "burnish/image.h"
#include "burnish/interpret.h"
#include "burnish/predictions.h"
#include "jobs/image_targets.h"
#include "test.h"

#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 36, TRAIN = 64, VALID = 24, COUNT = TRAIN + VALID };

/* ------------------------------------------------------------------ pictures made here */

/* Which of the channels are bright: no picture is black. */
static int tags_of(int number)
{
    brn__random random = brn__random_new(brn__philox_key(5, "tags"), (uint32_t)number, 0, 0);
    return 1 + (int)brn__random_below(&random, 7);
}

static double brightness_of(int number)
{
    brn__random random = brn__random_new(brn__philox_key(5, "brightness"), (uint32_t)number, 0, 0);
    return .1 + .8 * (double)brn__random_below(&random, 1000) / 1000;
}

static void write_picture(const char *path, int number, const double level[3])
{
    static uint8_t pixels[SIDE * SIDE * 3];
    brn__random random = brn__random_new(brn__philox_key(5, "noise"), (uint32_t)number, 0, 0);
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        pixels[i] = (uint8_t)(level[i % 3] * 225 + (double)brn__random_below(&random, 30));
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

static void add_row(FILE *list, bool numbers, int i)
{
    static const char *const names[] = {"red", "green", "blue"};
    const double b = brightness_of(i);
    fprintf(list, "%03d,", i);
    if (numbers) fprintf(list, "%.4f,%.4f", b, 1 - b);
    for (int k = 0, written = 0; !numbers && k < 3; k++)
        if (tags_of(i) >> k & 1) fprintf(list, "%s%s", written++ ? " " : "", names[k]);
    fprintf(list, ",%d\n", i >= TRAIN);
}

static char scratch[256]; /* of this test */

/* The list; pictures are in images beside it. */
static const char *make_list(bool numbers)
{
    static char path[512];
    char picture[600];
    snprintf(scratch, sizeof scratch, "%s", test_scratch_folder());
    snprintf(path, sizeof path, "%s/images", scratch);
    assert_ok(brn__make_folders(path));
    for (int i = 0; i < COUNT; i++) {
        const double b = brightness_of(i), levels[] = {b, b, b};
        double bright[3];
        for (int k = 0; k < 3; k++) bright[k] = tags_of(i) >> k & 1 ? .85 : .1;
        snprintf(picture, sizeof picture, "%s/%03d.png", path, i);
        write_picture(picture, i, numbers ? levels : bright);
    }
    snprintf(path, sizeof path, "%s/list.csv", scratch);
    FILE *list = fopen(path, "w");
    assert_non_null(list);
    fprintf(list, numbers ? "name,light,dark,is_valid\n" : "name,tags,is_valid\n");
    for (int i = 0; i < COUNT; i++) add_row(list, numbers, i);
    fclose(list);
    return path;
}

static brn_image_options tiny_options(const char *data, const char *out)
{
    brn_image_options o = brn_image_defaults();
    o.data = data;
    o.out = out;
    o.architecture = "resnet18";
    o.recipe = BRN_RECIPE_SCRATCH;
    o.epochs = 5;
    o.freeze_epochs = 0;
    o.batch_size = 8;
    o.size = 32;
    o.tta = 2;
    o.threads = 1;
    o.loaders = 1;
    return o;
}

static const char *run_path(void)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/run", scratch);
    return path;
}

static const char *picture_path(int number)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/images/%03d.png", scratch, number);
    return path;
}

static char *text_of(const char *folder, const char *name)
{
    char path[1024], *text;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(brn__read_file(path, 1 << 24, &text, NULL));
    return text;
}

/* ------------------------------------------------------------------ tags */

TEST(tags_are_learned_and_answered)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    assert_int_equal(result.target, BRN_TARGET_TAGS);
    assert_int_equal(result.metric_count, 4);
    assert_string_equal(result.metrics[0].name, "f2");
    assert_string_equal(result.metrics[1].name, "map");
    assert_string_equal(result.metrics[3].name, "plain_f2");
    assert_true(result.metrics[0].value > .9); /* all tags for all: .83 or so */
    assert_true(result.metrics[1].value > .9);
    assert_true(isnan(result.accuracy));
    assert_true(result.threshold >= .17 && result.threshold <= .2300001);
    char *history = text_of(run_path(), "history.csv");
    assert_true(strncmp(history, "stage,epoch,train_loss,valid_loss,f2,map,learning_rate", 53) == 0);
    free(history);

    brn_image_model *model;
    assert_ok(brn_image_model_open(run_path(), 1, &model));
    assert_int_equal(brn_image_model_target(model), BRN_TARGET_TAGS);
    assert_close(brn_image_model_threshold(model), result.threshold, 0);
    brn_image_evaluation plain, averaged;
    const brn_image_evaluate_options ask = {.batch_size = 8, .tta = 2};
    assert_ok(brn_image_evaluate(model, list, 8, 0, 0, false, NULL, NULL, &plain));
    assert_ok(brn_image_evaluate_with(model, list, &ask, &averaged));
    assert_int_equal(plain.count, VALID);
    assert_null(plain.confusion);
    assert_close(plain.metrics[0].value, result.metrics[3].value, 1e-9);
    assert_close(averaged.metrics[0].value, result.metrics[0].value, 1e-9);
    assert_close(averaged.metrics[1].value, result.metrics[1].value, 1e-9);
    assert_close(averaged.valid_loss, result.valid_loss, 1e-6);
    assert_close(averaged.threshold, result.threshold, 0);
    brn_image_model_close(model);
}

TEST(tags_above_the_threshold_are_written)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    o.tta = 0;
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    assert_int_equal(result.metric_count, 3);
    assert_true(isfinite(result.threshold));
    brn_image_model *model;
    assert_ok(brn_image_model_open(run_path(), 1, &model));
    const char *const paths[] = {strdup(picture_path(TRAIN)), strdup(picture_path(TRAIN + 1))};
    float p[] = {.9f, .05f, .5f, (float)result.threshold / 2, .01f, .02f};
    bool ok[] = {true, true};
    char out[600], sample[600], expected[1024];
    const brn_image_predictions all = {model, paths, 2, p, ok};
    snprintf(out, sizeof out, "%s/out.csv", scratch);
    snprintf(sample, sizeof sample, "%s/sample.csv", scratch);
    assert_ok(brn_image_predictions_csv(&all, false, out));
    char *text = text_of(scratch, "out.csv");
    snprintf(expected, sizeof expected,
             "file,labels,p_blue,p_green,p_red\n%s,blue red,0.9,0.05,0.5\n%s,,", paths[0], paths[1]);
    assert_true(strncmp(text, expected, strlen(expected)) == 0);
    free(text);
    FILE *file = fopen(sample, "w");
    fprintf(file, "image_name,tags\n%03d,x\n", TRAIN);
    fclose(file);
    assert_ok(brn_image_predictions_submission(&all, sample, out));
    text = text_of(scratch, "out.csv");
    snprintf(expected, sizeof expected, "image_name,tags\n%03d,blue red\n", TRAIN);
    assert_string_equal(text, expected);
    free(text);
    free((void *)(uintptr_t)paths[0]);
    free((void *)(uintptr_t)paths[1]);
    brn_image_model_close(model);
}

TEST(each_tag_has_a_sigmoid_of_its_own)
{
    const float logits[] = {0, 100, -100, 2};
    float p[4];
    brn__image_answer_of(BRN_TARGET_TAGS, logits, 4, p);
    assert_close((double)p[0], .5, 1e-7);
    assert_close((double)p[1], 1, 1e-7);
    assert_close((double)p[2], 0, 1e-7);
    assert_close((double)p[3], 1 / (1 + exp(-2)), 1e-7);
    brn__image_answer_of(BRN_TARGET_NUMBERS, logits, 4, p);
    assert_memory_equal(p, logits, sizeof p);
}

/* ------------------------------------------------------------------ numbers */

TEST(brightness_is_learned)
{
    const char *list = make_list(true);
    brn_image_options o = tiny_options(list, run_path());
    o.epochs = 12;
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    assert_int_equal(result.target, BRN_TARGET_NUMBERS);
    assert_string_equal(result.metrics[0].name, "rmse");
    assert_string_equal(result.metrics[1].name, "mae");
    assert_true(isnan(result.threshold));
    /* answers are scored by their mean over the views: the loss is the square of what is told */
    assert_close(result.metrics[0].value * result.metrics[0].value, result.valid_loss, 1e-6);
    brn_image_model *model;
    assert_ok(brn_image_model_open(run_path(), 1, &model));
    assert_int_equal(brn_image_model_target(model), BRN_TARGET_NUMBERS);
    assert_string_equal(brn_image_model_class(model, 0), "light");
    brn_image_evaluation e;
    assert_ok(brn_image_evaluate(model, list, 8, 0, 0, false, NULL, NULL, &e));
    assert_close(e.metrics[0].value, result.metrics[3].value, 1e-6);
    const float *values;
    double darker = 0, brighter = 0;
    for (int i = TRAIN; i < COUNT; i++) {
        assert_ok(brn_image_predict_file(model, picture_path(i), &values));
        *(brightness_of(i) < .5 ? &darker : &brighter) += (double)(values[0] - values[1]);
    }
    assert_true(brighter > darker);
    brn_image_model_close(model);
}

/* ------------------------------------------------------------------ what is refused, and what is left out */

TEST(what_makes_no_sense_of_tags_is_refused)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    o.label_smoothing = .1;
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_USAGE, "label smoothing");
    o = tiny_options(list, run_path());
    o.target_type = "words";
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_USAGE, "target type: \"words\"");
    o = tiny_options(list, run_path());
    o.tag_separator = "ab";
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_USAGE, "tag separator");
    o = tiny_options(list, run_path());
    o.target_type = "numbers";
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_INPUT, "expected a number");
    o = tiny_options(list, run_path());
    o.monitor = "accuracy";
    o.save_best = true;
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_USAGE, "which is not measured here");
}

TEST(mistakes_are_shown_of_labels_only)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    o.epochs = 1;
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    char *page = text_of(run_path(), "report.html");
    assert_non_null(strstr(page, "one label a picture; this one has tags or numbers"));
    free(page);
    brn_image_report_options options = brn_image_report_defaults();
    options.interpret.threads = 1;
    assert_fails(brn_image_report(run_path(), NULL, &options, NULL, NULL, 0), BRN_ERROR_UNSUPPORTED,
                 "one label a picture");
    brn_image_model *model;
    brn_image_interpretation found;
    assert_ok(brn_image_model_open(run_path(), 1, &model));
    assert_fails(brn_image_interpret(model, list, &options.interpret, &found), BRN_ERROR_UNSUPPORTED,
                 "tags or numbers");
    brn_image_model_close(model);
}

TEST(a_run_of_tags_is_refused_other_tags)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    o.epochs = 1;
    assert_ok(brn_image_train(&o, NULL));
    brn_image_model *model;
    brn_image_evaluation e;
    assert_ok(brn_image_model_open(run_path(), 1, &model));
    FILE *file = fopen(list, "w");
    fprintf(file, "name,tags\n000,red\n001,pink blue\n002,blue\n");
    fclose(file);
    assert_fails(brn_image_evaluate(model, list, 8, 0, 0, true, NULL, NULL, &e), BRN_ERROR_INPUT,
                 "the tag \"pink\"");
    brn_image_model_close(model);
}

/* The same pictures, in the same order and split: one of them has lost a tag. */
TEST(a_run_is_not_gone_on_with_on_other_tags)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    o.epochs = 1;
    o.tta = 0;
    assert_ok(brn_image_train(&o, NULL));
    assert_ok(brn_image_resume(run_path(), NULL, NULL, NULL));
    char *text = text_of(scratch, "list.csv");
    size_t at = 0;
    while (text[at] && strncmp(text + at, "red ", 4) != 0) at++;
    assert_int_not_equal(text[at], 0);
    FILE *file = fopen(list, "w");
    fprintf(file, "%.*s%s", (int)at, text, text + at + 4);
    fclose(file);
    free(text);
    assert_fails(brn_image_resume(run_path(), NULL, NULL, NULL), BRN_ERROR_INPUT, "not those");
}

/* ------------------------------------------------------------------ best epoch */

TEST(the_best_epoch_of_tags_is_kept)
{
    const char *list = make_list(false);
    brn_image_options o = tiny_options(list, run_path());
    o.epochs = 3;
    o.tta = 0;
    o.monitor = "map";
    o.save_best = true;
    brn_image_result result, again;
    assert_ok(brn_image_train(&o, &result));
    brn_image_model *model;
    brn_image_evaluation e;
    assert_ok(brn_image_model_open(run_path(), 1, &model));
    assert_ok(brn_image_evaluate(model, o.data, 8, 0, 0, false, NULL, NULL, &e));
    assert_close(e.metrics[1].value, result.metrics[1].value, 1e-9);
    brn_image_model_close(model);
    assert_ok(brn_image_resume(run_path(), NULL, NULL, &again)); /* evaluated again */
    assert_close(again.metrics[0].value, result.metrics[0].value, 1e-9);
    assert_close(again.metrics[1].value, result.metrics[1].value, 1e-9);
}
