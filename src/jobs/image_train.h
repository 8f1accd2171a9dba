/* SPDX-License-Identifier: Apache-2.0
 * One training of an image classifier on its way. */
#ifndef BRN__JOBS_IMAGE_TRAIN_H
#define BRN__JOBS_IMAGE_TRAIN_H

#include "jobs/image_job.h"
#include "jobs/image_recipe.h"
#include "jobs/image_watch.h"
#include "jobs/run_record.h"
#include "jobs/run_state.h"
#include "train/averages.h"
#include "train/curve.h"

struct brn__image_training {
    brn__image_plan plan;
    brn__image_recipe recipe;
    brn_image_data *data;
    brn__image_transform transform;
    brn__dataset *pictures;
    brn__image_network network;
    brn__image_network_options made_of; /* the network was */
    brn__progress progress;
    brn__history history;
    brn__curve curve;
    brn__image_watch watch;
    brn__average average; /* of the weights, over all stages; no memory: none is kept */
    brn__run_record record;
    float *class_weights; /* (K), or NULL */
    bool *warned; /* by item: told as bad already */
    int stage;        /* number of the fit in the recipe */
    int epochs_done;  /* in the fits before this one, and in it once it is over */
    brn__loader *train, *valid; /* of the fit that runs, or NULL */
    brn_image_result result;
    int64_t changed; /* pictures that were left out or labelled anew */
    bool resumed;
    brn__image_config config; /* of a run that is resumed */
    brn__run_state *state;    /* to go on from; NULL: from the start */
    int lock;
    char run[4096], history_path[4160];
};

/* Tells the listener that a stage begins. `name` lives as long as the training. */
brn_status brn__image_begin_stage(brn__image_training *training, const char *name);
/* Writes the network as it is into a file of the run folder. */
brn_status brn__image_save_model(brn__image_training *training, const char *name);
/* Records and tells of a picture that could not be read, once. */
brn_status brn__image_warn_of_bad(brn__image_training *training, int64_t item, const char *reason);
/* All fits of the recipe. result gets accuracy, valid_loss, plain_accuracy and bad_count. */
brn_status brn__image_stages(brn__image_training *training);

/* The training's row in the log of runs. */
void brn__image_record_begin(brn__image_training *training);
void brn__image_record_end(brn__image_training *training, brn_status status); /* the message stays */

#endif
