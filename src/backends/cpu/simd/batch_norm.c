/* SPDX-License-Identifier: Apache-2.0
 *
 * Batch-norm loops over spans (simd.h). All are bound by memory, so each pass reads every array
 * once. A span of period 16 keeps its parameters in registers; a channels-last span walks rows with
 * the parameters beside them. Sums run in float over at most CHUNK vectors per lane and are then
 * added in double, which keeps them good to about 1e-6 whatever the length; statistics are taken
 * about a value near the mean, so that E[x^2] - E[x]^2 does not cancel.
 */
#include "backends/cpu/simd/declare.h"

enum { CHUNK = 64 }; /* float additions per lane before double takes over */

INLINE int lesser(int64_t a, int b)
{
    return a < b ? (int)a : b;
}

/* A vector of what lies in float32 or in bfloat16. */
INLINE vector load_of(const float *x, const uint16_t *x16, int64_t i, int count)
{
    return x16 ? load_bf16(x16 + i) : load_part(x + i, count);
}

/* ---- statistics ---- */

INLINE void statistics_periodic(int64_t length, const float *x, const uint16_t *x16, const float *about, double *sum,
                                double *square)
{
    vector c[UNROLL];
    for (int j = 0; j < UNROLL; j++) c[j] = load(about + j * LANES % BRN__PERIOD);
    int64_t i = 0;
    while (i + STRIDE <= length) {
        vector s[UNROLL] = {0}, q[UNROLL] = {0};
        for (int k = 0; k < CHUNK && i + STRIDE <= length; k++, i += STRIDE)
            for (int j = 0; j < UNROLL; j++) {
                vector t = load_of(x, x16, i + j * LANES, LANES) - c[j];
                s[j] += t;
                q[j] += t * t;
            }
        fold_period(s, sum);
        fold_period(q, square);
    }
    for (; i < length; i += LANES) {
        const int count = lesser(length - i, LANES);
        float lanes[LANES];
        store(lanes, load_of(x, x16, i, count));
        for (int l = 0; l < count; l++) {
            double t = lanes[l] - about[(i + l) % BRN__PERIOD];
            sum[(i + l) % BRN__PERIOD] += t;
            square[(i + l) % BRN__PERIOD] += t * t;
        }
    }
}

/* Lanes c .. c + count of all rows, in vectors of `count` / width lanes. */
INLINE void statistics_columns(int64_t rows, int64_t period, int width, int count, const float *x,
                               const float *about, double *sum, double *square)
{
    vector c[UNROLL];
    for (int j = 0; j < width; j++) c[j] = load_part(about + j * LANES, count);
    for (int64_t row = 0; row < rows;) {
        vector s[UNROLL] = {0}, q[UNROLL] = {0};
        for (int k = 0; k < CHUNK && row < rows; k++, row++)
            for (int j = 0; j < width; j++) {
                vector t = load_part(x + row * period + j * LANES, count) - c[j];
                s[j] += t;
                q[j] += t * t;
            }
        for (int j = 0; j < width; j++) {
            fold(s[j], count, sum + j * LANES);
            fold(q[j], count, square + j * LANES);
        }
    }
}

void BRN__SIMD(norm_statistics)(int64_t length, int64_t period, const float *x, const uint16_t *x16, const float *about,
                                double *sum, double *square)
{
    if (x16) {
        statistics_periodic(length, NULL, x16, about, sum, square);
        return;
    }
    if (period == BRN__PERIOD) {
        statistics_periodic(length, x, NULL, about, sum, square);
        return;
    }
    int64_t rows = length / period, c = 0;
    for (; c + STRIDE <= period; c += STRIDE)
        statistics_columns(rows, period, UNROLL, LANES, x + c, about + c, sum + c, square + c);
    for (; c + LANES <= period; c += LANES)
        statistics_columns(rows, period, 1, LANES, x + c, about + c, sum + c, square + c);
    if (c < period)
        statistics_columns(rows, period, 1, (int)(period - c), x + c, about + c, sum + c,
                           square + c);
}

/* ---- forward ---- */

/* How results are stored. */
typedef enum storing { AS_IT_IS, AROUND, IN_BF16, IN_BF16_AROUND } storing;

