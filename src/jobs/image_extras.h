/* SPDX-License-Identifier: Apache-2.0
 * What options add to the fit of a stage: mixing, snapshots, accumulated gradients, decays by group, averages
 * of the weights. */
#ifndef BRN__JOBS_IMAGE_EXTRAS_H
#define BRN__JOBS_IMAGE_EXTRAS_H

#include "jobs/image_train.h"
#include "train/fine_tuning.h"
#include "train/mixing.h"
#include "train/snapshots.h"

typedef struct brn__image_extras {
    brn__mixing mixing;
    brn__snapshots snapshots;
    brn__accumulation accumulation;
    brn__decays decays;
} brn__image_extras;

/* `batches`: of an epoch of the stage. Stays where it is during the fit. */
brn_status brn__image_extras_add(brn__image_training *training, const brn__image_stage *stage, int64_t batches,
                                 brn__fit_options *fit, brn__image_extras *extras);
void brn__image_extras_free(brn__image_extras *extras); /* a zeroed one is fine */

/* After all stages: the model becomes the average that swa or ema kept. */
brn_status brn__image_average_end(brn__image_training *training);

#endif
