/* SPDX-License-Identifier: Apache-2.0
 * Applying a preparation, one column at a time, into rows. */
#include "base/alloc.h"
#include "data/table/date_parts.h"
#include "data/table/levels.h"
#include "data/table/prepare.h"

#include <math.h>
#include <string.h>

static brn_status index_values(const brn__category_column *category, brn__dictionary *out)
{
    for (int64_t i = 0; i < category->count; i++) {
        int32_t code;
        brn__slice value = {category->values[i], strlen(category->values[i])};
        BRN__TRY(brn__dictionary_add(out, value, false, &code));
    }
    return BRN_OK;
}

static bool is_number_type(brn_column_type type)
{
    return type == BRN_COLUMN_INTEGER || type == BRN_COLUMN_REAL;
}

/* codes[level] is the value's place in the category, -1 when training did not see it. */
static brn_status match_levels(const brn__category_column *category, const brn__levels *levels,
                               int32_t *codes)
{
    brn__dictionary index = {0};
    brn_status status = index_values(category, &index);
    for (int64_t i = 0; status == BRN_OK && i < levels->count; i++) {
        char buffer[BRN__LEVEL_TEXT_BYTES];
        brn__slice text = brn__level_text(levels, i, is_number_type(category->type), buffer);
        codes[i] = (int32_t)brn__dictionary_find(&index, text);
    }
    brn__dictionary_free(&index);
    return status;
}

/* Place of each row's value in the category, -1 where it is missing or unknown. Owned by caller. */
static brn_status match_rows(const brn__category_column *category, const brn__column *column,
                             int64_t rows, int32_t **out)
{
    brn__levels levels;
    BRN__TRY(brn__levels_of(column, rows, &levels));
    int32_t *codes = brn__alloc_array((size_t)levels.count + 1, sizeof *codes);
    int32_t *places = brn__alloc_array((size_t)rows, sizeof *places);
    brn_status status =
        codes && places ? match_levels(category, &levels, codes) : BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; status == BRN_OK && row < rows; row++)
        places[row] = levels.ids[row] < 0 ? -1 : codes[levels.ids[row]];
    brn__free(codes);
    brn__levels_free(&levels);
    if (status == BRN_OK)
        *out = places;
    else
        brn__free(places);
    return status;
}

static brn_status put_category(const brn__category_column *category, const brn_table *table,
                               float *to, int64_t stride)
{
    const brn__column *column;
    BRN__TRY(brn__table_need(table, category->source ? category->source : category->name, &column));
    if (category->source) {
        double value;
        for (int64_t row = 0; row < table->row_count; row++)
            to[row * stride] = brn__number_at(column, row, &value) ? 1 : 2;
        return BRN_OK;
    }
    int32_t *places;
    BRN__TRY(match_rows(category, column, table->row_count, &places));
    for (int64_t row = 0; row < table->row_count; row++)
        to[row * stride] = (float)(places[row] + 1);
    brn__free(places);
    return BRN_OK;
}

static brn_status put_number(const brn__number_column *number, const brn_table *table, float *to,
                             int64_t stride)
{
    const brn__column *column;
    BRN__TRY(brn__table_need(table, number->name, &column));
    if (column->type == BRN_COLUMN_TEXT)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: column \"%s\" holds text (\"%.*s\"); expected numbers", table->name,
                         number->name, (int)column->words.words[0].length,
                         column->words.words[0].bytes);
    for (int64_t row = 0; row < table->row_count; row++) {
        double value;
        if (!brn__number_at(column, row, &value)) value = number->fill;
        to[row * stride] = (float)((value - number->mean) / number->deviation);
    }
    return BRN_OK;
}

static brn_status bad_target(const brn_table *table, const char *target, int64_t row,
                             const char *what)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: row %lld: the target \"%s\" %s", table->name,
                     (long long)row + 1, target, what);
}

