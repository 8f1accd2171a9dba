/* SPDX-License-Identifier: Apache-2.0
 * From a picture to a network's input in one pass: affine sampling, lighting, normalisation,
 * layout. */
#ifndef BRN__DATA_IMAGE_GATHER_H
#define BRN__DATA_IMAGE_GATHER_H

#include "data/image/augment.h"
#include "data/image/picture.h"

/* What happens to a sample v of channel c: clip(gain * v + bias, 0, 1) * scale[c] + offset[c]. */
typedef struct brn__tone {
    float gain, bias;
    float scale[3], offset[3];
} brn__tone;

brn__tone brn__tone_new(brn__lighting lighting, const float mean[3], const float deviation[3]);

/* Mean of all samples, 0 to 255. */
double brn__picture_mean(const brn__picture *picture);

/* Makes the picture fit for sampling by the matrix without aliasing, in place: halves it while the
 * matrix shrinks an axis by 2 or more (and adapts the matrix), then blurs what shrinks by a factor
 * in between. */
brn_status brn__picture_prefilter(brn__picture *picture, brn__affine *matrix, int size);

/* out: (3, S, S). Bilinear; outside the picture its mirror image (edge pixel repeated) is seen. */
void brn__gather(const brn__picture *picture, const brn__affine *matrix, int size,
                 const brn__tone *tone, float *out);

/* out: (3, S, S) from a picture of S x S pixels, as it is. */
void brn__tone_apply(const brn__picture *picture, const brn__tone *tone, float *out);

#endif
