/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "base/sha256.h"
#include "data/image/dataset.h"
#include "data/loader.h"
#include "test.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Samples that say which item they are; every 20th (number 7, 27, ...) is bad when `bad`. */
typedef struct counting_dataset {
    brn__dataset base;
    bool bad, all_bad, no_memory;
} counting_dataset;

static brn_status counting_load(const brn__dataset *base, int64_t item,
                                const brn__sample_context *context, void *input, void *target)
{
    const counting_dataset *dataset = (const counting_dataset *)base;
    if (dataset->all_bad || (dataset->bad && item % 20 == 7)) {
        memset(input, 0xAB, 2 * sizeof(float));
        return brn__fail(BRN_ERROR_INPUT, "item %lld is bad", (long long)item);
    }
    if (dataset->no_memory && item == 13) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for 13");
    for (int64_t i = 0; i < item % 5; i++) sched_yield(); /* finish out of order */
    ((float *)input)[0] = (float)item;
    ((float *)input)[1] = (float)(context->epoch * 100 + context->pass * 10 + context->training);
    *(int64_t *)target = 1000 + item;
    return BRN_OK;
}

static counting_dataset counting(int64_t count)
{
    return (counting_dataset){.base = {.count = count,
                                       .input_dtype = BRN_DTYPE_F32,
                                       .target_dtype = BRN_DTYPE_I64,
                                       .input_shape = brn_shape_of(1, (int64_t[]){2}),
                                       .target_shape = brn_shape_of(0, NULL),
                                       .load = counting_load}};
}

static brn__loader *new_loader(const brn__dataset *dataset, int64_t batch_size, int workers,
                               bool training)
{
    brn__loader_options options = brn__loader_defaults(training);
    options.batch_size = batch_size;
    options.workers = workers;
    options.seed = 11;
    brn__loader *loader;
    assert_ok(brn__loader_new(dataset, NULL, 0, &options, &loader));
    return loader;
}

/* Runs the rest of an epoch; the digest is over all that the batches hold. */
static int64_t run_epoch(brn__loader *loader, const brn__dataset *dataset, char digest[65])
{
    brn__sha256 *sha;
    assert_ok(brn__sha256_new(&sha));
    int64_t total = 0;
    for (;;) {
        brn__batch batch;
        assert_ok(brn__loader_next(loader, &batch));
        if (!batch.count) break;
        assert_int_equal((uintptr_t)batch.inputs % 64, 0);
        size_t n = (size_t)batch.count;
        assert_ok(brn__sha256_add(sha, &batch.count, sizeof batch.count));
        assert_ok(brn__sha256_add(sha, batch.inputs, n * brn__dataset_input_bytes(dataset)));
        assert_ok(brn__sha256_add(sha, batch.targets, n * brn__dataset_target_bytes(dataset)));
        assert_ok(brn__sha256_add(sha, batch.items, n * sizeof *batch.items));
        for (size_t i = 0; i < n && dataset->load == counting_load; i++) {
            assert_int_equal(((int64_t *)batch.targets)[i], 1000 + batch.items[i]);
            assert_int_equal((int64_t)((float *)batch.inputs)[2 * i], batch.items[i]);
        }
        total += batch.count;
    }
    assert_ok(brn__sha256_hex(sha, digest));
    brn__sha256_free(sha);
    return total;
}

TEST(validation_batches_come_in_order_and_nothing_is_dropped)
{
    counting_dataset dataset = counting(21);
    brn__loader *loader = new_loader(&dataset.base, 5, 3, false);
    assert_int_equal(brn__loader_batch_count(loader), 5);
    assert_int_equal(brn__loader_batch_max(loader), 5);
    for (uint32_t epoch = 0; epoch < 2; epoch++) {
        assert_ok(brn__loader_start_epoch(loader, epoch));
        int64_t item = 0;
        for (int b = 0; b < 5; b++) {
            brn__batch batch;
            assert_ok(brn__loader_next(loader, &batch));
            assert_int_equal(batch.count, b < 4 ? 5 : 1);
            for (int64_t i = 0; i < batch.count; i++, item++) {
                assert_int_equal(batch.items[i], item);
                assert_int_equal(((int64_t *)batch.targets)[i], 1000 + item);
                assert_int_equal((int)((float *)batch.inputs)[2 * i], item);
                assert_int_equal((int)((float *)batch.inputs)[2 * i + 1], epoch * 100);
            }
        }
        brn__batch batch;
        assert_ok(brn__loader_next(loader, &batch));
        assert_int_equal(batch.count, 0);
        assert_ok(brn__loader_next(loader, &batch));
        assert_int_equal(batch.count, 0);
    }
    brn__loader_free(loader);
}

