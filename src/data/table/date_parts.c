/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/date_parts.h"
#include "base/alloc.h"
#include "data/table/value.h"

#include <stdio.h>
#include <string.h>

enum { SECONDS_OF_DAY = 86400, MICROSECONDS = 1000000 };

typedef struct moment {
    int64_t days, year, month, day, second; /* of the day */
    int64_t day_of_year;                    /* from 1 */
    int64_t weekday;                        /* Monday = 0 */
    int64_t month_length;
} moment;

static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static moment moment_of(int64_t microseconds)
{
    moment m;
    int64_t seconds = divide_down(microseconds, MICROSECONDS);
    m.days = divide_down(seconds, SECONDS_OF_DAY);
    m.second = seconds - m.days * SECONDS_OF_DAY;
    brn__date_of_days(m.days, &m.year, &m.month, &m.day);
    m.day_of_year = m.days - brn__days_of_date(m.year, 1, 1) + 1;
    m.weekday = m.days + 3 - 7 * divide_down(m.days + 3, 7); /* 1970-01-01 was a Thursday */
    m.month_length = brn__days_in_month(m.year, m.month);
    return m;
}

/* A week belongs to the year of its Thursday. */
static int64_t iso_week(const moment *m)
{
    int64_t thursday = m->days - m->weekday + 3, year, month, day;
    brn__date_of_days(thursday, &year, &month, &day);
    return (thursday - brn__days_of_date(year, 1, 1)) / 7 + 1;
}

/* clang-format off */
#define DATE_PARTS(X)                                                                              \
    X("Year", INTEGER, m->year)                                                                    \
    X("Month", INTEGER, m->month)                                                                  \
    X("Week", INTEGER, iso_week(m))                                                                \
    X("Day", INTEGER, m->day)                                                                      \
    X("Dayofweek", INTEGER, m->weekday)                                                            \
    X("Dayofyear", INTEGER, m->day_of_year)                                                        \
    X("Is_month_end", BOOLEAN, m->day == m->month_length)                                          \
    X("Is_month_start", BOOLEAN, m->day == 1)                                                      \
    X("Is_quarter_end", BOOLEAN, m->month % 3 == 0 && m->day == m->month_length)                   \
    X("Is_quarter_start", BOOLEAN, m->month % 3 == 1 && m->day == 1)                               \
    X("Is_year_end", BOOLEAN, m->month == 12 && m->day == 31)                                      \
    X("Is_year_start", BOOLEAN, m->month == 1 && m->day == 1)                                      \
    X("Hour", INTEGER, m->second / 3600)                                                           \
    X("Minute", INTEGER, m->second / 60 % 60)                                                      \
    X("Second", INTEGER, m->second % 60)                                                           \
    X("Elapsed", INTEGER, m->days * SECONDS_OF_DAY + m->second)
/* clang-format on */

enum { FIRST_OF_TIME = 12, PAST_TIME = 15 };

static int64_t part_of(int part, const moment *m)
{
    int number = 0;
#define X(name, type, value)                                                                       \
    if (part == number++) return value;
    DATE_PARTS(X)
#undef X
    return 0;
}

static const struct {
    const char *name;
    brn_column_type type;
} parts[BRN__DATE_PART_COUNT] = {
#define X(name, type, value) {name, BRN_COLUMN_##type},
    DATE_PARTS(X)
#undef X
};

void brn__date_part_name(const char *column, int part, char *out, size_t size)
{
    size_t length = strlen(column);
    if (length >= 4 &&
        (!strcmp(column + length - 4, "Date") || !strcmp(column + length - 4, "date")))
        length -= 4;
    snprintf(out, size, "%.*s%s", (int)length, column, parts[part].name);
}

brn_column_type brn__date_part_type(int part)
{
    return parts[part].type;
}

int64_t brn__date_part_at(int part, int64_t microseconds)
{
    moment m = moment_of(microseconds);
    return part_of(part, &m);
}

bool brn__column_has_time(const brn__column *column, int64_t rows)
{
    const int64_t day = (int64_t)SECONDS_OF_DAY * MICROSECONDS;
    for (int64_t row = 0; row < rows; row++)
        if (column->integers[row] % day) return true;
    return false;
}

static brn_status copy_missing(const brn__column *date, int64_t rows, brn__column *out)
{
    if (!date->missing || out->type == BRN_COLUMN_BOOLEAN) return BRN_OK;
    size_t words = ((size_t)rows + 63) / 64;
    out->missing = brn__alloc_array(words, sizeof *out->missing);
    if (!out->missing) return BRN_ERROR_NO_MEMORY;
    memcpy(out->missing, date->missing, words * sizeof *out->missing);
    out->missing_count = date->missing_count;
    return BRN_OK;
}

static void fill_part(const brn__column *date, int part, int64_t rows, brn__column *out)
{
    for (int64_t row = 0; row < rows; row++) {
        bool missing = brn__column_is_missing(date, row);
        moment m = moment_of(date->integers[row]);
        int64_t value = missing ? 0 : part_of(part, &m);
        if (out->type == BRN_COLUMN_BOOLEAN)
            out->codes[row] = (int32_t)value;
        else
            out->integers[row] = value;
    }
}

/* Appends the column of one part. `date` points into an array that does not move here. */
static brn_status add_part(brn_table *table, const brn__column *date, int part)
{
    char name[512];
    brn__date_part_name(date->name, part, name, sizeof name);
    if (brn_table_column_find(table, name) >= 0) return BRN_OK;
    brn__column *out = &table->columns[table->column_count];
    *out = (brn__column){.name = brn__arena_strdup(&table->arena, name), .type = parts[part].type};
    out->values = brn__alloc_aligned((size_t)table->row_count * brn__column_value_bytes(out->type));
    table->column_count++;
    if (!out->name || !out->values) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(copy_missing(date, table->row_count, out));
    fill_part(date, part, table->row_count, out);
    return BRN_OK;
}

brn_status brn__table_add_date_parts(brn_table *table, const char *name, bool time)
{
    const brn__column *date;
    BRN__TRY(brn__table_need(table, name, &date));
    if (date->type != BRN_COLUMN_DATE)
        return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" is %s; expected dates", table->name,
                         name, brn_column_type_name(date->type));
    int64_t number = date - table->columns;
    brn__column *columns = brn__realloc(
        table->columns, (size_t)(table->column_count + BRN__DATE_PART_COUNT) * sizeof *columns);
    if (!columns) return BRN_ERROR_NO_MEMORY;
    table->columns = columns;
    for (int part = 0; part < BRN__DATE_PART_COUNT; part++)
        if (time || part < FIRST_OF_TIME || part >= PAST_TIME)
            BRN__TRY(add_part(table, &table->columns[number], part));
    return BRN_OK;
}
