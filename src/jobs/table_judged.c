/* SPDX-License-Identifier: Apache-2.0
 * The rows that an interpretation looks at. */
#include "base/alloc.h"
#include "base/philox.h"
#include "base/text.h"
#include "data/table/dataset.h"
#include "data/table/filter.h"
#include "data/table/levels.h"
#include "data/table/row_numbers.h"
#include "jobs/table_interpret.h"

#include <math.h>
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

static const char *target_name(const brn__preparation *p, int64_t number)
{
    return p->target_count ? p->targets[number].name : p->target;
}

static brn_status no_target(const brn__preparation *p, const char *name)
{
    brn__text text = {0};
    brn__text_printf(&text, "interpret: the model has no target \"%s\"; it has ", name);
    for (int64_t k = 0; k == 0 || k < p->target_count; k++)
        brn__text_printf(&text, "%s%s", k ? ", " : "", target_name(p, k));
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK) status = brn__fail(BRN_ERROR_USAGE, "%s", text.bytes);
    brn__text_free(&text);
    return status;
}

static brn_status choose_target(const brn__preparation *p, const char *name, brn__table_judged *out)
{
    const int64_t count = p->target_count ? p->target_count : 1;
    out->width = p->target_count ? 1 : out->model->network.outputs;
    while (name && out->focus < count && strcmp(target_name(p, out->focus), name) != 0) out->focus++;
    if (out->focus == count) return no_target(p, name);
    out->target = target_name(p, out->focus);
    return BRN_OK;
}

brn_status brn__table_judged_open(brn_table_model *model, const char *data, const char *target, brn__table_judged *out)
{
    *out = (brn__table_judged){.model = model};
    BRN__TRY(choose_target(model->preparation, target, out));
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
    const int64_t targets = from->target_width;
    if (from->numbers)
        memcpy(to->numbers + place * targets, from->numbers + row * targets, (size_t)targets * sizeof *to->numbers);
    if (from->classes) to->classes[place] = from->classes[row];
}

static brn_status make_room(const brn__prepared *from, int64_t rows, brn__prepared *out)
{
    const size_t count = (size_t)rows, width = (size_t)(from->category_count + from->number_count);
    *out = (brn__prepared){.rows = rows,
                           .category_count = from->category_count,
                           .number_count = from->number_count,
                           .target_width = from->target_width};
    out->inputs = brn__alloc_array(count * width, sizeof *out->inputs);
    if (from->numbers) out->numbers = brn__alloc_array(count * (size_t)from->target_width, sizeof *out->numbers);
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

double brn__table_judged_truth(const brn__table_judged *judged, int64_t row)
{
    const brn__preparation *p = judged->model->preparation;
    double truth = (double)judged->prepared.numbers[row * judged->prepared.target_width + judged->focus];
    if (p->target_truths) return truth;
    if (p->target_count) truth = truth * p->targets[judged->focus].deviation + p->targets[judged->focus].mean;
    return p->target_log ? exp(truth) : truth;
}

/* What the network gives for all rows: (rows, outputs). */
static brn_status find_outputs(const brn__table_judged *judged, const brn__prepared *prepared, float *outputs)
{
    brn__dataset *dataset;
    BRN__TRY(brn__table_dataset_new(prepared, &dataset));
    const brn_status status = brn__table_outputs(&judged->model->network, dataset, NULL, prepared->rows, outputs);
    brn__dataset_free(dataset);
    return status;
}

typedef brn_status use_outputs(const brn__table_judged *judged, const brn__prepared *prepared, float *outputs,
                               void *result);

static brn_status with_outputs(const brn__table_judged *judged, const brn__prepared *prepared, use_outputs *use,
                               void *result)
{
    float *outputs =
        brn__alloc_array((size_t)(prepared->rows * judged->model->network.outputs), sizeof *outputs);
    brn_status status = outputs ? find_outputs(judged, prepared, outputs) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = use(judged, prepared, outputs, result);
    brn__free(outputs);
    return status;
}

static brn_status score_outputs(const brn__table_judged *judged, const brn__prepared *prepared, float *outputs,
                                void *result)
{
    const brn_table_model *model = judged->model;
    const brn__table_targets only = {judged->focus, 1};
    brn__table_score_targets(&model->network, model->preparation, prepared, only, outputs, result);
    return BRN_OK;
}

brn_status brn__table_judged_score(const brn__table_judged *judged, const brn__prepared *prepared,
                                   brn_table_score *out)
{
    if (judged->model->preparation->target_count) return with_outputs(judged, prepared, score_outputs, out);
    return brn__table_score_rows(&judged->model->network, judged->model->preparation, prepared, NULL, prepared->rows,
                                 out);
}

/* The answers to the target that is looked at, of all. */
static brn_status pick_answers(const brn__table_judged *judged, const brn__prepared *prepared, float *outputs,
                               void *result)
{
    const int64_t width = judged->model->network.outputs;
    float *answers = result;
    brn__table_finish_answers(judged->model->preparation, prepared->rows, width, outputs);
    for (int64_t row = 0; row < prepared->rows; row++) answers[row] = outputs[row * width + judged->focus];
    return BRN_OK;
}

brn_status brn__table_judged_answers(const brn__table_judged *judged, const brn__prepared *prepared, float *answers)
{
    if (judged->model->preparation->target_count) return with_outputs(judged, prepared, pick_answers, answers);
    BRN__TRY(find_outputs(judged, prepared, answers));
    brn__table_finish_answers(judged->model->preparation, prepared->rows, judged->width, answers);
    return BRN_OK;
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
