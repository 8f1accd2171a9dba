/* SPDX-License-Identifier: Apache-2.0
 * From a run folder and what a model got wrong to the struct of a report. */
#include "jobs/image_page.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "burnish/version.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void page_free(brn__page *p)
{
    brn__config_facts_free(&p->config);
    brn__facts_free(&p->figures);
    brn__facts_free(&p->provenance);
    brn__run_table_free(&p->history);
    brn__run_table_free(&p->curve);
    brn__image_skipped_free(&p->skipped);
    brn__free(p->pictures);
    brn__free(p->bad);
    brn__free(p->counts);
    for (int i = 0; i < BRN__PAGE_RATE_PLOTS; i++) brn__free(p->rate_plots[i]);
    brn__free(p);
}

/* The path below the data folder. */
static const char *short_path(const brn__page *p, const char *path)
{
    size_t length = p->data_path ? strlen(p->data_path) : 0;
    while (length > 0 && p->data_path[length - 1] == '/') length--;
    if (length == 0 || strncmp(path, p->data_path, length) != 0 || path[length] != '/') return path;
    while (path[length] == '/') length++;
    return path + length;
}

/* ------------------------------------------------------------------ pictures */

static brn__report_picture picture_of(const brn__page *p, const brn_image_judged *judged)
{
    const brn_image_interpretation *f = p->found;
    return (brn__report_picture){.path = judged->path,
                                 .name = short_path(p, judged->path),
                                 .label = f->class_names[judged->label],
                                 .answer = f->class_names[judged->answer],
                                 .probability = judged->probability,
                                 .label_probability = judged->label_probability,
                                 .loss = judged->loss};
}

static int by_item(const void *a, const void *b)
{
    const brn_image_judged *const *x = a, *const *y = b;
    return (*x)->item < (*y)->item ? -1 : 1;
}

/* `top` pictures at even distances in the order of the data. */
static brn_status choose_samples(const brn__page *p, brn__report_picture *out, int *count)
{
    const brn_image_interpretation *f = p->found;
    const brn_image_judged **all = brn__alloc_array((size_t)f->count, sizeof *all);
    if (!all) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < f->count; i++) all[i] = &f->pictures[i];
    qsort(all, (size_t)f->count, sizeof *all, by_item);
    *count = f->count < p->top ? (int)f->count : p->top;
    for (int i = 0; i < *count; i++) out[i] = picture_of(p, all[(2 * i + 1) * f->count / (2 * *count)]);
    brn__free(all);
    return BRN_OK;
}

static brn_status fill_pictures(brn__page *p)
{
    const brn_image_interpretation *f = p->found;
    brn__report_picture *next;
    int samples;
    p->pictures = next = brn__alloc_zero(3 * (size_t)p->top, sizeof *next);
    if (!next) return BRN_ERROR_NO_MEMORY;
    int losses = 0, suspects = 0;
    for (; losses < p->top && losses < f->count; losses++) {
        if (f->pictures[losses].label == f->pictures[losses].answer && losses > 0) break;
        next[losses] = picture_of(p, &f->pictures[losses]);
    }
    p->report.top_losses = (brn__report_pictures){next, losses};
    next += p->top;
    for (; suspects < p->top && suspects < f->suspect_count; suspects++)
        next[suspects] = picture_of(p, &f->pictures[f->suspects[suspects]]);
    p->report.suspects = (brn__report_pictures){next, suspects};
    next += p->top;
    BRN__TRY(choose_samples(p, next, &samples));
    p->report.samples = (brn__report_pictures){next, samples};
    return BRN_OK;
}

static void fill_confusion(brn__page *p)
{
    const brn_image_interpretation *f = p->found;
    int pairs = f->pair_count < BRN__PAGE_PAIRS ? (int)f->pair_count : BRN__PAGE_PAIRS;
    for (int i = 0; i < pairs; i++)
        p->confused[i] = (brn__report_confused){f->class_names[f->pairs[i].label],
                                                f->class_names[f->pairs[i].answer],
                                                f->pairs[i].count};
    p->report.confusion = f->confusion;
    p->report.confused = p->confused;
    p->report.confused_count = pairs;
    p->report.classes = f->class_names;
    p->report.class_count = f->classes;
}

