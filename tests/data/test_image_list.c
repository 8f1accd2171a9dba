/* SPDX-License-Identifier: Apache-2.0
 * brn_image_data_open on lists, its other ways to split, and test pictures. */
#include "base/alloc.h"
#include "burnish/image_data.h"
#include "data/image/dataset.h"
#include "data/pictures.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char *path_in(const char *root, const char *name)
{
    static char path[4][1024];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", root, name);
    return out;
}

/* images/0.jpg ... as files of a byte: lists do not open them. */
static const char *make_images(int count)
{
    const char *root = test_scratch_folder();
    for (int i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "images/%d.jpg", i);
        put_text(root, name, "x");
    }
    return root;
}

static brn_image_data *open_with(const char *path, const brn_image_data_options *options)
{
    brn_image_data *data = NULL;
    assert_ok(brn_image_data_open(path, options, &data));
    return data;
}

static brn_image_data *open_list(const char *root, const char *text)
{
    const brn_image_data_options options = brn_image_data_defaults();
    put_text(root, "list.csv", text);
    return open_with(path_in(root, "list.csv"), &options);
}

static void assert_refused(const char *root, const char *text, const char *part)
{
    const brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data;
    put_text(root, "bad.csv", text);
    assert_fails(brn_image_data_open(path_in(root, "bad.csv"), &options, &data), BRN_ERROR_INPUT,
                 part);
    assert_null(data);
}

static const char *name_of(const brn_image_data *data, int64_t item)
{
    return strrchr(brn_image_data_path(data, item), '/') + 1;
}

TEST(one_word_a_row_is_a_label)
{
    const char *root = make_images(4);
    brn_image_data *data = open_list(root, "name,tags,is_valid\n"
                                           "2.jpg,sea,0\n0,beach,1\n1.jpg,beach,false\n3.jpg, sea ,True\n");
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_LABEL);
    assert_int_equal(brn_image_data_class_count(data), 2);
    assert_string_equal(brn_image_data_class_name(data, 0), "beach");
    assert_string_equal(brn_image_data_class_name(data, 1), "sea");
    static const char *const names[] = {"2.jpg", "1.jpg", "0.jpg", "3.jpg"};
    static const int64_t labels[] = {1, 0, 0, 1};
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TRAIN), 2);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 2);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(name_of(data, i), names[i]);
        assert_int_equal(brn_image_data_label(data, i), labels[i]);
        assert_null(brn_image_data_target(data, i));
    }
    assert_int_equal(brn_image_data_target_width(data), 0);
    assert_null(brn_image_data_target_name(data, 0));
    brn_image_data_close(data);
}

TEST(a_word_said_twice_is_one_label)
{
    const char *root = make_images(2);
    brn_image_data *data = open_list(root, "name,tags\n0.jpg,sea sea\n1.jpg,beach\n");
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_LABEL);
    brn_image_data_close(data);
}

TEST(any_number_of_words_are_tags)
{
    const char *root = make_images(4);
    brn_image_data *data = open_list(root, "name,tags,is_valid\n0.jpg,sea beach,0\n1.jpg,,0\n"
                                           "2.jpg,beachy  beach beach,0\n3.jpg,sea,1\n");
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_TAGS);
    assert_int_equal(brn_image_data_target_width(data), 3);
    assert_string_equal(brn_image_data_target_name(data, 1), "beachy");
    assert_null(brn_image_data_target_name(data, 3));
    static const float expected[4][3] = {{1, 0, 1}, {0, 0, 0}, {1, 1, 0}, {0, 0, 1}};
    for (int i = 0; i < 4; i++) {
        assert_memory_equal(brn_image_data_target(data, i), expected[i], sizeof expected[i]);
        assert_int_equal(brn_image_data_label(data, i), -1);
    }
    assert_int_equal(brn_image_data_label_count(data, BRN_SPLIT_TRAIN, 0), 2);
    assert_int_equal(brn_image_data_label_count(data, BRN_SPLIT_VALID, 2), 1);
    assert_int_equal(brn_image_data_label_count(data, BRN_SPLIT_VALID, 3), 0);
    brn_image_data_close(data);
}

