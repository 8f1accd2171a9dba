/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/rows.h"
#include "base/alloc.h"
#include "data/table/csv_reader.h"
#include "data/table/source.h"
#include "data/table/table.h"

#include <string.h>

struct brn__rows {
    brn__csv *csv;      /* or */
    brn_table *table;
    brn__slice *fields; /* of the table's row; owned */
    int64_t next;       /* row of the table */
};

brn_status brn__rows_open_file(const char *path, const brn__csv_options *options, brn__rows **out)
{
    *out = NULL;
    brn__rows *rows = brn__alloc_zero(1, sizeof *rows);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__csv_open(path, options, &rows->csv);
    if (status == BRN_OK)
        *out = rows;
    else
        brn__rows_close(rows);
    return status;
}

static brn_status open_table(const char *source, const char *const *columns, int64_t count, brn__rows *rows)
{
    brn_table_options options = brn_table_defaults();
    brn_column_choice *types = brn__alloc_array((size_t)count + 1, sizeof *types);
    if (!types) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) types[i] = (brn_column_choice){columns[i], BRN_COLUMN_TEXT};
    options.types = types;
    options.type_count = count;
    options.spare_types = true;
    brn_status status = brn_table_open(source, &options, &rows->table);
    brn__free(types);
    BRN__TRY(status);
    rows->fields = brn__alloc_zero((size_t)rows->table->column_count + 1, sizeof *rows->fields);
    return rows->fields ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

brn_status brn__rows_open_database(const char *source, const char *const *columns, int64_t count, brn__rows **out)
{
    *out = NULL;
    brn__rows *rows = brn__alloc_zero(1, sizeof *rows);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    brn_status status = open_table(source, columns, count, rows);
    if (status == BRN_OK)
        *out = rows;
    else
        brn__rows_close(rows);
    return status;
}

void brn__rows_close(brn__rows *rows)
{
    if (!rows) return;
    brn__csv_close(rows->csv);
    brn_table_close(rows->table);
    brn__free(rows->fields);
    brn__free(rows);
}

int64_t brn__rows_column_count(const brn__rows *rows)
{
    return rows->csv ? brn__csv_column_count(rows->csv) : rows->table->column_count;
}

const char *brn__rows_name(const brn__rows *rows, int64_t column)
{
    return rows->csv ? brn__csv_column_name(rows->csv, column) : rows->table->columns[column].name;
}

int64_t brn__rows_find(const brn__rows *rows, const char *name)
{
    return rows->csv ? brn__csv_column_find(rows->csv, name) : brn_table_column_find(rows->table, name);
}

brn_status brn__rows_need(const brn__rows *rows, const char *name, int64_t *out)
{
    const brn__column *column;
    if (rows->csv) return brn__csv_column_need(rows->csv, name, out);
    BRN__TRY(brn__table_need(rows->table, name, &column));
    *out = column - rows->table->columns;
    return BRN_OK;
}

brn_status brn__rows_next(brn__rows *rows, const brn__slice **fields)
{
    brn__csv_row row;
    *fields = NULL;
    if (rows->csv) {
        BRN__TRY(brn__csv_next(rows->csv, &row));
        *fields = row.count ? row.fields : NULL;
        return BRN_OK;
    }
    if (rows->next == rows->table->row_count) return BRN_OK;
    for (int64_t c = 0; c < rows->table->column_count; c++) {
        const brn__column *column = &rows->table->columns[c];
        bool there = column->type == BRN_COLUMN_TEXT && column->codes[rows->next] != BRN__NO_CODE;
        rows->fields[c] = there ? column->words.words[column->codes[rows->next]] : (brn__slice){"", 0};
    }
    rows->next++;
    *fields = rows->fields;
    return BRN_OK;
}

int64_t brn__rows_done(const brn__rows *rows)
{
    return rows->csv ? rows->csv->reader.position - rows->csv->text.begin : 0;
}

brn_status brn__rows_digest(const brn__rows *rows, char hex[65]) { return brn__table_digest(rows->table, hex); }
