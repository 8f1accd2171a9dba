/* SPDX-License-Identifier: Apache-2.0
 * Members of zip archives that are deflated: right, damaged, and not what the registry knows. */
#include "base/alloc.h"
#include "base/sha256.h"
#include "base/text.h"
#include "build.h"
#include "io/registry.h"
#include "io/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CONTENT = 5000 };

typedef struct archive {
    unsigned char content[CONTENT];
    size_t length;        /* that the directory tells */
    size_t stored;        /* bytes of the stream */
    uint32_t checksum;    /* that the directory tells */
    int method;
    unsigned char stream[2 * CONTENT];
} archive;

static void deflate_content(archive *a, int level)
{
    z_stream z = {.next_in = a->content,
                  .avail_in = CONTENT,
                  .next_out = a->stream,
                  .avail_out = sizeof a->stream};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    a->stored = z.total_out;
    deflateEnd(&z);
}

static archive *new_archive(void)
{
    archive *a = calloc(1, sizeof *a);
    assert_non_null(a);
    for (int i = 0; i < CONTENT; i++) a->content[i] = (unsigned char)(i * i / 7);
    a->length = CONTENT;
    a->checksum = (uint32_t)crc32_z(0, a->content, CONTENT);
    a->method = 8;
    deflate_content(a, 9);
    return a;
}

/* The fields that both headers have, from "version needed" to the lengths of name and extra. */
static void add_common(brn__text *out, const archive *a)
{
    build_number(out, 20, 2);
    build_number(out, 0, 2);
    build_number(out, a->method, 2);
    build_number(out, 0, 4);
    build_number(out, a->checksum, 4);
    build_number(out, (int64_t)a->stored, 4);
    build_number(out, (int64_t)a->length, 4);
    build_number(out, 3, 2);
    build_number(out, 0, 2);
}

/* One member, "a/b". */
static void write_archive(brn__text *out, const archive *a)
{
    build_number(out, 0x04034B50, 4);
    add_common(out, a);
    brn__text_add(out, "a/b");
    brn__text_add_bytes(out, (const char *)a->stream, a->stored);
    const int64_t directory = (int64_t)out->length;
    build_number(out, 0x02014B50, 4);
    build_number(out, 20, 2);
    add_common(out, a);
    build_number(out, 0, 8); /* comment, disk, attributes inside */
    build_number(out, 0, 2);
    build_number(out, 0, 4); /* place of the local header */
    brn__text_add(out, "a/b");
    const int64_t length = (int64_t)out->length - directory;
    build_number(out, 0x06054B50, 4);
    build_number(out, 0, 4);
    build_number(out, 1, 2);
    build_number(out, 1, 2);
    build_number(out, length, 4);
    build_number(out, directory, 4);
    build_number(out, 0, 2);
}

static brn_status unpack_from(const archive *a, const char *name, size_t length,
                              unsigned char **out)
{
    brn__text bytes = {0};
    brn__arena arena = {0};
    brn__zip zip = {0};
    write_archive(&bytes, a);
    void *exact = malloc(bytes.length);
    assert_non_null(exact);
    memcpy(exact, bytes.bytes, bytes.length);
    brn_status status = brn__zip_open(exact, bytes.length, &arena, &zip);
    if (status == BRN_OK) status = brn__zip_unpack(&zip, name, length, out);
    brn__zip_close(&zip);
    brn__arena_free(&arena);
    brn__text_free(&bytes);
    free(exact);
    return status;
}

TEST(members_are_unpacked)
{
    for (int level = 0; level < 10; level += 3) {
        archive *a = new_archive();
        unsigned char *bytes;
        deflate_content(a, level);
        assert_ok(unpack_from(a, "a/b", CONTENT, &bytes));
        assert_memory_equal(bytes, a->content, CONTENT);
        brn__free(bytes);
        free(a);
    }
    archive *a = new_archive();
    unsigned char *bytes;
    a->method = 0;
    memcpy(a->stream, a->content, a->stored = CONTENT);
    assert_ok(unpack_from(a, "a/b", CONTENT, &bytes));
    assert_memory_equal(bytes, a->content, CONTENT);
    brn__free(bytes);
    free(a);
}

#define UNPACKING_FAILS(part, ...)                                                                 \
    do {                                                                                           \
        archive *a = new_archive();                                                                \
        unsigned char *bytes;                                                                      \
        __VA_ARGS__;                                                                               \
        assert_fails(unpack_from(a, "a/b", CONTENT, &bytes), BRN_ERROR_INPUT, part);               \
        free(a);                                                                                   \
    } while (0)

