/* SPDX-License-Identifier: Apache-2.0
 * What a model of tables goes by: the whole of an interpretation, and the rows that it gets wrong. */
#include "jobs/table_interpret.h"
#include "base/alloc.h"
#include "data/table/row_numbers.h"
#include "train/metric_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEAST_PROBABILITY = 1e-30;

struct brn__table_kept {
    brn__arena arena;
};

brn_table_interpret_options brn_table_interpret_defaults(void)
{
    return (brn_table_interpret_options){.repeats = 5,
                                         .rows = 20000,
                                         .sample = 500,
                                         .points = 20,
                                         .values = 100,
                                         .worst = 10,
                                         .seed = 42};
}

static brn_status check(const brn_table_interpret_options *o)
{
    const struct {
        const char *name;
        int64_t value, low, high;
    } ranges[] = {{"repeats", o->repeats, 1, 1000}, {"rows", o->rows, 2, 1000000000},
                  {"sample", o->sample, 2, 1000000000}, {"points", o->points, 2, 1000},
                  {"values", o->values, 1, 100000}, {"worst", o->worst, 0, 100000}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].value < ranges[i].low || ranges[i].value > ranges[i].high)
            return brn__fail(BRN_ERROR_USAGE, "interpret: %s %lld; expected %lld to %lld", ranges[i].name,
                             (long long)ranges[i].value, (long long)ranges[i].low, (long long)ranges[i].high);
    return BRN_OK;
}

brn_status brn__table_step(brn__table_steps *steps)
{
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = ++steps->done;
    event.batches = steps->all;
    return brn__progress_send(&steps->progress, event);
}

/* ------------------------------------------------------------------ names */

static const char *const *copy_texts(brn__arena *arena, const char *const *texts, int64_t count)
{
    const char **copies = brn__arena_alloc(arena, ((size_t)count + 1) * sizeof *copies);
    for (int64_t i = 0; copies && i < count; i++) {
        copies[i] = brn__arena_strdup(arena, texts[i]);
        if (!copies[i]) return NULL;
    }
    return copies;
}

