/* SPDX-License-Identifier: Apache-2.0
 * From a trained run to the struct of its report. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/pca.h"
#include "burnish/version.h"
#include "jobs/ratings_job.h"
#include "jobs/run_facts.h"
#include "report/ratings_report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BIASES = 12,      /* of a list */
    MAP_ITEMS = 300,  /* the most rated ones */
    BARS_MAX = 20,    /* different ratings that are shown each; else ranges */
    RANGES = 10,
    METRICS = 8,
    COUNT_SHARE = 20, /* an item is listed from a 20th of the ratings of the most rated ones on */
};

typedef struct drawn_page {
    const brn__ratings_page *given;
    brn__arena arena;
    brn__config_facts config;
    brn__facts figures, provenance;
    brn__run_table history;
    brn__pca pca;
    brn__svg_map map;
    brn__report_metric metrics[METRICS];
    double shares[BARS_MAX];
    const char *rating_names[BARS_MAX], *contenders[BRN__REPORT_CONTENDERS];
    brn__ratings_report report;
} drawn_page;

static void *room(drawn_page *p, int64_t count, size_t bytes)
{
    return brn__arena_alloc(&p->arena, (size_t)(count + 1) * bytes);
}

static const char *title_of(const brn__ratings_page *g, int64_t item)
{
    const char *title = g->titles->count ? brn__text_at(g->titles, item - 1) : "";
    return *title ? title : brn__text_at(g->item_ids, item - 1);
}

/* ------------------------------------------------------------------ the head */

static brn_status add_figure(brn__facts *out, const char *name, double value, const char *format)
{
    char text[64];
    if (!isfinite(value)) return BRN_OK;
    snprintf(text, sizeof text, format, value);
    return brn__facts_add(out, name, "%s", text);
}

