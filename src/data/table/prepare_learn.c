/* SPDX-License-Identifier: Apache-2.0
 * Learning a preparation: what each column is for, the categories, the fills and the scales. */
#include "base/alloc.h"
#include "data/table/date_parts.h"
#include "data/table/levels.h"
#include "data/table/prepare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAMELIKE = 20 }; /* words of which most are different are names, when there are more */

typedef enum role { IGNORED, CATEGORY, NUMBER, TARGET } role;

typedef struct learning {
    brn_table *table;
    const bool *training;
    const brn__prepare_options *options;
    brn__preparation *out;
    int64_t training_rows;
    role *roles; /* (columns), owned */
} learning;

brn__prepare_options brn__prepare_defaults(void)
{
    return (brn__prepare_options){.max_cardinality = 20};
}

static bool is_among(const char *name, const char *const *names, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static bool is_named(const brn__prepare_options *o, const char *name)
{
    return is_among(name, o->categories, o->category_count) ||
           is_among(name, o->numbers, o->number_count);
}

/* ---- categories ---- */

/* The levels that training rows have, sorted; owned by the caller. */
static brn_status trained_levels(const learning *l, const brn__levels *levels, int64_t **out,
                                 int64_t *count)
{
    bool *seen = brn__alloc_zero((size_t)levels->count, sizeof *seen);
    int64_t *list = brn__alloc_array((size_t)levels->count, sizeof *list);
    *out = list;
    *count = 0;
    if (seen && list) {
        for (int64_t row = 0; row < l->table->row_count; row++)
            if (l->training[row] && levels->ids[row] >= 0) seen[levels->ids[row]] = true;
        for (int64_t i = 0; i < levels->count; i++)
            if (seen[i]) list[(*count)++] = i;
    }
    brn__free(seen);
    return seen && list ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static int compare_levels(const void *a, const void *b, void *levels)
{
    return brn__level_compare(levels, *(const int64_t *)a, *(const int64_t *)b);
}

static brn_status keep_values(learning *l, brn__levels *levels, int64_t *list,
                              brn__category_column *out)
{
    brn__arena *arena = &l->out->arena;
    qsort_r(list, (size_t)out->count, sizeof *list, compare_levels, levels);
    out->values = brn__arena_alloc(arena, (size_t)(out->count + 1) * sizeof *out->values);
    if (!out->values) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < out->count; i++) {
        char buffer[BRN__LEVEL_TEXT_BYTES];
        brn__slice text = brn__level_text(levels, list[i], false, buffer);
        char *copy = brn__arena_alloc(arena, text.length + 1);
        if (!copy) return BRN_ERROR_NO_MEMORY;
        memcpy(copy, text.bytes, text.length);
        out->values[i] = copy;
    }
    return BRN_OK;
}

static brn_status learn_category(learning *l, const brn__column *column, brn__category_column *out)
{
    *out = (brn__category_column){.name = brn__arena_strdup(&l->out->arena, column->name),
                                  .type = column->type};
    if (!out->name) return BRN_ERROR_NO_MEMORY;
    brn__levels levels;
    BRN__TRY(brn__levels_of(column, l->table->row_count, &levels));
    int64_t *list = NULL;
    brn_status status = trained_levels(l, &levels, &list, &out->count);
    if (status == BRN_OK && out->count >= BRN__MOST_CATEGORIES)
        status = brn__fail(
            BRN_ERROR_INPUT, "%s: column \"%s\" has %lld categories; at most %d are possible",
            l->table->name, column->name, (long long)out->count, BRN__MOST_CATEGORIES - 1);
    if (status == BRN_OK) status = keep_values(l, &levels, list, out);
    brn__free(list);
    brn__levels_free(&levels);
    return status;
}

/* ---- what each column is for ---- */

static brn_status count_levels(const learning *l, const brn__column *column, int64_t *out)
{
    brn__levels levels;
    int64_t *list = NULL;
    BRN__TRY(brn__levels_of(column, l->table->row_count, &levels));
    brn_status status = trained_levels(l, &levels, &list, out);
    brn__free(list);
    brn__levels_free(&levels);
    return status;
}

static brn_status role_by_type(const learning *l, const brn__column *column, role *out)
{
    int64_t different;
    switch (column->type) {
    case BRN_COLUMN_REAL: *out = NUMBER; return BRN_OK;
    case BRN_COLUMN_BOOLEAN: *out = CATEGORY; return BRN_OK;
    case BRN_COLUMN_DATE: *out = IGNORED; return BRN_OK; /* its parts are columns of their own */
    case BRN_COLUMN_INTEGER:
        BRN__TRY(count_levels(l, column, &different));
        *out = different > l->options->max_cardinality ? NUMBER : CATEGORY;
        return BRN_OK;
    default:
        BRN__TRY(count_levels(l, column, &different));
        *out = different > NAMELIKE && different * 2 > l->training_rows ? IGNORED : CATEGORY;
        return BRN_OK;
    }
}

static brn_status need_all(const learning *l, const char *const *names, int64_t count)
{
    const brn__column *column;
    for (int64_t i = 0; i < count; i++) BRN__TRY(brn__table_need(l->table, names[i], &column));
    return BRN_OK;
}

static brn_status choose_role(const learning *l, const brn__column *column, role *out)
{
    const brn__prepare_options *o = l->options;
    *out = IGNORED;
    if ((o->target && strcmp(o->target, column->name) == 0) ||
        is_among(column->name, o->more_targets, o->more_target_count)) {
        *out = TARGET;
    } else if (is_among(column->name, o->numbers, o->number_count)) {
        *out = NUMBER;
        if (column->type == BRN_COLUMN_TEXT)
            return brn__fail(BRN_ERROR_INPUT, "%s: column \"%s\" is text; expected numbers",
                             l->table->name, column->name);
    } else if (is_among(column->name, o->categories, o->category_count)) {
        *out = CATEGORY;
    } else if (!o->only_named && !is_among(column->name, o->ignored, o->ignored_count)) {
        return role_by_type(l, column, out);
    }
    return BRN_OK;
}

static brn_status choose_roles(learning *l)
{
    const brn__prepare_options *o = l->options;
    BRN__TRY(need_all(l, o->categories, o->category_count));
    BRN__TRY(need_all(l, o->numbers, o->number_count));
    BRN__TRY(need_all(l, o->ignored, o->ignored_count));
    if (o->target) BRN__TRY(need_all(l, &o->target, 1));
    BRN__TRY(need_all(l, o->more_targets, o->more_target_count));
    l->roles = brn__alloc_array((size_t)l->table->column_count, sizeof *l->roles);
    if (!l->roles) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < l->table->column_count; i++)
        BRN__TRY(choose_role(l, &l->table->columns[i], &l->roles[i]));
    return BRN_OK;
}

