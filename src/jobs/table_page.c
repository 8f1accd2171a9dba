/* SPDX-License-Identifier: Apache-2.0
 * From a run folder and what its model goes by to the struct of a report. */
#include "jobs/table_page.h"
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/version.h"
#include "data/table/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPENDENCE_MAX = 10, ROWS_MAX = 20, PAIRS_MAX = 12, LEAST_VALUES = 3 /* of a map */ };

static void page_free(brn__table_page *p)
{
    brn__config_facts_free(&p->config);
    brn__facts_free(&p->figures);
    brn__facts_free(&p->provenance);
    brn__run_table_free(&p->history);
    brn__run_table_free(&p->curve);
    for (int i = 0; i < BRN__TABLE_MAPS_MAX; i++) brn__text_free(&p->maps[i]);
    brn__arena_free(&p->arena);
    brn__free(p);
}

static void *room(brn__table_page *p, int64_t count, size_t bytes)
{
    return brn__arena_alloc(&p->arena, (size_t)(count + 1) * bytes);
}

/* ------------------------------------------------------------------ the head */

static brn_status add_figure(brn__facts *out, const char *name, double value, const char *format)
{
    char text[64];
    if (!isfinite(value)) return BRN_OK;
    snprintf(text, sizeof text, format, value);
    return brn__facts_add(out, name, "%s", text);
}

static double last_of(const brn__table_page *p, const char *column)
{
    const double *values = brn__run_table_column(&p->history, column);
    return values && p->history.rows > 0 ? values[p->history.rows - 1] : (double)NAN;
}

static brn_status fill_figures(brn__table_page *p)
{
    brn__facts *out = &p->figures;
    const json_t *training = json_object_get(p->model->card, "training");
    if (p->found) {
        const brn_table_score *s = &p->found->score;
        BRN__TRY(add_figure(out, "accuracy", 100 * s->accuracy, "%.1f %%"));
        BRN__TRY(add_figure(out, "RMSE", s->rmse, "%.4g"));
        BRN__TRY(add_figure(out, "mean absolute error", s->mae, "%.4g"));
        BRN__TRY(add_figure(out, "relative error (RMSPE)", 100 * s->exp_rmspe, "%.1f %%"));
        BRN__TRY(add_figure(out, "validation loss", s->loss, "%.4f"));
    } else {
        BRN__TRY(add_figure(out, "accuracy", 100 * last_of(p, "accuracy"), "%.1f %%"));
        BRN__TRY(add_figure(out, "validation loss", last_of(p, "valid_loss"), "%.4f"));
    }
    BRN__TRY(brn__facts_add(out, "training rows", "%lld", json_integer_value(json_object_get(training, "train_count"))));
    if (p->found) BRN__TRY(brn__facts_add(out, "rows judged", "%lld", (long long)p->found->count));
    return p->history.rows > 0 ? brn__facts_add(out, "epochs", "%lld", (long long)p->history.rows) : BRN_OK;
}

/* A file's name; of a database the table or query, as its address may hold a password. */
static const char *short_name(const char *data)
{
    const char *table = brn_source_is_database(data) ? brn__source_table(data) : NULL;
    return table ? table : brn__path_name(data);
}

static brn_status fill_head(brn__table_page *p)
{
    const char *data = p->model->options.data, *target = p->model->preparation->target;
    brn__run_head *head = &p->report.head;
    BRN__TRY(fill_figures(p));
    head->title = brn__arena_printf(&p->arena, "%.200s: %.200s", short_name(data), target);
    head->subtitle = brn__arena_printf(&p->arena, "Network with entity embeddings \xc2\xb7 %s", p->run);
    head->remark = p->remark;
    head->figures = (brn__report_list){p->figures.pairs, p->figures.count};
    p->report.footer = brn__arena_printf(&p->arena, "Made by Burnish %s. This file needs nothing but itself.", brn_version());
    return head->title && head->subtitle && p->report.footer ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ answers */

static int by_count(const void *a, const void *b)
{
    const brn__report_confused *x = a, *y = b;
    return (x->count < y->count) - (x->count > y->count);
}

static brn_status fill_confusion(brn__table_page *p)
{
    const brn_table_interpretation *f = p->found;
    const int64_t classes = f->class_count;
    brn__report_confused *pairs = room(p, classes * classes, sizeof *pairs);
    int count = 0;
    if (!pairs) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < classes * classes; i++)
        if (f->confusion[i] && i / classes != i % classes)
            pairs[count++] = (brn__report_confused){f->classes[i / classes], f->classes[i % classes], f->confusion[i]};
    qsort(pairs, (size_t)count, sizeof *pairs, by_count);
    p->report.confusion = (brn__run_confusion){
        f->classes, classes, f->confusion, pairs, count < PAIRS_MAX ? count : PAIRS_MAX, "rows"};
    return BRN_OK;
}

