/* SPDX-License-Identifier: Apache-2.0
 * K models of one table, each validated on other rows (cross-validation). The run folder is as that
 * of pictures (image_folds.h):
 *
 *     config.json            of all; folds is K, fold 0
 *     fold-1 .. fold-K       a run each, with metrics.json and oof.csv of its own once it is
 * finished oof.csv                out-of-fold predictions: each row once, by the model that did not
 * see it metrics.json           means and standard deviations over the folds */
#ifndef BRN__JOBS_TABLE_FOLDS_H
#define BRN__JOBS_TABLE_FOLDS_H

#include "jobs/table_job.h"

enum { BRN__TABLE_FOLDS_MAX = 100 };

/* "RUN/fold-N" and then `rest`, into 4200 bytes. */
void brn__table_fold_path(const char *run, int fold, const char *rest, char out[4200]);
/* K of a folder that is a run of all its folds; 0 of any other. */
brn_status brn__table_folds_of(const char *run, int *out);

/* ------------------------------------------------------------------ table_folds.c */

/* All folds, of options with folds above 0 and fold 0; or of the run that is gone on with. */
brn_status brn__table_folds_train(const brn_table_train_options *options, brn_table_result *result);
brn_status brn__table_folds_resume(const char *run, brn_event_handler *on_event, void *context,
                                   brn_table_result *result);

/* ------------------------------------------------------------------ table_fold_files.c */

/* One fold's oof.csv: row (from 1), the truth, fold, the answers p_...; then its metrics.json,
 * which says that it is finished. `rows` (result->valid_count) validate. */
brn_status brn__table_fold_write(const brn_table_train_options *options,
                                 const brn__preparation *preparation, const brn__prepared *prepared,
                                 const int64_t *rows, brn__table_network *network,
                                 const brn_table_result *result);
/* *done: a fold that is finished; then *result has its numbers. */
brn_status brn__table_fold_read(const char *run, int fold, bool *done, brn_table_result *result);
/* oof.csv and metrics.json of all folds. */
brn_status brn__table_folds_write(const brn_table_result *result);

#endif
