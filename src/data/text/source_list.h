/* SPDX-License-Identifier: Apache-2.0
 * The files behind a list of inputs, and what their folders say of them. */
#ifndef BRN__DATA_TEXT_SOURCE_LIST_H
#define BRN__DATA_TEXT_SOURCE_LIST_H

#include "base/arena.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

typedef struct brn__source_file {
    const char *path;     /* of a database: its address without the password */
    const char *label;    /* the folder's name; NULL: there is none */
    const char *database; /* the whole address; NULL: a file */
    int64_t bytes;
    uint8_t split; /* brn__text_split, or BRN__NO_SPLIT */
    bool table;
} brn__source_file;

typedef struct brn__source_list {
    brn__source_file *files; /* (count), in the order of the inputs, folders sorted by bytes; owned */
    int64_t count, capacity, bytes;
    brn__arena arena; /* the texts */
} brn__source_list; /* zeroed = empty */

/* A folder holds text files (.txt, .text, .md, packed .gz too), in folders of classes or not, below train, valid (val,
 * validation, dev), test and unsup or not. What begins with a dot is passed over. */
brn_status brn__source_list_make(const char *const *inputs, int64_t count, brn__source_list *out);
void brn__source_list_free(brn__source_list *list);

#endif
