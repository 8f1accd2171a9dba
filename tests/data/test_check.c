/* SPDX-License-Identifier: Apache-2.0
 * brn_data_check on folders whose faults are known. */
#include "base/alloc.h"
#include "base/files.h"
#include "data/image/check.h"
#include "data/image/resize.h"
#include "data/pictures.h"
#include "report/thumbnail.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static brn_data_check *open_check(const char *root, uint32_t kinds, int threads)
{
    brn_data_check *check = NULL;
    brn_data_check_options options = brn_data_check_defaults();
    options.kinds = kinds;
    options.threads = threads;
    assert_ok(brn_data_check_open(root, &options, &check));
    return check;
}

/* The whole list, a line a finding: "path kind partner". */
static void list_findings(const brn_data_check *check, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int64_t i = 0; i < brn_data_check_count(check); i++) {
        const brn_data_finding f = brn_data_check_finding(check, i);
        used += (size_t)snprintf(out + used, size - used, "%s %s %s\n", f.path,
                                 brn_data_finding_name(f.kind), f.partner ? f.partner : "-");
        assert_true(used < size);
    }
}

static void assert_findings(const char *root, uint32_t kinds, const char *expected)
{
    char text[8192];
    brn_data_check *check = open_check(root, kinds, 2);
    list_findings(check, text, sizeof text);
    assert_string_equal(text, expected);
    brn_data_check_close(check);
}

TEST(files_that_are_no_good_are_told_apart)
{
    const char *root = test_scratch_folder();
    brn__text jpeg = {0};
    make_jpeg(1, 90, 60, 90, &jpeg);
    put_bytes(root, "a/good.jpg", jpeg.bytes, jpeg.length);
    put_bytes(root, "a/cut.jpg", jpeg.bytes, jpeg.length / 2);
    put_bytes(root, "a/head.jpg", jpeg.bytes, 12);
    put_text(root, "a/page.jpg", "<!DOCTYPE html><html>not found</html>");
    put_text(root, "a/empty.jpg", "");
    put_text(root, "a/moving.gif", "GIF89a, and so on");
    put_text(root, "notes.txt", "beside the folders: no finding");
    put_text(root, "a/notes.txt", "among the pictures: a finding");
    put_text(root, "a/.hidden", "passed over");
    memset(jpeg.bytes + 20, 0x33, 300); /* the tables */
    put_bytes(root, "a/broken.jpg", jpeg.bytes, jpeg.length);
    char link[1024];
    snprintf(link, sizeof link, "%s/a/link.jpg", root);
    assert_int_equal(symlink("nowhere.jpg", link), 0);
    assert_findings(root, 0,
                    "a/broken.jpg corrupt -\n"
                    "a/cut.jpg truncated -\n"
                    "a/empty.jpg not-a-picture -\n"
                    "a/head.jpg truncated -\n"
                    "a/link.jpg unreadable -\n"
                    "a/moving.gif unsupported -\n"
                    "a/notes.txt not-a-picture -\n"
                    "a/page.jpg not-a-picture -\n");
    brn__text_free(&jpeg);
}

TEST(truncation_is_seen_in_every_format)
{
    static const char *const names[] = {"source.png", "form-lossy.webp", "form-progressive.jpg"};
    const char *root = test_scratch_folder();
    for (int i = 0; i < 3; i++) {
        char from[256], to[64], *bytes;
        size_t length;
        snprintf(from, sizeof from, "tests/golden/resize/%s", names[i]);
        assert_ok(brn__read_file(test_source_path(from), 1 << 20, &bytes, &length));
        put_bytes(root, names[i], bytes, length);
        snprintf(to, sizeof to, "cut-%s", names[i]);
        put_bytes(root, to, bytes, length * 2 / 3);
        brn__free(bytes);
    }
    const uint32_t kinds = 1u << BRN_FINDING_TRUNCATED | 1u << BRN_FINDING_CORRUPT |
                           1u << BRN_FINDING_NOT_A_PICTURE;
    assert_findings(root, kinds,
                    "cut-form-lossy.webp truncated -\n"
                    "cut-form-progressive.jpg truncated -\n"
                    "cut-source.png truncated -\n");
}

