/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/fingerprint.h"
#include "base/sha256.h"
#include "data/image/resize.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int grey(const uint8_t *pixel)
{
    return 299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2];
}

static uint64_t difference_hash(const brn__picture *small)
{
    uint64_t hash = 0;
    for (int row = 0; row < 8; row++)
        for (int column = 0; column < 8; column++) {
            const uint8_t *pixel = small->pixels + (row * 9 + column) * 3;
            hash |= (uint64_t)(grey(pixel) < grey(pixel + 3)) << (8 * row + column);
        }
    return hash;
}

static brn_status shrink(const brn__picture *picture, int width, int height, brn__picture *out)
{
    const brn__rectangle all = {.width = width, .height = height};
    return brn__picture_resize(picture, width, height, all, BRN__INTERPOLATION_BOX, out);
}

brn_status brn__fingerprint_make(const void *bytes, size_t length, const brn__picture *picture,
                                 brn__fingerprint *out)
{
    brn__picture small;
    BRN__TRY(brn__sha256_of(bytes, length, out->sha256));
    BRN__TRY(shrink(picture, 9, 8, &small));
    out->hash = difference_hash(&small);
    brn__picture_free(&small);
    BRN__TRY(shrink(picture, BRN__FINGERPRINT_SIDE, BRN__FINGERPRINT_SIDE, &small));
    memcpy(out->small, small.pixels, sizeof out->small);
    brn__picture_free(&small);
    return BRN_OK;
}

/* Whether the small copies differ little, once their mean colours, which may differ more (another
 * exposure), are made one. */
static bool is_alike(const brn__fingerprint *a, const brn__fingerprint *b)
{
    const int pixels = BRN__FINGERPRINT_SIDE * BRN__FINGERPRINT_SIDE;
    int shift[3], sum = 0;
    for (int channel = 0; channel < 3; channel++) {
        int difference = 0;
        for (int i = 0; i < pixels; i++)
            difference += a->small[3 * i + channel] - b->small[3 * i + channel];
        shift[channel] = difference / pixels;
        if (abs(shift[channel]) > BRN__FINGERPRINT_SHIFT) return false;
    }
    for (int i = 0; i < 3 * pixels; i++) sum += abs(a->small[i] - b->small[i] - shift[i % 3]);
    return sum <= BRN__FINGERPRINT_LEVELS * 3 * pixels;
}

int brn__fingerprint_distance(const brn__fingerprint *a, const brn__fingerprint *b, int near_bits)
{
    const int bits = __builtin_popcountll(a->hash ^ b->hash);
    if (bits == 0 && memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0) return -1;
    return bits <= near_bits && is_alike(a, b) ? bits : INT_MAX;
}
