/* SPDX-License-Identifier: Apache-2.0
 * The input is data.pkl: it is put into a right zip file beside a few storages. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MEMBERS = 6, ROOM = 4096 };

typedef struct writer {
    uint8_t *bytes;
    size_t length;
} writer;

static void put(writer *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) out->bytes[out->length++] = (uint8_t)(value >> 8 * i);
}

static void put_bytes(writer *out, const void *bytes, size_t length)
{
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

/* The fields which a member's header and its directory entry have in common. */
static void put_common(writer *out, const char *name, const uint8_t *bytes, size_t length)
{
    put(out, 0, 8); /* flags, method: stored, time */
    put(out, crc32_z(0, bytes, length), 4);
    put(out, length, 4);
    put(out, length, 4);
    put(out, strlen(name), 2);
    put(out, 0, 2);
}

static size_t put_member(writer *out, const char *name, const uint8_t *bytes, size_t length)
{
    size_t at = out->length;
    put(out, 0x04034B50, 4);
    put(out, 20, 2);
    put_common(out, name, bytes, length);
    put_bytes(out, name, strlen(name));
    put_bytes(out, bytes, length);
    return at;
}

static void put_entry(writer *out, const char *name, const uint8_t *bytes, size_t length, size_t at)
{
    put(out, 0x02014B50, 4);
    put(out, 20, 2);
    put(out, 20, 2);
    put_common(out, name, bytes, length);
    put(out, 0, 4); /* comment, disk */
    put(out, 0, 6); /* attributes */
    put(out, at, 4);
    put_bytes(out, name, strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[MEMBERS] = {"m/data.pkl", "m/byteorder", "m/data/0",
                                               "m/data/1",   "m/data/2",    "m/data/3"};
    static const uint8_t zeros[128];
    const uint8_t *const bytes[MEMBERS] = {data, (const uint8_t *)"little", zeros, zeros, zeros, zeros};
    const size_t lengths[MEMBERS] = {size, 6, 24, 48, 4, 0};
    size_t places[MEMBERS];
    writer out = {.bytes = malloc(size + ROOM)};
    if (!out.bytes) return 0;
    for (int i = 0; i < MEMBERS; i++)
        places[i] = put_member(&out, names[i], bytes[i], lengths[i]);
    size_t directory = out.length;
    for (int i = 0; i < MEMBERS; i++)
        put_entry(&out, names[i], bytes[i], lengths[i], places[i]);
    size_t directory_length = out.length - directory;
    put(&out, 0x06054B50, 4);
    put(&out, 0, 4);
    put(&out, MEMBERS, 2);
    put(&out, MEMBERS, 2);
    put(&out, directory_length, 4);
    put(&out, directory, 4);
    put(&out, 0, 2);
    brn__fuzz_state(out.bytes, out.length);
    free(out.bytes);
    return 0;
}
