/* SPDX-License-Identifier: Apache-2.0
 *
 * Training of a language model step by step, by hand: what the job of language models (lm.h) does in one call.
 *
 *     brn_lm_learner *learner;
 *     brn_lm_learner_new(&options, &learner);
 *     brn_hand_fit fit = brn_hand_fit_defaults(brn_lm_learner_groups(learner), 3e-3);
 *     fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
 *     fit.clip_norm = .3;
 *     brn_lm_learner_fit(learner, &fit);
 *     brn_lm_learner_save(learner, "words.safetensors");          // brn_lm_model_open, and an encoder of text.h
 *     brn_lm_learner_free(learner);
 *
 * One fit with AdamW, the job's decay and clip, and its schedule (brn_schedule_one_cycle(1, .25, div, 1e5), momentum
 * brn_schedule_cosine_dip(high, low, high, .25)) makes the bits of the job. Nothing is written but what is asked for. A
 * learner is used by one thread at a time.
 */
#ifndef BURNISH_LM_LEARNER_H
#define BURNISH_LM_LEARNER_H

#include "burnish/hand_fit.h"
#include "burnish/lm.h"
#include "burnish/parameters.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_lm_learner brn_lm_learner;

/* Reads the texts, builds their vocabulary, and makes the network with its first weights, or an encoder's. Reads all
 * options but epochs, learning_rate, weight_decay, clip, momenta, div, checkpoint_seconds and out, and borrows none of
 * them. The listener hears BATCH and EPOCH of fits. The caller frees. Errors as of brn_lm_train. */
BRN_API brn_status brn_lm_learner_new(const brn_lm_options *options, brn_lm_learner **out);
BRN_API void brn_lm_learner_free(brn_lm_learner *learner); /* NULL is fine */

BRN_API int64_t brn_lm_learner_vocabulary(const brn_lm_learner *learner); /* tokens that have a number */
BRN_API const char *brn_lm_learner_word(const brn_lm_learner *learner, int64_t token); /* NULL beyond; the learner's */
BRN_API int64_t brn_lm_learner_tokens(const brn_lm_learner *learner, bool valid); /* of the texts that validate, or train */
BRN_API int64_t brn_lm_learner_batches(const brn_lm_learner *learner, bool valid);

/* layers + 1: the layers, then the embedding with the decoder. */
BRN_API int brn_lm_learner_groups(const brn_lm_learner *learner);
/* The store, owned by the learner, with the carried state (state.I.h ...), which is no part of the model. */
BRN_API brn_parameters *brn_lm_learner_parameters(brn_lm_learner *learner);
/* Groups from `first` on learn, negative counts from the end. BRN_ERROR_USAGE beyond the groups. */
BRN_API brn_status brn_lm_learner_freeze_to(brn_lm_learner *learner, int first);
BRN_API bool brn_lm_learner_learns(const brn_lm_learner *learner, int group); /* from 0 */

/* Trains; each epoch has "accuracy" and "perplexity". BRN_ERROR_INTERRUPTED when the listener stopped it: what was
 * learned stays. BRN_ERROR_DIVERGED at a loss that is no number. */
BRN_API brn_status brn_lm_learner_fit(brn_lm_learner *learner, const brn_hand_fit *fit);
/* A mock training with the optimizer, the ratios of the rates and the decays of `fit`; all is as before then. *out is
 * the caller's: brn_lr_curve_free. */
BRN_API brn_status brn_lm_learner_lr_find(brn_lm_learner *learner, const brn_hand_fit *fit,
                                          const brn_lr_finder_options *finder, brn_lr_curve *out);
/* Measures the texts that validate. BRN_ERROR_INPUT when there are none. */
BRN_API brn_status brn_lm_learner_validate(brn_lm_learner *learner, brn_lm_score *out);

/* The network as it is, as a model file (lm.h), whole or not at all. */
BRN_API brn_status brn_lm_learner_save(brn_lm_learner *learner, const char *path);
/* Of the same vocabulary, and the same network. BRN_ERROR_INPUT names what differs. */
BRN_API brn_status brn_lm_learner_load(brn_lm_learner *learner, const char *path);

#ifdef __cplusplus
}
#endif
#endif
