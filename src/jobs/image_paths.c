/* SPDX-License-Identifier: Apache-2.0
 * Where the pictures of a run lie, and what they are called there. */
#include "base/alloc.h"
#include "base/files.h"
#include "data/image/list.h"
#include "jobs/image_job.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof((brn__image_plan *)NULL)->paths[0] >= PATH_MAX, "realpath writes so much");

/* What is not there stays as it is: opening it tells why. */
static void settle(const char **path, char whole[4096])
{
    if (*path && **path && realpath(*path, whole)) *path = whole;
}

/* Found in the data's folder, or beside a list; the data are settled. */
static bool is_beside(const char *data, const char *name)
{
    const char *slash = brn__is_file(data) ? strrchr(data, '/') : data + strlen(data);
    char folder[4096];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - data) : 1, slash ? data : ".");
    char *beside = brn__path_join(folder, name);
    const bool found = beside && (brn__is_folder(beside) || brn__is_file(beside));
    brn__free(beside);
    return found;
}

void brn__image_plan_settle(brn__image_plan *plan)
{
    brn_image_options *o = &plan->options;
    settle(&o->data, plan->paths[0]);
    if (o->images && *o->images && !is_beside(o->data, o->images)) settle(&o->images, plan->paths[1]);
    if (o->test && *o->test && !is_beside(o->data, o->test)) settle(&o->test, plan->paths[2]);
    settle(&o->exclude, plan->paths[3]);
    settle(&o->relabel, plan->paths[4]);
}

brn_status brn__image_root(const brn_image_options *o, char **out)
{
    if (brn__is_file(o->data))
        return brn__list_folder_of(o->data, o->images && *o->images ? o->images : NULL, out);
    *out = brn__strdup(o->data);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

const char *brn__image_name(const char *root, const char *path)
{
    size_t length = strlen(root);
    while (length > 0 && root[length - 1] == '/') length--;
    const bool below = strncmp(path, root, length) == 0 && path[length] == '/';
    return below ? path + length + 1 : path;
}
