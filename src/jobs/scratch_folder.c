/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/scratch_folder.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 10000 };

brn_status brn__scratch_folder_make(char **path)
{
    const char *place = getenv("TMPDIR");
    if (!place || !*place) place = "/tmp";
    for (int i = 0; i < NAMES_MAX; i++) {
        char name[64];
        snprintf(name, sizeof name, "burnish-%ld-%d", (long)getpid(), i);
        *path = brn__path_join(place, name);
        if (!*path) return BRN_ERROR_NO_MEMORY;
        if (brn__system_make_folder(*path, 0700) == 0) return BRN_OK;
        const int reason = errno;
        brn__free(*path);
        *path = NULL;
        if (reason != EEXIST)
            return brn__fail(BRN_ERROR_IO, "%s: no folder for what is not kept: %s", place, strerror(reason));
    }
    return brn__fail(BRN_ERROR_IO, "%s: no folder for what is not kept: all names are taken", place);
}

void brn__scratch_folder_remove(char *path)
{
    brn__name_list list;
    if (!path) return;
    if (brn__list_folder(path, &list) == BRN_OK) {
        for (int64_t i = 0; i < list.count; i++) {
            char *file = brn__path_join(path, list.names[i]);
            if (file) brn__system_unlink(file);
            brn__free(file);
        }
        brn__name_list_free(&list);
    }
    rmdir(path);
    brn__free(path);
}