TEST(training_shuffles_every_epoch_anew_and_shows_every_item_once)
{
    counting_dataset dataset = counting(50);
    brn__loader *loader = new_loader(&dataset.base, 8, 2, true);
    char digests[3][65];
    int64_t first[3];
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        assert_ok(brn__loader_start_epoch(loader, epoch % 2));
        int seen[50] = {0};
        first[epoch] = -1;
        for (;;) {
            brn__batch batch;
            assert_ok(brn__loader_next(loader, &batch));
            if (!batch.count) break;
            for (int64_t i = 0; i < batch.count; i++) seen[batch.items[i]]++;
            if (first[epoch] < 0)
                first[epoch] = batch.items[0] * 2500 + batch.items[1] * 50 + batch.items[2];
        }
        for (int i = 0; i < 50; i++) assert_int_equal(seen[i], 1);
        assert_ok(brn__loader_start_epoch(loader, epoch % 2));
        run_epoch(loader, &dataset.base, digests[epoch]);
    }
    assert_int_not_equal(first[0], first[1]); /* the order itself, not only what is drawn */
    assert_int_equal(first[0], first[2]);
    assert_string_not_equal(digests[0], digests[1]);
    assert_string_equal(digests[0], digests[2]);
    brn__loader_free(loader);
}

/* Batch by batch from `number` on, what a whole epoch gives from there. */
static void follows_the_whole_epoch(brn__loader *whole, brn__loader *part, int64_t number)
{
    brn__batch a, b;
    assert_ok(brn__loader_start_epoch(whole, 3));
    assert_ok(brn__loader_start_at(part, 3, number));
    for (int64_t passed = 0; passed < number; passed++) assert_ok(brn__loader_next(whole, &a));
    do {
        assert_ok(brn__loader_next(whole, &a));
        assert_ok(brn__loader_next(part, &b));
        assert_int_equal(a.count, b.count);
        assert_int_equal(a.number, b.number);
        for (int64_t i = 0; i < a.count; i++) assert_int_equal(a.items[i], b.items[i]);
        if (a.count)
            assert_memory_equal(a.inputs, b.inputs, (size_t)a.count * 2 * sizeof(float));
    } while (a.count);
}

TEST(an_epoch_may_begin_at_any_of_its_batches)
{
    counting_dataset dataset = counting(50);
    brn__loader *whole = new_loader(&dataset.base, 8, 2, true);
    for (int workers = 0; workers < 3; workers += 2) {
        brn__loader *part = new_loader(&dataset.base, 8, workers, true);
        for (int64_t number = 0; number <= 7; number++) follows_the_whole_epoch(whole, part, number);
        assert_fails(brn__loader_start_at(part, 0, 8), BRN_ERROR_USAGE, "expected 0 to 7");
        assert_fails(brn__loader_start_at(part, 0, -1), BRN_ERROR_USAGE, "batch -1");
        brn__loader_free(part);
    }
    brn__loader_free(whole);
}

