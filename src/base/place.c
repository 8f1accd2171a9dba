/* SPDX-License-Identifier: Apache-2.0 */
#include "base/place.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static brn_status place_failed(const char *what, const char *from, const char *to)
{
    if (errno == EEXIST) return brn__fail(BRN_ERROR_INPUT, "%s: is there already", to);
    if (errno == EXDEV)
        return brn__fail(BRN_ERROR_IO, "%s: cannot %s to %s: it is on another file system", from,
                         what, to);
    return brn__fail(BRN_ERROR_IO, "%s: cannot %s to %s: %s", from, what, to, strerror(errno));
}

brn_status brn__place_move(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return BRN_OK;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return place_failed("move", from, to);
    /* A file system without that: a second name, then one less. */
    if (linkat(AT_FDCWD, from, AT_FDCWD, to, 0) != 0) return place_failed("move", from, to);
    if (brn__system_unlink(from) != 0) return place_failed("move", from, to);
    return BRN_OK;
}

static brn_status copy_bytes(int in, int out, const char *from, const char *to)
{
    char buffer[1 << 16];
    for (;;) {
        ssize_t got = brn__system_read(in, buffer, sizeof buffer);
        if (got < 0) return place_failed("copy", from, to);
        if (got == 0) return BRN_OK;
        for (ssize_t done = 0, put; done < got; done += put) {
            put = brn__system_write(out, buffer + done, (size_t)(got - done));
            if (put < 0) return place_failed("copy", from, to);
        }
    }
}

brn_status brn__place_copy(const char *from, const char *to)
{
    struct stat info;
    int in = brn__system_open(from, O_RDONLY | O_CLOEXEC, 0);
    if (in < 0 || brn__system_stat_open(in, &info) != 0) {
        brn_status failed = place_failed("copy", from, to);
        if (in >= 0) brn__system_close(in);
        return failed;
    }
    int out = brn__system_open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, info.st_mode & 0777);
    brn_status status = out < 0 ? place_failed("copy", from, to) : copy_bytes(in, out, from, to);
    if (status == BRN_OK) futimens(out, (struct timespec[]){info.st_atim, info.st_mtim});
    if (out >= 0 && brn__system_close(out) != 0 && status == BRN_OK) status = place_failed("copy", from, to);
    if (out >= 0 && status != BRN_OK) brn__system_unlink(to); /* which is ours: O_EXCL */
    brn__system_close(in);
    return status;
}

brn_status brn__place_link(const char *from, const char *to)
{
    if (linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0) return BRN_OK;
    if (errno == EEXIST) return place_failed("link", from, to);
    return brn__place_copy(from, to);
}

brn_status brn__make_folder_of(const char *path)
{
    char *folder = brn__strdup(path);
    if (!folder) return BRN_ERROR_NO_MEMORY;
    char *slash = strrchr(folder, '/');
    brn_status status = BRN_OK;
    if (slash && slash != folder) {
        *slash = '\0';
        status = brn__make_folders(folder);
    }
    brn__free(folder);
    return status;
}

/* The real path of the part of `path` that is there. */
static brn_status real_part(const char *path, char out[PATH_MAX])
{
    char *part = brn__strdup(path);
    if (!part) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    while (!realpath(part[0] ? part : ".", out)) {
        char *slash = strrchr(part, '/');
        if (errno != ENOENT || (slash == part && !part[1])) {
            status = brn__fail(BRN_ERROR_IO, "%s: %s", path, strerror(errno));
            break;
        }
        if (slash == part) part[1] = '\0';
        else if (slash) *slash = '\0';
        else part[0] = '\0';
    }
    brn__free(part);
    return status;
}

brn_status brn__lies_within(const char *path, const char *folder, bool *out)
{
    char inner[PATH_MAX], outer[PATH_MAX];
    BRN__TRY(real_part(path, inner));
    if (!realpath(folder, outer))
        return brn__fail(BRN_ERROR_IO, "%s: %s", folder, strerror(errno));
    const size_t length = strcmp(outer, "/") == 0 ? 0 : strlen(outer);
    *out = strncmp(inner, outer, length) == 0 && (inner[length] == '/' || !inner[length]);
    return BRN_OK;
}