TEST(columns_of_numbers_are_regression)
{
    const char *root = make_images(3);
    brn_image_data *data =
        open_list(root, "name,x,is_valid,y\n0.jpg,1.5,0, -2e3 \n1.jpg,.25,0,7\n2.jpg,+0,yes,1\n");
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_NUMBERS);
    assert_int_equal(brn_image_data_target_width(data), 2);
    assert_int_equal(brn_image_data_class_count(data), 0);
    assert_null(brn_image_data_class_name(data, 0));
    assert_string_equal(brn_image_data_target_name(data, 0), "x");
    assert_string_equal(brn_image_data_target_name(data, 1), "y");
    assert_true(brn_image_data_target(data, 0)[0] == 1.5f);
    assert_true(brn_image_data_target(data, 0)[1] == -2000.f);
    assert_true(brn_image_data_target(data, 1)[0] == .25f);
    assert_int_equal(brn_image_data_split(data, 2), BRN_SPLIT_VALID);
    brn_image_data_close(data);
}

TEST(what_a_list_holds_can_be_said)
{
    const char *root = make_images(3);
    brn_image_data_options options = brn_image_data_defaults();
    options.valid = 0;
    put_text(root, "list.csv", "name,kind,n\n0.jpg,golden retriever,3\n1.jpg,cat,4\n2.jpg,cat,3\n");
    const char *path = path_in(root, "list.csv");
    brn_image_data *data;
    assert_fails(brn_image_data_open(path, &options, &data), BRN_ERROR_INPUT, "2 columns of targets");
    options.targets = "kind";
    data = open_with(path, &options);
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_TAGS);
    assert_int_equal(brn_image_data_class_count(data), 3);
    brn_image_data_close(data);
    options.target = BRN_TARGET_AS_LABEL;
    data = open_with(path, &options);
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_LABEL);
    assert_string_equal(brn_image_data_class_name(data, 1), "golden retriever");
    brn_image_data_close(data);
    options.targets = "n";
    data = open_with(path, &options); /* numbers as labels */
    assert_int_equal(brn_image_data_class_count(data), 2);
    assert_int_equal(brn_image_data_label(data, 1), 1);
    brn_image_data_close(data);
    options.target = BRN_TARGET_AS_TAGS;
    data = open_with(path, &options);
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_TAGS);
    brn_image_data_close(data);
    options.targets = "kind";
    options.target = BRN_TARGET_AS_NUMBERS;
    assert_fails(brn_image_data_open(path, &options, &data), BRN_ERROR_INPUT,
                 "line 2: kind is \"golden retriever\"; expected a number");
    options.targets = "kinds";
    assert_fails(brn_image_data_open(path, &options, &data), BRN_ERROR_INPUT, "kinds");
    options.targets = "name";
    assert_fails(brn_image_data_open(path, &options, &data), BRN_ERROR_INPUT, "names the pictures");
}

TEST(separators_headers_and_folders_can_be_said)
{
    const char *root = make_images(2);
    brn_image_data_options options = brn_image_data_defaults();
    put_text(root, "list.csv", "0;a|b c\n1;a\n");
    options.separator = ';';
    options.tag_separator = '|';
    options.no_header = true;
    brn_image_data *data = open_with(path_in(root, "list.csv"), &options);
    assert_int_equal(brn_image_data_class_count(data), 2);
    assert_string_equal(brn_image_data_class_name(data, 1), "b c");
    brn_image_data_close(data);
    options = brn_image_data_defaults();
    put_text(root, "elsewhere/list.tsv", "name\ttags\n0\ta,b\n1\tc\n");
    brn_image_data *none;
    assert_fails(brn_image_data_open(path_in(root, "elsewhere/list.tsv"), &options, &none),
                 BRN_ERROR_INPUT, "line 2: no picture \"0\"");
    options.images = "../images";
    data = open_with(path_in(root, "elsewhere/list.tsv"), &options);
    assert_string_equal(brn_image_data_class_name(data, 0), "a,b");
    brn_image_data_close(data);
    options.images = path_in(root, "images");
    data = open_with(path_in(root, "elsewhere/list.tsv"), &options);
    brn_image_data_close(data);
    options.images = "nowhere";
    assert_fails(brn_image_data_open(path_in(root, "elsewhere/list.tsv"), &options, &none),
                 BRN_ERROR_INPUT, "nowhere: expected a folder");
}

