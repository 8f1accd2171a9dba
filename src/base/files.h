/* SPDX-License-Identifier: Apache-2.0
 * Files: read, map, replace atomically, list. Messages name the path and the system's reason. */
#ifndef BRN__BASE_FILES_H
#define BRN__BASE_FILES_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A read-only mapping of a whole file; an empty file gives length 0 and a non-NULL pointer. */
typedef struct brn__mapping {
    const unsigned char *bytes;
    size_t length;
} brn__mapping;

brn_status brn__map_file(const char *path, brn__mapping *out);
void brn__unmap_file(brn__mapping *mapping); /* a zeroed mapping is fine */

/* Whole file into memory of ours (NUL added after the end; *length may be NULL). Refuses more than
 * `limit` bytes. The caller frees with brn__free. */
brn_status brn__read_file(const char *path, size_t limit, char **out, size_t *length);

/* The same; *out is NULL when there is no such file. */
brn_status brn__read_file_if_there(const char *path, size_t limit, char **out, size_t *length);

/* A file that appears whole or not at all: bytes go to `path.tmp-PID-N` in the same folder; commit
 * fsyncs the file, renames it over `path` and fsyncs the folder. */
typedef struct brn__replacement brn__replacement;
brn_status brn__replacement_open(const char *path, brn__replacement **out);
brn_status brn__replacement_write(brn__replacement *file, const void *bytes, size_t length);
brn_status brn__replacement_commit(brn__replacement *file);  /* frees it, whatever happens */
void brn__replacement_abandon(brn__replacement *file);       /* removes the temporary; NULL is fine */
brn_status brn__replace_file(const char *path, const void *bytes, size_t length);

/* Renames within a file system, over what is there; then syncs the folder of `to`. */
brn_status brn__move_file(const char *from, const char *to);

/* Adds to the end of a file, which is made when absent; bytes that came before a failure are cut off. */
brn_status brn__append_file(const char *path, const void *bytes, size_t length);

brn_status brn__make_folders(const char *path); /* like mkdir -p */
/* What is at a path, links followed. Absent is only what is not there, or where the path leads nowhere;
 * BRN_ERROR_IO when that can't be told. */
typedef enum brn__path_kind {
    BRN__PATH_ABSENT,
    BRN__PATH_FILE,
    BRN__PATH_FOLDER,
    BRN__PATH_OTHER,
} brn__path_kind;
brn_status brn__path_examine(const char *path, brn__path_kind *out);
brn_status brn__test_file(const char *path, bool *out);   /* is it a regular file? */
brn_status brn__test_folder(const char *path, bool *out);
/* The same where a failure to look counts as no. */
bool brn__is_file(const char *path);
bool brn__is_folder(const char *path);
/* Bytes of what is at the path; -1 when nothing is. */
brn_status brn__file_size(const char *path, int64_t *out);
int64_t brn__file_bytes(const char *path); /* -1 when it can't be told, too */

/* Names (not paths) in a folder, sorted by bytes, without "." and "..". */
typedef struct brn__name_list {
    char **names;
    int64_t count;
} brn__name_list;
brn_status brn__list_folder(const char *path, brn__name_list *out);
void brn__name_list_free(brn__name_list *list);

/* "a" + "b" -> "a/b" (an absolute b stays). NULL when there is no memory. brn__free. */
char *brn__path_join(const char *folder, const char *name);
const char *brn__path_name(const char *path); /* the part after the last slash */

#endif