/* ------------------------------------------------------------------ data */

static brn_status fill_counts(brn__page *p)
{
    const int64_t classes = p->found->classes;
    p->counts = brn__alloc_zero(2 * (size_t)classes, sizeof *p->counts);
    if (!p->counts) return BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; k < brn_image_data_class_count(p->data); k++)
        for (int64_t j = 0; j < classes; j++) {
            if (strcmp(p->found->class_names[j], brn_image_data_class_name(p->data, k)) != 0) continue;
            p->counts[j] = brn_image_data_label_count(p->data, BRN_SPLIT_TRAIN, k);
            p->counts[classes + j] = brn_image_data_label_count(p->data, BRN_SPLIT_VALID, k);
        }
    p->report.train_counts = p->counts;
    p->report.valid_counts = p->counts + classes;
    return BRN_OK;
}

static bool was_skipped(const brn__page *p, const char *path)
{
    for (int64_t i = 0; i < p->skipped.count; i++)
        if (strcmp(p->skipped.paths[i], path) == 0) return true;
    return false;
}

static const char *short_reason(const char *path, const char *reason)
{
    const size_t length = strlen(path);
    bool named = strncmp(reason, path, length) == 0 && strncmp(reason + length, ": ", 2) == 0;
    return named ? reason + length + 2 : reason;
}

/* What training left out, and what could not be read now. */
static brn_status fill_bad(brn__page *p)
{
    const int64_t now = p->found ? p->found->bad_count : 0;
    BRN__TRY(brn__image_skipped_read(p->run, &p->skipped));
    p->bad = brn__alloc_zero((size_t)(now + p->skipped.count) + 1, sizeof *p->bad);
    if (!p->bad) return BRN_ERROR_NO_MEMORY;
    int count = 0;
    for (int64_t i = 0; i < p->skipped.count; i++)
        p->bad[count++] = (brn__html_pair){
            short_path(p, p->skipped.paths[i]),
            short_reason(p->skipped.paths[i], p->skipped.reasons[i])};
    for (int64_t i = 0; i < now; i++)
        if (!was_skipped(p, p->found->bad[i].path))
            p->bad[count++] = (brn__html_pair){
                short_path(p, p->found->bad[i].path),
                short_reason(p->found->bad[i].path, p->found->bad[i].reason)};
    p->report.bad = (brn__report_list){p->bad, count};
    p->report.bad_count = count;
    return BRN_OK;
}

/* ------------------------------------------------------------------ the head */

static const double *last_of(const brn__page *p, const char *column)
{
    const double *values = brn__run_table_column(&p->history, column);
    return values && p->history.rows > 0 ? values + p->history.rows - 1 : NULL;
}

/* Of tags and numbers, in the last epoch. */
static brn_status add_measures(const brn__page *p, brn__facts *out)
{
    static const char *const columns[][2] = {
        {"f2", "F2"}, {"map", "mean average precision"}, {"rmse", "RMSE"}, {"mae", "mean absolute error"}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        const double *value = last_of(p, columns[i][0]);
        if (value && isfinite(*value))
            BRN__TRY(brn__facts_add(out, columns[i][1], "%.4g", *value));
    }
    return BRN_OK;
}

static brn_status fill_figures(brn__page *p)
{
    const brn_image_interpretation *f = p->found;
    const double *accuracy = last_of(p, "accuracy"), *loss = last_of(p, "valid_loss");
    brn__facts *out = &p->figures;
    if (f) {
        int64_t wrong = 0;
        for (int64_t i = 0; i < f->count; i++) wrong += f->pictures[i].label != f->pictures[i].answer;
        BRN__TRY(brn__facts_add(out, "accuracy", "%.1f %%", 100 * f->accuracy));
        BRN__TRY(brn__facts_add(out, "wrong answers", "%lld of %lld", (long long)wrong,
                                (long long)f->count));
        BRN__TRY(brn__facts_add(out, "validation loss", "%.4f", f->valid_loss));
    } else {
        if (accuracy && isfinite(*accuracy))
            BRN__TRY(brn__facts_add(out, "accuracy", "%.1f %%", 100 * *accuracy));
        BRN__TRY(add_measures(p, out));
        if (loss && isfinite(*loss)) BRN__TRY(brn__facts_add(out, "validation loss", "%.4f", *loss));
    }
    if (p->data)
        BRN__TRY(brn__facts_add(out, "training pictures", "%lld",
                                (long long)brn_image_data_split_count(p->data, BRN_SPLIT_TRAIN)));
    if (p->history.rows > 0)
        BRN__TRY(brn__facts_add(out, "epochs", "%lld", (long long)p->history.rows));
    if (p->report.bad_count > 0)
        BRN__TRY(brn__facts_add(out, "unreadable files", "%lld", (long long)p->report.bad_count));
    return BRN_OK;
}