TEST(a_packed_list_beside_its_pictures_is_read)
{
    const char *root = test_scratch_folder();
    const brn_image_data_options options = brn_image_data_defaults();
    put_text(root, "a.png", "x");
    put_text(root, "deep/b.c.webp", "x");
    gzFile file = gzopen(path_in(root, "list.csv.gz"), "wb");
    gzputs(file, "name,tags\r\na,x\r\n\"deep/b.c\",y\r\n");
    gzclose(file);
    brn_image_data *data = open_with(path_in(root, "list.csv.gz"), &options);
    assert_int_equal(brn_image_data_count(data), 2);
    assert_string_equal(name_of(data, 1), "b.c.webp");
    brn_image_data_close(data);
}

TEST(wrong_lists_are_refused_with_their_line)
{
    const char *root = make_images(3);
    assert_refused(root, "", "bad.csv");
    assert_refused(root, "name,tags\n", "no rows");
    assert_refused(root, "name\n0.jpg\n", "no column says what the pictures show");
    assert_refused(root, "name,is_valid\n0.jpg,0\n", "no column says what the pictures show");
    assert_refused(root, "name,tags\n0.jpg,a\n1.jpg\n", "line 3");
    assert_refused(root, "name,tags\n0.jpg,a,b\n", "line 2");
    assert_refused(root, "name,tags\n0.jpg,a\n9.jpg,b\n8.jpg,b\n",
                   "line 3: no picture \"9.jpg\" in");
    assert_refused(root, "name,tags\n0.jpg,a\n9.jpg,b\n8.jpg,b\n", "(2 of 3 rows have none)");
    assert_refused(root, "name,tags\n0.jpg,a\n1.jpg,b\n0,b\n", "line 4: \"0\" stands in line 2");
    assert_refused(root, "name,tags,is_valid\n0.jpg,a,2\n", "line 2: is_valid is \"2\"");
    assert_refused(root, "name,tags,is_valid\n0.jpg,a,1\n1.jpg,a,1\n", "is_valid is true in every row");
    assert_refused(root, "name,tags\n,a\n", "line 2: no name");
    assert_refused(root, "name,tags\n0.jpg,\n1.jpg,\n", "column tags is empty in every row");
    assert_refused(root, "name,tags\n0.jpg,\"a\n", "bad.csv");
    assert_refused(root, "name,tags\n0.jpg,a\xff\n", "line 2");
    brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data;
    put_text(root, "list.txt", "0.jpg a\n");
    assert_fails(brn_image_data_open(path_in(root, "list.txt"), &options, &data), BRN_ERROR_INPUT,
                 "ends in .csv or .tsv");
    assert_fails(brn_image_data_open(path_in(root, "none.csv"), &options, &data), BRN_ERROR_IO,
                 "none.csv");
    options.target = BRN_TARGET_AS_LABEL;
    put_text(root, "bad.csv", "name,tags\n0.jpg,a\n1.jpg,\n");
    assert_fails(brn_image_data_open(path_in(root, "bad.csv"), &options, &data), BRN_ERROR_INPUT,
                 "line 3: tags is empty; expected a label");
}

TEST(numbers_that_are_none_make_words)
{
    const char *root = make_images(2);
    static const char *const words[] = {"nan", "inf", "0x10", "1e999", "1,5", "--1", "1 2", "e"};
    for (int i = 0; i < 8; i++) {
        char text[128];
        snprintf(text, sizeof text, "name,tags\n0.jpg,1\n1.jpg,\"%s\"\n", words[i]);
        brn_image_data *data = open_list(root, text);
        assert_int_not_equal(brn_image_data_target_kind(data), BRN_TARGET_NUMBERS);
        brn_image_data_close(data);
    }
}

/* ------------------------------------------------------------------ splits */

