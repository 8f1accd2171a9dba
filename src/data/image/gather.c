/* SPDX-License-Identifier: Apache-2.0
 * Coordinates are in 32.32 fixed point. Along a row of an affine mapping they are exact adds, whatever
 * the processor; a perspective computes those of a chunk by division. Where all four neighbours lie
 * inside the picture (nearly everywhere) nothing is checked; the rest takes the slow way, which knows
 * what is seen beyond the edge. Samples are 16-bit integers in 64ths of a grey level (the plain and the
 * SSSE3 loop do the same arithmetic); they go through a chunk that stays in the first-level cache and
 * leave it as three planes. */
#include "data/image/gather.h"
#include "data/image/lanes.h"

#include <math.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { CHUNK = BRN__TONE_CHUNK, SAMPLE_BITS = BRN__SAMPLE_BITS };

/* Eight bytes at once: even and odd bytes are summed in 16-bit fields, which hold 128 rounds. */
BRN__CLONES
static uint64_t sum_bytes(const uint8_t *from, size_t bytes)
{
    const uint64_t mask = 0x00FF00FF00FF00FF;
    uint64_t total = 0;
    size_t i = 0;
    while (i + 8 <= bytes) {
        uint64_t even = 0, odd = 0;
        size_t words = (bytes - i) / 8 < 128 ? (bytes - i) / 8 : 128;
        for (size_t k = 0; k < words; k++) {
            uint64_t word;
            memcpy(&word, from + i + 8 * k, 8);
            even += word & mask;
            odd += word >> 8 & mask;
        }
        i += 8 * words;
        for (int field = 0; field < 64; field += 16)
            total += (even >> field & 0xFFFF) + (odd >> field & 0xFFFF);
    }
    for (; i < bytes; i++) total += from[i];
    return total;
}

double brn__picture_mean(const brn__picture *picture)
{
    size_t bytes = (size_t)picture->width * (size_t)picture->height * 3;
    return (double)sum_bytes(picture->pixels, bytes) / (double)bytes;
}

/* index modulo period, never negative. */
static int64_t wrap(int64_t index, int64_t period)
{
    index %= period;
    return index < 0 ? index + period : index;
}

/* The pixel of a row (or column) of `size` that is seen at `index`; -1: black. */
static int place(brn__pad_mode mode, int64_t index, int size)
{
    if (index >= 0 && index < size) return (int)index;
    switch (mode) {
    case BRN__PAD_ZEROS: return -1;
    case BRN__PAD_EDGE: return index < 0 ? 0 : size - 1;
    case BRN__PAD_MIRROR:
        if (size == 1) return 0;
        index = wrap(index, 2 * (int64_t)size - 2);
        return (int)(index < size ? index : 2 * (int64_t)size - 2 - index);
    case BRN__PAD_REFLECT: break;
    }
    index = wrap(index, 2 * (int64_t)size);
    return (int)(index < size ? index : 2 * (int64_t)size - 1 - index);
}

/* The fraction of a coordinate in 15 bits. */
static inline int fraction(int64_t fixed)
{
    return (int)((uint32_t)fixed >> 17);
}

/* a + (b - a) * f / 2^15, rounded: what pmulhrsw and an addition give. */
static inline int between(int a, int b, int f)
{
    return a + (((b - a) * f + 0x4000) >> 15);
}

/* One sample from its four neighbours; first down, then across. */
static inline void blend(const uint8_t *upper_left, const uint8_t *upper_right,
                         const uint8_t *lower_left, const uint8_t *lower_right, int x, int y,
                         int16_t *out)
{
    for (int channel = 0; channel < 3; channel++) {
        int left =
            between(upper_left[channel] << SAMPLE_BITS, lower_left[channel] << SAMPLE_BITS, y);
        int right =
            between(upper_right[channel] << SAMPLE_BITS, lower_right[channel] << SAMPLE_BITS, y);
        out[channel] = (int16_t)between(left, right, x);
    }
}

