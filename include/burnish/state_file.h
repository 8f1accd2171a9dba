/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a weight file: names, element types, shapes, values of its tensors.
 *
 *     brn_state_file *file;
 *     if (brn_state_file_open("model.safetensors", &file) != BRN_OK) ...
 *     for (int64_t i = 0; i < brn_state_file_count(file); i++) {
 *         brn_state_tensor tensor = brn_state_file_tensor(file, i);
 *         printf("%s %s\n", tensor.name, brn_dtype_name(tensor.dtype));
 *     }
 *     brn_state_file_close(file);
 *
 * Read are safetensors files and what torch.save writes (zip and legacy). The kind is told from the
 * bytes, not from the name. Nothing in a file is ever executed.
 */
#ifndef BURNISH_STATE_FILE_H
#define BURNISH_STATE_FILE_H

#include "burnish/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_state_file brn_state_file;

typedef struct brn_state_tensor {
    const char *name; /* lives until the file is closed */
    brn_dtype dtype;
    brn_shape shape;
} brn_state_tensor;

/* BRN_ERROR_IO when the file can't be read, BRN_ERROR_INPUT when it is absent, damaged or of no known kind,
 * BRN_ERROR_UNSUPPORTED for element types and byte orders that are not read. */
BRN_API brn_status brn_state_file_open(const char *path, brn_state_file **out);
BRN_API void brn_state_file_close(brn_state_file *file); /* NULL is fine */

/* "safetensors", "PyTorch zip" or "PyTorch legacy". Static storage. */
BRN_API const char *brn_state_file_kind(const brn_state_file *file);
BRN_API int64_t brn_state_file_count(const brn_state_file *file);
/* Tensor `index` in the file's order; a NULL name when `index` is not in 0..count-1. */
BRN_API brn_state_tensor brn_state_file_tensor(const brn_state_file *file, int64_t index);
/* The index of the tensor of that name, or -1. */
BRN_API int64_t brn_state_file_find(const brn_state_file *file, const char *name);
/* Writes the values row-major, converted to `dtype`, into a new tensor which the caller frees. */
BRN_API brn_status brn_state_file_read(const brn_state_file *file, int64_t index, brn_dtype dtype,
                                       brn_tensor **out);

/* A string of a safetensors file's metadata, NULL when absent; and the keys, NULL past the last.
 * Both live until the file is closed. */
BRN_API const char *brn_state_file_metadata(const brn_state_file *file, const char *key);
BRN_API const char *brn_state_file_metadata_key(const brn_state_file *file, int64_t index);

#ifdef __cplusplus
}
#endif
#endif