static brn_status fill_head(drawn_page *p)
{
    const brn_ratings_result *r = p->given->result;
    brn__facts *out = &p->figures;
    BRN__TRY(add_figure(out, "RMSE", r->score.errors[0].rmse, "%.4f"));
    BRN__TRY(add_figure(out, "mean squared error", r->score.errors[0].mse, "%.4f"));
    BRN__TRY(add_figure(out, "NDCG", r->score.ranks[0].ndcg, "%.4f"));
    BRN__TRY(brn__facts_add(out, "training ratings", "%lld", (long long)r->train_count));
    BRN__TRY(brn__facts_add(out, "validation ratings", "%lld", (long long)r->valid_count));
    BRN__TRY(brn__facts_add(out, "users", "%lld", (long long)r->user_count));
    BRN__TRY(brn__facts_add(out, "items", "%lld", (long long)r->item_count));
    brn__run_head *head = &p->report.head;
    head->title = brn__arena_printf(&p->arena, "%.200s: ratings", brn__path_name(p->given->options->data));
    head->subtitle = brn__arena_printf(
        &p->arena, "%s \xc2\xb7 %s",
        p->given->network->is_dot ? "Product of vectors with biases" : "Hidden layers over vectors", r->run);
    head->figures = (brn__report_list){p->figures.pairs, p->figures.count};
    p->report.footer =
        brn__arena_printf(&p->arena, "Made by Burnish %s. This file needs nothing but itself.", brn_version());
    return head->title && head->subtitle && p->report.footer ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ metrics */

static void metric_values(const brn_ratings_score *s, int c, double out[METRICS])
{
    const brn_ratings_errors *e = &s->errors[c];
    const brn_ratings_ranks *r = &s->ranks[c];
    const double values[METRICS] = {e->rmse, e->mse, e->mae, r->precision, r->recall, r->ndcg, r->mrr, r->coverage};
    memcpy(out, values, sizeof values);
}

static brn_status fill_metrics(drawn_page *p)
{
    static const char *const names[METRICS] = {"RMSE",   "mean squared error", "mean absolute error", "precision at",
                                               "recall at", "NDCG at",         "MRR at",              "coverage at"};
    const brn_ratings_score *s = &p->given->result->score;
    double values[BRN__REPORT_CONTENDERS][METRICS];
    int count = 0;
    for (int c = 0; c < BRN__REPORT_CONTENDERS; c++) {
        metric_values(s, c, values[c]);
        p->contenders[c] = brn_ratings_contender_name(c);
    }
    for (int i = 0; i < METRICS; i++) {
        if (!isfinite(values[0][i])) continue;
        brn__report_metric *m = &p->metrics[count++];
        m->name = i < 3 ? names[i] : brn__arena_printf(&p->arena, "%s %d", names[i], s->rank_at);
        if (!m->name) return BRN_ERROR_NO_MEMORY;
        for (int c = 0; c < BRN__REPORT_CONTENDERS; c++) m->values[c] = values[c][i];
    }
    p->report.metrics = p->metrics;
    p->report.metric_count = count;
    p->report.contenders = p->contenders;
    p->report.metrics_note =
        isnan(s->relevant)
            ? "Items that a user has clicked on in training are left out of the ranking."
            : brn__arena_printf(&p->arena,
                                "Ranking: means over %lld users; an item is relevant from a rating of %.4g on; items "
                                "that a user has rated in training are left out.",
                                (long long)s->ranked, s->relevant);
    return p->report.metrics_note ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ distribution */

/* Up to BARS_MAX different ratings in ascending order, with how many each; 0: there are more. */
static int distinct(const brn__ratings *r, double values[BARS_MAX], int64_t counts[BARS_MAX])
{
    int found = 0;
    for (int64_t row = 0; row < r->count; row++) {
        int at = 0;
        double value = (double)r->values[row];
        if (r->valid[row]) continue;
        while (at < found && values[at] < value) at++;
        if (at == found || values[at] != value) {
            if (found == BARS_MAX) return 0;
            memmove(values + at + 1, values + at, (size_t)(found - at) * sizeof *values);
            memmove(counts + at + 1, counts + at, (size_t)(found - at) * sizeof *counts);
            values[at] = value;
            counts[at] = 0;
            found++;
        }
        counts[at]++;
    }
    return found;
}

static int ranges(const brn__ratings *r, double values[BARS_MAX], int64_t counts[BARS_MAX])
{
    double low, high;
    brn__ratings_extent(r, &low, &high);
    for (int i = 0; i < RANGES; i++) values[i] = low + (high - low) * i / RANGES, counts[i] = 0;
    for (int64_t row = 0; row < r->count; row++) {
        int at = (int)(RANGES * ((double)r->values[row] - low) / (high - low));
        if (!r->valid[row]) counts[at < RANGES ? at : RANGES - 1]++;
    }
    return RANGES;
}

static brn_status fill_distribution(drawn_page *p)
{
    double values[BARS_MAX];
    int64_t counts[BARS_MAX];
    int count = distinct(p->given->ratings, values, counts);
    const char *format = count ? "%.4g" : "from %.4g on";
    if (!count) count = ranges(p->given->ratings, values, counts);
    for (int i = 0; i < count; i++) {
        p->shares[i] = (double)counts[i] / (double)p->given->result->train_count;
        char text[48];
        snprintf(text, sizeof text, format, values[i]);
        p->rating_names[i] = brn__arena_strdup(&p->arena, text);
        if (!p->rating_names[i]) return BRN_ERROR_NO_MEMORY;
    }
    p->report.rating_names = p->rating_names;
    p->report.rating_shares = p->shares;
    p->report.rating_count = count;
    return BRN_OK;
}

/* ------------------------------------------------------------------ biases */

typedef struct ranked {
    int64_t code;
    double by;
} ranked;

static int by_falling(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->by != y->by) return x->by < y->by ? 1 : -1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Counts and mean ratings of users in training; of the arena. */
static brn_status count_users(drawn_page *p, int64_t **counts, double **means)
{
    const brn__ratings *r = p->given->ratings;
    int64_t users = r->user_ids.count;
    *counts = room(p, users, sizeof **counts);
    *means = room(p, users, sizeof **means);
    if (!*counts || !*means) return BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; row < r->count; row++) {
        if (r->valid[row]) continue;
        (*counts)[r->users[row]]++;
        (*means)[r->users[row]] += (double)r->values[row];
    }
    for (int64_t u = 1; u <= users; u++) (*means)[u] /= (double)(*counts)[u];
    return BRN_OK;
}

/* Codes with enough ratings, by falling bias; of the arena. */
static ranked *rank(drawn_page *p, const float *bias, const int64_t *counts, int64_t codes, int64_t *count)
{
    int64_t most = 0;
    ranked *list = room(p, codes, sizeof *list);
    for (int64_t k = 1; k <= codes; k++)
        if (counts[k] > most) most = counts[k];
    *count = 0;
    for (int64_t k = 1; list && k <= codes; k++)
        if (counts[k] > 0 && counts[k] >= most / COUNT_SHARE)
            list[(*count)++] = (ranked){k, (double)bias[k]};
    if (list) qsort(list, (size_t)*count, sizeof *list, by_falling);
    return list;
}

static brn_status list_items(drawn_page *p, const ranked *list, int64_t count, bool last, brn__report_biases *out)
{
    const brn__ratings_page *g = p->given;
    int shown = count < BIASES ? (int)count : BIASES;
    brn__report_bias *items = room(p, shown, sizeof *items);
    if (!items) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < shown; i++) {
        const ranked *one = &list[last ? count - 1 - i : i];
        items[i] = (brn__report_bias){title_of(g, one->code), one->by, (double)g->facts->means[one->code],
                                      g->facts->counts[one->code]};
    }
    *out = (brn__report_biases){items, shown};
    return BRN_OK;
}

