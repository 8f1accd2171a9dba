/* SPDX-License-Identifier: Apache-2.0
 * Partial dependence: one input is given the same value in all sampled rows, and the answers are averaged. */
#include "base/alloc.h"
#include "jobs/table_interpret.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PERCENTILE = .05; /* of both ends, beyond which numbers are rare */
enum { PRESENT = 1 };                 /* the code of an indicator of gaps where there is none */

typedef struct probe {
    const brn__table_judged *judged;
    const brn_table_interpret_options *options;
    brn__table_steps *steps;
    brn__arena *arena;
    brn__prepared rows; /* (n): the sample; inputs are changed and put back */
    float *kept;        /* (n): the input's own values; owned */
    float *answers;     /* (n, K); owned */
} probe;

static int64_t input_count(const brn__prepared *p)
{
    return p->category_count + p->number_count;
}

/* ------------------------------------------------------------------ the mean answer */

static brn_status average(probe *p, double *means)
{
    const int64_t width = p->judged->width;
    BRN__TRY(brn__table_judged_answers(p->judged, &p->rows, p->answers));
    for (int64_t k = 0; k < width; k++) {
        double sum = 0;
        for (int64_t row = 0; row < p->rows.rows; row++) sum += (double)p->answers[row * width + k];
        means[k] = sum / (double)p->rows.rows;
    }
    return BRN_OK;
}

static void set_all(probe *p, int64_t input, float value)
{
    for (int64_t row = 0; row < p->rows.rows; row++)
        p->rows.inputs[row * input_count(&p->rows) + input] = value;
}

/* The indicator of the gaps of number column `number`, or -1. */
static int64_t indicator_of(const brn__preparation *preparation, int64_t number)
{
    for (int64_t i = 0; i < preparation->category_count; i++) {
        const char *source = preparation->categories[i].source;
        if (source && strcmp(source, preparation->numbers[number].name) == 0) return i;
    }
    return -1;
}

/* Answers at each of the `values` that the network sees. */
static brn_status probe_input(probe *p, int64_t input, int64_t indicator, const float *values,
                              brn_table_dependence *out)
{
    const int64_t stride = input_count(&p->rows);
    out->width = p->judged->width;
    double *answers = brn__arena_alloc(p->arena, (size_t)(out->count * out->width) * sizeof *answers);
    float *gaps = brn__alloc_array((size_t)p->rows.rows, sizeof *gaps);
    brn_status status = answers && gaps ? BRN_OK : BRN_ERROR_NO_MEMORY;
    out->answers = answers;
    for (int64_t row = 0; status == BRN_OK && row < p->rows.rows; row++) {
        p->kept[row] = p->rows.inputs[row * stride + input];
        gaps[row] = indicator < 0 ? 0 : p->rows.inputs[row * stride + indicator];
    }
    if (status == BRN_OK && indicator >= 0) set_all(p, indicator, PRESENT);
    for (int64_t i = 0; status == BRN_OK && i < out->count; i++) {
        set_all(p, input, values[i]);
        status = average(p, answers + i * out->width);
    }
    for (int64_t row = 0; status == BRN_OK && row < p->rows.rows; row++) {
        p->rows.inputs[row * stride + input] = p->kept[row];
        if (indicator >= 0) p->rows.inputs[row * stride + indicator] = gaps[row];
    }
    brn__free(gaps);
    return status;
}

/* ------------------------------------------------------------------ categories */

typedef struct value_share {
    int64_t code, count;
} value_share;

static int by_count(const void *a, const void *b)
{
    const value_share *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->code < y->code ? -1 : 1;
}

static int by_code(const void *a, const void *b)
{
    const value_share *x = a, *y = b;
    return (x->code > y->code) - (x->code < y->code);
}

/* The values that judged rows have, most frequent first, cut to the options' number; then, where they are no
 * words, in their own order. *out is owned by the caller. */
static brn_status count_values(const probe *p, int64_t input, value_share **out, int64_t *count)
{
    const brn__category_column *category = &p->judged->model->preparation->categories[input];
    const brn__prepared *all = &p->judged->prepared;
    value_share *values = brn__alloc_zero((size_t)category->count + 1, sizeof *values);
    if (!values) return BRN_ERROR_NO_MEMORY;
    for (int64_t code = 0; code <= category->count; code++) values[code].code = code;
    for (int64_t i = 0; i < p->judged->count; i++)
        values[(int64_t)all->inputs[p->judged->rows[i] * input_count(all) + input]].count++;
    qsort(values, (size_t)category->count + 1, sizeof *values, by_count);
    *count = 0;
    while (*count <= category->count && *count < p->options->values && values[*count].count > 0)
        (*count)++;
    if (category->type != BRN_COLUMN_TEXT) qsort(values, (size_t)*count, sizeof *values, by_code);
    *out = values;
    return BRN_OK;
}

static brn_status fill_category(const probe *p, int64_t input, const value_share *values,
                                float *codes, brn_table_dependence *out)
{
    const brn__category_column *category = &p->judged->model->preparation->categories[input];
    double *at = brn__arena_alloc(p->arena, (size_t)out->count * sizeof *at);
    double *shares = brn__arena_alloc(p->arena, (size_t)out->count * sizeof *shares);
    const char **names = brn__arena_alloc(p->arena, (size_t)out->count * sizeof *names);
    if (!at || !shares || !names) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < out->count; i++) {
        codes[i] = (float)values[i].code;
        at[i] = (double)i;
        shares[i] = (double)values[i].count / (double)p->judged->count;
        names[i] = values[i].code ? category->values[values[i].code - 1] : "#na#";
    }
    out->at = at;
    out->shares = shares;
    out->values = names;
    return BRN_OK;
}

