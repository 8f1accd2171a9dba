/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/items.h"
#include "base/alloc.h"
#include "data/split.h"

#include <string.h>

brn_status brn__item_add(brn__item_list *list, const char *path, int64_t label, const float *target)
{
    if (list->count == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 256;
        brn__item *items = brn__realloc(list->items, (size_t)larger * sizeof *items);
        if (!items) return BRN_ERROR_NO_MEMORY;
        list->items = items;
        list->capacity = larger;
    }
    list->items[list->count++] = (brn__item){.path = path, .label = label, .target = target};
    return BRN_OK;
}

/* Of one label, all items: `members` are their numbers, `order` is room for as many. */
static void choose_of_class(const brn_image_data_options *options, int64_t label,
                            const int64_t *members, int64_t count, int64_t *order, bool *chosen)
{
    const int64_t wanted = brn__split_share(options->valid, count);
    brn__split_order(options->seed, label, order, count);
    for (int64_t i = 0; i < wanted; i++) chosen[members[order[i]]] = true;
}

/* Items without a label count as one class, of label 0. */
static brn_status choose_by_class(const brn_image_data *data, const brn_image_data_options *options,
                                  const brn__item_list *all, bool *chosen)
{
    const int64_t classes = data->kind == BRN_TARGET_LABEL ? data->class_count : 1;
    int64_t *members = brn__alloc_array((size_t)all->count, sizeof *members);
    int64_t *order = brn__alloc_array((size_t)all->count, sizeof *order);
    int64_t *ends = brn__alloc_zero((size_t)classes + 1, sizeof *ends);
    if (members && order && ends) {
        for (int64_t i = 0; i < all->count; i++)
            ends[classes > 1 ? all->items[i].label + 1 : 1]++;
        for (int64_t k = 0; k < classes; k++) ends[k + 1] += ends[k];
        /* ends[k] is where class k begins, and after this where it ends. */
        for (int64_t i = 0; i < all->count; i++)
            members[ends[classes > 1 ? all->items[i].label : 0]++] = i;
        for (int64_t k = 0, first = 0; k < classes; first = ends[k++])
            choose_of_class(options, k, members + first, ends[k] - first, order, chosen);
    }
    brn_status status = members && order && ends ? BRN_OK : BRN_ERROR_NO_MEMORY;
    brn__free(members);
    brn__free(order);
    brn__free(ends);
    return status;
}

static brn_status choose_fastai(const brn_image_data_options *options, int64_t n, bool *chosen)
{
    int64_t *items = brn__alloc_array((size_t)n, sizeof *items), count = 0;
    if (!items) return BRN_ERROR_NO_MEMORY;
    brn_status status =
        brn_fastai07_cv_items(n, options->fold, options->valid, options->seed, items, &count);
    for (int64_t i = 0; i < count; i++) chosen[items[i]] = true;
    brn__free(items);
    return status;
}

static brn_status choose_fold(const brn_image_data *data, const brn_image_data_options *options,
                              const brn__item_list *all, bool *chosen)
{
    int64_t *labels = brn__alloc_array((size_t)all->count, sizeof *labels);
    int64_t *fold_of = brn__alloc_array((size_t)all->count, sizeof *fold_of);
    brn_status status = labels && fold_of ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < all->count; i++) labels[i] = all->items[i].label;
    if (status == BRN_OK)
        status = brn_stratified_folds(data->kind == BRN_TARGET_LABEL ? labels : NULL, all->count,
                                      options->folds, options->seed, fold_of);
    for (int64_t i = 0; status == BRN_OK && i < all->count; i++)
        chosen[i] = fold_of[i] == options->fold;
    brn__free(labels);
    brn__free(fold_of);
    return status;
}

static brn_status choose(const brn_image_data *data, const brn_image_data_options *options,
                         const brn__item_list *all, bool *chosen)
{
    if (options->folds) return choose_fold(data, options, all, chosen);
    if (options->split == BRN_SPLIT_FASTAI07) return choose_fastai(options, all->count, chosen);
    return choose_by_class(data, options, all, chosen);
}

brn_status brn__items_split(brn_image_data *data, const brn_image_data_options *options,
                            const brn__item_list *all)
{
    bool *chosen = brn__alloc_zero((size_t)all->count, sizeof *chosen);
    if (!chosen) return BRN_ERROR_NO_MEMORY;
    brn_status status = choose(data, options, all, chosen);
    for (int valid = 0; valid < 2; valid++) {
        for (int64_t i = 0; status == BRN_OK && i < all->count; i++)
            if (chosen[i] == valid)
                status = brn__item_add(&data->items, all->items[i].path, all->items[i].label,
                                       all->items[i].target);
        if (!valid) data->start[BRN_SPLIT_VALID] = data->items.count;
    }
    brn__free(chosen);
    return status;
}
