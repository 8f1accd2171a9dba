/* SPDX-License-Identifier: Apache-2.0
 * A language model opened again: perplexity and accuracy on texts. */
#include "base/alloc.h"
#include "jobs/lm_job.h"

#include <math.h>
#include <string.h>

brn_status brn_lm_model_open(const char *run, int threads, brn_lm_model **out)
{
    *out = NULL;
    brn_lm_model *model = brn__alloc_zero(1, sizeof *model);
    if (!model) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__lm_card_open(run, &model->card);
    if (status != BRN_OK) {
        brn__free(model);
        return status;
    }
    model->card.options.threads = threads;
    model->vocabulary = brn__vocabulary_count(model->card.settings->vocabulary);
    *out = model;
    return BRN_OK;
}

void brn_lm_model_close(brn_lm_model *model)
{
    if (!model) return;
    brn__lm_card_close(&model->card);
    brn__free(model);
}

int64_t brn_lm_model_vocabulary(const brn_lm_model *model) { return model->vocabulary; }

/* ------------------------------------------------------------------ the pass */

static brn_status add_batch(const brn__lm_network *network, const brn__batch *batch, brn_lm_score *score)
{
    const brn__network *ends = &network->ends;
    brn_plan *plan;
    BRN__TRY(brn__batch_plan(brn__learner_runner(network->learner), ends, NULL, batch, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(ends->input), batch->inputs));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(ends->target), batch->targets));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    int64_t tokens = brn__network_measured(ends, batch);
    score->accuracy += (double)*(const float *)brn_plan_output(plan, 0) * (double)tokens;
    score->loss += (double)*(const float *)brn_plan_output(plan, 1) * (double)tokens;
    score->tokens += tokens;
    return BRN_OK;
}

brn_status brn__lm_score_loader(brn__lm_network *network, brn__loader *loader, brn_lm_score *out)
{
    *out = (brn_lm_score){0};
    brn__awd_lstm_reset(network->parameters);
    BRN__TRY(brn__loader_start_epoch(loader, 0));
    for (;;) {
        brn__batch batch;
        BRN__TRY(brn__loader_next(loader, &batch));
        if (batch.count == 0) break;
        BRN__TRY(add_batch(network, &batch, out));
    }
    out->loss /= (double)out->tokens;
    out->accuracy /= (double)out->tokens;
    out->perplexity = exp(out->loss);
    return BRN_OK;
}

/* ------------------------------------------------------------------ texts */

static brn_status score_corpus(brn_lm_model *model, const brn__corpus *corpus, brn_lm_score *out)
{
    const brn_lm_options *o = &model->card.options;
    brn__lm_options form = brn__lm_defaults();
    brn__dataset *dataset = NULL;
    brn__loader *loader = NULL;
    brn__lm_network network = {0};
    int64_t streams = corpus->token_count / (o->length + 1);
    form.batch_size = streams < 1 ? 1 : streams < o->batch_size ? streams : o->batch_size;
    form.length = o->length;
    form.shuffle = false;
    form.backwards = o->backward;
    brn_status status = brn__lm_loader(corpus, NULL, 0, &form, 0, &dataset, &loader);
    if (status == BRN_OK) status = brn__lm_network_new(o, model->vocabulary, form.batch_size, o->length, &network);
    if (status == BRN_OK) status = brn__lm_card_load(&model->card, network.parameters);
    if (status == BRN_OK) status = brn__lm_score_loader(&network, loader, out);
    brn__lm_network_free(&network);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    return status;
}

brn_status brn_lm_evaluate(brn_lm_model *model, const char *const *inputs, int64_t input_count,
                           const brn_text_options *text, brn_lm_score *out)
{
    brn__corpus *corpus;
    brn_text_options how = text ? *text : model->card.options.text;
    how.target = BRN_TEXT_NO_TARGET;
    how.threads = model->card.options.threads;
    BRN__TRY(brn__text_open(inputs, input_count, &how, model->card.settings, NULL, NULL, &corpus));
    brn_status status = score_corpus(model, corpus, out);
    brn__corpus_free(corpus);
    return status;
}