INLINE void put(storing how, float *to, uint16_t *to16, int64_t i, int count, vector v)
{
    if (how == IN_BF16 || how == IN_BF16_AROUND) store_bf16(to16 + i, v, how == IN_BF16_AROUND);
    else if (how == AROUND && count == LANES) store_around(to + i, v);
    else store_part(to + i, v, count);
}

/* Each way is a copy of the loop. */
#define EACH_STORING(span, to, to16, call)                                                          \
    do {                                                                                            \
        const bool around = (span)->stream && (span)->period == BRN__PERIOD;                        \
        if ((to16) && around && aligned(to16)) call(span, IN_BF16_AROUND);                          \
        else if (to16) call(span, IN_BF16);                                                         \
        else if (around && aligned(to)) call(span, AROUND);                                         \
        else call(span, AS_IT_IS);                                                                  \
        if (around) stream_end();                                                                   \
    } while (0)

/* The same bits in both directions: the gradient's mask may be taken from it. */
INLINE vector normalised(vector x, vector mean, vector factor, vector shift)
{
    return multiply_add(x - mean, factor, shift);
}

INLINE void apply(const brn__norm_forward *a, brn_activation activation, storing how, int64_t i,
                  int count, vector mean, vector factor, vector shift)
{
    vector y = normalised(load_of(a->x, a->x16, i, count), mean, factor, shift);
    if (a->residual) y += load_part(a->residual + i, count);
    if (activation == BRN_ACTIVATION_RELU) y = relu(y);
    if (activation == BRN_ACTIVATION_RELU6) y = relu6(y);
    put(how, a->y, a->y16, i, count, y);
}

INLINE void apply_span(const brn__norm_forward *span, brn_activation activation, storing how)
{
    const brn__norm_forward a = *span;
    int64_t i = 0;
    if (a.period == BRN__PERIOD) {
        vector m[UNROLL], f[UNROLL], s[UNROLL];
        for (int j = 0; j < UNROLL; j++) {
            int p = j * LANES % BRN__PERIOD;
            m[j] = load(a.mean + p), f[j] = load(a.factor + p), s[j] = load(a.shift + p);
        }
        for (; i + STRIDE <= a.length; i += STRIDE)
            for (int j = 0; j < UNROLL; j++)
                apply(&a, activation, how, i + j * LANES, LANES, m[j], f[j], s[j]);
        for (int j = 0; i < a.length; i += LANES, j++)
            apply(&a, activation, how, i, lesser(a.length - i, LANES), m[j], f[j], s[j]);
        return;
    }
    for (; i < a.length; i += a.period) {
        int64_t c = 0;
        for (; c + LANES <= a.period; c += LANES)
            apply(&a, activation, how, i + c, LANES, load(a.mean + c), load(a.factor + c),
                  load(a.shift + c));
        int rest = (int)(a.period - c);
        if (rest)
            apply(&a, activation, how, i + c, rest, load_part(a.mean + c, rest),
                  load_part(a.factor + c, rest), load_part(a.shift + c, rest));
    }
}

INLINE void apply_any(const brn__norm_forward *span, storing how)
{
    switch (span->activation) {
    case BRN_ACTIVATION_RELU: apply_span(span, BRN_ACTIVATION_RELU, how); break;
    case BRN_ACTIVATION_RELU6: apply_span(span, BRN_ACTIVATION_RELU6, how); break;
    default: apply_span(span, BRN_ACTIVATION_NONE, how);
    }
}

void BRN__SIMD(norm_apply)(const brn__norm_forward *span)
{
    EACH_STORING(span, span->y, span->y16, apply_any);
}

/* ---- backward ---- */

/* Where the activation's mask comes from. */
typedef enum mask_source { BY_Y, BY_BF16, BY_X } mask_source;

/* What dz is made of: a constant of each copy of a loop. */
typedef struct making {
    brn_activation activation;
    bool two;           /* dy2 is given */
    mask_source source; /* BY_BF16 of RELU alone, of which rounding leaves the sign */
} making;

/* Parameters of a vector of lanes. */
typedef struct lanes {
    vector mean, factor, shift, c1, c2;
} lanes;

