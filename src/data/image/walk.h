/* SPDX-License-Identifier: Apache-2.0
 * All files below a folder, with the split and the label that their place gives them. */
#ifndef BRN__DATA_IMAGE_WALK_H
#define BRN__DATA_IMAGE_WALK_H

#include "base/arena.h"
#include "base/status.h"
#include <stdint.h>

enum { BRN__WALK_DEPTH_MAX = 32 };

typedef struct brn__walk_file {
    const char *path;         /* below the folder */
    const char *split, *label; /* NULL: none */
} brn__walk_file;

typedef struct brn__walk {
    brn__walk_file *files; /* (count), owned; in the order of folders and names */
    int64_t count, capacity;
    brn__arena arena;      /* holds the texts */
    int folders;           /* directly in the folder */
} brn__walk;

/* Passes over names that begin with a dot, and links to folders, which may lead in circles. */
brn_status brn__walk_folder(const char *folder, brn__walk *out);
void brn__walk_free(brn__walk *walk);

#endif
