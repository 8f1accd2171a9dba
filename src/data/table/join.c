/* SPDX-License-Identifier: Apache-2.0
 * Keys become numbers one column at a time: the number so far and the column's value make a pair,
 * and pairs are numbered in the order in which `other` has them. */
#include "data/table/join.h"
#include "base/alloc.h"
#include "data/table/levels.h"

#include <math.h>
#include <string.h>

enum { NONE = -1 };

typedef struct pair {
    int32_t before, value;
} pair;

static bool is_number(const brn__column *column)
{
    return column->type == BRN_COLUMN_INTEGER || column->type == BRN_COLUMN_REAL;
}

/* values[level]: the number of the level's text in `texts`; new texts are added when `adds`. */
static brn_status number_levels(const brn__levels *levels, bool as_number, bool adds,
                                brn__dictionary *texts, int32_t *values)
{
    for (int64_t i = 0; i < levels->count; i++) {
        char buffer[BRN__LEVEL_TEXT_BYTES];
        brn__slice text = brn__level_text(levels, i, as_number, buffer);
        if (adds)
            BRN__TRY(brn__dictionary_add(texts, text, true, &values[i]));
        else
            values[i] = (int32_t)brn__dictionary_find(texts, text);
    }
    return BRN_OK;
}

/* numbers[row] of the keys so far, joined by one more column. */
static brn_status add_key(const brn__column *column, int64_t rows, bool as_number, bool adds,
                          brn__dictionary *texts, brn__dictionary *pairs, int32_t *numbers)
{
    brn__levels levels;
    BRN__TRY(brn__levels_of(column, rows, &levels));
    int32_t *values = brn__alloc_array((size_t)levels.count + 1, sizeof *values);
    brn_status status =
        values ? number_levels(&levels, as_number, adds, texts, values) : BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; status == BRN_OK && row < rows; row++) {
        pair key = {numbers[row], levels.ids[row] < 0 ? NONE : values[levels.ids[row]]};
        brn__slice bytes = {(const char *)&key, sizeof key};
        numbers[row] = NONE;
        if (key.before == NONE || key.value == NONE) continue;
        if (adds)
            status = brn__dictionary_add(pairs, bytes, true, &numbers[row]);
        else
            numbers[row] = (int32_t)brn__dictionary_find(pairs, bytes);
    }
    brn__free(values);
    brn__levels_free(&levels);
    return status;
}

/* The same numbering for both tables' rows. */
static brn_status number_keys(const brn_table *table, const brn_table *other,
                              const char *const *keys, int64_t key_count, int32_t *ours,
                              int32_t *theirs)
{
    brn_status status = BRN_OK;
    for (int64_t row = 0; row < table->row_count; row++) ours[row] = 0;
    for (int64_t row = 0; row < other->row_count; row++) theirs[row] = 0;
    for (int64_t i = 0; status == BRN_OK && i < key_count; i++) {
        const brn__column *a, *b;
        brn__dictionary texts = {0}, pairs = {0};
        BRN__TRY(brn__table_need(table, keys[i], &a));
        BRN__TRY(brn__table_need(other, keys[i], &b));
        bool number = is_number(a) || is_number(b);
        status = add_key(b, other->row_count, number, true, &texts, &pairs, theirs);
        if (status == BRN_OK)
            status = add_key(a, table->row_count, number, false, &texts, &pairs, ours);
        brn__dictionary_free(&texts);
        brn__dictionary_free(&pairs);
    }
    return status;
}

/* partner[row]: the row of `other` with the keys of our row, or NONE. */
static brn_status find_partners(const brn_table *table, const brn_table *other,
                                const int32_t *theirs, int32_t *ours)
{
    int32_t *row_of = brn__alloc_array((size_t)other->row_count, sizeof *row_of);
    if (!row_of) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int64_t row = 0; row < other->row_count; row++) row_of[row] = NONE;
    for (int64_t row = 0; status == BRN_OK && row < other->row_count; row++) {
        if (theirs[row] == NONE) continue;
        int32_t *place = &row_of[theirs[row]]; /* there are no more numbers than rows */
        if (*place != NONE)
            status =
                brn__fail(BRN_ERROR_INPUT,
                          "%s: rows %lld and %lld have the same keys; expected one row a key to "
                          "join with %s",
                          other->name, (long long)*place + 1, (long long)row + 1, table->name);
        *place = (int32_t)row;
    }
    for (int64_t row = 0; status == BRN_OK && row < table->row_count; row++)
        ours[row] = ours[row] == NONE ? NONE : row_of[ours[row]];
    brn__free(row_of);
    return status;
}

