/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/row_numbers.h"
#include "base/alloc.h"

static const char NAME[] = "";

brn_status brn__table_number_rows(brn_table *table)
{
    brn__column *columns =
        brn__realloc(table->columns, (size_t)(table->column_count + 1) * sizeof *columns);
    if (!columns) return BRN_ERROR_NO_MEMORY;
    table->columns = columns;
    int64_t *numbers = brn__alloc_aligned((size_t)table->row_count * sizeof *numbers);
    if (!numbers) return BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; row < table->row_count; row++) numbers[row] = row + 1;
    columns[table->column_count++] =
        (brn__column){.name = NAME, .type = BRN_COLUMN_INTEGER, .integers = numbers};
    return BRN_OK;
}

int64_t brn__table_row_number(const brn_table *table, int64_t row)
{
    int64_t column = brn_table_column_find(table, NAME);
    return column < 0 ? row + 1 : table->columns[column].integers[row];
}
