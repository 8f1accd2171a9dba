/* SPDX-License-Identifier: Apache-2.0
 * The words that mattered for an answer: gradient by input, times input. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/files.h"
#include "jobs/text_predict.h"
#include "report/html.h"
#include "train/metric_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct explanation {
    brn_text_explanation shown; /* first: what callers hold */
    brn__arena arena;
    brn_text_word *words;
} explanation;

static brn_status choose(brn_text_model *model, const char *text, int64_t *output)
{
    const int64_t k = brn_text_model_output_count(model);
    if (*output >= k)
        return brn__fail(BRN_ERROR_USAGE, "there is no answer %lld: there are %lld", (long long)*output, (long long)k);
    if (*output >= 0) return BRN_OK;
    float *values = brn__alloc_array((size_t)k, sizeof *values);
    brn_status status = values ? brn__text_answer(model, text, values) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) *output = brn__largest(values, k);
    brn__free(values);
    return status;
}

/* Shares (row->length) of the tokens as the member reads them. */
static brn_status shares_of(brn__text_member *m, const brn__text_row *row, int64_t output, double *shares)
{
    const brn__batch batch = {.count = 1, .length = row->length, .inputs = row->tokens};
    float *choice = brn__alloc_zero((size_t)m->network.outputs, sizeof *choice);
    if (!choice) return BRN_ERROR_NO_MEMORY;
    choice[output] = 1;
    const brn_status status = brn__chunked_attribute(&m->network.chunked, brn__learner_runner(m->network.learner),
                                                     &m->network.vectors, &batch, choice, shares);
    brn__free(choice);
    return status;
}

/* Fills or, for a member that splits the text alike, adds to the words. */
static brn_status add_member(const brn__text_member *m, const brn__text_row *row, const double *shares, bool first,
                             explanation *e, int *members)
{
    if (first) {
        e->words = brn__arena_alloc(&e->arena, (size_t)(row->count + 1) * sizeof *e->words);
        if (!e->words) return BRN_ERROR_NO_MEMORY;
        e->shown.count = row->count;
    } else if (row->count != e->shown.count) {
        return BRN_OK;
    }
    for (int64_t i = 0; i < row->count; i++) {
        const int64_t at = m->options.backwards ? row->count - 1 - i : i;
        const char *token = brn__vocabulary_word(m->settings->vocabulary, row->tokens[at]);
        if (!first && strcmp(token, e->words[i].token) != 0) return BRN_OK;
    }
    for (int64_t i = 0; i < row->count; i++) {
        const int64_t at = m->options.backwards ? row->count - 1 - i : i;
        if (first) {
            const char *token = brn__vocabulary_word(m->settings->vocabulary, row->tokens[at]);
            e->words[i] = (brn_text_word){brn__arena_strdup(&e->arena, token), 0};
            if (!e->words[i].token) return BRN_ERROR_NO_MEMORY;
        }
        e->words[i].share += shares[at];
    }
    ++*members;
    return BRN_OK;
}

static brn_status explain_with(brn__text_member *m, const char *text, bool first, explanation *e, int *members)
{
    brn__text_row row;
    BRN__TRY(brn__text_row_of(m, text, &row));
    double *shares = brn__alloc_array((size_t)row.length, sizeof *shares);
    brn_status status = shares ? shares_of(m, &row, e->shown.output, shares) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = add_member(m, &row, shares, first, e, members);
    brn__free(shares);
    brn__free(row.tokens);
    return status;
}

brn_status brn_text_explain(brn_text_model *model, const char *text, int64_t output, brn_text_explanation **out)
{
    int members = 0;
    *out = NULL;
    explanation *e = brn__alloc_zero(1, sizeof *e);
    if (!e) return BRN_ERROR_NO_MEMORY;
    e->shown.output = output;
    brn_status status = choose(model, text, &e->shown.output);
    for (int i = 0; status == BRN_OK && i < model->member_count; i++)
        status = explain_with(model->members[i], text, i == 0, e, &members);
    for (int64_t i = 0; status == BRN_OK && i < e->shown.count; i++) e->words[i].share /= members;
    e->shown.words = e->words;
    if (status == BRN_OK) *out = &e->shown;
    else brn_text_explanation_free(&e->shown);
    return status;
}

void brn_text_explanation_free(brn_text_explanation *explanation_)
{
    explanation *e = (explanation *)explanation_;
    if (!e) return;
    brn__arena_free(&e->arena);
    brn__free(e);
}

/* ------------------------------------------------------------------ the page */

/* Green speaks for the answer, red against it; the depth of the colour is the share among the text's. */
static void add_word(brn__text *out, const brn_text_word *word, double largest)
{
    const double depth = largest > 0 ? fabs(word->share) / largest : 0;
    if (depth < .02) {
        brn__html_escape(out, word->token);
    } else {
        brn__text_printf(out, "<span style=\"background:rgba(%s,%.2f);border-radius:3px\" title=\"%+.3g\">",
                         word->share > 0 ? "40,160,80" : "210,60,50", .75 * depth, word->share);
        brn__html_escape(out, word->token);
        brn__text_add(out, "</span>");
    }
    brn__text_add(out, " ");
}

static void add_answers(const brn_text_model *model, const float *values, int64_t explained, brn__text *out)
{
    brn__text_add(out, "<p>");
    for (int64_t k = 0; k < brn_text_model_output_count(model); k++) {
        brn__text_add(out, k == explained ? "<strong>" : "");
        brn__html_escape(out, brn_text_model_output(model, k));
        brn__text_printf(out, "&#160;%.4g%s ", (double)values[k], k == explained ? "</strong>" : "");
    }
    brn__text_add(out, "</p>");
}

static brn_status add_text(brn_text_model *model, const char *text, int64_t number, float *values, brn__text *out)
{
    brn_text_explanation *e;
    char id[32], heading[48];
    double largest = 0;
    BRN__TRY(brn__text_answer(model, text, values));
    BRN__TRY(brn_text_explain(model, text, -1, &e));
    snprintf(id, sizeof id, "text%lld", (long long)number);
    snprintf(heading, sizeof heading, "Text %lld", (long long)number);
    brn__html_section(out, id, heading, NULL);
    add_answers(model, values, e->output, out);
    for (int64_t i = 0; i < e->count; i++) largest = fmax(largest, fabs(e->words[i].share));
    brn__text_add(out, "<p style=\"line-height:1.9\">");
    for (int64_t i = 0; i < e->count; i++) add_word(out, &e->words[i], largest);
    brn__text_add(out, "</p>");
    brn__html_section_end(out);
    brn_text_explanation_free(e);
    return BRN_OK;
}

brn_status brn_text_explain_page(brn_text_model *model, const char *const *texts, int64_t count, const char *path)
{
    brn__text out = {0};
    float *values = brn__alloc_array((size_t)brn_text_model_output_count(model), sizeof *values);
    brn_status status = values ? BRN_OK : BRN_ERROR_NO_MEMORY;
    brn__html_begin(&out, "What mattered in texts");
    brn__text_add(&out, "<header><h1>What mattered in texts</h1><p class=\"sub\">Green words speak for the answer in "
                        "bold, red ones against it: gradient by the word's vector, times the vector.</p></header>");
    for (int64_t i = 0; status == BRN_OK && i < count; i++) status = add_text(model, texts[i], i + 1, values, &out);
    brn__html_end(&out, "Made by burnish.");
    if (status == BRN_OK) status = brn__text_finish(&out);
    if (status == BRN_OK) status = brn__replace_file(path, out.bytes, out.length);
    brn__text_free(&out);
    brn__free(values);
    return status;
}
