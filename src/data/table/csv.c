/* SPDX-License-Identifier: Apache-2.0
 * A CSV file as a whole: its text, its header, and one reader from top to bottom. */
#include "base/alloc.h"
#include "base/text.h"
#include "data/table/csv_reader.h"

#include <string.h>

brn__csv_options brn__csv_defaults(void)
{
    return (brn__csv_options){.quote = '"',
                              .header = true,
                              .limit_bytes = (size_t)64 << 30,
                              .limit_field_bytes = (size_t)64 << 20,
                              .limit_columns = 65536};
}

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);
    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

static char separator_of_name(const char *name)
{
    static const char *const endings[] = {".tsv", ".tab", ".tsv.gz", ".tab.gz"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_with(name, endings[i])) return '\t';
    return ',';
}

static brn_status check_options(const char *name, const brn__csv_options *options)
{
    char separator = options->separator;
    if (separator == '\n' || separator == '\r' || (unsigned char)separator >= 0x80)
        return brn__fail(BRN_ERROR_USAGE,
                         "%s: separator %02X; expected one ASCII character, not a line end", name,
                         (unsigned)(unsigned char)separator);
    if (options->quote && options->quote == separator)
        return brn__fail(BRN_ERROR_USAGE, "%s: '%c' can't be both the separator and the quote",
                         name, separator);
    return BRN_OK;
}

static brn_status keep_names(brn__csv *csv, const brn__csv_row *row)
{
    csv->names = brn__arena_alloc(&csv->arena, (size_t)row->count * sizeof *csv->names);
    if (!csv->names) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < row->count; i++) {
        brn__slice field = row->fields[i];
        if (!csv->options.header) field.length = 0;
        csv->names[i] = field.length
                            ? brn__arena_printf(&csv->arena, "%.*s", (int)field.length, field.bytes)
                            : brn__arena_printf(&csv->arena, "column%lld", (long long)i + 1);
        if (!csv->names[i]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

/* Reads the first record for names and their number; without a header it stays to be read. */
static brn_status read_header(brn__csv *csv)
{
    brn__csv_row row;
    brn__csv_reader_init(&csv->reader, csv, csv->text.begin, csv->text.end, 1);
    BRN__TRY(brn__csv_reader_next(&csv->reader, &row));
    if (row.count == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: is empty; expected %s", csv->name,
                         csv->options.header ? "a line with the names of the columns" : "rows");
    BRN__TRY(keep_names(csv, &row));
    csv->column_count = row.count;
    csv->body = csv->options.header ? csv->reader.position : csv->text.begin;
    csv->body_line = csv->options.header ? csv->reader.line : 1;
    csv->reader.position = csv->body;
    csv->reader.line = csv->body_line;
    return BRN_OK;
}

/* Bytes in memory, or NULL: the file of that name. */
typedef struct source {
    const char *bytes;
    size_t length;
} source;

static brn_status open_text(brn__csv *csv, const source *bytes)
{
    BRN__TRY(check_options(csv->name, &csv->options));
    if (bytes)
        BRN__TRY(brn__csv_text_of_bytes(csv->name, bytes->bytes, bytes->length, &csv->options,
                                        &csv->text));
    else
        BRN__TRY(brn__csv_text_of_file(csv->name, &csv->options, &csv->text));
    return read_header(csv);
}

static brn_status open_source(const char *name, const source *bytes,
                              const brn__csv_options *options, brn__csv **out)
{
    *out = NULL;
    brn__csv *csv = brn__alloc_zero(1, sizeof *csv);
    if (!csv) return BRN_ERROR_NO_MEMORY;
    csv->options = *options;
    if (!options->separator) csv->options.separator = separator_of_name(name);
    csv->name = brn__strdup(name);
    brn_status status = csv->name ? open_text(csv, bytes) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) {
        brn__csv_close(csv);
        return status;
    }
    *out = csv;
    return BRN_OK;
}

brn_status brn__csv_open(const char *path, const brn__csv_options *options, brn__csv **out)
{
    return open_source(path, NULL, options, out);
}

brn_status brn__csv_open_bytes(const char *name, const void *bytes, size_t length,
                               const brn__csv_options *options, brn__csv **out)
{
    const source memory = {.bytes = length ? bytes : "", .length = length};
    return open_source(name, &memory, options, out);
}

void brn__csv_close(brn__csv *csv)
{
    if (!csv) return;
    brn__csv_reader_deinit(&csv->reader);
    brn__arena_free(&csv->arena);
    brn__csv_text_free(&csv->text);
    brn__free(csv->name);
    brn__free(csv);
}

int64_t brn__csv_column_count(const brn__csv *csv)
{
    return csv->column_count;
}

const char *brn__csv_column_name(const brn__csv *csv, int64_t column)
{
    return csv->names[column];
}

int64_t brn__csv_column_find(const brn__csv *csv, const char *name)
{
    for (int64_t i = 0; i < csv->column_count; i++)
        if (strcmp(csv->names[i], name) == 0) return i;
    return -1;
}

brn_status brn__csv_column_need(const brn__csv *csv, const char *name, int64_t *out)
{
    *out = brn__csv_column_find(csv, name);
    if (*out >= 0) return BRN_OK;
    brn__text names = {0};
    for (int64_t i = 0; i < csv->column_count && names.length < 400; i++)
        brn__text_printf(&names, "%s%s", i ? ", " : "", csv->names[i]);
    brn_status status = brn__text_finish(&names);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no column \"%s\"; it has %s", csv->name, name,
                           names.bytes);
    brn__text_free(&names);
    return status;
}

brn_status brn__csv_next(brn__csv *csv, brn__csv_row *row)
{
    return brn__csv_reader_next(&csv->reader, row);
}