TEST(a_training_remainder_of_one_joins_the_batch_before)
{
    static const int64_t cases[][4] = {/* items, size -> batches, largest */
                                       {21, 5, 4, 6}, {20, 5, 4, 5}, {22, 5, 5, 5}, {1, 5, 1, 1},
                                       {6, 5, 1, 6},  {5, 5, 1, 5},  {0, 5, 0, 1},  {3, 1, 3, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        counting_dataset dataset = counting(cases[i][0]);
        brn__loader *loader = new_loader(&dataset.base, cases[i][1], 1, true);
        assert_int_equal(brn__loader_batch_count(loader), cases[i][2]);
        assert_int_equal(brn__loader_batch_max(loader), cases[i][3]);
        char digest[65];
        assert_ok(brn__loader_start_epoch(loader, 0));
        assert_int_equal(run_epoch(loader, &dataset.base, digest), cases[i][0]);
        brn__loader_free(loader);
    }
}

TEST(bad_items_are_left_out_listed_once_and_change_nothing_else)
{
    counting_dataset dataset = counting(100);
    dataset.bad = true;
    char digests[5][65];
    static const int workers[] = {0, 1, 2, 4, 8};
    for (int w = 0; w < 5; w++) {
        brn__loader *loader = new_loader(&dataset.base, 8, workers[w], true);
        for (uint32_t epoch = 0; epoch < 3; epoch++) {
            assert_ok(brn__loader_start_epoch(loader, epoch));
            assert_int_equal(run_epoch(loader, &dataset.base, digests[w]), 95);
        }
        int64_t count;
        const brn__bad_item *bad = brn__loader_bad_items(loader, &count);
        assert_int_equal(count, 5);
        int seen[5] = {0};
        for (int64_t i = 0; i < count; i++) {
            assert_int_equal(bad[i].item % 20, 7);
            seen[bad[i].item / 20]++;
            char reason[64];
            snprintf(reason, sizeof reason, "item %lld is bad", (long long)bad[i].item);
            assert_string_equal(bad[i].reason, reason);
        }
        for (int i = 0; i < 5; i++) assert_int_equal(seen[i], 1);
        assert_string_equal(digests[w], digests[0]);
        brn__loader_free(loader);
    }
}

TEST(an_epoch_of_bad_items_only_is_an_error)
{
    counting_dataset dataset = counting(9);
    dataset.all_bad = true;
    for (int workers = 0; workers < 3; workers++) {
        brn__loader *loader = new_loader(&dataset.base, 4, workers, false);
        assert_ok(brn__loader_start_epoch(loader, 0));
        brn__batch batch;
        assert_fails(brn__loader_next(loader, &batch), BRN_ERROR_INPUT,
                     "none of the 9 items could be loaded; the first: item 0 is bad");
        int64_t count;
        brn__loader_bad_items(loader, &count);
        assert_int_equal(count, 9);
        char digest[65];
        dataset.all_bad = false; /* good for an epoch, then the disk goes away */
        assert_ok(brn__loader_start_epoch(loader, 1));
        assert_int_equal(run_epoch(loader, &dataset.base, digest), 9);
        dataset.all_bad = true;
        assert_ok(brn__loader_start_epoch(loader, 2));
        assert_fails(brn__loader_next(loader, &batch), BRN_ERROR_INPUT, "none of the 9 items");
        brn__loader_free(loader);
    }
}

TEST(no_memory_in_a_worker_is_not_taken_for_a_bad_file)
{
    counting_dataset dataset = counting(30);
    dataset.no_memory = true;
    brn__loader *loader = new_loader(&dataset.base, 10, 2, false);
    assert_ok(brn__loader_start_epoch(loader, 0));
    brn__batch batch;
    assert_ok(brn__loader_next(loader, &batch));
    assert_fails(brn__loader_next(loader, &batch), BRN_ERROR_NO_MEMORY, "no memory for 13");
    int64_t count;
    brn__loader_bad_items(loader, &count);
    assert_int_equal(count, 0);
    brn__loader_free(loader);
}

TEST(a_loader_may_be_stopped_in_the_middle)
{
    counting_dataset dataset = counting(200);
    for (int workers = 0; workers < 5; workers++) {
        for (int taken = 0; taken < 5; taken++) {
            brn__loader *loader = new_loader(&dataset.base, 8, workers, true);
            char whole[65], after[65];
            assert_ok(brn__loader_start_epoch(loader, 4));
            run_epoch(loader, &dataset.base, whole);
            assert_ok(brn__loader_start_epoch(loader, 1));
            brn__batch batch;
            for (int i = 0; i < taken; i++) assert_ok(brn__loader_next(loader, &batch));
            assert_ok(brn__loader_start_epoch(loader, 4));
            run_epoch(loader, &dataset.base, after);
            assert_string_equal(whole, after);
            assert_ok(brn__loader_start_epoch(loader, 2));
            for (int i = 0; i < taken; i++) assert_ok(brn__loader_next(loader, &batch));
            brn__loader_free(loader); /* mid-epoch */
        }
    }
}

TEST(a_loader_over_some_items_and_a_pass)
{
    counting_dataset dataset = counting(40);
    static const int64_t items[] = {30, 2, 17};
    brn__loader_options options = brn__loader_defaults(false);
    options.training = true;
    brn__loader *loader;
    assert_ok(brn__loader_new(&dataset.base, items, 3, &options, &loader));
    assert_ok(brn__loader_start_pass(loader, 3, 2));
    brn__batch batch;
    assert_ok(brn__loader_next(loader, &batch));
    assert_int_equal(batch.count, 3);
    assert_memory_equal(batch.items, items, sizeof items);
    assert_int_equal((int)((float *)batch.inputs)[1], 321);
    brn__loader_free(loader);
    static const int64_t outside[] = {40};
    assert_fails(brn__loader_new(&dataset.base, outside, 1, &options, &loader), BRN_ERROR_USAGE,
                 "item 40; expected 0 to 39");
    options.batch_size = 0;
    assert_fails(brn__loader_new(&dataset.base, items, 3, &options, &loader), BRN_ERROR_USAGE,
                 "batch size 0");
}

TEST(a_loader_allocates_nothing_in_an_epoch_of_its_own)
{
    counting_dataset dataset = counting(64);
    brn__loader *loader = new_loader(&dataset.base, 8, 2, true);
    char digest[65];
    assert_ok(brn__loader_start_epoch(loader, 0));
    uint64_t before = brn__alloc_calls();
    brn__batch batch = {.count = 1};
    while (batch.count) assert_ok(brn__loader_next(loader, &batch));
    assert_ok(brn__loader_start_epoch(loader, 1));
    batch.count = 1;
    while (batch.count) assert_ok(brn__loader_next(loader, &batch));
    assert_int_equal(brn__alloc_calls() - before, 0);
    assert_ok(brn__loader_start_epoch(loader, 0));
    run_epoch(loader, &dataset.base, digest);
    brn__loader_free(loader);
}

TEST(making_a_loader_survives_every_failed_allocation)
{
    counting_dataset dataset = counting(20);
    brn__loader_options options = brn__loader_defaults(true);
    options.workers = 2;
    brn_status status = BRN_ERROR_INTERNAL;
    uint64_t n = 1;
    for (; status != BRN_OK && n < 100; n++) {
        brn__loader *loader;
        brn__alloc_fail_after(n, 0);
        status = brn__loader_new(&dataset.base, NULL, 0, &options, &loader);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        brn__loader_free(loader);
    }
    assert_int_equal(status, BRN_OK);
    assert_true(n > 10);
}

/* 80 pictures in two classes, of which two are cut short and two are text. */
static void make_pictures(const char *root)
{
    char *bytes;
    size_t length;
    assert_ok(brn__read_file(test_source_path("tests/golden/resize/exif-1.jpg"), 1 << 20, &bytes,
                             &length));
    for (int i = 0; i < 80; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", root, i % 2 ? "odd" : "even");
        assert_ok(brn__make_folders(path));
        snprintf(path, sizeof path, "%s/%s/%02d.jpg", root, i % 2 ? "odd" : "even", i);
        if (i == 10 || i == 33)
            assert_ok(brn__replace_file(path, bytes, length / 2));
        else if (i == 20 || i == 71)
            assert_ok(brn__replace_file(path, "not a picture", 13));
        else
            assert_ok(brn__replace_file(path, bytes, length));
    }
    brn__free(bytes);
}

TEST(five_percent_bad_files_are_listed_exactly_and_workers_do_not_matter)
{
    const char *root = test_scratch_folder();
    make_pictures(root);
    brn_image_data_options data_options = {.valid = 0};
    brn_image_data *data;
    assert_ok(brn_image_data_open(root, &data_options, &data));
    brn__image_transform transform = brn__image_transform_defaults(24);
    brn__dataset *dataset;
    assert_ok(brn__image_dataset_new(data, &transform, &dataset));
    static const int workers[] = {0, 1, 2, 4, 8};
    char digests[5][65];
    for (int w = 0; w < 5; w++) {
        brn__loader *loader = new_loader(dataset, 16, workers[w], true);
        assert_ok(brn__loader_start_epoch(loader, 0));
        assert_int_equal(run_epoch(loader, dataset, digests[w]), 76);
        assert_string_equal(digests[w], digests[0]);
        int64_t count, found = 0;
        const brn__bad_item *bad = brn__loader_bad_items(loader, &count);
        assert_int_equal(count, 4);
        for (int64_t i = 0; i < count; i++) {
            const char *path = brn_image_data_path(data, bad[i].item);
            const char *name = brn__path_name(path);
            assert_non_null(strstr(bad[i].reason, path));
            if (!strcmp(name, "10.jpg") || !strcmp(name, "33.jpg"))
                found += strstr(bad[i].reason, "truncated JPEG") != NULL;
            if (!strcmp(name, "20.jpg") || !strcmp(name, "71.jpg"))
                found += strstr(bad[i].reason, "not a JPEG, PNG or WebP picture but a text") != NULL;
        }
        assert_int_equal(found, 4);
        assert_ok(brn__loader_start_epoch(loader, 1));
        char other[65];
        run_epoch(loader, dataset, other);
        assert_string_not_equal(other, digests[0]);
        brn__loader_free(loader);
    }
    brn__dataset_free(dataset);
    brn_image_data_close(data);
}

TEST(a_training_view_depends_on_seed_epoch_item_and_pass_a_plain_one_on_none)
{
    const char *root = test_scratch_folder();
    make_pictures(root); /* all good ones are the same picture */
    brn_image_data_options data_options = brn_image_data_defaults();
    brn_image_data *data;
    assert_ok(brn_image_data_open(root, &data_options, &data));
    brn__image_transform transform = brn__image_transform_defaults(24);
    brn__dataset *dataset;
    assert_ok(brn__image_dataset_new(data, &transform, &dataset));
    static const brn__sample_context contexts[] = {
        {1, 0, 0, true}, {2, 0, 0, true}, {1, 1, 0, true}, {1, 0, 1, true}, {1, 0, 0, true}};
    float views[6][3 * 24 * 24], again[3 * 24 * 24];
    int64_t label;
    for (int i = 0; i < 5; i++)
        assert_ok(dataset->load(dataset, i == 4 ? 1 : 0, &contexts[i], views[i], &label));
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++) assert_memory_not_equal(views[i], views[k], sizeof again);
    assert_ok(dataset->load(dataset, 0, &contexts[0], again, &label));
    assert_memory_equal(again, views[0], sizeof again);
    const brn__sample_context plain = {1, 0, 0, false}, other = {2, 3, 4, false};
    assert_ok(dataset->load(dataset, 0, &plain, views[0], &label));
    assert_ok(dataset->load(dataset, 0, &other, views[1], &label));
    assert_memory_equal(views[0], views[1], sizeof again);
    brn__dataset_free(dataset);
    brn_image_data_close(data);
}

TEST(an_epoch_of_real_pictures_has_one_hash_for_any_number_of_workers)
{
    brn_image_data *data;
    brn_image_data_options data_options = brn_image_data_defaults();
    assert_ok(brn_image_data_open(test_data_path("images/ants_bees"), &data_options, &data));
    brn__image_transform transform = brn__image_transform_defaults(96);
    brn__dataset *dataset;
    assert_ok(brn__image_dataset_new(data, &transform, &dataset));
    static const int workers[] = {1, 2, 4, 8};
    char digests[4][65];
    int64_t items[40];
    for (int64_t i = 0; i < 40; i++) items[i] = i * 6;
    for (int w = 0; w < 4; w++) {
        brn__loader_options options = brn__loader_defaults(true);
        options.batch_size = 8;
        options.workers = workers[w];
        brn__loader *loader;
        assert_ok(brn__loader_new(dataset, items, 40, &options, &loader));
        assert_ok(brn__loader_start_epoch(loader, 0));
        assert_int_equal(run_epoch(loader, dataset, digests[w]), 40);
        assert_string_equal(digests[w], digests[0]);
        brn__loader_free(loader);
    }
    brn__dataset_free(dataset);
    brn_image_data_close(data);
}
