/* SPDX-License-Identifier: Apache-2.0
 * Putting files where nothing is: what is there is never overwritten, not even in a race.
 * BRN_ERROR_INPUT: the place is taken. BRN_ERROR_IO: all else, with the system's reason. */
#ifndef BRN__BASE_PLACE_H
#define BRN__BASE_PLACE_H

#include "base/status.h"
#include <stdbool.h>

/* Within a file system. */
brn_status brn__place_move(const char *from, const char *to);
/* A hard link where the file system takes one, else a copy. Links are followed. */
brn_status brn__place_link(const char *from, const char *to);
brn_status brn__place_copy(const char *from, const char *to); /* with its times and mode bits */

/* Makes the folders on the way to a file. */
brn_status brn__make_folder_of(const char *path);

/* *out: `path` is `folder` or lies below it, or will once it is made. Links are resolved. */
brn_status brn__lies_within(const char *path, const char *folder, bool *out);

#endif
