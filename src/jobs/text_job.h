/* SPDX-License-Identifier: Apache-2.0
 * What the files of the text job share. */
#ifndef BRN__JOBS_TEXT_JOB_H
#define BRN__JOBS_TEXT_JOB_H

#include "base/arena.h"
#include "burnish/text.h"
#include "data/text/text_data.h"
#include "io/state.h"
#include "models/text_classifier.h"
#include "train/callbacks.h"
#include "train/chunked.h"

#include <jansson.h>

enum { BRN__TEXT_METRICS = 8 };

/* ------------------------------------------------------------------ text_options.c */

/* Fills in what is left to the kind of training and checks ranges: BRN_ERROR_USAGE names the option. */
brn_status brn__text_options_settle(brn_text_train_options *options);
/* All options as JSON (new reference; NULL without memory or for a text that is not UTF-8). */
json_t *brn__text_options_write(const brn_text_train_options *options);
/* Reads them back. Texts point into `object`, lists into the arena. */
brn_status brn__text_options_read(const json_t *object, brn__arena *arena, brn_text_train_options *out);

/* ------------------------------------------------------------------ text_encoder.c */

/* What a run has learned of language: an encoder's weights, sizes and words. */
typedef struct brn__text_encoder {
    char *path;
    brn__state *state;
    brn__text_settings *settings;
    int64_t words, embedding, hidden;
    int layers;
    bool qrnn, backwards;
} brn__text_encoder;
/* `run` is a run folder or a model.safetensors of a language model or of a classifier. */
brn_status brn__text_encoder_open(const char *run, brn__text_encoder *out);
void brn__text_encoder_close(brn__text_encoder *encoder); /* zeroed is fine */
brn_status brn__text_encoder_copy(const brn__text_encoder *encoder, brn_parameters *parameters);

/* ------------------------------------------------------------------ text_network.c */

/* Not to be moved: `ends` points into it. */
typedef struct brn__text_network {
    brn_graph *graph;
    brn__text_classifier net;
    brn__chunked chunked;
    brn__chunked_vectors vectors;
    brn__network ends;
    brn_parameters *parameters;
    brn__learner *learner;
    int64_t outputs; /* K */
} brn__text_network;

/* Initial weights from the options' seed. BRN_ERROR_INPUT when it would be too large. */
brn_status brn__text_network_new(const brn_text_train_options *options, const brn__vocabulary *vocabulary,
                                 int64_t outputs, brn__text_network *out);
void brn__text_network_free(brn__text_network *network); /* zeroed is fine */
/* Batches that such a network reads. */
brn__text_batches brn__text_batches_of(const brn_text_train_options *options);

/* ------------------------------------------------------------------ text_model_file.c */

/* model.safetensors: the parameters, and under "burnish" {"format", "library", "job": "text", "options", "text":
 * {"tokenizer", "vocabulary"}, "outputs": [...], "training"}. */
typedef struct brn__text_content {
    const brn_text_train_options *options;
    const brn__text_settings *settings;
    const char *const *outputs; /* (output_count): names */
    int64_t output_count;
    const brn_text_result *result;
    const brn_parameters *parameters;
} brn__text_content;
brn_status brn__text_model_write(const char *path, const brn__text_content *content);

/* A model that was read. */
typedef struct brn__text_member {
    brn__arena arena;
    char *path;
    json_t *card;
    brn_text_train_options options; /* of the training */
    brn__text_settings *settings;
    const char **outputs; /* (network.outputs); point into the card */
    brn__text_network network;
} brn__text_member;

enum { BRN__TEXT_MEMBERS_MAX = 8 };
struct brn_text_model {
    brn__text_member *members[BRN__TEXT_MEMBERS_MAX];
    int member_count;
    int threads;
};
brn_status brn__text_member_open(const char *run, int threads, brn__text_member **out);
void brn__text_member_close(brn__text_member *member); /* NULL is fine */

/* ------------------------------------------------------------------ text_answers.c */

/* Raw outputs of some documents, each at its own number: (document_count, K). */
brn_status brn__text_outputs(brn__text_network *network, const brn_text_train_options *options,
                             const brn__corpus *corpus, const int64_t *documents, int64_t count,
                             float *outputs);
/* Outputs (count, K) into answers, where they stand: softmax, sigmoid, or numbers as they are. */
void brn__text_finish_answers(brn_text_target target, int64_t count, int64_t outputs, float *values);
/* The loss of document `d` under answers (K). */
double brn__text_loss(const brn__corpus *corpus, int64_t d, const float *answers);
/* Of answers (document_count, K) to these documents. */
brn_text_score brn__text_score_of(const brn__corpus *corpus, const int64_t *documents, int64_t count,
                                  const float *answers);
/* As metrics (up to BRN__TEXT_METRICS): those that there are. */
int brn__text_metrics(const brn_text_score *score, brn_metric *out);
/* The model's mean answers (document_count, K) to documents of a corpus. */
brn_status brn__text_model_answers(brn_text_model *model, const char *const *inputs, int64_t input_count,
                                   const brn_text_options *text, brn__corpus **corpus, int64_t **documents,
                                   int64_t *count, float **answers);

/* ------------------------------------------------------------------ text_page.c */

typedef struct brn__text_page {
    const char *run, *history;
    const brn_text_train_options *options;
    const brn_text_result *result;
    const char *const *outputs; /* (K): names */
    int64_t output_count;
    const int64_t *confusion; /* (K, K); NULL: none */
} brn__text_page;
brn_status brn__text_page_write(const char *path, const brn__text_page *page);

#endif
