/* SPDX-License-Identifier: Apache-2.0
 * Coordinates run in 32.32 fixed point along a row: exact adds, whatever the processor. Where all four
 * neighbours lie inside the picture (nearly everywhere) nothing is checked; the rest of the row takes
 * the slow way with mirrored indices. Samples go through a chunk that stays in the first-level cache and
 * leave it as three planes. */
#include "data/image/gather.h"
#include "data/image/lanes.h"

#include <math.h>

enum { CHUNK = 64 };

brn__tone brn__tone_new(brn__lighting lighting, const float mean[3], const float deviation[3])
{
    brn__tone tone = {.gain = (float)(lighting.gain / 255), .bias = (float)lighting.bias};
    for (int channel = 0; channel < 3; channel++) {
        tone.scale[channel] = 1 / deviation[channel];
        tone.offset[channel] = -mean[channel] / deviation[channel];
    }
    return tone;
}

/* Eight bytes at once: even and odd bytes are summed in 16-bit fields, which hold 128 rounds. */
double brn__picture_mean(const brn__picture *picture)
{
    const uint64_t mask = 0x00FF00FF00FF00FF;
    size_t bytes = (size_t)picture->width * (size_t)picture->height * 3, i = 0;
    uint64_t total = 0;
    while (i + 8 <= bytes) {
        uint64_t even = 0, odd = 0;
        size_t words = (bytes - i) / 8 < 128 ? (bytes - i) / 8 : 128;
        for (size_t k = 0; k < words; k++, i += 8) {
            uint64_t word;
            memcpy(&word, picture->pixels + i, 8);
            even += word & mask;
            odd += word >> 8 & mask;
        }
        for (int field = 0; field < 64; field += 16)
            total += (even >> field & 0xFFFF) + (odd >> field & 0xFFFF);
    }
    for (; i < bytes; i++) total += picture->pixels[i];
    return (double)total / (double)bytes;
}

static int mirror(int64_t index, int size)
{
    int64_t period = 2 * (int64_t)size;
    index %= period;
    if (index < 0) index += period;
    return (int)(index < size ? index : period - 1 - index);
}

static inline float fraction(int64_t fixed)
{
    return (float)(int32_t)((uint32_t)fixed >> 8) * 0x1p-24f;
}

__attribute__((always_inline)) static inline brn__floats4
blend(const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d, float x, float y)
{
    brn__floats4 top = __builtin_convertvector(brn__load_pixel(a), brn__floats4);
    brn__floats4 right = __builtin_convertvector(brn__load_pixel(b), brn__floats4);
    brn__floats4 bottom = __builtin_convertvector(brn__load_pixel(c), brn__floats4);
    brn__floats4 far = __builtin_convertvector(brn__load_pixel(d), brn__floats4);
    top += (right - top) * x;
    bottom += (far - bottom) * x;
    return top + (bottom - top) * y;
}

/* The samples of one row of the result: place (x, y) of the first, and the step to the next. */
typedef struct row_walk {
    int64_t x, y, step_x, step_y;
} row_walk;

/* All four neighbours are inside. */
BRN__CLONES
static void gather_inside(const uint8_t *pixels, size_t stride, row_walk walk, int count,
                          brn__floats4 *out)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *at = pixels + (walk.y >> 32) * (int64_t)stride + (walk.x >> 32) * 3;
        out[i] = blend(at, at + 3, at + stride, at + stride + 3, fraction(walk.x), fraction(walk.y));
        walk.x += walk.step_x;
        walk.y += walk.step_y;
    }
}

static void gather_mirrored(const brn__picture *picture, row_walk walk, int count, brn__floats4 *out)
{
    size_t stride = (size_t)picture->width * 3;
    for (int i = 0; i < count; i++) {
        int64_t x = walk.x >> 32, y = walk.y >> 32;
        size_t left = (size_t)mirror(x, picture->width) * 3;
        size_t right = (size_t)mirror(x + 1, picture->width) * 3;
        const uint8_t *upper = picture->pixels + (size_t)mirror(y, picture->height) * stride;
        const uint8_t *lower = picture->pixels + (size_t)mirror(y + 1, picture->height) * stride;
        out[i] = blend(upper + left, upper + right, lower + left, lower + right, fraction(walk.x),
                       fraction(walk.y));
        walk.x += walk.step_x;
        walk.y += walk.step_y;
    }
}