TEST(damaged_members_are_not_unpacked)
{
    UNPACKING_FAILS("is damaged: CRC-32", a->checksum ^= 1);
    UNPACKING_FAILS("has 4999 bytes; expected 5000", a->length--);
    UNPACKING_FAILS("has 5001 bytes; expected 5000", a->length++);
    UNPACKING_FAILS("its stream is damaged", a->stored--);
    UNPACKING_FAILS("its stream is damaged", a->stored++);
    UNPACKING_FAILS("its stream is damaged", a->stored = 0);
    UNPACKING_FAILS("its stream is damaged", a->stream[0] = 0xFF); /* no such block */
    UNPACKING_FAILS("method 12; expected stored or deflated", a->method = 12);
    UNPACKING_FAILS("stored in", a->method = 0);
    archive *a = new_archive();
    unsigned char *bytes;
    assert_fails(unpack_from(a, "a/c", CONTENT, &bytes), BRN_ERROR_INPUT, "\"a/c\" is missing");
    assert_fails(unpack_from(a, "a/b", CONTENT - 1, &bytes), BRN_ERROR_INPUT, "expected 4999");
    free(a);
}

/* Streams of more or fewer bytes than the directory tells. */
TEST(a_stream_of_another_length_is_not_unpacked)
{
    archive *a = new_archive();
    unsigned char *bytes;
    for (size_t length = CONTENT - 1; length <= CONTENT + 1; length += 2) {
        a->length = length;
        assert_fails(unpack_from(a, "a/b", length, &bytes), BRN_ERROR_INPUT, "stream is damaged");
    }
    free(a);
}

TEST(a_stream_changed_at_any_byte_is_not_unpacked)
{
    archive *a = new_archive();
    unsigned char *bytes;
    for (size_t i = 0; i < a->stored; i += 3) {
        a->stream[i] ^= 0x20;
        brn_status status = unpack_from(a, "a/b", CONTENT, &bytes);
        if (status == BRN_OK) { /* a bit that has no meaning */
            assert_memory_equal(bytes, a->content, CONTENT);
            brn__free(bytes);
        } else
            assert_int_equal(status, BRN_ERROR_INPUT);
        a->stream[i] ^= 0x20;
    }
    free(a);
}

static brn_status unpack_weights(const archive *a, const char *sha256, unsigned char **out)
{
    const brn_weights_archive packed = {.name = "a.zip", .member = "a/b"};
    const brn_weights_file file = {
        .name = "b", .sha256 = sha256, .bytes = CONTENT, .archive = &packed};
    brn__text bytes = {0};
    write_archive(&bytes, a);
    brn_status status = brn__weights_unpack(&file, bytes.bytes, bytes.length, out);
    brn__text_free(&bytes);
    return status;
}

TEST(weights_from_an_archive_have_the_registrys_sha256)
{
    archive *a = new_archive();
    unsigned char *bytes;
    char sha256[65];
    assert_ok(brn__sha256_of(a->content, CONTENT, sha256));
    assert_ok(unpack_weights(a, sha256, &bytes));
    assert_memory_equal(bytes, a->content, CONTENT);
    brn__free(bytes);
    sha256[63] = sha256[63] == '0' ? '1' : '0';
    assert_fails(unpack_weights(a, sha256, &bytes), BRN_ERROR_INPUT, "the sha256 of its a/b is ");
    free(a);
}

TEST(unpacking_survives_every_failing_allocation)
{
    archive *a = new_archive();
    char sha256[65];
    assert_ok(brn__sha256_of(a->content, CONTENT, sha256));
    for (uint64_t n = 1;; n++) {
        const brn_weights_archive packed = {.name = "a.zip", .member = "a/b"};
        const brn_weights_file file = {
            .name = "b", .sha256 = sha256, .bytes = CONTENT, .archive = &packed};
        unsigned char *bytes;
        brn__text zip = {0};
        write_archive(&zip, a);
        assert_in_range(n, 1, 100);
        brn__alloc_fail_after(n, 0);
        brn_status status = brn__weights_unpack(&file, zip.bytes, zip.length, &bytes);
        brn__alloc_fail_after(0, 0);
        brn__text_free(&zip);
        if (status == BRN_OK) {
            assert_true(n > 1);
            brn__free(bytes);
            break;
        }
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    free(a);
}
