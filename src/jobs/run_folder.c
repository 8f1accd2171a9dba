/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/run_folder.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { RUNS_MAX = 1000000 };

static brn_status already_there(const char *path)
{
    return brn__fail(BRN_ERROR_USAGE, "%s is there already; a run is never overwritten: choose "
                     "another --out, or move it away", path);
}

brn_status brn__run_folder_check(const char *out)
{
    struct stat info;
    if (!out) return BRN_OK;
    if (!*out) return brn__fail(BRN_ERROR_USAGE, "out: expected the path of a folder to make");
    return brn__system_stat_link(out, &info) == 0 ? already_there(out) : BRN_OK;
}

/* The folder that will hold the run. */
static brn_status make_parent(const char *out)
{
    char *parent = brn__strdup(out);
    if (!parent) return BRN_ERROR_NO_MEMORY;
    size_t length = strlen(parent);
    while (length > 1 && parent[length - 1] == '/') parent[--length] = '\0';
    char *slash = strrchr(parent, '/');
    brn_status status = BRN_OK;
    if (slash && slash != parent) {
        *slash = '\0';
        status = brn__make_folders(parent);
    }
    brn__free(parent);
    return status;
}

static brn_status make_given(const char *out)
{
    BRN__TRY(brn__run_folder_check(out));
    BRN__TRY(make_parent(out));
    if (brn__system_make_folder(out, 0777) == 0) return BRN_OK;
    if (errno == EEXIST) return already_there(out);
    return brn__fail(BRN_ERROR_IO, "create folder %s: %s", out, strerror(errno));
}

static brn_status make_numbered(const char *job, char *path, size_t size)
{
    BRN__TRY(brn__make_folders("runs"));
    for (int number = 1; number <= RUNS_MAX; number++) {
        snprintf(path, size, "runs/%s-%d", job, number);
        if (brn__system_make_folder(path, 0777) == 0) return BRN_OK;
        if (errno != EEXIST)
            return brn__fail(BRN_ERROR_IO, "create folder %s: %s", path, strerror(errno));
    }
    return brn__fail(BRN_ERROR_IO, "runs holds %d runs of %s: no number is free", RUNS_MAX, job);
}

brn_status brn__run_folder_make(const char *out, const char *job, char *path, size_t size)
{
    if (!out) return make_numbered(job, path, size);
    if (strlen(out) >= size)
        return brn__fail(BRN_ERROR_USAGE, "out: a path of %zu bytes; at most %zu", strlen(out),
                         size - 1);
    BRN__TRY(make_given(out));
    snprintf(path, size, "%s", out);
    return BRN_OK;
}

brn_status brn__run_folder_lock(const char *path, int *lock)
{
    *lock = brn__system_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (*lock < 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR;
        return brn__fail(absent ? BRN_ERROR_INPUT : BRN_ERROR_IO, "%s: cannot open the run folder: %s", path,
                         strerror(errno));
    }
    if (brn__system_lock(*lock, LOCK_EX | LOCK_NB) == 0) return BRN_OK;
    if (errno != EWOULDBLOCK) return BRN_OK; /* a file system without locks */
    return brn__fail(BRN_ERROR_USAGE, "%s: another process is training in this run folder", path);
}

void brn__run_folder_unlock(int lock)
{
    if (lock >= 0) brn__system_close(lock);
}

/* "state.next.safetensors.tmp-123-4": base/files.c names them so. */
static bool is_temporary(const char *name)
{
    const char *mark = strstr(name, ".tmp-");
    if (!mark) return false;
    mark += strlen(".tmp-");
    size_t process = strspn(mark, "0123456789");
    if (process == 0 || mark[process] != '-') return false;
    size_t number = strspn(mark + process + 1, "0123456789");
    return number > 0 && mark[process + 1 + number] == '\0';
}

void brn__run_folder_sweep(const char *path)
{
    brn__name_list list;
    if (brn__list_folder(path, &list) != BRN_OK) return; /* they do no harm */
    for (int64_t i = 0; i < list.count; i++) {
        char *file = is_temporary(list.names[i]) ? brn__path_join(path, list.names[i]) : NULL;
        if (file) brn__system_unlink(file);
        brn__free(file);
    }
    brn__name_list_free(&list);
}

brn_status brn__run_model_path(const char *run, char **out)
{
    struct stat info;
    bool there = brn__system_stat(run, &info) == 0;
    if (!there && errno != ENOENT && errno != ENOTDIR) return brn__fail(BRN_ERROR_IO, "%s: %s", run, strerror(errno));
    *out = there && S_ISDIR(info.st_mode) ? brn__path_join(run, "model.safetensors") : brn__strdup(run);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}
