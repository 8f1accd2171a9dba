/* SPDX-License-Identifier: Apache-2.0
 * Splits: the golden is NumPy's (tests/golden/make_splits.py). */
#include "burnish/data_split.h"
#include "golden/golden.h"
#include "test.h"

#include <stdlib.h>

TEST(fastai_validation_items_equal_numpys)
{
    json_t *golden = golden_open("tests/golden/splits.json");
    const json_t *cases = golden_at(golden, "cases");
    assert_int_equal(json_array_size(cases), 12);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c);
        const int64_t n = (int64_t)golden_number(one, "n");
        int64_t *items = malloc((size_t)n * sizeof *items), count = -1, sum = 0;
        assert_non_null(items);
        assert_ok(brn_fastai07_cv_items(n, (int64_t)golden_number(one, "cv_idx"),
                                        golden_number(one, "val_pct"),
                                        (uint64_t)golden_number(one, "seed"), items, &count));
        assert_int_equal(count, (int64_t)golden_number(one, "count"));
        const json_t *first = golden_at(one, "first");
        for (size_t i = 0; i < json_array_size(first); i++)
            assert_int_equal(items[i], json_integer_value(json_array_get(first, i)));
        for (int64_t i = 0; i < count; i++) sum += (i % 1000 + 1) * items[i];
        assert_int_equal(sum, (int64_t)golden_number(one, "sum"));
        free(items);
    }
    json_decref(golden);
}

TEST(fastai_validation_items_refuse_what_numpy_has_not)
{
    int64_t items[10], count;
    assert_fails(brn_fastai07_cv_items(-1, 0, .2, 42, items, &count), BRN_ERROR_INPUT, "-1 items");
    assert_fails(brn_fastai07_cv_items(10, -1, .2, 42, items, &count), BRN_ERROR_INPUT, "part -1");
    assert_fails(brn_fastai07_cv_items(10, 0, 1.5, 42, items, &count), BRN_ERROR_INPUT, "1.5");
    assert_fails(brn_fastai07_cv_items(10, 0, .2, UINT64_C(1) << 32, items, &count),
                 BRN_ERROR_INPUT, "below 2^32");
    assert_ok(brn_fastai07_cv_items(0, 0, .2, 42, items, &count));
    assert_int_equal(count, 0);
}

enum { N = 103 };

static void count_folds(const int64_t *labels, const int64_t *fold_of, int64_t folds,
                        int64_t counts[3][16], int64_t sizes[16])
{
    for (int64_t f = 0; f < folds; f++) sizes[f] = counts[0][f] = counts[1][f] = counts[2][f] = 0;
    for (int64_t i = 0; i < N; i++) {
        assert_in_range(fold_of[i], 0, folds - 1);
        sizes[fold_of[i]]++;
        counts[labels[i] == 7 ? 0 : labels[i] == -2 ? 1 : 2][fold_of[i]]++;
    }
}

static void assert_even(const int64_t *counts, int64_t folds)
{
    int64_t least = counts[0], most = counts[0];
    for (int64_t f = 1; f < folds; f++) {
        least = counts[f] < least ? counts[f] : least;
        most = counts[f] > most ? counts[f] : most;
    }
    assert_true(most - least <= 1);
}

TEST(folds_have_one_size_and_the_same_mixture)
{
    int64_t labels[N], fold_of[N], again[N], other[N], counts[3][16], sizes[16];
    for (int64_t i = 0; i < N; i++) labels[i] = i % 3 == 0 ? 7 : i % 10 == 1 ? -2 : 100;
    for (int64_t folds = 2; folds <= 16; folds++) {
        assert_ok(brn_stratified_folds(labels, N, folds, 42, fold_of));
        count_folds(labels, fold_of, folds, counts, sizes);
        assert_even(sizes, folds);
        for (int k = 0; k < 3; k++) assert_even(counts[k], folds);
    }
    assert_ok(brn_stratified_folds(labels, N, 5, 1, fold_of));
    assert_ok(brn_stratified_folds(labels, N, 5, 1, again));
    assert_ok(brn_stratified_folds(labels, N, 5, 2, other));
    assert_memory_equal(fold_of, again, sizeof fold_of);
    int same = 0;
    for (int64_t i = 0; i < N; i++) same += fold_of[i] == other[i];
    assert_in_range(same, 3, 50);
}

TEST(folds_without_labels_are_even_and_shuffled)
{
    int64_t fold_of[N], sizes[4] = {0}, ordered = 0;
    assert_ok(brn_stratified_folds(NULL, N, 4, 42, fold_of));
    for (int64_t i = 0; i < N; i++) sizes[fold_of[i]]++, ordered += fold_of[i] == i % 4;
    assert_even(sizes, 4);
    assert_true(ordered < N / 2);
    assert_fails(brn_stratified_folds(NULL, N, 1, 42, fold_of), BRN_ERROR_INPUT, "1 folds of 103");
    assert_fails(brn_stratified_folds(NULL, 3, 4, 42, fold_of), BRN_ERROR_INPUT, "4 folds of 3");
    assert_ok(brn_stratified_folds(NULL, 3, 3, 42, fold_of));
    assert_int_equal(fold_of[0] + fold_of[1] + fold_of[2], 3);
}

TEST(class_weights_are_inverse_to_the_counts)
{
    const int64_t counts[] = {180, 60, 0}, none[] = {0, 0}, bad[] = {3, -1};
    float weights[3];
    assert_ok(brn_class_weights(counts, 3, weights));
    assert_close(weights[0], 240. / (2 * 180), 1e-6);
    assert_close(weights[1], 240. / (2 * 60), 1e-6);
    assert_true(weights[2] == 0);
    assert_fails(brn_class_weights(none, 2, weights), BRN_ERROR_INPUT, "without items");
    assert_fails(brn_class_weights(bad, 2, weights), BRN_ERROR_INPUT, "class 1 has -1");
}
