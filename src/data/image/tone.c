/* SPDX-License-Identifier: Apache-2.0
 * Loops over a chunk of samples that lies in the first-level cache; written so that they become vector
 * instructions. */
#include "data/image/tone.h"
#include "data/image/gather.h"
#include "data/image/lanes.h"

#include <math.h>

enum { CHUNK = BRN__TONE_CHUNK, SAMPLE_BITS = BRN__SAMPLE_BITS };

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

/* samples: (count, 4) -> planes: (3, CHUNK), by interleavings, eight samples at a time. */
static inline void separate(const int16_t *samples, int count, int16_t planes[3][CHUNK])
{
    typedef int16_t shorts8 __attribute__((vector_size(16)));
    for (int i = 0; i < count; i += 8) {
        shorts8 s[4], pairs[4], quads[4];
        memcpy(s, samples + 4 * i, sizeof s); /* s[k]: r g b - r g b - of samples 2k and 2k + 1 */
        for (int k = 0; k < 4; k += 2) {
            pairs[k] = __builtin_shufflevector(s[k], s[k + 1], 0, 8, 1, 9, 2, 10, 3, 11);
            pairs[k + 1] = __builtin_shufflevector(s[k], s[k + 1], 4, 12, 5, 13, 6, 14, 7, 15);
            quads[k] = __builtin_shufflevector(pairs[k], pairs[k + 1], 0, 8, 1, 9, 2, 10, 3, 11);
            quads[k + 1] =
                __builtin_shufflevector(pairs[k], pairs[k + 1], 4, 12, 5, 13, 6, 14, 7, 15);
        }
        const shorts8 channels[3] = {
            __builtin_shufflevector(quads[0], quads[2], 0, 1, 2, 3, 8, 9, 10, 11),
            __builtin_shufflevector(quads[0], quads[2], 4, 5, 6, 7, 12, 13, 14, 15),
            __builtin_shufflevector(quads[1], quads[3], 0, 1, 2, 3, 8, 9, 10, 11),
        };
        for (int channel = 0; channel < 3; channel++)
            memcpy(planes[channel] + i, &channels[channel], sizeof channels[channel]);
    }
}

/* To 0 .. 1. The bits of floats that are not negative are ordered as integers, and those of
 * negative ones are negative: so this becomes two integer instructions, where comparing floats
 * would branch. */
static inline float clip_to_one(float v)
{
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits = bits > 0 ? bits : 0;
    bits = bits < 0x3F800000 ? bits : 0x3F800000; /* 1.0f */
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* samples: (count, 4), room for CHUNK -> three planes, `plane` floats apart. */
BRN__CLONES
static void finish(const int16_t *samples, int count, const brn__tone *tone, float *out,
                   size_t plane)
{
    int16_t planes[3][CHUNK];
    separate(samples, count, planes);
    for (int channel = 0; channel < 3; channel++) {
        const float gain = tone->gain, bias = tone->bias;
        const float scale = tone->scale[channel], offset = tone->offset[channel];
        const int16_t *from = planes[channel];
        float *to = out + (size_t)channel * plane;
        for (int i = 0; i < count; i++) {
            float v = from[i] * gain + bias;
            to[i] = clip_to_one(v) * scale + offset;
        }
    }
}

/* log2(v), v > 0, within 4e-7: the exponent, and a polynomial for sqrt(1/2) .. sqrt(2). (Here and below:
 * least largest error, found by reweighted least squares.) */
static inline float log_two(float v)
{
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    int32_t exponent = (bits - 0x3F3504F3) >> 23; /* of sqrt(1/2) */
    bits -= exponent * (1 << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    float t = m - 1, p = 0.170634344f;
    p = p * t - 0.272697896f;
    p = p * t + 0.297262609f;
    p = p * t - 0.358961850f;
    p = p * t + 0.480465025f;
    p = p * t - 0.721375883f;
    p = p * t + 1.442699671f;
    return (float)exponent + p * t;
}

/* 2^x, x in -126 .. 126, within 2e-7 of itself. */
static inline float exp_two(float x)
{
    const float shift = 12582912; /* 1.5 * 2^23: what is added to it is rounded to a whole number */
    float sum = x + shift, f = x - (sum - shift), p = 0.001341000f;
    int32_t bits, base;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&base, &shift, sizeof base);
    p = p * f + 0.009676036f;
    p = p * f + 0.055502973f;
    p = p * f + 0.240221068f;
    p = p * f + 0.693147242f;
    p = p * f + 1.000000119f;
    int32_t scaled;
    memcpy(&scaled, &p, sizeof scaled);
    scaled += (bits - base) * (1 << 23);
    memcpy(&p, &scaled, sizeof p);
    return p;
}

/* To 1e-7 .. 1 - 1e-7, as clip_to_one does. */
static inline float clip_to_inside(float v)
{
    int32_t bits;
    memcpy(&bits, &v, sizeof bits);
    bits = bits > 0x33D6BF95 ? bits : 0x33D6BF95; /* 1e-7f */
    bits = bits < 0x3F7FFFFE ? bits : 0x3F7FFFFE; /* 1 - 1e-7f */
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* To -126 .. 126: the bits without the sign are ordered as integers. */
static inline float clip_power(float v)
{
    int32_t bits, sign;
    memcpy(&bits, &v, sizeof bits);
    sign = bits & INT32_MIN;
    bits &= INT32_MAX;
    bits = bits < 0x42FC0000 ? bits : 0x42FC0000; /* 126.0f */
    bits |= sign;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* finish() with lighting of logits. */
BRN__CLONES
static void finish_logits(const int16_t *samples, int count, const brn__tone *tone, float *out,
                          size_t plane)
{
    int16_t planes[3][CHUNK];
    separate(samples, count, planes);
    for (int channel = 0; channel < 3; channel++) {
        const float gain = tone->gain, bias = tone->bias, slope = tone->slope, shift = tone->shift;
        const float scale = tone->scale[channel], offset = tone->offset[channel];
        const int16_t *from = planes[channel];
        float *to = out + (size_t)channel * plane;
        for (int i = 0; i < count; i++) {
            float v = clip_to_inside(from[i] * gain + bias);
            float power = clip_power(slope * log_two((1 - v) / v) + shift);
            to[i] = 1 / (1 + exp_two(power)) * scale + offset;
        }
    }
}

void brn__tone_put(const int16_t *samples, int count, const brn__tone *tone, float *out,
                   size_t plane)
{
    if (tone->logits)
        finish_logits(samples, count, tone, out, plane);
    else
        finish(samples, count, tone, out, plane);
}

void brn__tone_apply(const brn__picture *picture, const brn__tone *tone, float *out)
{
    size_t plane = (size_t)picture->width * (size_t)picture->height;
    int16_t samples[4 * CHUNK] = {0};
    for (size_t i = 0; i < plane; i += CHUNK) {
        int count = plane - i < CHUNK ? (int)(plane - i) : CHUNK;
        const uint8_t *from = picture->pixels + 3 * i;
        for (int k = 0; k < count; k++)
            for (int channel = 0; channel < 3; channel++)
                samples[4 * k + channel] = (int16_t)(from[3 * k + channel] << SAMPLE_BITS);
        brn__tone_put(samples, count, tone, out + i, plane);
    }
}
