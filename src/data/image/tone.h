/* SPDX-License-Identifier: Apache-2.0
 * What happens to a sample on its way into the result: lighting, then normalisation. */
#ifndef BRN__DATA_IMAGE_TONE_H
#define BRN__DATA_IMAGE_TONE_H

#include "data/image/augment.h"
#include <stddef.h>

enum { BRN__TONE_CHUNK = 64 }; /* samples that are put at a time */

/* A sample v of channel c becomes u(clip(gain * v + bias, 0, 1)) * scale[c] + offset[c].
 *
 * u(x) = x, or with `logits` fastai 2's lighting,
 *     sigmoid(contrast * (logit(x) + brightness)), x from 1e-7 to 1 - 1e-7,
 * computed as 1 / (1 + 2^(slope * log2((1 - x) / x) + shift)) with errors below 2e-6. */
typedef struct brn__tone {
    float gain, bias;
    float scale[3], offset[3];
    bool logits;
    float slope, shift;
} brn__tone;

/* For samples as brn__gather makes them (64ths of a grey level). */
brn__tone brn__tone_new(brn__lighting lighting, const float mean[3], const float deviation[3]);
/* Adds what was drawn for logits. */
void brn__tone_light(brn__tone *tone, const brn__augment *drawn);

/* samples: (count, 4), the fourth undefined, with room for BRN__TONE_CHUNK -> three planes of `out`,
 * `plane` floats apart. */
void brn__tone_put(const int16_t *samples, int count, const brn__tone *tone, float *out,
                   size_t plane);

#endif
