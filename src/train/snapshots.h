/* SPDX-License-Identifier: Apache-2.0
 * Snapshot ensembles (Huang et al. 2017): the weights at each cycle's end, and the mean of what they say.
 *
 *     brn__snapshots snapshots;
 *     brn__snapshots_init(&snapshots, &cycles, save_to_run_folder, run);
 *     options.callbacks[options.callback_count++] = &snapshots.callback;
 *     ...
 *     brn__ensemble_predict(count, predict_with_snapshot, run, items * classes, mean); */
#ifndef BRN__TRAIN_SNAPSHOTS_H
#define BRN__TRAIN_SNAPSHOTS_H

#include "train/callbacks.h"

/* Keeps the parameters as they are: snapshot `number` (from 0). */
typedef brn_status brn__snapshot_save(void *context, brn_parameters *parameters, int number);

typedef struct brn__snapshots {
    brn__callback callback;
    brn_cycles cycles;
    brn__snapshot_save *save;
    void *context;
    double count; /* that were taken; a resumed fit finds it again */
} brn__snapshots;

/* Takes one after the last step of each cycle: fast.ai 0.7 takes it a batch too early. cycles->batches 0
 * is one epoch's. A cycle that the fit breaks off has none. The save of a resumed fit may be one that was
 * made before, of the same bits. */
void brn__snapshots_init(brn__snapshots *snapshots, const brn_cycles *cycles,
                         brn__snapshot_save *save, void *context);

/* Writes the predictions (count) of member `number`: for snapshots, with its weights loaded. They should be
 * probabilities, not logits: the mean is of what is written. */
typedef brn_status brn__ensemble_member(void *context, int number, float *predictions);

/* mean (count): the mean over `members` in double, in their order. */
brn_status brn__ensemble_predict(int members, brn__ensemble_member *predict, void *context,
                                 int64_t count, float *mean);

#endif
