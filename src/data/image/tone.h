/* SPDX-License-Identifier: Apache-2.0
 * What happens to a sample on its way into the result: lighting, then normalisation. */
#ifndef BRN__DATA_IMAGE_TONE_H
#define BRN__DATA_IMAGE_TONE_H

#include "data/image/augment.h"

/* A function on [0, 1], linear between whole 1020ths: quarters of a grey level. */
enum { BRN__CURVE_STEPS = 1020 };
typedef struct brn__curve {
    float at[BRN__CURVE_STEPS + 2]; /* the last again, so that 1 has a neighbour */
} brn__curve;

/* fast.ai 2's lighting: sigmoid(exp(log_contrast) (logit(x) + brightness)), logits of 1e-7 .. 1 - 1e-7. */
void brn__curve_fill(const brn__augment *drawn, brn__curve *out);

/* A sample v of channel c becomes curve(clip(gain * v + bias, 0, 1)) * scale[c] + offset[c]. */
typedef struct brn__tone {
    float gain, bias;
    float scale[3], offset[3];
    const brn__curve *curve; /* borrowed; NULL: none */
} brn__tone;

/* For samples as brn__gather makes them (64ths of a grey level). */
brn__tone brn__tone_new(brn__lighting lighting, const float mean[3], const float deviation[3]);

#endif
