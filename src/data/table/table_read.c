/* SPDX-License-Identifier: Apache-2.0
 * From a text to typed columns. The first rows suggest each column's type; then all pieces are read
 * at once, each noting what kinds of values it saw. A column that turns out to be of a wider type
 * than suggested is read a second time, where that is needed; then parts are put together. */
#include "data/table/table_reading.h"
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK_ROWS = 128, SAMPLE_ROWS = 1000, SMALLEST_PIECE = 1 << 16, LARGEST_PIECE = 1 << 20 };

brn_table_options brn_table_defaults(void)
{
    return (brn_table_options){0};
}

const char *brn_column_type_name(brn_column_type type)
{
    static const char *const names[] = {
#define X(name, word) [BRN_COLUMN_##name] = word,
        BRN_COLUMN_TYPE_LIST(X)
#undef X
    };
    return names[type];
}

/* ---- one piece ---- */

/* Records that were read and wait to be stored, column by column: a loop over one kind of value is
 * much faster than one over kinds. */
typedef struct row_block {
    brn__slice *fields; /* (BLOCK_ROWS, columns) and BRN__CSV_SPARE, owned */
    int64_t lines[BLOCK_ROWS], rows;
} row_block;

static brn_status store_block(brn__piece_job *job, row_block *block)
{
    const brn__csv *csv = job->reading->csv;
    for (int64_t i = 0; i < csv->column_count; i++) {
        int64_t done;
        if (!job->wanted[i]) continue;
        brn_status status =
            brn__column_part_add_many(&job->parts[i], &job->reading->rules, job->rows,
                                      block->fields + i, csv->column_count, block->rows, &done);
        if (status == BRN_ERROR_INPUT)
            return brn__fail_within(BRN_ERROR_INPUT, "%s: line %lld, column \"%s\"", csv->name,
                                    (long long)block->lines[done], csv->names[i]);
        BRN__TRY(status);
    }
    job->rows += block->rows;
    block->rows = 0;
    return BRN_OK;
}

static brn_status add_row(brn__piece_job *job, brn__csv_reader *reader, row_block *block,
                          const brn__csv_row *row)
{
    if (job->rows + block->rows == job->piece.most)
        return brn__fail(BRN_ERROR_INTERNAL, "%s: more rows than lines", job->reading->csv->name);
    memcpy(block->fields + block->rows * row->count, row->fields,
           (size_t)row->count * sizeof *row->fields);
    block->lines[block->rows++] = row->line;
    if (block->rows < BLOCK_ROWS) return BRN_OK;
    BRN__TRY(store_block(job, block));
    brn__csv_reader_forget(reader);
    return BRN_OK;
}

/* Blocks of records that are plain, as nearly all are. */
static brn_status add_plain_rows(brn__piece_job *job, brn__csv_reader *reader, row_block *block)
{
    int64_t columns = job->reading->csv->column_count;
    for (;;) {
        int64_t room = job->piece.most - job->rows - block->rows;
        int64_t most = BLOCK_ROWS - block->rows < room ? BLOCK_ROWS - block->rows : room;
        block->rows += brn__csv_reader_plain(reader, most, block->fields + block->rows * columns,
                                             block->lines + block->rows);
        if (block->rows < BLOCK_ROWS) return BRN_OK;
        BRN__TRY(store_block(job, block));
        brn__csv_reader_forget(reader);
    }
}

/* A bad record is told after what stands before it. */
static brn_status read_records(brn__piece_job *job, brn__csv_reader *reader, row_block *block)
{
    for (brn__csv_row row;;) {
        BRN__TRY(add_plain_rows(job, reader, block));
        brn_status status = brn__csv_reader_next(reader, &row);
        if (status == BRN_OK && row.count) {
            BRN__TRY(add_row(job, reader, block, &row));
            continue;
        }
        char message[BRN__MESSAGE_BYTES];
        snprintf(message, sizeof message, "%s", brn_error_message());
        BRN__TRY(store_block(job, block));
        return status == BRN_OK ? BRN_OK : brn__fail_again(status, message);
    }
}

