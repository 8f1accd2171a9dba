/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/row_reader.h"
#include "base/alloc.h"
#include "data/table/date_parts.h"
#include "data/table/levels.h"
#include "data/table/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NO_PART = -1 };

/* Where a column of the preparation comes from. */
typedef struct origin {
    int64_t column; /* of the row */
    int part;       /* of a date, or NO_PART */
} origin;

struct brn__row_reader {
    const brn__preparation *preparation; /* borrowed */
    brn__field_rules rules;
    const char **columns; /* (count), owned; names are the preparation's */
    int64_t count;
    origin *categories, *numbers; /* owned */
    brn__dictionary *values;      /* (categories): code i is value i; owned */
};

/* ---- what comes from where ---- */

static int64_t column_of(brn__row_reader *reader, const char *name)
{
    for (int64_t i = 0; i < reader->count; i++)
        if (strcmp(reader->columns[i], name) == 0) return i;
    reader->columns[reader->count] = name;
    return reader->count++;
}

static origin origin_of(brn__row_reader *reader, const char *name)
{
    const brn__preparation *p = reader->preparation;
    for (int64_t i = 0; i < p->date_count; i++) {
        for (int part = 0; part < BRN__DATE_PART_COUNT; part++) {
            char part_name[512];
            brn__date_part_name(p->dates[i].name, part, part_name, sizeof part_name);
            if (strcmp(part_name, name) == 0)
                return (origin){column_of(reader, p->dates[i].name), part};
        }
    }
    return (origin){column_of(reader, name), NO_PART};
}

static brn_status index_category(const brn__category_column *category, brn__dictionary *out)
{
    for (int64_t i = 0; i < category->count; i++) {
        int32_t code;
        brn__slice value = {category->values[i], strlen(category->values[i])};
        BRN__TRY(brn__dictionary_add(out, value, false, &code));
    }
    return BRN_OK;
}

static brn_status build(brn__row_reader *reader)
{
    const brn__preparation *p = reader->preparation;
    size_t categories = (size_t)p->category_count, numbers = (size_t)p->number_count;
    reader->columns = brn__alloc_array(categories + numbers, sizeof *reader->columns);
    reader->categories = brn__alloc_array(categories, sizeof *reader->categories);
    reader->numbers = brn__alloc_array(numbers, sizeof *reader->numbers);
    reader->values = brn__alloc_zero(categories, sizeof *reader->values);
    if (!reader->columns || !reader->categories || !reader->numbers || !reader->values)
        return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < p->category_count; i++) {
        const brn__category_column *category = &p->categories[i];
        reader->categories[i] =
            origin_of(reader, category->source ? category->source : category->name);
        BRN__TRY(index_category(category, &reader->values[i]));
    }
    for (int64_t i = 0; i < p->number_count; i++)
        reader->numbers[i] = origin_of(reader, p->numbers[i].name);
    return BRN_OK;
}

brn_status brn__row_reader_new(const brn__preparation *preparation, const brn__field_rules *rules,
                               brn__row_reader **out)
{
    *out = NULL;
    brn__row_reader *reader = brn__alloc_zero(1, sizeof *reader);
    if (!reader) return BRN_ERROR_NO_MEMORY;
    reader->preparation = preparation;
    reader->rules = *rules;
    brn_status status = build(reader);
    if (status == BRN_OK)
        *out = reader;
    else
        brn__row_reader_free(reader);
    return status;
}

void brn__row_reader_free(brn__row_reader *reader)
{
    if (!reader) return;
    for (int64_t i = 0; reader->values && i < reader->preparation->category_count; i++)
        brn__dictionary_free(&reader->values[i]);
    brn__free(reader->values);
    brn__free(reader->columns);
    brn__free(reader->categories);
    brn__free(reader->numbers);
    brn__free(reader);
}

int64_t brn__row_reader_count(const brn__row_reader *reader)
{
    return reader->count;
}

const char *brn__row_reader_column(const brn__row_reader *reader, int64_t index)
{
    return index >= 0 && index < reader->count ? reader->columns[index] : NULL;
}

int64_t brn__row_reader_origin(const brn__row_reader *reader, int64_t input)
{
    const int64_t categories = reader->preparation->category_count;
    return input < categories ? reader->categories[input].column
                              : reader->numbers[input - categories].column;
}

/* ---- one row ---- */

static brn__slice field_of(const char *const *values, int64_t column)
{
    const char *text = values[column];
    return text ? (brn__slice){text, strlen(text)} : (brn__slice){"", 0};
}