/* name,label of n rows: i % 3. */
static const char *make_rows(int n, bool tags)
{
    const char *root = make_images(n);
    brn__text text = {0};
    brn__text_add(&text, "name,tags\n");
    for (int i = 0; i < n; i++)
        brn__text_printf(&text, "%d,%c%s\n", i, 'a' + i % 3, tags && i % 2 ? " more" : "");
    put_bytes(root, "list.csv", text.bytes, text.length);
    brn__text_free(&text);
    return path_in(root, "list.csv");
}

TEST(a_list_of_labels_is_split_by_class_and_one_of_tags_as_a_whole)
{
    brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data = open_with(make_rows(60, false), &options);
    for (int k = 0; k < 3; k++)
        assert_int_equal(brn_image_data_label_count(data, BRN_SPLIT_VALID, k), 4);
    for (int64_t i = 1; i < 48; i++)
        assert_true(atoi(name_of(data, i - 1)) < atoi(name_of(data, i)));
    brn_image_data_close(data);
    data = open_with(make_rows(63, true), &options);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 13);
    brn_image_data_close(data);
}

TEST(fastai_validation_items_are_those_of_get_cv_idxs)
{
    brn_image_data_options options = brn_image_data_defaults();
    options.split = BRN_SPLIT_FASTAI07;
    brn_image_data *data = open_with(make_rows(10, false), &options);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 2);
    /* RandomState(42).permutation(10) begins 8, 1, 5, 0 */
    assert_string_equal(name_of(data, 8), "1.jpg");
    assert_string_equal(name_of(data, 9), "8.jpg");
    brn_image_data_close(data);
    options.fold = 1;
    data = open_with(make_rows(10, false), &options);
    assert_string_equal(name_of(data, 8), "0.jpg");
    assert_string_equal(name_of(data, 9), "5.jpg");
    brn_image_data_close(data);
}

TEST(every_item_validates_in_one_of_the_folds)
{
    int seen[31] = {0};
    brn_image_data_options options = brn_image_data_defaults();
    const char *path = make_rows(31, false);
    options.folds = 4;
    for (options.fold = 0; options.fold < 4; options.fold++) {
        brn_image_data *data = open_with(path, &options);
        const int64_t start = brn_image_data_split_start(data, BRN_SPLIT_VALID);
        for (int64_t i = start; i < 31; i++) seen[atoi(name_of(data, i))]++;
        assert_in_range(31 - start, 7, 8);
        for (int k = 0; k < 3; k++)
            assert_in_range(brn_image_data_label_count(data, BRN_SPLIT_VALID, k), 2, 3);
        brn_image_data_close(data);
    }
    for (int i = 0; i < 31; i++) assert_int_equal(seen[i], 1);
    brn_image_data *data;
    options.fold = 4;
    assert_fails(brn_image_data_open(path, &options, &data), BRN_ERROR_USAGE, "fold 4 of 4");
    options.folds = 40, options.fold = 0;
    assert_fails(brn_image_data_open(path, &options, &data), BRN_ERROR_INPUT, "40 folds of 31");
    const char *root = make_images(2);
    put_text(root, "list.csv", "name,tags,is_valid\n0,a,0\n1,b,1\n");
    options.folds = 2;
    assert_fails(brn_image_data_open(path_in(root, "list.csv"), &options, &data), BRN_ERROR_INPUT,
                 "says itself which pictures validate");
}

TEST(folders_can_be_split_as_lists_are)
{
    const char *root = test_scratch_folder();
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c/%d.jpg", 'a' + i / 4, i);
        put_text(root, name, "x");
    }
    brn_image_data_options options = brn_image_data_defaults();
    options.split = BRN_SPLIT_FASTAI07;
    brn_image_data *data = open_with(root, &options);
    assert_string_equal(name_of(data, 8), "1.jpg");
    assert_string_equal(name_of(data, 9), "8.jpg");
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_LABEL);
    brn_image_data_close(data);
}

/* The choice of round(.2 * n) of each class as it was made from the first version on: runs name their
 * validation pictures by it. */
