/* SPDX-License-Identifier: Apache-2.0
 * Writing safetensors files: 8 bytes header length (little-endian), a JSON header, the elements.
 * The reader is one of the containers of io/state.h. */
#ifndef BRN__IO_SAFETENSORS_H
#define BRN__IO_SAFETENSORS_H

#include "base/status.h"
#include "burnish/tensor.h"

enum { BRN__SAFETENSORS_HEADER_MAX = 25 << 20 }; /* bytes of JSON, read and written */

typedef struct brn__safetensors_item {
    const char *name;
    brn_dtype dtype;
    brn_shape shape;
    const void *data; /* row-major */
} brn__safetensors_item;

typedef struct brn__safetensors_pair {
    const char *key, *value; /* UTF-8; of the __metadata__ object */
} brn__safetensors_pair;

/* Writes the file whole or not at all. Items and pairs keep their order; the elements begin at a
 * multiple of 64 bytes. BRN_ERROR_USAGE on names that are empty, double or not UTF-8. */
brn_status brn__safetensors_write(const char *path, const brn__safetensors_item *items,
                                  int64_t count, const brn__safetensors_pair *pairs,
                                  int64_t pair_count);

#endif
