/* SPDX-License-Identifier: Apache-2.0
 * e^x and what is made of it, on one vector. */
#ifndef BRN__BACKENDS_CPU_SIMD_EXPONENTIAL_H
#define BRN__BACKENDS_CPU_SIMD_EXPONENTIAL_H

#include "backends/cpu/simd/vector.h"

/* e^x to about 1 ulp: x = n ln 2 + r, polynomial of Cephes' expf in r. 0 below -87.33, infinite from
 * 88.38 on (where n reaches 128); not-a-number passes. */
INLINE vector exponential(vector x)
{
    vector low = splat(-87.33f), high = splat(88.5f);
    integers tiny = x < low;
    vector bounded = choose(x > high, high, choose(tiny, low, x));
    vector t = bounded * splat(1.44269504088896341f) + splat(.5f);
    integers n = __builtin_convertvector(t, integers);
    n += __builtin_convertvector(n, vector) > t; /* floor: the mask is -1 */
    vector f = __builtin_convertvector(n, vector);
    vector r = bounded - f * splat(.693359375f);
    r = r - f * splat(-2.12194440e-4f);
    vector p = splat(1.9875691500e-4f);
    p = p * r + splat(1.3981999507e-3f);
    p = p * r + splat(8.3334519073e-3f);
    p = p * r + splat(4.1665795894e-2f);
    p = p * r + splat(1.6666665459e-1f);
    p = p * r + splat(5.0000001201e-1f);
    p = p * r * r + r + splat(1);
    vector power = (vector)((n + 127) << 23);
    return keep(~tiny, p * power);
}

INLINE vector logistic(vector x)
{
    return splat(1) / (splat(1) + exponential(-x));
}

/* Cephes' tanhf: an odd polynomial near 0, else 1 - 2 / (e^2|x| + 1) with x's sign. */
INLINE vector hyperbolic_tangent(vector x)
{
    integers sign = (integers)x & (int32_t)0x80000000;
    vector size = (vector)((integers)x & 0x7fffffff), z = x * x;
    vector p = splat(-5.70498872745e-3f);
    p = p * z + splat(2.06390887954e-2f);
    p = p * z + splat(-5.37397155531e-2f);
    p = p * z + splat(1.33314422036e-1f);
    p = p * z + splat(-3.33332819422e-1f);
    vector near = p * z * x + x;
    vector far = splat(1) - splat(2) / (exponential(size + size) + splat(1));
    far = (vector)((integers)far | sign);
    return choose(size < splat(.625f), near, far);
}

#endif
