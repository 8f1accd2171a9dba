/* SPDX-License-Identifier: Apache-2.0
 * 16 x 16 transpositions in registers. Seen as a matrix of 16 output channels by 16 K columns (input
 * channel, tap), a block is transposed 16 columns at a time. */
#include "backends/cpu/simd/weight_blocks.h"
#include "backends/cpu/simd/vector.h"

#if defined(__AVX512F__)

#define UNROLLED _Pragma("GCC unroll 16")

INLINE __m512 low_pairs(__m512 a, __m512 b)
{
    return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

INLINE __m512 high_pairs(__m512 a, __m512 b)
{
    return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
}

/* First inside 4 x 4 tiles, then the tiles themselves. */
INLINE void transpose(__m512 r[16])
{
    __m512 a[16], b[16];
    UNROLLED for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLLED for (int i = 0; i < 16; i += 4) {
        b[i] = low_pairs(a[i], a[i + 2]);
        b[i + 1] = high_pairs(a[i], a[i + 2]);
        b[i + 2] = low_pairs(a[i + 1], a[i + 3]);
        b[i + 3] = high_pairs(a[i + 1], a[i + 3]);
    }
    UNROLLED for (int c = 0; c < 4; c++) {
        __m512 even_low = _mm512_shuffle_f32x4(b[c], b[4 + c], 0x88);
        __m512 even_high = _mm512_shuffle_f32x4(b[8 + c], b[12 + c], 0x88);
        __m512 odd_low = _mm512_shuffle_f32x4(b[c], b[4 + c], 0xDD);
        __m512 odd_high = _mm512_shuffle_f32x4(b[8 + c], b[12 + c], 0xDD);
        r[c] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
        r[4 + c] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
        r[8 + c] = _mm512_shuffle_f32x4(even_low, even_high, 0xDD);
        r[12 + c] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xDD);
    }
}

/* Where column `column` = (input channel, tap) of the matrix lies in a 16i16o block. */
INLINE int64_t place(int64_t column, int64_t kernel)
{
    return column % kernel * 256 + column / kernel * 16;
}

static void pack_io(const float *canonical, int64_t row, int64_t kernel, float *block)
{
    for (int64_t column = 0; column < 16 * kernel; column += 16) {
        __m512 r[16];
        UNROLLED for (int o = 0; o < 16; o++) r[o] = _mm512_loadu_ps(canonical + o * row + column);
        transpose(r);
        UNROLLED for (int q = 0; q < 16; q++) _mm512_storeu_ps(block + place(column + q, kernel), r[q]);
    }
}

static void unpack_io(const float *block, int64_t row, int64_t kernel, float *canonical)
{
    for (int64_t column = 0; column < 16 * kernel; column += 16) {
        __m512 r[16];
        UNROLLED for (int q = 0; q < 16; q++) r[q] = _mm512_loadu_ps(block + place(column + q, kernel));
        transpose(r);
        UNROLLED for (int o = 0; o < 16; o++) _mm512_storeu_ps(canonical + o * row + column, r[o]);
    }
}

static void pack_oi(const float *canonical, int64_t row, int64_t kernel, float *block)
{
    __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i steps = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)kernel));
    for (int o = 0; o < 16; o++)
        for (int64_t k = 0; k < kernel; k++) {
            const float *from = canonical + o * row + k;
            __m512 v = kernel == 1 ? _mm512_loadu_ps(from) : _mm512_i32gather_ps(steps, from, 4);
            _mm512_storeu_ps(block + k * 256 + o * 16, v);
        }
}

#pragma GCC push_options
#pragma GCC target("avx512bf16")

INLINE void store_line(uint16_t *to, __m512i line)
{
    if (aligned(to)) _mm512_stream_si512((__m512i *)(void *)to, line);
    else _mm512_storeu_si512(to, line);
}

/* A row's eight pairs are eight numbers of a matrix to transpose. */
static void pack_io_bf16(const float *canonical, int64_t row, uint16_t *block)
{
    __m512 r[16];
    UNROLLED for (int o = 0; o < 16; o++) {
        const __m256i pairs = (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(canonical + o * row));
        r[o] = _mm512_castsi512_ps(_mm512_castsi256_si512(pairs));
    }
    transpose(r);
    UNROLLED for (int pair = 0; pair < 8; pair++) store_line(block + pair * 32, _mm512_castps_si512(r[pair]));
}

static void pack_oi_bf16(const float *canonical, int64_t row, uint16_t *block)
{
    UNROLLED for (int pair = 0; pair < 8; pair++) {
        const float *first = canonical + 2 * pair * row;
        const __m512i rows = (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(first + row), _mm512_loadu_ps(first));
        store_line(block + pair * 32, interleave_halves(rows));
    }
}

#pragma GCC pop_options

static void pack_end(void) { stream_end(); }

extern const brn__weight_blocks brn__weight_blocks_avx512, brn__weight_blocks_avx512_bf16;
const brn__weight_blocks brn__weight_blocks_avx512 = {.name = "simd:avx512:blocks", .pack_io = pack_io, .pack_oi = pack_oi,
                                                      .unpack_io = unpack_io};
const brn__weight_blocks brn__weight_blocks_avx512_bf16 = {
    "simd:avx512:blocks", "simd:avx512_bf16:blocks", pack_io, pack_oi, unpack_io, pack_io_bf16, pack_oi_bf16, pack_end};

#else
typedef int brn__no_weight_blocks; /* other instruction sets leave this to oneDNN */
#endif
