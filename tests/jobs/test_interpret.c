/* SPDX-License-Identifier: Apache-2.0
 * What a model gets wrong, and the report of a run. */
#include "base/files.h"
#include "base/alloc.h"
#include "jobs/image_interpret.h"
#include "test.h"

#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32 };

static void write_picture(const char *path, int red, int number)
{
    uint8_t pixels[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        pixels[i] = (uint8_t)(40 + (i * 31 + number * 17) % 50 + (i % 3 == 0 ? red : 0));
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

/* folder/{train,valid}/{a <b> & "c",dark}/N.png; of the validation one file is no picture. */
static const char *make_pictures(void)
{
    static char folder[128];
    static const char *const names[] = {"a <b> & \"c\"", "dark"};
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    for (int split = 0; split < 2; split++)
        for (int label = 0; label < 2; label++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s/%s", folder, split ? "valid" : "train", names[label]);
            assert_ok(brn__make_folders(path));
            for (int i = 0; i < (split ? 4 : 8); i++) {
                snprintf(path, sizeof path, "%s/%s/%s/%02d.png", folder, split ? "valid" : "train",
                         names[label], i);
                write_picture(path, label ? 0 : 150, split * 100 + i);
            }
        }
    char bad[512];
    snprintf(bad, sizeof bad, "%s/valid/dark/bad, \"<1>\".png", folder);
    assert_ok(brn__replace_file(bad, "no picture", 10));
    return folder;
}

static void train(const char *data, char *run, size_t size)
{
    brn_image_options o = brn_image_defaults();
    snprintf(run, size, "%s/run", test_scratch_folder());
    o.data = data;
    o.out = run;
    o.architecture = "resnet18";
    o.recipe = BRN_RECIPE_SCRATCH;
    o.epochs = 1;
    o.freeze_epochs = 0;
    o.batch_size = 8;
    o.size = 32;
    o.threads = 1;
    o.loaders = 1;
    brn_image_result result;
    assert_ok(brn_image_train(&o, &result));
    assert_true(brn__is_file(result.report));
}

static char *read_text(const char *folder, const char *file)
{
    char *text, *path = brn__path_join(folder, file);
    assert_ok(brn__read_file(path, 8 << 20, &text, NULL));
    brn__free(path);
    return text;
}

TEST(a_run_leaves_a_report_and_is_interpreted_again)
{
    const char *data = make_pictures();
    char run[256], path[4160];
    train(data, run, sizeof run);
    char *page = read_text(run, "report.html"), *curve = read_text(run, "curve.csv");
    assert_non_null(strstr(page, "a &lt;b&gt; &amp; &quot;c&quot;"));
    assert_non_null(strstr(page, "bad, &quot;&lt;1&gt;&quot;.png"));
    assert_null(strstr(page, "<b>&"));
    assert_non_null(strstr(curve, "stage,epoch,train_loss,momentum,rate_0"));
    brn__free(page);
    brn__free(curve);

    brn_image_report_options options = brn_image_report_defaults();
    brn_image_interpretation found;
    options.out = path;
    options.interpret.threads = 1;
    char other[256];
    snprintf(other, sizeof other, "%s/other.html", test_scratch_folder());
    options.out = other;
    assert_ok(brn_image_report(run, NULL, &options, &found, path, sizeof path));
    assert_string_equal(path, other);
    assert_true(brn__is_file(other));
    assert_int_equal(found.count, 8);
    assert_int_equal(found.bad_count, 1);
    assert_non_null(strstr(found.bad[0].reason, "not a JPEG, PNG or WebP picture"));
    int64_t cells = 0;
    for (int i = 0; i < 4; i++) cells += found.confusion[i];
    assert_int_equal(cells, 8);
    double loss = 0;
    for (int64_t i = 0; i < found.count; i++) {
        assert_true(i == 0 || found.pictures[i].loss <= found.pictures[i - 1].loss);
        assert_false(found.pictures[i].trained);
        loss += found.pictures[i].loss / 8;
    }
    assert_close(found.valid_loss, loss, 1e-6);
    brn_image_interpretation_free(&found);

    options.interpret.whole = true;
    assert_ok(brn_image_report(run, data, &options, &found, NULL, 0));
    assert_int_equal(found.count, 24);
    brn_image_interpretation_free(&found);
}

TEST(a_report_without_its_pictures_says_so)
{
    const char *data = make_pictures();
    char run[256], moved[256];
    train(data, run, sizeof run);
    snprintf(moved, sizeof moved, "%s-moved", data);
    assert_int_equal(rename(data, moved), 0);
    brn_image_report_options options = brn_image_report_defaults();
    brn_image_interpretation found;
    assert_ok(brn_image_report(run, NULL, &options, &found, NULL, 0));
    assert_int_equal(found.count, 0);
    char *page = read_text(run, "report.html");
    assert_non_null(strstr(page, "is not there"));
    brn__free(page);
    assert_fails(brn_image_report(run, data, &options, NULL, NULL, 0), BRN_ERROR_IO, data);
    assert_fails(brn_image_report("/no/such/run", NULL, &options, NULL, NULL, 0), BRN_ERROR_INPUT,
                 "expected a run folder");
    options.top = 0;
    assert_fails(brn_image_report(run, NULL, &options, NULL, NULL, 0), BRN_ERROR_USAGE, "top");
    assert_int_equal(rename(moved, data), 0);
}

TEST(suspects_are_those_that_another_class_is_sure_of)
{
    /* Two classes; item 2 is labelled 0 but looks like 1; item 3 is only unsure. */
    const float p[] = {.9f, .1f, .8f, .2f, .05f, .95f, .45f, .55f, .1f, .9f, .2f, .8f};
    const int64_t labels[] = {0, 0, 0, 0, 1, 1};
    brn_image_judged pictures[6];
    for (int i = 0; i < 6; i++)
        pictures[i] = (brn_image_judged){.item = 10 + i, .label = labels[i]};
    brn_image_interpretation found = {.count = 6, .pictures = pictures, .classes = 2};
    assert_ok(brn__image_find_suspects(&found, p, 10));
    assert_int_equal(found.suspect_count, 1);
    assert_int_equal(found.suspects[0], 2);
    brn__free(found.suspects);
}

TEST(suspects_are_listed_as_csv)
{
    brn_image_judged pictures[3] = {
        {.path = "a/1.jpg", .label = 0, .answer = 1, .label_probability = .0625, .probability = .875},
        {.path = "a/2.jpg", .label = 0, .answer = 0},
        {.path = "b/3, \"x\".jpg", .label = 1, .answer = 0, .label_probability = 0, .probability = 1,
         .trained = true}};
    int64_t suspects[] = {2, 0};
    const char *names[] = {"cat", "dog"};
    const brn_image_interpretation found = {.count = 3, .pictures = pictures, .suspect_count = 2,
                                            .suspects = suspects, .classes = 2, .class_names = names};
    char path[512], *text;
    snprintf(path, sizeof path, "%s/suspects.csv", test_scratch_folder());
    assert_ok(brn_image_suspects_csv(&found, path));
    assert_ok(brn__read_file(path, 4096, &text, NULL));
    assert_string_equal(text, "file,label,suggested,label_probability,probability,trained\n"
                              "\"b/3, \"\"x\"\".jpg\",dog,cat,0,1,1\na/1.jpg,cat,dog,0.0625,0.875,0\n");
    brn__free(text);
    assert_fails(brn_image_suspects_csv(&found, "/nonexistent/x.csv"), BRN_ERROR_IO, "/nonexistent");
}

TEST(the_list_of_skipped_files_survives_odd_names_and_a_cut)
{
    const char *run = test_scratch_folder();
    brn__image_skipped list;
    assert_ok(brn__image_skipped_read(run, &list));
    assert_int_equal(list.count, 0);
    assert_ok(brn__image_skipped_add(run, "a \"b\", c\nd.jpg", "a \"b\", c\nd.jpg: it is \"odd\""));
    assert_ok(brn__image_skipped_add(run, "e.jpg", "e.jpg: bad"));
    assert_ok(brn__image_skipped_add(run, "e.jpg", "e.jpg: bad"));
    char *text = read_text(run, "skipped.csv"), *path = brn__path_join(run, "skipped.csv");
    assert_ok(brn__image_skipped_read(run, &list));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.paths[0], "a \"b\", c\nd.jpg");
    assert_string_equal(list.reasons[0], "it is \"odd\"");
    assert_string_equal(list.reasons[1], "bad");
    brn__image_skipped_free(&list);
    for (size_t length = 0; length < strlen(text); length++) {
        assert_ok(brn__replace_file(path, text, length));
        assert_ok(brn__image_skipped_read(run, &list));
        brn__image_skipped_free(&list);
    }
    brn__free(text);
    brn__free(path);
}