static brn_status list_users(drawn_page *p, const ranked *list, int64_t count, bool last, const int64_t *counts,
                             const double *means, brn__report_biases *out)
{
    int shown = count < BIASES ? (int)count : BIASES;
    brn__report_bias *items = room(p, shown, sizeof *items);
    if (!items) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < shown; i++) {
        const ranked *one = &list[last ? count - 1 - i : i];
        const brn__slice id = p->given->ratings->user_ids.words[one->code - 1];
        items[i] = (brn__report_bias){brn__arena_printf(&p->arena, "%.*s", (int)id.length, id.bytes), one->by,
                                      means[one->code], counts[one->code]};
        if (!items[i].name) return BRN_ERROR_NO_MEMORY;
    }
    *out = (brn__report_biases){items, shown};
    return BRN_OK;
}

static brn_status fill_biases(drawn_page *p)
{
    const brn__ratings_page *g = p->given;
    if (!g->network->is_dot) return BRN_OK;
    const brn__ratings_tables t = brn__ratings_tables_of(g->network);
    int64_t *counts, count;
    double *means;
    ranked *list = rank(p, t.i_bias, g->facts->counts, g->result->item_count, &count);
    if (!list) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(list_items(p, list, count, false, &p->report.best_items));
    BRN__TRY(list_items(p, list, count, true, &p->report.worst_items));
    if (g->options->loss != BRN_RATINGS_LOSS_MSE) return BRN_OK; /* clicks have no kind users */
    BRN__TRY(count_users(p, &counts, &means));
    list = rank(p, t.u_bias, counts, g->result->user_count, &count);
    if (!list) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(list_users(p, list, count, false, counts, means, &p->report.kind_users));
    return list_users(p, list, count, true, counts, means, &p->report.strict_users);
}

/* ------------------------------------------------------------------ the map */

/* The most rated items; of the arena. */
static ranked *most_rated(drawn_page *p, int64_t *count)
{
    const brn__ratings_page *g = p->given;
    int64_t items = g->result->item_count;
    ranked *list = room(p, items, sizeof *list);
    *count = 0;
    for (int64_t i = 1; list && i <= items; i++)
        if (g->facts->counts[i]) list[(*count)++] = (ranked){i, (double)g->facts->counts[i]};
    if (list) qsort(list, (size_t)*count, sizeof *list, by_falling);
    if (*count > MAP_ITEMS) *count = MAP_ITEMS;
    return list;
}