/* Is a part of this date asked for by name? */
static bool part_is_named(const learning *l, const char *date)
{
    for (int part = 0; part < BRN__DATE_PART_COUNT; part++) {
        char name[512];
        brn__date_part_name(date, part, name, sizeof name);
        if (is_named(l->options, name)) return true;
    }
    return false;
}

static brn_status learn_dates(learning *l)
{
    const brn__prepare_options *o = l->options;
    int64_t columns = l->table->column_count;
    l->out->dates = brn__arena_alloc(&l->out->arena, (size_t)columns * sizeof *l->out->dates);
    if (!l->out->dates) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < columns; i++) {
        const brn__column *column = &l->table->columns[i];
        if (column->type != BRN_COLUMN_DATE || is_named(o, column->name) ||
            is_among(column->name, o->ignored, o->ignored_count) ||
            (o->target && strcmp(o->target, column->name) == 0) ||
            is_among(column->name, o->more_targets, o->more_target_count) ||
            (o->only_named && !part_is_named(l, column->name)))
            continue;
        brn__date_column *date = &l->out->dates[l->out->date_count++];
        date->time = brn__column_has_time(column, l->table->row_count);
        date->name = brn__arena_strdup(&l->out->arena, column->name);
        if (!date->name) return BRN_ERROR_NO_MEMORY;
        BRN__TRY(brn__table_add_date_parts(l->table, date->name, date->time));
    }
    return BRN_OK;
}

/* ---- numbers ---- */

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle, or the mean of the two middle ones; 0 of nothing. */
static double median_of(double *values, int64_t count)
{
    if (count == 0) return 0;
    qsort(values, (size_t)count, sizeof *values, compare_reals);
    double high = values[count / 2];
    return count % 2 ? high : (values[count / 2 - 1] + high) / 2;
}

/* Mean and deviation of the training rows with gaps filled; two passes. */
static void measure(const learning *l, const brn__column *column, brn__number_column *out)
{
    for (int pass = 0; pass < 2; pass++) {
        double sum = 0;
        for (int64_t row = 0; row < l->table->row_count; row++) {
            double value;
            if (!l->training[row]) continue;
            if (!brn__number_at(column, row, &value)) value = out->fill;
            sum += pass ? (value - out->mean) * (value - out->mean) : value;
        }
        if (pass == 0)
            out->mean = sum / (double)l->training_rows;
        else
            out->deviation = sum > 0 ? sqrt(sum / (double)l->training_rows) + 1e-7 : 1;
    }
}

