/* SPDX-License-Identifier: Apache-2.0
 * What watches a training of the image job: early stopping, the best epoch, rates on a plateau. */
#ifndef BRN__JOBS_IMAGE_WATCH_H
#define BRN__JOBS_IMAGE_WATCH_H

#include "burnish/image.h"
#include "train/callbacks.h"

#define BRN__IMAGE_BEST "best.safetensors"

typedef struct brn__image_training brn__image_training;

typedef struct brn__image_watch {
    brn__early_stopping stopping; /* of the stage */
    brn__reduce_on_plateau reduce;
    brn__save_best best;   /* of all stages */
    brn__fit_result last;  /* of the last stage */
} brn__image_watch;

/* BRN_ERROR_USAGE when the options ask for what can't be watched. */
brn_status brn__image_watch_check(const brn_image_options *options);
/* Gives a stage's fit the callbacks that the options ask for. */
void brn__image_watch_add(brn__image_training *training, brn__fit_options *fit);
/* At the end of all stages the network gets the values of the best epoch, and the result its numbers. */
brn_status brn__image_watch_end(brn__image_training *training);
bool brn__image_watch_has_best(const brn__image_training *training);

#endif
