/* SPDX-License-Identifier: Apache-2.0
 * What is alike in the learners of tables, ratings and texts that are trained step by step: which groups learn,
 * fits, the rate finder, and the outputs of the last validation. */
#ifndef BRN__JOBS_HAND_LEARNER_H
#define BRN__JOBS_HAND_LEARNER_H

#include "train/hand_fit.h"

enum { BRN__HAND_CALLBACKS = 4 };

/* Part of a job's learner; the pointers are borrowed from the rest of it. Not to be moved. */
typedef struct brn__hand_learner {
    brn__learner *learner;
    brn__network network;
    brn__loader *train, *valid; /* valid NULL: nothing validates */
    int groups, threads;
    uint64_t learning; /* bit g: group g learns */
    brn__progress progress;
    const brn__callback *more[BRN__HAND_CALLBACKS]; /* (more_count) of every fit */
    int more_count;
    const brn__callback *measures[BRN__HAND_CALLBACKS]; /* (measure_count) of fits, but not of the finder */
    int measure_count;
    brn__model_save *save; /* of the model, for snapshots */
    void *context;         /* of save */
    bool keeps;            /* the outputs of validation */
    float *outputs;        /* (kept, width): of the last validation; owned */
    int64_t *items;        /* (kept): of the dataset, in the order in which they came; owned */
    int64_t kept, room, width;
    brn__callback keeper;
} brn__hand_learner;

/* Loaders, callbacks and what saves are filled in by the caller. All groups learn. */
void brn__hand_learner_init(brn__hand_learner *hand, brn__learner *learner, const brn__network *network, int threads);
void brn__hand_learner_deinit(brn__hand_learner *hand); /* zeroed is fine */

brn_status brn__hand_learner_freeze_to(brn__hand_learner *hand, int first);
bool brn__hand_learner_learns(const brn__hand_learner *hand, int group);
brn_status brn__hand_learner_fit(brn__hand_learner *hand, const brn_hand_fit *fit);
/* *out is empty after a failure. */
brn_status brn__hand_learner_lr_find(brn__hand_learner *hand, const brn_hand_fit *fit,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out);
/* (count, width): of the last validation, until the next one or the next fit; NULL when nothing was validated. */
const float *brn__hand_learner_outputs(const brn__hand_learner *hand, int64_t *count, int64_t *width);

/* The values of a store of the same parameters. BRN_ERROR_INPUT names the first that differs, and `path`. */
brn_status brn__hand_learner_take(brn__hand_learner *hand, brn_parameters *from, const char *path);

#endif
