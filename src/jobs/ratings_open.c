/* SPDX-License-Identifier: Apache-2.0
 * From tables to ratings: reading, splitting, and titles. */
#include "base/alloc.h"
#include "data/table/levels.h"
#include "data/table/split.h"
#include "jobs/ratings_job.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double SPAN_PAST_ENDS = .1, SPAN_OF_ONE_RATING = .5;

/* The given types after those of `first` (count); memory of the caller's. */
static brn_column_choice *types_with(const brn_column_choice *first, int64_t count,
                                     brn_table_options *source)
{
    brn_column_choice *types =
        brn__alloc_array((size_t)(count + source->type_count), sizeof *types);
    if (!types) return NULL;
    memcpy(types, first, (size_t)count * sizeof *types);
    int64_t total = count;
    for (int64_t i = 0; i < source->type_count; i++) {
        bool again = false;
        for (int64_t k = 0; k < count; k++)
            again = again || strcmp(first[k].name, source->types[i].name) == 0;
        if (!again) types[total++] = source->types[i];
    }
    source->types = types;
    source->type_count = total;
    return types;
}

static brn_status open_typed(const char *data, brn_table_options source,
                             const brn_column_choice *types, int64_t count, brn_table **out)
{
    brn_column_choice *all = types_with(types, count, &source);
    if (!all) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn_table_open(data, &source, out);
    brn__free(all);
    return status;
}

static brn__ratings_columns columns_of(const brn_ratings_options *o)
{
    return (brn__ratings_columns){o->user, o->item, o->rating, o->time};
}

brn_status brn__ratings_open_table(const brn_ratings_options *o, const char *data, brn_table **out)
{
    brn_column_choice types[2];
    const brn__ratings_columns columns = columns_of(o);
    brn__ratings_types(&columns, types);
    brn_table_options source = o->source;
    source.threads = o->threads;
    source.spare_types = true; /* whoever needs a column misses it by name */
    return open_typed(data, source, types, 2, out);
}

/* ------------------------------------------------------------------ splitting */

/* An is_valid column is always the split. */
static void find_split_column(const brn_table *table, brn_ratings_options *o)
{
    if (o->split != BRN_RATINGS_SPLIT_RANDOM || brn_table_column_find(table, "is_valid") < 0)
        return;
    o->split = BRN_RATINGS_SPLIT_COLUMN;
    o->split_column = "is_valid";
}

static brn_status split_rows(const brn_table *table, const brn_ratings_options *o, bool *valid)
{
    static const brn__split_kind kinds[] = {[BRN_RATINGS_SPLIT_RANDOM] = BRN__SPLIT_RANDOM,
                                            [BRN_RATINGS_SPLIT_TIME] = BRN__SPLIT_TIME,
                                            [BRN_RATINGS_SPLIT_COLUMN] = BRN__SPLIT_COLUMN};
    memset(valid, 0, (size_t)table->row_count * sizeof *valid);
    if (o->split == BRN_RATINGS_SPLIT_LAST || o->split == BRN_RATINGS_SPLIT_FILE) return BRN_OK;
    const brn__split_options split = {.kind = kinds[o->split],
                                      .share = o->valid,
                                      .column = o->split_column,
                                      .from = o->split_from,
                                      .seed = o->seed};
    return brn__table_split(table, &split, valid);
}

static brn_status read_table(brn_ratings_options *o, brn_table *table, brn__ratings *out)
{
    const brn__ratings_columns columns = columns_of(o);
    find_split_column(table, o);
    bool *valid = brn__alloc_array((size_t)table->row_count + 1, sizeof *valid);
    if (!valid) return BRN_ERROR_NO_MEMORY;
    brn_status status = split_rows(table, o, valid);
    if (status == BRN_OK) status = brn__ratings_read(table, &columns, valid, out);
    brn__free(valid);
    return status;
}

static brn_status read_valid_table(const brn_ratings_options *o, brn__ratings *out)
{
    brn_table *table;
    const brn__ratings_columns columns = columns_of(o);
    BRN__TRY(brn__ratings_open_table(o, o->valid_data, &table));
    bool *valid = brn__alloc_array((size_t)table->row_count + 1, sizeof *valid);
    brn_status status = valid ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; valid && row < table->row_count; row++) valid[row] = true;
    if (status == BRN_OK) status = brn__ratings_read(table, &columns, valid, out);
    brn__free(valid);
    brn_table_close(table);
    return status;
}

/* ------------------------------------------------------------------ all of it */

static brn_status check_counts(const brn_ratings_options *o, const brn__ratings *r)
{
    int64_t valid = 0;
    for (int64_t row = 0; row < r->count; row++) valid += r->valid[row];
    if (r->count - valid < 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: %lld training ratings; expected two or more", o->data,
                         (long long)(r->count - valid));
    if (o->loss != BRN_RATINGS_LOSS_MSE && r->item_ids.count < 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: one item; clicks need two or more to choose from",
                         o->data);
    return BRN_OK;
}