static brn_status find_category(probe *p, int64_t input, brn_table_dependence *out)
{
    value_share *values;
    *out = (brn_table_dependence){.column = p->judged->model->preparation->categories[input].name,
                                  .category = true};
    BRN__TRY(count_values(p, input, &values, &out->count));
    float *codes = brn__alloc_array((size_t)out->count, sizeof *codes);
    brn_status status = codes ? fill_category(p, input, values, codes, out) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = probe_input(p, input, -1, codes, out);
    brn__free(codes);
    brn__free(values);
    return status;
}

/* ------------------------------------------------------------------ numbers */

static int by_size(const void *a, const void *b)
{
    const float *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Values that judged rows have, without those of gaps, rising. */
static int64_t gather_numbers(const probe *p, int64_t input, int64_t indicator, float *out)
{
    const brn__prepared *all = &p->judged->prepared;
    int64_t count = 0;
    for (int64_t i = 0; i < p->judged->count; i++) {
        const float *row = all->inputs + p->judged->rows[i] * input_count(all);
        if (indicator < 0 || row[indicator] == (float)PRESENT) out[count++] = row[input];
    }
    qsort(out, (size_t)count, sizeof *out, by_size);
    return count;
}

/* Linear between the two nearest of sorted values, as NumPy's and scikit-learn's. */
static double percentile(const float *sorted, int64_t count, double share)
{
    const double place = share * (double)(count - 1);
    const int64_t below = (int64_t)place;
    const double high = sorted[below + 1 < count ? below + 1 : below], low = sorted[below];
    return low + (place - (double)below) * (high - low);
}

/* Replaces the sorted values (count) by the points, whose number it gives. */
static int64_t choose_points(float *values, int64_t count, int most)
{
    const double low = count ? percentile(values, count, PERCENTILE) : 0;
    const double high = count ? percentile(values, count, 1 - PERCENTILE) : 0;
    int64_t different = 0;
    for (int64_t i = 0; i < count; i++) {
        if (i > 0 && values[i] == values[different - 1]) continue;
        if (different == most && low < high) { /* too many */
            for (int point = 0; point < most; point++)
                values[point] = (float)(low + (high - low) * point / (most - 1));
            return most;
        }
        if (different == most) return different;
        values[different++] = values[i];
    }
    return different;
}

/* The input's float32 has some six digits of the column's range: what lies below is noise. */
static double in_column_units(const brn__number_column *column, float value)
{
    const double size = fmax(fabs(column->mean), column->deviation);
    const double step = pow(10, floor(log10(size)) - 5);
    return rint(((double)value * column->deviation + column->mean) / step) * step;
}

static brn_status find_number(probe *p, int64_t number, brn_table_dependence *out)
{
    const brn__preparation *preparation = p->judged->model->preparation;
    const brn__number_column *column = &preparation->numbers[number];
    const int64_t input = preparation->category_count + number;
    const int64_t indicator = indicator_of(preparation, number);
    const size_t room = (size_t)(p->judged->count > p->options->points ? p->judged->count : p->options->points);
    *out = (brn_table_dependence){.column = column->name};
    float *values = brn__alloc_array(room, sizeof *values);
    if (!values) return BRN_ERROR_NO_MEMORY;
    const int64_t count = gather_numbers(p, input, indicator, values);
    out->count = choose_points(values, count, p->options->points);
    double *at = brn__arena_alloc(p->arena, ((size_t)out->count + 1) * sizeof *at);
    for (int64_t i = 0; at && i < out->count; i++)
        at[i] = in_column_units(column, values[i]);
    out->at = at;
    brn_status status = at ? probe_input(p, input, indicator, values, out) : BRN_ERROR_NO_MEMORY;
    brn__free(values);
    return status;
}

/* ------------------------------------------------------------------ all of them */

int64_t brn__table_dependence_count(const brn__preparation *preparation)
{
    int64_t count = preparation->number_count;
    for (int64_t i = 0; i < preparation->category_count; i++)
        count += preparation->categories[i].source == NULL;
    return count;
}

static brn_status find_all(probe *p, brn_table_dependence *out)
{
    const brn__preparation *preparation = p->judged->model->preparation;
    for (int64_t i = 0; i < preparation->category_count + preparation->number_count; i++) {
        if (i < preparation->category_count) {
            if (preparation->categories[i].source) continue;
            BRN__TRY(find_category(p, i, out++));
        } else {
            BRN__TRY(find_number(p, i - preparation->category_count, out++));
        }
        BRN__TRY(brn__table_step(p->steps));
    }
    return BRN_OK;
}

brn_status brn__table_find_dependence(const brn__table_judged *judged,
                                      const brn_table_interpret_options *options,
                                      brn__table_steps *steps, brn__arena *arena,
                                      brn_table_dependence *out)
{
    probe p = {.judged = judged, .options = options, .steps = steps, .arena = arena};
    BRN__TRY(brn__table_judged_draw(judged, options->sample, options->seed, "dependence rows", &p.rows));
    p.kept = brn__alloc_array((size_t)p.rows.rows, sizeof *p.kept);
    p.answers = brn__alloc_array((size_t)(p.rows.rows * judged->model->network.outputs),
                                 sizeof *p.answers);
    brn_status status = p.kept && p.answers ? find_all(&p, out) : BRN_ERROR_NO_MEMORY;
    brn__prepared_free(&p.rows);
    brn__free(p.kept);
    brn__free(p.answers);
    return status;
}
