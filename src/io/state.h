/* SPDX-License-Identifier: Apache-2.0
 * A weight file of any kind as a read-only dictionary name -> tensor.
 *
 *     brn__state *state;
 *     BRN__TRY(brn__state_open("resnet18-f37072fd.pth", &state));
 *     const brn__entry *weight = brn__state_find(state, "conv1.weight");
 *     if (weight) BRN__TRY(brn__state_read(weight, BRN_DTYPE_F32, values));
 *     brn__state_close(state);
 *
 * The kind is told from the first bytes, never from the name: safetensors, PyTorch's zip, PyTorch's
 * legacy pickle stream, its tar before that. Nothing in a file is ever executed. Every entry's elements are known to
 * lie inside the file. Nested checkpoints ({"state_dict": ...} or {"model": ...}) give the inner
 * dictionary; values that are no tensors are skipped; a "module." that heads all names is dropped.
 * The file is mapped: it must not be cut short by others while the state is open. */
#ifndef BRN__IO_STATE_H
#define BRN__IO_STATE_H

#include "base/status.h"
#include "burnish/tensor.h"

enum {
    BRN__STATE_ENTRIES_MAX = 100000,  /* tensors in a file */
    BRN__STATE_NAME_BYTES_MAX = 1024, /* of a tensor */
};

typedef struct brn__entry {
    const char *name; /* lives until the state is closed */
    brn_dtype dtype;
    brn_shape shape;
    int64_t strides[BRN_RANK_MAX]; /* in elements, never negative; not always row-major */
    const void *first;             /* element (0, ..., 0); at any alignment */
} brn__entry;

typedef struct brn__state brn__state;

/* BRN_ERROR_INPUT when the file is of no known kind or is damaged. */
brn_status brn__state_open(const char *path, brn__state **out);
/* As brn__state_open over borrowed memory; `name` stands for the path in messages. */
brn_status brn__state_open_bytes(const char *name, const void *bytes, size_t length,
                                 brn__state **out);
void brn__state_close(brn__state *state); /* NULL is fine */

/* "safetensors", "PyTorch zip", "PyTorch legacy" or "PyTorch tar". */
const char *brn__state_kind(const brn__state *state);
int64_t brn__state_count(const brn__state *state);
/* Entry `index` in the file's order, 0 <= index < count. */
const brn__entry *brn__state_entry(const brn__state *state, int64_t index);
/* NULL when there is none of that name. */
const brn__entry *brn__state_find(const brn__state *state, const char *name);

/* The string of safetensors' __metadata__ under `key`, or NULL. */
const char *brn__state_metadata(const brn__state *state, const char *key);
/* The pairs in the file's order; NULL past the last. */
const char *brn__state_metadata_key(const brn__state *state, int64_t index);

/* Writes the elements row-major as `to` into `out`, which holds brn_shape_elements(entry->shape)
 * of them. */
brn_status brn__state_read(const brn__entry *entry, brn_dtype to, void *out);

#endif
