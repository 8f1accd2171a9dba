/* SPDX-License-Identifier: Apache-2.0
 * Loops over flat arrays. Every function allows its output to be one of its inputs. */
#include "backends/cpu/simd/declare.h"
#include "backends/cpu/simd/exponential.h"

#include "base/philox.h"

/* A function of one or two vectors; the loops below are copied for each. */
typedef vector map(vector a, vector b);

/* y = f(a, b); b may be NULL: then f sees a twice. */
INLINE void map_all(map *f, int64_t n, const float *a, const float *b, float *y)
{
    int64_t i = 0;
    if (!b) b = a;
    for (; i + STRIDE <= n; i += STRIDE)
        for (int j = 0; j < UNROLL; j++)
            store(y + i + j * LANES, f(load(a + i + j * LANES), load(b + i + j * LANES)));
    for (; i + LANES <= n; i += LANES) store(y + i, f(load(a + i), load(b + i)));
    int rest = (int)(n - i);
    if (rest) store_part(y + i, f(load_part(a + i, rest), load_part(b + i, rest)), rest);
}

static inline vector map_relu(vector x, vector b)
{
    (void)b;
    return relu(x);
}
static inline vector map_relu6(vector x, vector b)
{
    (void)b;
    return relu6(x);
}
static inline vector map_sigmoid(vector x, vector b)
{
    (void)b;
    return logistic(x);
}
static inline vector map_tanh(vector x, vector b)
{
    (void)b;
    return hyperbolic_tangent(x);
}
static inline vector map_silu(vector x, vector b)
{
    (void)b;
    return x * logistic(x);
}

void BRN__SIMD(activation)(brn_activation kind, int64_t n, const float *x, float *y)
{
    switch (kind) {
    case BRN_ACTIVATION_RELU: map_all(map_relu, n, x, NULL, y); break;
    case BRN_ACTIVATION_RELU6: map_all(map_relu6, n, x, NULL, y); break;
    case BRN_ACTIVATION_SIGMOID: map_all(map_sigmoid, n, x, NULL, y); break;
    case BRN_ACTIVATION_TANH: map_all(map_tanh, n, x, NULL, y); break;
    case BRN_ACTIVATION_SILU: map_all(map_silu, n, x, NULL, y); break;
    default:
        if (x != y) __builtin_memcpy(y, x, (size_t)n * sizeof *y);
    }
}

static inline vector grad_relu(vector dy, vector y)
{
    return keep(y > splat(0), dy);
}
static inline vector grad_relu6(vector dy, vector y)
{
    return keep((y > splat(0)) & (y < splat(6)), dy);
}
static inline vector grad_sigmoid(vector dy, vector y)
{
    return dy * y * (splat(1) - y);
}
static inline vector grad_tanh(vector dy, vector y)
{
    return dy * (splat(1) - y * y);
}
static inline vector grad_silu(vector dy, vector x)
{
    vector g = logistic(x);
    return dy * (g + x * g * (splat(1) - g));
}

void BRN__SIMD(activation_grad)(brn_activation kind, int64_t n, const float *dy, const float *s,
                                float *dx)
{
    switch (kind) {
    case BRN_ACTIVATION_RELU: map_all(grad_relu, n, dy, s, dx); break;
    case BRN_ACTIVATION_RELU6: map_all(grad_relu6, n, dy, s, dx); break;
    case BRN_ACTIVATION_SIGMOID: map_all(grad_sigmoid, n, dy, s, dx); break;
    case BRN_ACTIVATION_TANH: map_all(grad_tanh, n, dy, s, dx); break;
    case BRN_ACTIVATION_SILU: map_all(grad_silu, n, dy, s, dx); break;
    default:
        if (dy != dx) __builtin_memcpy(dx, dy, (size_t)n * sizeof *dx);
    }
}

static inline vector map_add(vector a, vector b)
{
    return a + b;
}
static inline vector map_mul(vector a, vector b)
{
    return a * b;
}

void BRN__SIMD(add)(int64_t n, const float *a, const float *b, float *y)
{
    map_all(map_add, n, a, b, y);
}

void BRN__SIMD(mul)(int64_t n, const float *a, const float *b, float *y)
{
    map_all(map_mul, n, a, b, y);
}