static brn_status fill_rows(brn__table_page *p)
{
    const brn_table_interpretation *f = p->found;
    const int count = f->worst_count < ROWS_MAX ? (int)f->worst_count : ROWS_MAX;
    brn__report_row *rows = room(p, count, sizeof *rows);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    const int shown = p->report.shown_count;
    for (int i = 0; i < count; i++) {
        const brn_table_worst *w = &f->worst[i];
        const char **values = room(p, shown, sizeof *values);
        for (int c = 0; values && c < shown; c++)
            for (int64_t k = 0; k < f->column_count; k++)
                if (strcmp(f->columns[k], p->report.shown[c]) == 0) values[c] = w->values[k];
        rows[i] = (brn__report_row){.row = (long long)w->row, .values = values};
        rows[i].truth = f->class_count ? f->classes[w->label] : brn__arena_printf(&p->arena, "%.6g", w->truth);
        rows[i].answer = f->class_count ? brn__arena_printf(&p->arena, "%.60s (%.1f %%)", f->classes[w->guess],
                                                            100 * w->probability)
                                        : brn__arena_printf(&p->arena, "%.6g", w->answer);
        if (!values || !rows[i].truth || !rows[i].answer) return BRN_ERROR_NO_MEMORY;
    }
    p->report.rows = rows;
    p->report.row_count = count;
    return BRN_OK;
}

/* ------------------------------------------------------------------ columns */

static const char *loss_in_words(const brn_table_model *model)
{
    static const char *const words[] = {[BRN_TABLE_LOSS_MSE] = "loss (squared error)",
                                        [BRN_TABLE_LOSS_MAE] = "loss (absolute error)",
                                        [BRN_TABLE_LOSS_QUANTILE] = "loss (of the quantile)",
                                        [BRN_TABLE_LOSS_CROSS_ENTROPY] = "loss (cross-entropy)",
                                        [BRN_TABLE_LOSS_FOCAL] = "loss (focal)"};
    return model->preparation->target_truths ? words[BRN_TABLE_LOSS_CROSS_ENTROPY] : words[model->network.loss];
}

static brn_status fill_importance(brn__table_page *p)
{
    const brn_table_interpretation *f = p->found;
    const int64_t count = f->importance_count;
    const char **names = room(p, count, sizeof *names);
    double *numbers = room(p, 2 * count, sizeof *numbers);
    if (!names || !numbers) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count; i++) {
        names[i] = f->importance[i].column;
        numbers[i] = f->importance[i].mean;
        numbers[count + i] = f->importance[i].deviation;
    }
    p->report.importance_names = p->report.shown = names;
    p->report.importance = numbers;
    p->report.importance_deviations = numbers + count;
    p->report.importance_count = (int)count;
    p->report.importance_of = loss_in_words(p->model);
    p->report.shown_count = count < BRN__REPORT_COLUMNS_MAX ? (int)count : BRN__REPORT_COLUMNS_MAX;
    return BRN_OK;
}

static brn_status fill_dependence(brn__table_page *p)
{
    const brn_table_interpretation *f = p->found;
    brn__report_dependence *all = room(p, DEPENDENCE_MAX, sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    p->report.dependence = all;
    for (int64_t i = 0; i < f->dependence_count && p->report.dependence_count < DEPENDENCE_MAX; i++) {
        const brn_table_dependence *d = &f->dependence[i];
        if (d->count < 2) continue;
        all[p->report.dependence_count++] = (brn__report_dependence){
            d->column, d->category, d->count, d->width, d->at, d->values, d->answers};
    }
    return BRN_OK;
}

static brn_status fill_unused(brn__table_page *p)
{
    brn__text text = {0};
    if (p->found->unused_count == 0) return BRN_OK;
    for (int64_t i = 0; i < p->found->unused_count; i++)
        brn__text_printf(&text, "%s%s", i ? ", " : "", p->found->unused[i]);
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK) p->report.unused = brn__arena_strdup(&p->arena, text.bytes);
    brn__text_free(&text);
    return status == BRN_OK && !p->report.unused ? BRN_ERROR_NO_MEMORY : status;
}

