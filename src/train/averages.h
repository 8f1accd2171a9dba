/* SPDX-License-Identifier: Apache-2.0
 * Averages of weights over training: stochastic weight averaging (Izmailov et al. 2018) and exponential
 * moving averages. They are kept in double beside the parameters, which train on as if nothing were.
 *
 *     brn__average average;
 *     brn__ema_init(&average, parameters, .999);
 *     options.callbacks[options.callback_count++] = &average.callback;
 *     brn__learner_fit(learner, &options, NULL);
 *     brn__average_apply(&average, NULL);                      // the averages are the parameters now
 *     brn__reestimate_norms(learner, &options.network, train); // what batch norms see of them
 *     brn__average_deinit(&average); */
#ifndef BRN__TRAIN_AVERAGES_H
#define BRN__TRAIN_AVERAGES_H

#include "train/callbacks.h"

typedef struct brn__average {
    brn__callback callback; /* its memory: a resumed fit finds the averages again */
    brn_parameters *parameters; /* borrowed */
    double *memory;             /* [0]: how many were averaged; then the averages */
    int64_t elements;           /* all of the store's, with buffers */
    double decay;               /* ema.c */
    int start;                  /* swa.c */
} brn__average;

/* ------------------------------------------------------------------ average.c */

/* A zeroed memory of the size of the store, which is borrowed. */
brn_status brn__average_init(brn__average *average, brn_parameters *parameters, const char *name);
void brn__average_deinit(brn__average *average); /* a zeroed one is fine */
int64_t brn__average_count(const brn__average *average);
/* average += share (parameter - average), for all elements. */
void brn__average_move(brn__average *average, double share);
/* Writes the averages into the parameters. With `saved` (elements of the store, in its type), what was
 * there is kept in it. BRN_ERROR_USAGE when nothing was averaged yet. */
brn_status brn__average_apply(const brn__average *average, void *saved);
/* Puts back what brn__average_apply saved. */
void brn__average_undo(const brn__average *average, const void *saved);

/* ------------------------------------------------------------------ ema.c, swa.c */

/* After each step: average = decay average + (1 - decay) parameter; the first step's parameters begin it
 * (PyTorch's AveragedModel with get_ema_multi_avg_fn). Running statistics are averaged too, as
 * use_buffers does. decay in [0, 1). */
brn_status brn__ema_init(brn__average *average, brn_parameters *parameters, double decay);
/* From the end of epoch `start` (of the fit, from 1) on, the mean of the parameters at each epoch's end
 * (fast.ai 0.7's use_swa, swa_start). Running statistics are averaged too, but are to be estimated anew. */
brn_status brn__swa_init(brn__average *average, brn_parameters *parameters, int start);

/* ------------------------------------------------------------------ norms.c */

/* Running statistics of all batch norms as the plain mean of the batches' own over one pass of a loader,
 * dropout on: fast.ai 0.7's cumulative momentum 1 / k, PyTorch's update_bn. Nothing else changes, the
 * learner's keys included. All buffers of the store are taken for statistics that follow
 * running = (1 - m) running + m batch, each with its own m, which is found by a trial. */
brn_status brn__reestimate_norms(brn__learner *learner, const brn__network *network,
                                 brn__loader *loader);

/* ------------------------------------------------------------------ swa_score.c */

/* Shows how good an average of weights is while training goes on: at the first epoch that counts, every
 * so many after it and after the last, the validation loss ("swa_loss") and the share of right labels ("swa_accuracy", of labels) with the
 * averages as parameters and the norms estimated anew over the training loader; then all is put back to the
 * bit. Costs a pass over the training and one over the validation items each time. */
typedef struct brn__swa_score {
    brn__callback callback;
    const brn__average *average; /* borrowed; its own callback hears first */
    int every;                   /* 0.7's swa_eval_freq: 5 */
    void *saved;                 /* what the parameters were */
} brn__swa_score;
brn_status brn__swa_score_init(brn__swa_score *score, const brn__average *average, int every);
void brn__swa_score_deinit(brn__swa_score *score); /* a zeroed one is fine */

#endif
