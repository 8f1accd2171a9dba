/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/split.h"
#include "base/alloc.h"
#include "base/philox.h"
#include "data/table/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The rows 0 .. count - 1 in a drawn order; owned by the caller. */
static int64_t *drawn_order(int64_t count, uint64_t seed, const char *stream)
{
    int64_t *order = brn__alloc_array((size_t)count, sizeof *order);
    if (!order) return NULL;
    for (int64_t i = 0; i < count; i++) order[i] = i;
    brn__random random = brn__random_new(brn__philox_key(seed, stream), 0, 0, 0);
    brn__random_shuffle(&random, order, count);
    return order;
}

static int64_t share_of(double share, int64_t count)
{
    int64_t wanted = (int64_t)(share * (double)count + .5);
    if (wanted < 1) wanted = 1;
    return wanted > count - 1 ? count - 1 : wanted;
}

static brn_status split_random(const brn_table *table, const brn__split_options *options,
                               bool *valid)
{
    int64_t *order = drawn_order(table->row_count, options->seed, "table split");
    if (!order) return BRN_ERROR_NO_MEMORY;
    int64_t wanted = share_of(options->share, table->row_count);
    for (int64_t i = 0; i < wanted; i++) valid[order[i]] = true;
    brn__free(order);
    return BRN_OK;
}

static brn_status wrong_type(const brn_table *table, const brn__column *column,
                             const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" is %s; expected %s", table->name,
                     column->name, brn_column_type_name(column->type), expected);
}

static brn_status need_full(const brn_table *table, const brn__column *column)
{
    if (!column->missing_count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: column \"%s\" has %lld missing values; expected none, as it splits rows",
                     table->name, column->name, (long long)column->missing_count);
}

static double moment_of(const brn__column *column, int64_t row)
{
    return column->type == BRN_COLUMN_REAL ? column->reals[row] : (double)column->integers[row];
}

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The moment from which rows validate: that of the first row of the latest share. */
static brn_status moment_of_share(const brn_table *table, const brn__column *column, double share,
                                  double *out)
{
    double *moments = brn__alloc_array((size_t)table->row_count, sizeof *moments);
    if (!moments) return BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; row < table->row_count; row++) moments[row] = moment_of(column, row);
    qsort(moments, (size_t)table->row_count, sizeof *moments, compare_reals);
    *out = moments[table->row_count - share_of(share, table->row_count)];
    brn__free(moments);
    return BRN_OK;
}

static brn_status split_time(const brn_table *table, const brn__split_options *options, bool *valid)
{
    const brn__column *column;
    BRN__TRY(brn__table_need(table, options->column, &column));
    if (brn__column_value_bytes(column->type) != 8)
        return wrong_type(table, column, "dates or numbers");
    BRN__TRY(need_full(table, column));
    double from;
    if (options->from) {
        brn__slice text = {options->from, strlen(options->from)};
        int64_t date;
        bool good = column->type == BRN_COLUMN_DATE ? brn__read_date(text, BRN_DATE_YMD, &date)
                                                    : brn__read_real(text, '.', &from);
        if (!good)
            return brn__fail(BRN_ERROR_USAGE, "\"%s\" is no value of column \"%s\" (%s)",
                             options->from, column->name, brn_column_type_name(column->type));
        if (column->type == BRN_COLUMN_DATE) from = (double)date;
    } else {
        BRN__TRY(moment_of_share(table, column, options->share, &from));
    }
    for (int64_t row = 0; row < table->row_count; row++)
        valid[row] = moment_of(column, row) >= from;
    return BRN_OK;
}

static bool says_valid(const brn__column *column, int64_t row)
{
    static const char *const words[] = {"valid", "Valid", "VALID", "validation", "yes"};
    if (column->type != BRN_COLUMN_TEXT)
        return brn__column_value_bytes(column->type) == 8 ? moment_of(column, row) != 0
                                                          : column->codes[row] != 0;
    brn__slice word = column->words.words[column->codes[row]];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == word.length && !memcmp(words[i], word.bytes, word.length))
            return true;
    return false;
}

static brn_status split_column(const brn_table *table, const brn__split_options *options,
                               bool *valid)
{
    const brn__column *column;
    BRN__TRY(brn__table_need(table, options->column, &column));
    if (column->type == BRN_COLUMN_DATE || column->type == BRN_COLUMN_REAL)
        return wrong_type(table, column, "True and False, 0 and 1, or train and valid");
    BRN__TRY(need_full(table, column));
    for (int64_t row = 0; row < table->row_count; row++) valid[row] = says_valid(column, row);
    return BRN_OK;
}

