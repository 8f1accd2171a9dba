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

void brn__curve_fill(const brn__augment *drawn, brn__curve *out)
{
    const double contrast = exp(drawn->log_contrast), brightness = drawn->brightness;
    for (int i = 0; i <= BRN__CURVE_STEPS; i++) {
        double v = fmin(fmax((double)i / BRN__CURVE_STEPS, 1e-7), 1 - 1e-7);
        double logit = contrast * (log(v / (1 - v)) + brightness);
        out->at[i] = (float)(1 / (1 + exp(-logit)));
    }
    out->at[BRN__CURVE_STEPS + 1] = out->at[BRN__CURVE_STEPS];
}
