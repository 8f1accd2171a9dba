/* SPDX-License-Identifier: Apache-2.0
 * The folder of a run: made once, never written into by another run. */
#ifndef BRN__JOBS_RUN_FOLDER_H
#define BRN__JOBS_RUN_FOLDER_H

#include "base/status.h"
#include <stddef.h>

/* Makes `out`, or the first free runs/JOB-N when it is NULL, and writes its path. mkdir decides, so two
 * runs that start at once get two folders. BRN_ERROR_USAGE when `out` is there already. */
brn_status brn__run_folder_make(const char *out, const char *job, char *path, size_t size);
/* The failure that brn__run_folder_make would meet, before any work is done. */
brn_status brn__run_folder_check(const char *out);

#endif