static brn_status put_classes(const brn__preparation *p, const brn_table *table,
                              const brn__column *column, brn__prepared *out)
{
    out->classes = brn__alloc_array((size_t)table->row_count, sizeof *out->classes);
    if (!out->classes) return BRN_ERROR_NO_MEMORY;
    int32_t *places;
    BRN__TRY(match_rows(&p->classes, column, table->row_count, &places));
    brn_status status = BRN_OK;
    for (int64_t row = 0; status == BRN_OK && row < table->row_count; row++) {
        out->classes[row] = places[row];
        if (places[row] < 0)
            status = bad_target(table, p->target, row,
                                brn__column_is_missing(column, row)
                                    ? "is missing; expected a value in every row"
                                    : "is a class that no training row has");
    }
    brn__free(places);
    return status;
}

/* Of target `place` of those that a row has. */
static brn_status put_numbers(const brn__preparation *p, const brn_table *table,
                              const brn__column *column, const brn__target_column *target,
                              int64_t place, brn__prepared *out)
{
    for (int64_t row = 0; row < table->row_count; row++) {
        double value;
        if (!brn__number_at(column, row, &value))
            return bad_target(table, target->name, row,
                              "is missing; expected a number in every row");
        if (p->target_log && !(value > 0))
            return bad_target(table, target->name, row, "is not above 0: it has no logarithm");
        if (p->target_log) value = log(value);
        out->numbers[row * out->target_width + place] =
            (float)((value - target->mean) / target->deviation);
    }
    return BRN_OK;
}

static brn_status put_all_numbers(const brn__preparation *p, const brn_table *table,
                                  brn__prepared *out)
{
    const brn__target_column only = {p->target, 0, 1};
    const brn__target_column *targets = p->target_count ? p->targets : &only;
    const brn__column *column;
    out->target_width = p->target_count ? p->target_count : 1;
    out->numbers = brn__alloc_array((size_t)(table->row_count * out->target_width), sizeof(float));
    if (!out->numbers) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < out->target_width; i++) {
        BRN__TRY(brn__table_need(table, targets[i].name, &column));
        BRN__TRY(put_numbers(p, table, column, &targets[i], i, out));
    }
    return BRN_OK;
}

static brn_status put_target(const brn__preparation *p, const brn_table *table, brn__prepared *out)
{
    const brn__column *column;
    if (p->target_kind != BRN__TARGET_CLASS) return put_all_numbers(p, table, out);
    BRN__TRY(brn__table_need(table, p->target, &column));
    return put_classes(p, table, column, out);
}

static brn_status add_dates(const brn__preparation *p, brn_table *table)
{
    for (int64_t i = 0; i < p->date_count; i++)
        BRN__TRY(brn__table_add_date_parts(table, p->dates[i].name, p->dates[i].time));
    return BRN_OK;
}

static brn_status apply(const brn__preparation *p, brn_table *table, bool with_target,
                        brn__prepared *out)
{
    int64_t width = out->category_count + out->number_count;
    BRN__TRY(add_dates(p, table));
    out->inputs = brn__alloc_array((size_t)(table->row_count * width), sizeof *out->inputs);
    if (!out->inputs) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < p->category_count; i++)
        BRN__TRY(put_category(&p->categories[i], table, out->inputs + i, width));
    for (int64_t i = 0; i < p->number_count; i++)
        BRN__TRY(put_number(&p->numbers[i], table, out->inputs + p->category_count + i, width));
    return with_target && p->target ? put_target(p, table, out) : BRN_OK;
}

brn_status brn__prepare_apply(const brn__preparation *preparation, brn_table *table,
                              bool with_target, brn__prepared *out)
{
    *out = (brn__prepared){.rows = table->row_count,
                           .category_count = preparation->category_count,
                           .number_count = preparation->number_count};
    brn_status status = apply(preparation, table, with_target, out);
    if (status != BRN_OK) brn__prepared_free(out);
    return status;
}

void brn__prepared_free(brn__prepared *prepared)
{
    brn__free(prepared->inputs);
    brn__free(prepared->numbers);
    brn__free(prepared->classes);
    *prepared = (brn__prepared){0};
}
