/* SPDX-License-Identifier: Apache-2.0
 * Any schedule as a callback: rates and momenta before every batch, from pure functions of where the fit
 * is (burnish/schedule.h, burnish/phases.h).
 *
 *     brn__scheduling scheduling;
 *     brn__scheduling_init(&scheduling, group_rates, groups, &rate, &momentum);
 *     options.callbacks[options.callback_count++] = &scheduling.callback; */
#ifndef BRN__TRAIN_SCHEDULING_H
#define BRN__TRAIN_SCHEDULING_H

#include "burnish/phases.h"
#include "train/callbacks.h"

typedef struct brn__scheduling {
    brn__callback callback;
    double rates[BRN_GROUPS_MAX]; /* at the curve's 1 */
    int groups;
    brn_schedule rate, momentum; /* no pieces: momentum stays */
    brn_cycles cycles;
} brn__scheduling;

/* Group g's rate is group_rates[g] times `rate`'s value, whose top is 1; `momentum` may be NULL. */
void brn__scheduling_init(brn__scheduling *scheduling, const double *group_rates, int groups,
                          const brn_schedule *rate, const brn_schedule *momentum);
/* fast.ai 0.7's cycles. `batches` 0 is filled in at the start of the fit with one epoch's; a cycle that
 * its form cannot have ends the fit with BRN_ERROR_USAGE. */
void brn__scheduling_cycles(brn__scheduling *scheduling, const double *group_rates, int groups,
                            const brn_cycles *cycles);

/* Trains through phases (count) with callbacks and network of `options`, whose epochs, optimizer and rate
 * are not read. `loaders` (count) give each phase's training data; NULL, or a NULL in it: options->train.
 * Phases that share optimizer and data are one fit. Where either changes, a new fit and a new epoch
 * begin, with a fresh optimizer if it is the optimizer that changes. A phase may end in mid-epoch; so may
 * the whole, which still validates. `restore` is not read: a list of phases is not resumed. */
brn_status brn__phases_fit(brn__learner *learner, const brn__fit_options *options,
                           const brn_phase *phases, int count, brn__loader *const *loaders,
                           brn__fit_result *result);

#endif