TEST(copies_leaks_and_double_labels_name_their_partner)
{
    const char *root = test_scratch_folder();
    put_jpeg(root, "train/a/1.jpg", 1, 200, 150, 95);
    put_jpeg(root, "train/a/2.jpg", 2, 200, 150, 95);
    put_jpeg(root, "train/a/3.jpg", 1, 200, 150, 95); /* the same bytes as 1 */
    put_jpeg(root, "train/a/4.jpg", 2, 100, 75, 60);  /* 2, smaller */
    put_jpeg(root, "train/b/5.jpg", 3, 200, 150, 95);
    put_jpeg(root, "train/b/6.jpg", 4, 200, 150, 95);
    put_jpeg(root, "valid/a/7.jpg", 2, 200, 150, 95); /* the same bytes as train's 2 */
    put_jpeg(root, "valid/a/8.jpg", 4, 180, 140, 80); /* like 6, another label, another split */
    put_jpeg(root, "valid/b/9.jpg", 5, 200, 150, 95);
    assert_findings(root, 0,
                    "train/a/3.jpg duplicate train/a/1.jpg\n"
                    "train/a/4.jpg near-duplicate train/a/2.jpg\n"
                    "train/b/6.jpg two-labels valid/a/8.jpg\n"
                    "valid/a/7.jpg leak train/a/2.jpg\n"
                    "valid/a/8.jpg two-labels train/b/6.jpg\n"
                    "valid/a/8.jpg leak train/b/6.jpg\n");
    brn_data_check_options exact = brn_data_check_defaults();
    exact.near_bits = -1;
    brn_data_check *check;
    assert_ok(brn_data_check_open(root, &exact, &check));
    assert_int_equal(brn_data_check_count(check), 2);
    assert_int_equal(brn_data_check_kind_count(check, BRN_FINDING_DUPLICATE), 1);
    assert_int_equal(brn_data_check_finding(check, 1).distance, 0);
    assert_non_null(strstr(brn_data_check_finding(check, 1).reason, "which is in train"));
    brn_data_check_close(check);
}

static void put_flat(const char *root, const char *name, uint8_t level)
{
    brn__picture picture;
    brn__text jpeg = {0};
    assert_ok(brn__picture_new(40, 40, name, &picture));
    memset(picture.pixels, level, 40 * 40 * 3);
    assert_ok(brn__jpeg_encode(&picture, 90, &jpeg));
    put_bytes(root, name, jpeg.bytes, jpeg.length);
    brn__picture_free(&picture);
    brn__text_free(&jpeg);
}

TEST(flat_pictures_are_alike_by_their_colour_alone)
{
    const char *root = test_scratch_folder();
    put_flat(root, "a/1.jpg", 20);
    put_flat(root, "a/2.jpg", 120);
    put_flat(root, "a/3.jpg", 220);
    put_flat(root, "a/4.jpg", 126);
    assert_findings(root, 0, "a/4.jpg near-duplicate a/2.jpg\n");
}

TEST(groups_are_joined_by_any_number_of_steps)
{
    const char *root = test_scratch_folder();
    static const uint8_t levels[] = {20, 80, 200, 50, 205}; /* 20 and 80 are joined by 50 */
    static const int64_t expected[] = {0, 0, 2, 0, 2};
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "a/%d.jpg", i);
        put_flat(root, name, levels[i]);
    }
    const brn_data_check_options options = brn_data_check_defaults();
    brn_data_check *check;
    int64_t group_of[5];
    assert_ok(brn__check_scan(root, &options, &check));
    assert_ok(brn__check_groups(check, group_of));
    assert_memory_equal(group_of, expected, sizeof expected);
    brn_data_check_close(check);
}

TEST(usual_differences_of_size_are_no_findings)
{
    const char *root = test_scratch_folder();
    for (int i = 0; i < 24; i++) {
        char name[32];
        snprintf(name, sizeof name, "a/%02d.jpg", i);
        put_jpeg(root, name, i, 120, 90, 90);
    }
    put_jpeg(root, "a/larger.jpg", 50, 180, 135, 90);
    put_jpeg(root, "a/wider.jpg", 51, 160, 70, 90);
    put_jpeg(root, "a/giant.jpg", 52, 250, 188, 90);
    assert_findings(root, 0, "a/giant.jpg size -\n");
}