static brn_status place_items(drawn_page *p, const ranked *list, int64_t count)
{
    const brn__ratings_page *g = p->given;
    brn__svg_place *places = room(p, count, sizeof *places);
    if (!places) return BRN_ERROR_NO_MEMORY;
    for (int64_t k = 0; k < count; k++)
        places[k] = (brn__svg_place){.name = title_of(g, list[k].code),
                                     .x = p->pca.scores[2 * k],
                                     .y = p->pca.scores[2 * k + 1],
                                     .weight = list[k].by,
                                     .value = g->options->loss == BRN_RATINGS_LOSS_MSE
                                                  ? (double)g->facts->means[list[k].code]
                                                  : (double)NAN};
    char labels[2][64];
    for (int i = 0; i < 2; i++)
        snprintf(labels[i], sizeof labels[i], "direction %d: %.0f %% of the variance", i + 1,
                 p->pca.total > 0 ? 100 * p->pca.variances[i] / p->pca.total : 0);
    p->map = (brn__svg_map){.title = "Map of items",
                            .x_label = brn__arena_strdup(&p->arena, labels[0]),
                            .y_label = brn__arena_strdup(&p->arena, labels[1]),
                            .value_label = g->options->loss == BRN_RATINGS_LOSS_MSE ? "mean rating" : NULL,
                            .places = places,
                            .count = count};
    p->report.map = &p->map;
    return p->map.x_label && p->map.y_label ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status fill_map(drawn_page *p)
{
    int64_t width, count;
    const float *vectors = brn__ratings_item_vectors(p->given->network, &width);
    ranked *list = most_rated(p, &count);
    float *rows = room(p, count * width, sizeof *rows);
    if (!list || !rows) return BRN_ERROR_NO_MEMORY;
    if (count < 3 || width < 2) return BRN_OK;
    for (int64_t k = 0; k < count; k++)
        memcpy(rows + k * width, vectors + list[k].code * width, (size_t)width * sizeof *rows);
    BRN__TRY(brn__pca_make(rows, count, width, 2, &p->pca));
    return place_items(p, list, count);
}

/* ------------------------------------------------------------------ all of it */

static brn_status fill(drawn_page *p)
{
    const char *run = p->given->result->run;
    BRN__TRY(brn__config_facts_read(run, &p->config));
    BRN__TRY(brn__run_table_read(p->given->history, &p->history));
    p->report.curves = (brn__run_curves){.history = &p->history, .items = "ratings"};
    BRN__TRY(fill_metrics(p));
    BRN__TRY(fill_distribution(p));
    BRN__TRY(fill_biases(p));
    BRN__TRY(fill_map(p));
    BRN__TRY(fill_head(p));
    BRN__TRY(brn__provenance_facts(run, &p->config, &p->history, &p->provenance));
    p->report.configuration = (brn__report_list){p->config.facts.pairs, p->config.facts.count};
    p->report.provenance = (brn__report_list){p->provenance.pairs, p->provenance.count};
    return BRN_OK;
}

brn_status brn__ratings_page_write(const char *path, const brn__ratings_page *given)
{
    drawn_page *p = brn__alloc_zero(1, sizeof *p);
    if (!p) return BRN_ERROR_NO_MEMORY;
    p->given = given;
    brn_status status = fill(p);
    if (status == BRN_OK) status = brn__ratings_report_write(path, &p->report);
    brn__config_facts_free(&p->config);
    brn__facts_free(&p->figures);
    brn__facts_free(&p->provenance);
    brn__run_table_free(&p->history);
    brn__pca_free(&p->pca);
    brn__arena_free(&p->arena);
    brn__free(p);
    return status;
}
