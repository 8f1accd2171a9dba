/* SPDX-License-Identifier: Apache-2.0
 * What pictures are to be answered with: one label, tags or numbers. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_targets.h"

#include <math.h>
#include <string.h>

static const char *const kind_names[] = {
    [BRN_TARGET_LABEL] = "label",
    [BRN_TARGET_TAGS] = "tags",
    [BRN_TARGET_NUMBERS] = "numbers",
};
static const double F2_BETA = 2, FIRST_THRESHOLD = .17, THRESHOLD_STEP = .01; /* as in metric f2 */
enum { THRESHOLDS = 7 };

/* ------------------------------------------------------------------ options */

static int find_kind(const char *name)
{
    int kind = 0;
    while (kind < 3 && strcmp(kind_names[kind], name) != 0) kind++;
    return kind < 3 ? kind : -1;
}

brn_status brn__image_targets_plan(brn_image_options *o)
{
    if (!o->images) o->images = "";
    if (!o->targets) o->targets = "";
    if (!o->target_type) o->target_type = "auto";
    if (!o->class_weights) o->class_weights = "";
    if (!o->test) o->test = "";
    if (!o->exclude) o->exclude = "";
    if (!o->relabel) o->relabel = "";
    if (*o->class_weights && (o->mixup > 0 || o->cutmix > 0))
        return brn__fail(BRN_ERROR_USAGE, "class weights: mixed pictures have no class of their own; expected no "
                                          "mixup and no cutmix beside them");
    if (!o->tag_separator) o->tag_separator = " ";
    if (strcmp(o->target_type, "auto") != 0 && find_kind(o->target_type) < 0)
        return brn__fail(BRN_ERROR_USAGE, "target type: \"%s\"; expected label, tags, numbers or auto",
                         o->target_type);
    const unsigned char character = (unsigned char)o->tag_separator[0];
    if (character < ' ' || character > '~' || o->tag_separator[1])
        return brn__fail(BRN_ERROR_USAGE, "tag separator: \"%s\"; expected one ASCII character",
                         o->tag_separator);
    return BRN_OK;
}

brn_image_data_options brn__image_data_options_of(const brn_image_options *o)
{
    static const brn_target_choice choices[] = {
        [BRN_TARGET_LABEL] = BRN_TARGET_AS_LABEL,
        [BRN_TARGET_TAGS] = BRN_TARGET_AS_TAGS,
        [BRN_TARGET_NUMBERS] = BRN_TARGET_AS_NUMBERS,
    };
    const int kind = o->target_type ? find_kind(o->target_type) : -1;
    return (brn_image_data_options){
        .valid = o->valid,
        .seed = o->seed,
        .images = o->images && *o->images ? o->images : NULL,
        .targets = o->targets && *o->targets ? o->targets : NULL,
        .target = kind < 0 ? BRN_TARGET_AUTO : choices[kind],
        .tag_separator = o->tag_separator ? *o->tag_separator : ' ',
        .test = o->test && *o->test ? o->test : NULL,
        .folds = o->folds,
        .fold = o->fold > 0 ? o->fold - 1 : 0,
    };
}

/* ------------------------------------------------------------------ data */

int64_t brn__image_outputs(const brn_image_data *data)
{
    return brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? brn_image_data_class_count(data)
                                                                : brn_image_data_target_width(data);
}

const char *brn__image_output_name(const brn_image_data *data, int64_t k)
{
    return brn_image_data_target_kind(data) == BRN_TARGET_LABEL ? brn_image_data_class_name(data, k)
                                                                : brn_image_data_target_name(data, k);
}

brn_status brn__image_data_check(const brn_image_options *o, const brn_image_data *data)
{
    const brn_target_kind kind = brn_image_data_target_kind(data);
    const int64_t count = brn_image_data_split_count(data, BRN_SPLIT_TRAIN);
    if (kind == BRN_TARGET_LABEL && brn_image_data_class_count(data) < 2)
        return brn__fail(BRN_ERROR_INPUT, "%s: one class only, \"%s\"; expected two or more folders",
                         o->data, brn_image_data_class_name(data, 0));
    if (kind != BRN_TARGET_LABEL && o->label_smoothing > 0)
        return brn__fail(BRN_ERROR_USAGE, "label smoothing: %s has %s; expected labels, or 0", o->data,
                         kind_names[kind]);
    if (count >= 2) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %lld training pictures; expected two or more", o->data,
                     (long long)count);
}

/* ------------------------------------------------------------------ measures */

const char *brn__image_measure(brn_target_kind kind, int index)
{
    static const char *const names[][BRN__IMAGE_MEASURES + 1] = {
        [BRN_TARGET_LABEL] = {"accuracy", "error_rate", "plain_accuracy"},
        [BRN_TARGET_TAGS] = {"f2", "map", "plain_f2"},
        [BRN_TARGET_NUMBERS] = {"rmse", "mae", "plain_rmse"},
    };
    return names[kind][index];
}

