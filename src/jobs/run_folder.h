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

/* Keeps other processes from training in the folder at the same time, until the lock is released or this
 * process ends, however it ends. BRN_ERROR_USAGE when another one is at it. *lock is set whatever
 * happens. */
brn_status brn__run_folder_lock(const char *path, int *lock);
void brn__run_folder_unlock(int lock); /* -1 is fine */
/* Takes away what a killed process was writing: files NAME.tmp-PID-N. The folder must be locked. */
void brn__run_folder_sweep(const char *path);

/* model.safetensors of a run folder, or `run` itself where it is no folder: what a user calls a model. The
 * caller frees by brn__free. */
brn_status brn__run_model_path(const char *run, char **out);

#endif
