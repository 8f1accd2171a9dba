/* SPDX-License-Identifier: Apache-2.0
 * Permutation importance: a column of the table is shuffled with all inputs that come from it. */
#include "base/alloc.h"
#include "base/philox.h"
#include "jobs/table_interpret.h"

#include <math.h>
#include <string.h>

typedef struct shuffle {
    const brn__table_judged *judged;
    const brn_table_interpret_options *options;
    brn__prepared rows; /* those that are shuffled */
    float *kept;        /* (rows, inputs): as they were; owned */
    int64_t *order;     /* (rows); owned */
    brn_table_score base;
} shuffle;

static brn_status begin(shuffle *s)
{
    BRN__TRY(brn__table_judged_draw(s->judged, s->options->rows, s->options->seed, "importance rows",
                                    &s->rows));
    const size_t values = (size_t)(s->rows.rows * (s->rows.category_count + s->rows.number_count));
    s->kept = brn__alloc_array(values, sizeof *s->kept);
    s->order = brn__alloc_array((size_t)s->rows.rows, sizeof *s->order);
    if (!s->kept || !s->order) return BRN_ERROR_NO_MEMORY;
    memcpy(s->kept, s->rows.inputs, values * sizeof *s->kept);
    return brn__table_judged_score(s->judged, &s->rows, &s->base);
}

/* Takes the values of all inputs of a column from the rows that `order` names. */
static void put(shuffle *s, int64_t column, bool shuffled)
{
    const int64_t width = s->rows.category_count + s->rows.number_count;
    for (int64_t input = 0; input < width; input++) {
        if (brn__row_reader_origin(s->judged->model->reader, input) != column) continue;
        for (int64_t row = 0; row < s->rows.rows; row++)
            s->rows.inputs[row * width + input] =
                s->kept[(shuffled ? s->order[row] : row) * width + input];
    }
}

static brn_status score_once(shuffle *s, int64_t column, const char *name, int repeat, double *loss,
                             double *metric)
{
    brn_table_score score;
    brn__random random =
        brn__random_new(brn__philox_key(s->options->seed, name), (uint32_t)repeat, 0, 0);
    for (int64_t i = 0; i < s->rows.rows; i++) s->order[i] = i;
    brn__random_shuffle(&random, s->order, s->rows.rows);
    put(s, column, true);
    BRN__TRY(brn__table_judged_score(s->judged, &s->rows, &score));
    *loss = score.loss - s->base.loss;
    *metric = isnan(score.accuracy) ? score.rmse - s->base.rmse : s->base.accuracy - score.accuracy;
    return BRN_OK;
}

/* Mean, and deviation of the sample, of sums of x and x^2 around the first value. */
static void finish(double first, double sum, double squares, int count, double *mean, double *deviation)
{
    *mean = first + sum / count;
    *deviation = count > 1 ? sqrt(fmax(0, (squares - sum * sum / count) / (count - 1))) : 0;
}

static brn_status measure(shuffle *s, int64_t column, brn_table_importance *out)
{
    double first[2] = {0}, sum[2] = {0}, squares[2] = {0}, found[2];
    out->column = brn__row_reader_column(s->judged->model->reader, column);
    for (int repeat = 0; repeat < s->options->repeats; repeat++) {
        BRN__TRY(score_once(s, column, out->column, repeat, &found[0], &found[1]));
        for (int i = 0; i < 2; i++) {
            if (repeat == 0) first[i] = found[i];
            sum[i] += found[i] - first[i];
            squares[i] += (found[i] - first[i]) * (found[i] - first[i]);
        }
    }
    put(s, column, false);
    finish(first[0], sum[0], squares[0], s->options->repeats, &out->mean, &out->deviation);
    finish(first[1], sum[1], squares[1], s->options->repeats, &out->metric, &out->metric_deviation);
    return BRN_OK;
}

brn_status brn__table_find_importance(const brn__table_judged *judged,
                                      const brn_table_interpret_options *options,
                                      brn__table_steps *steps, brn_table_importance *out)
{
    shuffle s = {.judged = judged, .options = options};
    brn_status status = begin(&s);
    const int64_t columns = brn__row_reader_count(judged->model->reader);
    for (int64_t i = 0; status == BRN_OK && i < columns; i++) {
        status = measure(&s, i, &out[i]);
        if (status == BRN_OK) status = brn__table_step(steps);
    }
    brn__prepared_free(&s.rows);
    brn__free(s.kept);
    brn__free(s.order);
    return status;
}
