/* SPDX-License-Identifier: Apache-2.0
 * What the files of torch.save have in common: the few names their pickles may use, tensors as
 * (storage, offset, size, stride), and the way from the unpickled object to a state's entries. */
#ifndef BRN__IO_TORCH_H
#define BRN__IO_TORCH_H

#include "io/container.h"
#include "io/pickle.h"

/* A storage: a flat array which several tensors may share. */
typedef struct brn__torch_storage {
    const char *key; /* not terminated */
    size_t key_length;
    brn_dtype dtype;
    int64_t count;              /* elements */
    const unsigned char *bytes; /* NULL until the container knows them */
} brn__torch_storage;

typedef struct brn__torch_reader {
    brn__state *state;
    brn__pickle_source source;
    /* Finds or notes the storage that `wanted` describes (its bytes are NULL). */
    brn_status (*find_storage)(struct brn__torch_reader *reader, const brn__torch_storage *wanted,
                               const brn__torch_storage **out);
    void *container; /* the container's own */
} brn__torch_reader;

/* Reads the pickle at reader->source.position with torch's names allowed. The caller sets state,
 * source.bytes, .length and .position, and find_storage. */
brn_status brn__torch_unpickle(brn__torch_reader *reader, const brn__pickle_value **out);
/* Adds the tensors of the unpickled object; all storages have their bytes now. */
brn_status brn__torch_add_entries(brn__torch_reader *reader, const brn__pickle_value *root);

#endif
