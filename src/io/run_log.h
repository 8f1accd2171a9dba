/* SPDX-License-Identifier: Apache-2.0
 * The log of runs: one SQLite database (WAL) in the folder that holds the run folders. Several processes
 * may write and read at once; who can't within `busy_milliseconds` fails. A write is one transaction, so a
 * killed process leaves whole rows.
 *
 *     brn__run_log *log;
 *     BRN__TRY(brn__run_log_open("runs/runs.sqlite", 2000, &log));
 *     brn__run_log_begin(log, &(brn__run_begin){.folder = "image-1", .job = "image"}, &run);
 *     brn__run_log_epoch(log, run, &(brn__run_epoch){.epoch = 1, .valid_loss = .3});
 *     brn__run_log_end(log, run, &(brn__run_end){.status = "done"});
 *     brn__run_log_close(log);
 *
 * Tables (schema 1): run, one row a run folder; epoch, one row an epoch of a run. Text that holds
 * several values (options, metrics, rates) is a JSON object. Times are UTC, "2026-01-31T12:00:00Z".
 * Strings may be NULL and numbers NaN where nothing is known. */
#ifndef BRN__IO_RUN_LOG_H
#define BRN__IO_RUN_LOG_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

#define BRN__RUN_LOG_NAME "runs.sqlite"

enum { BRN__RUN_LOG_SCHEMA = 1, BRN__RUN_LOG_BUSY = 2000 /* milliseconds */ };

typedef struct brn__run_log brn__run_log;

/* Makes the database when there is none. BRN_ERROR_INPUT when the file is no run log, or one of a later
 * library; BRN_ERROR_IO when it can't be written. */
brn_status brn__run_log_open(const char *path, int busy_milliseconds, brn__run_log **out);
/* The same of a log that is there, to read only; nothing is made. */
brn_status brn__run_log_open_to_read(const char *path, int busy_milliseconds, brn__run_log **out);
void brn__run_log_close(brn__run_log *log); /* NULL is fine */

typedef struct brn__run_begin {
    const char *folder; /* of the run, as seen from the database's folder: the key of the run */
    const char *job, *architecture, *library;
    const char *options;           /* JSON */
    const char *data, *data_sha256;
    uint64_t seed;
    bool resumed;     /* goes on with the row of this folder; else an older row of the name goes */
    int kept_epochs;  /* resumed: rows of later epochs go */
} brn__run_begin;

/* Status "running", with this process and host. */
brn_status brn__run_log_begin(brn__run_log *log, const brn__run_begin *begin, int64_t *run);

typedef struct brn__run_epoch {
    int epoch; /* from 1, over all stages */
    const char *stage;
    double train_loss, valid_loss, seconds;
    const char *metrics, *rates; /* JSON: by name; a list by layer group */
} brn__run_epoch;

/* Replaces the row of that epoch. */
brn_status brn__run_log_epoch(brn__run_log *log, int64_t run, const brn__run_epoch *epoch);

typedef struct brn__run_end {
    const char *status; /* "done", "interrupted", "diverged", "failed" */
    const char *reason; /* of anything but done */
    const char *metrics, *model_sha256;
    double seconds;     /* of this process */
} brn__run_end;

brn_status brn__run_log_end(brn__run_log *log, int64_t run, const brn__run_end *end);

/* A row as it is read; strings live for the call. */
typedef struct brn__run_row {
    int64_t id;
    const char *folder, *job, *architecture, *library, *options, *data, *data_sha256;
    uint64_t seed;
    const char *started, *ended, *status, *reason, *metrics, *model_sha256, *host;
    double seconds; /* of all processes that worked on it */
    int64_t process;
    int epochs; /* rows of it */
} brn__run_row;

/* In the order in which they began. Anything but BRN_OK of the sink ends the reading. */
brn_status brn__run_log_runs(brn__run_log *log, brn_status (*sink)(void *context, const brn__run_row *row),
                             void *context);
brn_status brn__run_log_epochs(brn__run_log *log, int64_t run,
                               brn_status (*sink)(void *context, const brn__run_epoch *epoch),
                               void *context);

/* "broken off" for a row that says "running" and whose process of this host is gone; else its status. */
const char *brn__run_row_status(const brn__run_row *row);

#endif
