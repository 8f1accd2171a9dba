/* SPDX-License-Identifier: Apache-2.0
 * Lists pictures by folder. */
#include "base/alloc.h"
#include "base/files.h"
#include "data/image/items.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

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
brn_status brn__list_kind(const char *path, bool files, brn__name_list *out)
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
                                  brn__item_list *list, int64_t *added)
{
    brn__name_list files;
    BRN__TRY(brn__list_kind(folder, true, &files));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < files.count; i++) {
        const char *path = brn__arena_printf(&data->arena, "%s/%s", folder, files.names[i]);
        status = path ? brn__item_add(list, path, label, NULL) : BRN_ERROR_NO_MEMORY;
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

static brn_status add_all_classes(brn_image_data *data, const char *folder, brn__item_list *list)
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
    BRN__TRY(brn__list_kind(train, false, &names));
    brn_status status = keep_classes(data, &names);
    brn__name_list_free(&names);
    if (status == BRN_OK && data->class_count == 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no class folders; expected %s/CLASS/picture.jpg",
                           train, train);
    BRN__TRY(status);
    BRN__TRY(brn__list_kind(valid, false, &names));
    status = check_same_classes(data, &names, train, valid);
    brn__name_list_free(&names);
    BRN__TRY(status);
    BRN__TRY(add_all_classes(data, train, &data->items));
    data->start[BRN_SPLIT_VALID] = data->items.count;
    data->has_split = true;
    return add_all_classes(data, valid, &data->items);
}

static brn_status read_one_folder(brn_image_data *data, const char *path,
                                  const brn_image_data_options *options)
{
    brn__name_list names;
    BRN__TRY(brn__list_kind(path, false, &names));
    brn_status status = keep_classes(data, &names);
    brn__name_list_free(&names);
    BRN__TRY(status);
    if (data->class_count == 0)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: no class folders; expected %s/CLASS/picture.jpg, or the same below "
                         "%s/train and %s/valid",
                         path, path, path, path);
    brn__item_list all = {0};
    status = add_all_classes(data, path, &all);
    if (status == BRN_OK) status = brn__items_split(data, options, &all);
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
    BRN__TRY(brn__list_kind(path, false, &names));
    *out = names.count > 0;
    brn__name_list_free(&names);
    return BRN_OK;
}

brn_status brn__image_folder_read(brn_image_data *data, const char *path,
                                  const brn_image_data_options *options)
{
    const char *train, *valid;
    bool has_classes = true;
    BRN__TRY(find_inside(data, path, (const char *[]){"train"}, 1, &train));
    BRN__TRY(find_inside(data, path, (const char *[]){"valid", "val", "test"},
                         options->test ? 2 : 3, &valid));
    if (train && valid) return read_two_folders(data, train, valid);
    if (train) BRN__TRY(holds_folders(train, &has_classes)); /* else pictures of trains */
    return read_one_folder(data, train && has_classes ? train : path, options);
}
