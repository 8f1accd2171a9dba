/* SPDX-License-Identifier: Apache-2.0
 * Trained classifiers of texts: answers to texts, and to documents of a corpus. */
#include "base/alloc.h"
#include "jobs/scratch_folder.h"
#include "jobs/text_predict.h"

#include <string.h>

struct brn_text_answers {
    int64_t count, width;
    float *values; /* (count, width) */
};

/* ------------------------------------------------------------------ models */

brn_status brn_text_model_open(const char *run, int threads, brn_text_model **out)
{
    *out = NULL;
    brn_text_model *model = brn__alloc_zero(1, sizeof *model);
    if (!model) return BRN_ERROR_NO_MEMORY;
    model->threads = threads;
    const brn_status status = brn__text_member_open(run, threads, &model->members[0]);
    model->member_count = status == BRN_OK;
    if (status == BRN_OK) *out = model;
    else brn_text_model_close(model);
    return status;
}

static brn_status check_alike(const brn__text_member *a, const brn__text_member *b)
{
    bool alike = a->options.text.target == b->options.text.target && a->network.outputs == b->network.outputs;
    for (int64_t k = 0; alike && k < a->network.outputs; k++) alike = !strcmp(a->outputs[k], b->outputs[k]);
    if (alike) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: its answers are not those of %s", b->path, a->path);
}

brn_status brn_text_model_join(brn_text_model *model, const char *run)
{
    brn__text_member *member;
    if (model->member_count == BRN__TEXT_MEMBERS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "more than %d models at once", BRN__TEXT_MEMBERS_MAX);
    BRN__TRY(brn__text_member_open(run, model->threads, &member));
    const brn_status status = check_alike(model->members[0], member);
    if (status == BRN_OK) model->members[model->member_count++] = member;
    else brn__text_member_close(member);
    return status;
}

void brn_text_model_close(brn_text_model *model)
{
    if (!model) return;
    for (int i = 0; i < model->member_count; i++) brn__text_member_close(model->members[i]);
    brn__free(model);
}

brn_text_target brn_text_model_target(const brn_text_model *model) { return model->members[0]->options.text.target; }

brn_text_options brn_text_model_source(const brn_text_model *model) { return model->members[0]->options.text; }

int64_t brn_text_model_output_count(const brn_text_model *model) { return model->members[0]->network.outputs; }

const char *brn_text_model_output(const brn_text_model *model, int64_t k)
{
    return k >= 0 && k < brn_text_model_output_count(model) ? model->members[0]->outputs[k] : NULL;
}

/* ------------------------------------------------------------------ one text */

/* A text as a batch of one: its last tokens, padded behind to few different lengths. */
brn_status brn__text_row_of(const brn__text_member *m, const char *text, brn__text_row *out)
{
    const brn__text_batches form = brn__text_batches_of(&m->options);
    const int64_t pad = brn__vocabulary_pad(m->settings->vocabulary);
    int32_t *tokens;
    int64_t all;
    *out = (brn__text_row){0};
    BRN__TRY(brn__text_encode(m->settings, text, strlen(text), &tokens, &all));
    out->count = all < form.limit ? all : form.limit;
    out->length = (out->count + form.multiple - 1) / form.multiple * form.multiple;
    if (out->length == 0) out->length = form.multiple;
    out->tokens = brn__alloc_array((size_t)out->length, sizeof *out->tokens);
    if (out->tokens) {
        for (int64_t t = 0; t < out->count; t++)
            out->tokens[t] = m->options.backwards ? tokens[all - 1 - t] : tokens[all - out->count + t];
        for (int64_t t = out->count; t < out->length; t++) out->tokens[t] = pad;
    }
    brn__free(tokens);
    return out->tokens ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* Adds a member's answers (K) times `weight`. */
static brn_status add_answer(brn__text_member *m, const char *text, float weight, float *values)
{
    brn__text_row row;
    const void *output;
    const brn__batch_pass pass = {.runner = brn__learner_runner(m->network.learner)};
    const int64_t k = m->network.outputs;
    BRN__TRY(brn__text_row_of(m, text, &row));
    const brn__batch batch = {.count = 1, .length = row.length, .inputs = row.tokens};
    float *own = brn__alloc_array((size_t)k, sizeof *own);
    const brn__passes *passes = m->network.ends.passes;
    brn_status status = own ? passes->answer(passes->state, &pass, &batch, &output, NULL) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        memcpy(own, output, (size_t)k * sizeof *own);
        brn__text_finish_answers(m->options.text.target, 1, k, own);
        for (int64_t i = 0; i < k; i++) values[i] += weight * own[i];
    }
    brn__free(own);
    brn__free(row.tokens);
    return status;
}

brn_status brn__text_answer(brn_text_model *model, const char *text, float *values)
{
    for (int64_t k = 0; k < brn_text_model_output_count(model); k++) values[k] = 0;
    for (int i = 0; i < model->member_count; i++)
        BRN__TRY(add_answer(model->members[i], text, 1 / (float)model->member_count, values));
    return BRN_OK;
}

