/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"
#include "io/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void build_raw(brn__text *out, const char *opcodes)
{
    brn__text_add(out, opcodes);
}

void build_byte(brn__text *out, int byte)
{
    char c = (char)byte;
    brn__text_add_bytes(out, &c, 1);
}

void build_number(brn__text *out, int64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) build_byte(out, (int)((uint64_t)value >> (8 * i) & 255));
}

void build_string(brn__text *out, const char *text)
{
    build_raw(out, "X");
    build_number(out, (int64_t)strlen(text), 4);
    build_raw(out, text);
}

void build_integer(brn__text *out, int64_t value)
{
    build_byte(out, 0x8A);
    build_byte(out, 8);
    build_number(out, value, 8);
}

void build_global(brn__text *out, const char *module, const char *name)
{
    brn__text_printf(out, "c%s\n%s\n", module, name);
}

static void add_dims(brn__text *out, int rank, const int64_t *dims)
{
    build_raw(out, "(");
    for (int i = 0; i < rank; i++) build_integer(out, dims[i]);
    build_raw(out, "t");
}

void build_tensor(brn__text *out, const build_file *file)
{
    build_global(out, "torch._utils", "_rebuild_tensor_v2");
    build_raw(out, "((");
    build_string(out, "storage");
    build_global(out, "torch", file->storage_type);
    build_string(out, "0");
    build_string(out, "cuda:0");
    build_integer(out, file->storage_count);
    build_raw(out, "tQ");
    build_integer(out, file->offset);
    add_dims(out, file->shape.rank, file->shape.dims);
    add_dims(out, file->stride_rank < 0 ? file->shape.rank : file->stride_rank, file->strides);
    build_byte(out, 0x89); /* requires_grad: False */
    build_global(out, "collections", "OrderedDict");
    build_raw(out, ")RtR");
}

static void add_object(brn__text *out, const build_file *file)
{
    build_byte(out, 0x80);
    build_byte(out, 2);
    if (file->object) {
        brn__text_add_bytes(out, file->object, file->object_length);
    } else {
        build_raw(out, "}");
        build_string(out, "w");
        build_tensor(out, file);
        build_raw(out, "s");
    }
    build_raw(out, ".");
}

build_file build_defaults(void)
{
    return (build_file){.storage_type = "FloatStorage",
                        .storage_count = 6,
                        .shape = brn_shape_of(2, (int64_t[]){2, 3}),
                        .strides = {3, 1},
                        .stride_rank = -1,
                        .stored_count = 6,
                        .stored_bytes = 24,
                        .key = "0",
                        .protocol = 1001};
}

/* Bytes 0, 1, 2, ... as the elements. */
static void add_elements(brn__text *out, size_t count)
{
    for (size_t i = 0; i < count; i++) build_byte(out, (int)(i & 255));
}

void build_legacy(brn__text *out, const build_file *file)
{
    static const unsigned char magic[] = {0x80, 2,    0x8A, 10,   0x6C, 0xFC, 0x9C, 0x46,
                                          0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, '.'};
    brn__text_add_bytes(out, (const char *)magic, sizeof magic);
    build_integer(out, file->protocol);
    build_raw(out, ".}");
    build_string(out, "little_endian");
    build_byte(out, file->big_endian ? 0x89 : 0x88);
    build_raw(out, "s.");
    add_object(out, file);
    build_raw(out, "]");
    build_string(out, file->key);
    build_raw(out, "a.");
    build_number(out, file->stored_count, 8);
    add_elements(out, file->stored_bytes);
}

typedef struct member {
    const char *name;
    const brn__text *content;
    uint32_t checksum;
    size_t offset;
    int method, flags;
} member;

/* The fields that the local header and the directory share. */
static void add_member_fields(brn__text *out, const member *m, int zip64)
{
    int64_t length = zip64 == 1 ? 0xFFFFFFFF : (int64_t)m->content->length;
    build_number(out, 20, 2);
    build_number(out, m->flags, 2);
    build_number(out, m->method, 2);
    build_number(out, 0, 4); /* time and date */
    build_number(out, m->checksum, 4);
    build_number(out, length, 4);
    build_number(out, length, 4);
    build_number(out, (int64_t)strlen(m->name), 2);
    build_number(out, zip64 == 1 ? 5 + 28 : zip64 ? 5 + 12 : 0, 2); /* extra */
}

