/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/list.h"
#include "base/alloc.h"
#include "base/text.h"
#include "data/table/csv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------ where pictures are */

brn_status brn__list_folder_of(const char *path, const char *images, char **out)
{
    const char *slash = strrchr(path, '/');
    char *own = slash ? brn__strdup(path) : brn__strdup(".");
    if (!own) return BRN_ERROR_NO_MEMORY;
    if (slash) own[slash == path ? 1 : slash - path] = '\0';
    char *beside = brn__path_join(own, images ? images : "images");
    *out = NULL;
    brn_status status = beside ? BRN_OK : BRN_ERROR_NO_MEMORY;
    bool there = false, given = false;
    if (status == BRN_OK) status = brn__test_folder(beside, &there);
    if (status == BRN_OK && !there && images) status = brn__test_folder(images, &given);
    if (there) *out = beside, beside = NULL;
    else if (status == BRN_OK && !images) *out = own, own = NULL;
    else if (given) *out = brn__strdup(images);
    else if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_INPUT, "%s: expected a folder of pictures, here or beside %s",
                           images, path);
    brn__free(own);
    brn__free(beside);
    return status == BRN_OK && !*out ? BRN_ERROR_NO_MEMORY : status;
}

brn_status brn__list_find(brn__arena *arena, const char *folder, const char *name, const char **out)
{
    static const char *const endings[] = {"", ".jpg", ".jpeg", ".png", ".webp", ".JPG", ".PNG"};
    char *whole = brn__path_join(folder, name);
    brn_status status = whole ? BRN_OK : BRN_ERROR_NO_MEMORY;
    *out = NULL;
    for (size_t i = 0; whole && !*out && i < sizeof endings / sizeof *endings; i++) {
        brn__text path = {0};
        brn__text_add(&path, whole);
        brn__text_add(&path, endings[i]);
        status = brn__text_finish(&path);
        bool there = false;
        if (status == BRN_OK) status = brn__test_file(path.bytes, &there);
        if (status == BRN_OK && there) {
            *out = brn__arena_strdup(arena, path.bytes);
            if (!*out) status = BRN_ERROR_NO_MEMORY;
        }
        brn__text_free(&path);
        if (status != BRN_OK) break;
    }
    brn__free(whole);
    return status;
}

/* ------------------------------------------------------------------ columns */

static brn_status take_column(brn__list *list, const brn__csv *csv, int64_t number)
{
    list->numbers[list->column_count] = number;
    const char *name = brn__arena_strdup(&list->arena, brn__csv_column_name(csv, number));
    list->columns[list->column_count++] = name;
    return name ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* The columns that the options name, one after the other. */
static brn_status take_named(brn__list *list, const brn__csv *csv, const char *names)
{
    while (*names) {
        const size_t length = strcspn(names, ",");
        const char *name = brn__arena_printf(&list->arena, "%.*s", (int)length, names);
        int64_t number;
        if (!name) return BRN_ERROR_NO_MEMORY;
        BRN__TRY(brn__csv_column_need(csv, name, &number));
        if (number == 0)
            return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" names the pictures; expected another "
                                              "to be their target",
                             list->path, name);
        if (list->column_count == brn__csv_column_count(csv))
            return brn__fail(BRN_ERROR_INPUT, "%s: target columns named twice", list->path);
        BRN__TRY(take_column(list, csv, number));
        names += length + (names[length] == ',');
    }
    return BRN_OK;
}

static brn_status choose_columns(brn__list *list, const brn__csv *csv,
                                 const brn_image_data_options *options)
{
    const int64_t count = brn__csv_column_count(csv);
    list->columns = brn__arena_alloc(&list->arena, (size_t)count * sizeof *list->columns);
    list->numbers = brn__arena_alloc(&list->arena, (size_t)count * sizeof *list->numbers);
    if (!list->columns || !list->numbers) return BRN_ERROR_NO_MEMORY;
    list->valid_column = brn__csv_column_find(csv, "is_valid");
    if (options->targets) BRN__TRY(take_named(list, csv, options->targets));
    for (int64_t i = 1; !options->targets && i < count; i++)
        if (i != list->valid_column) BRN__TRY(take_column(list, csv, i));
    if (list->column_count == 0 || list->valid_column == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no column says what the pictures show; expected "
                                          "name,tags or name,tags,is_valid",
                         list->path);
    return BRN_OK;
}

/* ------------------------------------------------------------------ rows */

static brn_status read_valid(const brn__list *list, int64_t line, const char *word, bool *out)
{
    static const char *const words[] = {"0", "1", "false", "true", "no", "yes"};
    for (int i = 0; i < 6; i++)
        if (strcasecmp(word, words[i]) == 0) {
            *out = i & 1;
            return BRN_OK;
        }
    return brn__fail(BRN_ERROR_INPUT, "%s line %lld: is_valid is \"%.40s\"; expected 0, 1, false, "
                                      "true, no or yes",
                     list->path, (long long)line, word);
}

/* A field as a text; a NUL inside would hide its rest. */
static brn_status keep_field(brn__list *list, const brn__csv_row *row, int64_t number,
                             const char **out)
{
    const brn__slice *field = &row->fields[number];
    if (field->length && memchr(field->bytes, 0, field->length))
        return brn__fail(BRN_ERROR_INPUT, "%s line %lld: a NUL byte in field %lld", list->path,
                         (long long)row->line, (long long)number + 1);
    char *text = brn__arena_alloc(&list->arena, field->length + 1);
    if (!text) return BRN_ERROR_NO_MEMORY;
    if (field->length) memcpy(text, field->bytes, field->length);
    *out = text; /* the arena's memory is zero */
    return BRN_OK;
}

