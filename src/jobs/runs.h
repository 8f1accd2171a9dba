/* SPDX-License-Identifier: Apache-2.0
 * What the two ways to know of a run share: the log (runs.c) and the run folder's files (runs_files.c). */
#ifndef BRN__JOBS_RUNS_H
#define BRN__JOBS_RUNS_H

#include "base/arena.h"
#include "burnish/runs.h"

#include <jansson.h>

struct brn_runs {
    brn__arena arena; /* all texts and lists */
    brn_run_record *records; /* owned */
    int64_t count, capacity;
    char *warning; /* owned; NULL */
};

/* A copy in the arena; NULL stays NULL. */
brn_status brn__runs_text(brn_runs *runs, const char *text, const char **out);
/* From JSON objects: {"size": 64} and {"accuracy": 0.9}; NULL gives none. */
brn_status brn__runs_options(brn_runs *runs, const json_t *object, brn_run_record *out);
brn_status brn__runs_metrics(brn_runs *runs, const json_t *object, const brn_metric **out, int *count);

/* Fills a record, whose path is set, from config.json, history.csv and model.safetensors. */
brn_status brn__runs_read_files(brn_runs *runs, brn_run_record *record);
/* The epochs alone. */
brn_status brn__runs_read_history(brn_runs *runs, brn_run_record *record);

#endif
