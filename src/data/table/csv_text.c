/* SPDX-License-Identifier: Apache-2.0
 * From a file to its text: gzip is unpacked, a byte order mark skipped, Latin-1 converted. Each
 * step that makes new bytes keeps them in `owned`. */
#include "base/alloc.h"
#include "data/table/csv_reader.h"

#include <string.h>
#include <zlib.h>

void brn__csv_text_free(brn__csv_text *text)
{
    brn__unmap_file(&text->mapping);
    brn__free(text->owned);
    *text = (brn__csv_text){0};
}

typedef struct growing {
    unsigned char *bytes; /* owned */
    size_t length, capacity;
} growing;

static brn_status grow(const char *name, growing *out, size_t limit)
{
    if (out->capacity >= limit)
        return brn__fail(BRN_ERROR_INPUT, "%s: unpacks to more than the limit of %zu bytes", name,
                         limit);
    size_t capacity = out->capacity ? 2 * out->capacity : (size_t)1 << 16;
    if (capacity > limit) capacity = limit;
    unsigned char *bytes = brn__realloc(out->bytes, capacity);
    if (!bytes) return BRN_ERROR_NO_MEMORY;
    out->bytes = bytes;
    out->capacity = capacity;
    return BRN_OK;
}

/* Hands the stream room and packed bytes, and runs it once. */
static int inflate_some(z_stream *stream, growing *out, const unsigned char *end)
{
    const size_t most = (size_t)1 << 30; /* zlib counts in 32 bits */
    size_t room = out->capacity - out->length, left = (size_t)(end - stream->next_in);
    stream->next_out = out->bytes + out->length;
    stream->avail_out = (uInt)(room < most ? room : most);
    stream->avail_in = (uInt)(left < most ? left : most);
    int code = inflate(stream, Z_NO_FLUSH);
    out->length = (size_t)(stream->next_out - out->bytes);
    return code;
}

/* One member after another, as gzip does; zeros may follow the last. */
static brn_status unpack_members(const char *name, z_stream *stream, const unsigned char *end,
                                 size_t limit, growing *out)
{
    for (;;) {
        if (out->length == out->capacity) BRN__TRY(grow(name, out, limit));
        int code = inflate_some(stream, out, end);
        if (code == Z_MEM_ERROR)
            return brn__fail(BRN_ERROR_NO_MEMORY, "%s: no memory to unpack it", name);
        if (code == Z_BUF_ERROR && stream->next_in == end)
            return brn__fail(BRN_ERROR_INPUT, "%s: the gzip file is cut off", name);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return brn__fail(BRN_ERROR_INPUT, "%s: the gzip file is damaged (%s)", name,
                             stream->msg ? stream->msg : "bad data");
        if (code != Z_STREAM_END) continue;
        while (stream->next_in < end && *stream->next_in == 0) stream->next_in++;
        if (stream->next_in == end) return BRN_OK;
        if (inflateReset(stream) != Z_OK)
            return brn__fail(BRN_ERROR_INTERNAL, "%s: zlib can't begin again", name);
    }
}

static brn_status unpack(const char *name, const unsigned char *bytes, size_t length, size_t limit,
                         growing *out)
{
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)bytes};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) /* 16: with gzip's header and checksum */
        return brn__fail(BRN_ERROR_NO_MEMORY, "%s: no memory to unpack it", name);
    brn_status status = unpack_members(name, &stream, bytes + length, limit, out);
    inflateEnd(&stream);
    return status;
}

/* Replaces the text by what it unpacks to, when it is a gzip file. */
static brn_status unpack_text(const char *name, size_t limit, brn__csv_text *text)
{
    const unsigned char *bytes = (const unsigned char *)text->begin;
    size_t length = (size_t)(text->end - text->begin);
    if (length < 2 || bytes[0] != 0x1F || bytes[1] != 0x8B) return BRN_OK;
    growing out = {0};
    brn_status status = unpack(name, bytes, length, limit, &out);
    brn__unmap_file(&text->mapping);
    text->owned = (char *)out.bytes;
    text->begin = text->owned;
    text->end = text->owned ? text->owned + out.length : NULL;
    return status;
}

static brn_status convert_latin1(const char *name, size_t limit, brn__csv_text *text)
{
    size_t length = (size_t)(text->end - text->begin), high = 0;
    for (const char *p = text->begin; p < text->end; p++) high += (unsigned char)*p >> 7;
    if (high == 0) return BRN_OK;
    if (length > limit - high)
        return brn__fail(BRN_ERROR_INPUT, "%s: as UTF-8 more than the limit of %zu bytes", name,
                         limit);
    char *converted = brn__alloc(length + high), *to = converted;
    if (!converted) return BRN_ERROR_NO_MEMORY;
    for (const char *p = text->begin; p < text->end; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte >= 0x80) *to++ = (char)(0xC0 | byte >> 6);
        *to++ = (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3F));
    }
    brn__unmap_file(&text->mapping);
    brn__free(text->owned);
    text->begin = text->owned = converted;
    text->end = to;
    return BRN_OK;
}

static brn_status skip_byte_order_mark(const char *name, brn__csv_text *text)
{
    size_t length = (size_t)(text->end - text->begin);
    if (length >= 2 &&
        (memcmp(text->begin, "\xFF\xFE", 2) == 0 || memcmp(text->begin, "\xFE\xFF", 2) == 0))
        return brn__fail(BRN_ERROR_INPUT, "%s: is UTF-16; expected UTF-8 or Latin-1", name);
    if (length >= 3 && memcmp(text->begin, "\xEF\xBB\xBF", 3) == 0) text->begin += 3;
    return BRN_OK;
}

static brn_status make_text(const char *name, const brn__csv_options *options, brn__csv_text *text)
{
    BRN__TRY(unpack_text(name, options->limit_bytes, text));
    if ((size_t)(text->end - text->begin) > options->limit_bytes)
        return brn__fail(BRN_ERROR_INPUT, "%s: %zu bytes; the limit is %zu", name,
                         (size_t)(text->end - text->begin), options->limit_bytes);
    BRN__TRY(skip_byte_order_mark(name, text));
    if (options->encoding == BRN__CSV_LATIN1)
        BRN__TRY(convert_latin1(name, options->limit_bytes, text));
    return BRN_OK;
}

brn_status brn__csv_text_of_file(const char *path, const brn__csv_options *options,
                                 brn__csv_text *out)
{
    *out = (brn__csv_text){0};
    BRN__TRY(brn__map_file(path, &out->mapping));
    out->begin = (const char *)out->mapping.bytes;
    out->end = out->begin + out->mapping.length;
    brn_status status = make_text(path, options, out);
    if (status != BRN_OK) brn__csv_text_free(out);
    return status;
}

brn_status brn__csv_text_of_bytes(const char *name, const char *bytes, size_t length,
                                  const brn__csv_options *options, brn__csv_text *out)
{
    *out = (brn__csv_text){.begin = bytes, .end = bytes + length};
    brn_status status = make_text(name, options, out);
    if (status != BRN_OK) brn__csv_text_free(out);
    return status;
}
