/* SPDX-License-Identifier: Apache-2.0
 * The vector of this build of the loops: 16, 8 or 4 floats, as a GCC vector type. */
#ifndef BRN__BACKENDS_CPU_SIMD_VECTOR_H
#define BRN__BACKENDS_CPU_SIMD_VECTOR_H

#include "backends/cpu/simd/simd.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

/* brn__NAME_avx512 and so on. */
#define BRN__SIMD(name) BRN__SIMD_JOIN(name, BRN__ISA)
#define BRN__SIMD_JOIN(name, isa) BRN__SIMD_JOIN2(name, isa)
#define BRN__SIMD_JOIN2(name, isa) brn__##name##_##isa

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif
#define UNROLL 4 /* vectors in flight; UNROLL * LANES is a multiple of BRN__PERIOD */
#define STRIDE (UNROLL * LANES)
#define INLINE static inline __attribute__((always_inline))

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE vector load(const float *p)
{
    return *(const loose_vector *)p;
}

INLINE void store(float *p, vector v)
{
    *(loose_vector *)p = v;
}

INLINE vector splat(float x)
{
    return x - (vector){0};
}

/* a b + c, rounded once where the processor can: whatever stands around it, the same bits. */
INLINE vector multiply_add(vector a, vector b, vector c)
{
#if defined(__AVX512F__)
    return (vector)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (vector)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
INLINE __m256i first_lanes(int count)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#endif

/* The first `count` lanes of memory, zero above; count <= LANES. */
INLINE vector load_part(const float *p, int count)
{
    if (count == LANES) return load(p);
#if defined(__AVX512F__)
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#elif defined(__AVX2__)
    return (vector)_mm256_maskload_ps(p, first_lanes(count));
#else
    vector v = {0};
    for (int i = 0; i < count; i++) v[i] = p[i];
    return v;
#endif
}

INLINE void store_part(float *p, vector v, int count)
{
    if (count == LANES) {
        store(p, v);
        return;
    }
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#elif defined(__AVX2__)
    _mm256_maskstore_ps(p, first_lanes(count), (__m256)v);
#else
    for (int i = 0; i < count; i++) p[i] = v[i];
#endif
}

/* A whole vector around the caches; p is aligned to it. The caller ends with stream_end(). */
INLINE void store_around(float *p, vector v)
{
#if defined(__AVX512F__)
    _mm512_stream_ps(p, (__m512)v);
#elif defined(__AVX2__)
    _mm256_stream_ps(p, (__m256)v);
#else
    store(p, v);
#endif
}

/* bfloat16 is the upper half of a float. */
INLINE vector load_bf16(const uint16_t *p)
{
#if defined(__AVX512F__)
    return (vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)p)), 16);
#elif defined(__AVX2__)
    return (vector)_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)), 16);
#else
    integers v;
    for (int i = 0; i < LANES; i++) v[i] = (int32_t)((uint32_t)p[i] << 16);
    return (vector)v;
#endif
}

#if defined(__AVX512F__)
/* 32 halves a0 .. a15 b0 .. b15 as a0 b0 a1 b1 ... */
INLINE __m512i interleave_halves(__m512i v)
{
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
                                           5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(order, v);
}
#endif

/* Rounded to the nearest, ties to even; what is not a number stays so. Around the caches: as store_around. */
INLINE void store_bf16(uint16_t *p, vector v, bool around)
{
    (void)around;
    typedef uint32_t bits __attribute__((vector_size(4 * LANES)));
    const bits wide = (bits)v, quiet = wide | 0x00400000;
    const integers number = v == v;
    const bits rounded = wide + 0x7fff + (wide >> 16 & 1);
    const bits upper = (((bits)number & rounded) | (~(bits)number & quiet)) >> 16;
#if defined(__AVX512F__)
    const __m256i packed = _mm512_cvtepi32_epi16((__m512i)upper);
    if (around) _mm256_stream_si256((__m256i *)(void *)p, packed);
    else _mm256_storeu_si256((__m256i *)(void *)p, packed);
#elif defined(__AVX2__)
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32((__m256i)upper, (__m256i)upper), 0x08);
    if (around) _mm_stream_si128((__m128i *)(void *)p, _mm256_castsi256_si128(packed));
    else _mm_storeu_si128((__m128i *)(void *)p, _mm256_castsi256_si128(packed));
#else
    for (int i = 0; i < LANES; i++) p[i] = (uint16_t)upper[i];
#endif
}

INLINE void stream_end(void)
{
#if defined(__AVX2__)
    _mm_sfence();
#endif
}

INLINE bool aligned(const void *p)
{
    return (uintptr_t)p % sizeof(vector) == 0;
}

/* mask: lanes of 0 or -1, as comparisons give. */
INLINE vector choose(integers mask, vector yes, vector no)
{
    return (vector)((mask & (integers)yes) | (~mask & (integers)no));
}

INLINE vector keep(integers mask, vector v)
{
    return (vector)(mask & (integers)v);
}

/* Not-a-number passes, so that a diverged run is seen. */
INLINE vector relu(vector x)
{
    return keep(~(x < splat(0)), x);
}

INLINE vector relu6(vector x)
{
    return choose(x > splat(6), splat(6), relu(x));
}

__attribute__((noinline, unused)) static void add_lanes(int count, const float *lanes,
                                                        double *total)
{
    for (int l = 0; l < count; l++) total[l] += (double)lanes[l];
}

/* total += the first `count` lanes of v, in double. Through memory and out of line, so that v can
 * live in a register and loops stay small. */
INLINE void fold(vector v, int count, double *total)
{
    float lanes[LANES];
    store(lanes, v);
    add_lanes(count, lanes, total);
}

/* Adds the sums of UNROLL neighbouring vectors up to one period and folds that into
 * total[0 .. BRN__PERIOD - 1]. */
INLINE void fold_period(vector *sums, double *total)
{
    enum { PHASES = BRN__PERIOD / LANES };
    for (int j = PHASES; j < UNROLL; j++) sums[j % PHASES] += sums[j];
    for (int j = 0; j < PHASES; j++) fold(sums[j], LANES, total + j * LANES);
}

#endif