TEST(sizes_that_stand_out_are_told_and_others_are_not)
{
    const char *root = test_scratch_folder();
    for (int i = 0; i < 24; i++) {
        char name[32];
        snprintf(name, sizeof name, "a/%02d.jpg", i);
        put_jpeg(root, name, i, 150 + 10 * (i % 7), 160 + 10 * (i % 4), 90);
    }
    assert_findings(root, 0, "");
    put_jpeg(root, "a/large.jpg", 50, 700, 700, 90);
    put_jpeg(root, "a/banner.jpg", 51, 500, 80, 90);
    put_jpeg(root, "a/icon.jpg", 52, 31, 31, 90);
    put_jpeg(root, "a/small.jpg", 53, 32, 40, 90);
    assert_findings(root, 0,
                    "a/banner.jpg aspect -\n"
                    "a/icon.jpg tiny -\n"
                    "a/icon.jpg size -\n"
                    "a/large.jpg size -\n"
                    "a/small.jpg size -\n");
}

static void fill_with_faults(const char *root)
{
    for (int i = 0; i < 40; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/%c/%02d.jpg", i % 4 ? "train" : "valid", 'a' + i % 3, i);
        put_jpeg(root, name, i % 31, 100, 80, 80);
        snprintf(name, sizeof name, "train/%c/%02d.jpg", 'a' + i % 3, 100 + i);
        if (i % 5 == 0) put_text(root, name, "no picture");
    }
}

TEST(the_list_does_not_depend_on_the_threads)
{
    const char *root = test_scratch_folder();
    char one[8192], other[8192];
    fill_with_faults(root);
    brn_data_check *check = open_check(root, 0, 1);
    list_findings(check, one, sizeof one);
    assert_true(brn_data_check_count(check) > 16);
    brn_data_check_close(check);
    for (int threads = 2; threads < 9; threads += 3) {
        check = open_check(root, 0, threads);
        list_findings(check, other, sizeof other);
        brn_data_check_close(check);
        assert_string_equal(one, other);
    }
}

/* ------------------------------------------------------------------ real photos */

enum { PHOTOS = 60 };

static void brighten(brn__picture *picture)
{
    const size_t bytes = (size_t)picture->width * (size_t)picture->height * 3;
    for (size_t i = 0; i < bytes; i++) {
        const int level = picture->pixels[i] * 115 / 100;
        picture->pixels[i] = (uint8_t)(level > 255 ? 255 : level);
    }
}

/* Halves and brightens a photo, and stores it at quality 40. */
static void put_changed(const char *root, int number, const char *path)
{
    char name[32];
    brn__picture photo, half;
    brn__text jpeg = {0};
    snprintf(name, sizeof name, "a/%02d-changed.jpg", number);
    assert_ok(brn__picture_read(path, 0, &photo));
    const int width = photo.width / 2, height = photo.height / 2;
    const brn__rectangle all = {.width = width, .height = height};
    assert_ok(brn__picture_resize(&photo, width, height, all, BRN__INTERPOLATION_BICUBIC, &half));
    brighten(&half);
    assert_ok(brn__jpeg_encode(&half, 40, &jpeg));
    put_bytes(root, name, jpeg.bytes, jpeg.length);
    brn__picture_free(&photo);
    brn__picture_free(&half);
    brn__text_free(&jpeg);
}

TEST(photos_that_were_changed_are_found_again_and_others_are_not)
{
    const char *from = test_data_path("images/ants_bees/train/bees");
    const char *root = test_scratch_folder();
    brn__name_list names;
    assert_ok(brn__list_folder(from, &names));
    assert_true(names.count >= PHOTOS);
    for (int i = 0; i < PHOTOS; i++) {
        char path[1024], name[32], *bytes;
        size_t length;
        snprintf(path, sizeof path, "%s/%s", from, names.names[i]);
        snprintf(name, sizeof name, "a/%02d.jpg", i);
        assert_ok(brn__read_file(path, 1 << 24, &bytes, &length));
        put_bytes(root, name, bytes, length);
        brn__free(bytes);
        put_changed(root, i, path);
    }
    brn__name_list_free(&names);
    brn_data_check *check = open_check(root, 1u << BRN_FINDING_NEAR_DUPLICATE, 2);
    const int64_t count = brn_data_check_count(check);
    for (int64_t i = 0; i < count; i++) {
        const brn_data_finding f = brn_data_check_finding(check, i);
        assert_memory_equal(f.path, f.partner, 4); /* "a/07" */
    }
    assert_in_range(count, PHOTOS - 1, PHOTOS);
    brn_data_check_close(check);
}

