/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/source_list.h"
#include "base/alloc.h"
#include "base/files.h"
#include "data/table/source.h"
#include "data/text/sources.h"

#include <string.h>
#include <strings.h>

enum { MOST_DEPTH = 16 };

static const struct {
    const char *name;
    brn__text_split split;
} SPLITS[] = {{"train", BRN__TEXT_TRAIN},      {"valid", BRN__TEXT_VALID}, {"val", BRN__TEXT_VALID},
              {"validation", BRN__TEXT_VALID}, {"dev", BRN__TEXT_VALID},   {"test", BRN__TEXT_TEST},
              {"unsup", BRN__TEXT_UNLABELLED}};

static uint8_t split_named(const char *name)
{
    for (size_t i = 0; i < sizeof SPLITS / sizeof *SPLITS; i++)
        if (strcmp(SPLITS[i].name, name) == 0) return (uint8_t)SPLITS[i].split;
    return BRN__NO_SPLIT;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    if (length > 3 && strcasecmp(name + length - 3, ".gz") == 0) length -= 3;
    return length > end && strncasecmp(name + length - end, ending, end) == 0;
}

static bool is_any(const char *name, const char *const *endings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ends_with(name, endings[i])) return true;
    return false;
}

static bool is_table(const char *name)
{
    static const char *const endings[] = {".csv", ".tsv", ".tab"};
    return is_any(name, endings, sizeof endings / sizeof *endings);
}

static bool is_text(const char *name)
{
    static const char *const endings[] = {".txt", ".text", ".md"};
    return is_any(name, endings, sizeof endings / sizeof *endings);
}

static brn_status reserve(brn__source_list *list)
{
    if (list->count == INT32_MAX) return brn__fail(BRN_ERROR_INPUT, "texts: too many files");
    if (list->count == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 64;
        brn__source_file *files = brn__realloc(list->files, (size_t)larger * sizeof *files);
        if (!files) return BRN_ERROR_NO_MEMORY;
        list->files = files;
        list->capacity = larger;
    }
    return BRN_OK;
}

static brn_status add_database(brn__source_list *list, const char *address)
{
    BRN__TRY(reserve(list));
    char *shown = brn__source_public(address);
    brn__source_file file = {.split = BRN__NO_SPLIT, .table = true};
    file.database = brn__arena_strdup(&list->arena, address);
    file.path = shown ? brn__arena_strdup(&list->arena, shown) : NULL;
    brn__free(shown);
    if (!file.database || !file.path) return BRN_ERROR_NO_MEMORY;
    list->files[list->count++] = file;
    return BRN_OK;
}

static brn_status add_file(brn__source_list *list, const char *path, const char *label, uint8_t split)
{
    BRN__TRY(reserve(list));
    brn__source_file file = {.label = label, .split = split, .table = is_table(path)};
    BRN__TRY(brn__file_size(path, &file.bytes));
    file.path = brn__arena_strdup(&list->arena, path);
    if (!file.path) return BRN_ERROR_NO_MEMORY;
    list->files[list->count++] = file;
    list->bytes += file.bytes;
    return BRN_OK;
}

typedef struct place { /* in a walk */
    const char *label;
    uint8_t split;
    int depth;
} place;

static brn_status walk(brn__source_list *list, const char *path, place at);

/* A folder's name is a split at the top (or in a split: IMDb's train/unsup), else a class. The innermost
 * class counts. */
static brn_status enter(brn__source_list *list, const char *path, const char *name, place at)
{
    uint8_t split = at.label ? BRN__NO_SPLIT : split_named(name);
    bool is_split = split != BRN__NO_SPLIT && (at.split == BRN__NO_SPLIT || split == BRN__TEXT_UNLABELLED);
    if (++at.depth > MOST_DEPTH)
        return brn__fail(BRN_ERROR_INPUT, "%s: folders lie more than %d deep", path, MOST_DEPTH);
    if (is_split)
        at.split = split;
    else
        at.label = brn__arena_strdup(&list->arena, name);
    return is_split || at.label ? walk(list, path, at) : BRN_ERROR_NO_MEMORY;
}

static brn_status visit(brn__source_list *list, const char *folder, const char *name, place at)
{
    if (*name == '.') return BRN_OK;
    char *path = brn__path_join(folder, name);
    brn__path_kind kind;
    brn_status status = path ? brn__path_examine(path, &kind) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK && kind == BRN__PATH_FOLDER)
        status = enter(list, path, name, at);
    else if (status == BRN_OK && kind == BRN__PATH_FILE && is_text(name))
        status = add_file(list, path, at.label, at.split);
    brn__free(path);
    return status;
}

static brn_status walk(brn__source_list *list, const char *path, place at)
{
    brn__name_list names;
    BRN__TRY(brn__list_folder(path, &names));
    brn_status status = BRN_OK;
    for (int64_t i = 0; i < names.count && status == BRN_OK; i++) status = visit(list, path, names.names[i], at);
    brn__name_list_free(&names);
    return status;
}

static brn_status add_input(brn__source_list *list, const char *path)
{
    brn__path_kind kind;
    int64_t before = list->count;
    if (brn__source_kind_of(path) != BRN__SOURCE_FILE) return add_database(list, path);
    BRN__TRY(brn__path_examine(path, &kind));
    if (kind == BRN__PATH_FILE) return add_file(list, path, NULL, BRN__NO_SPLIT);
    if (kind != BRN__PATH_FOLDER)
        return brn__fail(BRN_ERROR_INPUT, "%s: %s; expected a text file, a folder of them or a table", path,
                         kind == BRN__PATH_ABSENT ? "is not there" : "is no file");
    BRN__TRY(walk(list, path, (place){.split = BRN__NO_SPLIT}));
    if (list->count == before)
        return brn__fail(BRN_ERROR_INPUT, "%s: no text files (.txt, .text, .md) in it", path);
    return BRN_OK;
}

brn_status brn__source_list_make(const char *const *inputs, int64_t count, brn__source_list *out)
{
    *out = (brn__source_list){0};
    if (count < 1) return brn__fail(BRN_ERROR_USAGE, "texts: no input");
    for (int64_t i = 0; i < count; i++) BRN__TRY(add_input(out, inputs[i]));
    return BRN_OK;
}

void brn__source_list_free(brn__source_list *list)
{
    brn__free(list->files);
    brn__arena_free(&list->arena);
    *list = (brn__source_list){0};
}
