/* SPDX-License-Identifier: Apache-2.0
 * Text from a language model, a token at a time: the state is carried from run to run, so each token costs
 * one step. A token is drawn by a number that is a function of (seed, place). */
#include "base/alloc.h"
#include "base/philox.h"
#include "jobs/lm_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1 << 24 };

brn_lm_generation brn_lm_generation_defaults(void)
{
    return (brn_lm_generation){.words = 40, .temperature = .75, .top_p = 1, .seed = 42};
}

void brn_lm_text_free(char *text) { brn__free(text); }

static brn_status check(const brn_lm_generation *how)
{
    if (how->words < 0 || how->words > WORDS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "words %lld; expected 0 to %d", (long long)how->words, WORDS_MAX);
    if (!(how->temperature >= 0 && how->temperature <= 1e6))
        return brn__fail(BRN_ERROR_USAGE, "temperature %g; expected 0 or more", how->temperature);
    if (how->top_k < 0) return brn__fail(BRN_ERROR_USAGE, "top k %lld; expected 0 or more", (long long)how->top_k);
    if (!(how->top_p > 0 && how->top_p <= 1))
        return brn__fail(BRN_ERROR_USAGE, "top p %g; expected above 0, at most 1", how->top_p);
    return BRN_OK;
}

/* ------------------------------------------------------------------ drawing */

/* The likeliest first; of equal ones the lower number. */
static int compare(const void *left, const void *right)
{
    const brn__lm_candidate *a = left, *b = right;
    if (a->logit != b->logit) return a->logit < b->logit ? 1 : -1;
    return a->token - b->token;
}

/* How many of the sorted candidates may be drawn; their logits become weights,
 * *total is the sum of those. */
static int64_t cut(const brn_lm_generation *how, brn__lm_candidate *list, int64_t count, double *total)
{
    double all = 0, kept = 0, top = list[0].logit;
    if (how->top_k && how->top_k < count) count = how->top_k;
    for (int64_t i = 0; i < count; i++) all += list[i].logit = exp((list[i].logit - top) / how->temperature);
    int64_t i = 0;
    while (i < count && (i == 0 || kept < how->top_p * all)) kept += list[i++].logit;
    *total = kept;
    return i;
}

int32_t brn__lm_draw(const float *logits, int64_t vocabulary, int32_t unknown, int32_t pad,
                     const brn_lm_generation *how, uint32_t place, brn__lm_candidate *list)
{
    int64_t count = 0;
    for (int64_t v = 0; v < vocabulary; v++) {
        if (v == pad || (v == unknown && !how->unknown)) continue;
        list[count++] = (brn__lm_candidate){(double)logits[v], (int32_t)v};
    }
    if (count == 0) return unknown;
    qsort(list, (size_t)count, sizeof *list, compare);
    if (how->temperature == 0) return list[0].token;
    double total;
    count = cut(how, list, count, &total);
    brn__random random = brn__random_new(brn__philox_key(how->seed, "generate"), place, 0, 0);
    double u = brn__random_uniform(&random) * total;
    int64_t i = 0;
    while (i + 1 < count && u >= list[i].logit) u -= list[i++].logit;
    return list[i].token;
}

/* ------------------------------------------------------------------ a step at a time */

typedef struct writer {
    brn_graph *graph;
    brn_parameters *parameters;
    brn_runner *runner;
    brn_plan *plan;
    brn__lm_candidate *room; /* (V) */
    int32_t *tokens;         /* the prompt and what comes */
    int64_t count, prompt;
} writer;

static brn_status open_writer(const brn_lm_model *model, writer *w)
{
    const brn_lm_options *o = &model->card.options;
    const brn__awd_lstm_options net = brn__lm_network_options(o, model->vocabulary);
    brn_plan_options options = brn_plan_defaults();
    w->room = brn__alloc_array((size_t)model->vocabulary, sizeof *w->room);
    if (!w->room) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn_graph_new(&w->graph));
    brn_node *token = brn_input(w->graph, "token", BRN_DTYPE_I64, (const int64_t[]){1, 1}, 2);
    options.outputs[options.output_count++] = brn__awd_lstm_next(token, &net);
    BRN__TRY(brn_graph_status(w->graph));
    BRN__TRY(brn_parameters_new(w->graph, BRN_DTYPE_F32, &w->parameters));
    BRN__TRY(brn__lm_card_load(&model->card, w->parameters));
    brn__awd_lstm_reset(w->parameters);
    BRN__TRY(brn_runner_new(w->parameters, "cpu", o->threads, &w->runner));
    return brn_runner_plan(w->runner, &options, &w->plan);
}

static brn_status feed(writer *w, int32_t token)
{
    const int64_t given = token;
    BRN__TRY(brn_plan_bind(w->plan, "token", &given));
    return brn_plan_run(w->plan, &(brn_run){0});
}

static void reverse(int32_t *tokens, int64_t count)
{
    for (int64_t i = 0; i < count / 2; i++) {
        int32_t token = tokens[i];
        tokens[i] = tokens[count - 1 - i];
        tokens[count - 1 - i] = token;
    }
}

/* The mark of the beginning, then the prompt in the order in which the model reads. */
static brn_status take_prompt(const brn_lm_model *model, const char *prompt, int64_t words, writer *w)
{
    int32_t *given;
    BRN__TRY(brn__text_encode(model->card.settings, prompt, strlen(prompt), &given, &w->prompt));
    w->tokens = brn__alloc_array((size_t)(w->prompt + words + 1), sizeof *w->tokens);
    if (w->tokens) memcpy(w->tokens, given, (size_t)w->prompt * sizeof *given);
    brn__free(given);
    if (!w->tokens) return BRN_ERROR_NO_MEMORY;
    if (w->prompt == 0) w->tokens[w->prompt++] = brn__vocabulary_unknown(model->card.settings->vocabulary);
    w->count = w->prompt;
    if (model->card.options.backward) reverse(w->tokens + 1, w->prompt - 1);
    return BRN_OK;
}

static brn_status write_on(const brn_lm_model *model, const brn_lm_generation *how, writer *w)
{
    const brn__vocabulary *vocabulary = model->card.settings->vocabulary;
    const int32_t unknown = brn__vocabulary_unknown(vocabulary), pad = brn__vocabulary_pad(vocabulary);
    for (int64_t i = 0; i < w->prompt; i++) BRN__TRY(feed(w, w->tokens[i]));
    for (int64_t i = 0; i < how->words; i++) {
        int32_t token = brn__lm_draw(brn_plan_output(w->plan, 0), model->vocabulary, unknown, pad, how, (uint32_t)i, w->room);
        w->tokens[w->count++] = token;
        if (i + 1 < how->words) BRN__TRY(feed(w, token));
    }
    if (model->card.options.backward) reverse(w->tokens + 1, w->count - 1);
    return BRN_OK;
}

static void close_writer(writer *w)
{
    brn_runner_free(w->runner);
    brn_parameters_free(w->parameters);
    brn_graph_free(w->graph);
    brn__free(w->room);
    brn__free(w->tokens);
}

brn_status brn_lm_generate(brn_lm_model *model, const char *prompt, const brn_lm_generation *how, char **out)
{
    *out = NULL;
    BRN__TRY(check(how));
    writer w = {0};
    brn_status status = take_prompt(model, prompt ? prompt : "", how->words, &w);
    if (status == BRN_OK) status = open_writer(model, &w);
    if (status == BRN_OK) status = write_on(model, how, &w);
    if (status == BRN_OK) status = brn__text_decode(model->card.settings, w.tokens, w.count, out);
    close_writer(&w);
    return status;
}
