/* SPDX-License-Identifier: Apache-2.0
 * A job's table: a file, and the files that are joined to it. */
#include "data/table/filter.h"
#include "data/table/join.h"
#include "data/table/split.h"
#include "jobs/table_job.h"

static brn_status add_join(brn_table *table, const brn_table_options *source,
                           const brn_table_join *join)
{
    brn_table *other;
    BRN__TRY(brn_table_open(join->data, source, &other));
    brn_status status = brn__table_join(table, other, join->keys, join->key_count);
    brn_table_close(other);
    return status;
}

/* A type that no table takes is a mistake in a name. */
static brn_status check_types(const brn_table *table, const brn_table_options *source)
{
    const brn__column *column;
    for (int64_t i = 0; i < source->type_count; i++)
        BRN__TRY(brn__table_need(table, source->types[i].name, &column));
    return BRN_OK;
}

static brn_status join_all(const brn_table_options *source, const brn_table_train_options *options,
                           brn_table *table)
{
    for (int64_t i = 0; i < options->join_count; i++)
        BRN__TRY(add_join(table, source, &options->joins[i]));
    return check_types(table, source);
}

brn_status brn__table_job_open(const char *data, const brn_table_options *source,
                               const brn_table_train_options *options, bool filters,
                               brn_table **out)
{
    *out = NULL;
    brn_table *table;
    brn_table_options reads = *source;
    reads.spare_types = options->join_count > 0; /* they may belong to a joined table */
    BRN__TRY(brn_table_open(data, &reads, &table));
    brn_status status = options->join_count ? join_all(&reads, options, table) : BRN_OK;
    if (status == BRN_OK && filters && options->where)
        status = brn__table_filter(table, options->where);
    if (status == BRN_OK)
        *out = table;
    else
        brn_table_close(table);
    return status;
}

brn_status brn__table_job_split(brn_table_train_options *o, const brn_table *table, bool *valid)
{
    if (o->split == BRN_TABLE_SPLIT_RANDOM && brn_table_column_find(table, "is_valid") >= 0) {
        o->split = BRN_TABLE_SPLIT_COLUMN;
        o->split_column = "is_valid";
    }
    const brn__split_options split = {.kind = (brn__split_kind)o->split,
                                      .share = o->valid,
                                      .column = o->split_column,
                                      .from = o->split_from,
                                      .fold = o->fold,
                                      .folds = o->folds,
                                      .seed = o->seed};
    return brn__table_split(table, &split, valid);
}
