/* SPDX-License-Identifier: Apache-2.0
 * The image learner: what the network answers. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_learner.h"
#include "train/log_answers.h"

#include <string.h>

typedef struct sink {
    brn_image_learner *learner;
    brn_answer_form form;
    int64_t first, classes;
    float *answers;
    bool *seen;
    int64_t done, batches;
} sink;

static void write_answer(const sink *s, const float *logits, float *out)
{
    const brn_target_kind kind = s->learner->network.kind;
    if (s->form == BRN_ANSWER_OUTPUTS)
        memcpy(out, logits, (size_t)s->classes * sizeof *out);
    else if (s->form == BRN_ANSWER_LOG_PROBABILITIES && kind == BRN_TARGET_LABEL)
        brn__log_softmax(logits, s->classes, out);
    else if (s->form == BRN_ANSWER_LOG_PROBABILITIES && kind == BRN_TARGET_TAGS)
        brn__log_sigmoids(logits, s->classes, out);
    else
        brn__image_answer_of(kind, logits, s->classes, out);
}

static brn_status take_batch(void *context, const brn__batch *batch, const float *output)
{
    sink *s = context;
    for (int64_t n = 0; n < batch->count; n++) {
        const int64_t place = batch->items[n] - s->first;
        write_answer(s, output + n * s->classes, s->answers + place * s->classes);
        if (s->seen) s->seen[place] = true;
    }
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = ++s->done;
    event.batches = s->batches;
    return brn__progress_send(&s->learner->progress, event);
}

brn_status brn__image_learner_pass(brn_image_learner *l, const brn__network *network, brn__loader *loader,
                                   int64_t first, brn_answer_form form, float *answers, bool *seen)
{
    sink s = {.learner = l,
              .form = form,
              .first = first,
              .classes = l->outputs,
              .answers = answers,
              .seen = seen,
              .batches = brn__loader_batch_count(loader)};
    l->progress.stage = "answer";
    l->progress.stopped = false;
    BRN__TRY(brn__loader_start_pass(loader, 0, 0));
    return brn__predict(brn__learner_runner(l->network.learner), network, network->output, loader, take_batch, &s);
}

static brn_status answer(brn_image_learner *l, const brn_image_pass *pass, sink *s)
{
    brn__image_footing footing = {&l->network.whole, l->pictures};
    brn__loader *loader;
    if (!pass->augmented) BRN__TRY(brn__image_learner_stand(l, &footing));
    const brn__image_view view = pass->augmented ? BRN__IMAGE_AUGMENTED : BRN__IMAGE_PLAIN;
    BRN__TRY(brn__image_learner_loader(l, &footing, pass->split, view, &loader));
    if (!loader) return BRN_OK;
    s->batches = brn__loader_batch_count(loader);
    brn_status status = brn__loader_start_pass(loader, 0, pass->number);
    if (status == BRN_OK)
        status = brn__predict(brn__learner_runner(l->network.learner), footing.network,
                              footing.network->output, loader, take_batch, s);
    if (status == BRN_OK) status = brn__image_learner_warn(l, loader);
    brn__loader_free(loader);
    return status;
}

brn_status brn_image_learner_answer(brn_image_learner *l, const brn_image_pass *pass, float *answers, bool *seen)
{
    if ((unsigned)pass->split >= BRN_SPLIT_COUNT)
        return brn__fail(BRN_ERROR_USAGE, "answer: there is no split %d", (int)pass->split);
    const int64_t count = l->counts[pass->split];
    sink s = {.learner = l,
              .form = pass->form,
              .first = l->starts[pass->split],
              .classes = brn_node_shape(l->network.whole.output).dims[1],
              .answers = answers,
              .seen = seen};
    memset(answers, 0, (size_t)(count * s.classes) * sizeof *answers);
    memset(seen, 0, (size_t)count * sizeof *seen);
    l->progress.stage = "answer";
    l->progress.stopped = false;
    return answer(l, pass, &s);
}
