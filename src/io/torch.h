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
    /* Or, for a container with persistent ids of its own: the object that `id` stands for. */
    brn_status (*find_object)(struct brn__torch_reader *reader, const brn__pickle_value *id,
                              brn__pickle_value **out);
    void *container; /* the container's own */
} brn__torch_reader;

/* Reads the pickle at reader->source.position with torch's names allowed. The caller sets state,
 * source.bytes, .length and .position, and find_storage. */
brn_status brn__torch_unpickle(brn__torch_reader *reader, const brn__pickle_value **out);
/* The system information of a file must say that its numbers are little-endian. */
brn_status brn__torch_check_system(const brn__pickle_value *system);

/* The element type which torch.FloatStorage or torch.FloatTensor names; false for another value. */
bool brn__torch_storage_type(const brn__pickle_value *value, brn_dtype *out);
bool brn__torch_tensor_type(const brn__pickle_value *value, brn_dtype *out);
/* A pickle value that is this storage. */
brn_status brn__torch_new_storage(brn__torch_reader *reader, const brn__torch_storage *storage,
                                  brn__pickle_value **out);
/* The storage that a value is, NULL for another value. */
const brn__torch_storage *brn__torch_storage_of(const brn__pickle_value *value);
/* A pickle value that is a view of a storage; refused unless all elements lie within it. */
brn_status brn__torch_new_tensor(brn__torch_reader *reader, const brn__torch_storage *storage,
                                 int64_t offset, brn_shape shape, const int64_t *strides,
                                 brn__pickle_value **out);
/* storage->count elements must be a number of bytes. */
brn_status brn__torch_check_count(const brn__torch_storage *storage);

/* Adds the tensors of the unpickled object; all storages have their bytes now. */
brn_status brn__torch_add_entries(brn__torch_reader *reader, const brn__pickle_value *root);

#endif
