/* SPDX-License-Identifier: Apache-2.0
 * One step of a quasi-recurrent layer, and of its gradient. */
#include "backends/cpu/simd/declare.h"
#include "backends/cpu/simd/exponential.h"

INLINE vector load_or(const float *p, int64_t k, int rest, float absent)
{
    return p ? load_part(p + k, rest) : splat(absent);
}

void BRN__SIMD(qrnn_forward)(int64_t n, int64_t hidden, const brn__qrnn_forward *cell)
{
    for (int64_t k = 0; k < n; k += LANES) {
        int rest = n - k < LANES ? (int)(n - k) : LANES;
        const float *z = cell->gates + k;
        vector f = logistic(load_part(z + hidden, rest)) * load_or(cell->keep, k, rest, 1);
        vector before = load_part(cell->c_before + k, rest);
        vector c = f * hyperbolic_tangent(load_part(z, rest)) + (splat(1) - f) * before;
        store_part(cell->c + k, c, rest);
        if (cell->y) store_part(cell->y + k, logistic(load_part(z + 2 * hidden, rest)) * c, rest);
    }
}

void BRN__SIMD(qrnn_backward)(int64_t n, int64_t hidden, const brn__qrnn_backward *cell)
{
    for (int64_t k = 0; k < n; k += LANES) {
        int rest = n - k < LANES ? (int)(n - k) : LANES;
        const float *z = cell->gates + k;
        vector value = hyperbolic_tangent(load_part(z, rest)), open = logistic(load_part(z + hidden, rest));
        vector o = logistic(load_part(z + 2 * hidden, rest)), keep = load_or(cell->keep, k, rest, 1);
        vector dy = load_or(cell->dy, k, rest, 0) + load_or(cell->dh, k, rest, 0), f = open * keep;
        vector dc = load_part(cell->dc + k, rest) + dy * o;
        store_part(cell->dc + k, dc * (splat(1) - f), rest);
        if (!cell->dgates) continue;
        float *dz = cell->dgates + k;
        vector change = value - load_part(cell->c_before + k, rest);
        store_part(dz, dc * f * (splat(1) - value * value), rest);
        store_part(dz + hidden, dc * change * f * (splat(1) - open), rest);
        store_part(dz + 2 * hidden, dy * load_part(cell->c + k, rest) * o * (splat(1) - o), rest);
    }
}
