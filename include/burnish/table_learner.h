/* SPDX-License-Identifier: Apache-2.0
 *
 * Training of a network on a table step by step, by hand: what the table job (table.h) does in one call, for
 * programs and notebooks that look at what comes out before they go on.
 *
 *     brn_table_train_options options = brn_table_train_defaults();
 *     options.data = "sales.csv";
 *     options.target = "Sales";
 *     brn_table_learner *learner;
 *     brn_table_learner_new(&options, &learner);
 *     brn_hand_fit fit = brn_hand_fit_defaults(brn_table_learner_groups(learner), 1e-3);
 *     fit.epochs = 3;
 *     fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
 *     brn_table_learner_fit(learner, &fit);
 *     brn_table_learner_save(learner, "sales.safetensors");       // brn_table_model_open opens it
 *     brn_table_learner_free(learner);
 *
 * One fit with AdamW, the job's decay and its one-cycle schedule (brn_schedule_one_cycle(1, .25, 25, 1e5), momentum
 * brn_schedule_cosine_dip(.95, .85, .95, .25)) makes the bits of the job. Nothing is written but what is asked for.
 * A learner is used by one thread at a time.
 */
#ifndef BURNISH_TABLE_LEARNER_H
#define BURNISH_TABLE_LEARNER_H

#include "burnish/hand_fit.h"
#include "burnish/lr_finder.h"
#include "burnish/parameters.h"
#include "burnish/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_table_learner brn_table_learner;

/* Reads, splits and prepares the table, and makes the network with its first weights. Reads all options but epochs,
 * learning_rate, weight_decay, checkpoint_seconds and out (`lazy` is what fits by a lazy optimizer need), and borrows none of them; with `folds` a `fold` is
 * expected. The listener hears BATCH, EPOCH and WARNING of fits. The caller frees. Errors as of brn_table_train. */
BRN_API brn_status brn_table_learner_new(const brn_table_train_options *options, brn_table_learner **out);
BRN_API void brn_table_learner_free(brn_table_learner *learner); /* NULL is fine */

BRN_API int64_t brn_table_learner_count(const brn_table_learner *learner, bool valid); /* rows that validate, or train */
BRN_API int64_t brn_table_learner_outputs(const brn_table_learner *learner);           /* K: classes, truths or numbers */
BRN_API int64_t brn_table_learner_class_count(const brn_table_learner *learner);       /* 0: a number */
/* Lives as long as the learner; NULL beyond the count. */
BRN_API const char *brn_table_learner_class(const brn_table_learner *learner, int64_t index);

/* 3: embeddings (and the norm of numbers), hidden layers, output. */
BRN_API int brn_table_learner_groups(const brn_table_learner *learner);
/* The store, owned by the learner: names, shapes, groups and values of all parameters. */
BRN_API brn_parameters *brn_table_learner_parameters(brn_table_learner *learner);
/* Groups from `first` on learn, negative counts from the end; batch norms of the others keep their statistics, scale
 * and shift. BRN_ERROR_USAGE beyond the groups. */
BRN_API brn_status brn_table_learner_freeze_to(brn_table_learner *learner, int first);
BRN_API bool brn_table_learner_learns(const brn_table_learner *learner, int group); /* from 0 */

/* Trains; after each epoch the rows that validate are measured as brn_table_score has it. BRN_ERROR_INTERRUPTED when
 * the listener stopped it: what was learned stays. BRN_ERROR_DIVERGED at a loss that is no number. */
BRN_API brn_status brn_table_learner_fit(brn_table_learner *learner, const brn_hand_fit *fit);
/* A mock training with the optimizer, the ratios of the rates and the decays of `fit`; all is as before then. *out is
 * the caller's: brn_lr_curve_free. */
BRN_API brn_status brn_table_learner_lr_find(brn_table_learner *learner, const brn_hand_fit *fit,
                                             const brn_lr_finder_options *finder, brn_lr_curve *out);
/* What the network put out (*count, *width) for the rows that validate when they were measured last, in their order:
 * for a listener of EPOCH events, until it returns, and after a fit until the next. NULL before there is any. */
BRN_API const float *brn_table_learner_validated(const brn_table_learner *learner, int64_t *count, int64_t *width);
/* Measures the rows that validate. */
BRN_API brn_status brn_table_learner_validate(brn_table_learner *learner, brn_table_score *out);

/* Answers to all rows of a table with the columns of the training's (the target may be absent), or (data NULL) to the
 * rows that validate, in their order. The caller frees by brn_table_answers_free. */
BRN_API brn_status brn_table_learner_answer(brn_table_learner *learner, const char *data, brn_answer_form form,
                                            brn_table_answers **out);

/* The network as it is, as a model file (table.h), whole or not at all. */
BRN_API brn_status brn_table_learner_save(brn_table_learner *learner, const char *path);
/* Of the same columns, prepared alike, and the same network. BRN_ERROR_INPUT names what differs. */
BRN_API brn_status brn_table_learner_load(brn_table_learner *learner, const char *path);

#ifdef __cplusplus
}
#endif
#endif
