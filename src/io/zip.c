/* SPDX-License-Identifier: Apache-2.0
 * Layout (PKWARE's APPNOTE 6.3): members, each behind a local header; the central directory; for
 * large archives the zip64 end record and its locator; the end record, found from the back. */
#include "io/zip.h"
#include "base/alloc.h"
#include "io/bytes.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_BYTES = 22,
    LOCATOR_BYTES = 20,
    END64_BYTES = 56,
    CENTRAL_BYTES = 46,
    LOCAL_BYTES = 30,
    COMMENT_MAX = 65535,
    MEMBERS_MAX = 200000,
    EXTRA_ZIP64 = 1,
    STORED = 0,
    DEFLATED = 8,
};

#define SIGNATURE_LOCAL 0x04034B50u
#define SIGNATURE_CENTRAL 0x02014B50u
#define SIGNATURE_END 0x06054B50u
#define SIGNATURE_END64 0x06064B50u
#define SIGNATURE_LOCATOR 0x07064B50u
#define IN_ZIP64 0xFFFFFFFFu /* the value stands in the zip64 record */

typedef struct directory {
    uint64_t count, offset, length;
} directory;

bool brn__zip_matches(const unsigned char *bytes, size_t length)
{
    return length >= 4 && brn__read_u32(bytes) == SIGNATURE_LOCAL;
}

static brn_status find_end(const unsigned char *bytes, size_t length, size_t *out)
{
    for (size_t back = END_BYTES; back <= length && back <= END_BYTES + COMMENT_MAX; back++) {
        const unsigned char *end = bytes + length - back;
        if (brn__read_u32(end) == SIGNATURE_END && brn__read_u16(end + 20) == back - END_BYTES) {
            *out = length - back;
            return BRN_OK;
        }
    }
    return brn__fail(BRN_ERROR_INPUT, "zip: no end record: the file is cut short");
}

/* Where the records begin that follow the directory: the zip64 one, which may stand there without
 * need, or the end record. */
static uint64_t find_directory_end(const unsigned char *bytes, size_t end_at)
{
    if (end_at < LOCATOR_BYTES ||
        brn__read_u32(bytes + end_at - LOCATOR_BYTES) != SIGNATURE_LOCATOR)
        return end_at;
    return brn__read_u64(bytes + end_at - LOCATOR_BYTES + 8);
}

static brn_status read_end64(const unsigned char *bytes, size_t end_at, directory *out)
{
    if (end_at < LOCATOR_BYTES ||
        brn__read_u32(bytes + end_at - LOCATOR_BYTES) != SIGNATURE_LOCATOR)
        return brn__fail(BRN_ERROR_INPUT, "zip: no locator of the zip64 end record");
    uint64_t at = brn__read_u64(bytes + end_at - LOCATOR_BYTES + 8);
    if (end_at < END64_BYTES || at > end_at - END64_BYTES ||
        brn__read_u32(bytes + at) != SIGNATURE_END64)
        return brn__fail(BRN_ERROR_INPUT, "zip: no zip64 end record at byte %llu",
                         (unsigned long long)at);
    const unsigned char *end = bytes + at;
    if (brn__read_u32(end + 16) != 0 || brn__read_u32(end + 20) != 0)
        return brn__fail(BRN_ERROR_INPUT, "zip: an archive of several disks");
    *out = (directory){brn__read_u64(end + 32), brn__read_u64(end + 48), brn__read_u64(end + 40)};
    return BRN_OK;
}

static brn_status find_directory(const unsigned char *bytes, size_t length, directory *out)
{
    size_t end_at;
    BRN__TRY(find_end(bytes, length, &end_at));
    const unsigned char *end = bytes + end_at;
    if (brn__read_u16(end + 4) != 0 || brn__read_u16(end + 6) != 0)
        return brn__fail(BRN_ERROR_INPUT, "zip: an archive of several disks");
    *out = (directory){brn__read_u16(end + 10), brn__read_u32(end + 16), brn__read_u32(end + 12)};
    if (out->count == 0xFFFF || out->offset == IN_ZIP64 || out->length == IN_ZIP64)
        BRN__TRY(read_end64(bytes, end_at, out));
    if (out->count > MEMBERS_MAX)
        return brn__fail(BRN_ERROR_INPUT, "zip: %llu members; expected at most %d",
                         (unsigned long long)out->count, MEMBERS_MAX);
    if (out->offset > end_at || out->length > end_at - out->offset ||
        out->count > out->length / CENTRAL_BYTES)
        return brn__fail(BRN_ERROR_INPUT,
                         "zip: a directory of %llu members in %llu bytes at byte %llu does not fit",
                         (unsigned long long)out->count, (unsigned long long)out->length,
                         (unsigned long long)out->offset);
    /* Other programs look for the directory there, and would see another archive. */
    uint64_t ends = out->offset + out->length, expected = find_directory_end(bytes, end_at);
    if (ends != expected)
        return brn__fail(BRN_ERROR_INPUT,
                         "zip: the directory ends at byte %llu; expected at %llu, where the end "
                         "record begins",
                         (unsigned long long)ends, (unsigned long long)expected);
    return BRN_OK;
}

