/* SPDX-License-Identifier: Apache-2.0
 * Passes over pictures, and what their answers are worth. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_job.h"
#include "train/tta.h"

#include <math.h>
#include <string.h>

void brn__softmax(const float *logits, int64_t count, float *p)
{
    double largest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < count; k++) largest = logits[k] > largest ? logits[k] : largest;
    for (int64_t k = 0; k < count; k++) sum += exp(logits[k] - largest);
    for (int64_t k = 0; k < count; k++) p[k] = (float)(exp(logits[k] - largest) / sum);
}

void brn__image_answer_of(brn_target_kind kind, const float *logits, int64_t count, float *answer)
{
    switch (kind) {
    case BRN_TARGET_LABEL: brn__softmax(logits, count, answer); break;
    case BRN_TARGET_TAGS:
        for (int64_t k = 0; k < count; k++) answer[k] = (float)(1 / (1 + exp(-(double)logits[k])));
        break;
    case BRN_TARGET_NUMBERS: memcpy(answer, logits, (size_t)count * sizeof *answer); break;
    }
}

int64_t *brn__image_item_numbers(int64_t first, int64_t count)
{
    int64_t *items = brn__alloc_array((size_t)(count > 0 ? count : 1), sizeof *items);
    for (int64_t i = 0; items && i < count; i++) items[i] = first + i;
    return items;
}

/* One pass on its way into the answers. Batches keep the order of the items, with gaps where one is
 * bad, so a place is found by going on from the last one. */
typedef struct pass {
    brn__image_answers *answers;
    const brn__image_ask *ask;
    brn_target_kind kind;
    bool plain;
    brn__tta tta;
    int64_t next;          /* place of the item that is looked for first */
    int64_t done, batches; /* of all passes */
    float *p;              /* (K) */
    int *views;            /* (count): passes in which the item could be read */
} pass;

static brn_status add_batch(void *context, const brn__batch *batch, const float *output)
{
    pass *s = context;
    brn__image_answers *a = s->answers;
    for (int64_t n = 0; n < batch->count; n++) {
        while (s->ask->items[s->next] != batch->items[n]) s->next++;
        s->views[s->next]++;
        int64_t row = s->next++ * a->classes;
        const float *logits = output + n * a->classes;
        brn__image_answer_of(s->kind, logits, a->classes, s->p);
        brn__tta_add(&s->tta, s->plain, s->p, a->classes, a->probabilities + row);
        if (!s->plain) continue;
        memcpy(a->plain + row, s->p, (size_t)a->classes * sizeof *s->p);
        memcpy(a->logits + row, logits, (size_t)a->classes * sizeof *logits);
        a->seen[s->next - 1] = true;
    }
    s->done++;
    if (!s->ask->progress) return BRN_OK;
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = s->done;
    event.batches = s->batches;
    return brn__progress_send(s->ask->progress, event);
}

static brn_status run_pass(brn__image_network *network, pass *s, brn__loader *loader,
                           uint32_t number)
{
    s->next = 0;
    BRN__TRY(brn__loader_start_pass(loader, 0, number));
    return brn__predict(brn__learner_runner(network->learner), &network->whole,
                        network->whole.output, loader, add_batch, s);
}

static brn_status new_loader(const brn__image_ask *ask, bool augmented, brn__loader **out)
{
    brn__loader_options options = brn__loader_defaults(false);
    options.batch_size = ask->batch_size;
    options.workers = ask->loaders;
    options.seed = ask->seed;
    options.training = augmented;
    return brn__loader_new(ask->dataset, ask->items, ask->count, &options, out);
}

static brn_status run_passes(brn__image_network *network, pass *s)
{
    const brn__image_ask *ask = s->ask;
    brn__loader *loader;
    BRN__TRY(new_loader(ask, false, &loader));
    s->batches = brn__loader_batch_count(loader) * (ask->tta + 1);
    s->plain = true;
    brn_status status = run_pass(network, s, loader, 0);
    brn__loader_free(loader);
    if (status != BRN_OK || !ask->tta) return status;
    BRN__TRY(new_loader(ask, true, &loader));
    s->plain = false;
    for (int number = 1; status == BRN_OK && number <= ask->tta; number++)
        status = run_pass(network, s, loader, (uint32_t)number);
    brn__loader_free(loader);
    return status;
}

/* An average over some of the views only would be another figure: what one pass could not read is bad. */
static void drop_partly_seen(const pass *s)
{
    brn__image_answers *a = s->answers;
    for (int64_t i = 0; i < a->count; i++) {
        if (s->views[i] == s->ask->tta + 1) continue;
        const size_t row = (size_t)(i * a->classes), bytes = (size_t)a->classes * sizeof(float);
        memset(a->probabilities + row, 0, bytes);
        memset(a->plain + row, 0, bytes);
        memset(a->logits + row, 0, bytes);
        a->seen[i] = false;
        a->bad_count++;
    }
}

brn_status brn__image_answers_make(brn__image_network *network, const brn__image_ask *ask,
                                   brn__image_answers *out)
{
    const brn_shape shape = brn_node_shape(network->whole.output);
    *out = (brn__image_answers){.count = ask->count, .classes = shape.dims[1]};
    if (ask->count == 0) return BRN_OK;
    const size_t count = (size_t)ask->count, values = count * (size_t)out->classes;
    pass s = {.answers = out,
              .ask = ask,
              .kind = network->kind,
              .tta = {.passes = ask->tta, .beta = ask->tta_beta == 0 ? -1 : ask->tta_beta}};
    BRN__TRY(brn__tta_check(&s.tta));
    out->probabilities = brn__alloc_zero(values, sizeof(float));
    out->plain = brn__alloc_zero(values, sizeof(float));
    out->logits = brn__alloc_zero(values, sizeof(float));
    out->seen = brn__alloc_zero(count, sizeof(bool));
    s.p = brn__alloc_array((size_t)out->classes, sizeof(float));
    s.views = brn__alloc_zero(count, sizeof *s.views);
    brn_status status = BRN_ERROR_NO_MEMORY;
    if (out->probabilities && out->plain && out->logits && out->seen && s.p && s.views)
        status = run_passes(network, &s);
    if (status == BRN_OK) drop_partly_seen(&s);
    brn__free(s.p);
    brn__free(s.views);
    if (status != BRN_OK) brn__image_answers_free(out);
    return status;
}

void brn__image_answers_free(brn__image_answers *answers)
{
    brn__free(answers->probabilities);
    brn__free(answers->plain);
    brn__free(answers->logits);
    brn__free(answers->seen);
    *answers = (brn__image_answers){0};
}

brn__image_score brn__image_score_of(const float *probabilities, const bool *seen,
                                     const int64_t *labels, int64_t count, int64_t classes)
{
    brn__image_score score = {0};
    for (int64_t i = 0; i < count; i++) {
        if (!seen[i]) continue;
        const float *p = probabilities + i * classes;
        score.accuracy += brn__metric_accuracy.of_item(p, classes, labels[i]);
        score.top5 += brn__metric_top5.of_item(p, classes, labels[i]);
        score.loss -= log(fmax((double)p[labels[i]], 1e-30));
        score.count++;
    }
    double items = score.count ? (double)score.count : NAN;
    score.accuracy /= items;
    score.top5 /= items;
    score.loss /= items;
    score.error_rate = 1 - score.accuracy;
    return score;
}
