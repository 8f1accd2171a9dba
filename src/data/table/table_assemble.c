/* SPDX-License-Identifier: Apache-2.0
 * Pieces were read straight into their places in the columns. What is left: places were measured by
 * lines, so rows move up where lines are not records; words get one numbering; whole numbers become
 * doubles where the column is real; gaps go into one bitmap. */
#include "data/table/table_reading.h"
#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

brn_status brn__table_make_room(const brn__table_reading *reading, int64_t number)
{
    brn__column *column = &reading->table->columns[number];
    size_t bytes = (size_t)reading->capacity * brn__column_value_bytes(column->type);
    brn__free_aligned(column->values);
    column->values = brn__alloc_aligned(bytes);
    return column->values ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

typedef struct column_job {
    brn__table_reading *reading;
    int64_t column;
    brn_status status;
    char message[BRN__MESSAGE_BYTES];
} column_job;

static void copy_missing(brn__column *column, const brn__column_part *part, int64_t rows,
                         int64_t first)
{
    if (!part->missing) return;
    for (int64_t word = 0; word * 64 < rows; word++) {
        for (uint64_t bits = part->missing[word]; bits; bits &= bits - 1) {
            int64_t row = first + word * 64 + __builtin_ctzll(bits);
            column->missing[row / 64] |= (uint64_t)1 << row % 64;
        }
    }
}

/* Numbers the part's words as the column does. */
static brn_status renumber(brn__column *column, const brn__column_part *part, int64_t rows)
{
    int32_t *codes = brn__alloc_array((size_t)part->words.count + 1, sizeof *codes);
    if (!codes) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    bool same = true;
    codes[0] = BRN__NO_CODE;
    for (int64_t i = 0; status == BRN_OK && i < part->words.count; i++) {
        status = brn__dictionary_add(&column->words, part->words.words[i], true, &codes[i + 1]);
        same = same && codes[i + 1] == i;
    }
    int32_t *values = part->values;
    for (int64_t i = 0; status == BRN_OK && !same && i < rows; i++)
        values[i] = codes[values[i] + 1];
    brn__free(codes);
    return status;
}

/* A part without values may be of another type: then all its rows are missing. */
static void fill_missing(brn_column_type type, const brn__column_part *part, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        if (type == BRN_COLUMN_REAL)
            ((double *)part->values)[i] = (double)NAN;
        else if (brn__column_value_bytes(type) == 8)
            ((int64_t *)part->values)[i] = 0;
        else
            ((int32_t *)part->values)[i] = BRN__NO_CODE;
    }
}

static brn_status unify(brn__column *column, brn__column_part *part, int64_t rows)
{
    if (part->seen == 0)
        fill_missing(column->type, part, rows);
    else if (column->type == BRN_COLUMN_TEXT)
        return renumber(column, part, rows);
    else if (part->type != column->type)
        brn__column_part_make_real(part, rows);
    return BRN_OK;
}

static brn_status assemble_column(const brn__table_reading *reading, int64_t number)
{
    brn__column *column = &reading->table->columns[number];
    size_t rows = (size_t)reading->table->row_count, bytes = brn__column_value_bytes(column->type);
    for (int64_t i = 0; i < reading->job_count; i++)
        column->missing_count += reading->jobs[i].parts[number].missing_count;
    if (column->missing_count) {
        column->missing = brn__alloc_zero((rows + 63) / 64, sizeof *column->missing);
        if (!column->missing) return BRN_ERROR_NO_MEMORY;
    }
    int64_t first = 0;
    for (int64_t i = 0; i < reading->job_count; i++) {
        brn__piece_job *job = &reading->jobs[i];
        brn__column_part *part = &job->parts[number];
        copy_missing(column, part, job->rows, first);
        BRN__TRY(unify(column, part, job->rows));
        char *place = (char *)column->values + (size_t)first * bytes;
        if (place != part->values) memmove(place, part->values, (size_t)job->rows * bytes);
        brn__column_part_clear(part);
        first += job->rows;
    }
    return BRN_OK;
}

static void run_column(void *argument)
{
    column_job *job = argument;
    job->status = assemble_column(job->reading, job->column);
    if (job->status != BRN_OK)
        snprintf(job->message, sizeof job->message, "%s", brn_error_message());
}

brn_status brn__table_assemble(brn__table_reading *reading)
{
    int64_t count = reading->csv->column_count;
    for (int64_t i = 0; i < reading->job_count; i++)
        reading->table->row_count += reading->jobs[i].rows;
    column_job *jobs = brn__alloc_zero((size_t)count, sizeof *jobs);
    if (!jobs) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        jobs[i] = (column_job){.reading = reading, .column = i};
        brn__run(reading->pool, run_column, &jobs[i]);
    }
    brn__finish(reading->pool);
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < count; i++)
        if (jobs[i].status != BRN_OK)
            status = brn__fail(jobs[i].status, "%s: column \"%s\": %s", reading->csv->name,
                               reading->csv->names[i], jobs[i].message);
    brn__free(jobs);
    return status;
}
