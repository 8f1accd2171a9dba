/* SPDX-License-Identifier: Apache-2.0
 * Lists of pictures: list.c reads the rows, list_targets.c makes targets of their fields. */
#ifndef BRN__DATA_IMAGE_LIST_H
#define BRN__DATA_IMAGE_LIST_H

#include "data/image/items.h"

typedef struct brn__list_row {
    const char *name;    /* as listed; texts are in the list's arena */
    const char *path;    /* in the data's arena */
    const char **fields; /* (column_count) */
    int64_t line;
    bool valid;
} brn__list_row;

typedef struct brn__list {
    const char *path;   /* of the list */
    char *folder;       /* where names begin; owned */
    const char **columns; /* (column_count): names of the target columns, in the arena */
    int64_t *numbers;   /* (column_count): where they stand; in the arena */
    int64_t column_count, valid_column; /* -1: none */
    brn__list_row *rows; /* owned */
    int64_t count, capacity;
    brn__arena arena;
} brn__list;

/* The folder that the names of a list begin at. */
brn_status brn__list_folder_of(const char *path, const char *images, char **out);
/* The picture of that name: with the extension it has, or one that it lacks. *out is in the arena;
 * NULL when there is none. */
brn_status brn__list_find(brn__arena *arena, const char *folder, const char *name, const char **out);

/* Decides what the fields are, and fills kind, classes, columns and `all`, an item a row. */
brn_status brn__list_targets(const brn__list *list, const brn_image_data_options *options,
                             brn_image_data *data, brn__item_list *all);

#endif
