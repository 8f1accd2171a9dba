/* SPDX-License-Identifier: Apache-2.0
 *
 * Dense 3x3 convolution in stride 1 by the minimal filtering of Winograd, F(4x4, 3x3), on channel blocks
 * (nChw16c, nChw8c): Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015). A tile of
 * 4x4 pixels of y takes 36 products a pair of channels instead of 144.
 *
 *   y  = A^T [(G w G^T) * (B^T x B)] A     of 6x6 pixels of x, summed over the channels of x
 *   dw = G^T [(A dy A^T) * (B^T x B)] G    summed over tiles
 *
 * where * multiplies point by point, so that the sums are 36 matrix products. Cutting the polynomials at the
 * points 0, +-a, +-b and infinity gives
 *
 *   A^T = 1  1   1   1   1  0        G = rows (1, p, p^2) / (product of p - q over the other finite points q),
 *         0  a  -a   b  -b  0            the last (0, 0, 1)
 *         0 a^2 a^2 b^2 b^2 0        B^T = rows: coefficients of the product of x - q over the other
 *         0 a^3-a^3 b^3-b^3 1              finite points q; the last over all five
 *
 * The usual a = 1, b = 2 lose two bits more than need be: with a = 11/16 and b = 3/2, whose squares and their
 * product are exact too, the error is less than half as large, of its largest values a fifth.
 *
 * One point's values of a group of tiles lie as [channel block][tile][lane]; weights of one point as panels of
 * `columns` of y's channels, [panel][channel of x][column], the last panel as wide as is left.
 */
#ifndef BRN__BACKENDS_CPU_SIMD_WINOGRAD_H
#define BRN__BACKENDS_CPU_SIMD_WINOGRAD_H

#include "base/isa.h"
#include "burnish/ops.h"

enum { BRN__WINOGRAD_POINTS = 36, BRN__WINOGRAD_TILE = 4 };

/* One channel block of all pictures, cut into tiles, which are numbered by picture, row and column. */
typedef struct brn__winograd_plane {
    int64_t h, w, picture; /* pixels of a picture; floats from one picture to the next */
    int64_t top, left;     /* tile 0 begins at pixel (-top, -left): what lies outside is zero */
    int64_t high, wide;    /* tiles of a picture */
} brn__winograd_plane;

/* One point and one panel. */
typedef struct brn__winograd_product {
    int64_t blocks, tiles; /* of x */
    int columns;           /* of y: at most those of a panel */
    const float *v;        /* B^T x B: (blocks, tiles, block) */
    const float *u;        /* `multiply`: weights (blocks x block, columns); `correlate`: A dy A^T like `out` of the other */
    float *out;            /* `multiply`: (columns / block, tiles, block); `correlate`: (blocks x block, columns) */
    bool adds;             /* to what `out` holds: `correlate` alone */
} brn__winograd_product;

typedef struct brn__winograd {
    const char *name;
    int block;   /* channels of a block: 16 or 8 */
    int columns; /* of a panel: a block or two */
    /* Tiles first .. first + count - 1 to `points`: tile t (counted from `first`) at points + t block, its points
     * `step` floats apart. B^T x B of 6x6 pixels every 4, and A dy A^T of 4x4. */
    void (*read_input)(const brn__winograd_plane *p, const float *x, int64_t first, int64_t count, float *points,
                       int64_t step);
    void (*read_gradient)(const brn__winograd_plane *p, const float *dy, int64_t first, int64_t count, float *points,
                          int64_t step);
    /* y = activation(A^T points A + bias + residual); bias (block) and residual may be NULL. y may be the residual's
     * memory. Pixels outside of the picture are left out. */
    void (*write)(const brn__winograd_plane *p, const float *points, int64_t step, int64_t first, int64_t count,
                  const float *bias, const float *residual, brn_activation activation, float *y);
    /* Sums over x's channels, and over tiles: in order, whatever the number of tiles. */
    void (*multiply)(const brn__winograd_product *product);
    void (*correlate)(const brn__winograd_product *product);
    /* G w G^T of w (rows, 9, block), to 36 points, `step` floats apart, of `block` floats of each row, `row` apart: around
     * the caches where `points` is aligned, so that each thread says when it has done its last. */
    void (*spread_weights)(int64_t rows, const float *w, float *points, int64_t row, int64_t step);
    void (*spread_end)(void);
    /* dw (9, block) = G^T points G. */
    void (*gather_weight)(const float *points, int64_t step, float *dw);
} brn__winograd;

/* The loops of an instruction set, or NULL when the processor lacks it. */
const brn__winograd *brn__winograd_of(brn__isa isa);

#endif
