/* SPDX-License-Identifier: Apache-2.0
 * K models of one set of pictures, each validated on another part of it (cross-validation). The run folder:
 *
 *     config.json            of all; folds is K, fold 0
 *     fold-1 .. fold-K       a run each, with metrics.json and oof.csv of its own once it is finished
 *     oof.csv                out-of-fold predictions: each picture once, by the model that did not see it
 *     metrics.json           means and standard deviations over the folds */
#ifndef BRN__JOBS_IMAGE_FOLDS_H
#define BRN__JOBS_IMAGE_FOLDS_H

#include "jobs/image_train.h"

/* "RUN/fold-N" and then `rest`, into 4200 bytes. */
void brn__image_fold_path(const char *run, int fold, const char *rest, char out[4200]);
/* K of a folder that is a run of all its folds; 0 of any other, one without config.json included. */
brn_status brn__image_folds_of(const char *run, int *out);

/* ------------------------------------------------------------------ image_folds.c */

/* All folds, of options with folds above 0 and fold 0; or of the run that is gone on with. */
brn_status brn__image_folds_train(const brn_image_options *options, brn_image_result *result);
brn_status brn__image_folds_resume(const char *run, brn_event_handler *on_event, void *context,
                                   brn_image_result *result);

/* ------------------------------------------------------------------ image_fold_files.c */

/* oof.csv of one fold: the validation pictures, and the answers about them. */
brn_status brn__image_fold_answers(const brn__image_training *training, const brn__image_answers *answers);
/* metrics.json of one fold, which says that it is finished. */
brn_status brn__image_fold_finish(const brn__image_training *training);
/* *done: a fold that is finished; then *result has its numbers. */
brn_status brn__image_fold_read(const char *path, bool *done, brn_image_result *result);
/* oof.csv and metrics.json of all folds. */
brn_status brn__image_folds_write(const char *run, int folds, const brn_image_result *result);

#endif