static void add_central(brn__text *out, const member *m, int zip64)
{
    build_number(out, 0x02014B50, 4);
    build_number(out, 20, 2);
    add_member_fields(out, m, zip64);
    build_number(out, 0, 2); /* comment */
    build_number(out, 0, 8); /* disk, attributes */
    build_number(out, zip64 ? 0xFFFFFFFF : (int64_t)m->offset, 4);
    build_raw(out, m->name);
    if (!zip64) return;
    build_number(out, 0x7777, 2); /* another field, to be passed over */
    build_number(out, 1, 2);
    build_byte(out, 'x');
    build_number(out, 1, 2);
    build_number(out, zip64 == 1 ? 24 : 8, 2);
    for (int i = 0; zip64 == 1 && i < 2; i++) build_number(out, (int64_t)m->content->length, 8);
    build_number(out, (int64_t)m->offset, 8);
}

static void add_end64(brn__text *out, size_t directory, int count)
{
    size_t end = out->length;
    build_number(out, 0x06064B50, 4);
    build_number(out, 44, 8);
    build_number(out, 45 << 16 | 45, 4); /* versions */
    build_number(out, 0, 8);             /* disks */
    build_number(out, count, 8);
    build_number(out, count, 8);
    build_number(out, (int64_t)(end - directory), 8);
    build_number(out, (int64_t)directory, 8);
    build_number(out, 0x07064B50, 4);
    build_number(out, 0, 4);
    build_number(out, (int64_t)end, 8);
    build_number(out, 1, 4);
}

static void add_archive(brn__text *out, member *members, int count, int zip64)
{
    for (int i = 0; i < count; i++) {
        member *m = &members[i];
        m->offset = out->length;
        m->checksum ^= (uint32_t)crc32_z(0, (const Bytef *)m->content->bytes, m->content->length);
        build_number(out, 0x04034B50, 4);
        add_member_fields(out, m, 0);
        build_raw(out, m->name);
        brn__text_add_bytes(out, m->content->bytes, m->content->length);
    }
    size_t directory = out->length;
    for (int i = 0; i < count; i++) add_central(out, &members[i], zip64);
    size_t end = out->length;
    if (zip64) add_end64(out, directory, count);
    build_number(out, 0x06054B50, 4);
    build_number(out, 0, 4);
    build_number(out, zip64 ? 0xFFFF : count, 2);
    build_number(out, zip64 ? 0xFFFF : count, 2);
    build_number(out, zip64 ? 0xFFFFFFFF : (int64_t)(end - directory), 4);
    build_number(out, zip64 ? 0xFFFFFFFF : (int64_t)directory, 4);
    build_number(out, 0, 2);
}

void build_zip(brn__text *out, const build_file *file)
{
    brn__text pickle = {0}, order = {0}, data = {0};
    char name[64];
    add_object(&pickle, file);
    brn__text_add(&order, file->big_endian ? "big" : "little");
    add_elements(&data, file->stored_bytes);
    snprintf(name, sizeof name, "a/data/%s", file->key);
    member members[] = {{.name = "a/data.pkl", .content = &pickle},
                        {.name = "a/byteorder", .content = &order},
                        {.name = name,
                         .content = &data,
                         .checksum = file->checksum_change,
                         .method = file->method,
                         .flags = file->flags}};
    add_archive(out, members, 3, file->zip64);
    brn__text_free(&pickle);
    brn__text_free(&order);
    brn__text_free(&data);
}

void build_tar_member(brn__text *out, const char *name, char type, const brn__text *content)
{
    char header[512] = {0};
    unsigned sum = 0;
    snprintf(header, 100, "%s", name);
    snprintf(header + 124, 12, "%011zo", content->length);
    memset(header + 148, ' ', 8);
    header[156] = type;
    memcpy(header + 257, "ustar\00000", 8);
    for (int i = 0; i < 512; i++) sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    brn__text_add_bytes(out, header, sizeof header);
    brn__text_add_bytes(out, content->bytes, content->length);
    while (out->length % 512) build_byte(out, 0);
}

/* (number, ...) behind which the caller adds the rest and "t." */
static void begin_tuple(brn__text *out, int64_t number)
{
    build_byte(out, 0x80);
    build_byte(out, 2);
    build_raw(out, "(");
    build_integer(out, number);
}

