/* SPDX-License-Identifier: Apache-2.0
 * The network's outputs, what they mean, and how good they are. */
#include "base/alloc.h"
#include "data/table/dataset.h"
#include "jobs/table_job.h"
#include "train/metric_list.h"

#include <math.h>
#include <string.h>

enum { ANSWER_BATCH = 1024 };

typedef struct sink {
    float *outputs; /* (count, K) */
    int64_t width, done;
} sink;

static brn_status take_batch(void *context, const brn__batch *batch, const float *output)
{
    sink *s = context;
    memcpy(s->outputs + s->done * s->width, output,
           (size_t)(batch->count * s->width) * sizeof *output);
    s->done += batch->count;
    return BRN_OK;
}

brn_status brn__table_outputs(brn__table_network *network, const brn__dataset *dataset,
                              const int64_t *items, int64_t count, float *outputs)
{
    brn__loader_options options = brn__loader_defaults(false);
    options.batch_size = ANSWER_BATCH;
    brn__loader *loader;
    BRN__TRY(brn__loader_new(dataset, items, count, &options, &loader));
    sink s = {.outputs = outputs, .width = network->outputs};
    brn_status status = brn__loader_start_epoch(loader, 0);
    if (status == BRN_OK)
        status = brn__predict(brn__learner_runner(network->learner), &network->ends,
                              network->ends.output, loader, take_batch, &s);
    brn__loader_free(loader);
    return status;
}

static void softmax(float *values, int64_t count)
{
    double total = 0, largest = values[brn__largest(values, count)];
    for (int64_t i = 0; i < count; i++) total += exp(values[i] - largest);
    for (int64_t i = 0; i < count; i++) values[i] = (float)(exp(values[i] - largest) / total);
}

static void finish_several(const brn__preparation *p, float *values)
{
    for (int64_t k = 0; k < p->target_count; k++) {
        double value = (double)values[k];
        if (p->target_truths) {
            values[k] = (float)(1 / (1 + exp(-value)));
            continue;
        }
        value = value * p->targets[k].deviation + p->targets[k].mean;
        values[k] = (float)(p->target_log ? exp(value) : value);
    }
}

void brn__table_finish_answers(const brn__preparation *preparation, int64_t count, int64_t outputs,
                               float *values)
{
    for (int64_t row = 0; row < count; row++) {
        if (preparation->target_kind == BRN__TARGET_CLASS)
            softmax(values + row * outputs, outputs);
        else if (preparation->target_count)
            finish_several(preparation, values + row * outputs);
        else if (preparation->target_log)
            values[row] = expf(values[row]);
    }
}

static double log_loss(const float *logits, int64_t count, int64_t label)
{
    double total = 0, largest = logits[brn__largest(logits, count)];
    for (int64_t i = 0; i < count; i++) total += exp(logits[i] - largest);
    return log(total) - (logits[label] - largest);
}

static double class_loss(const brn__table_network *network, double cross_entropy)
{
    if (network->loss != BRN_TABLE_LOSS_FOCAL) return cross_entropy;
    return pow(-expm1(-cross_entropy), network->gamma) * cross_entropy;
}

static double number_loss(const brn__table_network *network, double answer, double truth)
{
    double difference = truth - answer;
    if (network->loss == BRN_TABLE_LOSS_MAE) return fabs(difference);
    if (network->loss == BRN_TABLE_LOSS_QUANTILE)
        return fmax(network->quantile * difference, (network->quantile - 1) * difference);
    return difference * difference;
}

static void score_classes(const brn__table_network *network, const brn__prepared *prepared,
                          const int64_t *items, int64_t count, const float *outputs,
                          brn_table_score *out)
{
    double loss = 0, right = 0;
    int64_t width = network->outputs;
    for (int64_t i = 0; i < count; i++) {
        int64_t label = prepared->classes[items ? items[i] : i];
        loss += class_loss(network, log_loss(outputs + i * width, width, label));
        right += brn__largest(outputs + i * width, width) == label;
    }
    out->loss = loss / (double)count;
    out->accuracy = right / (double)count;
    out->error_rate = 1 - out->accuracy;
}