static brn_status read_piece(brn__piece_job *job)
{
    const brn__csv *csv = job->reading->csv;
    row_block block = {.rows = 0};
    block.fields =
        brn__alloc_array((size_t)csv->column_count * BLOCK_ROWS + BRN__CSV_SPARE, sizeof *block.fields);
    if (!block.fields) return BRN_ERROR_NO_MEMORY;
    brn__csv_reader reader;
    brn__csv_reader_init(&reader, csv, job->piece.begin, job->piece.stop, job->line);
    reader.keeps = true;
    brn_status status = read_records(job, &reader, &block);
    brn__csv_reader_deinit(&reader);
    brn__free(block.fields);
    return status;
}

static void run_piece(void *argument)
{
    brn__piece_job *job = argument;
    job->rows = 0;
    job->line = 1;
    job->status = read_piece(job);
    if (job->status != BRN_OK)
        snprintf(job->message, sizeof job->message, "%s", brn_error_message());
}

/* Reads a piece that failed again, now with its place in the file, for the message. */
static brn_status fail_piece(brn__piece_job *job)
{
    if (job->status != BRN_ERROR_INPUT) return brn__fail_again(job->status, job->message);
    const brn__csv *csv = job->reading->csv;
    for (int64_t i = 0; i < csv->column_count; i++) brn__column_part_clear(&job->parts[i]);
    job->rows = 0;
    job->line = csv->body_line + brn__csv_count_lines(csv->body, job->piece.begin);
    brn_status status = read_piece(job);
    return status == BRN_OK ? brn__fail_again(job->status, job->message) : status;
}

/* The failure that stands first in the file is reported. */
static brn_status run_pieces(brn__table_reading *reading)
{
    for (int64_t i = 0; i < reading->job_count; i++)
        brn__run(reading->pool, run_piece, &reading->jobs[i]);
    brn__finish(reading->pool);
    for (int64_t i = 0; i < reading->job_count; i++)
        if (reading->jobs[i].status != BRN_OK) return fail_piece(&reading->jobs[i]);
    return BRN_OK;
}

/* ---- what the columns are ---- */

static brn_status apply_given_types(brn__table_reading *reading)
{
    for (int64_t i = 0; i < reading->options->type_count; i++) {
        const brn_column_choice *choice = &reading->options->types[i];
        int64_t column = brn__csv_column_find(reading->csv, choice->name);
        if (column < 0 && reading->options->spare_types) continue;
        if (column < 0) BRN__TRY(brn__csv_column_need(reading->csv, choice->name, &column));
        reading->kinds[column].type = choice->type;
        reading->kinds[column].given = true;
    }
    return BRN_OK;
}

/* Notes the kinds in the first rows; what is wrong in them is found again when all is read. */
static brn_status look_at_sample(brn__table_reading *reading)
{
    const brn__csv *csv = reading->csv;
    brn__csv_reader reader;
    brn__csv_reader_init(&reader, csv, csv->body, csv->text.end, 1);
    brn_status status = BRN_OK;
    for (int64_t rows = 0; rows < SAMPLE_ROWS; rows++) {
        brn__csv_row row;
        status = brn__csv_reader_next(&reader, &row);
        if (status != BRN_OK || row.count == 0) break;
        for (int64_t i = 0; i < row.count; i++)
            if (!brn__field_is_missing(&reading->rules, row.fields[i]))
                reading->kinds[i].seen |= 1u << brn__kind_of_field(&reading->rules, row.fields[i]);
    }
    brn__csv_reader_deinit(&reader);
    return status == BRN_ERROR_INPUT ? BRN_OK : status;
}

static brn_status suggest_types(brn__table_reading *reading)
{
    const brn__csv *csv = reading->csv;
    reading->kinds = brn__alloc_zero((size_t)csv->column_count, sizeof *reading->kinds);
    if (!reading->kinds) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(look_at_sample(reading));
    for (int64_t i = 0; i < csv->column_count; i++) {
        unsigned seen = reading->kinds[i].seen;
        reading->kinds[i] =
            (brn__column_part){.type = seen ? brn__type_of_seen(seen) : BRN_COLUMN_INTEGER};
    }
    return apply_given_types(reading);
}

static brn_column_type settled_type(const brn__table_reading *reading, int64_t column)
{
    unsigned seen = 0;
    for (int64_t i = 0; i < reading->job_count; i++) seen |= reading->jobs[i].parts[column].seen;
    return reading->kinds[column].given ? reading->kinds[column].type : brn__type_of_seen(seen);
}

