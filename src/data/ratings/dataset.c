/* SPDX-License-Identifier: Apache-2.0 */
#include "data/ratings/dataset.h"
#include "base/alloc.h"
#include "base/philox.h"

#include <math.h>

enum { TRIES = 64 /* to draw an item that the user does not have */ };

typedef struct ratings_dataset {
    brn__dataset base;
    const brn__ratings *ratings; /* borrowed, as the next two */
    const brn__seen *train, *all;
    brn__ratings_samples samples;
    uint64_t key;
} ratings_dataset;

int64_t brn__ratings_samples_a_row(const brn__ratings_samples *samples)
{
    return samples->loss == BRN__RATINGS_WEIGHTED ? samples->negatives + 1 : 1;
}

int64_t brn__ratings_width(brn__ratings_loss loss)
{
    static const int64_t widths[] = {
        [BRN__RATINGS_MSE] = 2, [BRN__RATINGS_BPR] = 4, [BRN__RATINGS_WEIGHTED] = 3};
    return widths[loss];
}

/* An item that the user does not have: a pure function of the sample and the epoch. */
static int32_t draw_item(const ratings_dataset *d, int64_t sample, int32_t user,
                         const brn__sample_context *context)
{
    const brn__seen *seen = context->training ? d->train : d->all;
    uint32_t epoch = context->training ? context->epoch : UINT32_MAX;
    brn__random random = brn__random_new(d->key, epoch, (uint32_t)sample,
                                         (uint32_t)((uint64_t)sample >> 32));
    int32_t item = 0;
    for (int i = 0; i < TRIES; i++) {
        item = 1 + (int32_t)brn__random_below(&random, (uint32_t)d->ratings->item_ids.count);
        if (!brn__seen_has(seen, user, item)) break;
    }
    return item;
}

static void load_rating(const ratings_dataset *d, int64_t row, float *input, float *target)
{
    const brn__ratings *r = d->ratings;
    input[0] = (float)r->users[row];
    input[1] = (float)r->items[row];
    *target = r->values[row];
}

static void load_pair(const ratings_dataset *d, int64_t row, const brn__sample_context *context,
                      float *input, float *target)
{
    load_rating(d, row, input, target);
    input[2] = input[0];
    input[3] = (float)draw_item(d, row, d->ratings->users[row], context);
    *target = 1;
}

static void load_weighted(const ratings_dataset *d, int64_t sample,
                          const brn__sample_context *context, float *input, float *target)
{
    int64_t each = brn__ratings_samples_a_row(&d->samples), row = sample / each;
    load_rating(d, row, input, target);
    if (sample % each == 0) {
        double clicks = d->ratings->values[row] > 0 ? (double)d->ratings->values[row] : 0;
        input[2] = *target = (float)sqrt(1 + d->samples.confidence * clicks);
        return;
    }
    input[1] = (float)draw_item(d, sample, d->ratings->users[row], context);
    input[2] = 1;
    *target = 0;
}

static brn_status load_batch(const brn__dataset *dataset, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets)
{
    const ratings_dataset *d = (const ratings_dataset *)dataset;
    float *target = targets, *input = inputs;
    for (int64_t i = 0; i < count; i++) {
        if (d->samples.loss == BRN__RATINGS_MSE)
            load_rating(d, items[i], input + i * 2, target + i);
        else if (d->samples.loss == BRN__RATINGS_BPR)
            load_pair(d, items[i], context, input + i * 4, target + i);
        else
            load_weighted(d, items[i], context, input + i * 3, target + i);
    }
    return BRN_OK;
}

static brn_status load(const brn__dataset *dataset, int64_t item,
                       const brn__sample_context *context, void *input, void *target)
{
    return load_batch(dataset, &item, 1, context, input, target);
}

static void free_dataset(brn__dataset *dataset)
{
    brn__free(dataset);
}

brn_status brn__ratings_dataset_new(const brn__ratings *ratings, const brn__seen *train,
                                    const brn__seen *all, const brn__ratings_samples *samples,
                                    brn__dataset **out)
{
    *out = NULL;
    ratings_dataset *d = brn__alloc_zero(1, sizeof *d);
    if (!d) return BRN_ERROR_NO_MEMORY;
    int64_t width = brn__ratings_width(samples->loss);
    d->base = (brn__dataset){.count = ratings->count * brn__ratings_samples_a_row(samples),
                             .input_dtype = BRN_DTYPE_F32,
                             .target_dtype = BRN_DTYPE_F32,
                             .input_shape = brn_shape_of(1, &width),
                             .target_shape = {.rank = 0},
                             .load = load,
                             .load_batch = load_batch,
                             .free = free_dataset};
    d->ratings = ratings;
    d->train = train;
    d->all = all;
    d->samples = *samples;
    d->key = brn__philox_key(samples->seed, "ratings drawn");
    *out = &d->base;
    return BRN_OK;
}
