/* SPDX-License-Identifier: Apache-2.0
 * A run's row in the log of runs (io/run_log.h), kept while it trains. The log is a convenience: what goes
 * wrong with it is told as one warning, and the run goes on without. */
#ifndef BRN__JOBS_RUN_RECORD_H
#define BRN__JOBS_RUN_RECORD_H

#include "io/run_log.h"
#include "train/callbacks.h"

typedef struct brn__run_record {
    brn__callback callback;  /* an epoch, a row; for the fits of the run */
    brn__progress *progress; /* borrowed: stage, earlier epochs, hears the warning */
    brn__run_log *log;       /* NULL: nothing is kept (any more) */
    int64_t run;
} brn__run_record;

/* Begins the row of the run folder `path` in runs.sqlite beside it. Of `facts` are needed job,
 * architecture, data, data_sha256, seed, resumed and kept_epochs; the folder's name, the library and the
 * options (of config.json) are found here. */
void brn__run_record_begin(brn__run_record *record, const char *path, const brn__run_begin *facts,
                           brn__progress *progress);
/* Ends the row with what `status` means, its message, the metrics, and the digest of model.safetensors.
 * The message of `status` stays. A zeroed record is fine. */
void brn__run_record_end(brn__run_record *record, const char *path, brn_status status,
                         const brn_metric *metrics, int metric_count, double seconds);

#endif
