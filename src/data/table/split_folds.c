/* SPDX-License-Identifier: Apache-2.0
 * Rows dealt into folds. */
#include "base/alloc.h"
#include "base/philox.h"
#include "burnish/data_split.h"
#include "data/table/levels.h"
#include "data/table/split.h"

#include <stdlib.h>

static brn_status deal_rows(const brn_table *table, const brn__split_options *options,
                            int64_t *fold_of)
{
    const brn__column *column;
    int64_t *labels = NULL;
    brn__levels levels = {0};
    brn_status status = BRN_OK;
    if (options->label) {
        BRN__TRY(brn__table_need(table, options->label, &column));
        BRN__TRY(brn__levels_of(column, table->row_count, &levels));
        labels = brn__alloc_array((size_t)table->row_count, sizeof *labels);
        if (!labels) status = BRN_ERROR_NO_MEMORY;
        for (int64_t row = 0; labels && row < table->row_count; row++)
            labels[row] = levels.ids[row];
    }
    if (status == BRN_OK)
        status =
            brn_stratified_folds(labels, table->row_count, options->folds, options->seed, fold_of);
    brn__levels_free(&levels);
    brn__free(labels);
    return status;
}

/* ---- whole groups ---- */

typedef struct group {
    int64_t number, size, drawn; /* drawn: its place in an order that the seed gives */
} group;

static int larger_first(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->size != y->size) return x->size < y->size ? 1 : -1;
    return (x->drawn > y->drawn) - (x->drawn < y->drawn);
}

/* fold[number] of each group: the largest first, each to the fold that has the fewest rows. */
static void give_groups(group *groups, int64_t count, int folds, int64_t *sizes, int64_t *fold)
{
    qsort(groups, (size_t)count, sizeof *groups, larger_first);
    for (int64_t i = 0; i < count; i++) {
        int smallest = 0;
        for (int k = 1; k < folds; k++)
            if (sizes[k] < sizes[smallest]) smallest = k;
        sizes[smallest] += groups[i].size;
        fold[groups[i].number] = smallest;
    }
}

static void fill_groups(const brn__levels *levels, int64_t rows, uint64_t seed, group *groups,
                        int64_t *order)
{
    for (int64_t i = 0; i < levels->count; i++) order[i] = i;
    brn__random random = brn__random_new(brn__philox_key(seed, "table group folds"), 0, 0, 0);
    brn__random_shuffle(&random, order, levels->count);
    for (int64_t i = 0; i < levels->count; i++) groups[i] = (group){i, 0, order[i]};
    for (int64_t row = 0; row < rows; row++) groups[levels->ids[row]].size++;
}

static brn_status deal_levels(const brn_table *table, const brn__split_options *options,
                              const brn__levels *levels, int64_t *fold_of)
{
    if (levels->count < options->folds)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: column \"%s\" has %lld groups; expected one at least for each of %d "
                         "folds",
                         table->name, options->column, (long long)levels->count, options->folds);
    size_t count = (size_t)levels->count;
    group *groups = brn__alloc_array(count, sizeof *groups);
    int64_t *order = brn__alloc_array(count, sizeof *order);
    int64_t *fold = brn__alloc_array(count, sizeof *fold);
    int64_t *sizes = brn__alloc_zero((size_t)options->folds, sizeof *sizes);
    brn_status status = groups && order && fold && sizes ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        fill_groups(levels, table->row_count, options->seed, groups, order);
        give_groups(groups, levels->count, options->folds, sizes, fold);
        for (int64_t row = 0; row < table->row_count; row++) fold_of[row] = fold[levels->ids[row]];
    }
    brn__free(groups);
    brn__free(order);
    brn__free(fold);
    brn__free(sizes);
    return status;
}

static brn_status need_column(const brn_table *table, const brn__split_options *options,
                              const brn__column **column)
{
    BRN__TRY(brn__table_need(table, options->column, column));
    if (!(*column)->missing_count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: column \"%s\" has %lld missing values; expected none, as it splits rows",
                     table->name, (*column)->name, (long long)(*column)->missing_count);
}

static brn_status deal_groups(const brn_table *table, const brn__split_options *options,
                              int64_t *fold_of)
{
    const brn__column *column;
    brn__levels levels;
    BRN__TRY(need_column(table, options, &column));
    BRN__TRY(brn__levels_of(column, table->row_count, &levels));
    brn_status status = deal_levels(table, options, &levels, fold_of);
    brn__levels_free(&levels);
    return status;
}

/* ---- a column of folds ---- */

static brn_status read_folds(const brn_table *table, const brn__split_options *options,
                             int64_t *fold_of)
{
    const brn__column *column;
    BRN__TRY(need_column(table, options, &column));
    for (int64_t row = 0; row < table->row_count; row++) {
        double fold = 0;
        bool number = brn__number_at(column, row, &fold);
        fold_of[row] = number && fold >= 1 && fold <= options->folds ? (int64_t)fold - 1 : -1;
        if (fold_of[row] < 0 || (double)(fold_of[row] + 1) != fold)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: row %lld: column \"%s\" holds no fold from 1 to %d", table->name,
                             (long long)row + 1, column->name, options->folds);
    }
    return BRN_OK;
}

brn_status brn__table_folds(const brn_table *table, const brn__split_options *options,
                            int64_t *fold_of)
{
    brn_status status;
    switch (options->kind) {
    case BRN__SPLIT_RANDOM: status = deal_rows(table, options, fold_of); break;
    case BRN__SPLIT_GROUP: status = deal_groups(table, options, fold_of); break;
    case BRN__SPLIT_COLUMN: status = read_folds(table, options, fold_of); break;
    default:
        return brn__fail(BRN_ERROR_USAGE,
                         "folds: rows that are split by time have none, as each row would be "
                         "judged by its future; expected a random, group or column split");
    }
    for (int64_t row = 0; status == BRN_OK && row < table->row_count; row++) fold_of[row]++;
    return status;
}
