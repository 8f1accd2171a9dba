/* SPDX-License-Identifier: Apache-2.0
 * Counts the values of a column. Distinct numbers are counted as words of eight bytes. */
#include "base/alloc.h"
#include "data/table/table.h"
#include "data/table/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct value_counts {
    brn__dictionary values; /* numbers and dates: by their bytes */
    int64_t *count;         /* (distinct), owned */
    int64_t distinct, capacity;
} value_counts;

static brn_status count_code(value_counts *counts, int64_t code)
{
    if (code >= counts->capacity) {
        int64_t capacity = counts->capacity ? 2 * counts->capacity : 256;
        while (capacity <= code) capacity *= 2;
        int64_t *grown = brn__realloc(counts->count, (size_t)capacity * sizeof *grown);
        if (!grown) return BRN_ERROR_NO_MEMORY;
        memset(grown + counts->capacity, 0, (size_t)(capacity - counts->capacity) * sizeof *grown);
        counts->count = grown;
        counts->capacity = capacity;
    }
    counts->count[code]++;
    if (code >= counts->distinct) counts->distinct = code + 1;
    return BRN_OK;
}

static brn_status count_values(const brn__column *column, int64_t rows, value_counts *counts)
{
    bool coded = brn__column_value_bytes(column->type) == sizeof(int32_t);
    for (int64_t row = 0; row < rows; row++) {
        if (brn__column_is_missing(column, row)) continue;
        int32_t code;
        if (coded) {
            code = column->codes[row];
        } else {
            brn__slice value = {(const char *)(column->integers + row), sizeof(int64_t)};
            BRN__TRY(brn__dictionary_add(&counts->values, value, false, &code));
        }
        BRN__TRY(count_code(counts, code));
    }
    return BRN_OK;
}

void brn_date_text(double seconds, char *out, int64_t size)
{
    int64_t whole = (int64_t)floor(seconds), year, month, day;
    int64_t days = whole / 86400 - (whole % 86400 < 0), rest = whole - days * 86400;
    brn__date_of_days(days, &year, &month, &day);
    int used = snprintf(out, (size_t)size, "%04lld-%02lld-%02lld", (long long)year,
                        (long long)month, (long long)day);
    if (rest && used > 0 && used < size)
        snprintf(out + used, (size_t)(size - used), " %02lld:%02lld:%02lld", (long long)rest / 3600,
                 (long long)rest / 60 % 60, (long long)rest % 60);
}

static void copy_word(brn__slice word, char *out)
{
    size_t length = word.length;
    if (length >= BRN_VALUE_TEXT_BYTES) length = BRN_VALUE_TEXT_BYTES - 1;
    while (length < word.length && length && ((unsigned char)word.bytes[length] & 0xC0) == 0x80)
        length--;
    memcpy(out, word.bytes, length);
    out[length] = '\0';
}

static void value_text(const brn__column *column, const value_counts *counts, int64_t code,
                       char *out)
{
    int64_t integer = 0;
    double real;
    if (counts->values.count) memcpy(&integer, counts->values.words[code].bytes, sizeof integer);
    memcpy(&real, &integer, sizeof real);
    switch (column->type) {
    case BRN_COLUMN_INTEGER: snprintf(out, BRN_VALUE_TEXT_BYTES, "%lld", (long long)integer); break;
    case BRN_COLUMN_REAL: snprintf(out, BRN_VALUE_TEXT_BYTES, "%.10g", real); break;
    case BRN_COLUMN_DATE: brn_date_text((double)integer * 1e-6, out, BRN_VALUE_TEXT_BYTES); break;
    case BRN_COLUMN_BOOLEAN:
        snprintf(out, BRN_VALUE_TEXT_BYTES, "%s", code ? "True" : "False");
        break;
    default: copy_word(column->words.words[code], out); break;
    }
}

/* The largest counts, each taken out once it is told. */
static void choose_top(const brn__column *column, value_counts *counts, brn_column_summary *out)
{
    while (out->top_count < BRN_TOP_VALUES) {
        int64_t best = -1;
        for (int64_t i = 0; i < counts->distinct; i++)
            if (counts->count[i] > (best < 0 ? 0 : counts->count[best])) best = i;
        if (best < 0) return;
        brn_value_count *top = &out->top[out->top_count++];
        top->count = counts->count[best];
        counts->count[best] = 0;
        value_text(column, counts, best, top->text);
    }
}

/* Two passes: the mean first, then the squares around it. */
static void measure(const brn__column *column, int64_t rows, brn_column_summary *out)
{
    double sum = 0, squares = 0;
    int64_t count = 0;
    bool date = column->type == BRN_COLUMN_DATE, real = column->type == BRN_COLUMN_REAL;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t row = 0; row < rows; row++) {
            double value = real ? column->reals[row] : (double)column->integers[row];
            if (date) value *= 1e-6;
            if (brn__column_is_missing(column, row) || !isfinite(value)) continue;
            if (pass) {
                squares += (value - out->mean) * (value - out->mean);
                continue;
            }
            if (count++ == 0) out->minimum = out->maximum = value;
            if (value < out->minimum) out->minimum = value;
            if (value > out->maximum) out->maximum = value;
            sum += value;
        }
        if (pass == 0) out->mean = count ? sum / (double)count : (double)NAN;
    }
    if (date)
        out->mean = (double)NAN;
    else if (count > 1)
        out->deviation = sqrt(squares / (double)(count - 1));
}

brn_status brn_table_summarise(const brn_table *table, int64_t number, brn_column_summary *out)
{
    const brn__column *column = &table->columns[number];
    *out = (brn_column_summary){.name = column->name,
                                .type = column->type,
                                .count = table->row_count,
                                .missing = column->missing_count,
                                .minimum = (double)NAN,
                                .mean = (double)NAN,
                                .maximum = (double)NAN,
                                .deviation = (double)NAN};
    value_counts counts = {0};
    brn_status status = count_values(column, table->row_count, &counts);
    if (status == BRN_OK) {
        for (int64_t i = 0; i < counts.distinct; i++) out->distinct += counts.count[i] > 0;
        choose_top(column, &counts, out);
        if (brn__column_value_bytes(column->type) == 8) measure(column, table->row_count, out);
    }
    brn__dictionary_free(&counts.values);
    brn__free(counts.count);
    return status;
}
