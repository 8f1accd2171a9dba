/* SPDX-License-Identifier: Apache-2.0 */
#include "base/files.h"
#include "base/alloc.h"
#include "base/system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct brn__replacement {
    int descriptor;
    char *path, *temporary;
};

static brn_status io_failed(const char *what, const char *path)
{
    return brn__fail(errno == ENOMEM ? BRN_ERROR_NO_MEMORY : BRN_ERROR_IO, "%s: cannot %s: %s",
                     path, what, strerror(errno));
}

/* A name that leads nowhere, or where we may not look, was wrong; the disk is not to blame. */
static brn_status open_failed(const char *path)
{
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES)
        return brn__fail(BRN_ERROR_INPUT, "%s: cannot open: %s", path, strerror(errno));
    return io_failed("open", path);
}

/* Opens for reading and tells the size; only regular files. O_NONBLOCK: else a pipe that nobody writes
 * to would be waited for. */
static brn_status open_regular(const char *path, int *descriptor, size_t *length)
{
    int fd = brn__system_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) return open_failed(path);
    struct stat info;
    if (brn__system_stat_open(fd, &info) != 0) {
        brn_status status = io_failed("examine", path);
        brn__system_close(fd);
        return status;
    }
    if (!S_ISREG(info.st_mode)) {
        brn__system_close(fd);
        return brn__fail(BRN_ERROR_INPUT, "%s: not a regular file", path);
    }
    *descriptor = fd;
    *length = (size_t)info.st_size;
    return BRN_OK;
}

brn_status brn__map_file(const char *path, brn__mapping *out)
{
    int fd;
    size_t length;
    *out = (brn__mapping){0};
    BRN__TRY(open_regular(path, &fd, &length));
    static const unsigned char nothing[1];
    if (length == 0) {
        brn__system_close(fd);
        *out = (brn__mapping){.bytes = nothing};
        return BRN_OK;
    }
    void *bytes = brn__system_map(fd, length);
    brn_status status = bytes == MAP_FAILED ? io_failed("map", path) : BRN_OK;
    brn__system_close(fd);
    if (status == BRN_OK) *out = (brn__mapping){.bytes = bytes, .length = length};
    return status;
}

void brn__unmap_file(brn__mapping *mapping)
{
    if (mapping->length) munmap((void *)(uintptr_t)mapping->bytes, mapping->length);
    *mapping = (brn__mapping){0};
}

static brn_status read_all(int fd, const char *path, char *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t got = brn__system_read(fd, bytes + done, length - done);
        if (got < 0) return io_failed("read", path);
        if (got == 0) return brn__fail(BRN_ERROR_IO, "%s: shrank while it was read", path);
        done += (size_t)got;
    }
    return BRN_OK;
}

brn_status brn__read_file(const char *path, size_t limit, char **out, size_t *length)
{
    int fd;
    size_t bytes;
    BRN__TRY(open_regular(path, &fd, &bytes));
    if (bytes > limit) {
        brn__system_close(fd);
        return brn__fail(BRN_ERROR_INPUT, "%s: %zu bytes; expected at most %zu", path, bytes, limit);
    }
    char *text = brn__alloc(bytes + 1);
    brn_status status = text ? read_all(fd, path, text, bytes) : BRN_ERROR_NO_MEMORY;
    brn__system_close(fd);
    if (status != BRN_OK) {
        brn__free(text);
        return status;
    }
    text[bytes] = '\0';
    *out = text;
    if (length) *length = bytes;
    return BRN_OK;
}

brn_status brn__read_file_if_there(const char *path, size_t limit, char **out, size_t *length)
{
    brn__path_kind kind;
    *out = NULL;
    BRN__TRY(brn__path_examine(path, &kind));
    return kind == BRN__PATH_FILE ? brn__read_file(path, limit, out, length) : BRN_OK;
}

static brn_status write_all(int fd, const char *path, const char *bytes, size_t length)
{
    while (length) {
        ssize_t put = brn__system_write(fd, bytes, length);
        if (put < 0) return io_failed("write", path);
        bytes += put;
        length -= (size_t)put;
    }
    return BRN_OK;
}

