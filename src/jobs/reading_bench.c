/* SPDX-License-Identifier: Apache-2.0
 * Timing of what a loader's thread does: a picture from its file to a network's input. */
#include "base/alloc.h"
#include "base/philox.h"
#include "base/status.h"
#include "burnish/image.h"
#include "data/image/augment_words.h"
#include "data/image/transform.h"
#include "train/learner.h"

/* All training pictures once, in epoch `round`, as the loader asks for them. `view`: (3, S, S). */
static brn_status read_all(const brn_image_data *data, const brn__image_transform *transform, uint64_t key, int round,
                           float *view)
{
    const int64_t first = brn_image_data_split_start(data, BRN_SPLIT_TRAIN);
    const int64_t count = brn_image_data_split_count(data, BRN_SPLIT_TRAIN);
    for (int64_t item = first; item < first + count; item++) {
        brn__random random = brn__random_new(key, (uint32_t)round, (uint32_t)item, 0);
        BRN__TRY(brn__image_transform_read(transform, brn_image_data_path(data, item), true, &random, view));
    }
    return BRN_OK;
}

static brn_status time_rounds(const brn_image_data *data, const brn__image_transform *transform, int rounds,
                              double *seconds)
{
    const uint64_t key = brn__philox_key(42, "augment");
    float *view = brn__alloc_array((size_t)(3 * transform->size * transform->size), sizeof *view);
    if (!view) return BRN_ERROR_NO_MEMORY;
    brn_status status = read_all(data, transform, key, rounds, view); /* files into the page cache */
    for (int i = 0; status == BRN_OK && i < rounds; i++) {
        const double start = brn__seconds_now();
        status = read_all(data, transform, key, i, view);
        seconds[i] = brn__seconds_now() - start;
    }
    brn__free(view);
    return status;
}

brn_status brn_image_bench_reading(const char *pictures, const char *augment, int size, int rounds, double *seconds,
                                   int64_t *count)
{
    if (rounds < 1 || size < 16 || size > 2048)
        return brn__fail(BRN_ERROR_USAGE, "bench: size %d, %d rounds do not make sense", size, rounds);
    brn__image_transform transform = brn__image_transform_defaults(size);
    BRN__TRY(brn__augment_parse(augment ? augment : "side-on", &transform.training));
    BRN__TRY(brn__image_transform_check(&transform));
    const brn_image_data_options all = {.valid = 0, .seed = 42};
    brn_image_data *data;
    BRN__TRY(brn_image_data_open(pictures, &all, &data));
    *count = brn_image_data_split_count(data, BRN_SPLIT_TRAIN);
    brn_status status = *count > 0 ? time_rounds(data, &transform, rounds, seconds)
                                   : brn__fail(BRN_ERROR_INPUT, "%s: no pictures to train with", pictures);
    brn_image_data_close(data);
    return status;
}