static void add_tar_storages(brn__text *out, const build_file *file)
{
    build_raw(out, "K\1.");
    begin_tuple(out, 100);
    build_string(out, "cpu");
    build_global(out, "torch", file->storage_type);
    build_raw(out, "t.");
    build_number(out, file->stored_count, 8);
    add_elements(out, file->stored_bytes);
    build_raw(out, "](");
    build_integer(out, 101); /* a view of the whole: storage_count elements at 0 */
    build_integer(out, 100);
    build_raw(out, "K");
    build_byte(out, 0);
    build_integer(out, file->storage_count);
    build_raw(out, "ta.");
}

static void add_tar_tensors(brn__text *out, const build_file *file)
{
    char type[64];
    const char *end = strstr(file->storage_type, "Storage");
    snprintf(type, sizeof type, "%.*sTensor",
             end ? (int)(end - file->storage_type) : (int)strlen(file->storage_type),
             file->storage_type);
    build_raw(out, "K\1.");
    begin_tuple(out, 200);
    build_integer(out, 101);
    build_global(out, "torch", type);
    build_raw(out, "t.");
    build_number(out, file->shape.rank, 4);
    build_number(out, -1, 4);
    for (int i = 0; i < file->shape.rank; i++) build_number(out, file->shape.dims[i], 8);
    for (int i = 0; i < file->shape.rank; i++) build_number(out, file->strides[i], 8);
    build_number(out, file->offset, 8);
}

static void add_tar_object(brn__text *out, const build_file *file)
{
    if (file->object) {
        add_object(out, file);
        return;
    }
    build_raw(out, "}");
    build_string(out, "w");
    build_integer(out, 200);
    build_raw(out, "Qs.");
}

void build_tar(brn__text *out, const build_file *file)
{
    brn__text parts[4] = {{0}};
    static const char *const names[] = {"sys_info", "pickle", "tensors", "storages"};
    build_raw(&parts[0], "}");
    build_string(&parts[0], "little_endian");
    build_byte(&parts[0], file->big_endian ? 0x89 : 0x88);
    build_raw(&parts[0], "s.");
    add_tar_object(&parts[1], file);
    add_tar_tensors(&parts[2], file);
    add_tar_storages(&parts[3], file);
    for (int i = 0; i < 4; i++) {
        build_tar_member(out, names[i], '0', &parts[i]);
        brn__text_free(&parts[i]);
    }
    for (int i = 0; i < 1024; i++) build_byte(out, 0);
}

void build_safetensors(brn__text *out, const char *header, size_t data_length)
{
    build_number(out, (int64_t)strlen(header), 8);
    build_raw(out, header);
    for (size_t i = 0; i < data_length; i++) build_byte(out, 0);
}

static brn_status open_exact(const void *bytes, size_t length, brn__state **out, void **copy)
{
    *copy = malloc(length ? length : 1);
    assert_non_null(*copy);
    if (length) memcpy(*copy, bytes, length);
    brn_status status = brn__state_open_bytes("test file", *copy, length, out);
    if (status != BRN_OK) {
        free(*copy);
        *copy = NULL;
    }
    return status;
}

void build_assert_refused(const void *bytes, size_t length, brn_status status, const char *part,
                          const char *file, int line)
{
    brn__state *state = NULL;
    void *copy;
    brn_status got = open_exact(bytes, length, &state, &copy);
    if (got == BRN_OK) {
        brn__state_close(state);
        free(copy);
        print_error("the file was read; expected a message with \"%s\"\n", part);
        _fail(file, line);
    }
    test_assert_status(got, status, "brn__state_open_bytes", file, line);
    test_assert_message("test file: ", file, line);
    test_assert_message(part, file, line);
}

brn_status build_try(const void *bytes, size_t length)
{
    brn__state *state;
    void *copy;
    brn_status status = open_exact(bytes, length, &state, &copy);
    if (status != BRN_OK) return status;
    for (int64_t i = 0; i < brn__state_count(state); i++) {
        const brn__entry *entry = brn__state_entry(state, i);
        int64_t elements = brn_shape_elements(entry->shape);
        assert_true(elements >= 0 && elements <= 1 << 24);
        float *values = malloc((size_t)elements * sizeof *values + 1);
        assert_non_null(values);
        assert_ok(brn__state_read(entry, BRN_DTYPE_F32, values));
        free(values);
    }
    brn__state_close(state);
    free(copy);
    return BRN_OK;
}