TEST(real_folders_have_the_known_leaks)
{
    char root[1024];
    snprintf(root, sizeof root, "%s", test_data_path("images/flowers17"));
    brn_data_check *check = open_check(root, 0, 2);
    assert_int_equal(brn_data_check_pictures(check), 1360);
    assert_int_equal(brn_data_check_kind_count(check, BRN_FINDING_LEAK), 30);
    assert_int_equal(brn_data_check_kind_count(check, BRN_FINDING_TWO_LABELS), 0);
    brn_data_check_close(check);
    check = open_check(test_data_path("images/corel5k_sample"), 0, 2);
    assert_int_equal(brn_data_check_files(check), 1201);
    assert_int_equal(brn_data_check_count(check), 0); /* labels.csv lies beside the folder */
    brn_data_check_close(check);
}

/* ------------------------------------------------------------------ changes */

typedef struct told {
    char text[4096];
    int problems;
} told;

static void note(void *context, const char *from, const char *to, const char *problem)
{
    told *t = context;
    const size_t used = strlen(t->text);
    t->problems += problem != NULL;
    snprintf(t->text + used, sizeof t->text - used, "%s>%s%s\n", from, brn__path_name(to),
             problem ? "!" : "");
}

TEST(extensions_are_made_right_and_nothing_is_overwritten)
{
    const char *root = test_scratch_folder();
    put_jpeg(root, "a/1.png", 1, 80, 60, 90);
    put_jpeg(root, "a/2", 2, 80, 60, 90);
    put_jpeg(root, "a/3.2019", 3, 80, 60, 90);
    put_jpeg(root, "a/4.JPEG", 4, 80, 60, 90);
    put_jpeg(root, "a/5.gif", 5, 80, 60, 90);
    put_jpeg(root, "a/5.jpg", 6, 80, 60, 90);
    brn_data_check *check = open_check(root, 0, 1);
    assert_int_equal(brn_data_check_kind_count(check, BRN_FINDING_WRONG_EXTENSION), 3);
    assert_int_equal(brn_data_check_kind_count(check, BRN_FINDING_NO_EXTENSION), 1);
    told t = {0};
    int64_t renamed;
    assert_ok(brn_data_check_fix_extensions(check, note, &t, &renamed));
    assert_int_equal(renamed, 3);
    assert_string_equal(t.text, "a/1.png>1.jpg\na/2>2.jpg\na/3.2019>3.2019.jpg\na/5.gif>5.jpg!\n");
    assert_true(is_there(root, "a/1.jpg") && is_there(root, "a/2.jpg"));
    assert_true(is_there(root, "a/3.2019.jpg") && is_there(root, "a/5.gif"));
    assert_false(is_there(root, "a/1.png"));
    /* What was fixed is done with; the one that was not moves. */
    char into[1024];
    int64_t moved;
    snprintf(into, sizeof into, "%s-moved", root);
    assert_ok(brn_data_check_move(check, into, note, &t, &moved));
    assert_int_equal(moved, 1);
    assert_true(is_there(into, "a/5.gif") && is_there(root, "a/5.jpg"));
    brn_data_check_close(check);
    assert_findings(root, 0, "");
}

