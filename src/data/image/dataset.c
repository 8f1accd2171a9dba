/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/dataset.h"
#include "base/alloc.h"

typedef struct image_dataset {
    brn__dataset base;
    const brn_image_data *data; /* borrowed */
    brn__image_transform transform;
} image_dataset;

static brn_status image_load(const brn__dataset *base, int64_t item,
                             const brn__sample_context *context, void *input, void *target)
{
    const image_dataset *dataset = (const image_dataset *)base;
    uint64_t key = brn__philox_key(context->seed, "augment");
    brn__random random = brn__random_new(key, context->epoch, (uint32_t)item, context->pass);
    *(int64_t *)target = brn_image_data_label(dataset->data, item);
    return brn__image_transform_read(&dataset->transform, brn_image_data_path(dataset->data, item),
                                     context->training, &random, input);
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
                 .target_dtype = BRN_DTYPE_I64,
                 .input_shape = brn_shape_of(3, (int64_t[]){3, transform->size, transform->size}),
                 .target_shape = brn_shape_of(0, NULL),
                 .load = image_load,
                 .free = image_free},
        .data = data,
        .transform = *transform,
    };
    *out = &dataset->base;
    return BRN_OK;
}
