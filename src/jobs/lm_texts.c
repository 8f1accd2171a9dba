/* SPDX-License-Identifier: Apache-2.0
 * The texts of a language model: which documents train, which validate, and their batches. */
#include "base/alloc.h"
#include "jobs/lm_job.h"

static int64_t tokens_of(const brn__corpus *corpus, const int64_t *documents, int64_t count)
{
    int64_t tokens = 0;
    for (int64_t i = 0; i < count; i++)
        tokens += corpus->starts[documents[i] + 1] - corpus->starts[documents[i]];
    return tokens;
}

static brn_status list_documents(brn__lm_texts *t)
{
    const unsigned training = 1u << BRN__TEXT_TRAIN | 1u << BRN__TEXT_UNLABELLED;
    t->documents = brn__alloc_array((size_t)t->corpus->document_count + 1, sizeof *t->documents);
    if (!t->documents) return BRN_ERROR_NO_MEMORY;
    brn__text_parts(t->corpus, training, t->documents, &t->train_count);
    brn__text_part(t->corpus, BRN__TEXT_VALID, t->documents + t->train_count, &t->valid_count);
    t->train_tokens = tokens_of(t->corpus, t->documents, t->train_count);
    t->valid_tokens = tokens_of(t->corpus, t->documents + t->train_count, t->valid_count);
    return BRN_OK;
}

static brn_status make_loaders(const brn_lm_options *o, brn__lm_texts *t)
{
    brn__lm_options form = brn__lm_defaults();
    form.batch_size = o->batch_size;
    form.length = o->length;
    form.form = o->variable_length ? BRN__LM_VARIABLE : BRN__LM_FIXED;
    form.shuffle = true;
    form.backwards = o->backward;
    BRN__TRY(brn__lm_loader(t->corpus, t->documents, t->train_count, &form, o->seed, &t->train_set, &t->train));
    if (t->valid_count == 0) return BRN_OK;
    form.shuffle = false;
    form.form = BRN__LM_FIXED;
    return brn__lm_loader(t->corpus, t->documents + t->train_count, t->valid_count, &form, o->seed, &t->valid_set,
                          &t->valid);
}

brn_status brn__lm_texts_open(const brn_lm_options *o, const char *folder, brn__lm_texts *out)
{
    *out = (brn__lm_texts){0};
    brn_text_options text = o->text;
    text.threads = o->threads;
    brn_status status = brn__text_open(o->inputs, o->input_count, &text, NULL, NULL, folder, &out->corpus);
    if (status == BRN_OK) status = list_documents(out);
    if (status == BRN_OK) status = make_loaders(o, out);
    if (status != BRN_OK) brn__lm_texts_free(out);
    return status;
}

void brn__lm_texts_free(brn__lm_texts *t)
{
    brn__loader_free(t->train);
    brn__loader_free(t->valid);
    brn__dataset_free(t->train_set);
    brn__dataset_free(t->valid_set);
    brn__corpus_free(t->corpus);
    brn__free(t->documents);
    *t = (brn__lm_texts){0};
}