static void score_numbers(const brn__table_network *network, const brn__preparation *preparation,
                          const brn__prepared *prepared, const int64_t *items, int64_t count,
                          const float *outputs, brn_table_score *out)
{
    double loss = 0, squares = 0, sizes = 0, shares = 0;
    int64_t nonzero = 0;
    for (int64_t i = 0; i < count; i++) {
        double truth = prepared->numbers[items ? items[i] : i], answer = outputs[i];
        loss += number_loss(network, answer, truth);
        if (preparation->target_log) truth = exp(truth), answer = exp(answer);
        squares += (answer - truth) * (answer - truth);
        sizes += fabs(answer - truth);
        if (truth == 0) continue;
        shares += (answer - truth) / truth * ((answer - truth) / truth);
        nonzero++;
    }
    out->loss = loss / (double)count;
    out->rmse = sqrt(squares / (double)count);
    out->mae = sizes / (double)count;
    out->exp_rmspe = nonzero ? sqrt(shares / (double)nonzero) : (double)NAN;
}

/* Logits against truths: right where they are on the same side. */
static void score_truths(const brn__prepared *prepared, const int64_t *items, int64_t count, brn__table_targets which,
                         const float *outputs, brn_table_score *out)
{
    const int64_t width = prepared->target_width;
    double loss = 0, right = 0;
    for (int64_t i = 0; i < count * which.count; i++) {
        const int64_t at = i / which.count, k = which.first + i % which.count, row = items ? items[at] : at;
        double logit = outputs[at * width + k], truth = prepared->numbers[row * width + k];
        loss += fmax(logit, 0) - logit * truth + log1p(exp(-fabs(logit)));
        right += (logit > 0) == (truth > .5);
    }
    out->loss = loss / (double)(count * which.count);
    out->accuracy = right / (double)(count * which.count);
    out->error_rate = 1 - out->accuracy;
}

/* Several numbers, together: each error in its target's own units. */
static void score_several(const brn__table_network *network, const brn__preparation *p, const brn__prepared *prepared,
                          const int64_t *items, int64_t count, brn__table_targets which, const float *outputs,
                          brn_table_score *out)
{
    double loss = 0, squares = 0, sizes = 0, all = (double)(count * which.count);
    for (int64_t i = 0; i < count * which.count; i++) {
        const int64_t at = i / which.count, k = which.first + i % which.count, row = items ? items[at] : at;
        const brn__target_column *target = &p->targets[k];
        double truth = prepared->numbers[row * p->target_count + k];
        double answer = outputs[at * p->target_count + k];
        loss += number_loss(network, answer, truth);
        truth = truth * target->deviation + target->mean;
        answer = answer * target->deviation + target->mean;
        if (p->target_log) truth = exp(truth), answer = exp(answer);
        squares += (answer - truth) * (answer - truth);
        sizes += fabs(answer - truth);
    }
    out->loss = loss / all;
    out->rmse = sqrt(squares / all);
    out->mae = sizes / all;
}

static void score_these(const brn__table_network *network, const brn__preparation *p, const brn__prepared *prepared,
                        const int64_t *items, int64_t count, brn__table_targets which, const float *outputs,
                        brn_table_score *out)
{
    if (p->target_truths) score_truths(prepared, items, count, which, outputs, out);
    else score_several(network, p, prepared, items, count, which, outputs, out);
}

void brn__table_score_targets(const brn__table_network *network, const brn__preparation *preparation,
                              const brn__prepared *prepared, brn__table_targets which, const float *outputs,
                              brn_table_score *out)
{
    *out = brn__table_no_score();
    out->count = prepared->rows;
    if (out->count > 0) score_these(network, preparation, prepared, NULL, out->count, which, outputs, out);
}

void brn__table_score_outputs(const brn__table_network *network,
                              const brn__preparation *preparation, const brn__prepared *prepared,
                              const int64_t *items, int64_t count, const float *outputs,
                              brn_table_score *out)
{
    *out = brn__table_no_score();
    out->count = count;
    if (count == 0) return;
    if (preparation->target_kind == BRN__TARGET_CLASS)
        score_classes(network, prepared, items, count, outputs, out);
    else if (preparation->target_count)
        score_these(network, preparation, prepared, items, count, (brn__table_targets){0, preparation->target_count},
                    outputs, out);
    else
        score_numbers(network, preparation, prepared, items, count, outputs, out);
}

brn_status brn__table_score_rows(brn__table_network *network, const brn__preparation *preparation,
                                 const brn__prepared *prepared, const int64_t *items, int64_t count,
                                 brn_table_score *out)
{
    *out = brn__table_no_score();
    if (count == 0) return BRN_OK;
    brn__dataset *dataset;
    BRN__TRY(brn__table_dataset_new(prepared, &dataset));
    float *outputs = brn__alloc_array((size_t)(count * network->outputs), sizeof *outputs);
    brn_status status =
        outputs ? brn__table_outputs(network, dataset, items, count, outputs) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK)
        brn__table_score_outputs(network, preparation, prepared, items, count, outputs, out);
    brn__free(outputs);
    brn__dataset_free(dataset);
    return status;
}