/* The samples of one row of the result: place (x, y) of the first, and the step to the next. */
typedef struct row_walk {
    int64_t x, y, step_x, step_y;
} row_walk;

static inline const uint8_t *walk_at(const uint8_t *pixels, size_t stride, const row_walk *walk)
{
    return pixels + (walk->y >> 32) * (int64_t)stride + (walk->x >> 32) * 3;
}

/* All four neighbours are inside. out: (count, 4), the fourth lane undefined. */
static void gather_inside_plain(const uint8_t *pixels, size_t stride, row_walk walk, int count,
                                int16_t *out)
{
    for (int i = 0; i < count; i++, walk.x += walk.step_x, walk.y += walk.step_y) {
        const uint8_t *at = walk_at(pixels, stride, &walk);
        blend(at, at + 3, at + stride, at + stride + 3, fraction(walk.x), fraction(walk.y),
              out + 4 * i);
    }
}

/* The same at places that are given one by one. */
static void gather_at_plain(const uint8_t *pixels, size_t stride, const int64_t *x,
                            const int64_t *y, int count, int16_t *out)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *at = pixels + (y[i] >> 32) * (int64_t)stride + (x[i] >> 32) * 3;
        blend(at, at + 3, at + stride, at + stride + 3, fraction(x[i]), fraction(y[i]),
              out + 4 * i);
    }
}

#if defined(__x86_64__)
/* As blend(); a load of 8 bytes holds the left and the right neighbour of a row. */
__attribute__((target("ssse3"), always_inline)) static inline void
blend_ssse3(const uint8_t *at, size_t stride, int x, int y, int16_t *out)
{
    const __m128i zero = _mm_setzero_si128();
    __m128i upper = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)at), zero);
    __m128i lower = _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)(at + stride)), zero);
    upper = _mm_slli_epi16(upper, SAMPLE_BITS);
    lower = _mm_slli_epi16(lower, SAMPLE_BITS);
    __m128i down = _mm_set1_epi16((int16_t)y), across = _mm_set1_epi16((int16_t)x);
    __m128i left = _mm_add_epi16(upper, _mm_mulhrs_epi16(_mm_sub_epi16(lower, upper), down));
    __m128i right = _mm_srli_si128(left, 3 * sizeof(int16_t));
    __m128i sample = _mm_add_epi16(left, _mm_mulhrs_epi16(_mm_sub_epi16(right, left), across));
    _mm_storel_epi64((__m128i *)out, sample);
}

__attribute__((target("ssse3"))) static void
gather_inside_ssse3(const uint8_t *pixels, size_t stride, row_walk walk, int count, int16_t *out)
{
    for (int i = 0; i < count; i++, walk.x += walk.step_x, walk.y += walk.step_y)
        blend_ssse3(walk_at(pixels, stride, &walk), stride, fraction(walk.x), fraction(walk.y),
                    out + 4 * i);
}

__attribute__((target("ssse3"))) static void
gather_at_ssse3(const uint8_t *pixels, size_t stride, const int64_t *x, const int64_t *y, int count,
                int16_t *out)
{
    for (int i = 0; i < count; i++)
        blend_ssse3(pixels + (y[i] >> 32) * (int64_t)stride + (x[i] >> 32) * 3, stride,
                    fraction(x[i]), fraction(y[i]), out + 4 * i);
}
#endif

static void gather_inside(const uint8_t *pixels, size_t stride, row_walk walk, int count,
                          int16_t *out)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) {
        gather_inside_ssse3(pixels, stride, walk, count, out);
        return;
    }
#endif
    gather_inside_plain(pixels, stride, walk, count, out);
}

static void gather_at(const uint8_t *pixels, size_t stride, const int64_t *x, const int64_t *y,
                      int count, int16_t *out)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("ssse3")) {
        gather_at_ssse3(pixels, stride, x, y, count, out);
        return;
    }
#endif
    gather_at_plain(pixels, stride, x, y, count, out);
}

