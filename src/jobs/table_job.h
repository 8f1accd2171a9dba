/* SPDX-License-Identifier: Apache-2.0
 * What the files of the table job share. */
#ifndef BRN__JOBS_TABLE_JOB_H
#define BRN__JOBS_TABLE_JOB_H

#include "burnish/table.h"
#include "data/table/events.h"
#include "data/table/row_reader.h"
#include "models/table_net.h"
#include "train/callbacks.h"

#include <jansson.h>

enum { BRN__TABLE_BATCH_MAX = 65536, BRN__TABLE_WORDS_MAX = 4096 };

/* ------------------------------------------------------------------ table_options.c */

/* Fills in what is left to the form and checks ranges: BRN_ERROR_USAGE names the option. */
brn_status brn__table_options_settle(brn_table_train_options *options);
/* All options as JSON (new reference; NULL without memory or for a text that is not UTF-8). */
json_t *brn__table_options_write(const brn_table_train_options *options);
/* Reads them back. Texts point into `object`, lists into the arena. */
brn_status brn__table_options_read(const json_t *object, brn__arena *arena,
                                   brn_table_train_options *out);

const char *brn__table_loss_name(brn_table_loss loss); /* "mse" ... */
/* How a table is read, both ways; the same rules. */
json_t *brn__table_source_write(const brn_table_options *source);
brn_status brn__table_source_read(json_t *object, brn__arena *arena, brn_table_options *out);

/* ------------------------------------------------------------------ table_open.c */

/* The table of a file, with the options' joins. Of the types given in `source`, each table takes
 * those of columns that it has. `filters`: keeps the rows that the options want.
 * Where the options have events, *events adds them, as a model has kept them; NULL: they are made and
 * learned, and are the caller's, also after a failure. */
brn_status brn__table_job_open(const char *data, const brn_table_options *source,
                               const brn_table_train_options *options, bool filters,
                               brn__events **events, brn_table **out);
/* Files get their whole paths, so that the run can be gone on with, and the model used, from
 * elsewhere. The options are left without passwords, for they are kept; *data and *joins, which are
 * opened, have them. All live in the arena. */
brn_status brn__table_options_name(brn_table_train_options *options, brn__arena *arena,
                                   const char **data, const brn_table_join **joins);
/* valid (rows): those of the training's table that validate. An is_valid column becomes the
 * options' split. */
brn_status brn__table_job_split(brn_table_train_options *options, const brn_table *table,
                                bool *valid);

/* ------------------------------------------------------------------ table_score.c */

enum { BRN__TABLE_METRICS = 6 };
/* Their names and places in a score, 0 .. BRN__TABLE_METRICS - 1. */
const char *brn__table_metric_name(int index);
double *brn__table_metric(brn_table_score *score, int index);
brn_table_score brn__table_no_score(void); /* all NaN */
/* Those that are numbers, the telling ones first; returns how many. */
int brn__table_metrics(const brn_table_score *score, brn_metric out[BRN__TABLE_METRICS]);

/* ------------------------------------------------------------------ table_network.c */

typedef struct brn__table_network {
    brn_graph *graph;
    brn__network ends;
    brn_parameters *parameters;
    brn__learner *learner;
    int64_t outputs;
    brn_table_loss loss; /* never the default */
    double quantile, gamma;
    bool truths; /* several, each with a logit */
} brn__table_network;

/* Initial weights from the options' seed. */
brn_status brn__table_network_new(const brn_table_train_options *options,
                                  const brn__preparation *preparation, brn__table_network *out);
void brn__table_network_free(brn__table_network *network); /* zeroed is fine */

/* ------------------------------------------------------------------ table_model_file.c */

/* model.safetensors: the parameters, and under "burnish" {"format", "library", "job": "table",
 * "options", "preparation", "training"}. */
brn_status brn__table_model_write(const char *path, const brn_table_train_options *options,
                                  const brn__preparation *preparation,
                                  const brn_table_result *result, const brn_parameters *parameters);

struct brn_table_model {
    brn__arena arena;
    json_t *card;
    brn_table_train_options options; /* of the training */
    brn__preparation *preparation;
    brn__table_network network;
    brn__row_reader *reader; /* made with the model */
    float *row, *answer;     /* (columns), (outputs): of brn_table_predict_row; owned */
    int64_t *no_target;      /* (outputs) zeros: what the plan's target is bound to; owned */
    /* Of a run of folds: the models of all folds but the first; owned. Each prepares tables its
     * way. */
    brn_table_model **members;
    int member_count;
};

/* ------------------------------------------------------------------ table_predict.c */

/* A table for the model: what was words in training is words. `filters` as in brn__table_job_open. */
brn_status brn__table_model_table(const brn_table_model *model, const char *data, bool with_target,
                                  bool filters, brn_table **out);

/* The same of any training: `options` say how it is read. */
brn_status brn__table_alike(const brn__preparation *preparation, const brn_table_train_options *options,
                            const char *data, bool with_target, bool filters, brn_table **out);
/* Raw outputs (rows, outputs) to all rows of such a table; owned by the caller. `prepared` stays, freed by the
 * caller in any case. */
brn_status brn__table_outputs_of(brn__table_network *network, const brn__preparation *preparation, brn_table *table,
                                 bool with_target, brn__prepared *prepared, float **out);

struct brn_table_answers {
    int64_t count, width;
    float *values; /* (count, width) */
};

/* ------------------------------------------------------------------ table_answers.c */

/* Raw outputs (count, K) of some rows, or of all when `items` is NULL. `outputs` has room for them.
 */
brn_status brn__table_outputs(brn__table_network *network, const brn__dataset *dataset,
                              const int64_t *items, int64_t count, float *outputs);
/* Outputs into answers, where they stand: softmax, or the number in the target's own units. */
void brn__table_finish_answers(const brn__preparation *preparation, int64_t count, int64_t outputs,
                               float *values);
/* Score of raw outputs (count, K) for rows `items` (NULL: all) of a prepared table with targets. */
void brn__table_score_outputs(const brn__table_network *network, const brn__preparation *preparation,
                              const brn__prepared *prepared, const int64_t *items, int64_t count,
                              const float *outputs, brn_table_score *out);
/* Of several targets. */
typedef struct brn__table_targets {
    int64_t first, count;
} brn__table_targets;
/* Score of raw outputs (rows, K) for all rows of a prepared table with several targets, of some of these. */
void brn__table_score_targets(const brn__table_network *network, const brn__preparation *preparation,
                              const brn__prepared *prepared, brn__table_targets which, const float *outputs,
                              brn_table_score *out);
/* Score of rows `items` (NULL: all) of a prepared table with targets. */
brn_status brn__table_score_rows(brn__table_network *network, const brn__preparation *preparation,
                                 const brn__prepared *prepared, const int64_t *items, int64_t count,
                                 brn_table_score *out);

#endif
