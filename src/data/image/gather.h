/* SPDX-License-Identifier: Apache-2.0
 * From a picture to a network's input in one pass: sampling through a mapping, lighting, normalisation,
 * layout. */
#ifndef BRN__DATA_IMAGE_GATHER_H
#define BRN__DATA_IMAGE_GATHER_H

#include "data/image/augment.h"
#include "data/image/picture.h"
#include "data/image/tone.h"

enum { BRN__SAMPLE_BITS = 6 }; /* a sample is a grey level times 2^6 */

/* Mean of all samples, 0 to 255. */
double brn__picture_mean(const brn__picture *picture);

/* Makes the picture fit for sampling by the projection without aliasing, in place: halves it while the
 * projection shrinks an axis by 2 or more (and adapts the projection), then blurs what shrinks by a factor
 * in between. A perspective is judged by what it does in its middle. */
brn_status brn__picture_prefilter(brn__picture *picture, brn__projection *projection, int size);

/* How places between pixels and beyond the edge are sampled; zeroed: bilinear, reflecting. */
typedef struct brn__sampling {
    brn__pad_mode pad_mode;
    brn__sample_mode mode;
} brn__sampling;

/* out: (3, S, S). */
void brn__gather(const brn__picture *picture, const brn__projection *projection, brn__sampling sampling,
                 int size, const brn__tone *tone, float *out);

/* out: (3, S, S) from a picture of S x S pixels, as it is. */
void brn__tone_apply(const brn__picture *picture, const brn__tone *tone, float *out);

#endif
