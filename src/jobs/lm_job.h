/* SPDX-License-Identifier: Apache-2.0
 * What the files of the language-model job share. */
#ifndef BRN__JOBS_LM_JOB_H
#define BRN__JOBS_LM_JOB_H

#include "base/arena.h"
#include "burnish/lm.h"
#include "data/text/text_data.h"
#include "io/state.h"
#include "models/awd_lstm.h"
#include "train/callbacks.h"

#include <jansson.h>

/* ------------------------------------------------------------------ lm_options.c */

/* Checks ranges: BRN_ERROR_USAGE names the option. */
brn_status brn__lm_options_settle(brn_lm_options *options);
/* All options as JSON (new reference; NULL without memory or for a text that is not UTF-8). */
json_t *brn__lm_options_write(const brn_lm_options *options);
/* Reads them back. Texts point into `object`, lists into the arena. */
brn_status brn__lm_options_read(const json_t *object, brn__arena *arena, brn_lm_options *out);

/* ------------------------------------------------------------------ lm_network.c */

typedef struct brn__lm_network {
    brn_graph *graph;
    brn__network ends;
    brn_parameters *parameters;
    brn__learner *learner;
} brn__lm_network;

/* For `streams` texts side by side, `length` steps at a time where nothing else is said. Initial weights from
 * the options' seed. BRN_ERROR_INPUT when it would be too large. */
brn_status brn__lm_network_new(const brn_lm_options *options, int64_t vocabulary, int64_t streams,
                               int64_t length, brn__lm_network *out);
void brn__lm_network_free(brn__lm_network *network); /* zeroed is fine */
brn__awd_lstm_options brn__lm_network_options(const brn_lm_options *options, int64_t vocabulary);

/* Forgets the state where a stream begins: at the start of an epoch, but not of one that is gone on with, and
 * before validation. */
extern const brn__callback brn__lm_reset;

/* Metrics of validation: accuracy, perplexity. */
typedef struct brn__lm_metrics {
    brn__callback callback;
    double hits;
    int64_t tokens;
    double accuracy;
} brn__lm_metrics;
void brn__lm_metrics_init(brn__lm_metrics *metrics);

/* ------------------------------------------------------------------ lm_texts.c */

/* The corpus of the options' inputs, its tokens in `folder`; the documents that train and that validate. */
typedef struct brn__lm_texts {
    brn__corpus *corpus;
    int64_t *documents; /* those that train, then those that validate; owned */
    int64_t train_count, valid_count, train_tokens, valid_tokens;
    brn__dataset *train_set, *valid_set;
    brn__loader *train, *valid; /* valid: NULL when nothing validates */
} brn__lm_texts;
brn_status brn__lm_texts_open(const brn_lm_options *options, const char *folder, brn__lm_texts *out);
void brn__lm_texts_free(brn__lm_texts *texts); /* zeroed is fine */

/* ------------------------------------------------------------------ lm_model_file.c */

/* model.safetensors: the parameters but the carried state, and under "burnish" {"format", "library", "job":
 * "lm", "options", "text": {"tokenizer", "vocabulary"}, "training"}. */
brn_status brn__lm_model_write(const char *path, const brn_lm_options *options,
                               const brn__text_settings *settings, const brn_lm_result *result,
                               const brn_parameters *parameters);

/* What a file says, before there is a network. */
typedef struct brn__lm_card {
    brn__arena arena;
    char *path;
    brn__state *state;
    json_t *json;
    brn_lm_options options;
    brn__text_settings *settings;
} brn__lm_card;
brn_status brn__lm_card_open(const char *run, brn__lm_card *out);
void brn__lm_card_close(brn__lm_card *card); /* zeroed is fine */
/* Fills all but the carried state. */
brn_status brn__lm_card_load(const brn__lm_card *card, brn_parameters *parameters);
/* The same for another vocabulary: rows of words by name. */
brn_status brn__lm_card_transfer(const brn__lm_card *card, const brn__vocabulary *vocabulary,
                                 brn_parameters *parameters);

/* ------------------------------------------------------------------ lm_fastai.c */

/* Options and settings of a card whose state is a PyTorch file of fast.ai's. */
brn_status brn__lm_card_fastai(brn__lm_card *card);
/* A tensor by its name here, whatever release of fast.ai named it; NULL when there is none. */
const brn__entry *brn__lm_card_entry(const brn__lm_card *card, const char *name);

struct brn_lm_model {
    brn__lm_card card;
    int64_t vocabulary;
};

/* ------------------------------------------------------------------ lm_start.c */

/* What trainings and the rate finder begin with. */
typedef struct brn__lm_start {
    brn__lm_texts texts;
    brn__lm_network network; /* with the encoder's weights, where there is one */
} brn__lm_start;
/* Paths among the options that hold from any working folder, in the arena. */
brn_status brn__lm_start_settle(brn_lm_options *options, brn__arena *arena);
/* `options` take the encoder's sizes and rules. The tokens are kept in `folder`, or nowhere (NULL). */
brn_status brn__lm_start_lend(brn_lm_options *options, brn__arena *arena);
brn_status brn__lm_start_open(const brn_lm_options *options, const char *folder, bool weights, brn__lm_start *out);
void brn__lm_start_free(brn__lm_start *start); /* zeroed is fine */
/* Optimizer, groups and loaders of a fit. */
brn__fit_options brn__lm_fit_options(const brn_lm_options *options, const brn__lm_start *start);
/* Of the groups (count) of the network: all alike. */
void brn__lm_rates(const brn_lm_options *options, const brn__lm_start *start, double *rates, int *count);

/* ------------------------------------------------------------------ lm_evaluate.c */

/* One pass of a loader, the state from nothing, all tokens counted alike. */
brn_status brn__lm_score_loader(brn__lm_network *network, brn__loader *loader, brn_lm_score *out);

/* ------------------------------------------------------------------ lm_generate.c */

typedef struct brn__lm_candidate {
    double logit;
    int32_t token;
} brn__lm_candidate;
/* The token that comes at `place`, of logits (vocabulary); never the padding. `list` has room for all. */
int32_t brn__lm_draw(const float *logits, int64_t vocabulary, int32_t unknown, int32_t pad,
                     const brn_lm_generation *how, uint32_t place, brn__lm_candidate *list);

/* ------------------------------------------------------------------ lm_page.c */

/* report.html of the run that `result` names, whose model and curves are written. */
brn_status brn__lm_page_write(const char *path, const brn_lm_result *result, int threads);

#endif
