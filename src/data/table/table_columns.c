/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "data/table/table.h"

#include <string.h>

int64_t brn_table_row_count(const brn_table *table)
{
    return table->row_count;
}

int64_t brn_table_column_count(const brn_table *table)
{
    return table->column_count;
}

const char *brn_table_column_name(const brn_table *table, int64_t column)
{
    return table->columns[column].name;
}

brn_column_type brn_table_column_type(const brn_table *table, int64_t column)
{
    return table->columns[column].type;
}

int64_t brn_table_column_find(const brn_table *table, const char *name)
{
    for (int64_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0) return i;
    return -1;
}

brn_column_values brn_table_column_values(const brn_table *table, int64_t column)
{
    const brn__column *c = &table->columns[column];
    const bool wholes = c->type == BRN_COLUMN_INTEGER || c->type == BRN_COLUMN_DATE, reals = c->type == BRN_COLUMN_REAL;
    return (brn_column_values){.integers = wholes ? c->integers : NULL,
                               .reals = reals ? c->reals : NULL,
                               .codes = wholes || reals ? NULL : c->codes,
                               .missing = c->missing,
                               .missing_count = c->missing_count,
                               .word_count = c->type == BRN_COLUMN_TEXT ? c->words.count : 0};
}

const char *brn_table_column_word(const brn_table *table, int64_t column, int64_t code, int64_t *length)
{
    const brn__slice word = table->columns[column].words.words[code];
    *length = (int64_t)word.length;
    return word.bytes;
}

brn_status brn__table_need(const brn_table *table, const char *name, const brn__column **out)
{
    int64_t column = brn_table_column_find(table, name);
    if (column >= 0) {
        *out = &table->columns[column];
        return BRN_OK;
    }
    brn__text names = {0};
    for (int64_t i = 0; i < table->column_count && names.length < 400; i++)
        brn__text_printf(&names, "%s%s", i ? ", " : "", table->columns[i].name);
    brn_status status = brn__text_finish(&names);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_INPUT, "%s: no column \"%s\"; it has %s", table->name, name,
                           names.bytes);
    brn__text_free(&names);
    return status;
}