INLINE lanes lanes_at(const brn__norm_backward *a, making of, bool sums, int64_t at, int count)
{
    lanes p = {.mean = load_part(a->mean + at, count), .factor = load_part(a->factor + at, count)};
    if (of.source == BY_X) p.shift = load_part(a->shift + at, count);
    if (sums) p.c1 = load_part(a->c1 + at, count), p.c2 = load_part(a->c2 + at, count);
    return p;
}

INLINE vector masked(const brn__norm_backward *a, making of, int64_t i, int count, vector x, const lanes *p)
{
    vector dz = load_of(a->dy, a->dy16, i, count);
    if (of.two) dz += load_of(a->dy2, a->dy2_16, i, count);
    if (of.activation == BRN_ACTIVATION_NONE) return dz;
    vector y = of.source == BY_X      ? normalised(x, p->mean, p->factor, p->shift)
               : of.source == BY_BF16 ? load_bf16(a->y16 + i)
                                      : load_part(a->y + i, count);
    integers mask = y > splat(0);
    if (of.activation == BRN_ACTIVATION_RELU6) mask &= y < splat(6);
    return keep(mask, dz);
}

/* One vector of the first pass. */
INLINE void first(const brn__norm_backward *a, making of, int64_t i, int count, const lanes *p, vector *sum, vector *dot)
{
    vector x = dot || of.source == BY_X ? load_of(a->x, a->x16, i, count) : splat(0);
    vector dz = masked(a, of, i, count, x, p);
    if (dot) {
        *sum += dz;
        *dot += dz * (x - p->mean);
    }
    if (a->dz) store_part(a->dz + i, dz, count);
    if (a->dx16) store_bf16(a->dx16 + i, dz * p->factor, false);
    else if (a->dx) store_part(a->dx + i, dz * p->factor, count);
}

INLINE void first_periodic(const brn__norm_backward *a, making of, bool summed, double *sum, double *dot)
{
    lanes p[UNROLL];
    for (int j = 0; j < UNROLL; j++) p[j] = lanes_at(a, of, false, j * LANES % BRN__PERIOD, LANES);
    int64_t i = 0;
    while (i < a->length) {
        vector s[UNROLL] = {0}, d[UNROLL] = {0};
        for (int k = 0; k < CHUNK && i + STRIDE <= a->length; k++, i += STRIDE)
            for (int j = 0; j < UNROLL; j++)
                first(a, of, i + j * LANES, LANES, &p[j], s + j, summed ? d + j : NULL);
        if (a->length - i < STRIDE)
            for (int j = 0; i < a->length; i += LANES, j++)
                first(a, of, i, lesser(a->length - i, LANES), &p[j], s + j, summed ? d + j : NULL);
        if (summed) {
            fold_period(s, sum);
            fold_period(d, dot);
        }
    }
}

INLINE void first_columns(const brn__norm_backward *a, making of, int64_t c, int width, int count, bool summed,
                          double *sum, double *dot)
{
    lanes p[UNROLL];
    for (int j = 0; j < width; j++) p[j] = lanes_at(a, of, false, c + j * LANES, count);
    int64_t i = c;
    while (i < a->length) {
        vector s[UNROLL] = {0}, d[UNROLL] = {0};
        for (int k = 0; k < CHUNK && i < a->length; k++, i += a->period)
            for (int j = 0; j < width; j++)
                first(a, of, i + j * LANES, count, &p[j], s + j, summed ? d + j : NULL);
        for (int j = 0; summed && j < width; j++) {
            fold(s[j], count, sum + c + j * LANES);
            fold(d[j], count, dot + c + j * LANES);
        }
    }
}

INLINE void first_span(const brn__norm_backward *span, making of, bool summed, double *sum, double *dot)
{
    const brn__norm_backward a = *span;
    if (a.period == BRN__PERIOD) {
        first_periodic(&a, of, summed, sum, dot);
        return;
    }
    int64_t c = 0;
    for (; c + STRIDE <= a.period; c += STRIDE)
        first_columns(&a, of, c, UNROLL, LANES, summed, sum, dot);
    for (; c + LANES <= a.period; c += LANES)
        first_columns(&a, of, c, 1, LANES, summed, sum, dot);
    if (c < a.period)
        first_columns(&a, of, c, 1, (int)(a.period - c), summed, sum, dot);
}