static brn_status learn_number(learning *l, const brn__column *column, brn__number_column *out,
                               bool *gaps)
{
    *out = (brn__number_column){.name = brn__arena_strdup(&l->out->arena, column->name)};
    double *values = brn__alloc_array((size_t)l->training_rows, sizeof *values);
    if (!out->name || !values) {
        brn__free(values);
        return BRN_ERROR_NO_MEMORY;
    }
    int64_t count = 0;
    for (int64_t row = 0; row < l->table->row_count; row++)
        if (l->training[row] && brn__number_at(column, row, &values[count])) count++;
    *gaps = count < l->training_rows;
    out->fill = median_of(values, count);
    brn__free(values);
    measure(l, column, out);
    return BRN_OK;
}

/* NAME_na: false or true, which training rows both have, or true alone. */
static brn_status add_indicator(learning *l, const char *source)
{
    static const char *const values[] = {"False", "True"};
    brn__category_column *out = &l->out->categories[l->out->category_count++];
    *out = (brn__category_column){.name = brn__arena_printf(&l->out->arena, "%s_na", source),
                                  .source = source,
                                  .type = BRN_COLUMN_BOOLEAN,
                                  .count = 2};
    out->values = brn__arena_copy(&l->out->arena, values, sizeof values);
    return out->name && out->values ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status learn_columns(learning *l)
{
    brn__preparation *out = l->out;
    size_t columns = (size_t)l->table->column_count;
    out->categories = brn__arena_alloc(&out->arena, 2 * columns * sizeof *out->categories);
    out->numbers = brn__arena_alloc(&out->arena, columns * sizeof *out->numbers);
    bool *gaps = brn__alloc_zero(columns, sizeof *gaps);
    brn_status status = out->categories && out->numbers && gaps ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < l->table->column_count; i++) {
        const brn__column *column = &l->table->columns[i];
        if (l->roles[i] == CATEGORY)
            status = learn_category(l, column, &out->categories[out->category_count++]);
        if (l->roles[i] != NUMBER) continue;
        status =
            learn_number(l, column, &out->numbers[out->number_count], &gaps[out->number_count]);
        out->number_count++;
    }
    for (int64_t i = 0; status == BRN_OK && i < out->number_count; i++)
        if (gaps[i]) status = add_indicator(l, out->numbers[i].name);
    brn__free(gaps);
    return status;
}

/* ---- the target ---- */

static brn_status learn_class_target(learning *l, const brn__column *column)
{
    l->out->target_kind = BRN__TARGET_CLASS;
    if (l->options->target_log)
        return brn__fail(BRN_ERROR_USAGE, "column \"%s\" is a class: it has no logarithm",
                         column->name);
    BRN__TRY(learn_category(l, column, &l->out->classes));
    if (l->out->classes.count >= 2) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: the target \"%s\" has %lld different value%s in the training rows; "
                     "expected at least 2",
                     l->table->name, column->name, (long long)l->out->classes.count,
                     l->out->classes.count == 1 ? "" : "s");
}

static void learn_number_target(learning *l, const brn__column *column)
{
    brn__preparation *out = l->out;
    out->target_kind = BRN__TARGET_NUMBER;
    out->target_low = (double)INFINITY;
    out->target_high = (double)-INFINITY;
    for (int64_t row = 0; row < l->table->row_count; row++) {
        double value;
        if (!l->training[row] || !brn__number_at(column, row, &value)) continue;
        if (l->options->target_log) value = log(value);
        if (value < out->target_low) out->target_low = value;
        if (value > out->target_high) out->target_high = value;
    }
}

/* Every training row needs a value that can be learned. */
static brn_status check_target(const learning *l, const brn__column *column)
{
    bool number = l->out->target_kind == BRN__TARGET_NUMBER;
    for (int64_t row = 0; row < l->table->row_count; row++) {
        double value = 1;
        bool there =
            number ? brn__number_at(column, row, &value) : !brn__column_is_missing(column, row);
        if (!l->training[row] || (there && (!l->options->target_log || value > 0))) continue;
        return brn__fail(BRN_ERROR_INPUT, "%s: row %lld: the target \"%s\" is %s", l->table->name,
                         (long long)row + 1, column->name,
                         there ? "not above 0: it has no logarithm"
                               : "missing; expected a value in every row");
    }
    return BRN_OK;
}

/* ---- several targets ---- */

