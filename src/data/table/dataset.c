/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/dataset.h"
#include "base/alloc.h"

#include <string.h>

typedef struct table_dataset {
    brn__dataset base;
    const brn__prepared *prepared; /* borrowed */
} table_dataset;

static brn_status load_batch(const brn__dataset *dataset, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets)
{
    const brn__prepared *prepared = ((const table_dataset *)dataset)->prepared;
    size_t width = (size_t)dataset->input_shape.dims[0];
    float *to = inputs;
    (void)context;
    for (int64_t i = 0; i < count; i++)
        memcpy(to + (size_t)i * width, prepared->inputs + (size_t)items[i] * width,
               width * sizeof *to);
    const size_t several = (size_t)prepared->target_width;
    for (int64_t i = 0; i < count; i++) {
        if (prepared->numbers && several > 1)
            memcpy((float *)targets + (size_t)i * several,
                   prepared->numbers + (size_t)items[i] * several, several * sizeof(float));
        else if (prepared->classes)
            ((int64_t *)targets)[i] = prepared->classes[items[i]];
        else
            ((float *)targets)[i] = prepared->numbers ? prepared->numbers[items[i]] : 0;
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

brn_status brn__table_dataset_new(const brn__prepared *prepared, brn__dataset **out)
{
    *out = NULL;
    table_dataset *dataset = brn__alloc_zero(1, sizeof *dataset);
    if (!dataset) return BRN_ERROR_NO_MEMORY;
    int64_t width = prepared->category_count + prepared->number_count;
    dataset->base = (brn__dataset){
        .count = prepared->rows,
        .input_dtype = BRN_DTYPE_F32,
        .target_dtype = prepared->classes ? BRN_DTYPE_I64 : BRN_DTYPE_F32,
        .input_shape = brn_shape_of(1, &width),
        .target_shape = prepared->numbers && prepared->target_width > 1
                            ? brn_shape_of(1, &prepared->target_width)
                            : (brn_shape){.rank = 0},
        .load = load,
        .load_batch = load_batch,
        .free = free_dataset,
    };
    dataset->prepared = prepared;
    *out = &dataset->base;
    return BRN_OK;
}