/* Does every part serve, and lie in values of the right size? */
static bool all_serve(const brn__table_reading *reading, int64_t column, brn_column_type type)
{
    if (brn__column_value_bytes(type) !=
        brn__column_value_bytes(reading->table->columns[column].type))
        return false;
    for (int64_t i = 0; i < reading->job_count; i++)
        if (!brn__column_part_serves(&reading->jobs[i].parts[column], type)) return false;
    return true;
}

/* Gives the column values of its type, and each piece its place in them. */
static brn_status lay_out(brn__table_reading *reading, int64_t column, brn_column_type type)
{
    reading->table->columns[column].type = type;
    BRN__TRY(brn__table_make_room(reading, column));
    char *values = reading->table->columns[column].values;
    for (int64_t i = 0; i < reading->job_count; i++) {
        brn__piece_job *job = &reading->jobs[i];
        brn__column_part_clear(&job->parts[column]);
        job->parts[column].type = type;
        job->parts[column].values = values + (size_t)job->first * brn__column_value_bytes(type);
        job->parts[column].capacity = job->piece.most;
    }
    return BRN_OK;
}

/* Settles each column's type; *again tells whether a column must be read again. */
static brn_status settle_types(brn__table_reading *reading, bool *again)
{
    *again = false;
    for (int64_t c = 0; c < reading->csv->column_count; c++) {
        brn_column_type type = settled_type(reading, c);
        bool serves = all_serve(reading, c, type);
        for (int64_t i = 0; i < reading->job_count; i++) reading->jobs[i].wanted[c] = !serves;
        reading->table->columns[c].type = type;
        if (!serves) BRN__TRY(lay_out(reading, c, type));
        *again = *again || !serves;
    }
    return BRN_OK;
}

/* ---- all of it ---- */

static brn_status check_names(const brn__csv *csv)
{
    brn__dictionary names = {0};
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < csv->column_count; i++) {
        int32_t code;
        brn__slice name = {csv->names[i], strlen(csv->names[i])};
        status = brn__dictionary_add(&names, name, false, &code);
        if (status == BRN_OK && code != i)
            status = brn__fail(BRN_ERROR_INPUT, "%s: columns %lld and %lld are both called \"%s\"",
                               csv->name, (long long)code + 1, (long long)i + 1, csv->names[i]);
    }
    brn__dictionary_free(&names);
    return status;
}

