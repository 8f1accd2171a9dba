/* SPDX-License-Identifier: Apache-2.0
 *
 * The runs of a folder: what was trained, with which options, and what came out. Trainings write
 * themselves into the log runs.sqlite beside their run folders; where there is no log, or a folder is not
 * in it (it was moved here, or the log could not be written), the folder's own files are read.
 *
 *     brn_runs *runs;
 *     if (brn_runs_list("runs", &runs) == BRN_OK)
 *         for (int64_t i = 0; i < brn_runs_count(runs); i++)
 *             printf("%s %d epochs\n", brn_runs_at(runs, i)->name, brn_runs_at(runs, i)->epochs);
 *     brn_runs_free(runs);
 */
#ifndef BURNISH_RUNS_H
#define BURNISH_RUNS_H

#include "burnish/events.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_run_option {
    const char *name, *value; /* the value as JSON shows it, a text without its quotes */
} brn_run_option;

typedef struct brn_run_epoch {
    int epoch;         /* from 1, over all stages */
    const char *stage;
    double train_loss, valid_loss, seconds; /* NaN: none */
    const brn_metric *metrics;
    int metric_count;
} brn_run_epoch;

/* Texts are NULL and numbers NaN where nothing is known. */
typedef struct brn_run_record {
    const char *path, *name; /* of the run folder; name: its last part */
    bool present;            /* the folder is there */
    bool logged;             /* told by runs.sqlite, not by the folder's files */
    const char *job, *architecture, *library;
    const char *status; /* done, running, interrupted, diverged, failed, broken off (its process is gone) */
    const char *reason; /* of a status that is not done */
    const char *started, *ended; /* UTC, "2026-01-31T12:00:00Z" */
    const char *data, *data_sha256, *model_sha256;
    double seconds;
    const brn_run_option *options;
    int option_count;
    const brn_metric *metrics; /* at the end (with test-time augmentation), else of the last epoch */
    int metric_count;
    const brn_run_epoch *curve; /* (epochs) */
    int epochs;
} brn_run_record;

typedef struct brn_runs brn_runs;

/* All runs of a folder: those of the log in the order in which they began, then the others by name.
 * BRN_ERROR_INPUT when the folder is not there. No run at all is fine. */
BRN_API brn_status brn_runs_list(const char *folder, brn_runs **out);
/* These runs, in this order: each a run folder, or one that is gone and in the log beside it, or the name
 * of a run in the folder runs. BRN_ERROR_INPUT names the one that is none of these. */
BRN_API brn_status brn_runs_open(const char *const *paths, int64_t count, brn_runs **out);
BRN_API void brn_runs_free(brn_runs *runs); /* NULL is fine */

BRN_API int64_t brn_runs_count(const brn_runs *runs);
BRN_API const brn_run_record *brn_runs_at(const brn_runs *runs, int64_t index); /* owned by the runs */
/* Why a log that is there was not read; NULL when all is well. */
BRN_API const char *brn_runs_warning(const brn_runs *runs);

/* NaN when the run has no such metric. */
BRN_API double brn_run_metric(const brn_run_record *run, const char *name);
/* NULL when the run has no such option. */
BRN_API const char *brn_run_option_value(const brn_run_record *run, const char *name);

#ifdef __cplusplus
}
#endif
#endif
