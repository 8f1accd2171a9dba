/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/tone.h"
#include "data/image/gather.h"

#include <math.h>

brn__tone brn__tone_new(brn__lighting lighting, const float mean[3], const float deviation[3])
{
    brn__tone tone = {.gain = (float)(lighting.gain / (255 << BRN__SAMPLE_BITS)),
                      .bias = (float)lighting.bias};
    for (int channel = 0; channel < 3; channel++) {
        tone.scale[channel] = 1 / deviation[channel];
        tone.offset[channel] = -mean[channel] / deviation[channel];
    }
    return tone;
}

void brn__tone_light(brn__tone *tone, const brn__augment *drawn)
{
    const double to_two = 1.4426950408889634; /* log2(e) */
    double contrast = exp(drawn->log_contrast);
    tone->logits = drawn->log_contrast != 0 || drawn->brightness != 0;
    tone->slope = (float)contrast;
    tone->shift = (float)(-contrast * drawn->brightness * to_two);
}
