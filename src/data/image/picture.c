/* SPDX-License-Identifier: Apache-2.0
 * Tells the format from the first bytes and hands over to its decoder. */
#include "data/image/picture.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/text.h"

#include <string.h>

static const brn__picture_format *const formats[] = {&brn__picture_jpeg, &brn__picture_png,
                                                     &brn__picture_webp};

brn_status brn__picture_check_size(int64_t width, int64_t height, const char *name)
{
    if (width < 1 || height < 1)
        return brn__fail(BRN_ERROR_INPUT, "%s: a picture of %lld x %lld pixels", name,
                         (long long)width, (long long)height);
    if (width > BRN__PICTURE_SIDE_MAX || height > BRN__PICTURE_SIDE_MAX ||
        width * height > BRN__PICTURE_PIXELS_MAX)
        return brn__fail(
            BRN_ERROR_INPUT,
            "%s: %lld x %lld pixels; expected at most %d a side and %.1f million in all", name,
            (long long)width, (long long)height, BRN__PICTURE_SIDE_MAX,
            BRN__PICTURE_PIXELS_MAX / 1e6);
    return BRN_OK;
}

brn_status brn__picture_check_memory(int64_t width, int64_t height, int orientation,
                                     int64_t working, const char *name)
{
    int64_t copies = orientation > 1 ? 2 : 1;
    int64_t bytes = working + width * height * 3 * copies;
    if (bytes > BRN__PICTURE_MEMORY_MAX)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: %lld x %lld pixels that take %lld MiB to decode; expected at most %d",
                         name, (long long)width, (long long)height, (long long)(bytes >> 20),
                         BRN__PICTURE_MEMORY_MAX >> 20);
    return BRN_OK;
}

brn_status brn__picture_new(int width, int height, const char *name, brn__picture *out)
{
    *out = (brn__picture){0};
    BRN__TRY(brn__picture_check_size(width, height, name));
    size_t bytes = (size_t)width * (size_t)height * 3;
    uint8_t *pixels = brn__alloc(bytes + BRN__PICTURE_SLACK);
    if (!pixels) return BRN_ERROR_NO_MEMORY;
    memset(pixels + bytes, 0, BRN__PICTURE_SLACK);
    *out = (brn__picture){.width = width, .height = height, .pixels = pixels};
    return BRN_OK;
}

void brn__picture_free(brn__picture *picture)
{
    brn__free(picture->pixels);
    *picture = (brn__picture){0};
}

bool brn__signature_matches(const char *signature, size_t signature_bytes, const uint8_t *bytes,
                            size_t length)
{
    if (length < signature_bytes) return false;
    for (size_t i = 0; i < signature_bytes; i++)
        if (signature[i] != '?' && (uint8_t)signature[i] != bytes[i]) return false;
    return true;
}

/* The failure that says what the file seems to be and what it begins with: letters as they are,
 * other bytes in hex. */
static brn_status not_a_picture(const uint8_t *bytes, size_t length, const char *name)
{
    if (length == 0)
        return brn__fail(BRN_ERROR_INPUT, "%s: not a JPEG, PNG or WebP picture (it is empty)",
                         name);
    size_t shown = length < 12 ? length : 12;
    const char *kind = brn__foreign_kind(bytes, length);
    brn__text text = {0};
    for (size_t i = 0; i < shown; i++)
        brn__text_printf(&text, bytes[i] >= 0x20 && bytes[i] < 0x7F ? "%c" : "\\x%02x", bytes[i]);
    brn_status status = brn__text_finish(&text);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_INPUT,
                           "%s: not a JPEG, PNG or WebP picture%s%s (it begins with \"%s\")", name,
                           kind ? " but " : "", kind ? kind : "", text.bytes);
    brn__text_free(&text);
    return status;
}

static brn_status find_format(const uint8_t *bytes, size_t length, const char *name,
                              const brn__picture_format **out)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const brn__picture_format *format = formats[i];
        if (!brn__signature_matches(format->signature, format->signature_bytes, bytes, length))
            continue;
        *out = format;
        return BRN_OK;
    }
    return not_a_picture(bytes, length, name);
}

brn_status brn__picture_decode(const void *bytes, size_t length, const char *name, int cover,
                               brn__picture *out)
{
    *out = (brn__picture){0};
    const brn__picture_format *format;
    BRN__TRY(find_format(bytes, length, name, &format));
    return format->decode(bytes, length, name, cover, out);
}

brn_status brn__picture_size(const void *bytes, size_t length, const char *name, int *width,
                             int *height)
{
    const brn__picture_format *format;
    BRN__TRY(find_format(bytes, length, name, &format));
    return format->size(bytes, length, name, width, height);
}

brn_status brn__picture_read(const char *path, int cover, brn__picture *out)
{
    *out = (brn__picture){0};
    char *bytes;
    size_t length;
    BRN__TRY(brn__read_file(path, BRN__PICTURE_FILE_MAX, &bytes, &length));
    brn_status status = brn__picture_decode(bytes, length, path, cover, out);
    brn__free(bytes);
    return status;
}