/* True and False, or 0 and 1 alone. */
static bool holds_truths(const learning *l, const brn__column *column)
{
    double value;
    if (column->type != BRN_COLUMN_BOOLEAN && column->type != BRN_COLUMN_INTEGER) return false;
    for (int64_t row = 0; row < l->table->row_count; row++)
        if (brn__number_at(column, row, &value) && value != 0 && value != 1) return false;
    return true;
}

static brn_status measure_target(const learning *l, const brn__column *column,
                                 brn__target_column *out)
{
    double sums[2] = {0, 0}, value;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t row = 0; row < l->table->row_count; row++) {
            if (!l->training[row] || !brn__number_at(column, row, &value)) continue;
            if (l->out->target_log) value = log(value);
            sums[pass] += pass ? (value - out->mean) * (value - out->mean) : value;
        }
        if (pass == 0) out->mean = sums[0] / (double)l->training_rows;
    }
    out->deviation = sums[1] > 0 ? sqrt(sums[1] / (double)l->training_rows) : 1;
    return check_target(l, column);
}

static brn_status learn_targets(learning *l)
{
    brn__preparation *out = l->out;
    const int64_t count = 1 + l->options->more_target_count;
    out->targets = brn__arena_alloc(&out->arena, (size_t)count * sizeof *out->targets);
    if (!out->targets) return BRN_ERROR_NO_MEMORY;
    out->target_kind = BRN__TARGET_NUMBER;
    out->target_count = count;
    out->target_truths = !l->options->target_log;
    for (int64_t i = 0; i < count; i++) {
        const char *name = i ? l->options->more_targets[i - 1] : l->options->target;
        const brn__column *column;
        BRN__TRY(brn__table_need(l->table, name, &column));
        if (column->type == BRN_COLUMN_TEXT || column->type == BRN_COLUMN_DATE)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: the target \"%s\" is %s; several targets are numbers or truths",
                             l->table->name, name, brn_column_type_name(column->type));
        out->targets[i] = (brn__target_column){brn__arena_strdup(&out->arena, name), 0, 1};
        if (!out->targets[i].name) return BRN_ERROR_NO_MEMORY;
        out->target_truths = out->target_truths && holds_truths(l, column);
    }
    for (int64_t i = 0; i < count; i++) {
        const brn__column *column;
        BRN__TRY(brn__table_need(l->table, out->targets[i].name, &column));
        BRN__TRY(measure_target(l, column, &out->targets[i]));
        if (out->target_truths) out->targets[i].mean = 0, out->targets[i].deviation = 1;
    }
    return BRN_OK;
}

static brn_status learn_target(learning *l)
{
    if (!l->options->target) return BRN_OK;
    const brn__column *column;
    BRN__TRY(brn__table_need(l->table, l->options->target, &column));
    l->out->target = brn__arena_strdup(&l->out->arena, column->name);
    if (!l->out->target) return BRN_ERROR_NO_MEMORY;
    l->out->target_log = l->options->target_log;
    if (l->options->more_target_count) return learn_targets(l);
    int64_t different = 0;
    if (column->type == BRN_COLUMN_INTEGER) BRN__TRY(count_levels(l, column, &different));
    bool words = column->type == BRN_COLUMN_TEXT || column->type == BRN_COLUMN_BOOLEAN;
    bool is_class = l->options->target_class || words ||
                    (column->type == BRN_COLUMN_INTEGER && different == 2 && !l->out->target_log);
    if (is_class)
        BRN__TRY(learn_class_target(l, column));
    else
        learn_number_target(l, column);
    return check_target(l, column);
}

static brn_status learn(learning *l)
{
    for (int64_t row = 0; row < l->table->row_count; row++) l->training_rows += l->training[row];
    if (l->training_rows == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no rows to learn from", l->table->name);
    BRN__TRY(learn_dates(l));
    BRN__TRY(choose_roles(l));
    BRN__TRY(learn_columns(l));
    if (l->out->category_count + l->out->number_count == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: no columns to learn from", l->table->name);
    return learn_target(l);
}

brn_status brn__prepare_learn(brn_table *table, const bool *training,
                              const brn__prepare_options *options, brn__preparation **out)
{
    *out = NULL;
    learning l = {.table = table, .training = training, .options = options};
    l.out = brn__alloc_zero(1, sizeof *l.out);
    brn_status status = l.out ? learn(&l) : BRN_ERROR_NO_MEMORY;
    brn__free(l.roles);
    if (status == BRN_OK)
        *out = l.out;
    else
        brn__preparation_free(l.out);
    return status;
}

void brn__preparation_free(brn__preparation *preparation)
{
    if (!preparation) return;
    brn__events_free(preparation->events);
    brn__arena arena = preparation->arena;
    brn__arena_free(&arena);
    brn__free(preparation);
}
