/* SPDX-License-Identifier: Apache-2.0
 * The rate finder over a learner. */
#ifndef BRN__TRAIN_LR_FINDER_H
#define BRN__TRAIN_LR_FINDER_H

#include "burnish/lr_finder.h"
#include "train/callbacks.h"

/* Trains with the network, loaders, groups, forms, optimizer and callbacks of `fit` (epochs and rate are
 * not read), then puts parameters, running statistics and the learner's keys back: a fit that follows
 * makes the same bits as without. group_rates (groups of the network), or NULL for all alike, give the
 * ratios between the groups' rates; the last one must be above 0. Memory: a copy of the parameters.
 * On failure, what the caller's callbacks ask for too, the same is put back and *out is empty.
 * BRN_LR_FIND_VALID needs fit->valid. */
brn_status brn__lr_find(brn__learner *learner, const brn__fit_options *fit, const double *group_rates,
                        const brn_lr_finder_options *options, brn_lr_curve *out);
/* The same for a job: the listener of `progress` hears BATCH events (iterations so far of all) with the rate of
 * group `group`, and can stop it. In lr_finder_told.c. */
brn_status brn__lr_find_told(brn__learner *learner, const brn__fit_options *fit, const double *group_rates,
                             const brn_lr_finder_options *options, brn__progress *progress, int group,
                             brn_lr_curve *out);
/* Batches that this finder will make if it does not stop. */
int64_t brn__lr_find_iterations(const brn__fit_options *fit, const brn_lr_finder_options *options);

#endif