void BRN__SIMD(scale)(int64_t n, float a, float b, const float *x, float *y)
{
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) store(y + i, load(x + i) * splat(a) + splat(b));
    for (; i < n; i++) y[i] = x[i] * a + b;
}

void BRN__SIMD(sum)(int64_t n, int count, const float *const *x, float *y)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int rest = n - i < LANES ? (int)(n - i) : LANES;
        vector total = load_part(x[0] + i, rest);
        for (int k = 1; k < count; k++) total += load_part(x[k] + i, rest);
        store_part(y + i, total, rest);
    }
}

/* Sixteen Philox blocks side by side: numbers of elements 4 block .. 4 block + 63. */
static void uniform_64(uint64_t key, uint32_t block, const uint32_t counter[3], float u[64])
{
    enum { WIDTH = 16 };
    uint32_t c0[WIDTH], c1[WIDTH], c2[WIDTH], c3[WIDTH];
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int l = 0; l < WIDTH; l++) {
        c0[l] = block + (uint32_t)l;
        c1[l] = counter[0], c2[l] = counter[1], c3[l] = counter[2];
    }
    for (int round = 0; round < 10; round++) {
        for (int l = 0; l < WIDTH; l++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[l], p1 = (uint64_t)0xCD9E8D57u * c2[l];
            c0[l] = (uint32_t)(p1 >> 32) ^ c1[l] ^ k0;
            c2[l] = (uint32_t)(p0 >> 32) ^ c3[l] ^ k1;
            c1[l] = (uint32_t)p1, c3[l] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    for (int l = 0; l < WIDTH; l++) {
        u[4 * l] = brn__uniform_float(c0[l]), u[4 * l + 1] = brn__uniform_float(c1[l]);
        u[4 * l + 2] = brn__uniform_float(c2[l]), u[4 * l + 3] = brn__uniform_float(c3[l]);
    }
}

void BRN__SIMD(dropout)(int64_t n, int64_t begin, uint64_t key, const uint32_t counter[3], float p,
                        const float *x, float *y)
{
    float u[64];
    vector scale = splat(1 / (1 - p));
    for (int64_t i = 0; i < n; i += 64) {
        uniform_64(key, (uint32_t)((begin + i) / 4), counter, u);
        for (int j = 0; j < 64 && i + j < n; j += LANES) {
            int rest = n - i - j < LANES ? (int)(n - i - j) : LANES;
            vector kept = keep(load(u + j) >= splat(p), load_part(x + i + j, rest) * scale);
            store_part(y + i + j, kept, rest);
        }
    }
}

float BRN__SIMD(maximum)(int64_t n, const float *x)
{
    vector best = splat(-__builtin_inff());
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        vector t = load(x + i);
        best = choose(t > best, t, best);
    }
    float top = -__builtin_inff();
    for (int l = 0; l < LANES; l++) top = best[l] > top ? best[l] : top;
    for (; i < n; i++) top = x[i] > top ? x[i] : top;
    return top;
}

double BRN__SIMD(sum_exp)(int64_t n, float shift, const float *x)
{
    enum { CHUNK = 64 };
    double lanes[LANES] = {0}, total = 0;
    int64_t i = 0;
    while (i + LANES <= n) {
        vector sum = {0};
        for (int k = 0; k < CHUNK && i + LANES <= n; k++, i += LANES)
            sum += exponential(load(x + i) - splat(shift));
        fold(sum, LANES, lanes);
    }
    int rest = (int)(n - i);
    if (rest) fold(exponential(load_part(x + i, rest) - splat(shift)), rest, lanes);
    for (int l = 0; l < LANES; l++) total += lanes[l];
    return total;
}

void BRN__SIMD(exp_add)(int64_t n, float shift, float factor, const float *x, const float *base,
                        float *y)
{
    for (int64_t i = 0; i < n; i += LANES) {
        int rest = n - i < LANES ? (int)(n - i) : LANES;
        vector e = exponential(load_part(x + i, rest) - splat(shift)) * splat(factor);
        if (base) e += load_part(base + i, rest);
        store_part(y + i, e, rest);
    }
}
