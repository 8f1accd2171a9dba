/* SPDX-License-Identifier: Apache-2.0
 * What a training of texts was told to read, so that it is found from any working folder: runs are gone on with
 * from others. */
#ifndef BRN__JOBS_TEXT_PATHS_H
#define BRN__JOBS_TEXT_PATHS_H

#include "base/arena.h"
#include "burnish/status.h"

#include <stdint.h>

/* The whole path of a file or folder, or that of a source's file; in the arena. What is not there stays as it is:
 * opening it tells why. NULL stays NULL. */
brn_status brn__text_path_settle(brn__arena *arena, const char **path);
/* The same of `count` ones. */
brn_status brn__text_paths_settle(brn__arena *arena, const char *const **paths, int64_t count);

#endif
