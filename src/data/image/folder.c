/* SPDX-License-Identifier: Apache-2.0
 * Lists pictures by folder. Items are kept in one array, the training items first; paths and names
 * live in an arena that goes with the data. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/files.h"
#include "burnish/image_data.h"
#include "data/split.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

typedef struct item {
    const char *path; /* in the arena */
    int64_t label;
} item;

typedef struct item_list {
    item *items; /* owned */
    int64_t count, capacity;
} item_list;

struct brn_image_data {
    brn__arena arena;
    const char **classes; /* (class_count), in the arena */
    int64_t class_count;
    item_list items;
    int64_t start[BRN_SPLIT_COUNT + 1]; /* split s is start[s] .. start[s + 1] - 1 */
};

brn_image_data_options brn_image_data_defaults(void)
{
    return (brn_image_data_options){.valid = 0.2, .seed = 42};
}

static brn_status add_item(item_list *list, const char *path, int64_t label)
{
    if (list->count == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 256;
        item *items = brn__realloc(list->items, (size_t)larger * sizeof *items);
        if (!items) return BRN_ERROR_NO_MEMORY;
        list->items = items;
        list->capacity = larger;
    }
    list->items[list->count++] = (item){.path = path, .label = label};
    return BRN_OK;
}

/* Endings of names that promise a picture, of whatever format. */
static const char *const picture_endings[] = {".jpg", ".jpeg", ".jpe",  ".png",  ".webp", ".gif",
                                              ".bmp", ".tif",  ".tiff", ".heic", ".avif"};

/* What belongs into the list of a class: files, and what someone may take for one: a folder named
 * like a picture, a link to nothing. Such a thing costs its sample when it is read, and is then
 * told; left out here it would go unnoticed. */
static bool is_item(const char *name, brn__path_kind kind)
{
    if (kind != BRN__PATH_FOLDER) return kind != BRN__PATH_OTHER;
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && i < sizeof picture_endings / sizeof *picture_endings; i++)
        if (strcasecmp(ending, picture_endings[i]) == 0) return true;
    return false;
}

static brn_status is_wanted(const char *path, const char *name, bool files, bool *out)
{
    brn__path_kind kind = BRN__PATH_ABSENT;
    *out = false;
    if (name[0] == '.') return BRN_OK;
    char *inside = brn__path_join(path, name);
    if (!inside) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__path_examine(inside, &kind);
    brn__free(inside);
    *out = files ? is_item(name, kind) : kind == BRN__PATH_FOLDER;
    return status;
}

/* Keeps of a sorted list the names that are folders (or, with `files`, items) and not hidden. */
static brn_status list_kind(const char *path, bool files, brn__name_list *out)
{
    BRN__TRY(brn__list_folder(path, out));
    int64_t kept = 0;
    for (int64_t i = 0; i < out->count; i++) {
        char *name = out->names[i];
        bool keep;
        brn_status status = is_wanted(path, name, files, &keep);
        if (status != BRN_OK) {
            brn__name_list_free(out);
            return status;
        }
        out->names[i] = NULL;
        if (keep) out->names[kept++] = name;
        else brn__free(name);
    }
    out->count = kept;
    return BRN_OK;
}

/* Adds the files of one class folder, in order; says how many. */
static brn_status add_class_files(brn_image_data *data, const char *folder, int64_t label,
                                  item_list *list, int64_t *added)
{
    brn__name_list files;
    BRN__TRY(list_kind(folder, true, &files));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < files.count; i++) {
        const char *path = brn__arena_printf(&data->arena, "%s/%s", folder, files.names[i]);
        status = path ? add_item(list, path, label) : BRN_ERROR_NO_MEMORY;
    }
    *added = files.count;
    brn__name_list_free(&files);
    return status;
}

