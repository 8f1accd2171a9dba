/* SPDX-License-Identifier: Apache-2.0 */
#include "report/run_table.h"
#include "base/alloc.h"
#include "base/files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 20 };

static int64_t count_lines(const char *text)
{
    int64_t lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

/* Cuts the field at *text off, and moves *text behind its comma; NULL at the line's end. */
static char *next_field(char **text)
{
    char *field = *text;
    if (!field) return NULL;
    char *comma = strchr(field, ',');
    if (comma) *comma = '\0';
    *text = comma ? comma + 1 : NULL;
    return field;
}

static brn_status read_names(brn__run_table *table, char *line)
{
    table->names = brn__alloc_zero(BRN__RUN_TABLE_COLUMNS_MAX, sizeof *table->names);
    if (!table->names) return BRN_ERROR_NO_MEMORY;
    next_field(&line);
    for (char *field; (field = next_field(&line)) && table->columns < BRN__RUN_TABLE_COLUMNS_MAX;) {
        table->names[table->columns] = brn__strdup(field);
        if (!table->names[table->columns++]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static double number_of(const char *field)
{
    char *end;
    if (!field || !*field) return NAN;
    double value = strtod(field, &end);
    return *end ? NAN : value;
}

static brn_status read_row(brn__run_table *table, char *line, int64_t capacity)
{
    char *word = next_field(&line);
    table->words[table->rows] = brn__strdup(word);
    if (!table->words[table->rows]) return BRN_ERROR_NO_MEMORY;
    for (int c = 0; c < table->columns; c++)
        table->values[c * capacity + table->rows] = number_of(next_field(&line));
    table->rows++;
    return BRN_OK;
}

static brn_status read_lines(brn__run_table *table, char *text)
{
    const int64_t capacity = count_lines(text) - 1;
    if (capacity < 0) return BRN_OK;
    char *end = strchr(text, '\n');
    *end = '\0';
    BRN__TRY(read_names(table, text));
    table->words = brn__alloc_zero((size_t)capacity + 1, sizeof *table->words);
    table->values = brn__alloc_zero((size_t)(capacity * table->columns) + 1, sizeof *table->values);
    if (!table->words || !table->values) return BRN_ERROR_NO_MEMORY;
    while (table->rows < capacity) {
        text = end + 1;
        end = strchr(text, '\n');
        *end = '\0';
        BRN__TRY(read_row(table, text, capacity));
    }
    return BRN_OK;
}

brn_status brn__run_table_read(const char *path, brn__run_table *out)
{
    char *text;
    *out = (brn__run_table){0};
    BRN__TRY(brn__read_file_if_there(path, FILE_MAX, &text, NULL));
    if (!text) return BRN_OK;
    brn_status status = read_lines(out, text);
    brn__free(text);
    if (status != BRN_OK) brn__run_table_free(out);
    return status;
}

void brn__run_table_free(brn__run_table *table)
{
    for (int c = 0; table->names && c < table->columns; c++) brn__free(table->names[c]);
    for (int64_t r = 0; table->words && r < table->rows; r++) brn__free(table->words[r]);
    brn__free(table->names);
    brn__free(table->words);
    brn__free(table->values);
    *table = (brn__run_table){0};
}

const double *brn__run_table_column(const brn__run_table *table, const char *name)
{
    for (int c = 0; c < table->columns; c++)
        if (strcmp(table->names[c], name) == 0) return table->values + c * table->rows;
    return NULL;
}