static void settle_range(brn_ratings_options *o, const brn__ratings *r)
{
    if (o->has_range || o->loss != BRN_RATINGS_LOSS_MSE) return;
    double low, high;
    brn__ratings_extent(r, &low, &high);
    double past = high > low ? SPAN_PAST_ENDS * (high - low) : SPAN_OF_ONE_RATING;
    o->low = low - past;
    o->high = high + past;
    o->has_range = true;
}

static void write_note(const brn_ratings_options *o, const brn__ratings *r, char *note, size_t size)
{
    double low, high;
    *note = '\0';
    brn__ratings_extent(r, &low, &high);
    if (r->merged && o->rating)
        snprintf(note, size,
                 "%lld rows rate what their user has rated before: the latest ones count",
                 (long long)r->merged);
    else if (r->merged)
        snprintf(note, size, "%lld clicks were repeated: they are added up", (long long)r->merged);
    else if (o->loss == BRN_RATINGS_LOSS_MSE && low == high)
        snprintf(note, size, "all ratings are %g: there is nothing to learn of them", low);
}

brn_status brn__ratings_open(brn_ratings_options *o, brn__ratings *out, char *note, size_t note_size)
{
    brn_table *table;
    BRN__TRY(brn__ratings_open_table(o, o->data, &table));
    brn_status status = read_table(o, table, out);
    brn_table_close(table);
    BRN__TRY(status);
    if (o->split == BRN_RATINGS_SPLIT_FILE) BRN__TRY(read_valid_table(o, out));
    BRN__TRY(brn__ratings_merge(out, !o->rating));
    if (o->split == BRN_RATINGS_SPLIT_LAST) BRN__TRY(brn__ratings_hold_out_last(out));
    BRN__TRY(check_counts(o, out));
    settle_range(o, out);
    write_note(o, out, note, note_size);
    return BRN_OK;
}

/* ------------------------------------------------------------------ titles */

static brn__slice word_at(const brn__levels *levels, int64_t row, char *buffer)
{
    if (levels->ids[row] < 0) return (brn__slice){0};
    return brn__level_text(levels, levels->ids[row], false, buffer);
}

/* The first title of each item. */
static brn_status find_titles(const brn_table *table, const brn__levels *ids,
                              const brn__levels *names, const brn__dictionary *item_ids,
                              brn__arena *arena, brn__slice *out, int64_t *found)
{
    char id_buffer[BRN__LEVEL_TEXT_BYTES], name_buffer[BRN__LEVEL_TEXT_BYTES];
    for (int64_t row = 0; row < table->row_count; row++) {
        brn__slice id = word_at(ids, row, id_buffer), name = word_at(names, row, name_buffer);
        int64_t item = id.bytes ? brn__dictionary_find(item_ids, id) : -1;
        if (item < 0 || !name.length || out[item].length) continue;
        out[item].bytes = brn__arena_copy(arena, name.bytes, name.length);
        if (!out[item].bytes) return BRN_ERROR_NO_MEMORY;
        out[item].length = name.length;
        (*found)++;
    }
    return BRN_OK;
}

static brn_status read_title_table(const brn_ratings_options *o, const brn_table *table,
                                   const brn__dictionary *item_ids, brn__texts *out, int64_t *found)
{
    const brn__column *id_column, *name_column;
    brn__levels ids = {0}, names = {0};
    brn__arena arena = {0};
    BRN__TRY(brn__table_need(table, o->title_id, &id_column));
    BRN__TRY(brn__table_need(table, o->title_name, &name_column));
    brn__slice *titles = brn__alloc_zero((size_t)item_ids->count + 1, sizeof *titles);
    brn_status status = titles ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__levels_of(id_column, table->row_count, &ids);
    if (status == BRN_OK) status = brn__levels_of(name_column, table->row_count, &names);
    if (status == BRN_OK) status = find_titles(table, &ids, &names, item_ids, &arena, titles, found);
    if (status == BRN_OK) status = brn__texts_pack(titles, item_ids->count, out);
    brn__levels_free(&ids);
    brn__levels_free(&names);
    brn__arena_free(&arena);
    brn__free(titles);
    return status;
}

brn_status brn__ratings_read_titles(const brn_ratings_options *o, const brn__dictionary *item_ids,
                                    brn__texts *out, int64_t *found)
{
    brn_table *table;
    *out = (brn__texts){0};
    *found = 0;
    if (!o->titles) return BRN_OK;
    const brn_column_choice types[] = {{o->title_id, BRN_COLUMN_TEXT},
                                       {o->title_name, BRN_COLUMN_TEXT}};
    bool one = strcmp(o->title_id, o->title_name) == 0; /* the id is the title */
    BRN__TRY(open_typed(o->titles, o->titles_source, types, one ? 1 : 2, &table));
    brn_status status = read_title_table(o, table, item_ids, out, found);
    brn_table_close(table);
    if (status == BRN_OK && *found == 0) {
        brn__texts_free(out);
        status = brn__fail(BRN_ERROR_INPUT,
                           "%s: column \"%s\" has none of the %lld items of %s", o->titles,
                           o->title_id, (long long)item_ids->count, o->data);
    }
    return status;
}
