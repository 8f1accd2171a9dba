/* SPDX-License-Identifier: Apache-2.0
 * The rows that an interpretation looks at. */
#include "base/alloc.h"
#include "base/philox.h"
#include "data/table/dataset.h"
#include "data/table/filter.h"
#include "data/table/levels.h"
#include "data/table/row_numbers.h"
#include "jobs/table_interpret.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ which rows */

/* The training's own table, read as it was then, so that the split is the same. */
static brn_status open_own(brn_table_model *model, brn_table **out)
{
    brn_table_options source = model->options.source;
    source.threads = model->options.threads;
    brn__events *events = model->preparation->events;
    return brn__table_job_open(model->options.data, &source, &model->options, false, &events, out);
}

/* Rows keep the numbers that they have in the file. */
static brn_status filter(brn_table_model *model, brn_table *table)
{
    if (!model->options.where) return BRN_OK;
    BRN__TRY(brn__table_number_rows(table));
    return brn__table_filter(table, model->options.where);
}

static brn_status list_rows(brn_table_model *model, bool all, brn__table_judged *out)
{
    const int64_t rows = out->table->row_count;
    bool *valid = brn__alloc_zero((size_t)rows + 1, sizeof *valid);
    out->rows = brn__alloc_array((size_t)rows + 1, sizeof *out->rows);
    brn_status status = valid && out->rows ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK && !all) status = brn__table_job_split(&model->options, out->table, valid);
    for (int64_t row = 0; status == BRN_OK && row < rows; row++)
        if (all || valid[row]) out->rows[out->count++] = row;
    brn__free(valid);
    if (status != BRN_OK || out->count > 0) return status;
    return brn__fail(BRN_ERROR_INPUT, "%s: there are no rows to judge", out->table->name);
}

static brn_status open_judged(brn_table_model *model, const char *data, brn__table_judged *out)
{
    BRN__TRY(data ? brn__table_model_table(model, data, true, false, &out->table)
                  : open_own(model, &out->table));
    BRN__TRY(filter(model, out->table));
    BRN__TRY(list_rows(model, data != NULL, out));
    out->own_columns = out->table->column_count;
    return brn__prepare_apply(model->preparation, out->table, true, &out->prepared);
}

brn_status brn__table_judged_open(brn_table_model *model, const char *data, brn__table_judged *out)
{
    *out = (brn__table_judged){.model = model};
    if (model->preparation->target_count)
        return brn__fail(BRN_ERROR_UNSUPPORTED,
                         "a model of several targets can't be interpreted; expected one target");
    brn_status status = open_judged(model, data, out);
    if (status != BRN_OK) brn__table_judged_close(out);
    return status;
}

void brn__table_judged_close(brn__table_judged *judged)
{
    brn__prepared_free(&judged->prepared);
    brn_table_close(judged->table);
    brn__free(judged->rows);
    *judged = (brn__table_judged){0};
}

/* ------------------------------------------------------------------ copies and answers */

static void copy_row(const brn__prepared *from, int64_t row, brn__prepared *to, int64_t place)
{
    const size_t width = (size_t)(from->category_count + from->number_count);
    memcpy(to->inputs + (size_t)place * width, from->inputs + (size_t)row * width,
           width * sizeof *to->inputs);
    if (from->numbers) to->numbers[place] = from->numbers[row];
    if (from->classes) to->classes[place] = from->classes[row];
}

static brn_status make_room(const brn__prepared *from, int64_t rows, brn__prepared *out)
{
    const size_t count = (size_t)rows, width = (size_t)(from->category_count + from->number_count);
    *out = (brn__prepared){.rows = rows,
                           .category_count = from->category_count,
                           .number_count = from->number_count};
    out->inputs = brn__alloc_array(count * width, sizeof *out->inputs);
    if (from->numbers) out->numbers = brn__alloc_array(count, sizeof *out->numbers);
    if (from->classes) out->classes = brn__alloc_array(count, sizeof *out->classes);
    return out->inputs && (out->numbers || !from->numbers) && (out->classes || !from->classes)
               ? BRN_OK
               : BRN_ERROR_NO_MEMORY;
}

brn_status brn__table_judged_draw(const brn__table_judged *judged, int64_t most, uint64_t seed,
                                  const char *purpose, brn__prepared *out)
{
    *out = (brn__prepared){0};
    const int64_t count = judged->count < most ? judged->count : most;
    int64_t *rows = brn__alloc_array((size_t)judged->count, sizeof *rows);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    memcpy(rows, judged->rows, (size_t)judged->count * sizeof *rows);
    if (count < judged->count) {
        brn__random random = brn__random_new(brn__philox_key(seed, purpose), 0, 0, 0);
        brn__random_shuffle(&random, rows, judged->count);
    }
    brn_status status = make_room(&judged->prepared, count, out);
    for (int64_t i = 0; status == BRN_OK && i < count; i++)
        copy_row(&judged->prepared, rows[i], out, i);
    if (status != BRN_OK) brn__prepared_free(out);
    brn__free(rows);
    return status;
}

brn_status brn__table_judged_answers(const brn__table_judged *judged, const brn__prepared *prepared,
                                     float *answers)
{
    brn__table_network *network = &judged->model->network;
    brn__dataset *dataset;
    BRN__TRY(brn__table_dataset_new(prepared, &dataset));
    brn_status status = brn__table_outputs(network, dataset, NULL, prepared->rows, answers);
    brn__dataset_free(dataset);
    if (status == BRN_OK)
        brn__table_finish_answers(judged->model->preparation, prepared->rows, network->outputs,
                                  answers);
    return status;
}

/* ------------------------------------------------------------------ values */

const char *brn__table_value_text(const brn_table *table, int64_t number, int64_t row,
                                  brn__arena *arena)
{
    const brn__column *column = &table->columns[number];
    char buffer[BRN__LEVEL_TEXT_BYTES];
    if (brn__column_is_missing(column, row)) return brn__arena_strdup(arena, "");
    switch (column->type) {
    case BRN_COLUMN_INTEGER:
        return brn__arena_printf(arena, "%lld", (long long)column->integers[row]);
    case BRN_COLUMN_REAL: return brn__arena_printf(arena, "%.10g", column->reals[row]);
    case BRN_COLUMN_DATE:
        brn_date_text((double)column->integers[row] * 1e-6, buffer, sizeof buffer);
        return brn__arena_strdup(arena, buffer);
    case BRN_COLUMN_BOOLEAN:
        if (column->codes[row] < 0) return brn__arena_strdup(arena, "");
        return brn__arena_strdup(arena, column->codes[row] ? "True" : "False");
    default:
        if (column->codes[row] < 0) return brn__arena_strdup(arena, "");
        return brn__arena_printf(arena, "%.*s",
                                 (int)column->words.words[column->codes[row]].length,
                                 column->words.words[column->codes[row]].bytes);
    }
}