TEST(the_seeded_split_of_folders_keeps_its_bits)
{
    const char *root = test_scratch_folder();
    for (int i = 0; i < 24; i++) {
        char name[32];
        snprintf(name, sizeof name, "%c/%02d.jpg", i % 2 ? 'b' : 'a', i);
        put_text(root, name, "x");
    }
    const brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data = open_with(root, &options);
    char got[128] = "";
    for (int64_t i = brn_image_data_split_start(data, BRN_SPLIT_VALID); i < 24; i++)
        strcat(got, name_of(data, i)), strcat(got, " ");
    assert_string_equal(got, "10.jpg 20.jpg 13.jpg 19.jpg ");
    brn_image_data_close(data);
}

/* ------------------------------------------------------------------ test pictures */

TEST(test_pictures_come_last_and_have_no_target)
{
    const char *root = make_images(4);
    put_text(root, "test/b.jpg", "x");
    put_text(root, "test/a.jpg", "x");
    put_text(root, "list.csv", "name,tags,is_valid\n0,a b,0\n1,b,1\n");
    brn_image_data_options options = brn_image_data_defaults();
    options.test = "test";
    brn_image_data *data = open_with(path_in(root, "list.csv"), &options);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TEST), 2);
    assert_int_equal(brn_image_data_split_start(data, BRN_SPLIT_TEST), 2);
    assert_string_equal(name_of(data, 2), "a.jpg");
    assert_null(brn_image_data_target(data, 3));
    assert_int_equal(brn_image_data_label(data, 3), -1);
    assert_int_equal(brn_image_data_split(data, 3), BRN_SPLIT_TEST);
    brn_image_data_close(data);
    put_text(root, "names.txt", "3.jpg\n2\n");
    options.test = "names.txt";
    data = open_with(path_in(root, "list.csv"), &options);
    assert_string_equal(name_of(data, 2), "3.jpg");
    assert_string_equal(name_of(data, 3), "2.jpg");
    brn_image_data_close(data);
    put_text(root, "names.csv", "id,rubbish\n3.jpg,1\n");
    options.test = path_in(root, "names.csv");
    data = open_with(path_in(root, "list.csv"), &options);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TEST), 1);
    brn_image_data_close(data);
    put_text(root, "names.txt", "3.jpg\n\nnone\n");
    options.test = "names.txt";
    assert_fails(brn_image_data_open(path_in(root, "list.csv"), &options, &data), BRN_ERROR_INPUT,
                 "line 3: no picture \"none\"");
    options.test = "nowhere";
    assert_fails(brn_image_data_open(path_in(root, "list.csv"), &options, &data), BRN_ERROR_INPUT,
                 "nowhere");
}

TEST(test_folders_of_classes_have_labels)
{
    const char *root = test_scratch_folder();
    put_text(root, "train/a/1.jpg", "x");
    put_text(root, "train/b/2.jpg", "x");
    put_text(root, "valid/a/3.jpg", "x");
    put_text(root, "valid/b/4.jpg", "x");
    put_text(root, "test/b/5.jpg", "x");
    brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data = open_with(root, &options);
    assert_int_equal(brn_image_data_count(data), 4); /* as ever: nobody asked for test */
    brn_image_data_close(data);
    options.test = "test";
    data = open_with(root, &options);
    assert_int_equal(brn_image_data_count(data), 5);
    assert_int_equal(brn_image_data_label(data, 4), 1);
    brn_image_data_close(data);
    put_text(root, "test/c/6.jpg", "x");
    assert_fails(brn_image_data_open(root, &options, &data), BRN_ERROR_INPUT, "test/c: no class");
}

/* ------------------------------------------------------------------ as a dataset */

