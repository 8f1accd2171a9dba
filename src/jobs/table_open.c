/* SPDX-License-Identifier: Apache-2.0
 * A job's table: a file, and the files that are joined to it. */
#include "base/alloc.h"
#include "data/table/filter.h"
#include "data/table/join.h"
#include "data/table/source.h"
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

/* Events come before rows are left out: a closed day is a day. */
static brn_status add_events(const brn_table_train_options *options, brn__events **events,
                             brn_table *table)
{
    bool learns = !*events;
    if (learns)
        BRN__TRY(brn__events_new(options->events, options->event_count, options->event_entity,
                                 options->event_order, options->event_window, events));
    return brn__events_add(*events, table, learns);
}

static brn_status complete(const brn_table_options *source, const brn_table_train_options *options,
                           bool filters, brn__events **events, brn_table *table)
{
    if (options->join_count) BRN__TRY(join_all(source, options, table));
    if (options->event_count) BRN__TRY(add_events(options, events, table));
    return filters && options->where ? brn__table_filter(table, options->where) : BRN_OK;
}

brn_status brn__table_job_open(const char *data, const brn_table_options *source,
                               const brn_table_train_options *options, bool filters,
                               brn__events **events, brn_table **out)
{
    *out = NULL;
    brn_table *table;
    brn_table_options reads = *source;
    reads.spare_types = options->join_count > 0; /* they may belong to a joined table */
    BRN__TRY(brn_table_open(data, &reads, &table));
    brn_status status = complete(&reads, options, filters, events, table);
    if (status == BRN_OK)
        *out = table;
    else
        brn_table_close(table);
    return status;
}

/* A text of the arena in place of one that was made. NULL without memory. */
static const char *keep_text(brn__arena *arena, char *made)
{
    const char *kept = made ? brn__arena_strdup(arena, made) : NULL;
    brn__free(made);
    return kept;
}

/* *opened has its whole path, so that the run can be gone on with, and the model used, from
 * elsewhere; *told, which is kept, has no password. */
static brn_status name_source(brn__arena *arena, const char *source, const char **opened,
                              const char **told)
{
    char *absolute = brn__source_absolute(source);
    *opened = absolute ? keep_text(arena, absolute) : source; /* opening it tells why */
    *told = *opened ? keep_text(arena, brn__source_public(*opened)) : NULL;
    return *told ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn__table_options_name(brn_table_train_options *options, brn__arena *arena,
                                   const char **data, const brn_table_join **joins)
{
    size_t bytes = (size_t)(options->join_count + 1) * sizeof(brn_table_join);
    brn_table_join *opened = brn__arena_alloc(arena, bytes), *told = brn__arena_alloc(arena, bytes);
    if (!opened || !told) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(name_source(arena, options->data, data, &options->data));
    for (int64_t i = 0; i < options->join_count; i++) {
        opened[i] = told[i] = options->joins[i];
        BRN__TRY(name_source(arena, opened[i].data, &opened[i].data, &told[i].data));
    }
    *joins = opened;
    options->joins = told;
    return BRN_OK;
}

/* Words and truths are spread evenly over folds. */
static const char *label_of(const brn_table_train_options *o, const brn_table *table)
{
    int64_t target = brn_table_column_find(table, o->target);
    if (target < 0) return NULL; /* preparing the table tells */
    brn_column_type type = brn_table_column_type(table, target);
    bool words = type == BRN_COLUMN_TEXT || type == BRN_COLUMN_BOOLEAN;
    return words || o->target_class ? o->target : NULL;
}

brn_status brn__table_job_split(brn_table_train_options *o, const brn_table *table, bool *valid)
{
    if (o->split == BRN_TABLE_SPLIT_RANDOM && brn_table_column_find(table, "is_valid") >= 0) {
        if (o->folds)
            return brn__fail(BRN_ERROR_USAGE,
                             "%s: has an is_valid column, which says itself which rows validate; "
                             "expected none with folds",
                             table->name);
        o->split = BRN_TABLE_SPLIT_COLUMN;
        o->split_column = "is_valid";
    }
    const brn__split_options split = {.kind = (brn__split_kind)o->split,
                                      .share = o->valid,
                                      .column = o->split_column,
                                      .from = o->split_from,
                                      .fold = o->fold,
                                      .folds = o->folds,
                                      .label = label_of(o, table),
                                      .seed = o->seed};
    return brn__table_split(table, &split, valid);
}
