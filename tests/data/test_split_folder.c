/* SPDX-License-Identifier: Apache-2.0
 * brn_data_split_folder: what goes where, and that nothing is lost. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/data_check.h"
#include "burnish/data_split.h"
#include "data/pictures.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *path_in(const char *root, const char *name)
{
    static char path[4][1024];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", root, name);
    return out;
}

/* photos/CLASS/NN.jpg, all different. */
static const char *make_photos(int first, int second)
{
    const char *root = test_scratch_folder();
    for (int i = 0; i < first + second; i++) {
        char name[64];
        snprintf(name, sizeof name, "photos/%s/%02d.jpg", i < first ? "cat" : "dog", i);
        put_jpeg(root, name, i, 40, 30, 90);
    }
    return root;
}

static brn_data_split_result split_with(const char *root, const brn_data_split_options *options)
{
    brn_data_split_result result;
    assert_ok(brn_data_split_folder(path_in(root, "photos"), options, &result));
    return result;
}

static int64_t count_in(const char *root, const char *folder)
{
    brn__name_list names;
    if (!brn__is_folder(path_in(root, folder))) return -1;
    assert_ok(brn__list_folder(path_in(root, folder), &names));
    const int64_t count = names.count;
    brn__name_list_free(&names);
    return count;
}

TEST(classes_are_split_by_the_same_shares)
{
    const char *root = make_photos(20, 9);
    brn_data_split_options options = brn_data_split_defaults();
    options.test = .1;
    const brn_data_split_result result = split_with(root, &options);
    assert_string_equal(result.out, path_in(root, "photos-split"));
    assert_int_equal(result.valid, 6);
    assert_int_equal(result.test, 3);
    assert_int_equal(result.train, 20);
    assert_int_equal(result.grouped, 0);
    assert_int_equal(count_in(root, "photos-split/train/cat"), 14);
    assert_int_equal(count_in(root, "photos-split/valid/cat"), 4);
    assert_int_equal(count_in(root, "photos-split/test/cat"), 2);
    assert_int_equal(count_in(root, "photos-split/train/dog"), 6);
    assert_int_equal(count_in(root, "photos-split/test/dog"), 1);
    assert_int_equal(count_in(root, "photos/cat"), 20); /* links: nothing went */
    char *list;
    assert_ok(brn__read_file(path_in(root, "photos-split/split.csv"), 1 << 20, &list, NULL));
    assert_memory_equal(list, "path,split,label,from\n", 22);
    int lines = 0;
    for (const char *p = list; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 30);
    brn__free(list);
    brn_image_data_options open = brn_image_data_defaults();
    brn_image_data *data;
    open.test = "test";
    assert_ok(brn_image_data_open(result.out, &open, &data));
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TEST), 3);
    brn_image_data_close(data);
}

TEST(large_shares_leave_one_to_train)
{
    const char *root = make_photos(3, 4);
    brn_data_split_options options = brn_data_split_defaults();
    options.valid = .5, options.test = .49;
    const brn_data_split_result result = split_with(root, &options);
    assert_int_equal(count_in(root, "photos-split/train/cat"), 1);
    assert_int_equal(count_in(root, "photos-split/train/dog"), 1);
    assert_int_equal(result.train, 2);
    assert_int_equal(result.test, 2);
}

TEST(the_choice_is_that_of_training_on_the_folder)
{
    const char *root = make_photos(13, 8);
    brn_data_split_options options = brn_data_split_defaults();
    options.valid = .3;
    options.seed = 7;
    const brn_data_split_result result = split_with(root, &options);
    const brn_image_data_options open = {.valid = .3, .seed = 7};
    brn_image_data *data;
    assert_ok(brn_image_data_open(path_in(root, "photos"), &open, &data));
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), result.valid);
    for (int64_t i = 0; i < brn_image_data_count(data); i++) {
        char name[256];
        snprintf(name, sizeof name, "%s/%s",
                 brn_image_data_split(data, i) == BRN_SPLIT_VALID ? "valid" : "train",
                 strstr(brn_image_data_path(data, i), "photos/") + 7);
        assert_true(is_there(result.out, name));
    }
    brn_image_data_close(data);
}

TEST(pictures_alike_stay_on_one_side)
{
    const char *root = make_photos(12, 12);
    for (int i = 0; i < 24; i += 2) { /* each second one again, smaller; some under the other label */
        char name[64];
        snprintf(name, sizeof name, "photos/%s/again-%02d.jpg", i % 4 ? "cat" : "dog", i);
        put_jpeg(root, name, i, 36, 27, 70);
    }
    brn_data_split_options options = brn_data_split_defaults();
    options.test = .15;
    for (options.seed = 1; options.seed < 6; options.seed++) {
        char out[64];
        snprintf(out, sizeof out, "out-%d", (int)options.seed);
        options.out = path_in(root, out);
        const brn_data_split_result result = split_with(root, &options);
        assert_int_equal(result.grouped, 24);
        assert_in_range(result.valid, 4, 9);
        assert_in_range(result.test, 3, 8);
        brn_data_check_options check_options = brn_data_check_defaults();
        brn_data_check *check;
        assert_ok(brn_data_check_open(result.out, &check_options, &check));
        assert_int_equal(brn_data_check_kind_count(check, BRN_FINDING_LEAK), 0);
        assert_true(brn_data_check_kind_count(check, BRN_FINDING_TWO_LABELS) > 0);
        brn_data_check_close(check);
    }
    options.together = false;
    options.out = path_in(root, "apart");
    const brn_data_split_result result = split_with(root, &options);
    assert_int_equal(result.grouped, 0);
    brn_data_check_options check_options = brn_data_check_defaults();
    brn_data_check *check;
    assert_ok(brn_data_check_open(result.out, &check_options, &check));
    assert_true(brn_data_check_kind_count(check, BRN_FINDING_LEAK) > 0);
    brn_data_check_close(check);
}

