/* SPDX-License-Identifier: Apache-2.0
 * What folds leave in the run folder. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "jobs/image_folds.h"
#include "jobs/image_targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 1 << 30 };

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
    if (brn__text_finish(&column) == BRN_OK) brn__text_csv(text, column.bytes);
    else text->failed = 1;
    brn__text_free(&column);
}

static void add_head(brn__text *text, const brn_image_data *data)
{
    const int64_t outputs = brn__image_outputs(data);
    brn__text_add(text, "file");
    switch (brn_image_data_target_kind(data)) {
    case BRN_TARGET_LABEL: brn__text_add(text, ",label"); break;
    case BRN_TARGET_TAGS: brn__text_add(text, ",labels"); break;
    case BRN_TARGET_NUMBERS:
        for (int64_t k = 0; k < outputs; k++) add_name(text, "", brn__image_output_name(data, k));
    }
    brn__text_add(text, ",fold");
    for (int64_t k = 0; k < outputs; k++) add_name(text, "p_", brn__image_output_name(data, k));
    brn__text_add(text, "\n");
}

/* What the picture shows. */
static void add_truth(brn__text *text, const brn_image_data *data, int64_t item)
{
    const float *target = brn_image_data_target(data, item);
    const brn_target_kind kind = brn_image_data_target_kind(data);
    brn__text tags = {0};
    if (kind == BRN_TARGET_LABEL) {
        brn__text_add(text, ",");
        brn__text_csv(text, brn_image_data_class_name(data, brn_image_data_label(data, item)));
        return;
    }
    brn__text_add(&tags, "");
    for (int64_t k = 0; k < brn__image_outputs(data); k++) {
        if (kind == BRN_TARGET_NUMBERS) brn__text_printf(text, ",%.9g", (double)target[k]);
        else if (target[k] > 0)
            brn__text_printf(&tags, "%s%s", tags.length ? " " : "", brn__image_output_name(data, k));
    }
    if (kind == BRN_TARGET_TAGS) add_name(text, "", brn__text_finish(&tags) == BRN_OK ? tags.bytes : "");
    text->failed |= tags.failed;
    brn__text_free(&tags);
}

brn_status brn__image_fold_answers(const brn__image_training *t, const brn__image_answers *answers)
{
    const int64_t first = brn_image_data_split_start(t->data, BRN_SPLIT_VALID);
    char path[sizeof t->run + 32], *root;
    brn__text text = {0};
    BRN__TRY(brn__image_root(&t->plan.options, &root));
    add_head(&text, t->data);
    for (int64_t i = 0; i < answers->count; i++) {
        brn__text_csv(&text, brn__image_name(root, brn_image_data_path(t->data, first + i)));
        add_truth(&text, t->data, first + i);
        brn__text_printf(&text, ",%d", t->plan.options.fold);
        for (int64_t k = 0; k < answers->classes; k++)
            if (answers->seen[i])
                brn__text_printf(&text, ",%.6g", (double)answers->probabilities[i * answers->classes + k]);
            else brn__text_add(&text, ",");
        brn__text_add(&text, "\n");
    }
    brn__free(root);
    snprintf(path, sizeof path, "%s/oof.csv", t->run);
    return write_text(path, &text);
}

/* The folds' files one after the other, under one header. */
static brn_status join_answers(const char *run, int folds, brn__text *text)
{
    for (int fold = 1; fold <= folds; fold++) {
        char path[4200], *bytes;
        size_t length;
        brn__image_fold_path(run, fold, "/oof.csv", path);
        BRN__TRY(brn__read_file(path, FILE_MAX, &bytes, &length));
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

static brn_status write_json(const char *path, json_t *taken)
{
    char *text;
    BRN__TRY(brn__json_dump(taken, JSON_INDENT(2), &text));
    brn_status status = brn__replace_file(path, text, strlen(text));
    brn__free(text);
    return status;
}

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

brn_status brn__image_fold_finish(const brn__image_training *t)
{
    brn_image_result r = t->result;
    char path[sizeof t->run + 32];
    brn__image_result_settle(&r, t->plan.options.tta);
    json_t *root = json_pack("{s:i, s:i, s:I, s:I, s:I, s:o}", "fold", t->plan.options.fold, "folds",
                             t->plan.options.folds, "train_count", (json_int_t)r.train_count, "valid_count",
                             (json_int_t)r.valid_count, "bad_count", (json_int_t)r.bad_count, "seconds",
                             number(r.seconds));
    json_t *metrics = json_object();
    for (int i = 0; i < r.metric_count; i++)
        json_object_set_new(metrics, r.metrics[i].name, number(r.metrics[i].value));
    if (root && json_object_set_new(root, "metrics", metrics) != 0) json_decref(root), root = NULL;
    snprintf(path, sizeof path, "%s/metrics.json", t->run);
    return write_json(path, root);
}

static const char *static_name(const char *name)
{
    for (int kind = 0; kind < 3; kind++) {
        brn_image_result names;
        brn__image_result_start(&names, (brn_target_kind)kind);
        for (int i = 0; i < BRN_IMAGE_METRICS; i++)
            if (strcmp(names.metrics[i].name, name) == 0) return names.metrics[i].name;
    }
    return NULL;
}

static brn_status take_numbers(const char *path, const json_t *root, brn_image_result *out)
{
    const char *name;
    json_t *metrics = json_object_get(root, "metrics"), *value;
    *out = (brn_image_result){
        .train_count = json_integer_value(json_object_get(root, "train_count")),
        .valid_count = json_integer_value(json_object_get(root, "valid_count")),
        .bad_count = json_integer_value(json_object_get(root, "bad_count")),
        .seconds = json_number_value(json_object_get(root, "seconds")),
    };
    json_object_foreach(metrics, name, value) {
        const char *known = static_name(name);
        if (!known || out->metric_count == BRN_IMAGE_METRICS) continue;
        out->metrics[out->metric_count++] =
            (brn_metric){known, json_is_number(value) ? json_number_value(value) : NAN};
    }
    return out->metric_count > 0
               ? BRN_OK
               : brn__fail(BRN_ERROR_INPUT, "%s: expected the metrics of a fold", path);
}

brn_status brn__image_fold_read(const char *path, bool *done, brn_image_result *result)
{
    char *text;
    size_t length;
    json_t *root;
    brn__json_error error;
    *done = false;
    BRN__TRY(brn__read_file_if_there(path, FILE_MAX, &text, &length));
    if (!text) return BRN_OK;
    brn_status status = brn__json_load(text, length, &root, &error);
    brn__free(text);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(status, "%s: byte %zu: %s", path, error.position, error.reason);
    BRN__TRY(status);
    status = take_numbers(path, root, result);
    *done = status == BRN_OK;
    json_decref(root);
    return status;
}

brn_status brn__image_folds_write(const char *run, int folds, const brn_image_result *r)
{
    char path[4200];
    brn__text text = {0};
    json_t *means = json_object(), *deviations = json_object();
    for (int i = 0; i < r->metric_count; i++) {
        json_object_set_new(means, r->metrics[i].name, number(r->metrics[i].value));
        json_object_set_new(deviations, r->metrics[i].name, number(r->deviations[i]));
    }
    snprintf(path, sizeof path, "%s/metrics.json", run);
    BRN__TRY(write_json(path, json_pack("{s:i, s:o, s:o}", "folds", folds, "metrics", means, "deviations",
                                        deviations)));
    brn_status status = join_answers(run, folds, &text);
    snprintf(path, sizeof path, "%s/oof.csv", run);
    if (status == BRN_OK) return write_text(path, &text);
    brn__text_free(&text);
    return status;
}
