/* SPDX-License-Identifier: Apache-2.0
 * Batches of a dataset, made ahead by worker threads.
 *
 *     brn__loader_options options = brn__loader_defaults(true);
 *     brn__loader_new(dataset, NULL, 0, &options, &loader);
 *     for (uint32_t epoch = 0; epoch < epochs; epoch++) {
 *         brn__loader_start_epoch(loader, epoch);
 *         for (;;) {
 *             brn__batch batch;
 *             status = brn__loader_next(loader, &batch);
 *             if (status != BRN_OK || batch.count == 0) break;
 *             ...
 *         }
 *     }
 *     brn__loader_free(loader);
 *
 * The batches of an epoch are a pure function of (dataset, items, options, seed, epoch, pass); the
 * number of workers changes the time only. A sample that can't be loaded is left out of its batch,
 * which gets smaller (a batch that loses all is passed over); no other sample moves, and it is
 * tried again in the next epoch, so that a resumed run sees the same batches. Each bad item is
 * recorded once, with its reason. */
#ifndef BRN__DATA_LOADER_H
#define BRN__DATA_LOADER_H

#include "data/dataset.h"

/* An order of a loader's items that replaces the shuffle: writes `items` (count), which come in the order
 * that was given, anew for an epoch. A pure function of its arguments and of what `state` holds. */
typedef struct brn__sampler {
    brn_status (*arrange)(const void *state, const brn__sample_context *context, int64_t batch_size,
                          int64_t *items, int64_t count);
    const void *state; /* borrowed; lives as long as the loader */
} brn__sampler;

typedef struct brn__loader_options {
    int64_t batch_size;
    int workers;  /* threads that load; 0: brn__loader_next loads in the calling thread, as it does
                     for a dataset with load_batch */
    int prefetch; /* batches that may be ready or under way beside the one in use; at least 1 */
    uint64_t seed;
    bool training;   /* samples in their augmented view */
    bool shuffle;    /* a new order each epoch, keyed by (seed, epoch) */
    bool merge_last; /* a last batch of one item joins the one before: batch norm needs two */
    brn__sampler sampler; /* where it has a function, in place of `shuffle` */
} brn__loader_options;

/* 64 a batch, 2 batches ahead, one worker a processor, seed 0; the three flags are `training`. */
brn__loader_options brn__loader_defaults(bool training);

/* Row-major; owned by the loader and valid until the next call on it. */
typedef struct brn__batch {
    int64_t count;        /* N; 0: the epoch is over */
    int64_t length;       /* T: the first dimension of each sample, where the dataset's vary; else 0 */
    void *inputs;         /* (N, input shape), 64-byte aligned */
    void *targets;        /* (N, target shape), 64-byte aligned */
    const int64_t *items; /* (N): item numbers of the dataset */
    int64_t number;       /* of the epoch's batches, from 0; those that lost all samples are counted */
} brn__batch;

typedef struct brn__bad_item {
    int64_t item;
    const char *reason; /* a sentence that names the file; owned by the loader */
} brn__bad_item;

typedef struct brn__loader brn__loader;

/* The dataset is borrowed; `items` (count) are copied, NULL means all of the dataset's. All buffers
 * are allocated here. */
brn_status brn__loader_new(const brn__dataset *dataset, const int64_t *items, int64_t count,
                           const brn__loader_options *options, brn__loader **out);
/* Waits for what is under way and frees; also in mid-epoch. NULL is fine. */
void brn__loader_free(brn__loader *loader);

int64_t brn__loader_batch_count(const brn__loader *loader); /* in an epoch without bad items */
int64_t brn__loader_batch_max(const brn__loader *loader);   /* items of the largest batch */

/* Begins an epoch, breaking off one that is not finished. `pass` numbers the views of one epoch. */
brn_status brn__loader_start_epoch(brn__loader *loader, uint32_t epoch);
brn_status brn__loader_start_pass(brn__loader *loader, uint32_t epoch, uint32_t pass);
/* Begins an epoch at batch `number`: 0 is the first, the batch count is the end. */
brn_status brn__loader_start_at(brn__loader *loader, uint32_t epoch, int64_t number);

/* The next batch, in order; count 0 at the end. BRN_ERROR_INPUT at the end when not one sample of
 * the epoch could be loaded; other failures (no memory, an error of ours) come at the batch that
 * they hit. */
brn_status brn__loader_next(brn__loader *loader, brn__batch *batch);

/* Bad items found so far, in the order in which they were first met. */
const brn__bad_item *brn__loader_bad_items(const brn__loader *loader, int64_t *count);

#endif