/* Replaces sizes and offset that stand in the zip64 extra field. They come in a fixed order, each
 * only when its short form is all ones. */
static brn_status read_extra(const unsigned char *extra, size_t length, uint64_t *const fields[3])
{
    while (length >= 4) {
        size_t id = brn__read_u16(extra), size = brn__read_u16(extra + 2);
        extra += 4, length -= 4;
        if (size > length) break;
        for (int i = 0; id == EXTRA_ZIP64 && i < 3; i++) {
            if (*fields[i] != IN_ZIP64) continue;
            if (size < 8) return brn__fail(BRN_ERROR_INPUT, "zip: a short zip64 field");
            *fields[i] = brn__read_u64(extra);
            extra += 8, length -= 8, size -= 8;
        }
        extra += size, length -= size;
    }
    return BRN_OK;
}

/* Finds the member's bytes behind its local header. */
static brn_status locate(const unsigned char *bytes, uint64_t limit, uint64_t offset,
                         uint64_t length, brn__zip_member *member)
{
    const char *name = BRN__QUOTE(member->name, member->name_length);
    if (limit < LOCAL_BYTES || offset > limit - LOCAL_BYTES ||
        brn__read_u32(bytes + offset) != SIGNATURE_LOCAL)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\": no local header at byte %llu", name,
                         (unsigned long long)offset);
    const unsigned char *local = bytes + offset;
    size_t name_length = brn__read_u16(local + 26);
    uint64_t data_at = offset + LOCAL_BYTES + name_length + brn__read_u16(local + 28);
    if (data_at > limit || length > limit - data_at)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\": %llu bytes do not fit the file", name,
                         (unsigned long long)length);
    if (name_length != member->name_length ||
        memcmp(local + LOCAL_BYTES, member->name, name_length) != 0)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" has another name in its local header", name);
    member->bytes = bytes + data_at;
    member->length = (size_t)length;
    return BRN_OK;
}

/* Reads the directory's header at `central`; *used is its length. */
static brn_status read_member(const unsigned char *bytes, const directory *where,
                              const unsigned char *central, size_t left, brn__zip_member *member,
                              size_t *used)
{
    if (left < CENTRAL_BYTES || brn__read_u32(central) != SIGNATURE_CENTRAL)
        return brn__fail(BRN_ERROR_INPUT, "zip: the directory is damaged at byte %zu",
                         (size_t)(central - bytes));
    size_t name_length = brn__read_u16(central + 28), extra_length = brn__read_u16(central + 30);
    *used = CENTRAL_BYTES + name_length + extra_length + brn__read_u16(central + 32);
    if (*used > left) return brn__fail(BRN_ERROR_INPUT, "zip: the directory is cut short");
    *member = (brn__zip_member){.name = (const char *)central + CENTRAL_BYTES,
                                .name_length = name_length,
                                .checksum = brn__read_u32(central + 16)};
    const char *name = BRN__QUOTE(member->name, name_length);
    if (brn__read_u16(central + 8) & 1)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" is encrypted", name);
    const int method = brn__read_u16(central + 10);
    if (method != STORED && method != DEFLATED)
        return brn__fail(BRN_ERROR_INPUT,
                         "zip: \"%s\" is compressed by method %d; expected stored or deflated", name,
                         method);
    uint64_t length = brn__read_u32(central + 24), stored = brn__read_u32(central + 20);
    uint64_t offset = brn__read_u32(central + 42);
    BRN__TRY(read_extra(central + CENTRAL_BYTES + name_length, extra_length,
                        (uint64_t *const[]){&length, &stored, &offset}));
    member->deflated = method == DEFLATED;
    member->unpacked = length;
    if (length != stored && !member->deflated)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\": stored in %llu bytes; expected %llu", name,
                         (unsigned long long)stored, (unsigned long long)length);
    return locate(bytes, where->offset, offset, stored, member);
}