static brn_status keep_names(const brn__table_judged *judged, brn__arena *arena, brn_table_interpretation *out)
{
    const brn_table_model *model = judged->model;
    const brn__category_column *classes = &model->preparation->classes;
    out->target = brn__arena_strdup(arena, judged->target);
    out->class_count = classes->count;
    out->classes = copy_texts(arena, classes->values, classes->count);
    out->column_count = brn__row_reader_count(model->reader);
    const char **columns = brn__arena_alloc(arena, ((size_t)out->column_count + 1) * sizeof *columns);
    out->columns = columns;
    if (!out->target || !out->classes || !columns) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < out->column_count; i++) {
        columns[i] = brn__arena_strdup(arena, brn__row_reader_column(model->reader, i));
        if (!columns[i]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static bool is_used(const brn__preparation *p, const brn_table_interpretation *found, const char *name)
{
    bool used = strcmp(name, p->target) == 0 || !*name; /* the numbers of rows have no name */
    for (int64_t k = 0; k < p->target_count; k++) used = used || strcmp(p->targets[k].name, name) == 0;
    for (int64_t i = 0; i < found->column_count; i++) used = used || strcmp(found->columns[i], name) == 0;
    return used;
}

static brn_status keep_unused(const brn__table_judged *judged, brn__arena *arena, brn_table_interpretation *out)
{
    const brn_table *table = judged->table;
    const char **unused = brn__arena_alloc(arena, ((size_t)table->column_count + 1) * sizeof *unused);
    if (!unused) return BRN_ERROR_NO_MEMORY;
    out->unused = unused;
    for (int64_t i = 0; i < judged->own_columns; i++) {
        if (is_used(judged->model->preparation, out, table->columns[i].name)) continue;
        unused[out->unused_count] = brn__arena_strdup(arena, table->columns[i].name);
        if (!unused[out->unused_count++]) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ answers to all rows */

static brn_table_worst judge_class(const float *p, int64_t classes, int64_t label)
{
    const int64_t guess = brn__largest(p, classes);
    return (brn_table_worst){.truth = NAN,
                             .answer = NAN,
                             .label = label,
                             .guess = guess,
                             .probability = (double)p[guess],
                             .label_probability = (double)p[label],
                             .loss = log(1 / fmax((double)p[label], LEAST_PROBABILITY))};
}

static brn_table_worst judge_number(double answer, double truth)
{
    return (brn_table_worst){.truth = truth,
                             .answer = answer,
                             .label = -1,
                             .guess = -1,
                             .probability = NAN,
                             .label_probability = NAN,
                             .loss = fabs(answer - truth)};
}

static int by_loss(const void *a, const void *b)
{
    const brn_table_worst *x = a, *y = b;
    if (x->loss != y->loss) return x->loss > y->loss ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static brn_status add_values(const brn__table_judged *judged, brn__arena *arena,
                             const brn_table_interpretation *found, brn_table_worst *worst)
{
    const char **values = brn__arena_alloc(arena, ((size_t)found->column_count + 1) * sizeof *values);
    if (!values) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < found->column_count; i++) {
        const int64_t column = brn_table_column_find(judged->table, found->columns[i]);
        values[i] = column < 0 ? "" : brn__table_value_text(judged->table, column, worst->row, arena);
        if (!values[i]) return BRN_ERROR_NO_MEMORY;
    }
    worst->values = values;
    worst->row = brn__table_row_number(judged->table, worst->row);
    return BRN_OK;
}

static brn_status keep_worst(const brn__table_judged *judged, brn__arena *arena, int64_t most,
                             brn_table_worst *all, brn_table_interpretation *out)
{
    qsort(all, (size_t)judged->count, sizeof *all, by_loss);
    out->worst_count = judged->count < most ? judged->count : most;
    brn_table_worst *worst = brn__arena_copy(arena, all, (size_t)out->worst_count * sizeof *worst);
    if (!worst) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < out->worst_count; i++)
        BRN__TRY(add_values(judged, arena, out, &worst[i]));
    out->worst = worst;
    return BRN_OK;
}

/* `answers` (count, K) in the order of the judged rows. */
static brn_status judge_all(const brn__table_judged *judged, brn__arena *arena, const float *answers,
                            brn_table_worst *all, brn_table_interpretation *out)
{
    const int64_t width = judged->width, classes = out->class_count;
    int64_t *confusion = classes ? brn__arena_alloc(arena, (size_t)(classes * classes) * sizeof *confusion) : NULL;
    double *pairs = classes ? NULL : brn__arena_alloc(arena, 2 * (size_t)judged->count * sizeof *pairs);
    if (!confusion && !pairs) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < judged->count; i++) {
        const int64_t row = judged->rows[i];
        if (classes) {
            all[i] = judge_class(answers + i * width, width, judged->prepared.classes[row]);
            confusion[all[i].label * classes + all[i].guess]++;
        } else {
            all[i] = judge_number((double)answers[i], brn__table_judged_truth(judged, row));
            pairs[i] = all[i].truth;
            pairs[judged->count + i] = all[i].answer;
        }
        all[i].row = row;
    }
    out->confusion = confusion;
    out->truths = pairs;
    out->answers = pairs ? pairs + judged->count : NULL;
    return BRN_OK;
}

static brn_status find_mistakes(const brn__table_judged *judged, brn__arena *arena, int64_t most,
                                brn_table_interpretation *out)
{
    brn__prepared rows = {0};
    out->count = judged->count;
    float *answers = brn__alloc_array((size_t)(judged->count * judged->width), sizeof *answers);
    brn_table_worst *all = brn__alloc_array((size_t)judged->count, sizeof *all);
    brn_status status = answers && all ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__table_judged_draw(judged, judged->count, 0, "", &rows);
    if (status == BRN_OK) status = brn__table_judged_score(judged, &rows, &out->score);
    if (status == BRN_OK) status = brn__table_judged_answers(judged, &rows, answers);
    if (status == BRN_OK) status = judge_all(judged, arena, answers, all, out);
    if (status == BRN_OK) status = keep_worst(judged, arena, most, all, out);
    brn__prepared_free(&rows);
    brn__free(answers);
    brn__free(all);
    return status;
}

/* ------------------------------------------------------------------ what matters */

static int by_growth(const void *a, const void *b)
{
    const brn_table_importance *x = a, *y = b;
    const int order = (x->mean < y->mean) - (x->mean > y->mean);
    return order ? order : strcmp(x->column, y->column);
}

static brn_status find_importance(const brn__table_judged *judged, const brn_table_interpret_options *o,
                                  brn__table_steps *steps, brn__arena *arena, brn_table_interpretation *out)
{
    brn_table_importance *all = brn__arena_alloc(arena, (size_t)out->column_count * sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__table_find_importance(judged, o, steps, all));
    for (int64_t i = 0; i < out->column_count; i++) all[i].column = out->columns[i];
    qsort(all, (size_t)out->column_count, sizeof *all, by_growth);
    out->importance = all;
    out->importance_count = out->column_count;
    return BRN_OK;
}

/* The name of the table's column that an input comes from. */
static const char *source_of(const brn_table_model *model, int64_t input)
{
    return brn__row_reader_column(model->reader, brn__row_reader_origin(model->reader, input));
}

/* Puts dependence, which comes in the order of inputs, into that of the importance. */
static brn_status order_dependence(const brn_table_model *model, const brn_table_dependence *found,
                                   brn__arena *arena, brn_table_interpretation *out)
{
    const brn__preparation *p = model->preparation;
    brn_table_dependence *all = brn__arena_alloc(arena, ((size_t)out->dependence_count + 1) * sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    int64_t placed = 0;
    for (int64_t i = 0; i < out->importance_count; i++) {
        int64_t number = 0;
        for (int64_t input = 0; input < p->category_count + p->number_count; input++) {
            if (input < p->category_count && p->categories[input].source) continue;
            if (strcmp(source_of(model, input), out->importance[i].column) == 0)
                all[placed++] = found[number];
            number++;
        }
    }
    out->dependence = all;
    return BRN_OK;
}

/* Names are the model's until here. */
static brn_status own_names(brn__arena *arena, brn_table_dependence *found, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        found[i].column = brn__arena_strdup(arena, found[i].column);
        if (found[i].values) found[i].values = copy_texts(arena, found[i].values, found[i].count);
        if (!found[i].column || (found[i].category && !found[i].values)) return BRN_ERROR_NO_MEMORY;
    }
    return BRN_OK;
}

static brn_status find_dependence(const brn__table_judged *judged, const brn_table_interpret_options *o,
                                  brn__table_steps *steps, brn__arena *arena, brn_table_interpretation *out)
{
    out->dependence_count = brn__table_dependence_count(judged->model->preparation);
    brn_table_dependence *found =
        brn__alloc_array((size_t)out->dependence_count + 1, sizeof *found);
    if (!found) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__table_find_dependence(judged, o, steps, arena, found);
    if (status == BRN_OK) status = own_names(arena, found, out->dependence_count);
    if (status == BRN_OK) status = order_dependence(judged->model, found, arena, out);
    brn__free(found);
    return status;
}

/* ------------------------------------------------------------------ all of it */

static brn_status find_all(brn_table_model *model, const char *data, const brn_table_interpret_options *o,
                           brn_table_interpretation *out)
{
    brn__table_judged judged;
    brn__table_steps steps = {0};
    brn__arena *arena = &out->kept->arena;
    brn__progress_init(&steps.progress, o->on_event, o->context);
    steps.progress.stage = "interpret";
    steps.all = brn__row_reader_count(model->reader) + brn__table_dependence_count(model->preparation);
    BRN__TRY(brn__table_judged_open(model, data, o->target, &judged));
    brn_status status = keep_names(&judged, arena, out);
    if (status == BRN_OK) status = keep_unused(&judged, arena, out);
    if (status == BRN_OK) status = find_mistakes(&judged, arena, o->worst, out);
    if (status == BRN_OK) status = find_importance(&judged, o, &steps, arena, out);
    if (status == BRN_OK) status = find_dependence(&judged, o, &steps, arena, out);
    brn__table_judged_close(&judged);
    return status;
}

brn_status brn_table_interpret(brn_table_model *model, const char *data,
                               const brn_table_interpret_options *options, brn_table_interpretation *out)
{
    *out = (brn_table_interpretation){0};
    BRN__TRY(check(options));
    brn_table_interpretation found = {.kept = brn__alloc_zero(1, sizeof *found.kept)};
    if (!found.kept) return BRN_ERROR_NO_MEMORY;
    brn_status status = find_all(model, data, options, &found);
    if (status == BRN_OK) *out = found;
    else brn_table_interpretation_free(&found);
    return status;
}

void brn_table_interpretation_free(brn_table_interpretation *found)
{
    if (found->kept) brn__arena_free(&found->kept->arena);
    brn__free(found->kept);
    *found = (brn_table_interpretation){0};
}
