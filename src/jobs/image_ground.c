/* SPDX-License-Identifier: Apache-2.0
 * What a training and a search for its rate stand on alike: the network of a plan, loaders over a split. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_targets.h"

brn__image_network_options brn__image_network_options_of(const brn__image_plan *plan,
                                                         const brn_image_data *data)
{
    const brn_image_options *o = &plan->options;
    return (brn__image_network_options){
        .model = plan->model,
        .head = brn_nn_head_defaults(brn__image_outputs(data)),
        .kind = brn_image_data_target_kind(data),
        .batch_size = o->batch_size,
        .size = o->size,
        .threads = o->threads,
        .label_smoothing = o->label_smoothing,
        .seed = o->seed,
    };
}

brn_status brn__image_loader_new(const brn_image_options *o, const brn_image_data *data,
                                 const brn__dataset *dataset, brn_split split, brn__loader **out)
{
    const int64_t count = brn_image_data_split_count(data, split);
    *out = NULL;
    if (count == 0) return BRN_OK;
    int64_t *items = brn__image_item_numbers(brn_image_data_split_start(data, split), count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    brn__loader_options options = brn__loader_defaults(split == BRN_SPLIT_TRAIN);
    options.batch_size = o->batch_size;
    options.workers = o->loaders;
    options.seed = o->seed;
    brn_status status = brn__loader_new(dataset, items, count, &options, out);
    brn__free(items);
    return status;
}
