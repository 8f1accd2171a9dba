/* SPDX-License-Identifier: Apache-2.0
 * What folds of a table leave in the run folder. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "data/table/dataset.h"
#include "jobs/table_folds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 30, METRICS_MAX = 1 << 20 };

static brn_status write_text(const char *path, brn__text *text)
{
    brn_status status = brn__text_finish(text);
    if (status == BRN_OK) status = brn__replace_file(path, text->bytes, text->length);
    brn__text_free(text);
    return status;
}

/* ------------------------------------------------------------------ oof.csv */

static void add_name(brn__text *text, const char *before, const char *name)
{
    brn__text column = {0};
    brn__text_printf(&column, "%s%s", before, name);
    brn__text_add(text, ",");
    if (brn__text_finish(&column) == BRN_OK)
        brn__text_csv(text, column.bytes);
    else
        text->failed = 1;
    brn__text_free(&column);
}

static void add_head(brn__text *text, const brn__preparation *p)
{
    bool is_class = p->target_kind == BRN__TARGET_CLASS;
    brn__text_add(text, "row");
    int64_t targets = p->target_count ? p->target_count : 1;
    if (is_class) add_name(text, "", "label");
    for (int64_t k = 0; !is_class && k < targets; k++)
        add_name(text, "", p->target_count ? p->targets[k].name : p->target);
    brn__text_add(text, ",fold");
    for (int64_t k = 0; !is_class && k < targets; k++)
        add_name(text, "p_", p->target_count ? p->targets[k].name : p->target);
    for (int64_t k = 0; is_class && k < p->classes.count; k++)
        add_name(text, "p_", p->classes.values[k]);
    brn__text_add(text, "\n");
}

static void add_truth(brn__text *text, const brn__preparation *p, const brn__prepared *prepared,
                      int64_t row)
{
    if (p->target_kind == BRN__TARGET_CLASS) {
        add_name(text, "", p->classes.values[prepared->classes[row]]);
        return;
    }
    for (int64_t k = 0; k < p->target_count; k++) {
        double value = prepared->numbers[row * p->target_count + k];
        value = value * p->targets[k].deviation + p->targets[k].mean;
        brn__text_printf(text, ",%.9g", p->target_log ? exp(value) : value);
    }
    if (p->target_count) return;
    double truth = prepared->numbers[row];
    brn__text_printf(text, ",%.9g", p->target_log ? exp(truth) : truth);
}

static brn_status write_answers(const char *run, int fold, const brn__preparation *p,
                                const brn__prepared *prepared, const int64_t *rows, int64_t count,
                                int64_t width, const float *answers)
{
    char path[4200];
    brn__text text = {0};
    add_head(&text, p);
    for (int64_t i = 0; i < count; i++) {
        brn__text_printf(&text, "%lld", (long long)rows[i] + 1);
        add_truth(&text, p, prepared, rows[i]);
        brn__text_printf(&text, ",%d", fold);
        for (int64_t k = 0; k < width; k++)
            brn__text_printf(&text, ",%.6g", (double)answers[i * width + k]);
        brn__text_add(&text, "\n");
    }
    snprintf(path, sizeof path, "%s/oof.csv", run);
    return write_text(path, &text);
}