static const uint8_t *pixel_at(const brn__picture *picture, int x, int y)
{
    static const uint8_t black[3] = {0};
    if (x < 0 || y < 0) return black;
    return picture->pixels + ((size_t)y * (size_t)picture->width + (size_t)x) * 3;
}

/* One sample, wherever it is. */
static void sample_anywhere(const brn__picture *picture, brn__pad_mode mode, int64_t fixed_x,
                            int64_t fixed_y, int16_t *out)
{
    int64_t x = fixed_x >> 32, y = fixed_y >> 32;
    int left = place(mode, x, picture->width), right = place(mode, x + 1, picture->width);
    int upper = place(mode, y, picture->height), lower = place(mode, y + 1, picture->height);
    blend(pixel_at(picture, left, upper), pixel_at(picture, right, upper),
          pixel_at(picture, left, lower), pixel_at(picture, right, lower), fraction(fixed_x),
          fraction(fixed_y), out);
}

static void gather_outside(const brn__picture *picture, brn__pad_mode mode, row_walk walk,
                           int count, int16_t *out)
{
    for (int i = 0; i < count; i++, walk.x += walk.step_x, walk.y += walk.step_y)
        sample_anywhere(picture, mode, walk.x, walk.y, out + 4 * i);
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

/* An affine mapping, bilinear. */
static void gather_affine(const brn__picture *picture, const brn__projection *projection,
                          brn__pad_mode mode, int size, const brn__tone *tone, float *out)
{
    const double one = 4294967296.0;
    size_t plane = (size_t)size * (size_t)size, stride = (size_t)picture->width * 3;
    int16_t samples[4 * CHUNK] = {0};
    for (int y = 0; y < size; y++) {
        row_walk row = {
            .x = llround((projection->m[0][1] * y + projection->m[0][2]) * one),
            .y = llround((projection->m[1][1] * y + projection->m[1][2]) * one),
            .step_x = llround(projection->m[0][0] * one),
            .step_y = llround(projection->m[1][0] * one),
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
            else
                gather_outside(picture, mode, walk, count, samples);
            brn__tone_put(samples, count, tone, out + (size_t)y * (size_t)size + (size_t)x, plane);
            x += count;
        }
    }
}

/* The nearest integer, for |v| < 2^51: what the sum keeps in its last 52 bits. */
static inline int64_t whole_of(double v)
{
    const double shift = 6755399441055744.0; /* 1.5 * 2^52 */
    int64_t bits, base;
    double sum = v + shift;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&base, &shift, sizeof base);
    return bits - base;
}

static inline double within(double v, double limit)
{
    v = v < limit ? v : limit;
    return v > -limit ? v : -limit;
}

/* Where `count` pixels of row y come from, from column x on, in fixed point. What lies further away than
 * any picture is wide is as good as that far: the integers must not overflow. */
BRN__CLONES
static void find_places(const brn__projection *projection, int x, int y, int count, int64_t *to_x,
                        int64_t *to_y)
{
    const double one = 4294967296.0, far = 1 << 18;
    const double(*m)[3] = projection->m, *w = projection->w;
    double start_x = m[0][1] * y + m[0][2], start_y = m[1][1] * y + m[1][2];
    double start_w = w[1] * y + 1;
    for (int i = 0; i < count; i++) {
        double column = x + i, depth = w[0] * column + start_w;
        double inverse = 1 / (depth > BRN__HORIZON ? depth : BRN__HORIZON);
        to_x[i] = whole_of(within((m[0][0] * column + start_x) * inverse, far) * one);
        to_y[i] = whole_of(within((m[1][0] * column + start_y) * inverse, far) * one);
    }
}

/* To the nearest pixel's centre. */
static void round_places(int64_t *places, int count)
{
    const int64_t half = (int64_t)1 << 31, whole = -((int64_t)1 << 32);
    for (int i = 0; i < count; i++) places[i] = (places[i] + half) & whole;
}