TEST(fastai_items_are_taken_as_they_are)
{
    const char *root = make_photos(6, 4);
    brn_data_split_options options = brn_data_split_defaults();
    options.split = BRN_SPLIT_FASTAI07;
    const brn_data_split_result result = split_with(root, &options);
    assert_int_equal(result.valid, 2);
    assert_true(is_there(result.out, "valid/cat/01.jpg")); /* 8 and 1 of ten, see test_image_list.c */
    assert_true(is_there(result.out, "valid/dog/08.jpg"));
    options.test = .1;
    brn_data_split_result none;
    assert_fails(brn_data_split_folder(path_in(root, "photos"), &options, &none), BRN_ERROR_USAGE,
                 "has no test set");
}

TEST(files_are_linked_copied_or_moved)
{
    struct stat a, b;
    const char *root = make_photos(4, 4);
    brn_data_split_options options = brn_data_split_defaults();
    static const char *const outs[] = {"linked", "copied", "moved"};
    for (int by = 0; by < 3; by++) {
        options.by = (brn_data_split_by)by;
        options.out = path_in(root, outs[by]);
        const brn_data_split_result result = split_with(root, &options);
        assert_int_equal(result.train + result.valid, 8);
    }
    assert_int_equal(count_in(root, "photos/cat"), 0);
    assert_int_equal(count_in(root, "moved/train/cat") + count_in(root, "moved/valid/cat"), 4);
    const char *part = is_there(root, "moved/train/cat/00.jpg") ? "train" : "valid";
    char name[64];
    snprintf(name, sizeof name, "linked/%s/cat/00.jpg", part);
    assert_int_equal(stat(path_in(root, name), &a), 0);
    snprintf(name, sizeof name, "moved/%s/cat/00.jpg", part);
    assert_int_equal(stat(path_in(root, name), &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    snprintf(name, sizeof name, "copied/%s/cat/00.jpg", part);
    assert_int_equal(stat(path_in(root, name), &b), 0);
    assert_int_not_equal(a.st_ino, b.st_ino);
    assert_int_equal(a.st_size, b.st_size);
}

TEST(wrong_splits_are_refused_and_leave_nothing)
{
    const char *root = make_photos(5, 1);
    char photos[1024];
    snprintf(photos, sizeof photos, "%s/photos", root);
    brn_data_split_options options = brn_data_split_defaults();
    brn_data_split_result result, again;
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_INPUT,
                 "class \"dog\" has 1 files that do not look alike");
    put_jpeg(root, "photos/dog/05b.jpg", 5, 40, 30, 50); /* a second, but of the same picture */
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_INPUT, "\"dog\" has 1");
    put_jpeg(root, "photos/dog/06.jpg", 6, 40, 30, 90);
    options.test = .1;
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_INPUT,
                 "one for each of 3 parts");
    options.test = 0;
    options.out = path_in(root, "photos/inside");
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_INPUT, "lies within");
    options.out = photos;
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_INPUT, "there already");
    put_text(root, "taken", "a file");
    options.out = path_in(root, "taken");
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_INPUT, "there already");
    options = brn_data_split_defaults();
    options.valid = .7, options.test = .3;
    assert_fails(brn_data_split_folder(photos, &options, &result), BRN_ERROR_USAGE, "below 1 together");
    options = brn_data_split_defaults();
    assert_fails(brn_data_split_folder(path_in(root, "none"), &options, &result), BRN_ERROR_INPUT,
                 "expected a folder of class folders");
    assert_fails(brn_data_split_folder(path_in(root, "photos/cat"), &options, &result),
                 BRN_ERROR_INPUT, "no class folders");
    assert_ok(brn_data_split_folder(photos, &options, &result));
    assert_fails(brn_data_split_folder(result.out, &options, &again), BRN_ERROR_INPUT,
                 "is split already");
    assert_int_equal(count_in(root, "."), 3); /* photos, taken, photos-split */
}

TEST(what_was_moved_before_a_failure_returns)
{
    const char *root = make_photos(6, 6);
    brn_data_split_options options = brn_data_split_defaults();
    brn_data_split_result result;
    options.by = BRN_SPLIT_BY_MOVE;
    options.threads = 1;
    brn_status status = BRN_ERROR_NO_MEMORY;
    int failures = 0;
    for (uint64_t n = 1; n < 2000 && status != BRN_OK; n += 7) {
        brn__alloc_fail_after(n, 0);
        status = brn_data_split_folder(path_in(root, "photos"), &options, &result);
        brn__alloc_fail_after(0, 0);
        if (status == BRN_OK) break;
        failures++;
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        assert_int_equal(count_in(root, "photos/cat"), 6);
        assert_int_equal(count_in(root, "photos/dog"), 6);
        assert_int_equal(count_in(root, "."), 1);
    }
    assert_int_equal(status, BRN_OK);
    assert_true(failures > 50);
    assert_int_equal(count_in(root, "photos-split"), 3);
}
