/* SPDX-License-Identifier: Apache-2.0
 * One training of a text classifier on its way. */
#ifndef BRN__JOBS_TEXT_TRAIN_H
#define BRN__JOBS_TEXT_TRAIN_H

#include "burnish/lr_finder.h"
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

/* Zeroed but for its listener; NULL without memory. */
brn__text_training *brn__text_training_new(brn_event_handler *on_event, void *context);
void brn__text_training_free(brn__text_training *training);
/* Options settled, texts read into `folder` (NULL: a run folder to make;
 * result.run names it), and the network, with an encoder's weights. */
brn_status brn__text_training_prepare(brn__text_training *training, const brn_text_train_options *options,
                                      const char *folder);

/* The rate finder on the first stage: with an encoder the head alone learns. */
brn_status brn__text_stages_find(brn__text_training *training, const brn_lr_finder_options *finder,
                                 brn_lr_curve *out);
/* All fits of the training, one after the other. */
brn_status brn__text_stages(brn__text_training *training);
int brn__text_epochs(const brn_text_train_options *options); /* of all stages */

#endif