static int compare_places(const void *a, const void *b)
{
    const brn__zip_member *x = *(brn__zip_member *const *)a, *y = *(brn__zip_member *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return x->length < y->length ? -1 : x->length > y->length;
}

/* Overlap would let a small file stand for a large one. */
static brn_status check_overlap(const brn__zip *zip)
{
    brn__zip_member **order = brn__alloc_array((size_t)zip->count, sizeof *order);
    if (!order) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < zip->count; i++) order[i] = &zip->members[i];
    if (zip->count) qsort(order, (size_t)zip->count, sizeof *order, compare_places);
    brn_status status = BRN_OK;
    for (int64_t i = 1; i < zip->count && status == BRN_OK; i++)
        if (order[i - 1]->bytes + order[i - 1]->length > order[i]->bytes)
            status = brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" and \"%s\" overlap",
                               BRN__QUOTE(order[i - 1]->name, order[i - 1]->name_length),
                               BRN__QUOTE(order[i]->name, order[i]->name_length));
    brn__free(order);
    return status;
}

brn_status brn__zip_open(const unsigned char *bytes, size_t length, brn__arena *arena,
                         brn__zip *out)
{
    directory where;
    *out = (brn__zip){0};
    BRN__TRY(find_directory(bytes, length, &where));
    out->members = brn__arena_alloc(arena, (size_t)where.count * sizeof *out->members);
    if (!out->members) return BRN_ERROR_NO_MEMORY;
    const unsigned char *central = bytes + where.offset;
    size_t left = (size_t)where.length;
    for (; out->count < (int64_t)where.count; out->count++) {
        brn__zip_member *member = &out->members[out->count];
        size_t used;
        bool added;
        BRN__TRY(read_member(bytes, &where, central, left, member, &used));
        BRN__TRY(brn__name_table_add(&out->names, member->name, member->name_length, out->count,
                                     &added));
        if (!added)
            return brn__fail(BRN_ERROR_INPUT, "zip: two members are named \"%s\"",
                             BRN__QUOTE(member->name, member->name_length));
        central += used;
        left -= used;
    }
    return check_overlap(out);
}

void brn__zip_close(brn__zip *zip)
{
    brn__name_table_free(&zip->names);
}

static brn_status find(const brn__zip *zip, const char *name, brn__zip_member **out)
{
    int64_t index = brn__name_table_find(&zip->names, name, strlen(name));
    if (index < 0)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" is missing", BRN__QUOTE(name, strlen(name)));
    *out = &zip->members[index];
    return BRN_OK;
}

static brn_status check_sum(const brn__zip_member *member, const char *name,
                            const unsigned char *bytes, size_t length)
{
    if (member->checksum == 0) return BRN_OK; /* torch.save was told to compute none */
    uint32_t checksum = (uint32_t)crc32_z(0, bytes, length);
    if (checksum == member->checksum) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" is damaged: CRC-32 %08x; expected %08x",
                     BRN__QUOTE(name, strlen(name)), checksum, member->checksum);
}

brn_status brn__zip_member_of(brn__zip *zip, const char *name, const brn__zip_member **out)
{
    brn__zip_member *member;
    BRN__TRY(find(zip, name, &member));
    if (member->deflated)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" is compressed (deflated); expected stored",
                         BRN__QUOTE(name, strlen(name)));
    if (!member->verified) BRN__TRY(check_sum(member, name, member->bytes, member->length));
    member->verified = true;
    *out = member;
    return BRN_OK;
}

/* A raw deflate stream of exactly `length` bytes into `out`. */
static brn_status inflate_all(const brn__zip_member *member, unsigned char *out, size_t length)
{
    z_stream stream = {.next_in = (unsigned char *)(uintptr_t)member->bytes,
                       .avail_in = (uInt)member->length,
                       .next_out = out,
                       .avail_out = (uInt)length};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return brn__fail(BRN_ERROR_NO_MEMORY, "zlib: no memory");
    const int code = inflate(&stream, Z_FINISH);
    const bool whole = code == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
    inflateEnd(&stream);
    if (whole) return BRN_OK;
    return code == Z_MEM_ERROR
               ? brn__fail(BRN_ERROR_NO_MEMORY, "zlib: no memory")
               : brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" cannot be unpacked: its stream is damaged",
                           BRN__QUOTE(member->name, member->name_length));
}

brn_status brn__zip_unpack(const brn__zip *zip, const char *name, size_t length,
                           unsigned char **out)
{
    brn__zip_member *member;
    BRN__TRY(find(zip, name, &member));
    if (member->unpacked != length || length > UINT32_MAX || member->length > UINT32_MAX)
        return brn__fail(BRN_ERROR_INPUT, "zip: \"%s\" has %llu bytes; expected %zu",
                         BRN__QUOTE(name, strlen(name)), (unsigned long long)member->unpacked,
                         length);
    unsigned char *bytes = brn__alloc(length ? length : 1);
    if (!bytes) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    if (member->deflated) status = inflate_all(member, bytes, length);
    else memcpy(bytes, member->bytes, length);
    if (status == BRN_OK) status = check_sum(member, name, bytes, length);
    if (status != BRN_OK) {
        brn__free(bytes);
        return status;
    }
    *out = bytes;
    return BRN_OK;
}
