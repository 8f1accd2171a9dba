/* SPDX-License-Identifier: Apache-2.0 */
#include "data/loader.h"
#include "data/table/dataset.h"
#include "test.h"

#include <string.h>

enum { ROWS = 23, WIDTH = 3, BATCH = 4 };

typedef struct rows {
    float inputs[ROWS * WIDTH], numbers[ROWS];
    int64_t classes[ROWS];
    brn__prepared prepared;
} rows;

static void fill(rows *r, bool classes)
{
    for (int i = 0; i < ROWS * WIDTH; i++) r->inputs[i] = (float)i;
    for (int i = 0; i < ROWS; i++) r->numbers[i] = (float)(100 + i), r->classes[i] = 200 + i;
    r->prepared = (brn__prepared){.rows = ROWS,
                                  .category_count = 1,
                                  .number_count = 2,
                                  .inputs = r->inputs,
                                  .numbers = classes ? NULL : r->numbers,
                                  .classes = classes ? r->classes : NULL};
}

/* The dataset again without its whole-batch form: what the loader did before. */
static brn__dataset row_by_row(const brn__dataset *dataset)
{
    brn__dataset copy = *dataset;
    copy.load_batch = NULL;
    return copy;
}

typedef struct slow_dataset {
    brn__dataset base;
    const brn__prepared *prepared;
} slow_dataset;

TEST(table_batches_hold_their_rows)
{
    rows r;
    for (int classes = 0; classes < 2; classes++) {
        fill(&r, classes);
        brn__dataset *dataset;
        brn__loader *loader;
        assert_ok(brn__table_dataset_new(&r.prepared, &dataset));
        brn__loader_options options = brn__loader_defaults(true);
        options.batch_size = BATCH;
        assert_ok(brn__loader_new(dataset, NULL, 0, &options, &loader));
        assert_int_equal(brn__loader_batch_count(loader), 6);
        assert_ok(brn__loader_start_epoch(loader, 3));
        bool seen[ROWS] = {false};
        brn__batch batch;
        for (int64_t number = 0;; number++) {
            assert_ok(brn__loader_next(loader, &batch));
            if (!batch.count) break;
            assert_int_equal(batch.number, number);
            for (int64_t i = 0; i < batch.count; i++) {
                int64_t row = batch.items[i];
                assert_false(seen[row]);
                seen[row] = true;
                assert_memory_equal((float *)batch.inputs + i * WIDTH, r.inputs + row * WIDTH,
                                    WIDTH * sizeof(float));
                if (classes)
                    assert_int_equal(((int64_t *)batch.targets)[i], 200 + row);
                else
                    assert_true(((float *)batch.targets)[i] == (float)(100 + row));
            }
        }
        for (int row = 0; row < ROWS; row++) assert_true(seen[row]);
        brn__loader_free(loader);
        brn__dataset_free(dataset);
    }
}

/* The same batches as one by one in threads, also from the middle of an epoch. */
TEST(table_batches_equal_those_loaded_row_by_row)
{
    rows r;
    fill(&r, false);
    brn__dataset *dataset;
    assert_ok(brn__table_dataset_new(&r.prepared, &dataset));
    slow_dataset slow = {row_by_row(dataset), &r.prepared};
    brn__loader *fast_loader, *slow_loader;
    brn__loader_options options = brn__loader_defaults(true);
    options.batch_size = BATCH;
    options.seed = 9;
    options.workers = 2;
    assert_ok(brn__loader_new(dataset, NULL, 0, &options, &fast_loader));
    assert_ok(brn__loader_new(&slow.base, NULL, 0, &options, &slow_loader));
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        assert_ok(brn__loader_start_at(fast_loader, epoch, 2 * epoch));
        assert_ok(brn__loader_start_at(slow_loader, epoch, 2 * epoch));
        brn__batch a, b;
        do {
            assert_ok(brn__loader_next(fast_loader, &a));
            assert_ok(brn__loader_next(slow_loader, &b));
            assert_int_equal(a.count, b.count);
            if (!a.count) break;
            assert_int_equal(a.number, b.number);
            assert_memory_equal(a.items, b.items, (size_t)a.count * sizeof *a.items);
            assert_memory_equal(a.inputs, b.inputs, (size_t)a.count * WIDTH * sizeof(float));
            assert_memory_equal(a.targets, b.targets, (size_t)a.count * sizeof(float));
        } while (a.count);
    }
    brn__loader_free(fast_loader);
    brn__loader_free(slow_loader);
    brn__dataset_free(dataset);
}

static brn_status fail_batch(const brn__dataset *dataset, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets)
{
    (void)dataset, (void)items, (void)count, (void)context, (void)inputs, (void)targets;
    return brn__fail(BRN_ERROR_IO, "the source is gone");
}

TEST(table_batch_that_fails_is_the_epochs_failure)
{
    rows r;
    fill(&r, false);
    brn__dataset *dataset;
    brn__loader *loader;
    assert_ok(brn__table_dataset_new(&r.prepared, &dataset));
    dataset->load_batch = fail_batch;
    brn__loader_options options = brn__loader_defaults(false);
    assert_ok(brn__loader_new(dataset, NULL, 0, &options, &loader));
    assert_ok(brn__loader_start_epoch(loader, 0));
    brn__batch batch;
    assert_fails(brn__loader_next(loader, &batch), BRN_ERROR_IO, "the source is gone");
    assert_int_equal(batch.count, 0);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
}