/* Whether all places and their right (or lower) neighbours are in 0 .. size - 1. */
static bool all_inside(const int64_t *places, int count, int size)
{
    int64_t low = places[0], high = places[0];
    for (int i = 1; i < count; i++) {
        low = places[i] < low ? places[i] : low;
        high = places[i] > high ? places[i] : high;
    }
    return low >= 0 && high < (int64_t)(size - 1) << 32;
}

/* The weights of four pixels at distances 1 + t, t, 1 - t, 2 - t (Keys, a = -0.75). */
static void cubic_weights(double t, double out[4])
{
    const double a = -0.75;
    const double distances[4] = {1 + t, t, 1 - t, 2 - t};
    for (int i = 0; i < 4; i++) {
        double d = distances[i];
        out[i] = i == 1 || i == 2 ? ((a + 2) * d - (a + 3)) * d * d + 1
                                  : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    }
}

/* One sample among 16 pixels, clipped to black and white. */
static void sample_cubic(const brn__picture *picture, brn__pad_mode mode, int64_t fixed_x,
                         int64_t fixed_y, int16_t *out)
{
    double across[4], down[4], sum[3] = {0};
    cubic_weights((double)(uint32_t)fixed_x / 4294967296.0, across);
    cubic_weights((double)(uint32_t)fixed_y / 4294967296.0, down);
    for (int i = 0; i < 16; i++) {
        int x = place(mode, (fixed_x >> 32) + i % 4 - 1, picture->width);
        int y = place(mode, (fixed_y >> 32) + i / 4 - 1, picture->height);
        const uint8_t *pixel = pixel_at(picture, x, y);
        double weight = across[i % 4] * down[i / 4];
        for (int channel = 0; channel < 3; channel++) sum[channel] += weight * pixel[channel];
    }
    for (int channel = 0; channel < 3; channel++)
        out[channel] = (int16_t)(fmin(fmax(sum[channel], 0), 255) * (1 << SAMPLE_BITS) + 0.5);
}

/* A chunk of samples at places that are given one by one. */
static void gather_places(const brn__picture *picture, brn__sampling sampling, const int64_t *x,
                          const int64_t *y, int count, int16_t *samples)
{
    if (sampling.mode == BRN__SAMPLE_BICUBIC) {
        for (int i = 0; i < count; i++)
            sample_cubic(picture, sampling.pad_mode, x[i], y[i], samples + 4 * i);
    } else if (all_inside(x, count, picture->width) && all_inside(y, count, picture->height)) {
        gather_at(picture->pixels, (size_t)picture->width * 3, x, y, count, samples);
    } else {
        for (int i = 0; i < count; i++)
            sample_anywhere(picture, sampling.pad_mode, x[i], y[i], samples + 4 * i);
    }
}

/* Any mapping, any sampling. */
static void gather_any(const brn__picture *picture, const brn__projection *projection,
                       brn__sampling sampling, int size, const brn__tone *tone, float *out)
{
    size_t plane = (size_t)size * (size_t)size;
    int16_t samples[4 * CHUNK] = {0};
    int64_t places_x[CHUNK], places_y[CHUNK];
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x += CHUNK) {
            int count = size - x < CHUNK ? size - x : CHUNK;
            find_places(projection, x, y, count, places_x, places_y);
            if (sampling.mode == BRN__SAMPLE_NEAREST) {
                round_places(places_x, count);
                round_places(places_y, count);
            }
            gather_places(picture, sampling, places_x, places_y, count, samples);
            brn__tone_put(samples, count, tone, out + (size_t)y * (size_t)size + (size_t)x, plane);
        }
    }
}

void brn__gather(const brn__picture *picture, const brn__projection *projection, brn__sampling sampling,
                 int size, const brn__tone *tone, float *out)
{
    if (brn__projection_is_affine(projection) && sampling.mode == BRN__SAMPLE_BILINEAR)
        gather_affine(picture, projection, sampling.pad_mode, size, tone, out);
    else
        gather_any(picture, projection, sampling, size, tone, out);
}
