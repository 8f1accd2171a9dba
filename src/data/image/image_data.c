/* SPDX-License-Identifier: Apache-2.0
 * What brn_image_data promises: opening by what is at a path, and answers. */
#include "base/alloc.h"
#include "data/image/items.h"

#include <string.h>
#include <strings.h>

brn_image_data_options brn_image_data_defaults(void)
{
    return (brn_image_data_options){.valid = 0.2, .seed = 42};
}

static brn_status check_options(const brn_image_data_options *o)
{
    if (!(o->valid >= 0 && o->valid < 1))
        return brn__fail(BRN_ERROR_USAGE, "valid %g; expected 0 to below 1", o->valid);
    if ((int)o->split < 0 || o->split > BRN_SPLIT_FASTAI07)
        return brn__fail(BRN_ERROR_USAGE, "split rule %d; expected one of brn_split_rule",
                         (int)o->split);
    if (o->folds < 0 || o->folds == 1 || o->fold < 0 || (o->folds && o->fold >= o->folds))
        return brn__fail(BRN_ERROR_USAGE, "fold %d of %d; expected 2 folds or more, and one of them",
                         o->fold, o->folds);
    if ((int)o->target < 0 || o->target > BRN_TARGET_AS_NUMBERS)
        return brn__fail(BRN_ERROR_USAGE, "target %d; expected one of brn_target_choice",
                         (int)o->target);
    return BRN_OK;
}

bool brn__is_list_name(const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".csv.gz", ".tsv.gz"};
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(path + length - ending, endings[i]) == 0) return true;
    }
    return false;
}

/* The folder that a relative name in the options is looked for in first. */
static char *folder_beside(const char *path, bool list)
{
    char *folder = brn__strdup(path);
    if (!folder || !list) return folder;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = '\0';
    else strcpy(folder, "."); /* a list's name is longer */
    return folder;
}

static brn_status read_all(brn_image_data *data, const char *path,
                           const brn_image_data_options *options)
{
    bool list;
    BRN__TRY(brn__test_file(path, &list));
    if (list && !brn__is_list_name(path))
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: expected a folder of pictures, or a list that ends in .csv or .tsv "
                         "(.gz)",
                         path);
    BRN__TRY(list ? brn__image_list_read(data, path, options)
                  : brn__image_folder_read(data, path, options));
    data->start[BRN_SPLIT_TEST] = data->items.count;
    if (data->has_split && options->folds)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: says itself which pictures validate; expected one set to deal into "
                         "%d folds",
                         path, options->folds);
    if (!options->test) return BRN_OK;
    char *beside = folder_beside(path, list);
    brn_status status = beside ? brn__image_test_read(data, beside, options) : BRN_ERROR_NO_MEMORY;
    brn__free(beside);
    return status;
}

brn_status brn_image_data_open(const char *path, const brn_image_data_options *options,
                               brn_image_data **out)
{
    *out = NULL;
    BRN__TRY(check_options(options));
    brn_image_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    brn_status status = read_all(data, path, options);
    if (status != BRN_OK) {
        brn_image_data_close(data);
        return status;
    }
    data->start[BRN_SPLIT_COUNT] = data->items.count;
    *out = data;
    return BRN_OK;
}

brn_status brn_image_data_from_files(const char *const *paths, int64_t count, brn_image_data **out)
{
    *out = NULL;
    brn_image_data *data = brn__alloc_zero(1, sizeof *data);
    brn_status status = data ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < count; i++) {
        const char *path = brn__arena_strdup(&data->arena, paths[i]);
        status = path ? brn__item_add(&data->items, path, -1, NULL) : BRN_ERROR_NO_MEMORY;
    }
    if (status != BRN_OK) {
        brn_image_data_close(data);
        return status;
    }
    data->start[BRN_SPLIT_COUNT] = count;
    *out = data;
    return BRN_OK;
}

void brn_image_data_close(brn_image_data *data)
{
    if (!data) return;
    brn__free(data->items.items);
    brn__arena_free(&data->arena);
    brn__free(data);
}

brn_target_kind brn_image_data_target_kind(const brn_image_data *data)
{
    return data->kind;
}

int64_t brn_image_data_class_count(const brn_image_data *data)
{
    return data->class_count;
}

const char *brn_image_data_class_name(const brn_image_data *data, int64_t label)
{
    return label >= 0 && label < data->class_count ? data->classes[label] : NULL;
}

int64_t brn_image_data_count(const brn_image_data *data)
{
    return data->items.count;
}

int64_t brn_image_data_split_count(const brn_image_data *data, brn_split split)
{
    return data->start[split + 1] - data->start[split];
}

int64_t brn_image_data_label_count(const brn_image_data *data, brn_split split, int64_t label)
{
    int64_t count = 0;
    if (label >= data->class_count) return 0;
    for (int64_t i = data->start[split]; i < data->start[split + 1]; i++) {
        const brn__item *item = &data->items.items[i];
        if (data->kind != BRN_TARGET_TAGS) count += item->label == label;
        else count += label >= 0 && item->target && item->target[label] == 1;
    }
    return count;
}

int64_t brn_image_data_split_start(const brn_image_data *data, brn_split split)
{
    return data->start[split];
}

const char *brn_image_data_path(const brn_image_data *data, int64_t number)
{
    return data->items.items[number].path;
}

int64_t brn_image_data_label(const brn_image_data *data, int64_t number)
{
    return data->items.items[number].label;
}

int64_t brn_image_data_target_width(const brn_image_data *data)
{
    switch (data->kind) {
    case BRN_TARGET_TAGS: return data->class_count;
    case BRN_TARGET_NUMBERS: return data->column_count;
    default: return 0;
    }
}

const char *brn_image_data_target_name(const brn_image_data *data, int64_t k)
{
    if (k < 0 || k >= brn_image_data_target_width(data)) return NULL;
    return data->kind == BRN_TARGET_TAGS ? data->classes[k] : data->columns[k];
}

const float *brn_image_data_target(const brn_image_data *data, int64_t number)
{
    return data->items.items[number].target;
}

brn_split brn_image_data_split(const brn_image_data *data, int64_t number)
{
    int split = BRN_SPLIT_TRAIN;
    while (split < BRN_SPLIT_TEST && number >= data->start[split + 1]) split++;
    return (brn_split)split;
}
