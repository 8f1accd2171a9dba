/* SPDX-License-Identifier: Apache-2.0
 *
 * Training of a model of ratings step by step, by hand: what the ratings job (ratings.h) does in one call.
 *
 *     brn_ratings_options options = brn_ratings_defaults();
 *     options.data = "ratings.csv";
 *     brn_ratings_learner *learner;
 *     brn_ratings_learner_new(&options, &learner);
 *     brn_hand_fit fit = brn_hand_fit_defaults(brn_ratings_learner_groups(learner), 1e-2);
 *     fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
 *     brn_ratings_learner_fit(learner, &fit);
 *     brn_ratings_learner_save(learner, "films.safetensors");     // brn_ratings_model_open opens it
 *     brn_ratings_learner_free(learner);
 *
 * One fit with AdamW, the job's decay and its one-cycle schedule (table_learner.h) makes the bits of the job. Users and
 * items are numbers from 1, in the order in which they first appear; 0 is one that is not known. Nothing is written but
 * what is asked for. A learner is used by one thread at a time.
 */
#ifndef BURNISH_RATINGS_LEARNER_H
#define BURNISH_RATINGS_LEARNER_H

#include "burnish/hand_fit.h"
#include "burnish/parameters.h"
#include "burnish/ratings.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_ratings_learner brn_ratings_learner;

/* Reads and splits the ratings, and makes the network with its first weights. Reads all options but titles, epochs,
 * learning_rate, weight_decay, lazy, rank_at, relevant, checkpoint_seconds and out, and borrows none of them. The
 * listener hears BATCH and EPOCH of fits. The caller frees. Errors as of brn_ratings_train. */
BRN_API brn_status brn_ratings_learner_new(const brn_ratings_options *options, brn_ratings_learner **out);
BRN_API void brn_ratings_learner_free(brn_ratings_learner *learner); /* NULL is fine */

BRN_API int64_t brn_ratings_learner_count(const brn_ratings_learner *learner, bool valid); /* that validate, or train */
/* How many, and the id of number 1 .. count, as long as the learner lives; NULL for others. */
BRN_API int64_t brn_ratings_learner_user_count(const brn_ratings_learner *learner);
BRN_API int64_t brn_ratings_learner_item_count(const brn_ratings_learner *learner);
BRN_API const char *brn_ratings_learner_user_id(const brn_ratings_learner *learner, int64_t user);
BRN_API const char *brn_ratings_learner_item_id(const brn_ratings_learner *learner, int64_t item);
/* The ratings that validate, in their order: users, items and values (count), as long as the learner lives. */
BRN_API int64_t brn_ratings_learner_valid_rows(const brn_ratings_learner *learner, const int32_t **users,
                                               const int32_t **items, const float **values);

/* Layer groups of the network: 1 of DOT, 3 of NEURAL (table_learner.h). */
BRN_API int brn_ratings_learner_groups(const brn_ratings_learner *learner);
/* The store, owned by the learner. DOT: u_weight.weight (users + 1, factors), i_weight.weight, u_bias.weight and
 * i_bias.weight; row 0 is one that is not known. */
BRN_API brn_parameters *brn_ratings_learner_parameters(brn_ratings_learner *learner);
/* Groups from `first` on learn, negative counts from the end. BRN_ERROR_USAGE beyond the groups. */
BRN_API brn_status brn_ratings_learner_freeze_to(brn_ratings_learner *learner, int first);
BRN_API bool brn_ratings_learner_learns(const brn_ratings_learner *learner, int group); /* from 0 */

/* Trains; of ratings each epoch has "rmse". BRN_ERROR_INTERRUPTED when the listener stopped it: what was learned stays.
 * BRN_ERROR_DIVERGED at a loss that is no number. */
BRN_API brn_status brn_ratings_learner_fit(brn_ratings_learner *learner, const brn_hand_fit *fit);
/* A mock training with the optimizer, the ratios of the rates and the decays of `fit`; all is as before then. *out is
 * the caller's: brn_lr_curve_free. */
BRN_API brn_status brn_ratings_learner_lr_find(brn_ratings_learner *learner, const brn_hand_fit *fit,
                                               const brn_lr_finder_options *finder, brn_lr_curve *out);
/* Expected ratings (*count, 1) of the rows that validate when they were measured last, in their order: for a listener of
 * EPOCH events, until it returns, and after a fit until the next. NULL before there are any, and for clicks. */
BRN_API const float *brn_ratings_learner_validated(const brn_ratings_learner *learner, int64_t *count, int64_t *width);

/* Expected rating (or score) of pairs: users, items and `out` have (count). BRN_ERROR_USAGE for a number above theirs. */
BRN_API brn_status brn_ratings_learner_predict(brn_ratings_learner *learner, int64_t count, const int64_t *users,
                                               const int64_t *items, double *out);

/* The network as it is, as a model file (ratings.h), whole or not at all. */
BRN_API brn_status brn_ratings_learner_save(brn_ratings_learner *learner, const char *path);
/* Of the same users and items, and the same network. BRN_ERROR_INPUT names what differs. */
BRN_API brn_status brn_ratings_learner_load(brn_ratings_learner *learner, const char *path);

#ifdef __cplusplus
}
#endif
#endif
