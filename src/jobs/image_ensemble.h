/* SPDX-License-Identifier: Apache-2.0
 * Snapshot ensembles in a run folder (Huang et al. 2017): a model file at each cycle's end, and what the
 * mean of their predictions is worth. */
#ifndef BRN__JOBS_IMAGE_ENSEMBLE_H
#define BRN__JOBS_IMAGE_ENSEMBLE_H

#include "jobs/image_train.h"

/* A brn__snapshot_save over the training: snapshot_N.safetensors, N from 1. */
brn_status brn__image_save_snapshot(void *training, brn_parameters *parameters, int number);
/* The mean over the snapshots that the last stage took, on the validation pictures, beside the last model
 * alone; a note tells the gain. The network is as before afterwards. Nothing without snapshots or without
 * labels. */
brn_status brn__image_ensemble(brn__image_training *training);

#endif