/* Numbers the groups by the bytes of their values. */
static brn_status number_groups(const brn_table *table, const brn__column *column,
                                brn__dictionary *groups, int32_t *codes)
{
    size_t bytes = brn__column_value_bytes(column->type);
    for (int64_t row = 0; row < table->row_count; row++) {
        brn__slice value = {(const char *)column->values + (size_t)row * bytes, bytes};
        BRN__TRY(brn__dictionary_add(groups, value, false, &codes[row]));
    }
    return BRN_OK;
}

/* Groups are drawn in turn while they fit; the first is taken in any case. */
static brn_status choose_groups(const brn_table *table, const brn__split_options *options,
                                const brn__dictionary *groups, const int32_t *codes, bool *valid)
{
    int64_t *sizes = brn__alloc_zero((size_t)groups->count, sizeof *sizes);
    int64_t *order = drawn_order(groups->count, options->seed, "table groups");
    bool *chosen = brn__alloc_zero((size_t)groups->count, sizeof *chosen);
    brn_status status = sizes && order && chosen ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        for (int64_t row = 0; row < table->row_count; row++) sizes[codes[row]]++;
        int64_t wanted = share_of(options->share, table->row_count);
        for (int64_t i = 0; i < groups->count && wanted > 0; i++) {
            if (i > 0 && sizes[order[i]] > wanted) continue;
            chosen[order[i]] = true;
            wanted -= sizes[order[i]];
        }
        for (int64_t row = 0; row < table->row_count; row++) valid[row] = chosen[codes[row]];
    }
    brn__free(sizes);
    brn__free(order);
    brn__free(chosen);
    return status;
}

static brn_status split_group(const brn_table *table, const brn__split_options *options,
                              bool *valid)
{
    const brn__column *column;
    BRN__TRY(brn__table_need(table, options->column, &column));
    int32_t *codes = brn__alloc_array((size_t)table->row_count, sizeof *codes);
    if (!codes) return BRN_ERROR_NO_MEMORY;
    brn__dictionary groups = {0};
    brn_status status = number_groups(table, column, &groups, codes);
    if (status == BRN_OK) status = choose_groups(table, options, &groups, codes, valid);
    brn__dictionary_free(&groups);
    brn__free(codes);
    return status;
}

static brn_status check_both(const brn_table *table, const bool *valid)
{
    int64_t count = 0;
    for (int64_t row = 0; row < table->row_count; row++) count += valid[row];
    if (count > 0 && count < table->row_count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %lld of %lld rows validate; expected some of both",
                     table->name, (long long)count, (long long)table->row_count);
}

static brn_status split_fold(const brn_table *table, const brn__split_options *options, bool *valid)
{
    if (options->fold < 1 || options->fold > options->folds)
        return brn__fail(BRN_ERROR_USAGE, "fold %d of %d; expected 1 to %d", options->fold,
                         options->folds, options->folds);
    int64_t *fold_of = brn__alloc_array((size_t)table->row_count, sizeof *fold_of);
    if (!fold_of) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__table_folds(table, options, fold_of);
    for (int64_t row = 0; status == BRN_OK && row < table->row_count; row++)
        valid[row] = fold_of[row] == options->fold;
    brn__free(fold_of);
    return status;
}

brn_status brn__table_split(const brn_table *table, const brn__split_options *options, bool *valid)
{
    static brn_status (*const kinds[])(const brn_table *, const brn__split_options *, bool *) = {
        [BRN__SPLIT_RANDOM] = split_random,
        [BRN__SPLIT_TIME] = split_time,
        [BRN__SPLIT_COLUMN] = split_column,
        [BRN__SPLIT_GROUP] = split_group,
    };
    bool shares = !options->folds &&
                  (options->kind == BRN__SPLIT_RANDOM || options->kind == BRN__SPLIT_GROUP ||
                   (options->kind == BRN__SPLIT_TIME && !options->from));
    if (shares && !(options->share > 0 && options->share < 1))
        return brn__fail(BRN_ERROR_USAGE, "share %g; expected above 0 and below 1", options->share);
    if (table->row_count < 2)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: has %lld row%s; expected at least 2, to train and to "
                         "validate",
                         table->name, (long long)table->row_count,
                         table->row_count == 1 ? "" : "s");
    memset(valid, 0, (size_t)table->row_count);
    BRN__TRY(options->folds ? split_fold(table, options, valid)
                            : kinds[options->kind](table, options, valid));
    return check_both(table, valid);
}
