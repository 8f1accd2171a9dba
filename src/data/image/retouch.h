/* SPDX-License-Identifier: Apache-2.0
 * What is done to the result after it was sampled: blur, holes, noise. */
#ifndef BRN__DATA_IMAGE_RETOUCH_H
#define BRN__DATA_IMAGE_RETOUCH_H

#include "data/image/augment.h"

/* from: (3, S + 2 R, S + 2 R), out: (3, S, S), row: (S + 2 R) floats for use in between. A Gaussian of
 * 2 R + 1 pixels, with the widths that OpenCV gives to a kernel of that many. */
void brn__blur(float *from, int size, int radius, float *row, float *out);

/* out: (3, S, S). fast.ai 0.7's Cutout: holes are black before normalisation, `black` after it. */
void brn__cut_out(const brn__augment *drawn, const float black[3], int size, float *out);

/* out: (3, S, S). fast.ai 2's RandomErasing: rectangles of normal noise. */
void brn__erase(const brn__augment *drawn, int size, float *out);

#endif
