/* SPDX-License-Identifier: Apache-2.0
 * Weight files built byte by byte, right or wrong on purpose. */
#ifndef BRN_TESTS_IO_BUILD_H
#define BRN_TESTS_IO_BUILD_H

#include "base/text.h"
#include "burnish/tensor.h"
#include "test.h"

/* Pickle assembler. `raw` adds the bytes of a C string: one-letter opcodes. */
void build_raw(brn__text *out, const char *opcodes);
void build_byte(brn__text *out, int byte);
void build_number(brn__text *out, int64_t value, int bytes); /* little-endian, no opcode */
void build_string(brn__text *out, const char *text);         /* BINUNICODE */
void build_integer(brn__text *out, int64_t value);           /* LONG1 */
void build_global(brn__text *out, const char *module, const char *name);

/* One file with one tensor "w" over one storage "0": every field may be made wrong. */
typedef struct build_file {
    const char *storage_type; /* "FloatStorage" */
    int64_t storage_count;    /* as the pickle says */
    int64_t offset;
    brn_shape shape;
    int64_t strides[BRN_RANK_MAX];
    int stride_rank;      /* -1: as shape.rank */
    int64_t stored_count; /* as the storage's own header says (legacy) */
    size_t stored_bytes;  /* really there */
    const char *key;      /* in the list of keys (legacy), or the member's name (zip) */
    int64_t protocol;     /* legacy */
    bool big_endian;
    const char *object; /* instead of the dict with "w": raw pickle of `object_length` bytes */
    size_t object_length;
    uint32_t checksum_change; /* xor to the data member's CRC-32 */
    int method, flags;        /* of the data member */
    int zip64; /* 1: sizes, places and counts stand in the zip64 records; 2: not the sizes */
} build_file;

build_file build_defaults(void); /* a (2, 3) float tensor: correct */
void build_legacy(brn__text *out, const build_file *file);
void build_zip(brn__text *out, const build_file *file);
void build_tar(brn__text *out, const build_file *file); /* key and stride_rank are not used */
/* Adds a tar member; its checksum is right. */
void build_tar_member(brn__text *out, const char *name, char type, const brn__text *content);
/* The pickle of one tensor, as an expression that leaves it on the stack. */
void build_tensor(brn__text *out, const build_file *file);

/* Header text and `data_length` zero bytes behind it. */
void build_safetensors(brn__text *out, const char *header, size_t data_length);

/* The bytes must be refused with a message that contains `part`. They are copied to a block of
 * exactly their length, so that the address sanitizer sees a read past the end. */
#define assert_refused(bytes, length, status, part)                                                \
    build_assert_refused((bytes), (length), (status), (part), __FILE__, __LINE__)
void build_assert_refused(const void *bytes, size_t length, brn_status status, const char *part,
                          const char *file, int line);
/* Opens the bytes, whatever they are, reads every tensor, closes. Returns what opening returned. */
brn_status build_try(const void *bytes, size_t length);

#endif