/* Each case is a copy of the loop. */
#define EACH_SOURCE(a, kind, dy_too, call)                                                          \
    do {                                                                                            \
        if ((a)->shift) call(((making){kind, dy_too, BY_X}));                                       \
        else if ((a)->y16 && (kind) == BRN_ACTIVATION_RELU) call(((making){kind, dy_too, BY_BF16})); \
        else call(((making){kind, dy_too, BY_Y}));                                                  \
    } while (0)
#define EACH_MAKING(a, call)                                                                        \
    do {                                                                                            \
        const bool two = (a)->dy2 || (a)->dy2_16;                                                   \
        switch ((a)->activation) {                                                                  \
        case BRN_ACTIVATION_RELU6:                                                                  \
            if (two) EACH_SOURCE(a, BRN_ACTIVATION_RELU6, true, call);                              \
            else EACH_SOURCE(a, BRN_ACTIVATION_RELU6, false, call);                                 \
            break;                                                                                  \
        case BRN_ACTIVATION_RELU:                                                                   \
            if (two) EACH_SOURCE(a, BRN_ACTIVATION_RELU, true, call);                               \
            else EACH_SOURCE(a, BRN_ACTIVATION_RELU, false, call);                                  \
            break;                                                                                  \
        default:                                                                                    \
            if (two) call(((making){BRN_ACTIVATION_NONE, true, BY_Y}));                             \
            else call(((making){BRN_ACTIVATION_NONE, false, BY_Y}));                                \
        }                                                                                           \
    } while (0)

INLINE void first_any(const brn__norm_backward *a, bool summed, double *sum, double *dot)
{
#define FIRST(of) first_span(a, of, summed, sum, dot)
    EACH_MAKING(a, FIRST);
#undef FIRST
}

void BRN__SIMD(norm_backward_first)(const brn__norm_backward *span, double *sum, double *dot)
{
    if (sum)
        first_any(span, true, sum, dot);
    else
        first_any(span, false, NULL, NULL);
}

INLINE void second(const brn__norm_backward *a, making of, storing how, int64_t i, int count, const lanes *p)
{
    vector x = load_of(a->x, a->x16, i, count), dz = masked(a, of, i, count, x, p);
    vector dx = p->factor * (dz - p->c1 - p->c2 * (x - p->mean));
    put(how, a->dx, a->dx16, i, count, dx);
}

INLINE void second_span(const brn__norm_backward *span, making of, storing how)
{
    const brn__norm_backward a = *span;
    int64_t i = 0;
    if (a.period == BRN__PERIOD) {
        lanes p[UNROLL];
        for (int j = 0; j < UNROLL; j++) p[j] = lanes_at(&a, of, true, j * LANES % BRN__PERIOD, LANES);
        for (; i + STRIDE <= a.length; i += STRIDE)
            for (int j = 0; j < UNROLL; j++) second(&a, of, how, i + j * LANES, LANES, &p[j]);
        for (int j = 0; i < a.length; i += LANES, j++)
            second(&a, of, how, i, lesser(a.length - i, LANES), &p[j]);
        return;
    }
    for (; i < a.length; i += a.period) {
        int64_t c = 0;
        for (; c + LANES <= a.period; c += LANES) {
            const lanes p = lanes_at(&a, of, true, c, LANES);
            second(&a, of, how, i + c, LANES, &p);
        }
        int rest = (int)(a.period - c);
        if (rest) {
            const lanes p = lanes_at(&a, of, true, c, rest);
            second(&a, of, how, i + c, rest, &p);
        }
    }
}

INLINE void second_any(const brn__norm_backward *a, storing how)
{
#define SECOND(of) second_span(a, of, how)
    EACH_MAKING(a, SECOND);
#undef SECOND
}

void BRN__SIMD(norm_backward_second)(const brn__norm_backward *span)
{
    EACH_STORING(span, span->dx, span->dx16, second_any);
}