TEST(datasets_hand_out_the_targets_of_their_kind)
{
    const char *root = test_scratch_folder();
    put_jpeg(root, "images/0.jpg", 1, 64, 64, 90);
    put_jpeg(root, "images/1.jpg", 2, 64, 64, 90);
    put_jpeg(root, "test/2.jpg", 3, 64, 64, 90);
    static const char *const lists[] = {"name,t,is_valid\n0,b,0\n1,a,1\n",
                                        "name,t,is_valid\n0,a c,0\n1,b,1\n",
                                        "name,x,y,is_valid\n0,1,.5,0\n1,2,3,1\n"};
    static const float expected[3][3] = {{0}, {1, 0, 1}, {1, .5f, 0}};
    static const int64_t widths[] = {0, 3, 2};
    const brn__sample_context context = {0};
    brn__image_transform transform = brn__image_transform_defaults(32);
    for (int i = 0; i < 3; i++) {
        brn__dataset *dataset;
        float *input = malloc(3 * 32 * 32 * sizeof *input), target[3] = {9, 9, 9};
        int64_t label = 9;
        brn_image_data_options options = brn_image_data_defaults();
        options.test = "test";
        put_text(root, "list.csv", lists[i]);
        brn_image_data *data = open_with(path_in(root, "list.csv"), &options);
        assert_ok(brn__image_dataset_new(data, &transform, &dataset));
        assert_int_equal(dataset->count, 3);
        assert_int_equal(dataset->target_dtype, i ? BRN_DTYPE_F32 : BRN_DTYPE_I64);
        assert_int_equal(dataset->target_shape.rank, i ? 1 : 0);
        assert_int_equal(brn__dataset_target_bytes(dataset), i ? widths[i] * 4 : 8);
        void *out = i ? (void *)target : (void *)&label;
        assert_ok(dataset->load(dataset, 0, &context, input, out));
        if (!i) assert_int_equal(label, 1);
        else assert_memory_equal(target, expected[i], (size_t)widths[i] * 4);
        assert_ok(dataset->load(dataset, 2, &context, input, out));
        if (!i) assert_int_equal(label, -1);
        else assert_true(isnan(target[0]) && isnan(target[widths[i] - 1]));
        brn__dataset_free(dataset);
        brn_image_data_close(data);
        free(input);
    }
}

TEST(the_corel_sample_is_a_list_of_tags)
{
    const char *path = test_data_path("images/corel5k_sample/labels.csv");
    const brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data = open_with(path, &options);
    assert_int_equal(brn_image_data_target_kind(data), BRN_TARGET_TAGS);
    assert_int_equal(brn_image_data_class_count(data), 20);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_TRAIN), 1000);
    assert_int_equal(brn_image_data_split_count(data, BRN_SPLIT_VALID), 200);
    double tags = 0;
    for (int64_t i = 0; i < 1200; i++)
        for (int k = 0; k < 20; k++) tags += brn_image_data_target(data, i)[k];
    assert_close(tags / 1200, 1.8, .05);
    brn_image_data_close(data);
}

TEST(a_long_list_is_read)
{
    enum { ROWS = 20000 };
    const char *root = make_images(1);
    const brn_image_data_options options = brn_image_data_defaults();
    brn_image_data *data;
    brn__text text = {0};
    brn__text_add(&text, "name,tags\n");
    for (int i = 0; i < ROWS; i++) brn__text_printf(&text, "%d.jpg,t%d t%d\n", i, i % 50, i % 7);
    put_bytes(root, "list.csv", text.bytes, text.length);
    brn__text_free(&text);
    assert_fails(brn_image_data_open(path_in(root, "list.csv"), &options, &data), BRN_ERROR_INPUT,
                 "(19999 of 20000 rows have none)");
}

TEST(a_list_without_memory_fails_and_leaks_nothing)
{
    const char *root = make_images(3);
    brn_image_data_options options = brn_image_data_defaults();
    put_text(root, "list.csv", "name,tags\n0.jpg,a b\n1.jpg,b\n2,c\n");
    put_text(root, "test.txt", "1\n");
    options.test = "test.txt";
    brn_status status = BRN_ERROR_NO_MEMORY;
    brn_image_data *data = NULL;
    for (uint64_t n = 1; n < 500 && status != BRN_OK; n++) {
        brn__alloc_fail_after(n, 0);
        status = brn_image_data_open(path_in(root, "list.csv"), &options, &data);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_int_equal(status, BRN_OK);
    assert_int_equal(brn_image_data_count(data), 4);
    brn_image_data_close(data);
}