static brn_status make_table(brn__table_reading *reading)
{
    const brn__csv *csv = reading->csv;
    brn_table *table = brn__alloc_zero(1, sizeof *table);
    if (!table) return BRN_ERROR_NO_MEMORY;
    reading->table = table;
    table->name = brn__strdup(csv->name);
    table->columns = brn__alloc_zero((size_t)csv->column_count, sizeof *table->columns);
    if (!table->name || !table->columns) return BRN_ERROR_NO_MEMORY;
    table->column_count = csv->column_count;
    for (int64_t i = 0; i < csv->column_count; i++) {
        table->columns[i].name = brn__arena_strdup(&table->arena, csv->names[i]);
        if (!table->columns[i].name) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static brn_status make_job(const brn__table_reading *reading, brn__piece_job *job, brn__piece piece)
{
    size_t columns = (size_t)reading->csv->column_count;
    *job = (brn__piece_job){.reading = reading, .piece = piece};
    job->parts = brn__alloc_zero(columns, sizeof *job->parts);
    job->wanted = brn__alloc_array(columns, sizeof *job->wanted);
    if (!job->parts || !job->wanted) return BRN_ERROR_NO_MEMORY;
    memcpy(job->parts, reading->kinds, columns * sizeof *job->parts);
    memset(job->wanted, true, columns);
    return BRN_OK;
}

static brn_status make_jobs(brn__table_reading *reading, size_t piece_bytes, int threads)
{
    const brn__csv *csv = reading->csv;
    if (!piece_bytes) {
        piece_bytes = (size_t)(csv->text.end - csv->body) / ((size_t)threads * 8);
        if (piece_bytes < SMALLEST_PIECE) piece_bytes = SMALLEST_PIECE;
        if (piece_bytes > LARGEST_PIECE) piece_bytes = LARGEST_PIECE;
    }
    brn__piece *pieces;
    int64_t count;
    BRN__TRY(brn__csv_cut(csv, reading->pool, piece_bytes, &pieces, &count));
    reading->jobs = brn__alloc_zero((size_t)count, sizeof *reading->jobs);
    brn_status status = reading->jobs ? BRN_OK : BRN_ERROR_NO_MEMORY;
    reading->job_count = reading->jobs ? count : 0;
    for (int64_t i = 0; status == BRN_OK && i < count; i++) {
        status = make_job(reading, &reading->jobs[i], pieces[i]);
        reading->jobs[i].first = reading->capacity;
        reading->capacity += pieces[i].most;
    }
    brn__free(pieces);
    for (int64_t c = 0; status == BRN_OK && c < csv->column_count; c++)
        status = lay_out(reading, c, reading->kinds[c].type);
    return status;
}

static void free_reading(brn__table_reading *reading)
{
    for (int64_t i = 0; i < reading->job_count; i++) {
        brn__piece_job *job = &reading->jobs[i];
        for (int64_t c = 0; job->parts && c < reading->csv->column_count; c++)
            brn__column_part_clear(&job->parts[c]);
        brn__free(job->parts);
        brn__free(job->wanted);
    }
    brn__free(reading->jobs);
    brn__free(reading->kinds);
    brn__pool_free(reading->pool);
    brn__csv_close(reading->csv);
}

static brn_status open_csv(brn__table_reading *reading, const char *name, const void *bytes,
                           size_t length)
{
    const brn_table_options *options = reading->options;
    brn__csv_options csv = brn__csv_defaults();
    csv.separator = options->separator;
    csv.header = !options->no_header;
    csv.encoding = options->latin1 ? BRN__CSV_LATIN1 : BRN__CSV_UTF8;
    BRN__TRY(bytes ? brn__csv_open_bytes(name, bytes, length, &csv, &reading->csv)
                   : brn__csv_open(name, &csv, &reading->csv));
    reading->rules = (brn__field_rules){.point = options->decimal_comma ? ',' : '.',
                                        .date_order = options->date_order,
                                        .missing = options->missing,
                                        .missing_count = options->missing_count,
                                        .text_begin = reading->csv->text.begin,
                                        .text_end = reading->csv->text.end};
    return check_names(reading->csv);
}

static brn_status read_table(brn__table_reading *reading, size_t piece_bytes)
{
    int threads = reading->options->threads ? reading->options->threads : brn__processor_count();
    if (threads > 1) BRN__TRY(brn__pool_new(threads, 1024, &reading->pool));
    BRN__TRY(make_table(reading));
    BRN__TRY(suggest_types(reading));
    BRN__TRY(make_jobs(reading, piece_bytes, threads));
    BRN__TRY(run_pieces(reading));
    bool again;
    BRN__TRY(settle_types(reading, &again));
    if (again) {
        BRN__TRY(run_pieces(reading));
        BRN__TRY(settle_types(reading, &again));
        if (again)
            return brn__fail(BRN_ERROR_INTERNAL, "%s: types did not settle", reading->csv->name);
    }
    return brn__table_assemble(reading);
}

brn_status brn__table_read(const char *name, const void *bytes, size_t length,
                           const brn_table_options *options, size_t piece_bytes, brn_table **out)
{
    *out = NULL;
    brn__table_reading reading = {.options = options};
    brn_status status = open_csv(&reading, name, bytes, length);
    if (status == BRN_OK) status = read_table(&reading, piece_bytes);
    free_reading(&reading);
    if (status == BRN_OK)
        *out = reading.table;
    else
        brn_table_close(reading.table);
    return status;
}

void brn_table_close(brn_table *table)
{
    if (!table) return;
    for (int64_t i = 0; i < table->column_count; i++) {
        brn__free_aligned(table->columns[i].values);
        brn__free(table->columns[i].missing);
        brn__dictionary_free(&table->columns[i].words);
    }
    brn__free(table->columns);
    brn__arena_free(&table->arena);
    brn__free(table->name);
    brn__free(table);
}
