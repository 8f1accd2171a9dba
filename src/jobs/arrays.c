/* SPDX-License-Identifier: Apache-2.0
 * Arrays in memory as a dataset: rows are copied, side by side, in the loader's thread. */
#include "jobs/arrays.h"
#include "base/alloc.h"

#include <string.h>

typedef struct arrays {
    brn__dataset base;
    brn_array_data data;
    size_t values; /* of an item's input */
} arrays;

/* The part that an item is in, and its place there. */
static const brn_array_part *part_of(const arrays *a, int64_t *item)
{
    int split = 0;
    while (*item >= a->data.parts[split].count) *item -= a->data.parts[split++].count;
    return &a->data.parts[split];
}

static brn_status load_batch(const brn__dataset *dataset, const int64_t *items, int64_t count,
                             const brn__sample_context *context, void *inputs, void *targets)
{
    const arrays *a = (const arrays *)dataset;
    const size_t outputs = (size_t)a->data.outputs;
    (void)context;
    for (int64_t i = 0; i < count; i++) {
        int64_t place = items[i];
        const brn_array_part *part = part_of(a, &place);
        memcpy((float *)inputs + (size_t)i * a->values, part->inputs + (size_t)place * a->values, a->values * sizeof(float));
        if (a->data.target == BRN_TARGET_LABEL)
            ((int64_t *)targets)[i] = part->labels ? part->labels[place] : 0;
        else if (part->targets)
            memcpy((float *)targets + (size_t)i * outputs, part->targets + (size_t)place * outputs, outputs * sizeof(float));
        else
            memset((float *)targets + (size_t)i * outputs, 0, outputs * sizeof(float));
    }
    return BRN_OK;
}

static brn_status load(const brn__dataset *dataset, int64_t item, const brn__sample_context *context, void *input,
                       void *target)
{
    return load_batch(dataset, &item, 1, context, input, target);
}

static void free_arrays(brn__dataset *dataset) { brn__free(dataset); }

brn_status brn__arrays_new(const brn_array_data *data, brn__dataset **out)
{
    *out = NULL;
    arrays *a = brn__alloc_zero(1, sizeof *a);
    if (!a) return BRN_ERROR_NO_MEMORY;
    a->data = *data;
    a->base = (brn__dataset){
        .input_dtype = BRN_DTYPE_F32,
        .target_dtype = data->target == BRN_TARGET_LABEL ? BRN_DTYPE_I64 : BRN_DTYPE_F32,
        .input_shape = brn_shape_of(data->rank, data->dims),
        .target_shape = data->target == BRN_TARGET_LABEL ? (brn_shape){.rank = 0} : brn_shape_of(1, &data->outputs),
        .load = load,
        .load_batch = load_batch,
        .free = free_arrays,
    };
    a->values = (size_t)brn_shape_elements(a->base.input_shape);
    for (int split = 0; split < BRN_SPLIT_COUNT; split++) a->base.count += data->parts[split].count;
    *out = &a->base;
    return BRN_OK;
}
