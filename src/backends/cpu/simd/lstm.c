/* SPDX-License-Identifier: Apache-2.0
 * The elementwise part of one LSTM step, and of its gradient. */
#include "backends/cpu/simd/declare.h"
#include "backends/cpu/simd/exponential.h"

void BRN__SIMD(lstm_forward)(int64_t n, int64_t hidden, const float *c_before, float *gates, float *c, float *h)
{
    for (int64_t k = 0; k < n; k += LANES) {
        int rest = n - k < LANES ? (int)(n - k) : LANES;
        float *z = gates + k;
        vector i = logistic(load_part(z, rest)), f = logistic(load_part(z + hidden, rest));
        vector g = hyperbolic_tangent(load_part(z + 2 * hidden, rest));
        vector o = logistic(load_part(z + 3 * hidden, rest));
        vector cell = f * load_part(c_before + k, rest) + i * g;
        store_part(z, i, rest);
        store_part(z + hidden, f, rest);
        store_part(z + 2 * hidden, g, rest);
        store_part(z + 3 * hidden, o, rest);
        store_part(c + k, cell, rest);
        store_part(h + k, o * hyperbolic_tangent(cell), rest);
    }
}

INLINE vector load_or_zero(const float *p, int64_t k, int rest)
{
    return p ? load_part(p + k, rest) : splat(0);
}

void BRN__SIMD(lstm_backward)(int64_t n, int64_t hidden, const brn__lstm_backward *cell)
{
    for (int64_t k = 0; k < n; k += LANES) {
        int rest = n - k < LANES ? (int)(n - k) : LANES;
        const float *noted = cell->gates + k;
        vector i = load_part(noted, rest), f = load_part(noted + hidden, rest);
        vector g = load_part(noted + 2 * hidden, rest), o = load_part(noted + 3 * hidden, rest);
        vector s = hyperbolic_tangent(load_part(cell->c + k, rest));
        vector dh = load_or_zero(cell->dy, k, rest) + load_or_zero(cell->dh, k, rest);
        vector dc = load_part(cell->dc + k, rest) + dh * o * (splat(1) - s * s);
        float *dz = cell->dz + k;
        store_part(dz, dc * g * i * (splat(1) - i), rest);
        store_part(dz + hidden, dc * load_part(cell->c_before + k, rest) * f * (splat(1) - f), rest);
        store_part(dz + 2 * hidden, dc * i * (splat(1) - g * g), rest);
        store_part(dz + 3 * hidden, dh * s * o * (splat(1) - o), rest);
        store_part(cell->dc + k, dc * f, rest);
    }
}
