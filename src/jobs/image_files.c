/* SPDX-License-Identifier: Apache-2.0
 * Lists of pictures to predict. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "burnish/predictions.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 64 }; /* of folders: a link to a folder above it ends here */

typedef struct path_list {
    char **paths; /* owned, each too */
    int64_t count, capacity;
} path_list;

static brn_status keep(path_list *list, char *path)
{
    if (!path) return BRN_ERROR_NO_MEMORY;
    if (list->count == list->capacity) {
        int64_t larger = list->capacity ? 2 * list->capacity : 64;
        char **paths = brn__realloc(list->paths, (size_t)larger * sizeof *paths);
        if (!paths) {
            brn__free(path);
            return BRN_ERROR_NO_MEMORY;
        }
        list->paths = paths;
        list->capacity = larger;
    }
    list->paths[list->count++] = path;
    return BRN_OK;
}

/* Runs of digits by their number, shorter first when equal ("7" before "07"); all else by bytes. */
static int natural(const void *x, const void *y)
{
    const unsigned char *a = *(const unsigned char *const *)x, *b = *(const unsigned char *const *)y;
    const char *whole_a = (const char *)a, *whole_b = (const char *)b;
    while (*a && *b) {
        if (!isdigit(*a) || !isdigit(*b)) {
            if (*a != *b) return *a < *b ? -1 : 1;
            a++, b++;
            continue;
        }
        while (*a == '0') a++;
        while (*b == '0') b++;
        size_t m = strspn((const char *)a, "0123456789"), n = strspn((const char *)b, "0123456789");
        if (m != n) return m < n ? -1 : 1;
        int order = memcmp(a, b, m);
        if (order != 0) return order;
        a += m, b += n;
    }
    if (*a || *b) return *a ? 1 : -1;
    size_t m = strlen(whole_a), n = strlen(whole_b);
    return m != n ? (m < n ? -1 : 1) : strcmp(whole_a, whole_b);
}

static bool is_picture_name(const char *name)
{
    static const char *const endings[] = {"jpg", "jpeg", "jpe", "jfif", "png", "webp"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot + 1, endings[i]) == 0) return true;
    return false;
}

static brn_status add_folder(path_list *list, const char *folder, int depth);

static brn_status add_entry(path_list *list, const char *folder, const char *name, int depth)
{
    if (name[0] == '.') return BRN_OK;
    char *path = brn__path_join(folder, name);
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn__path_kind kind;
    brn_status status = brn__path_examine(path, &kind);
    if (status == BRN_OK && is_picture_name(name) && kind == BRN__PATH_FILE) return keep(list, path);
    if (status == BRN_OK && depth < DEPTH_MAX && kind == BRN__PATH_FOLDER)
        status = add_folder(list, path, depth + 1);
    brn__free(path);
    return status;
}

static brn_status add_folder(path_list *list, const char *folder, int depth)
{
    brn__name_list names;
    BRN__TRY(brn__list_folder(folder, &names));
    qsort(names.names, (size_t)names.count, sizeof *names.names, natural);
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < names.count; i++)
        status = add_entry(list, folder, names.names[i], depth);
    brn__name_list_free(&names);
    return status;
}

static brn_status add_input(path_list *list, const char *input)
{
    bool folder;
    BRN__TRY(brn__test_folder(input, &folder));
    if (!folder) return keep(list, brn__strdup(input));
    const int64_t before = list->count;
    BRN__TRY(add_folder(list, input, 0));
    if (list->count > before) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: no pictures in it; expected files that end in jpg, png or webp",
                     input);
}

brn_status brn_image_files_find(const char *const *inputs, int64_t count, brn_image_files *out)
{
    path_list list = {0};
    brn_status status = BRN_OK;
    *out = (brn_image_files){0};
    for (int64_t i = 0; status == BRN_OK && i < count; i++) status = add_input(&list, inputs[i]);
    *out = (brn_image_files){(const char *const *)list.paths, list.count};
    if (status != BRN_OK) brn_image_files_free(out);
    return status;
}

void brn_image_files_free(brn_image_files *files)
{
    for (int64_t i = 0; i < files->count; i++) brn__free((void *)(uintptr_t)files->paths[i]);
    brn__free((void *)(uintptr_t)files->paths);
    *files = (brn_image_files){0};
}
