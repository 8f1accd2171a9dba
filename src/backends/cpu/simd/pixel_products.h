/* SPDX-License-Identifier: Apache-2.0
 * Sums over pixels of products of two channels in bfloat16: the weight gradient of a 1x1 convolution,
 * dw[o][c] = sum of dy[o][pixel] x[c][pixel]. The processor's product of bfloat16 adds two neighbours at once, so
 * pixels are first packed in pairs, [pair][channel of 16][2]. */
#ifndef BRN__BACKENDS_CPU_SIMD_PIXEL_PRODUCTS_H
#define BRN__BACKENDS_CPU_SIMD_PIXEL_PRODUCTS_H

#include "base/isa.h"

#include <stdint.h>

enum {
    BRN__PIXEL_ROWS = 16,    /* of dw in one call, at most */
    BRN__PIXEL_COLUMNS = 64, /* and columns */
};

typedef struct brn__pixel_product {
    int64_t pairs;
    const uint16_t *dy;    /* packed: one block of channels */
    const uint16_t *x;     /* packed: blocks of channels, one after the other */
    int64_t rows, columns; /* channels of dy, of x; those past them are not written */
    float *dw;             /* (rows, columns) */
    int64_t row;           /* floats from one row of dw to the next */
    bool add;              /* to what dw holds; else that is not read */
    const uint16_t *ahead[2]; /* NULL, or where `pairs` lines of 64 bytes may be fetched meanwhile, whatever lies there */
} brn__pixel_product;

typedef struct brn__pixel_products {
    const char *name;
    /* `places` says where in `block` (channel blocks of 16 at each place) each pixel lies; the second of a last pair of
     * which there is one is zero. packed (pixels / 2 rounded up, 16, 2). */
    void (*pack)(int64_t pixels, const int32_t *places, const uint16_t *block, uint16_t *packed);
    void (*multiply)(const brn__pixel_product *p);
} brn__pixel_products;

/* The loops of an instruction set, or NULL when the processor lacks it; AVX512 means AVX-512 BF16 here. */
const brn__pixel_products *brn__pixel_products_of(brn__isa isa);

#endif
