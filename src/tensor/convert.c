/* SPDX-License-Identifier: Apache-2.0
 * Conversion between element types, one element at a time: files and tests, not a hot path. */
#include "tensor/tensor.h"

#include <math.h>
#include <string.h>

float brn__bf16_to_float(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

uint16_t brn__float_to_bf16(float value)
{
    uint32_t wide;
    memcpy(&wide, &value, sizeof wide);
    if (isnan(value)) return (uint16_t)(wide >> 16 | 0x40);
    return (uint16_t)((wide + 0x7FFF + (wide >> 16 & 1)) >> 16);
}

float brn__half_to_float(uint16_t half)
{
    int exponent = half >> 10 & 31, fraction = half & 1023;
    float magnitude;
    if (exponent == 31) magnitude = fraction ? NAN : INFINITY;
    else if (exponent) magnitude = ldexpf((float)(fraction | 1024), exponent - 25);
    else magnitude = ldexpf((float)fraction, -24);
    return half >> 15 ? -magnitude : magnitude;
}

uint16_t brn__float_to_half(float value)
{
    uint16_t sign = signbit(value) ? 0x8000 : 0;
    float magnitude = fabsf(value);
    if (isnan(value)) return (uint16_t)(sign | 0x7E00);
    if (magnitude >= 65520.0f) return (uint16_t)(sign | 0x7C00);
    if (magnitude < 0x1p-14f) return (uint16_t)(sign | (uint16_t)rintf(ldexpf(magnitude, 24)));
    int exponent;
    float fraction = frexpf(magnitude, &exponent); /* [0.5, 1) */
    int rounded = (int)rintf(ldexpf(fraction, 11)); /* 1024 .. 2048 */
    return (uint16_t)(sign + ((exponent + 14) << 10) + (rounded - 1024));
}

/* Integers travel as int64 (exact), floats as double (exact for all our float types). */
static bool is_float(brn_dtype dtype)
{
    return dtype == BRN_DTYPE_F32 || dtype == BRN_DTYPE_F64 || dtype == BRN_DTYPE_F16 ||
           dtype == BRN_DTYPE_BF16;
}

static double load_float(brn_dtype dtype, const void *source, int64_t i)
{
    switch (dtype) {
    case BRN_DTYPE_F32: return (double)((const float *)source)[i];
    case BRN_DTYPE_F16: return (double)brn__half_to_float(((const uint16_t *)source)[i]);
    case BRN_DTYPE_BF16: return (double)brn__bf16_to_float(((const uint16_t *)source)[i]);
    default: return ((const double *)source)[i];
    }
}

static int64_t load_integer(brn_dtype dtype, const void *source, int64_t i)
{
    switch (dtype) {
    case BRN_DTYPE_I64: return ((const int64_t *)source)[i];
    case BRN_DTYPE_I32: return ((const int32_t *)source)[i];
    case BRN_DTYPE_I16: return ((const int16_t *)source)[i];
    case BRN_DTYPE_I8: return ((const int8_t *)source)[i];
    default: return ((const uint8_t *)source)[i];
    }
}

static void store_float(brn_dtype dtype, void *target, int64_t i, double value)
{
    switch (dtype) {
    case BRN_DTYPE_F32: ((float *)target)[i] = (float)value; break;
    case BRN_DTYPE_F16: ((uint16_t *)target)[i] = brn__float_to_half((float)value); break;
    case BRN_DTYPE_BF16: ((uint16_t *)target)[i] = brn__float_to_bf16((float)value); break;
    default: ((double *)target)[i] = value; break;
    }
}

static void store_integer(brn_dtype dtype, void *target, int64_t i, int64_t value)
{
    switch (dtype) {
    case BRN_DTYPE_I64: ((int64_t *)target)[i] = value; break;
    case BRN_DTYPE_I32: ((int32_t *)target)[i] = (int32_t)value; break;
    case BRN_DTYPE_I16: ((int16_t *)target)[i] = (int16_t)value; break;
    case BRN_DTYPE_I8: ((int8_t *)target)[i] = (int8_t)value; break;
    case BRN_DTYPE_BOOL: ((uint8_t *)target)[i] = value != 0; break;
    default: ((uint8_t *)target)[i] = (uint8_t)value; break;
    }
}

/* A double that is not representable (NaN included) becomes INT64_MIN. */
static int64_t to_integer(double value)
{
    return value >= -0x1p63 && value < 0x1p63 ? (int64_t)value : INT64_MIN;
}

void brn__convert(brn_dtype from, const void *source, brn_dtype to, void *target, int64_t count)
{
    if (from == to) {
        if (count) memcpy(target, source, (size_t)count * brn_dtype_bytes(from));
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        if (is_float(from)) {
            double value = load_float(from, source, i);
            if (is_float(to)) store_float(to, target, i, value);
            else store_integer(to, target, i, to_integer(value));
        } else {
            int64_t value = load_integer(from, source, i);
            if (is_float(to)) store_float(to, target, i, (double)value);
            else store_integer(to, target, i, value);
        }
    }
}