brn_status brn_text_predict(brn_text_model *model, const char *const *texts, int64_t count, brn_text_answers **out)
{
    *out = NULL;
    brn_text_answers *answers = brn__alloc_zero(1, sizeof *answers);
    if (!answers) return BRN_ERROR_NO_MEMORY;
    answers->count = count;
    answers->width = brn_text_model_output_count(model);
    answers->values = brn__alloc_array((size_t)(count * answers->width) + 1, sizeof *answers->values);
    brn_status status = answers->values ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < count; i++)
        status = brn__text_answer(model, texts[i], answers->values + i * answers->width);
    if (status == BRN_OK) *out = answers;
    else brn_text_answers_free(answers);
    return status;
}

void brn_text_answers_free(brn_text_answers *answers)
{
    if (!answers) return;
    brn__free(answers->values);
    brn__free(answers);
}

int64_t brn_text_answers_count(const brn_text_answers *answers) { return answers->count; }

const float *brn_text_answers_values(const brn_text_answers *answers, int64_t i)
{
    return answers->values + i * answers->width;
}

/* ------------------------------------------------------------------ documents of a corpus */

/* Every labelled text, whatever its part. */
static brn_status list_labelled(const brn__corpus *corpus, int64_t **documents, int64_t *count)
{
    const unsigned bits = 1u << BRN__TEXT_TRAIN | 1u << BRN__TEXT_VALID | 1u << BRN__TEXT_TEST;
    *documents = brn__alloc_array((size_t)corpus->document_count + 1, sizeof **documents);
    if (!*documents) return BRN_ERROR_NO_MEMORY;
    brn__text_parts(corpus, bits, *documents, count);
    if (*count > 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "no labelled text was found");
}

static brn_status open_corpus(const brn__text_member *m, const char *const *inputs, int64_t input_count,
                              const brn_text_options *text, const char *folder, brn__corpus **out)
{
    brn_text_options how = text ? *text : m->options.text;
    const brn__text_classes classes = {m->outputs, m->network.outputs};
    how.target = m->options.text.target;
    how.threads = m->options.threads;
    return brn__text_open(inputs, input_count, &how, m->settings, how.target == BRN_TEXT_NUMBERS ? NULL : &classes,
                          folder, out);
}

/* A member's answers for its own corpus: members may have other words. */
static brn_status member_answers(brn__text_member *m, const char *const *inputs, int64_t input_count,
                                 const brn_text_options *text, const char *folder, brn__corpus **corpus,
                                 int64_t **documents, int64_t *count, float **answers)
{
    BRN__TRY(open_corpus(m, inputs, input_count, text, folder, corpus));
    BRN__TRY(list_labelled(*corpus, documents, count));
    const int64_t k = m->network.outputs, all = (*corpus)->document_count;
    if ((*corpus)->class_count != k)
        return brn__fail(BRN_ERROR_INPUT, "%lld answers a text; expected %lld", (long long)(*corpus)->class_count,
                         (long long)k);
    *answers = brn__alloc_zero((size_t)(all * k) + 1, sizeof **answers);
    if (!*answers) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__text_outputs(&m->network, &m->options, *corpus, *documents, *count, *answers));
    brn__text_finish_answers(m->options.text.target, all, k, *answers);
    return BRN_OK;
}

static brn_status answer_in(brn_text_model *model, const char *const *inputs, int64_t input_count,
                            const brn_text_options *text, const char *folder, brn__corpus **corpus,
                            int64_t **documents, int64_t *count, float **answers)
{
    BRN__TRY(member_answers(model->members[0], inputs, input_count, text, folder, corpus, documents, count, answers));
    const int64_t numbers = (*corpus)->document_count * model->members[0]->network.outputs;
    for (int i = 1; i < model->member_count; i++) {
        brn__corpus *other = NULL;
        int64_t *theirs = NULL, their_count = 0;
        float *more = NULL;
        brn_status status = member_answers(model->members[i], inputs, input_count, text, folder, &other, &theirs,
                                           &their_count, &more);
        for (int64_t k = 0; status == BRN_OK && k < numbers; k++) (*answers)[k] += more[k];
        brn__free(more);
        brn__free(theirs);
        brn__corpus_free(other);
        BRN__TRY(status);
    }
    for (int64_t k = 0; k < numbers; k++) (*answers)[k] /= (float)model->member_count;
    return BRN_OK;
}

brn_status brn__text_model_answers(brn_text_model *model, const char *const *inputs, int64_t input_count,
                                   const brn_text_options *text, brn__corpus **corpus, int64_t **documents,
                                   int64_t *count, float **answers)
{
    char *folder;
    *corpus = NULL, *documents = NULL, *answers = NULL;
    BRN__TRY(brn__scratch_folder_make(&folder));
    const brn_status status =
        answer_in(model, inputs, input_count, text, folder, corpus, documents, count, answers);
    if (status != BRN_OK) {
        brn__corpus_free(*corpus);
        brn__free(*documents);
        brn__free(*answers);
        *corpus = NULL, *documents = NULL, *answers = NULL;
    }
    brn__scratch_folder_remove(folder); /* what is mapped stays until it is closed */
    return status;
}

brn_status brn_text_evaluate(brn_text_model *model, const char *const *inputs, int64_t input_count,
                             const brn_text_options *text, brn_text_score *out)
{
    brn__corpus *corpus;
    int64_t *documents, count;
    float *answers;
    BRN__TRY(brn__text_model_answers(model, inputs, input_count, text, &corpus, &documents, &count, &answers));
    *out = brn__text_score_of(corpus, documents, count, answers);
    brn__free(answers);
    brn__free(documents);
    brn__corpus_free(corpus);
    return BRN_OK;
}
