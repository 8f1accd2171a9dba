/* SPDX-License-Identifier: Apache-2.0 */
#include "data/ratings/ratings.h"
#include "base/alloc.h"
#include "data/ratings/seen.h"
#include "data/table/levels.h"

#include <math.h>
#include <string.h>

void brn__ratings_free(brn__ratings *r)
{
    if (!r->borrowed) {
        brn__free(r->users);
        brn__free(r->items);
        brn__free(r->values);
        brn__free(r->times);
        brn__free(r->valid);
    }
    brn__dictionary_free(&r->user_ids);
    brn__dictionary_free(&r->item_ids);
    *r = (brn__ratings){0};
}

void brn__ratings_types(const brn__ratings_columns *columns, brn_column_choice *out)
{
    out[0] = (brn_column_choice){columns->user, BRN_COLUMN_TEXT};
    out[1] = (brn_column_choice){columns->item, BRN_COLUMN_TEXT};
}

/* ------------------------------------------------------------------ reading */

static brn_status missing(const brn_table *table, int64_t row, const char *what, const char *column)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: row %lld has no %s (column \"%s\")", table->name,
                     (long long)row + 1, what, column);
}

/* Codes of the levels of a column in `ids`, which gains those that are new; owned by the caller. */
static brn_status number_levels(const brn_table *table, const char *what, const brn__levels *levels,
                                brn__dictionary *ids, int32_t *codes)
{
    char buffer[BRN__LEVEL_TEXT_BYTES];
    for (int64_t level = 0; level < levels->count; level++) {
        brn__slice text = brn__level_text(levels, level, false, buffer);
        BRN__TRY(brn__dictionary_add(ids, text, true, &codes[level]));
        codes[level]++;
    }
    if (ids->count < BRN__RATINGS_CODES_MAX) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %lld different %ss; at most %d are possible",
                     table->name, (long long)ids->count, what, BRN__RATINGS_CODES_MAX - 1);
}

static brn_status code_rows(const brn_table *table, const char *what, const brn__levels *levels,
                            const int32_t *codes, int32_t *out)
{
    for (int64_t row = 0; row < table->row_count; row++) {
        if (levels->ids[row] < 0) return missing(table, row, what, levels->column->name);
        out[row] = codes[levels->ids[row]];
    }
    return BRN_OK;
}

static brn_status read_ids(const brn_table *table, const char *name, const char *what,
                           brn__dictionary *ids, int32_t *out)
{
    const brn__column *column;
    brn__levels levels;
    BRN__TRY(brn__table_need(table, name, &column));
    BRN__TRY(brn__levels_of(column, table->row_count, &levels));
    int32_t *codes = brn__alloc_array((size_t)levels.count + 1, sizeof *codes);
    brn_status status =
        codes ? number_levels(table, what, &levels, ids, codes) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = code_rows(table, what, &levels, codes, out);
    brn__free(codes);
    brn__levels_free(&levels);
    return status;
}

static brn_status need_numbers(const brn_table *table, const char *name, const brn__column **out)
{
    BRN__TRY(brn__table_need(table, name, out));
    if ((*out)->type != BRN_COLUMN_TEXT) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" is text; expected numbers", table->name,
                     name);
}

static brn_status read_values(const brn_table *table, const char *name, float *out)
{
    const brn__column *column;
    BRN__TRY(need_numbers(table, name, &column));
    for (int64_t row = 0; row < table->row_count; row++) {
        double value;
        if (!brn__number_at(column, row, &value)) return missing(table, row, "rating", name);
        if (fabs(value) > 1e30)
            return brn__fail(BRN_ERROR_INPUT, "%s: row %lld: the rating %g is too large",
                             table->name, (long long)row + 1, value);
        out[row] = (float)value;
    }
    return BRN_OK;
}

static brn_status read_times(const brn_table *table, const char *name, double *out)
{
    const brn__column *column;
    BRN__TRY(need_numbers(table, name, &column));
    for (int64_t row = 0; row < table->row_count; row++)
        if (!brn__number_at(column, row, &out[row])) return missing(table, row, "time", name);
    return BRN_OK;
}

static void *grow(void *array, int64_t count, size_t bytes)
{
    return brn__realloc(array, ((size_t)count + 1) * bytes);
}

/* Room for `count` rows in all. */
static brn_status make_room(brn__ratings *r, int64_t count, bool timed)
{
    void *at;
    if (!(at = grow(r->users, count, sizeof *r->users))) return BRN_ERROR_NO_MEMORY;
    r->users = at;
    if (!(at = grow(r->items, count, sizeof *r->items))) return BRN_ERROR_NO_MEMORY;
    r->items = at;
    if (!(at = grow(r->values, count, sizeof *r->values))) return BRN_ERROR_NO_MEMORY;
    r->values = at;
    if (!(at = grow(r->valid, count, sizeof *r->valid))) return BRN_ERROR_NO_MEMORY;
    r->valid = at;
    if (!timed) return BRN_OK;
    if (!(at = grow(r->times, count, sizeof *r->times))) return BRN_ERROR_NO_MEMORY;
    r->times = at;
    return BRN_OK;
}

