/* SPDX-License-Identifier: Apache-2.0
 * What makes two pictures the same, or alike. */
#ifndef BRN__DATA_IMAGE_FINGERPRINT_H
#define BRN__DATA_IMAGE_FINGERPRINT_H

#include "data/image/picture.h"
#include <stdbool.h>

enum {
    BRN__FINGERPRINT_SIDE = 16,
    BRN__FINGERPRINT_LEVELS = 12, /* of 255, that small copies may differ on average, */
    BRN__FINGERPRINT_SHIFT = 40,  /* and their mean colours */
    BRN__FINGERPRINT_COVER = 64,  /* pixels that a JPEG is decoded to at least */
    BRN__FINGERPRINT_NEAR = 8,    /* bits that may differ, where nobody says otherwise */
};

typedef struct brn__fingerprint {
    char sha256[65];
    /* The difference hash: the picture as 9 x 8 grey pixels; bit 8 * row + column says that a pixel is
     * darker than its right neighbour. Scaling, recompression and brightness hardly touch it. */
    uint64_t hash;
    /* A copy of 16 x 16 pixels, RGB: pictures of little detail share hashes, but not this. */
    uint8_t small[BRN__FINGERPRINT_SIDE * BRN__FINGERPRINT_SIDE * 3];
} brn__fingerprint;

/* `bytes` are the file's, `picture` what they hold. */
brn_status brn__fingerprint_make(const void *bytes, size_t length, const brn__picture *picture,
                                 brn__fingerprint *out);

/* -1 for equal bytes; the bits that differ, at most `near_bits`, for pictures that look alike; else
 * INT_MAX. near_bits -1: equal bytes only. */
int brn__fingerprint_distance(const brn__fingerprint *a, const brn__fingerprint *b, int near_bits);

#endif