/* The folds' files one after the other, under one header. */
static brn_status join_answers(const char *run, int folds, brn__text *text)
{
    for (int fold = 1; fold <= folds; fold++) {
        char path[4200], *bytes;
        brn__table_fold_path(run, fold, "/oof.csv", path);
        BRN__TRY(brn__read_file(path, FILE_MAX, &bytes, NULL));
        const char *rows = bytes; /* names of classes may hold line ends, in quotes */
        for (bool quoted = false; fold > 1 && *rows && (*rows != '\n' || quoted); rows++)
            quoted ^= *rows == '"';
        rows += fold > 1 && *rows;
        brn__text_add(text, rows);
        brn__free(bytes);
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ metrics.json */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Those that the kind of target has. */
static json_t *score_object(const brn_table_score *score)
{
    brn_metric metrics[BRN__TABLE_METRICS];
    int count = brn__table_metrics(score, metrics);
    json_t *object = json_object();
    for (int i = 0; i < count; i++)
        json_object_set_new(object, metrics[i].name, number(metrics[i].value));
    return object;
}

static brn_status write_json(const char *run, json_t *taken)
{
    char *text, path[4200];
    BRN__TRY(brn__json_dump(taken, JSON_INDENT(2), &text));
    snprintf(path, sizeof path, "%s/metrics.json", run);
    brn_status status = brn__replace_file(path, text, strlen(text));
    brn__free(text);
    return status;
}

brn_status brn__table_fold_write(const brn_table_train_options *options,
                                 const brn__preparation *preparation, const brn__prepared *prepared,
                                 const int64_t *rows, brn__table_network *network,
                                 const brn_table_result *r)
{
    brn__dataset *dataset;
    int64_t width = network->outputs;
    BRN__TRY(brn__table_dataset_new(prepared, &dataset));
    float *answers = brn__alloc_array((size_t)(r->valid_count * width), sizeof *answers);
    brn_status status = answers
                            ? brn__table_outputs(network, dataset, rows, r->valid_count, answers)
                            : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        brn__table_finish_answers(preparation, r->valid_count, width, answers);
        status = write_answers(r->run, options->fold, preparation, prepared, rows, r->valid_count,
                               width, answers);
    }
    brn__free(answers);
    brn__dataset_free(dataset);
    BRN__TRY(status);
    return write_json(r->run,
                      json_pack("{s:i, s:i, s:I, s:I, s:o, s:o}", "fold", options->fold, "folds",
                                options->folds, "train_count", (json_int_t)r->train_count,
                                "valid_count", (json_int_t)r->valid_count, "seconds",
                                number(r->seconds), "metrics", score_object(&r->score)));
}

static void take_result(const json_t *root, brn_table_result *out)
{
    const json_t *metrics = json_object_get(root, "metrics");
    *out =
        (brn_table_result){.train_count = json_integer_value(json_object_get(root, "train_count")),
                           .valid_count = json_integer_value(json_object_get(root, "valid_count")),
                           .score = brn__table_no_score(),
                           .seconds = json_number_value(json_object_get(root, "seconds"))};
    out->score.count = out->valid_count;
    for (int i = 0; i < BRN__TABLE_METRICS; i++) {
        const json_t *value = json_object_get(metrics, brn__table_metric_name(i));
        if (json_is_number(value)) *brn__table_metric(&out->score, i) = json_number_value(value);
    }
}

brn_status brn__table_fold_read(const char *run, int fold, bool *done, brn_table_result *result)
{
    char path[4200], *text;
    size_t length;
    json_t *root;
    brn__json_error error;
    *done = false;
    brn__table_fold_path(run, fold, "/metrics.json", path);
    BRN__TRY(brn__read_file_if_there(path, METRICS_MAX, &text, &length));
    if (!text) return BRN_OK;
    brn_status status = brn__json_load(text, length, &root, &error);
    brn__free(text);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(status, "%s: byte %zu: %s", path, error.position, error.reason);
    BRN__TRY(status);
    take_result(root, result);
    *done = true;
    json_decref(root);
    return BRN_OK;
}

brn_status brn__table_folds_write(const brn_table_result *r)
{
    char path[4200];
    brn__text text = {0};
    BRN__TRY(write_json(r->run, json_pack("{s:i, s:o, s:o}", "folds", r->fold_count, "metrics",
                                          score_object(&r->score), "deviations",
                                          score_object(&r->deviation))));
    brn_status status = join_answers(r->run, r->fold_count, &text);
    snprintf(path, sizeof path, "%s/oof.csv", r->run);
    if (status == BRN_OK) return write_text(path, &text);
    brn__text_free(&text);
    return status;
}
