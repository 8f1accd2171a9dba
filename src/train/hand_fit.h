/* SPDX-License-Identifier: Apache-2.0
 * A fit that is asked for by hand (burnish/hand_fit.h), over a learner of any job.
 *
 *     brn__hand_fit hand = {.fit = fit, .learner = learner, .progress = &progress, .groups = 3, .learning = bits,
 *                           .options = {.network = ends, .train = train, .valid = valid}};
 *     brn_status status = brn__hand_fit_prepare(&hand);
 *     brn__hand_fit_add(&hand, &metrics.callback);
 *     if (status == BRN_OK) status = brn__hand_fit_run(&hand); */
#ifndef BRN__TRAIN_HAND_FIT_H
#define BRN__TRAIN_HAND_FIT_H

#include "burnish/hand_fit.h"
#include "train/fine_tuning.h"
#include "train/lr_finder.h"
#include "train/scheduling.h"
#include "train/snapshots.h"

/* Writes the model as it is to a file. */
typedef brn_status brn__model_save(void *context, const char *path);

/* Not to be moved while it runs. */
typedef struct brn__hand_fit {
    const brn_hand_fit *fit; /* borrowed */
    brn__learner *learner;   /* borrowed */
    brn__progress *progress; /* borrowed */
    int groups;              /* layer groups of the network */
    uint64_t learning;       /* bit g: group g learns */
    bool takes_metrics;      /* those of the caller's */
    brn__model_save *save;   /* for snapshots */
    void *context;           /* of save */
    brn__fit_options options; /* network, loaders and forms are the caller's, the rest comes of the fit */
    brn__scheduling scheduling;
    brn__decays decays;
    brn__nan_stop nan_stop;
    brn__snapshots snapshots;
} brn__hand_fit;

void brn__hand_fit_add(brn__hand_fit *hand, const brn__callback *callback);
/* Checks the fit and takes it over into the options. BRN_ERROR_USAGE names what is out of range. */
brn_status brn__hand_fit_prepare(brn__hand_fit *hand);
/* Trains. The listener hears of stage "fit"; BRN_ERROR_DIVERGED at a loss that is no number. */
brn_status brn__hand_fit_run(brn__hand_fit *hand);
/* A mock training with the ratios of the fit's rates; stage "lr-find". */
brn_status brn__hand_fit_find(brn__hand_fit *hand, const brn_lr_finder_options *finder, brn_lr_curve *out);

#endif
