/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/sniff.h"
#include "base/files.h"

#include <string.h>
#include <strings.h>

static uint32_t big32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Segments are walked to the first scan, as a preview in one of them has an end marker of its own. */
static bool jpeg_ends_early(const uint8_t *bytes, size_t length)
{
    size_t at = 2;
    for (;;) {
        while (at < length && bytes[at] == 0xFF) at++;
        if (at + 3 > length) return true;
        const uint8_t marker = bytes[at];
        const size_t segment = (size_t)bytes[at + 1] << 8 | bytes[at + 2];
        if (segment < 2) return false; /* nonsense, but not short */
        at += 1 + segment;
        if (at > length) return true;
        if (marker == 0xDA) break;
        if (at < length && bytes[at] != 0xFF) return false;
    }
    for (; at + 1 < length; at++)
        if (bytes[at] == 0xFF && bytes[at + 1] == 0xD9) return false;
    return true;
}

static bool png_ends_early(const uint8_t *bytes, size_t length)
{
    for (size_t at = 8;;) {
        if (length - at < 12) return true;
        const size_t data = big32(bytes + at);
        if (memcmp(bytes + at + 4, "IEND", 4) == 0) return false;
        if (data > 0x7FFFFFFF) return false; /* nonsense, but not short */
        if (length - at - 12 < data) return true;
        at += 12 + data;
    }
}

static bool webp_ends_early(const uint8_t *bytes, size_t length)
{
    const size_t told = (size_t)bytes[4] | (size_t)bytes[5] << 8 | (size_t)bytes[6] << 16 |
                        (size_t)bytes[7] << 24;
    return length - 8 < told;
}

static const brn__picture_type types[] = {
    {"JPEG", ".jpg", ".jpg .jpeg .jpe .jfif ", jpeg_ends_early},
    {"PNG", ".png", ".png ", png_ends_early},
    {"WebP", ".webp", ".webp ", webp_ends_early},
};

const brn__picture_type *brn__picture_type_of(const uint8_t *bytes, size_t length)
{
    if (length >= 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0) return &types[0];
    if (length >= 8 && memcmp(bytes, "\x89PNG\r\n\x1A\n", 8) == 0) return &types[1];
    if (length >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0)
        return &types[2];
    return NULL;
}

const char *brn__extension(const char *path)
{
    const char *name = brn__path_name(path), *dot = strrchr(name, '.');
    return dot && dot != name && dot[1] ? dot : "";
}

static bool is_listed(const char *list, const char *extension)
{
    const size_t length = strlen(extension);
    for (; length && *list; list += strcspn(list, " ") + 1)
        if (strcspn(list, " ") == length && strncasecmp(list, extension, length) == 0) return true;
    return false;
}

bool brn__extension_fits(const brn__picture_type *type, const char *extension)
{
    return is_listed(type->extensions, extension);
}

bool brn__extension_is_picture(const char *extension)
{
    static const char foreign[] = ".gif .bmp .tif .tiff .heic .heif .avif .jxl .jp2 .ico .svg .psd ";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_listed(types[i].extensions, extension)) return true;
    return is_listed(foreign, extension);
}
