/* SPDX-License-Identifier: Apache-2.0
 * Sum, maximum and place of the maximum over the lanes of a span (simd.h). */
#include "backends/cpu/simd/declare.h"

enum { CHUNK = 64 }; /* float additions per lane before double takes over */

INLINE vector greater(vector a, vector b)
{
    return choose(a > b, a, b);
}

/* The whole vectors of a span of period 16. */
static int64_t reduce_periodic(int64_t length, const float *x, double *sum, float *maximum)
{
    vector m[UNROLL];
    for (int j = 0; j < UNROLL; j++) m[j] = load(maximum + j * LANES % BRN__PERIOD);
    int64_t i = 0;
    while (i + STRIDE <= length) {
        vector s[UNROLL] = {0};
        for (int k = 0; k < CHUNK && i + STRIDE <= length; k++, i += STRIDE)
            for (int j = 0; j < UNROLL; j++) {
                vector t = load(x + i + j * LANES);
                s[j] += t;
                m[j] = greater(t, m[j]);
            }
        fold_period(s, sum);
    }
    for (int j = 0; j < UNROLL; j++) {
        float *p = maximum + j * LANES % BRN__PERIOD;
        store(p, greater(m[j], load(p)));
    }
    return i;
}

void BRN__SIMD(pool_reduce)(int64_t length, int64_t period, const float *x, double *sum,
                            float *maximum)
{
    int64_t i = 0;
    if (period == BRN__PERIOD) i = reduce_periodic(length, x, sum, maximum);
    for (; i < length; i += period)
        for (int64_t l = 0; l < period && i + l < length; l++) {
            float t = x[i + l];
            sum[l] += (double)t;
            maximum[l] = t > maximum[l] ? t : maximum[l];
        }
}

/* Vectors of `count` lanes at x, x + period, ... */
INLINE void first_column(int64_t places, int64_t period, int count, const float *x, float *maximum,
                         int32_t *first)
{
    vector best = load_part(x, count);
    integers place = {0}, now = {0};
    for (int64_t row = 1; row < places; row++) {
        vector t = load_part(x + row * period, count);
        now += 1;
        integers mask = t > best;
        best = choose(mask, t, best);
        place = (mask & now) | (~mask & place);
    }
    store_part(maximum, best, count);
    for (int l = 0; l < count; l++) first[l] = place[l];
}

void BRN__SIMD(pool_first_maximum)(int64_t length, int64_t period, const float *x, float *maximum,
                                   int32_t *first)
{
    int64_t c = 0;
    for (; c + LANES <= period; c += LANES) {
        if (length - c < LANES) break;
        int64_t places = (length - c - LANES) / period + 1;
        first_column(places, period, LANES, x + c, maximum + c, first + c);
        /* a last place that only some lanes have */
        for (int64_t l = 0, i = places * period + c; l < LANES && i + l < length; l++)
            if (x[i + l] > maximum[c + l])
                maximum[c + l] = x[i + l], first[c + l] = (int32_t)places;
    }
    for (; c < period; c++) { /* lanes beside whole vectors, and spans shorter than a period */
        maximum[c] = -__builtin_inff(), first[c] = 0;
        for (int64_t i = c, place = 0; i < length; i += period, place++)
            if (x[i] > maximum[c]) maximum[c] = x[i], first[c] = (int32_t)place;
    }
}

void BRN__SIMD(fill_lanes)(int64_t length, int64_t period, const float *value, float *x)
{
    int64_t i = 0;
    if (period == BRN__PERIOD) {
        vector v[UNROLL];
        for (int j = 0; j < UNROLL; j++) v[j] = load(value + j * LANES % BRN__PERIOD);
        for (; i + STRIDE <= length; i += STRIDE)
            for (int j = 0; j < UNROLL; j++) store(x + i + j * LANES, v[j]);
    }
    for (; i < length; i += period) {
        int64_t width = length - i < period ? length - i : period;
        for (int64_t l = 0; l < width; l++) x[i + l] = value[l];
    }
}
