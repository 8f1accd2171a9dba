/* SPDX-License-Identifier: Apache-2.0
 *
 * Which items validate: pure functions of numbers and a seed, for any kind of data.
 *
 *     int64_t *fold = ...; // (n)
 *     brn_stratified_folds(labels, n, 5, 42, fold);
 *     // round f of five: items with fold[i] == f validate, the others train
 */
#ifndef BURNISH_DATA_SPLIT_H
#define BURNISH_DATA_SPLIT_H

#include "burnish/status.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Deals `n` items into `folds` folds of the same size (they differ by one at most): writes
 * fold_of[i] = 0 .. folds - 1. With `labels` (n) each label is spread as evenly as its number
 * allows, so that every fold looks like the whole; NULL: all items are alike. A label may be any
 * number. Same arguments, same result. BRN_ERROR_INPUT unless 2 <= folds <= n. */
BRN_API brn_status brn_stratified_folds(const int64_t *labels, int64_t n, int64_t folds,
                                        uint64_t seed, int64_t *fold_of);

/* The validation items of fast.ai 0.7's get_cv_idxs(n, cv_idx, val_pct, seed), in its order:
 * NumPy's RandomState(seed).permutation(n), of which part number cv_idx (0, 1, ...) of
 * int(val_pct * n) items. Its defaults are 0, 0.2 and 42. `out` takes *count items, at most n.
 * As there, the parts past the end are short or empty. BRN_ERROR_INPUT when n or cv_idx is negative,
 * val_pct is not from 0 to 1, or n or the seed is 2^32 or more. */
BRN_API brn_status brn_fastai07_cv_items(int64_t n, int64_t cv_idx, double val_pct, uint64_t seed,
                                         int64_t *out, int64_t *count);

/* weights[k] = N / (K * counts[k]) with N the sum of the K counts: rare classes weigh more, the mean
 * over all items is 1. A class without items gets weight 0, and the others are weighed as if it
 * were not there. BRN_ERROR_INPUT when a count is negative or all are 0. */
BRN_API brn_status brn_class_weights(const int64_t *counts, int64_t classes, float *weights);

#ifdef __cplusplus
}
#endif
#endif