void brn__image_measures_init(brn__whole_metrics *metrics, brn_target_kind kind)
{
    const brn__whole_metric *list[BRN__IMAGE_MEASURES];
    int count = 0;
    for (int i = 0; kind != BRN_TARGET_LABEL && i < BRN__IMAGE_MEASURES; i++)
        list[count++] = brn__whole_metric_find(brn__image_measure(kind, i));
    brn__whole_metrics_init(metrics, list, count);
}

void brn__image_result_start(brn_image_result *result, brn_target_kind kind)
{
    const char *const names[] = {brn__image_measure(kind, 0), brn__image_measure(kind, 1), "valid_loss",
                                 brn__image_measure(kind, 2)};
    for (int i = 0; i < BRN_IMAGE_METRICS; i++)
        result->metrics[i] = (brn_metric){names[i], NAN};
    result->target = kind;
    result->accuracy = result->plain_accuracy = result->valid_loss = result->threshold = NAN;
}

void brn__image_result_take(brn_image_result *result, const char *name, double value)
{
    for (int i = 0; i < BRN__IMAGE_MEASURES; i++)
        if (strcmp(result->metrics[i].name, name) == 0) {
            result->metrics[i].value = value;
            if (i == 0) result->metrics[BRN_IMAGE_METRICS - 1].value = value;
        }
    if (strcmp(name, "accuracy") == 0) result->accuracy = result->plain_accuracy = value;
}

void brn__image_result_settle(brn_image_result *result, int tta)
{
    brn_metric *metrics = result->metrics;
    if (result->target == BRN_TARGET_LABEL) {
        metrics[0].value = result->accuracy;
        metrics[1].value = 1 - result->accuracy;
        metrics[3].value = result->plain_accuracy;
    }
    metrics[2].value = result->valid_loss;
    result->metric_count = result->valid_count == 0 ? 0 : BRN_IMAGE_METRICS - (tta == 0);
}

/* ------------------------------------------------------------------ what answers are worth */

/* The output whose sigmoid is p, always finite. */
static float logit(float p)
{
    return (float)log(fmax((double)p, 1e-45) / fmax(1 - (double)p, 1e-45));
}

static double loss_of(brn_target_kind kind, const brn__answers *a)
{
    const int64_t values = a->count * a->columns;
    double sum = 0;
    for (int64_t i = 0; i < values; i++) {
        const double x = (double)a->outputs[i], t = (double)a->targets[i];
        sum += kind == BRN_TARGET_TAGS ? fmax(x, 0) - x * t + log1p(exp(-fabs(x))) : (x - t) * (x - t);
    }
    return values ? sum / (double)values : NAN;
}

static brn_status score(brn_target_kind kind, const brn__answers *a, brn__image_measured *out)
{
    *out = (brn__image_measured){.count = a->count, .loss = loss_of(kind, a), .threshold = NAN};
    for (int i = 0; i < BRN__IMAGE_MEASURES; i++) {
        const char *name = brn__image_measure(kind, i);
        out->metrics[i] = (brn_metric){name, NAN};
        if (a->count > 0) BRN__TRY(brn__whole_metric_find(name)->of_all(a, &out->metrics[i].value));
    }
    double f2;
    if (kind == BRN_TARGET_TAGS && a->count > 0)
        out->threshold =
            brn__best_threshold(a, F2_BETA, FIRST_THRESHOLD, THRESHOLD_STEP, THRESHOLDS, &f2);
    return BRN_OK;
}

brn_status brn__image_measure_answers(brn_target_kind kind, const brn__image_answers *answers, bool plain,
                                      const float *targets, brn__image_measured *out)
{
    const int64_t columns = answers->classes;
    const size_t values = (size_t)(answers->count * columns);
    float *outputs = brn__alloc_array(2 * values + 1, sizeof *outputs);
    if (!outputs) return BRN_ERROR_NO_MEMORY;
    float *right = outputs + values;
    const float *given = plain ? answers->logits : answers->probabilities;
    int64_t count = 0;
    for (int64_t i = 0; i < answers->count; i++) {
        if (!answers->seen[i] || isnan(targets[i * columns])) continue;
        for (int64_t k = 0; k < columns; k++) {
            const float value = given[i * columns + k];
            outputs[count * columns + k] = plain || kind == BRN_TARGET_NUMBERS ? value : logit(value);
            right[count * columns + k] = targets[i * columns + k];
        }
        count++;
    }
    const brn__answers all = {count, columns, outputs, right, NULL};
    const brn_status status = score(kind, &all, out);
    brn__free(outputs);
    return status;
}

float *brn__image_targets_of(const brn_image_data *data, int64_t first, int64_t count)
{
    const int64_t width = brn_image_data_target_width(data);
    float *targets = brn__alloc_array((size_t)(count * width) + 1, sizeof *targets);
    for (int64_t i = 0; targets && i < count; i++)
        brn__image_target_write(data, first + i, targets + i * width);
    return targets;
}