brn_status brn__ratings_read(const brn_table *table, const brn__ratings_columns *columns,
                             const bool *valid, brn__ratings *r)
{
    int64_t begin = r->count, rows = table->row_count;
    BRN__TRY(make_room(r, begin + rows, columns->time));
    BRN__TRY(read_ids(table, columns->user, "user", &r->user_ids, r->users + begin));
    BRN__TRY(read_ids(table, columns->item, "item", &r->item_ids, r->items + begin));
    if (columns->rating) BRN__TRY(read_values(table, columns->rating, r->values + begin));
    if (columns->time) BRN__TRY(read_times(table, columns->time, r->times + begin));
    for (int64_t row = 0; row < rows; row++) {
        if (!columns->rating) r->values[begin + row] = 1;
        r->valid[begin + row] = valid && valid[row];
    }
    r->count = begin + rows;
    return BRN_OK;
}

/* ------------------------------------------------------------------ rows of one user */

static bool is_later(const brn__ratings *r, int64_t a, int64_t b)
{
    if (r->times && r->times[a] != r->times[b]) return r->times[a] > r->times[b];
    return a > b;
}

static void keep_rows(brn__ratings *r, const uint8_t *gone)
{
    int64_t kept = 0;
    for (int64_t row = 0; row < r->count; row++) {
        if (gone[row]) continue;
        r->users[kept] = r->users[row];
        r->items[kept] = r->items[row];
        r->values[kept] = r->values[row];
        r->valid[kept] = r->valid[row];
        if (r->times) r->times[kept] = r->times[row];
        kept++;
    }
    r->merged += r->count - kept;
    r->count = kept;
}

/* Of two rows of one user and item, the one that goes. */
static int64_t merge_pair(brn__ratings *r, int64_t a, int64_t b, bool add_up)
{
    int64_t stays = is_later(r, a, b) ? a : b, goes = stays == a ? b : a;
    if (add_up) r->values[stays] += r->values[goes];
    return goes;
}

brn_status brn__ratings_merge(brn__ratings *r, bool add_up)
{
    brn__grouping by_user = {0};
    uint8_t *gone = brn__alloc_zero((size_t)r->count + 1, sizeof *gone);
    int64_t *last = brn__alloc_zero((size_t)r->item_ids.count + 1, sizeof *last); /* row + 1 */
    brn_status status = gone && last ? brn__group_rows(r->users, r->count, r->user_ids.count + 1,
                                                       &by_user)
                                     : BRN_ERROR_NO_MEMORY;
    for (int64_t user = 0; status == BRN_OK && user < by_user.groups; user++) {
        const int64_t *rows = by_user.rows + by_user.starts[user];
        int64_t count = by_user.starts[user + 1] - by_user.starts[user];
        for (int64_t i = 0; i < count; i++) {
            int64_t *known = &last[r->items[rows[i]]], row = rows[i];
            if (*known) {
                int64_t goes = merge_pair(r, *known - 1, row, add_up);
                gone[goes] = 1;
                if (goes == row) row = *known - 1;
            }
            *known = row + 1;
        }
        for (int64_t i = 0; i < count; i++) last[r->items[rows[i]]] = 0;
    }
    if (status == BRN_OK) keep_rows(r, gone);
    brn__grouping_free(&by_user);
    brn__free(gone);
    brn__free(last);
    return status;
}

brn_status brn__ratings_hold_out_last(brn__ratings *r)
{
    int64_t users = r->user_ids.count + 1;
    int64_t *latest = brn__alloc_zero((size_t)users, sizeof *latest); /* row + 1 */
    int64_t *counts = brn__alloc_zero((size_t)users, sizeof *counts);
    brn_status status = latest && counts ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; status == BRN_OK && row < r->count; row++) {
        int64_t *best = &latest[r->users[row]];
        if (!*best || is_later(r, row, *best - 1)) *best = row + 1;
        counts[r->users[row]]++;
        r->valid[row] = 0;
    }
    for (int64_t user = 0; status == BRN_OK && user < users; user++)
        if (counts[user] > 1) r->valid[latest[user] - 1] = 1;
    brn__free(latest);
    brn__free(counts);
    return status;
}

/* ------------------------------------------------------------------ questions */

void brn__ratings_extent(const brn__ratings *r, double *low, double *high)
{
    *low = INFINITY, *high = -INFINITY;
    for (int64_t row = 0; row < r->count; row++) {
        if (r->values[row] < *low) *low = r->values[row];
        if (r->values[row] > *high) *high = r->values[row];
    }
}

int64_t brn__ratings_code(const brn__dictionary *ids, const char *id)
{
    return brn__dictionary_find(ids, (brn__slice){id, strlen(id)}) + 1;
}
