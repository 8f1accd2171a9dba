/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/levels.h"
#include "base/alloc.h"
#include "data/table/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool is_coded(const brn__column *column)
{
    return column->type == BRN_COLUMN_TEXT || column->type == BRN_COLUMN_BOOLEAN;
}

static brn_status number_values(const brn__column *column, int64_t rows, brn__levels *out)
{
    for (int64_t row = 0; row < rows; row++) {
        out->owned[row] = -1;
        if (brn__column_is_missing(column, row)) continue;
        const void *value = column->integers + row;
        static const double zero = 0;
        if (column->type == BRN_COLUMN_REAL && column->reals[row] == 0) value = &zero; /* and -0 */
        brn__slice bytes = {value, sizeof(int64_t)};
        BRN__TRY(brn__dictionary_add(&out->values, bytes, value == &zero, &out->owned[row]));
    }
    out->count = out->values.count;
    return BRN_OK;
}

brn_status brn__levels_of(const brn__column *column, int64_t rows, brn__levels *out)
{
    *out = (brn__levels){.column = column};
    if (is_coded(column)) {
        out->ids = column->codes;
        out->count = column->type == BRN_COLUMN_TEXT ? column->words.count : 2;
        return BRN_OK;
    }
    out->ids = out->owned = brn__alloc_array((size_t)rows, sizeof *out->owned);
    brn_status status = out->owned ? number_values(column, rows, out) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) brn__levels_free(out);
    return status;
}

void brn__levels_free(brn__levels *levels)
{
    brn__free(levels->owned);
    brn__dictionary_free(&levels->values);
    *levels = (brn__levels){0};
}

/* Whole numbers without a point, others with all of their digits. */
brn__slice brn__real_text(double value, char *buffer)
{
    int length = value == floor(value) && fabs(value) < 0x1p63
                     ? snprintf(buffer, BRN__LEVEL_TEXT_BYTES, "%lld", (long long)value)
                     : snprintf(buffer, BRN__LEVEL_TEXT_BYTES, "%.17g", value);
    return (brn__slice){buffer, (size_t)length};
}

static brn__slice text_of_integer(int64_t value, char *buffer)
{
    int length = snprintf(buffer, BRN__LEVEL_TEXT_BYTES, "%lld", (long long)value);
    return (brn__slice){buffer, (size_t)length};
}

static brn__slice text_of_word(brn__slice word, bool as_number, char *buffer)
{
    int64_t integer;
    double real;
    if (as_number && brn__read_integer(word, &integer)) return text_of_integer(integer, buffer);
    if (as_number && brn__read_real(word, '.', &real)) return brn__real_text(real, buffer);
    return word;
}

brn__slice brn__level_text(const brn__levels *levels, int64_t level, bool as_number, char *buffer)
{
    int64_t integer = 0;
    double real;
    if (levels->values.count) memcpy(&integer, levels->values.words[level].bytes, sizeof integer);
    memcpy(&real, &integer, sizeof real);
    switch (levels->column->type) {
    case BRN_COLUMN_INTEGER: return text_of_integer(integer, buffer);
    case BRN_COLUMN_REAL: return brn__real_text(real, buffer);
    case BRN_COLUMN_DATE:
        brn_date_text((double)integer * 1e-6, buffer, BRN__LEVEL_TEXT_BYTES);
        return (brn__slice){buffer, strlen(buffer)};
    case BRN_COLUMN_BOOLEAN: return level ? (brn__slice){"True", 4} : (brn__slice){"False", 5};
    default: return text_of_word(levels->column->words.words[level], as_number, buffer);
    }
}

static int compare_words(brn__slice a, brn__slice b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = memcmp(a.bytes, b.bytes, shorter);
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

int brn__level_compare(const brn__levels *levels, int64_t a, int64_t b)
{
    if (levels->column->type == BRN_COLUMN_TEXT)
        return compare_words(levels->column->words.words[a], levels->column->words.words[b]);
    if (levels->column->type == BRN_COLUMN_BOOLEAN) return (a > b) - (a < b);
    int64_t x, y;
    memcpy(&x, levels->values.words[a].bytes, sizeof x);
    memcpy(&y, levels->values.words[b].bytes, sizeof y);
    if (levels->column->type != BRN_COLUMN_REAL) return (x > y) - (x < y);
    double p, q;
    memcpy(&p, &x, sizeof p);
    memcpy(&q, &y, sizeof q);
    return (p > q) - (p < q);
}

bool brn__number_at(const brn__column *column, int64_t row, double *out)
{
    if (column->type == BRN_COLUMN_TEXT || brn__column_is_missing(column, row)) return false;
    switch (column->type) {
    case BRN_COLUMN_REAL: *out = column->reals[row]; break;
    case BRN_COLUMN_DATE: *out = (double)column->integers[row] * 1e-6; break;
    case BRN_COLUMN_BOOLEAN: *out = column->codes[row]; break;
    default: *out = (double)column->integers[row]; break;
    }
    return isfinite(*out);
}
