/* SPDX-License-Identifier: Apache-2.0
 * Lists of pictures, and answers as files. No network is run here. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/predictions.h"
#include "jobs/image_job.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char folder[512];

static const char *in_folder(const char *name)
{
    static char path[4][1024];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

static void fresh_folder(void) { snprintf(folder, sizeof folder, "%s", test_scratch_folder()); }

static void write_file(const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s", in_folder(name));
    *strrchr(path, '/') = '\0';
    assert_ok(brn__make_folders(path));
    assert_ok(brn__replace_file(in_folder(name), text, strlen(text)));
}

/* ------------------------------------------------------------------ lists */

static void expect_files(const char *const *inputs, int64_t count, const char *expected)
{
    brn_image_files files;
    char text[4096] = "";
    assert_ok(brn_image_files_find(inputs, count, &files));
    for (int64_t i = 0; i < files.count; i++) {
        const char *path = files.paths[i];
        if (strncmp(path, folder, strlen(folder)) == 0) path += strlen(folder) + 1;
        strcat(text, path);
        strcat(text, " ");
    }
    assert_string_equal(text, expected);
    brn_image_files_free(&files);
}

TEST(folders_are_listed_in_natural_order_at_any_depth)
{
    fresh_folder();
    static const char *const names[] = {"10.jpg", "9.jpg", "9.PNG", "a2/x.webp", "a10/y.jpeg", "a2/.hidden.jpg",
                                        "notes.txt", ".git/z.jpg", "09.jpg", "b/c/d.jfif", "jpg", "B.jpe"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) write_file(names[i], "");
    assert_int_equal(symlink(".", in_folder("b/loop")), 0);
    unlink(in_folder("b/loop"));
    expect_files((const char *[]){folder}, 1,
                 "9.PNG 9.jpg 09.jpg 10.jpg B.jpe a2/x.webp a10/y.jpeg b/c/d.jfif ");
    expect_files((const char *[]){"words.txt", in_folder("a10"), "absent.jpg"}, 3,
                 "words.txt a10/y.jpeg absent.jpg ");
    expect_files(NULL, 0, "");
}