static void replacement_free(brn__replacement *file)
{
    if (file->descriptor >= 0) brn__system_close(file->descriptor);
    brn__free(file->path);
    brn__free(file->temporary);
    brn__free(file);
}

brn_status brn__replacement_open(const char *path, brn__replacement **out)
{
    static _Atomic unsigned counter;
    brn__replacement *file = brn__alloc_zero(1, sizeof *file);
    if (!file) return BRN_ERROR_NO_MEMORY;
    file->descriptor = -1;
    size_t room = strlen(path) + 48;
    file->path = brn__strdup(path);
    file->temporary = brn__alloc(room);
    if (!file->path || !file->temporary) {
        replacement_free(file);
        return BRN_ERROR_NO_MEMORY;
    }
    snprintf(file->temporary, room, "%s.tmp-%ld-%u", path, (long)getpid(), counter++);
    file->descriptor = brn__system_open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->descriptor < 0) {
        brn_status status = io_failed("create", file->temporary);
        replacement_free(file);
        return status;
    }
    *out = file;
    return BRN_OK;
}

brn_status brn__replacement_write(brn__replacement *file, const void *bytes, size_t length)
{
    return write_all(file->descriptor, file->path, bytes, length);
}

static brn_status sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? brn__strdup(path) : brn__strdup(".");
    if (!folder) return BRN_ERROR_NO_MEMORY;
    if (slash) folder[slash == path ? 1 : slash - path] = '\0';
    int fd = brn__system_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    brn_status status = BRN_OK;
    if (fd < 0) status = io_failed("open", folder);
    else if (brn__system_sync(fd) != 0 && errno != EINVAL && errno != EROFS) status = io_failed("sync", folder);
    if (fd >= 0) brn__system_close(fd);
    brn__free(folder);
    return status;
}

brn_status brn__replacement_commit(brn__replacement *file)
{
    brn_status status = BRN_OK;
    if (brn__system_sync(file->descriptor) != 0) status = io_failed("sync", file->path);
    int closed = brn__system_close(file->descriptor);
    file->descriptor = -1;
    if (status == BRN_OK && closed != 0) status = io_failed("close", file->path);
    if (status == BRN_OK && brn__system_rename(file->temporary, file->path) != 0)
        status = io_failed("replace", file->path);
    if (status != BRN_OK) {
        brn__system_unlink(file->temporary);
    } else {
        status = sync_folder_of(file->path);
    }
    replacement_free(file);
    return status;
}

void brn__replacement_abandon(brn__replacement *file)
{
    if (!file) return;
    brn__system_unlink(file->temporary);
    replacement_free(file);
}

brn_status brn__replace_file(const char *path, const void *bytes, size_t length)
{
    brn__replacement *file;
    BRN__TRY(brn__replacement_open(path, &file));
    brn_status status = brn__replacement_write(file, bytes, length);
    if (status != BRN_OK) {
        brn__replacement_abandon(file);
        return status;
    }
    return brn__replacement_commit(file);
}

brn_status brn__move_file(const char *from, const char *to)
{
    if (brn__system_rename(from, to) != 0) return io_failed("move", from);
    return sync_folder_of(to);
}

brn_status brn__append_file(const char *path, const void *bytes, size_t length)
{
    struct stat before;
    int fd = brn__system_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return io_failed("open", path);
    brn_status status =
        brn__system_stat_open(fd, &before) == 0 ? BRN_OK : io_failed("examine", path);
    if (status == BRN_OK) {
        status = write_all(fd, path, bytes, length);
        if (status != BRN_OK && brn__system_truncate(fd, before.st_size) != 0)
            status = io_failed("shorten", path);
    }
    if (brn__system_close(fd) != 0 && status == BRN_OK) status = io_failed("close", path);
    return status;
}

brn_status brn__make_folders(const char *path)
{
    char *partial = brn__strdup(path);
    if (!partial) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (char *p = partial + 1; status == BRN_OK; p++) {
        if (*p != '/' && *p != '\0') continue;
        char saved = *p;
        *p = '\0';
        if (brn__system_make_folder(partial, 0777) != 0 && !(errno == EEXIST && brn__is_folder(partial)))
            status = io_failed("create folder", partial);
        *p = saved;
        if (!saved) break;
    }
    brn__free(partial);
    return status;
}

