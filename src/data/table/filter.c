/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/filter.h"
#include "base/alloc.h"
#include "data/table/levels.h"
#include "data/table/value.h"

#include <string.h>

typedef enum comparison { EQUAL, UNEQUAL, BELOW, AT_MOST, ABOVE, AT_LEAST } comparison;

typedef struct condition {
    const brn__column *column;
    comparison comparison;
    brn__slice text; /* the value */
    double number;   /* of columns of numbers and dates */
} condition;

static brn__slice trim(const char *begin, const char *end)
{
    while (begin < end && *begin == ' ') begin++;
    while (end > begin && end[-1] == ' ') end--;
    return (brn__slice){begin, (size_t)(end - begin)};
}

/* Finds the operator; *length is that of its text. */
static const char *find_operator(const char *text, comparison *out, size_t *length)
{
    static const struct {
        const char *text;
        comparison comparison;
    } operators[] = {{"!=", UNEQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST},
                     {"=", EQUAL},    {"<", BELOW},    {">", ABOVE}};
    const char *place = text + strcspn(text, "!<>=");
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        *length = strlen(operators[i].text);
        *out = operators[i].comparison;
        if (strncmp(place, operators[i].text, *length) == 0) return place;
    }
    return NULL;
}

static brn_status read_value(const brn_table *table, const char *text, condition *out)
{
    const brn__column *column = out->column;
    bool coded = column->type == BRN_COLUMN_TEXT || column->type == BRN_COLUMN_BOOLEAN, good = true;
    int64_t date;
    if (coded)
        good = out->comparison == EQUAL || out->comparison == UNEQUAL;
    else if (column->type == BRN_COLUMN_DATE) {
        good = brn__read_date(out->text, BRN_DATE_YMD, &date);
        out->number = good ? (double)date * 1e-6 : 0;
    } else
        good = brn__read_real(out->text, '.', &out->number);
    if (good) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "\"%s\": column \"%s\" of %s is %s; expected %s", text,
                     column->name, table->name, brn_column_type_name(column->type),
                     coded                             ? "= or !="
                     : column->type == BRN_COLUMN_DATE ? "a date"
                                                       : "a number");
}

static brn_status read_condition(const brn_table *table, const char *text, condition *out)
{
    size_t length;
    const char *operator= find_operator(text, &out->comparison, &length);
    brn__slice name = operator? trim(text, operator) : (brn__slice){text, 0};
    char column[512];
    if (name.length == 0 || name.length >= sizeof column)
        return brn__fail(BRN_ERROR_USAGE, "\"%s\": expected a condition on a column: Sales>0",
                         text);
    memcpy(column, name.bytes, name.length);
    column[name.length] = '\0';
    out->text = trim(operator+ length, text + strlen(text));
    BRN__TRY(brn__table_need(table, column, &out->column));
    return read_value(table, text, out);
}

static bool compare(comparison kind, double a, double b)
{
    switch (kind) {
    case EQUAL: return a == b;
    case UNEQUAL: return a != b;
    case BELOW: return a < b;
    case AT_MOST: return a <= b;
    case ABOVE: return a > b;
    default: return a >= b;
    }
}

static bool holds(const condition *c, int64_t row)
{
    const brn__column *column = c->column;
    if (brn__column_is_missing(column, row)) return false;
    double value;
    if (brn__column_value_bytes(column->type) == 8)
        return brn__number_at(column, row, &value) && compare(c->comparison, value, c->number);
    bool equal, truth;
    if (column->type == BRN_COLUMN_BOOLEAN) {
        equal = brn__read_boolean(c->text, &truth) && truth == (column->codes[row] != 0);
    } else {
        brn__slice word = column->words.words[column->codes[row]];
        equal = word.length == c->text.length && !memcmp(word.bytes, c->text.bytes, word.length);
    }
    return equal == (c->comparison == EQUAL);
}

/* Moves the kept rows of a column up. */
static void keep_column(brn__column *column, const bool *kept, int64_t rows)
{
    size_t bytes = brn__column_value_bytes(column->type);
    char *values = column->values;
    int64_t to = 0;
    column->missing_count = 0;
    for (int64_t row = 0; row < rows; row++) {
        if (!kept[row]) continue;
        bool missing = brn__column_is_missing(column, row);
        memmove(values + (size_t)to * bytes, values + (size_t)row * bytes, bytes);
        if (column->missing) {
            uint64_t bit = (uint64_t)1 << to % 64;
            column->missing[to / 64] = (column->missing[to / 64] & ~bit) | (missing ? bit : 0);
        }
        column->missing_count += missing;
        to++;
    }
}

brn_status brn__table_condition(const brn_table *table, const char *text, bool *out)
{
    condition c;
    BRN__TRY(read_condition(table, text, &c));
    for (int64_t row = 0; row < table->row_count; row++) out[row] = holds(&c, row);
    return BRN_OK;
}

brn__slice brn__condition_column(const char *text)
{
    return trim(text, text + strcspn(text, "!<>="));
}

brn_status brn__table_filter(brn_table *table, const char *text)
{
    bool *kept = brn__alloc_array((size_t)table->row_count, sizeof *kept);
    if (!kept) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__table_condition(table, text, kept);
    if (status != BRN_OK) {
        brn__free(kept);
        return status;
    }
    int64_t count = 0;
    for (int64_t row = 0; row < table->row_count; row++) count += kept[row];
    for (int64_t i = 0; i < table->column_count; i++)
        keep_column(&table->columns[i], kept, table->row_count);
    brn__free(kept);
    table->row_count = count;
    if (count) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: no row meets \"%s\"", table->name, text);
}
