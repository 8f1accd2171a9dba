/* SPDX-License-Identifier: Apache-2.0
 * The texts that a model is most wrong about. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/text.h"
#include "jobs/text_job.h"
#include "train/metric_list.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_TOKENS = 2000, PLACE_BYTES = 4300 };

typedef struct mistakes {
    brn_text_mistakes shown; /* first: what callers hold */
    brn__arena arena;
    int64_t *confusion;
} mistakes;

typedef struct judged {
    double loss;
    int64_t document, place;
} judged;

static int worst_first(const void *a, const void *b)
{
    const judged *x = a, *y = b;
    if (x->loss != y->loss) return x->loss > y->loss ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

/* Tags of a text that has them, or that answers give, with blanks between. */
static const char *tags_of(const brn_text_model *model, const float *values, mistakes *m)
{
    brn__text list = {0};
    for (int64_t k = 0; k < brn_text_model_output_count(model); k++) {
        if (values[k] <= .5f) continue;
        brn__text_add(&list, list.length ? " " : "");
        brn__text_add(&list, brn_text_model_output(model, k));
    }
    const char *kept = brn__text_finish(&list) == BRN_OK ? brn__arena_strdup(&m->arena, list.length ? list.bytes : "") : NULL;
    brn__text_free(&list);
    return kept;
}

static brn_status fill_answer(const brn_text_model *model, const brn__corpus *c, int64_t d, const float *values,
                              mistakes *m, brn_text_mistake *out)
{
    const int64_t best = brn__largest(values, c->class_count);
    out->probability = (double)values[best];
    if (c->target == BRN_TEXT_LABEL) {
        out->label = brn_text_model_output(model, c->labels[d]);
        out->answer = brn_text_model_output(model, best);
    } else if (c->target == BRN_TEXT_TAGS) {
        out->label = tags_of(model, c->targets + d * c->class_count, m);
        out->answer = tags_of(model, values, m);
        if (!out->label || !out->answer) return BRN_ERROR_NO_MEMORY;
    } else {
        out->probability = (double)values[0];
        out->truth = (double)c->targets[d * c->class_count];
    }
    return BRN_OK;
}

static brn_status fill_mistake(const brn_text_model *model, const brn__corpus *c, const judged *j,
                               const float *values, mistakes *m, brn_text_mistake *out)
{
    char place[PLACE_BYTES], *text;
    const int64_t begin = c->starts[j->document], end = c->starts[j->document + 1];
    const int64_t first = end - begin > SHOWN_TOKENS ? end - SHOWN_TOKENS : begin;
    *out = (brn_text_mistake){.loss = j->loss, .truth = (double)NAN};
    brn__text_place(c, j->document, place, sizeof place);
    BRN__TRY(brn__text_decode(c->settings, c->tokens + first, end - first, &text));
    out->place = brn__arena_strdup(&m->arena, place);
    out->text = brn__arena_strdup(&m->arena, text);
    brn__free(text);
    if (!out->place || !out->text) return BRN_ERROR_NO_MEMORY;
    return fill_answer(model, c, j->document, values, m, out);
}

static brn_status count_confusion(const brn__corpus *c, const int64_t *documents, int64_t count, const float *answers,
                                  mistakes *m)
{
    const int64_t k = c->class_count;
    if (c->target != BRN_TEXT_LABEL) return BRN_OK;
    m->confusion = brn__arena_alloc(&m->arena, (size_t)(k * k) * sizeof *m->confusion);
    if (!m->confusion) return BRN_ERROR_NO_MEMORY;
    memset(m->confusion, 0, (size_t)(k * k) * sizeof *m->confusion);
    for (int64_t i = 0; i < count; i++)
        m->confusion[c->labels[documents[i]] * k + brn__largest(answers + documents[i] * k, k)]++;
    m->shown.confusion = m->confusion;
    return BRN_OK;
}

static brn_status judge(const brn_text_model *model, const brn__corpus *c, const int64_t *documents, int64_t count,
                        const float *answers, int64_t top, mistakes *m)
{
    const int64_t k = c->class_count;
    judged *all = brn__alloc_array((size_t)count + 1, sizeof *all);
    brn_text_mistake *items = brn__arena_alloc(&m->arena, (size_t)(top + 1) * sizeof *items);
    brn_status status = all && items ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < count; i++)
        all[i] = (judged){brn__text_loss(c, documents[i], answers + documents[i] * k), documents[i], i};
    if (status == BRN_OK) qsort(all, (size_t)count, sizeof *all, worst_first);
    for (int64_t i = 0; status == BRN_OK && i < top && i < count; i++) {
        status = fill_mistake(model, c, &all[i], answers + all[i].document * k, m, &items[i]);
        m->shown.count = i + 1;
    }
    m->shown.items = items;
    brn__free(all);
    return status;
}

brn_status brn_text_interpret(brn_text_model *model, const char *const *inputs, int64_t input_count,
                              const brn_text_options *text, int64_t top, brn_text_mistakes **out)
{
    brn__corpus *corpus;
    int64_t *documents, count;
    float *answers;
    *out = NULL;
    mistakes *m = brn__alloc_zero(1, sizeof *m);
    if (!m) return BRN_ERROR_NO_MEMORY;
    brn_status status =
        brn__text_model_answers(model, inputs, input_count, text, &corpus, &documents, &count, &answers);
    if (status == BRN_OK) {
        m->shown.score = brn__text_score_of(corpus, documents, count, answers);
        status = count_confusion(corpus, documents, count, answers, m);
        if (status == BRN_OK) status = judge(model, corpus, documents, count, answers, top, m);
        brn__free(answers);
        brn__free(documents);
        brn__corpus_free(corpus);
    }
    if (status == BRN_OK) *out = &m->shown;
    else brn_text_mistakes_free(&m->shown);
    return status;
}

void brn_text_mistakes_free(brn_text_mistakes *shown)
{
    mistakes *m = (mistakes *)shown;
    if (!m) return;
    brn__arena_free(&m->arena);
    brn__free(m);
}
