/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/image_data.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes root/name (with its folders) holding a few bytes: files are not opened by the listing. */
static void make_file(const char *root, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, name);
    *strrchr(path, '/') = '\0';
    assert_ok(brn__make_folders(path));
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("x", file);
    fclose(file);
}

static void make_numbered(const char *root, const char *folder, int count)
{
    for (int i = 0; i < count; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s/%03d.jpg", folder, i);
        make_file(root, name);
    }
}

static brn_status open_defaults(const char *path, brn_image_data **out)
{
    brn_image_data_options options = brn_image_data_defaults();
    return brn_image_data_open(path, &options, out);
}

TEST(train_and_valid_folders_are_listed_in_order)
{
    const char *root = test_scratch_folder();
    make_numbered(root, "train/bee", 3);
    make_numbered(root, "train/ant", 2);
    make_numbered(root, "valid/ant", 1);
    make_numbered(root, "valid/bee", 2);
    make_file(root, "train/.ipynb_checkpoints/a.jpg");
    make_file(root, "train/ant/.DS_Store");
    make_file(root, "train/ant/deeper/a.jpg");
    make_file(root, "train/notes.txt");
    brn_image_data *data;
    assert_ok(open_defaults(root, &data));
    assert_int_equal(brn_image_data_class_count(data), 2);
    assert_string_equal(brn_image_data_class_name(data, 0), "ant");
    assert_string_equal(brn_image_data_class_name(data, 1), "bee");
    assert_null(brn_image_data_class_name(data, 2));
    assert_null(brn_image_data_class_name(data, -1));
    assert_int_equal(brn_image_data_count(data), 8);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TRAIN), 5);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 3);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TEST), 0);
    assert_int_equal(brn_image_data_split_start(data, BRN_SPLIT_VALID), 5);
    assert_int_equal(brn_image_data_label_count(data, BRN_SPLIT_TRAIN, 1), 3);
    assert_int_equal(brn_image_data_label_count(data, BRN_SPLIT_VALID, 0), 1);
    assert_int_equal(brn_image_data_label(data, 1), 0);
    assert_int_equal(brn_image_data_label(data, 2), 1);
    assert_int_equal(brn_image_data_split(data, 4), BRN_SPLIT_TRAIN);
    assert_int_equal(brn_image_data_split(data, 5), BRN_SPLIT_VALID);
    char expected[512];
    snprintf(expected, sizeof expected, "%s/valid/bee/001.jpg", root);
    assert_string_equal(brn_image_data_path(data, 7), expected);
    brn_image_data_close(data);
}

TEST(what_might_be_taken_for_a_picture_is_listed_to_be_told_as_bad)
{
    const char *root = test_scratch_folder();
    char path[512];
    make_numbered(root, "a", 2);
    make_numbered(root, "b", 1);
    make_file(root, "a/folder.JPEG/x");
    make_file(root, "a/folder/x");
    make_file(root, "a/a.folder/x");
    snprintf(path, sizeof path, "%s/a/link.dat", root);
    assert_int_equal(symlink("nothing", path), 0);
    snprintf(path, sizeof path, "%s/a/pipe.jpg", root);
    assert_int_equal(mkfifo(path, 0600), 0);
    brn_image_data *data;
    brn_image_data_options options = {.valid = 0};
    assert_ok(brn_image_data_open(root, &options, &data));
    static const char *const expected[] = {"000.jpg", "001.jpg", "folder.JPEG", "link.dat",
                                           "000.jpg"};
    assert_int_equal(brn_image_data_count(data), 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(brn__path_name(brn_image_data_path(data, i)), expected[i]);
    brn_image_data_close(data);
}

TEST(val_and_test_name_the_validation_folder_too)
{
    static const char *const names[] = {"val", "test"};
    for (int i = 0; i < 2; i++) {
        const char *root = test_scratch_folder();
        char folder[64];
        snprintf(folder, sizeof folder, "%s/a", names[i]);
        make_numbered(root, "train/a", 4);
        make_numbered(root, folder, 3);
        brn_image_data *data;
        assert_ok(open_defaults(root, &data));
        assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 3);
        brn_image_data_close(data);
    }
}