/* ------------------------------------------------------------------ maps */

static int64_t embedding_of(const brn_table_model *model, const char *column)
{
    for (int64_t i = 0; i < brn_table_model_embedding_count(model); i++)
        if (strcmp(brn_table_model_embedding(model, i).column, column) == 0) return i;
    return -1;
}

/* The second of two classes, else the one that moves most from value to value. */
static int64_t coloured_class(const brn_table_dependence *d)
{
    double widest = -1;
    int64_t shown = d->width == 2;
    for (int64_t k = 0; d->width > 2 && k < d->width; k++) {
        double low = INFINITY, high = -INFINITY;
        for (int64_t i = 0; i < d->count; i++) {
            low = fmin(low, d->answers[i * d->width + k]);
            high = fmax(high, d->answers[i * d->width + k]);
        }
        if (high - low > widest) widest = high - low, shown = k;
    }
    return shown;
}

static brn_status draw_map(brn__table_page *p, brn__table_map *map, const char **maps)
{
    brn__text *text = &p->maps[p->report.map_count];
    BRN__TRY(brn__table_map_draw(p->model, map, text));
    BRN__TRY(brn__text_finish(text));
    maps[p->report.map_count++] = text->bytes;
    return BRN_OK;
}

/* Of the categories that matter most; of the first ones when nothing is known of that. */
static brn_status fill_maps(brn__table_page *p)
{
    const char **maps = room(p, BRN__TABLE_MAPS_MAX, sizeof *maps);
    const int64_t count = p->found ? p->found->dependence_count : brn_table_model_embedding_count(p->model);
    p->report.maps = maps;
    if (!maps) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < count && p->report.map_count < BRN__TABLE_MAPS_MAX; i++) {
        const brn_table_dependence *d = p->found ? &p->found->dependence[i] : NULL;
        brn__table_map map = {.embedding = d ? embedding_of(p->model, d->column) : i, .dependence = d};
        if (map.embedding < 0 || (d && !d->category)) continue;
        if (brn_table_model_embedding(p->model, map.embedding).count <= LEAST_VALUES) continue;
        if (d) map.answer = coloured_class(d);
        map.answer_name = p->found && p->found->class_count ? p->found->classes[map.answer] : p->model->preparation->target;
        BRN__TRY(draw_map(p, &map, maps));
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ all of it */

static brn_status read_table(const char *run, const char *file, brn__run_table *out)
{
    char *path = brn__path_join(run, file);
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__run_table_read(path, out);
    brn__free(path);
    return status;
}

static brn_status fill_found(brn__table_page *p)
{
    p->report.class_count = p->found->class_count;
    p->report.classes = p->found->classes;
    p->report.truths = p->found->truths;
    p->report.answers = p->found->answers;
    p->report.answer_count = p->found->truths ? p->found->count : 0;
    if (p->found->class_count) BRN__TRY(fill_confusion(p));
    BRN__TRY(fill_importance(p));
    BRN__TRY(fill_dependence(p));
    BRN__TRY(fill_unused(p));
    return fill_rows(p);
}

static brn_status fill(brn__table_page *p)
{
    brn__report_column *columns;
    BRN__TRY(brn__config_facts_read(p->run, &p->config));
    BRN__TRY(read_table(p->run, "history.csv", &p->history));
    BRN__TRY(read_table(p->run, "curve.csv", &p->curve));
    p->report.target = p->model->preparation->target;
    p->report.curves = (brn__run_curves){&p->history, &p->curve, "rows"};
    BRN__TRY(brn__table_column_facts(p->model, &p->arena, &columns, &p->report.column_count));
    p->report.columns = columns;
    if (p->found) BRN__TRY(fill_found(p));
    BRN__TRY(fill_maps(p));
    BRN__TRY(fill_head(p));
    BRN__TRY(brn__provenance_facts(p->run, &p->config, &p->history, &p->provenance));
    p->report.configuration = (brn__report_list){p->config.facts.pairs, p->config.facts.count};
    p->report.provenance = (brn__report_list){p->provenance.pairs, p->provenance.count};
    return BRN_OK;
}

brn_status brn__table_page_write(const char *path, const brn__table_page *given)
{
    brn__table_page *p = brn__alloc_zero(1, sizeof *p);
    if (!p) return BRN_ERROR_NO_MEMORY;
    *p = *given;
    brn_status status = fill(p);
    if (status == BRN_OK) status = brn__table_report_write(path, &p->report);
    page_free(p);
    return status;
}
