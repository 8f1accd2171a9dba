/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/walk.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/system.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

typedef struct walker {
    brn__walk *walk;
    const char *root;
    bool has_splits; /* the folder's own folders are train, valid, ... */
} walker;

static brn_status add_file(walker *w, const char *path, const char *split, const char *label)
{
    brn__walk *walk = w->walk;
    if (walk->count == walk->capacity) {
        int64_t larger = walk->capacity ? 2 * walk->capacity : 256;
        brn__walk_file *files = brn__realloc(walk->files, (size_t)larger * sizeof *files);
        if (!files) return BRN_ERROR_NO_MEMORY;
        walk->files = files;
        walk->capacity = larger;
    }
    walk->files[walk->count++] = (brn__walk_file){.path = path, .split = split, .label = label};
    return BRN_OK;
}

static brn_status walk_below(walker *w, const char *inside, int depth, const char *split,
                             const char *label);

/* A folder is walked, a file added, and a link to nothing too, which is then told as unreadable. */
static brn_status walk_entry(walker *w, const char *inside, const char *name, int depth,
                             const char *split, const char *label)
{
    struct stat info;
    brn__arena *arena = &w->walk->arena;
    const char *path = *inside ? brn__arena_printf(arena, "%s/%s", inside, name)
                               : brn__arena_strdup(arena, name);
    char *whole = path ? brn__path_join(w->root, path) : NULL;
    if (!whole) return BRN_ERROR_NO_MEMORY;
    const bool there = brn__system_stat_link(whole, &info) == 0, gone = !there && errno == ENOENT;
    const bool linked_folder = there && S_ISLNK(info.st_mode) && brn__is_folder(whole);
    brn__free(whole);
    if (gone || linked_folder) return BRN_OK;
    if (!there || !S_ISDIR(info.st_mode)) return add_file(w, path, split, label);
    if (depth == BRN__WALK_DEPTH_MAX)
        return brn__fail(BRN_ERROR_INPUT, "%s: folders in folders, %d deep; expected fewer", path,
                         depth);
    if (depth == 0) w->walk->folders++;
    if (depth == 0 && w->has_splits) return walk_below(w, path, depth + 1, path, NULL);
    if (!label) label = brn__arena_strdup(arena, brn__path_name(path));
    return label ? walk_below(w, path, depth + 1, split, label) : BRN_ERROR_NO_MEMORY;
}

static brn_status walk_below(walker *w, const char *inside, int depth, const char *split,
                             const char *label)
{
    brn__name_list names;
    char *folder = *inside ? brn__path_join(w->root, inside) : brn__strdup(w->root);
    if (!folder) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__list_folder(folder, &names);
    brn__free(folder);
    BRN__TRY(status);
    for (int64_t i = 0; status == BRN_OK && i < names.count; i++)
        if (names.names[i][0] != '.')
            status = walk_entry(w, inside, names.names[i], depth, split, label);
    brn__name_list_free(&names);
    return status;
}

static brn_status find_splits(walker *w)
{
    static const char *const names[] = {"train", "valid", "val", "test"};
    bool found[4] = {false};
    for (int i = 0; i < 4; i++) {
        char *path = brn__path_join(w->root, names[i]);
        if (!path) return BRN_ERROR_NO_MEMORY;
        brn_status status = brn__test_folder(path, &found[i]);
        brn__free(path);
        BRN__TRY(status);
    }
    w->has_splits = found[0] && (found[1] || found[2] || found[3]);
    return BRN_OK;
}

brn_status brn__walk_folder(const char *folder, brn__walk *out)
{
    *out = (brn__walk){0};
    walker w = {.walk = out, .root = folder};
    brn_status status = find_splits(&w);
    if (status == BRN_OK) status = walk_below(&w, "", 0, NULL, NULL);
    if (status != BRN_OK) brn__walk_free(out);
    return status;
}

void brn__walk_free(brn__walk *walk)
{
    brn__free(walk->files);
    brn__arena_free(&walk->arena);
    *walk = (brn__walk){0};
}