static brn_status keep_classes(brn_image_data *data, const brn__name_list *names)
{
    data->class_count = names->count;
    data->classes =
        brn__arena_alloc(&data->arena, (size_t)(names->count + 1) * sizeof *data->classes);
    if (!data->classes) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < names->count; i++) {
        data->classes[i] = brn__arena_strdup(&data->arena, names->names[i]);
        if (!data->classes[i]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static brn_status add_all_classes(brn_image_data *data, const char *folder, item_list *list)
{
    for (int64_t label = 0; label < data->class_count; label++) {
        int64_t added;
        char *inside = brn__path_join(folder, data->classes[label]);
        if (!inside) return BRN_ERROR_NO_MEMORY;
        brn_status status = add_class_files(data, inside, label, list, &added);
        if (status == BRN_OK && added == 0)
            status = brn__fail(BRN_ERROR_INPUT, "%s: a class folder without files", inside);
        brn__free(inside);
        if (status != BRN_OK) return status;
    }
    return BRN_OK;
}

/* The two sorted lists must be equal; else the first difference is named. */
static brn_status check_same_classes(const brn_image_data *data, const brn__name_list *valid,
                                     const char *train_folder, const char *valid_folder)
{
    for (int64_t i = 0; i < data->class_count || i < valid->count; i++) {
        const char *a = i < data->class_count ? data->classes[i] : NULL;
        const char *b = i < valid->count ? valid->names[i] : NULL;
        int order = !a ? 1 : !b ? -1 : strcmp(a, b);
        if (order < 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: no folder for class \"%s\", which %s has",
                             valid_folder, a, train_folder);
        if (order > 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: no folder for class \"%s\", which %s has",
                             train_folder, b, valid_folder);
    }
    return BRN_OK;
}

static brn_status read_two_folders(brn_image_data *data, const char *train, const char *valid)
{
    brn__name_list names;
    BRN__TRY(list_kind(train, false, &names));
    brn_status status = keep_classes(data, &names);
    brn__name_list_free(&names);
    if (status == BRN_OK && data->class_count == 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no class folders; expected %s/CLASS/picture.jpg",
                           train, train);
    BRN__TRY(status);
    BRN__TRY(list_kind(valid, false, &names));
    status = check_same_classes(data, &names, train, valid);
    brn__name_list_free(&names);
    BRN__TRY(status);
    BRN__TRY(add_all_classes(data, train, &data->items));
    data->start[BRN_SPLIT_VALID] = data->items.count;
    return add_all_classes(data, valid, &data->items);
}

/* Marks which of `count` files of a class validate: a seeded choice of round(share * count), at
 * least one and never all, where the share is not 0 and there are two files. */
static brn_status choose_valid(const brn_image_data_options *options, int64_t label, int64_t count,
                               bool *chosen)
{
    const int64_t wanted = brn__split_share(options->valid, count);
    int64_t *order = brn__alloc_array((size_t)count, sizeof *order);
    if (!order) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) chosen[i] = false;
    brn__split_order(options->seed, label, order, count);
    for (int64_t i = 0; i < wanted; i++) chosen[order[i]] = true;
    brn__free(order);
    return BRN_OK;
}

/* Moves the chosen items of `all` (sorted by class) behind the others, both in their order. */
static brn_status split_items(brn_image_data *data, const brn_image_data_options *options,
                              const item_list *all)
{
    bool *chosen = brn__alloc_array((size_t)all->count, sizeof *chosen);
    if (!chosen) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int64_t first = 0, end; status == BRN_OK && first < all->count; first = end) {
        int64_t label = all->items[first].label;
        for (end = first; end < all->count && all->items[end].label == label;) end++;
        status = choose_valid(options, label, end - first, chosen + first);
    }
    for (int valid = 0; valid < 2; valid++) {
        for (int64_t i = 0; status == BRN_OK && i < all->count; i++)
            if (chosen[i] == valid)
                status = add_item(&data->items, all->items[i].path, all->items[i].label);
        if (!valid) data->start[BRN_SPLIT_VALID] = data->items.count;
    }
    brn__free(chosen);
    return status;
}

static brn_status read_one_folder(brn_image_data *data, const char *path,
                                  const brn_image_data_options *options)
{
    brn__name_list names;
    BRN__TRY(list_kind(path, false, &names));
    brn_status status = keep_classes(data, &names);
    brn__name_list_free(&names);
    BRN__TRY(status);
    if (data->class_count == 0)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: no class folders; expected %s/CLASS/picture.jpg, or the same below "
                         "%s/train and %s/valid",
                         path, path, path, path);
    item_list all = {0};
    status = add_all_classes(data, path, &all);
    if (status == BRN_OK) status = split_items(data, options, &all);
    brn__free(all.items);
    return status;
}

/* The first of path/NAME that is a folder, else NULL. */
static brn_status find_inside(brn_image_data *data, const char *path, const char *const *names,
                              int count, const char **out)
{
    *out = NULL;
    for (int i = 0; i < count && !*out; i++) {
        const char *inside = brn__arena_printf(&data->arena, "%s/%s", path, names[i]);
        if (!inside) return BRN_ERROR_NO_MEMORY;
        brn__path_kind kind;
        BRN__TRY(brn__path_examine(inside, &kind));
        if (kind == BRN__PATH_FOLDER) *out = inside;
    }
    return BRN_OK;
}

static brn_status holds_folders(const char *path, bool *out)
{
    brn__name_list names;
    BRN__TRY(list_kind(path, false, &names));
    *out = names.count > 0;
    brn__name_list_free(&names);
    return BRN_OK;
}

static brn_status read_folder(brn_image_data *data, const char *path,
                              const brn_image_data_options *options)
{
    const char *train, *valid;
    bool has_classes = true;
    BRN__TRY(find_inside(data, path, (const char *[]){"train"}, 1, &train));
    BRN__TRY(find_inside(data, path, (const char *[]){"valid", "val", "test"}, 3, &valid));
    if (train && valid) return read_two_folders(data, train, valid);
    if (train) BRN__TRY(holds_folders(train, &has_classes)); /* else pictures of trains */
    return read_one_folder(data, train && has_classes ? train : path, options);
}

brn_status brn_image_data_open(const char *path, const brn_image_data_options *options,
                               brn_image_data **out)
{
    *out = NULL;
    if (!(options->valid >= 0 && options->valid < 1))
        return brn__fail(BRN_ERROR_USAGE, "valid %g; expected 0 to below 1", options->valid);
    brn_image_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    brn_status status = read_folder(data, path, options);
    if (status != BRN_OK) {
        brn_image_data_close(data);
        return status;
    }
    data->start[BRN_SPLIT_TEST] = data->start[BRN_SPLIT_COUNT] = data->items.count;
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
        status = path ? add_item(&data->items, path, -1) : BRN_ERROR_NO_MEMORY;
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
    for (int64_t i = data->start[split]; i < data->start[split + 1]; i++)
        count += data->items.items[i].label == label;
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

brn_split brn_image_data_split(const brn_image_data *data, int64_t number)
{
    int split = BRN_SPLIT_TRAIN;
    while (split < BRN_SPLIT_TEST && number >= data->start[split + 1]) split++;
    return (brn_split)split;
}