/* samples: (count, 4) -> three planes, `plane` floats apart. `samples` has room for whole groups of four. */
BRN__CLONES
static void finish(const brn__floats4 *samples, int count, const brn__tone *tone, float *out,
                   size_t plane)
{
    const brn__floats4 zero = {0, 0, 0, 0}, one = {1, 1, 1, 1};
    const brn__floats4 scale = {tone->scale[0], tone->scale[1], tone->scale[2], 0};
    const brn__floats4 offset = {tone->offset[0], tone->offset[1], tone->offset[2], 0};
    for (int i = 0; i < count; i += 4) {
        brn__floats4 v[4];
        for (int k = 0; k < 4; k++) {
            v[k] = samples[i + k] * tone->gain + tone->bias;
            v[k] = brn__select(v[k] > zero, v[k], zero);
            v[k] = brn__select(v[k] < one, v[k], one) * scale + offset;
        }
        brn__floats4 rg_low = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5);
        brn__floats4 rg_high = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
        brn__floats4 b_low = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7);
        brn__floats4 b_high = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
        const brn__floats4 planes[3] = {
            __builtin_shufflevector(rg_low, rg_high, 0, 1, 4, 5),
            __builtin_shufflevector(rg_low, rg_high, 2, 3, 6, 7),
            __builtin_shufflevector(b_low, b_high, 0, 1, 4, 5),
        };
        size_t bytes = (size_t)(count - i < 4 ? count - i : 4) * sizeof(float);
        for (int channel = 0; channel < 3; channel++) {
            float *to = out + (size_t)channel * plane + i;
            if (bytes == sizeof *planes) memcpy(to, &planes[channel], sizeof *planes);
            else memcpy(to, &planes[channel], bytes);
        }
    }
}

static int64_t divide_down(int64_t a, int64_t b) /* floor(a / b), b > 0 */
{
    return a / b - (a % b < 0);
}

/* Narrows [*begin, *end) to the steps i for which 0 <= start + i * step < limit. */
static void narrow(int64_t start, int64_t step, int64_t limit, int *begin, int *end)
{
    int64_t first = 0, last = *end - 1; /* inclusive */
    if (step == 0) {
        if (start < 0 || start >= limit) last = -1;
    } else if (step > 0) {
        first = -divide_down(start, step); /* ceil(-start / step) */
        last = divide_down(limit - 1 - start, step);
    } else {
        first = -divide_down(limit - 1 - start, -step);
        last = divide_down(start, -step);
    }
    if (first > *begin) *begin = (int)(first < *end ? first : *end);
    if (last + 1 < *end) *end = (int)(last + 1 > *begin ? last + 1 : *begin);
}

void brn__gather(const brn__picture *picture, const brn__affine *matrix, int size,
                 const brn__tone *tone, float *out)
{
    const double one = 4294967296.0;
    size_t plane = (size_t)size * (size_t)size, stride = (size_t)picture->width * 3;
    brn__floats4 samples[CHUNK] = {0};
    for (int y = 0; y < size; y++) {
        row_walk row = {
            .x = llround((matrix->m[0][1] * y + matrix->m[0][2]) * one),
            .y = llround((matrix->m[1][1] * y + matrix->m[1][2]) * one),
            .step_x = llround(matrix->m[0][0] * one),
            .step_y = llround(matrix->m[1][0] * one),
        };
        int begin = 0, end = size;
        narrow(row.x, row.step_x, (int64_t)(picture->width - 1) << 32, &begin, &end);
        narrow(row.y, row.step_y, (int64_t)(picture->height - 1) << 32, &begin, &end);
        for (int x = 0; x < size;) {
            int stop = x < begin ? begin : x < end ? end : size;
            int count = stop - x < CHUNK ? stop - x : CHUNK;
            row_walk walk = row;
            walk.x += x * row.step_x;
            walk.y += x * row.step_y;
            if (x >= begin && x < end)
                gather_inside(picture->pixels, stride, walk, count, samples);
            else gather_mirrored(picture, walk, count, samples);
            finish(samples, count, tone, out + (size_t)y * (size_t)size + (size_t)x, plane);
            x += count;
        }
    }
}

void brn__tone_apply(const brn__picture *picture, const brn__tone *tone, float *out)
{
    size_t plane = (size_t)picture->width * (size_t)picture->height;
    brn__floats4 samples[CHUNK] = {0};
    for (size_t i = 0; i < plane; i += CHUNK) {
        int count = plane - i < CHUNK ? (int)(plane - i) : CHUNK;
        for (int k = 0; k < count; k++)
            samples[k] = __builtin_convertvector(
                brn__load_pixel(picture->pixels + 3 * (i + (size_t)k)), brn__floats4);
        finish(samples, count, tone, out + i, plane);
    }
}
