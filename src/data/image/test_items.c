/* SPDX-License-Identifier: Apache-2.0
 * Test pictures: files or names without labels, or class folders. */
#include "base/alloc.h"
#include "base/text.h"
#include "data/image/list.h"
#include "data/table/csv.h"

#include <string.h>

static int64_t label_of(const brn_image_data *data, const char *name)
{
    for (int64_t k = 0; data->kind == BRN_TARGET_LABEL && k < data->class_count; k++)
        if (strcmp(data->classes[k], name) == 0) return k;
    return -1;
}

/* The files of a folder, all of one label. */
static brn_status add_files(brn_image_data *data, const char *folder, int64_t label)
{
    brn__name_list files;
    BRN__TRY(brn__list_kind(folder, true, &files));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < files.count; i++) {
        const char *path = brn__arena_printf(&data->arena, "%s/%s", folder, files.names[i]);
        status = path ? brn__item_add(&data->items, path, label, NULL) : BRN_ERROR_NO_MEMORY;
    }
    brn__name_list_free(&files);
    return status;
}

static brn_status add_class_folders(brn_image_data *data, const char *folder)
{
    brn__name_list names;
    BRN__TRY(brn__list_kind(folder, false, &names));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < names.count; i++) {
        char *inside = brn__path_join(folder, names.names[i]);
        const int64_t label = label_of(data, names.names[i]);
        if (!inside) status = BRN_ERROR_NO_MEMORY;
        else if (label < 0)
            status = brn__fail(BRN_ERROR_INPUT, "%s: no class of this name is trained; expected "
                                                "pictures without folders, or folders of classes",
                               inside);
        else status = add_files(data, inside, label);
        brn__free(inside);
    }
    brn__name_list_free(&names);
    return status;
}

static brn_status add_folder(brn_image_data *data, const char *folder)
{
    const int64_t before = data->items.count;
    BRN__TRY(add_files(data, folder, -1));
    return data->items.count > before ? BRN_OK : add_class_folders(data, folder);
}

static brn_status add_name(brn_image_data *data, const char *list, const char *folder,
                           const brn__csv_row *row)
{
    const char *found;
    brn__text name = {0};
    brn__text_add_bytes(&name, row->fields[0].bytes, row->fields[0].length);
    brn_status status = brn__text_finish(&name);
    if (status == BRN_OK) status = brn__list_find(&data->arena, folder, name.bytes, &found);
    if (status == BRN_OK && !found)
        status = brn__fail(BRN_ERROR_INPUT, "%s line %lld: no picture \"%.200s\" in %s", list,
                           (long long)row->line, name.bytes, folder);
    if (status == BRN_OK) status = brn__item_add(&data->items, found, -1, NULL);
    brn__text_free(&name);
    return status;
}

/* A table with a header, or a text with a name a line, in which commas and quotes are letters. */
static brn_status add_list(brn_image_data *data, const char *path, const char *images)
{
    const bool table = brn__is_list_name(path);
    brn__csv_options how = brn__csv_defaults();
    char *folder = NULL;
    brn__csv *csv = NULL;
    how.header = table;
    if (!table) how.separator = '\x1F', how.quote = 0;
    brn_status status = brn__list_folder_of(path, images, &folder);
    if (status == BRN_OK) status = brn__csv_open(path, &how, &csv);
    while (status == BRN_OK) {
        brn__csv_row row;
        status = brn__csv_next(csv, &row);
        if (status != BRN_OK || row.count == 0) break;
        status = add_name(data, path, folder, &row);
    }
    brn__csv_close(csv);
    brn__free(folder);
    return status;
}

brn_status brn__image_test_read(brn_image_data *data, const char *beside,
                                const brn_image_data_options *options)
{
    const int64_t before = data->items.count;
    char *inside = brn__path_join(beside, options->test);
    if (!inside) return BRN_ERROR_NO_MEMORY;
    const bool here = brn__is_folder(inside) || brn__is_file(inside);
    const char *path = here ? inside : options->test;
    brn__path_kind kind;
    brn_status status = brn__path_examine(path, &kind);
    if (status == BRN_OK && kind == BRN__PATH_ABSENT)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no folder or list of test pictures, here or beside %s", path, beside);
    if (status == BRN_OK)
        status = kind == BRN__PATH_FILE ? add_list(data, path, options->images) : add_folder(data, path);
    if (status == BRN_OK && data->items.count == before)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no pictures; expected some to test", path);
    brn__free(inside);
    return status;
}
