/* SPDX-License-Identifier: Apache-2.0
 * A set of samples that can be loaded in any order by any thread: what every job gives to the
 * loader.
 *
 * A kind of data embeds brn__dataset as its first member and fills it in:
 *
 *     typedef struct image_dataset {
 *         brn__dataset base;
 *         const brn_image_data *data;
 *     } image_dataset;
 */
#ifndef BRN__DATA_DATASET_H
#define BRN__DATA_DATASET_H

#include "base/status.h"
#include "burnish/tensor.h"
#include <stdbool.h>
#include <stdint.h>

/* All that a random choice may depend on, beside the item. */
typedef struct brn__sample_context {
    uint64_t seed;
    uint32_t epoch;
    uint32_t pass; /* which of several augmented views of one epoch (test-time augmentation) */
    bool training; /* the augmented view; else the plain one */
} brn__sample_context;

typedef struct brn__dataset brn__dataset;
struct brn__dataset {
    int64_t count; /* items are 0 .. count - 1 */
    brn_dtype input_dtype, target_dtype;
    brn_shape input_shape, target_shape; /* of one sample; a target of rank 0 is one number */

    /* Writes sample `item` into `input` and `target`. Called by several threads at once; the result
     * is a pure function of the arguments. BRN_ERROR_INPUT, _IO and _UNSUPPORTED mean that this
     * item is bad. */
    brn_status (*load)(const brn__dataset *dataset, int64_t item,
                       const brn__sample_context *context, void *input, void *target);
    /* Optional, for samples that cost less to copy than to hand to another thread (rows of a table in
     * memory): writes `count` samples side by side, in the loader's thread. A failure is the batch's. */
    brn_status (*load_batch)(const brn__dataset *dataset, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets);
    /* Optional, for what is drawn anew each epoch: told before the first sample of an epoch or pass, in
     * the thread of the loader, which must be the only one. */
    brn_status (*begin)(const brn__dataset *dataset, const brn__sample_context *context);
    /* Optional, with load_batch, for sequences: the first dimension of the samples of a batch of these
     * items, at most that of input_shape, which is that of the longest. load_batch writes samples of
     * that length side by side. 0: there is no such batch in this epoch. */
    int64_t (*batch_length)(const brn__dataset *dataset, const int64_t *items, int64_t count);
    void (*free)(brn__dataset *dataset);
};

static inline void brn__dataset_free(brn__dataset *dataset) /* NULL is fine */
{
    if (dataset) dataset->free(dataset);
}

static inline size_t brn__dataset_input_bytes(const brn__dataset *dataset)
{
    return (size_t)brn_shape_elements(dataset->input_shape) * brn_dtype_bytes(dataset->input_dtype);
}

static inline size_t brn__dataset_target_bytes(const brn__dataset *dataset)
{
    return (size_t)brn_shape_elements(dataset->target_shape) *
           brn_dtype_bytes(dataset->target_dtype);
}

#endif