static void last_name(const char *path, char *out, size_t size)
{
    snprintf(out, size, "%s", path);
    for (size_t length = strlen(out); length > 1 && out[length - 1] == '/';) out[--length] = '\0';
    memmove(out, brn__path_name(out), strlen(brn__path_name(out)) + 1);
}

static void fill_head(brn__page *p)
{
    char name[256];
    const char *data = p->data_path ? p->data_path : p->config.data;
    last_name(data ? data : p->run, name, sizeof name);
    snprintf(p->title, sizeof p->title, "%s%s%s", name, p->config.architecture ? ", " : "",
             p->config.architecture ? p->config.architecture : "");
    snprintf(p->subtitle, sizeof p->subtitle, "Image classifier%s \xc2\xb7 %s",
             p->found ? "" : ", without pictures", p->run);
    snprintf(p->footer, sizeof p->footer, "Made by Burnish %s. This file needs nothing but itself.",
             brn_version());
    p->report.title = p->title;
    p->report.subtitle = p->subtitle;
    p->report.footer = p->footer;
}

static brn_status read_table(const char *run, const char *file, brn__run_table *out)
{
    char *path = brn__path_join(run, file);
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__run_table_read(path, out);
    brn__free(path);
    return status;
}

/* Those that the recipe's searches left: lr_find_N.svg of stage N. */
static brn_status read_rate_plots(brn__page *p)
{
    enum { PLOT_BYTES_MAX = 4 << 20 };
    int count = 0;
    for (int stage = 1; stage <= BRN__PAGE_RATE_PLOTS; stage++) {
        char name[32];
        snprintf(name, sizeof name, "lr_find_%d.svg", stage);
        char *path = brn__path_join(p->run, name);
        if (!path) return BRN_ERROR_NO_MEMORY;
        brn_status status = brn__read_file_if_there(path, PLOT_BYTES_MAX, &p->rate_plots[count], NULL);
        brn__free(path);
        if (status != BRN_OK) return status;
        count += p->rate_plots[count] != NULL;
    }
    p->report.rate_plots = (const char *const *)p->rate_plots;
    p->report.rate_plot_count = count;
    return BRN_OK;
}

static brn_status fill(brn__page *p)
{
    BRN__TRY(brn__config_facts_read(p->run, &p->config));
    BRN__TRY(read_table(p->run, "history.csv", &p->history));
    BRN__TRY(read_table(p->run, "curve.csv", &p->curve));
    BRN__TRY(fill_bad(p));
    BRN__TRY(read_rate_plots(p));
    if (p->found) {
        fill_confusion(p);
        BRN__TRY(fill_pictures(p));
        if (p->data) BRN__TRY(fill_counts(p));
    }
    BRN__TRY(fill_figures(p));
    BRN__TRY(brn__provenance_facts(p->run, &p->config, &p->history, &p->provenance));
    fill_head(p);
    p->report.history = &p->history;
    p->report.curve = &p->curve;
    p->report.figures = (brn__report_list){p->figures.pairs, p->figures.count};
    p->report.configuration = (brn__report_list){p->config.facts.pairs, p->config.facts.count};
    p->report.provenance = (brn__report_list){p->provenance.pairs, p->provenance.count};
    return BRN_OK;
}

brn_status brn__page_write(const char *path, const brn__page *given)
{
    brn__page *p = brn__alloc_zero(1, sizeof *p);
    if (!p) return BRN_ERROR_NO_MEMORY;
    *p = *given;
    brn_status status = fill(p);
    if (status == BRN_OK) status = brn__image_report_write(path, &p->report);
    page_free(p);
    return status;
}
