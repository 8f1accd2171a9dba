/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/dataset.h"
#include "base/alloc.h"

#include <math.h>
#include <string.h>

typedef struct image_dataset {
    brn__dataset base;
    const brn_image_data *data; /* borrowed */
    brn__image_transform transform;
} image_dataset;

void brn__image_target_write(const brn_image_data *data, int64_t item, void *out)
{
    const int64_t width = brn_image_data_target_width(data);
    const float *target = brn_image_data_target(data, item);
    if (brn_image_data_target_kind(data) == BRN_TARGET_LABEL)
        *(int64_t *)out = brn_image_data_label(data, item);
    else if (target)
        memcpy(out, target, (size_t)width * sizeof *target);
    else
        for (int64_t k = 0; k < width; k++) ((float *)out)[k] = NAN;
}

brn_dtype brn__image_target_dtype(const brn_image_data *data)
{
    return brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? BRN_DTYPE_I64 : BRN_DTYPE_F32;
}

brn_shape brn__image_target_shape(const brn_image_data *data)
{
    const int64_t width = brn_image_data_target_width(data);
    return brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? brn_shape_of(0, NULL)
                                                                : brn_shape_of(1, &width);
}

static brn_status image_load(const brn__dataset *base, int64_t item,
                             const brn__sample_context *context, void *input, void *target)
{
    const image_dataset *dataset = (const image_dataset *)base;
    uint64_t key = brn__philox_key(context->seed, "augment");
    brn__random random = brn__random_new(key, context->epoch, (uint32_t)item, context->pass);
    brn__image_target_write(dataset->data, item, target);
    const char *path = brn_image_data_path(dataset->data, item);
    if (!dataset->transform.changer.change)
        return brn__image_transform_read(&dataset->transform, path, context->training, &random, input);
    brn__image_transform transform = dataset->transform;
    if (context->training) {
        key = brn__philox_key(context->seed, "change");
        brn__random own = brn__random_new(key, context->epoch, (uint32_t)item, context->pass);
        transform.changer_seed = (uint64_t)brn__random_word(&own) << 32;
        transform.changer_seed |= brn__random_word(&own);
    }
    return brn__image_transform_read(&transform, path, context->training, &random, input);
}

static void image_free(brn__dataset *base)
{
    brn__free(base);
}

brn_status brn__image_dataset_new(const brn_image_data *data, const brn__image_transform *transform,
                                  brn__dataset **out)
{
    BRN__TRY(brn__image_transform_check(transform));
    image_dataset *dataset = brn__alloc_zero(1, sizeof *dataset);
    if (!dataset) return BRN_ERROR_NO_MEMORY;
    *dataset = (image_dataset){
        .base = {.count = brn_image_data_count(data),
                 .input_dtype = BRN_DTYPE_F32,
                 .target_dtype = brn__image_target_dtype(data),
                 .input_shape = brn_shape_of(3, (int64_t[]){3, transform->size, transform->size}),
                 .target_shape = brn__image_target_shape(data),
                 .load = image_load,
                 .free = image_free},
        .data = data,
        .transform = *transform,
    };
    *out = &dataset->base;
    return BRN_OK;
}
