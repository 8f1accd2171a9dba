/* SPDX-License-Identifier: Apache-2.0
 *
 * Training of a classifier of texts step by step, by hand: what the text job (text.h) does in one call.
 *
 *     options.encoder = "words.safetensors";                      // of a language model, or NULL
 *     brn_text_learner *learner;
 *     brn_text_learner_new(&options, &learner);
 *     brn_text_learner_freeze_to(learner, -1);                    // the head
 *     brn_hand_fit fit = brn_hand_fit_defaults(brn_text_learner_groups(learner), 1e-2);
 *     brn_text_learner_fit(learner, &fit);
 *     brn_text_learner_freeze_to(learner, 0);                     // all layers ...
 *     brn_text_learner_save(learner, "reviews.safetensors");      // brn_text_model_open opens it
 *     brn_text_learner_free(learner);
 *
 * All groups learn at first. Nothing is written but what is asked for. A learner is used by one thread at a time.
 */
#ifndef BURNISH_TEXT_LEARNER_H
#define BURNISH_TEXT_LEARNER_H

#include "burnish/hand_fit.h"
#include "burnish/parameters.h"
#include "burnish/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_text_learner brn_text_learner;

/* Reads the texts, and makes the network with its first weights, the encoder's where there is one. Reads all options but
 * freeze_epochs, epochs, schedule, rates, weight_decay, clip, checkpoint_seconds and out, and borrows none of them. The
 * listener hears BATCH and EPOCH of fits. The caller frees. Errors as of brn_text_train. */
BRN_API brn_status brn_text_learner_new(const brn_text_train_options *options, brn_text_learner **out);
BRN_API void brn_text_learner_free(brn_text_learner *learner); /* NULL is fine */

BRN_API int64_t brn_text_learner_vocabulary(const brn_text_learner *learner); /* tokens that have a number */
BRN_API int64_t brn_text_learner_count(const brn_text_learner *learner, bool valid); /* texts that validate, or train */
BRN_API int64_t brn_text_learner_outputs(const brn_text_learner *learner); /* K: classes, tags or numbers */
BRN_API const char *brn_text_learner_output(const brn_text_learner *learner, int64_t k); /* their names */
/* The class of a text that validates, 0 to K - 1, counted in their order; -1 where the target is no label. */
BRN_API int64_t brn_text_learner_label(const brn_text_learner *learner, int64_t text);

/* layers + 2: the embedding, the layers, the head. */
BRN_API int brn_text_learner_groups(const brn_text_learner *learner);
BRN_API brn_parameters *brn_text_learner_parameters(brn_text_learner *learner); /* the store, owned by the learner */
/* Groups from `first` on learn, negative counts from the end. BRN_ERROR_USAGE beyond the groups. */
BRN_API brn_status brn_text_learner_freeze_to(brn_text_learner *learner, int first);
BRN_API bool brn_text_learner_learns(const brn_text_learner *learner, int group); /* from 0 */

/* Trains; of labels each epoch has "accuracy" and "error_rate". BRN_ERROR_INTERRUPTED when the listener stopped it: what
 * was learned stays. BRN_ERROR_DIVERGED at a loss that is no number. */
BRN_API brn_status brn_text_learner_fit(brn_text_learner *learner, const brn_hand_fit *fit);
/* A mock training with the optimizer, the ratios of the rates and the decays of `fit`; all is as before then. *out is
 * the caller's: brn_lr_curve_free. */
BRN_API brn_status brn_text_learner_lr_find(brn_text_learner *learner, const brn_hand_fit *fit,
                                            const brn_lr_finder_options *finder, brn_lr_curve *out);
/* What the network put out (*count, K) for the texts that validate when they were measured last, in their order: for a
 * listener of EPOCH events, until it returns, and after a fit until the next. NULL before there is any. */
BRN_API const float *brn_text_learner_validated(const brn_text_learner *learner, int64_t *count, int64_t *width);

/* Answers (count, K) of the caller's to the texts that validate, in their order. */
BRN_API brn_status brn_text_learner_answer(brn_text_learner *learner, brn_answer_form form, float *answers);

/* The network as it is, as a model file (text.h), whole or not at all. */
BRN_API brn_status brn_text_learner_save(brn_text_learner *learner, const char *path);
/* Of the same vocabulary and classes, and the same network. BRN_ERROR_INPUT names what differs. */
BRN_API brn_status brn_text_learner_load(brn_text_learner *learner, const char *path);

#ifdef __cplusplus
}
#endif
#endif
