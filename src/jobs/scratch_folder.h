/* SPDX-License-Identifier: Apache-2.0
 * A folder for what is not kept, in $TMPDIR or /tmp. */
#ifndef BRN__JOBS_SCRATCH_FOLDER_H
#define BRN__JOBS_SCRATCH_FOLDER_H

#include "base/status.h"

/* Nobody else may read it. brn__scratch_folder_remove frees the path. */
brn_status brn__scratch_folder_make(char **path);
/* With the files in it; those that are mapped stay until they are closed. NULL is fine. */
void brn__scratch_folder_remove(char *path);

#endif
