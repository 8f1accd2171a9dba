/* SPDX-License-Identifier: Apache-2.0
 * A training on a table, as table_train.c makes it and others look at it. */
#ifndef BRN__JOBS_TABLE_TRAINING_H
#define BRN__JOBS_TABLE_TRAINING_H

#include "jobs/run_state.h"
#include "jobs/table_job.h"

typedef struct brn__table_training {
    brn_table_train_options options;
    const char **ignored; /* the user's and the split's; owned */
    brn__arena arena;     /* of a configuration that was read */
    json_t *config;
    const char *data;            /* what is opened: the options', but with passwords */
    const brn_table_join *joins; /* the same */
    char digest[65];             /* of all that the rows come from */
    brn__events *events; /* until the preparation has them */
    brn__preparation *preparation;
    brn__prepared prepared;
    brn__dataset *dataset;
    int64_t *rows; /* (rows): those that train, then those that validate; owned */
    brn__table_network network;
    brn__loader *train, *valid;
    brn__run_state *state; /* to go on from; NULL: from the start */
    brn__progress progress;
    brn__history history;
    brn_table_result result;
    int lock, epochs_done;
    char history_path[4160];
} brn__table_training;

/* Empty, without a run folder. NULL without memory. */
brn__table_training *brn__table_training_new(brn_event_handler *on_event, void *context);
void brn__table_training_free(brn__table_training *training); /* NULL is fine */

/* All that a training starts from: options settled, the table read, split and prepared, the network with its
 * initial weights. Writes nothing. */
brn_status brn__table_training_prepare(brn__table_training *training, const brn_table_train_options *options);
/* Batches of the rows that train, or of those that validate. */
brn_status brn__table_training_loader(const brn__table_training *training, bool train, brn__loader **out);
/* Without callbacks, of the training's loaders as they are. */
brn__fit_options brn__table_training_fit_options(const brn__table_training *training);

#endif
