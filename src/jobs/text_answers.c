/* SPDX-License-Identifier: Apache-2.0
 * The network's outputs for documents of a corpus, what they mean, and how good they are. */
#include "base/alloc.h"
#include "jobs/text_job.h"
#include "train/metric_list.h"

#include <math.h>
#include <string.h>

static const double SMALLEST = 1e-12; /* of a probability, in losses */

typedef struct sink {
    float *outputs; /* (document_count, K) */
    int64_t width;
} sink;

static brn_status take_batch(void *context, const brn__batch *batch, const float *output)
{
    sink *s = context;
    for (int64_t i = 0; i < batch->count; i++)
        memcpy(s->outputs + batch->items[i] * s->width, output + i * s->width,
               (size_t)s->width * sizeof *output);
    return BRN_OK;
}

brn_status brn__text_outputs(brn__text_network *network, const brn_text_train_options *options,
                             const brn__corpus *corpus, const int64_t *documents, int64_t count, float *outputs)
{
    const brn__text_batches batches = brn__text_batches_of(options);
    brn__dataset *dataset = NULL;
    brn__loader *loader = NULL;
    sink s = {outputs, network->outputs};
    brn_status status = brn__text_loader(corpus, documents, count, &batches, false, &dataset, &loader);
    if (status == BRN_OK) status = brn__loader_start_epoch(loader, 0);
    if (status == BRN_OK)
        status = brn__predict(brn__learner_runner(network->learner), &network->ends, network->ends.output, loader,
                              take_batch, &s);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    return status;
}

void brn__text_finish_answers(brn_text_target target, int64_t count, int64_t outputs, float *values)
{
    for (int64_t row = 0; row < count; row++) {
        float *v = values + row * outputs;
        double total = 0, largest = v[brn__largest(v, outputs)];
        for (int64_t k = 0; k < outputs; k++) total += exp(v[k] - largest);
        for (int64_t k = 0; k < outputs; k++)
            if (target == BRN_TEXT_LABEL) v[k] = (float)(exp(v[k] - largest) / total);
            else if (target == BRN_TEXT_TAGS) v[k] = (float)(1 / (1 + exp(-(double)v[k])));
    }
}

static double log_of(double probability) { return log(probability > SMALLEST ? probability : SMALLEST); }

double brn__text_loss(const brn__corpus *corpus, int64_t d, const float *answers)
{
    const int64_t width = corpus->class_count;
    double sum = 0;
    if (corpus->target == BRN_TEXT_LABEL) return -log_of((double)answers[corpus->labels[d]]);
    for (int64_t k = 0; k < width; k++) {
        const double truth = (double)corpus->targets[d * width + k], answer = (double)answers[k];
        if (corpus->target == BRN_TEXT_TAGS) sum -= truth * log_of(answer) + (1 - truth) * log_of(1 - answer);
        else sum += (answer - truth) * (answer - truth);
    }
    return sum / (double)width;
}

typedef struct sums {
    double loss, right, hits, told, true_tags, squares, sizes;
} sums;

static void add_document(const brn__corpus *c, int64_t d, const float *answers, sums *s)
{
    const int64_t width = c->class_count;
    s->loss += brn__text_loss(c, d, answers);
    if (c->target == BRN_TEXT_LABEL) {
        s->right += brn__largest(answers, width) == c->labels[d];
        return;
    }
    for (int64_t k = 0; k < width; k++) {
        const double truth = (double)c->targets[d * width + k], answer = (double)answers[k];
        const bool told = answer > .5, is = truth > .5;
        s->right += told == is, s->hits += told && is, s->told += told, s->true_tags += is;
        s->squares += (answer - truth) * (answer - truth), s->sizes += fabs(answer - truth);
    }
}

brn_text_score brn__text_score_of(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                                  const float *answers)
{
    const double none = (double)NAN;
    brn_text_score score = {count, none, none, none, none, none};
    sums s = {0};
    if (count == 0) return score;
    for (int64_t i = 0; i < count; i++) {
        const int64_t d = documents[i];
        add_document(corpus, d, answers + d * corpus->class_count, &s);
    }
    const double texts = (double)count, all = texts * (double)corpus->class_count;
    score.loss = s.loss / texts;
    if (corpus->target == BRN_TEXT_LABEL) score.accuracy = s.right / texts;
    if (corpus->target == BRN_TEXT_TAGS) {
        score.accuracy = s.right / all;
        score.f1 = s.told + s.true_tags > 0 ? 2 * s.hits / (s.told + s.true_tags) : none;
    }
    if (corpus->target == BRN_TEXT_NUMBERS) {
        score.rmse = sqrt(s.squares / all);
        score.mae = s.sizes / all;
    }
    return score;
}

int brn__text_metrics(const brn_text_score *s, brn_metric *out)
{
    const brn_metric all[] = {{"accuracy", s->accuracy}, {"error_rate", 1 - s->accuracy}, {"f1", s->f1},
                              {"rmse", s->rmse},         {"mae", s->mae},                 {"valid_loss", s->loss}};
    int count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!isnan(all[i].value)) out[count++] = all[i];
    return count;
}
