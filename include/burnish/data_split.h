/* SPDX-License-Identifier: Apache-2.0
 *
 * Which items validate: pure functions of numbers and a seed, for any kind of data, and folders of
 * pictures split on the disk.
 *
 *     int64_t *fold = ...; // (n)
 *     brn_stratified_folds(labels, n, 5, 42, fold);
 *     // round f of five: items with fold[i] == f validate, the others train
 */
#ifndef BURNISH_DATA_SPLIT_H
#define BURNISH_DATA_SPLIT_H

#include "burnish/image_data.h"
#include "burnish/status.h"
#include <stdbool.h>
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

typedef enum brn_data_split_by {
    BRN_SPLIT_BY_LINK, /* hard links: no room is taken, and changing one file changes both. Where the file
                          system takes none, copies */
    BRN_SPLIT_BY_COPY,
    BRN_SPLIT_BY_MOVE, /* within a file system */
} brn_data_split_by;

typedef struct brn_data_split_options {
    double valid, test;   /* shares of each class; 0 to below 1 together; 0.2 and 0 */
    uint64_t seed;        /* 42 */
    brn_split_rule split; /* BRN_SPLIT_FASTAI07: exactly its items; no test then, and nothing is kept
                             together */
    bool together;        /* pictures that are the same or look alike go to one side; true */
    int near_bits;        /* what looks alike, as in brn_data_check_options; 8 */
    brn_data_split_by by;
    const char *out;      /* folder to make; NULL: the folder's name with "-split" behind */
    int threads;          /* that read pictures to compare; 0: as many as processors */
    int (*progress)(void *context, int64_t done, int64_t total); /* or NULL; non-zero stops */
    void *context;
} brn_data_split_options;

BRN_API brn_data_split_options brn_data_split_defaults(void);

typedef struct brn_data_split_result {
    char out[4096];
    int64_t train, valid, test; /* files */
    int64_t grouped;            /* of these, kept beside one that looks alike */
} brn_data_split_result;

/* Makes out/train/CLASS, out/valid/CLASS and, where asked for, out/test/CLASS of folder/CLASS. Without
 * pictures that look alike, valid is what brn_image_data_open chooses with the same share and seed.
 * out/split.csv (path,split,label,from) says what came from where.
 *
 * Nothing is overwritten: `out` must not be there, and it appears whole or not at all: what was moved
 * before a failure is moved back. BRN_ERROR_INPUT when the folder is split already or has no class
 * folders, `out` is there or lies within the folder, or a class has too few pictures (or groups of
 * pictures that look alike) to have one in each part. */
BRN_API brn_status brn_data_split_folder(const char *folder, const brn_data_split_options *options,
                                         brn_data_split_result *result);

#ifdef __cplusplus
}
#endif
#endif
