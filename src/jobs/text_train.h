/* SPDX-License-Identifier: Apache-2.0
 * One training of a text classifier on its way. */
#ifndef BRN__JOBS_TEXT_TRAIN_H
#define BRN__JOBS_TEXT_TRAIN_H

#include "jobs/run_record.h"
#include "jobs/run_state.h"
#include "jobs/text_job.h"

typedef struct brn__text_training {
    brn_text_train_options options;
    brn__arena arena; /* of a configuration that was read, and of paths */
    json_t *config;
    brn__corpus *corpus;
    int64_t *documents; /* those that train, then those that validate; owned */
    brn__dataset *train_set, *valid_set;
    brn__loader *train, *valid; /* valid: NULL when nothing validates */
    brn__text_network network;
    brn__run_state *state; /* to go on from; NULL: from the start */
    brn__progress progress;
    brn__history history;
    brn__run_record record;
    brn_text_result result;
    double began;
    int lock, stage, epochs_done; /* stage: of the fit that runs; epochs_done: in those before it */
    char history_path[4160];
} brn__text_training;

/* All fits of the training, one after the other. */
brn_status brn__text_stages(brn__text_training *training);
int brn__text_epochs(const brn_text_train_options *options); /* of all stages */

#endif