TEST(one_folder_is_split_by_class_and_by_seed)
{
    const char *root = test_scratch_folder();
    make_numbered(root, "cat", 50);
    make_numbered(root, "dog", 11);
    make_numbered(root, "eel", 2);
    make_numbered(root, "fox", 1);
    brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *a, *b, *c;
    assert_ok(brn_image_data_open(root, &options, &a));
    assert_ok(brn_image_data_open(root, &options, &b));
    options.seed = 43;
    assert_ok(brn_image_data_open(root, &options, &c));
    static const int64_t valid[] = {10, 2, 1, 0}, all[] = {50, 11, 2, 1};
    for (int64_t label = 0; label < 4; label++) {
        assert_int_equal(brn_image_data_label_count(a, BRN_SPLIT_VALID, label), valid[label]);
        assert_int_equal(brn_image_data_label_count(a, BRN_SPLIT_TRAIN, label),
                         all[label] - valid[label]);
    }
    int same = 0, differs = 0;
    for (int64_t i = 0; i < brn_image_data_count(a); i++) {
        same += !strcmp(brn_image_data_path(a, i), brn_image_data_path(b, i));
        differs += strcmp(brn_image_data_path(a, i), brn_image_data_path(c, i)) != 0;
        for (int64_t j = 0; j < i; j++)
            assert_string_not_equal(brn_image_data_path(a, i), brn_image_data_path(a, j));
    }
    assert_int_equal(same, 64);
    assert_true(differs > 5);
    brn_image_data_close(a);
    brn_image_data_close(b);
    brn_image_data_close(c);
    options.valid = 0;
    assert_ok(brn_image_data_open(root, &options, &a));
    assert_int_equal(brn_image_data_split_count(a, BRN_SPLIT_VALID), 0);
    brn_image_data_close(a);
    options.valid = 1;
    assert_fails(brn_image_data_open(root, &options, &a), BRN_ERROR_USAGE, "valid 1; expected");
}

TEST(classes_of_one_size_are_split_at_different_places)
{
    const char *root = test_scratch_folder();
    make_numbered(root, "a", 40);
    make_numbered(root, "b", 40);
    brn_image_data *data;
    assert_ok(open_defaults(root, &data));
    int64_t start = brn_image_data_split_start(data, BRN_SPLIT_VALID);
    int same = 0;
    for (int64_t i = 0; i < 8; i++)
        same += !strcmp(brn__path_name(brn_image_data_path(data, start + i)),
                        brn__path_name(brn_image_data_path(data, start + 8 + i)));
    assert_in_range(same, 0, 4);
    brn_image_data_close(data);
}

TEST(a_class_may_be_called_train)
{
    const char *root = test_scratch_folder();
    make_numbered(root, "train", 5);
    make_numbered(root, "tram", 5);
    brn_image_data *data;
    assert_ok(open_defaults(root, &data));
    assert_int_equal(brn_image_data_class_count(data), 2);
    brn_image_data_close(data);
}

TEST(folders_that_do_not_fit_are_explained)
{
    brn_image_data *data = NULL;
    const char *root = test_scratch_folder();
    make_numbered(root, "train/ant", 2);
    make_numbered(root, "train/bee", 2);
    make_numbered(root, "valid/ant", 2);
    assert_fails(open_defaults(root, &data), BRN_ERROR_INPUT, "valid: no folder for class \"bee\"");
    assert_null(data);
    make_numbered(root, "valid/bee", 1);
    make_numbered(root, "valid/cow", 1);
    assert_fails(open_defaults(root, &data), BRN_ERROR_INPUT, "train: no folder for class \"cow\"");
    root = test_scratch_folder();
    make_file(root, "a.jpg");
    assert_fails(open_defaults(root, &data), BRN_ERROR_INPUT, "no class folders; expected");
    root = test_scratch_folder();
    make_file(root, "ant/.hidden");
    make_file(root, "bee/a.jpg");
    assert_fails(open_defaults(root, &data), BRN_ERROR_INPUT, "ant: a class folder without files");
    assert_fails(open_defaults("/nonexistent", &data), BRN_ERROR_IO, "/nonexistent");
}

TEST(a_list_of_files_is_a_test_split_without_labels)
{
    const char *const paths[] = {"x/b.jpg", "x/a.jpg"};
    brn_image_data *data;
    assert_ok(brn_image_data_from_files(paths, 2, &data));
    assert_int_equal(brn_image_data_class_count(data), 0);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TEST), 2);
    assert_int_equal(brn_image_data_split(data, 0), BRN_SPLIT_TEST);
    assert_int_equal(brn_image_data_label(data, 1), -1);
    assert_string_equal(brn_image_data_path(data, 0), "x/b.jpg");
    brn_image_data_close(data);
}

TEST(opening_a_folder_survives_every_failed_allocation)
{
    const char *root = test_scratch_folder();
    make_numbered(root, "cat", 4);
    make_numbered(root, "dog", 3);
    brn_status status = BRN_ERROR_INTERNAL;
    uint64_t n = 1;
    for (; status != BRN_OK && n < 500; n++) {
        brn_image_data *data;
        brn__alloc_fail_after(n, 0);
        status = open_defaults(root, &data);
        brn__alloc_fail_after(0, 0);
        if (status == BRN_OK)
            brn_image_data_close(data);
        else
            assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_int_equal(status, BRN_OK);
    assert_true(n > 20);
}

TEST(real_folders_have_the_known_counts)
{
    brn_image_data *data;
    assert_ok(open_defaults(test_data_path("images/ants_bees"), &data));
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TRAIN), 244);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 153);
    assert_string_equal(brn_image_data_class_name(data, 1), "bees");
    brn_image_data_close(data);
}
