/* SPDX-License-Identifier: Apache-2.0
 * Pictures in memory, and the decoders behind them: JPEG, PNG, WebP. What a file is is told by its first bytes,
 * never by its name. Whatever the file holds (grey, palette, alpha, 16 bits, CMYK), the result is
 * 8-bit RGB, upright (EXIF orientation applied); transparency is dropped, as Pillow's
 * convert("RGB") does.
 *
 * Files are not trusted: sides, pixels, scans and memory are limited before any is spent. A
 * picture that ends early is an error, because training on half-grey pictures helps no one; other
 * blemishes that the decoders only warn of are tolerated. */
#ifndef BRN__DATA_IMAGE_PICTURE_H
#define BRN__DATA_IMAGE_PICTURE_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BRN__PICTURE_SIDE_MAX = 16384,
    BRN__PICTURE_PIXELS_MAX = 89478485, /* Pillow's limit */
    BRN__PICTURE_SCANS_MAX = 500,       /* of a progressive JPEG */
    BRN__PICTURE_FILE_MAX = 512 << 20,  /* bytes */
    BRN__PICTURE_MEMORY_MAX = 512 << 20, /* bytes while decoding: pixels and what decoders keep */
    BRN__PICTURE_SLACK = 16,            /* readable bytes after the last pixel, for wide loads */
};

typedef struct brn__picture {
    int width, height;
    uint8_t *pixels; /* (H, W, 3), RGB; owned, with BRN__PICTURE_SLACK bytes after the end */
} brn__picture;

/* Undefined pixels. Fails when a side or the number of pixels is over the limits. `name` is what
 * messages call the picture. */
brn_status brn__picture_new(int width, int height, const char *name, brn__picture *out);
void brn__picture_free(brn__picture *picture); /* a zeroed picture is fine */

/* `cover` = 0 decodes at full size. Otherwise a JPEG is decoded at the smallest of 1, 1/2, 1/4 and
 * 1/8 whose shorter side is still at least `cover` (full size when none is). */
brn_status brn__picture_decode(const void *bytes, size_t length, const char *name, int cover,
                               brn__picture *out);
brn_status brn__picture_read(const char *path, int cover, brn__picture *out);

/* Width and height as brn__picture_decode would give them at full size; reads the header only. */
brn_status brn__picture_size(const void *bytes, size_t length, const char *name, int *width,
                             int *height);

/* One file format. Adding a format is a file with these three and a line in picture.c. */
typedef struct brn__picture_format {
    const char *signature; /* the bytes such a file begins with; '?' stands for any */
    size_t signature_bytes;
    brn_status (*size)(const uint8_t *bytes, size_t length, const char *name, int *width,
                       int *height);
    brn_status (*decode)(const uint8_t *bytes, size_t length, const char *name, int cover,
                         brn__picture *out);
} brn__picture_format;

extern const brn__picture_format brn__picture_jpeg, brn__picture_png, brn__picture_webp;

/* Whether the bytes begin with a signature in which '?' stands for any byte. */
bool brn__signature_matches(const char *signature, size_t signature_bytes, const uint8_t *bytes,
                            size_t length);
/* What a file that is no picture of ours seems to be, "a GIF picture" or "an HTML page"; NULL when
 * it can't be told. */
const char *brn__foreign_kind(const uint8_t *bytes, size_t length);

/* Fails with a sentence when the header's width and height are over the limits. */
brn_status brn__picture_check_size(int64_t width, int64_t height, const char *name);
/* Fails with a sentence when decoding would take too much memory: the pixels of width x height
 * (twice where the orientation has them turned) and `working` bytes of the decoder. */
brn_status brn__picture_check_memory(int64_t width, int64_t height, int orientation,
                                     int64_t working, const char *name);

/* EXIF orientation (1 to 8) in the payload of a JPEG's APP1, a PNG's eXIf or a WebP's EXIF chunk:
 * a TIFF directory with "Exif\0\0" before it or not. 1 when there is none or it makes no sense. */
int brn__exif_orientation(const uint8_t *bytes, size_t length);
/* Turns and mirrors the picture so that the given EXIF orientation becomes 1. */
brn_status brn__picture_make_upright(brn__picture *picture, int orientation, const char *name);

#endif
