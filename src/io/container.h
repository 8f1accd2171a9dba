/* SPDX-License-Identifier: Apache-2.0
 * What a container format gives to brn__state: a way to know its files and a reader which adds
 * the entries. A new format is one file and one line of BRN__CONTAINER_LIST. */
#ifndef BRN__IO_CONTAINER_H
#define BRN__IO_CONTAINER_H

#include "base/arena.h"
#include "base/files.h"
#include "io/names.h"
#include "io/state.h"

typedef struct brn__container {
    const char *name; /* in messages and `burnish models info` */
    bool (*matches)(const unsigned char *bytes, size_t length);
    /* Adds the entries. Messages need not name the file: brn__state_open does. */
    brn_status (*read)(brn__state *state);
} brn__container;

/* Asked in this order. */
#define BRN__CONTAINER_LIST(X) X(torch_zip) X(torch_legacy) X(torch_tar) X(safetensors)

#define X(name) extern const brn__container brn__container_##name;
BRN__CONTAINER_LIST(X)
#undef X

typedef struct brn__metadata_pair {
    const char *key, *value;
} brn__metadata_pair;

struct brn__state {
    const unsigned char *bytes; /* the whole file */
    size_t length;
    brn__mapping mapping; /* empty when the bytes are borrowed */
    const brn__container *container;
    brn__arena arena; /* names, metadata, the reader's own objects */
    brn__entry *entries;
    int64_t count, capacity;
    brn__name_table names; /* name -> index, filled when the reader is done */
    brn__metadata_pair *metadata;
    int64_t metadata_count, metadata_capacity;
};

/* Adds an entry; `entry->name` is ignored and `name` is checked and copied. */
brn_status brn__state_add(brn__state *state, const brn__entry *entry, const char *name,
                          size_t name_length);
brn_status brn__state_add_metadata(brn__state *state, const char *key, const char *value);

/* Row-major strides of a shape whose element count did not overflow. */
void brn__row_major_strides(brn_shape shape, int64_t strides[BRN_RANK_MAX]);

#endif