TEST(natural_order_is_that_of_numbers)
{
    fresh_folder();
    static const char *const names[] = {"f100000000000000000000000.jpg", "f99999999999999999999999.jpg", "f.jpg",
                                        "f1b.jpg", "f1.jpg", "f01.jpg", "f1-2.jpg", "f1-10.jpg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) write_file(names[i], "");
    expect_files((const char *[]){folder}, 1,
                 "f.jpg f1-2.jpg f1-10.jpg f1.jpg f01.jpg f1b.jpg f99999999999999999999999.jpg "
                 "f100000000000000000000000.jpg ");
}

TEST(a_folder_without_pictures_is_told)
{
    fresh_folder();
    write_file("notes.txt", "");
    brn_image_files files;
    assert_fails(brn_image_files_find((const char *[]){folder}, 1, &files), BRN_ERROR_INPUT,
                 "no pictures in it");
    assert_int_equal(files.count, 0);
    assert_null(files.paths);
}

TEST(a_folder_that_links_to_itself_ends)
{
    fresh_folder();
    write_file("a/x.jpg", "");
    assert_int_equal(symlink("..", in_folder("a/up")), 0);
    brn_image_files files;
    assert_ok(brn_image_files_find((const char *[]){folder}, 1, &files));
    assert_true(files.count >= 1 && files.count < 1000);
    brn_image_files_free(&files);
}

TEST(lists_without_memory_are_told)
{
    fresh_folder();
    write_file("a/x.jpg", "");
    write_file("b.jpg", "");
    brn_status status = BRN_ERROR_NO_MEMORY;
    int n = 1;
    for (; status != BRN_OK && n < 1000; n++) {
        brn_image_files files;
        brn__alloc_fail_after((uint64_t)n, 0);
        status = brn_image_files_find((const char *[]){folder, "c"}, 2, &files);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        else assert_int_equal(files.count, 3);
        brn_image_files_free(&files);
    }
    assert_true(n > 8);
}

/* ------------------------------------------------------------------ predictions.csv */

static char *class_names[] = {"ant", "bee, \"honey\"", "wasp"};
static const char *const paths[] = {"pics/1.jpg", "pics/2.tar.png", "pics/3,\"x\".jpg", "bad.jpg"};
static const float probabilities[] = {.5f, .25f, .25f, 0, .125f, .875f, .25f, .5f, .25f, 0, 0, 0};
static const bool ok[] = {true, true, true, false};
static brn_image_model model;

static brn_image_predictions predictions(void)
{
    model = (brn_image_model){.classes = class_names, .class_count = 3};
    return (brn_image_predictions){&model, paths, 4, probabilities, ok};
}

static void expect_file(const char *name, const char *expected)
{
    char *text;
    assert_ok(brn__read_file(in_folder(name), 1 << 20, &text, NULL));
    assert_string_equal(text, expected);
    brn__free(text);
}

TEST(predictions_are_written_as_csv)
{
    fresh_folder();
    const brn_image_predictions p = predictions();
    assert_ok(brn_image_predictions_csv(&p, false, in_folder("p.csv")));
    expect_file("p.csv", "file,label,probability,p_ant,\"p_bee, \"\"honey\"\"\",p_wasp\n"
                         "pics/1.jpg,ant,0.5,0.5,0.25,0.25\n"
                         "pics/2.tar.png,wasp,0.875,0,0.125,0.875\n"
                         "\"pics/3,\"\"x\"\".jpg\",\"bee, \"\"honey\"\"\",0.5,0.25,0.5,0.25\n"
                         "bad.jpg,,,,,\n");
    assert_fails(brn_image_predictions_csv(&p, false, "/nonexistent/p.csv"), BRN_ERROR_IO, "/nonexistent");
}

TEST(many_classes_have_columns_on_request_only)
{
    fresh_folder();
    enum { MANY = BRN_PREDICTIONS_CLASSES + 1 };
    char *names[MANY], text[MANY][8];
    float row[MANY] = {[3] = 1};
    for (int k = 0; k < MANY; k++) snprintf(text[k], sizeof text[k], "c%d", k), names[k] = text[k];
    brn_image_model large = {.classes = names, .class_count = MANY};
    const brn_image_predictions p = {&large, paths, 1, row, ok};
    assert_ok(brn_image_predictions_csv(&p, false, in_folder("p.csv")));
    expect_file("p.csv", "file,label,probability\npics/1.jpg,c3,1\n");
    assert_ok(brn_image_predictions_csv(&p, true, in_folder("p.csv")));
    char *whole;
    assert_ok(brn__read_file(in_folder("p.csv"), 1 << 20, &whole, NULL));
    assert_non_null(strstr(whole, "file,label,probability,p_c0,p_c1,"));
    assert_non_null(strstr(whole, ",p_c20\npics/1.jpg,c3,1,0,0,0,1,0,"));
    brn__free(whole);
}

/* ------------------------------------------------------------------ submission */

static void expect_submission(const char *sample, const char *expected)
{
    const brn_image_predictions p = predictions();
    fresh_folder();
    write_file("sample.csv", sample);
    assert_ok(brn_image_predictions_submission(&p, in_folder("sample.csv"), in_folder("out.csv")));
    expect_file("out.csv", expected);
}

static void expect_refused(const char *sample, const char *part)
{
    const brn_image_predictions p = predictions();
    fresh_folder();
    write_file("sample.csv", sample);
    assert_fails(brn_image_predictions_submission(&p, in_folder("sample.csv"), in_folder("out.csv")),
                 BRN_ERROR_INPUT, part);
    test_assert_message("sample.csv", __FILE__, __LINE__);
    assert_false(brn__is_file(in_folder("out.csv")));
}

TEST(a_submission_has_the_rows_and_columns_of_its_sample)
{
    expect_submission("id,label\n2.tar,x\n1,y\n", "id,label\n2.tar,wasp\n1,ant\n");
    expect_submission("id,label\n2.tar.png,x\n1.jpg,y\n", "id,label\n2.tar.png,wasp\n1.jpg,ant\n");
    expect_submission("id,wasp,ant\r\npics/1.jpg,0,0\r\n\"1\",0,0", "id,wasp,ant\npics/1.jpg,0.25,0.5\n1,0.25,0.5\n");
    expect_submission("\xef\xbb\xbfid,\"bee, \"\"honey\"\"\",wasp\n\n\"3,\"\"x\"\"\",0,0\n\n",
                      "id,\"bee, \"\"honey\"\"\",wasp\n\"3,\"\"x\"\"\",0.5,0.25\n");
    expect_submission("id,wasp\n1,0\n", "id,wasp\n1,0.25\n"); /* one class's probability */
    expect_submission("id,label\n", "id,label\n");
    expect_submission("\"the\nid\",label\n1,\"a\nb\"\n", "\"the\nid\",label\n1,ant\n");
}

TEST(samples_that_do_not_fit_are_refused_with_line_and_name)
{
    expect_refused("id,label\n1,x\n7,y\n", "line 3: no file for the id \"7\"");
    expect_refused("id,label\n\n1,\"a\nb\"\n7,y\n", "line 5: no file for the id \"7\"");
    expect_refused("id,label\r\n1,x\r\n7,y\r\n", "line 3: no file for the id \"7\"");
    expect_refused("id,ant,hornet\n1,0,0\n", "the column \"hornet\" is no class of the model (ant ...)");
    expect_refused("id,label\nbad,x\n", "line 2: the file of the id \"bad\", bad.jpg, could not be read");
    expect_refused("id,label\n1\n", "line 2 has 1 columns; the header has 2");
    expect_refused("id,label\n1,2,3\n", "line 2 has 3 columns; the header has 2");
    expect_refused("id\n1\n", "expected a header with an id column and one more");
    expect_refused("", "expected a header");
    expect_refused("id,label\n\"1,x\n", "line 2: a quote is not closed");
    expect_refused("id,label\n1,\"x\"\"", "line 2: a quote is not closed");
    expect_refused("id,label\n,x\n", "no file for the id \"\"");
    const brn_image_predictions p = predictions();
    assert_fails(brn_image_predictions_submission(&p, in_folder("absent.csv"), in_folder("out.csv")),
                 BRN_ERROR_INPUT, "absent.csv");
}

TEST(an_id_of_two_files_is_refused)
{
    static const char *const twins[] = {"a/1.jpg", "b/1.png"};
    predictions();
    const brn_image_predictions p = {&model, twins, 2, probabilities, ok};
    fresh_folder();
    write_file("sample.csv", "id,label\n1.jpg,x\n1,x\n");
    assert_fails(brn_image_predictions_submission(&p, in_folder("sample.csv"), in_folder("out.csv")),
                 BRN_ERROR_INPUT, "line 3: several files for the id \"1\": a/1.jpg and b/1.png");
}

TEST(a_submission_without_memory_is_told)
{
    const brn_image_predictions p = predictions();
    fresh_folder();
    write_file("sample.csv", "id,ant,wasp\n1,0,0\n2.tar,0,0\n");
    brn_status status = BRN_ERROR_NO_MEMORY;
    int n = 1;
    for (; status != BRN_OK && n < 1000; n++) {
        brn__alloc_fail_after((uint64_t)n, 0);
        status = brn_image_predictions_submission(&p, in_folder("sample.csv"), in_folder("out.csv"));
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_true(n > 5 && status == BRN_OK);
    expect_file("out.csv", "id,ant,wasp\n1,0.5,0.25\n2.tar,0,0.875\n");
}
