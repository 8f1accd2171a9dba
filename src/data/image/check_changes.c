/* SPDX-License-Identifier: Apache-2.0
 * What a check may change: names and places. A file that can't be moved is told and left. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/place.h"
#include "base/text.h"
#include "data/image/check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct changes {
    brn_data_check *check;
    brn_data_change_handler handler;
    void *context;
    int64_t count;
} changes;

static void tell(const changes *c, const char *from, const char *to, const char *problem)
{
    if (c->handler) c->handler(c->context, from, to, problem);
}

/* ------------------------------------------------------------------ extensions */

/* Below the folder, in the arena. */
static const char *fixed_path(changes *c, const brn__checked *file)
{
    const char *path = file->file->path, *extension = brn__extension(path);
    const int kept = (int)(strlen(path) - (brn__extension_is_picture(extension) ? strlen(extension) : 0));
    return brn__arena_printf(&c->check->arena, "%.*s%s", kept, path, file->type->extension);
}

static brn_status rename_file(changes *c, int64_t owner)
{
    brn__checked *file = &c->check->files[owner];
    const char *to = fixed_path(c, file);
    char *old = brn__path_join(c->check->folder, file->file->path);
    char *new = to ? brn__path_join(c->check->folder, to) : NULL;
    brn_status status = old && new ? brn__place_move(old, new) : BRN_ERROR_NO_MEMORY;
    brn__free(old);
    brn__free(new);
    if (status == BRN_ERROR_NO_MEMORY) return status;
    tell(c, file->file->path, to, status == BRN_OK ? NULL : brn_error_message());
    if (status != BRN_OK) return BRN_OK;
    c->count++;
    for (int64_t i = 0; i < c->check->count; i++) {
        brn_data_finding *finding = &c->check->findings[i];
        if (c->check->owners[i] == owner) finding->path = to;
        if (finding->partner == file->file->path) finding->partner = to;
    }
    c->check->walk.files[owner].path = to;
    return BRN_OK;
}

static bool is_name(brn_data_finding_kind kind)
{
    return kind == BRN_FINDING_WRONG_EXTENSION || kind == BRN_FINDING_NO_EXTENSION;
}

brn_status brn_data_check_fix_extensions(brn_data_check *check, brn_data_change_handler handler,
                                         void *context, int64_t *renamed)
{
    changes c = {.check = check, .handler = handler, .context = context};
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < check->count; i++) {
        if (!is_name(check->findings[i].kind) || check->files[check->owners[i]].fixed) continue;
        const int64_t before = c.count;
        status = rename_file(&c, check->owners[i]);
        check->files[check->owners[i]].fixed = c.count > before;
    }
    *renamed = c.count;
    return status;
}

/* ------------------------------------------------------------------ moving */

static brn_status write_line(const char *list, const char *from, const char *to)
{
    brn__text line = {0};
    brn__text_csv(&line, from);
    brn__text_add(&line, ",");
    brn__text_csv(&line, to);
    brn__text_add(&line, "\n");
    brn_status status = brn__text_finish(&line);
    if (status == BRN_OK) status = brn__append_file(list, line.bytes, line.length);
    brn__text_free(&line);
    return status;
}

/* `real_from` and `real_to` are whole paths of the two folders. */
static brn_status move_one(changes *c, const char *real_from, const char *real_to,
                           const char *list, brn__checked *file)
{
    const char *path = file->file->path;
    char *from = brn__path_join(real_from, path), *to = brn__path_join(real_to, path);
    brn_status status = from && to ? brn__make_folder_of(to) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = write_line(list, from, to);
    if (status == BRN_OK) {
        brn_status moved = brn__place_move(from, to);
        tell(c, path, to, moved == BRN_OK ? NULL : brn_error_message());
        file->moved = moved == BRN_OK;
        c->count += moved == BRN_OK;
    }
    brn__free(from);
    brn__free(to);
    return status;
}

static brn_status move_all(changes *c, const char *real_from, const char *real_to)
{
    brn_data_check *check = c->check;
    char *path = brn__path_join(real_to, "moved.csv");
    if (!path) return BRN_ERROR_NO_MEMORY;
    static const char head[] = "from,to\n";
    int64_t bytes;
    brn_status status = brn__file_size(path, &bytes);
    if (status == BRN_OK && bytes <= 0) status = brn__append_file(path, head, sizeof head - 1);
    for (int64_t i = 0; status == BRN_OK && i < check->count; i++) {
        brn__checked *file = &check->files[check->owners[i]];
        const bool fixed = is_name(check->findings[i].kind) && file->fixed;
        if (!file->moved && !fixed) status = move_one(c, real_from, real_to, path, file);
    }
    brn__free(path);
    return status;
}

static brn_status real_path(const char *path, char out[PATH_MAX])
{
    if (realpath(path, out)) return BRN_OK;
    return brn__fail(BRN_ERROR_IO, "%s: %s", path, strerror(errno));
}

brn_status brn_data_check_move(brn_data_check *check, const char *into,
                               brn_data_change_handler handler, void *context, int64_t *moved)
{
    changes c = {.check = check, .handler = handler, .context = context};
    char real_from[PATH_MAX], real_to[PATH_MAX];
    bool within;
    *moved = 0;
    BRN__TRY(brn__lies_within(into, check->folder, &within));
    if (within)
        return brn__fail(BRN_ERROR_INPUT, "%s: lies within %s; expected a folder outside of it", into,
                         check->folder);
    BRN__TRY(brn__make_folders(into));
    BRN__TRY(real_path(check->folder, real_from));
    BRN__TRY(real_path(into, real_to));
    brn_status status = move_all(&c, real_from, real_to);
    *moved = c.count;
    return status;
}