static brn_status wrong(const brn__row_reader *reader, int64_t column, brn__slice field,
                        const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "column \"%s\": \"%.*s\"; expected %s",
                     reader->columns[column], (int)(field.length < 60 ? field.length : 60),
                     field.bytes, expected);
}

/* *there is false for what counts as missing. */
static brn_status number_of(const brn__row_reader *reader, origin from, brn__slice field,
                            double *out, bool *there)
{
    int64_t date;
    bool truth;
    *there = !brn__field_is_missing(&reader->rules, field);
    if (!*there) return BRN_OK;
    if (from.part != NO_PART) {
        if (!brn__read_date(field, reader->rules.date_order, &date))
            return wrong(reader, from.column, field, "a date");
        *out = (double)brn__date_part_at(from.part, date);
    } else if (brn__read_real(field, reader->rules.point, out)) {
        /* what a number nearly always is */
    } else if (brn__read_boolean(field, &truth)) {
        *out = truth;
    } else if (brn__read_date(field, reader->rules.date_order, &date)) {
        *out = (double)date * 1e-6;
    } else {
        return wrong(reader, from.column, field, "a number");
    }
    *there = isfinite(*out);
    return BRN_OK;
}

/* The text under which a value stands among the categories. */
static brn__slice category_text(const brn__row_reader *reader, brn_column_type type,
                                brn__slice field, char *buffer)
{
    double real;
    int64_t integer;
    bool truth;
    if (type == BRN_COLUMN_BOOLEAN && brn__read_boolean(field, &truth))
        return truth ? (brn__slice){"True", 4} : (brn__slice){"False", 5};
    if (type == BRN_COLUMN_DATE && brn__read_date(field, reader->rules.date_order, &integer)) {
        brn_date_text((double)integer * 1e-6, buffer, BRN__LEVEL_TEXT_BYTES);
        return (brn__slice){buffer, strlen(buffer)};
    }
    if (type != BRN_COLUMN_INTEGER && type != BRN_COLUMN_REAL) return field;
    if (brn__read_integer(field, &integer)) {
        int length = snprintf(buffer, BRN__LEVEL_TEXT_BYTES, "%lld", (long long)integer);
        return (brn__slice){buffer, (size_t)length};
    }
    return brn__read_real(field, reader->rules.point, &real) ? brn__real_text(real, buffer) : field;
}

static brn_status code_of(const brn__row_reader *reader, int64_t category, brn__slice field,
                          float *out)
{
    const brn__category_column *column = &reader->preparation->categories[category];
    origin from = reader->categories[category];
    char buffer[BRN__LEVEL_TEXT_BYTES];
    double number = 0;
    bool there;
    *out = 0;
    if (column->source) {
        BRN__TRY(number_of(reader, from, field, &number, &there));
        *out = there ? 1 : 2;
        return BRN_OK;
    }
    bool truth_part = from.part != NO_PART && brn__date_part_type(from.part) == BRN_COLUMN_BOOLEAN;
    if (from.part != NO_PART) {
        BRN__TRY(number_of(reader, from, field, &number, &there));
        if (!there && !truth_part) return BRN_OK; /* a truth about no date is false */
        field = truth_part ? (number != 0 ? (brn__slice){"True", 4} : (brn__slice){"False", 5})
                           : brn__real_text(number, buffer);
    } else {
        if (brn__field_is_missing(&reader->rules, field)) return BRN_OK;
        field = category_text(reader, column->type, field, buffer);
    }
    *out = (float)(brn__dictionary_find(&reader->values[category], field) + 1);
    return BRN_OK;
}

brn_status brn__row_reader_read(const brn__row_reader *reader, const char *const *values,
                                float *inputs)
{
    const brn__preparation *p = reader->preparation;
    for (int64_t i = 0; i < p->category_count; i++)
        BRN__TRY(code_of(reader, i, field_of(values, reader->categories[i].column), &inputs[i]));
    for (int64_t i = 0; i < p->number_count; i++) {
        const brn__number_column *number = &p->numbers[i];
        double value = 0;
        bool there;
        BRN__TRY(number_of(reader, reader->numbers[i], field_of(values, reader->numbers[i].column),
                           &value, &there));
        if (!there) value = number->fill;
        inputs[p->category_count + i] = (float)((value - number->mean) / number->deviation);
    }
    return BRN_OK;
}