TEST(findings_are_moved_once_with_a_list_to_undo)
{
    const char *root = test_scratch_folder();
    char into[1024], inside[1024], *list;
    snprintf(into, sizeof into, "%s-out/deep", root);
    put_jpeg(root, "train/a/1.jpg", 1, 80, 60, 90);
    put_jpeg(root, "valid/b/2.jpg", 1, 80, 60, 90); /* two labels and a leak */
    put_text(root, "valid/b/a \"b\", c.jpg", "no picture");
    put_text(root, "valid/b/3.jpg", "no picture");
    put_text(into, "valid/b/3.jpg", "was here before");
    const uint32_t kinds = 1u << BRN_FINDING_LEAK | 1u << BRN_FINDING_NOT_A_PICTURE;
    brn_data_check *check = open_check(root, kinds, 1);
    told t = {0};
    int64_t moved;
    snprintf(inside, sizeof inside, "%s/train/new/folder", root);
    assert_fails(brn_data_check_move(check, inside, note, &t, &moved), BRN_ERROR_INPUT,
                 "expected a folder outside of it");
    assert_fails(brn_data_check_move(check, root, note, &t, &moved), BRN_ERROR_INPUT, "within");
    snprintf(inside, sizeof inside, "%s/train/new", root);
    assert_false(brn__is_folder(inside));
    assert_ok(brn_data_check_move(check, into, note, &t, &moved));
    assert_int_equal(moved, 2);
    assert_int_equal(t.problems, 1);
    assert_true(is_there(root, "train/a/1.jpg") && is_there(root, "valid/b/3.jpg"));
    assert_true(is_there(into, "valid/b/2.jpg") && is_there(into, "valid/b/a \"b\", c.jpg"));
    assert_false(is_there(root, "valid/b/2.jpg"));
    snprintf(inside, sizeof inside, "%s/moved.csv", into);
    assert_ok(brn__read_file(inside, 1 << 20, &list, NULL));
    assert_memory_equal(list, "from,to\n", 8);
    assert_non_null(strstr(list, "valid/b/a \"\"b\"\", c.jpg\",\""));
    assert_non_null(strstr(list, "out/deep/valid/b/2.jpg\n"));
    brn__free(list);
    assert_ok(brn_data_check_move(check, into, note, &t, &moved));
    assert_int_equal(moved, 0); /* what went is not moved again */
    brn_data_check_close(check);
}

/* ------------------------------------------------------------------ wrong calls */

static int stop_at_3(void *context, int64_t done, int64_t total)
{
    (void)context;
    assert_int_equal(total, 48);
    return done == 3;
}

TEST(wrong_folders_and_options_are_refused)
{
    const char *root = test_scratch_folder();
    brn_data_check *check;
    brn_data_check_options options = brn_data_check_defaults();
    assert_fails(brn_data_check_open(root, &options, &check), BRN_ERROR_INPUT, "no files");
    assert_fails(brn_data_check_open("/nowhere/at/all", &options, &check), BRN_ERROR_IO, "nowhere");
    options.near_bits = 17;
    assert_fails(brn_data_check_open(root, &options, &check), BRN_ERROR_USAGE, "near_bits 17");
    options = brn_data_check_defaults();
    options.min_side = -1;
    assert_fails(brn_data_check_open(root, &options, &check), BRN_ERROR_USAGE, "min_side -1");
    fill_with_faults(root);
    options = brn_data_check_defaults();
    options.progress = stop_at_3;
    assert_fails(brn_data_check_open(root, &options, &check), BRN_ERROR_INTERRUPTED, "3 of 48");
    assert_null(check);
    assert_null(brn_data_finding_name(BRN_FINDING_KINDS));
}

TEST(a_check_without_memory_fails_and_leaks_nothing)
{
    const char *root = test_scratch_folder();
    brn_data_check *check = NULL;
    brn_data_check_options options = brn_data_check_defaults();
    put_jpeg(root, "a/1.jpg", 1, 80, 60, 90);
    put_jpeg(root, "a/2.jpg", 1, 80, 60, 90);
    put_text(root, "a/3.jpg", "no picture");
    options.threads = 1;
    brn_status status = BRN_ERROR_NO_MEMORY;
    for (uint64_t n = 1; n < 400 && status != BRN_OK; n++) {
        brn__alloc_fail_after(n, 0);
        status = brn_data_check_open(root, &options, &check);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_int_equal(status, BRN_OK);
    assert_int_equal(brn_data_check_count(check), 2);
    brn_data_check_close(check);
}
