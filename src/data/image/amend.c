/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/amend.h"
#include "base/alloc.h"
#include "base/text.h"
#include "data/image/items.h"
#include "data/table/csv.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
    const char *path;
    int64_t item;
} place;

typedef struct amending {
    brn_image_data *data;
    const char *root, *table;
    brn__amendment what;
    brn__csv *csv;
    int64_t file_column, label_column;
    place *places;   /* (count), by path */
    bool *excluded;  /* (count) */
    brn__text field;
} amending;

static int by_path(const void *a, const void *b)
{
    return strcmp(((const place *)a)->path, ((const place *)b)->path);
}

static const place *find_path(const amending *a, const char *path)
{
    const place wanted = {.path = path};
    return bsearch(&wanted, a->places, (size_t)a->data->items.count, sizeof wanted, by_path);
}

/* As it is written, below the root, or what it leads to from here. */
static brn_status find(const amending *a, const char *name, const place **out)
{
    char whole[PATH_MAX];
    *out = find_path(a, name);
    if (*out) return BRN_OK;
    char *below = brn__path_join(a->root, name);
    if (!below) return BRN_ERROR_NO_MEMORY;
    *out = find_path(a, below);
    brn__free(below);
    if (!*out && realpath(name, whole)) *out = find_path(a, whole);
    return BRN_OK;
}

static brn_status text_of(amending *a, brn__slice field, const char **out)
{
    a->field.length = 0;
    brn__text_add(&a->field, "");
    brn__text_add_bytes(&a->field, field.bytes, field.length);
    *out = a->field.bytes;
    return brn__text_finish(&a->field);
}

static brn_status relabel(amending *a, const brn__csv_row *row, int64_t item)
{
    const char *name;
    BRN__TRY(text_of(a, row->fields[a->label_column], &name));
    for (int64_t k = 0; k < a->data->class_count; k++)
        if (strcmp(a->data->classes[k], name) == 0) {
            a->data->items.items[item].label = k;
            return BRN_OK;
        }
    return brn__fail(BRN_ERROR_INPUT, "%s line %lld: \"%s\" is none of the %lld classes (\"%s\", ...)", a->table,
                     (long long)row->line, name, (long long)a->data->class_count, a->data->classes[0]);
}

static brn_status amend_row(amending *a, const brn__csv_row *row, int64_t *count)
{
    const char *name;
    const place *found;
    BRN__TRY(text_of(a, row->fields[a->file_column], &name));
    BRN__TRY(find(a, name, &found));
    if (!found)
        return brn__fail(BRN_ERROR_INPUT, "%s line %lld: no picture \"%s\" among the %lld in %s", a->table,
                         (long long)row->line, name, (long long)a->data->items.count, a->root);
    ++*count;
    if (a->what == BRN__AMEND_RELABEL) return relabel(a, row, found->item);
    *count -= a->excluded[found->item]; /* named twice */
    a->excluded[found->item] = true;
    return BRN_OK;
}

static brn_status amend_rows(amending *a, int64_t *count)
{
    BRN__TRY(brn__csv_column_need(a->csv, "file", &a->file_column));
    if (a->what == BRN__AMEND_RELABEL) BRN__TRY(brn__csv_column_need(a->csv, "suggested", &a->label_column));
    for (;;) {
        brn__csv_row row;
        BRN__TRY(brn__csv_next(a->csv, &row));
        if (row.count == 0) return BRN_OK;
        BRN__TRY(amend_row(a, &row, count));
    }
}

/* Those that are left, in their order and splits. */
static void close_ranks(amending *a)
{
    brn_image_data *data = a->data;
    int64_t kept = 0, first = 0;
    for (int split = 0; split < BRN_SPLIT_COUNT; split++) {
        const int64_t end = data->start[split + 1];
        data->start[split] = kept;
        for (int64_t i = first; i < end; i++)
            if (!a->excluded[i]) data->items.items[kept++] = data->items.items[i];
        first = end;
    }
    data->start[BRN_SPLIT_COUNT] = data->items.count = kept;
}

brn_status brn__image_data_amend(brn_image_data *data, const char *root, const char *table, brn__amendment what,
                                 int64_t *count)
{
    const size_t items = (size_t)data->items.count;
    const brn__csv_options how = brn__csv_defaults();
    amending a = {.data = data, .root = root, .table = table, .what = what};
    *count = 0;
    if (what == BRN__AMEND_RELABEL && data->kind != BRN_TARGET_LABEL)
        return brn__fail(BRN_ERROR_USAGE, "%s: pictures in %s have no labels to change", table, root);
    a.places = brn__alloc_array(items + 1, sizeof *a.places);
    a.excluded = brn__alloc_zero(items + 1, sizeof *a.excluded);
    brn_status status = a.places && a.excluded ? brn__csv_open(table, &how, &a.csv) : BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; status == BRN_OK && i < items; i++)
        a.places[i] = (place){data->items.items[i].path, (int64_t)i};
    if (status == BRN_OK) {
        qsort(a.places, items, sizeof *a.places, by_path);
        status = amend_rows(&a, count);
    }
    if (status == BRN_OK) close_ranks(&a);
    brn__csv_close(a.csv);
    brn__text_free(&a.field);
    brn__free(a.places);
    brn__free(a.excluded);
    return status;
}
