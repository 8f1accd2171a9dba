/* SPDX-License-Identifier: Apache-2.0
 * Antialiased resizing that gives Pillow's numbers: a separable filter, widened by the factor of
 * reduction, in two passes of 8-bit results with 22-bit fixed-point coefficients. */
#ifndef BRN__DATA_IMAGE_RESIZE_H
#define BRN__DATA_IMAGE_RESIZE_H

#include "data/image/picture.h"

typedef enum brn__interpolation {
    BRN__INTERPOLATION_BILINEAR, /* triangle, support 1 */
    BRN__INTERPOLATION_BICUBIC,  /* Keys' cubic with a = -0.5, support 2 */
    BRN__INTERPOLATION_BOX,      /* support 0.5 */
} brn__interpolation;

/* A rectangle of pixels. */
typedef struct brn__rectangle {
    int left, top, width, height;
} brn__rectangle;

/* Resizes the whole picture to width x height and keeps only the rectangle `part` of the result:
 * only what the part needs is computed. `out` is new; its size is the part's. */
brn_status brn__picture_resize(const brn__picture *picture, int width, int height,
                               brn__rectangle part, brn__interpolation interpolation,
                               brn__picture *out);

#endif