static void copy_value(const brn__column *from, int64_t source, brn__column *to, int64_t row)
{
    bool missing = source == NONE || brn__column_is_missing(from, source);
    if (missing) {
        to->missing[row / 64] |= (uint64_t)1 << row % 64;
        to->missing_count++;
    }
    if (to->type == BRN_COLUMN_REAL)
        to->reals[row] = missing ? (double)NAN : from->reals[source];
    else if (brn__column_value_bytes(to->type) == 8)
        to->integers[row] = missing ? 0 : from->integers[source];
    else
        to->codes[row] = missing ? BRN__NO_CODE : from->codes[source];
}

static brn_status copy_words(const brn__column *from, brn__column *to)
{
    int32_t code;
    for (int64_t i = 0; i < from->words.count; i++)
        BRN__TRY(brn__dictionary_add(&to->words, from->words.words[i], true, &code));
    return BRN_OK;
}

static brn_status add_column(brn_table *table, const brn__column *from, const int32_t *partners)
{
    size_t rows = (size_t)table->row_count;
    brn__column *to = &table->columns[table->column_count++];
    *to = (brn__column){.name = brn__arena_strdup(&table->arena, from->name), .type = from->type};
    to->values = brn__alloc_aligned(rows * brn__column_value_bytes(from->type));
    to->missing = brn__alloc_zero((rows + 63) / 64, sizeof *to->missing);
    if (!to->name || !to->values || !to->missing) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(copy_words(from, to));
    for (int64_t row = 0; row < table->row_count; row++) copy_value(from, partners[row], to, row);
    if (to->missing_count) return BRN_OK;
    brn__free(to->missing);
    to->missing = NULL;
    return BRN_OK;
}

static bool is_key(const char *name, const char *const *keys, int64_t key_count)
{
    for (int64_t i = 0; i < key_count; i++)
        if (strcmp(keys[i], name) == 0) return true;
    return false;
}

static brn_status check_names(const brn_table *table, const brn_table *other,
                              const char *const *keys, int64_t key_count)
{
    for (int64_t i = 0; i < other->column_count; i++) {
        const char *name = other->columns[i].name;
        if (!is_key(name, keys, key_count) && brn_table_column_find(table, name) >= 0)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s and %s both have a column \"%s\", which is no key of the join",
                             table->name, other->name, name);
    }
    return BRN_OK;
}

static brn_status add_columns(brn_table *table, const brn_table *other, const char *const *keys,
                              int64_t key_count, const int32_t *partners)
{
    brn__column *columns = brn__realloc(
        table->columns, (size_t)(table->column_count + other->column_count) * sizeof *columns);
    if (!columns) return BRN_ERROR_NO_MEMORY;
    table->columns = columns;
    for (int64_t i = 0; i < other->column_count; i++)
        if (!is_key(other->columns[i].name, keys, key_count))
            BRN__TRY(add_column(table, &other->columns[i], partners));
    return BRN_OK;
}

brn_status brn__table_join(brn_table *table, const brn_table *other, const char *const *keys,
                           int64_t key_count)
{
    const brn__column *key;
    if (key_count < 1) return brn__fail(BRN_ERROR_USAGE, "join: expected a key");
    for (int64_t i = 0; i < key_count; i++) {
        BRN__TRY(brn__table_need(table, keys[i], &key));
        BRN__TRY(brn__table_need(other, keys[i], &key));
    }
    BRN__TRY(check_names(table, other, keys, key_count));
    int32_t *ours = brn__alloc_array((size_t)table->row_count, sizeof *ours);
    int32_t *theirs = brn__alloc_array((size_t)other->row_count, sizeof *theirs);
    brn_status status = ours && theirs ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = number_keys(table, other, keys, key_count, ours, theirs);
    if (status == BRN_OK) status = find_partners(table, other, theirs, ours);
    if (status == BRN_OK) status = add_columns(table, other, keys, key_count, ours);
    brn__free(ours);
    brn__free(theirs);
    return status;
}