static brn_status add_row(brn__list *list, const brn__csv_row *row)
{
    if (list->count == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 256;
        brn__list_row *rows = brn__realloc(list->rows, (size_t)larger * sizeof *rows);
        if (!rows) return BRN_ERROR_NO_MEMORY;
        list->rows = rows;
        list->capacity = larger;
    }
    brn__list_row *kept = &list->rows[list->count++];
    *kept = (brn__list_row){.line = row->line};
    const char *valid = "0";
    kept->fields =
        brn__arena_alloc(&list->arena, (size_t)list->column_count * sizeof *kept->fields);
    if (!kept->fields) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(keep_field(list, row, 0, &kept->name));
    for (int64_t i = 0; i < list->column_count; i++)
        BRN__TRY(keep_field(list, row, list->numbers[i], &kept->fields[i]));
    if (list->valid_column >= 0) BRN__TRY(keep_field(list, row, list->valid_column, &valid));
    if (!*kept->name)
        return brn__fail(BRN_ERROR_INPUT, "%s line %lld: no name of a picture", list->path,
                         (long long)row->line);
    return read_valid(list, row->line, valid, &kept->valid);
}

static brn_status read_rows(brn__list *list, const brn_image_data_options *options)
{
    brn__csv *csv;
    brn__csv_row row = {.count = 1};
    brn__csv_options how = brn__csv_defaults();
    how.header = !options->no_header;
    how.separator = options->separator;
    BRN__TRY(brn__csv_open(list->path, &how, &csv));
    brn_status status = choose_columns(list, csv, options);
    while (status == BRN_OK) {
        status = brn__csv_next(csv, &row);
        if (status != BRN_OK || row.count == 0) break;
        status = add_row(list, &row);
    }
    brn__csv_close(csv);
    if (status == BRN_OK && list->count == 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no rows; expected a picture in each", list->path);
    return status;
}

/* ------------------------------------------------------------------ pictures of the rows */

static brn_status find_pictures(brn__list *list, brn_image_data *data)
{
    const brn__list_row *first = NULL;
    int64_t missing = 0;
    for (int64_t i = 0; i < list->count; i++) {
        brn__list_row *row = &list->rows[i];
        BRN__TRY(brn__list_find(&data->arena, list->folder, row->name, &row->path));
        if (!row->path && missing++ == 0) first = row;
    }
    if (!first) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s line %lld: no picture \"%.200s\" in %s, with or without .jpg, .jpeg, .png or "
                     ".webp behind (%lld of %lld rows have none)",
                     list->path, (long long)first->line, first->name, list->folder,
                     (long long)missing, (long long)list->count);
}

static int by_path(const void *a, const void *b)
{
    const brn__list_row *x = *(brn__list_row *const *)a, *y = *(brn__list_row *const *)b;
    const int order = strcmp(x->path, y->path);
    return order ? order : x->line < y->line ? -1 : 1;
}

static brn_status refuse_twins(const brn__list *list)
{
    brn_status status = BRN_OK;
    const brn__list_row **sorted = brn__alloc_array((size_t)list->count, sizeof *sorted);
    if (!sorted) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < list->count; i++) sorted[i] = &list->rows[i];
    qsort(sorted, (size_t)list->count, sizeof *sorted, by_path);
    for (int64_t i = 1; status == BRN_OK && i < list->count; i++)
        if (strcmp(sorted[i - 1]->path, sorted[i]->path) == 0)
            status = brn__fail(BRN_ERROR_INPUT,
                               "%s line %lld: \"%.200s\" stands in line %lld already; expected a row "
                               "a picture",
                               list->path, (long long)sorted[i]->line, sorted[i]->name,
                               (long long)sorted[i - 1]->line);
    brn__free(sorted);
    return status;
}

/* ------------------------------------------------------------------ the whole */

/* The rows' own split: those that train, then those that validate. */
static brn_status split_by_rows(const brn__list *list, const brn__item_list *all,
                                brn_image_data *data)
{
    data->has_split = true;
    for (int valid = 0; valid < 2; valid++) {
        for (int64_t i = 0; i < list->count; i++)
            if (list->rows[i].valid == valid)
                BRN__TRY(brn__item_add(&data->items, all->items[i].path, all->items[i].label,
                                       all->items[i].target));
        if (!valid) data->start[BRN_SPLIT_VALID] = data->items.count;
    }
    if (data->start[BRN_SPLIT_VALID] == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: is_valid is true in every row; expected some to train",
                         list->path);
    return BRN_OK;
}

static brn_status fill(brn__list *list, brn_image_data *data, const brn_image_data_options *options)
{
    brn__item_list all = {0};
    BRN__TRY(brn__list_folder_of(list->path, options->images, &list->folder));
    BRN__TRY(read_rows(list, options));
    BRN__TRY(find_pictures(list, data));
    BRN__TRY(refuse_twins(list));
    brn_status status = brn__list_targets(list, options, data, &all);
    if (status == BRN_OK)
        status = list->valid_column >= 0 ? split_by_rows(list, &all, data)
                                         : brn__items_split(data, options, &all);
    brn__free(all.items);
    return status;
}

brn_status brn__image_list_read(brn_image_data *data, const char *path,
                                const brn_image_data_options *options)
{
    brn__list list = {.path = path};
    brn_status status = fill(&list, data, options);
    brn__free(list.folder);
    brn__free(list.rows);
    brn__arena_free(&list.arena);
    return status;
}