/* No fault of the system's: nothing is at the path. */
static bool is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG;
}

brn_status brn__path_examine(const char *path, brn__path_kind *out)
{
    struct stat info;
    *out = BRN__PATH_ABSENT;
    if (brn__system_stat(path, &info) != 0) {
        return is_absent(errno) ? BRN_OK : io_failed("examine", path);
    }
    *out = S_ISREG(info.st_mode)   ? BRN__PATH_FILE
           : S_ISDIR(info.st_mode) ? BRN__PATH_FOLDER
                                   : BRN__PATH_OTHER;
    return BRN_OK;
}

static brn_status test_kind(const char *path, brn__path_kind wanted, bool *out)
{
    brn__path_kind kind;
    brn_status status = brn__path_examine(path, &kind);
    *out = status == BRN_OK && kind == wanted;
    return status;
}

brn_status brn__test_file(const char *path, bool *out)
{
    return test_kind(path, BRN__PATH_FILE, out);
}

brn_status brn__test_folder(const char *path, bool *out)
{
    return test_kind(path, BRN__PATH_FOLDER, out);
}

static bool is_kind(const char *path, brn__path_kind wanted)
{
    brn__path_kind kind;
    return brn__path_examine(path, &kind) == BRN_OK && kind == wanted;
}

bool brn__is_file(const char *path) { return is_kind(path, BRN__PATH_FILE); }

bool brn__is_folder(const char *path) { return is_kind(path, BRN__PATH_FOLDER); }

brn_status brn__file_size(const char *path, int64_t *out)
{
    struct stat info;
    const bool there = brn__system_stat(path, &info) == 0;
    *out = there ? (int64_t)info.st_size : -1;
    return there || is_absent(errno) ? BRN_OK : io_failed("examine", path);
}

int64_t brn__file_bytes(const char *path)
{
    int64_t bytes;
    return brn__file_size(path, &bytes) == BRN_OK ? bytes : -1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static brn_status add_name(brn__name_list *list, int64_t *capacity, const char *name)
{
    if (list->count == *capacity) {
        int64_t larger = *capacity ? *capacity * 2 : 64;
        char **names = brn__realloc(list->names, (size_t)larger * sizeof *names);
        if (!names) return BRN_ERROR_NO_MEMORY;
        list->names = names;
        *capacity = larger;
    }
    char *copy = brn__strdup(name);
    if (!copy) return BRN_ERROR_NO_MEMORY;
    list->names[list->count++] = copy;
    return BRN_OK;
}

brn_status brn__list_folder(const char *path, brn__name_list *out)
{
    *out = (brn__name_list){0};
    DIR *folder = brn__system_open_folder(path);
    if (!folder) return io_failed("list", path);
    int64_t capacity = 0;
    brn_status status = BRN_OK;
    for (;;) {
        struct dirent *entry = brn__system_read_folder(folder);
        if (!entry) {
            if (errno) status = io_failed("list", path);
            break;
        }
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        status = add_name(out, &capacity, entry->d_name);
        if (status != BRN_OK) break;
    }
    closedir(folder);
    if (status != BRN_OK) {
        brn__name_list_free(out);
        return status;
    }
    if (out->count) qsort(out->names, (size_t)out->count, sizeof *out->names, compare_names);
    return BRN_OK;
}

void brn__name_list_free(brn__name_list *list)
{
    for (int64_t i = 0; i < list->count; i++) brn__free(list->names[i]);
    brn__free(list->names);
    *list = (brn__name_list){0};
}

char *brn__path_join(const char *folder, const char *name)
{
    if (name[0] == '/' || !folder[0]) return brn__strdup(name);
    size_t a = strlen(folder), b = strlen(name);
    char *path = brn__alloc(a + b + 2);
    if (!path) return NULL;
    memcpy(path, folder, a);
    if (folder[a - 1] != '/') path[a++] = '/';
    memcpy(path + a, name, b + 1);
    return path;
}

const char *brn__path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
