/* SPDX-License-Identifier: Apache-2.0
 * The inside of brn_image_data. Items are kept in one array, the training items first; paths, names
 * and targets live in an arena that goes with the data. items.c splits, folder.c and list.c read,
 * image_data.c answers. */
#ifndef BRN__DATA_IMAGE_ITEMS_H
#define BRN__DATA_IMAGE_ITEMS_H

#include "base/arena.h"
#include "base/files.h"
#include "base/status.h"
#include "burnish/image_data.h"

typedef struct brn__item {
    const char *path;    /* in the arena */
    int64_t label;       /* -1: none */
    const float *target; /* (target_count) in the arena, or NULL */
} brn__item;

typedef struct brn__item_list {
    brn__item *items; /* owned */
    int64_t count, capacity;
} brn__item_list;

struct brn_image_data {
    brn__arena arena;
    brn_target_kind kind;
    const char **classes; /* (class_count), in the arena */
    int64_t class_count;
    const char **columns; /* (column_count), in the arena: of numbers */
    int64_t column_count;
    brn__item_list items;
    int64_t start[BRN_SPLIT_COUNT + 1]; /* split s is start[s] .. start[s + 1] - 1 */
    bool has_split;                     /* the data says what validates */
};

brn_status brn__item_add(brn__item_list *list, const char *path, int64_t label, const float *target);

/* Puts the items of `all` into data->items: those that train, then those that validate, both in
 * their order. */
brn_status brn__items_split(brn_image_data *data, const brn_image_data_options *options,
                            const brn__item_list *all);

/* Keeps of a folder's sorted names those that are folders (or, with `files`, items), not hidden. */
brn_status brn__list_kind(const char *path, bool files, brn__name_list *out);

/* Each fills classes and items, and the start of the validation items. */
brn_status brn__image_folder_read(brn_image_data *data, const char *path,
                                  const brn_image_data_options *options);
brn_status brn__image_list_read(brn_image_data *data, const char *path,
                                const brn_image_data_options *options);
/* Adds the pictures of options->test behind all others. `beside`: the data's folder. */
brn_status brn__image_test_read(brn_image_data *data, const char *beside,
                                const brn_image_data_options *options);

bool brn__is_list_name(const char *path); /* ends in .csv, .tsv, or these with .gz */

#endif
