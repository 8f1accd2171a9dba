/* SPDX-License-Identifier: Apache-2.0
 * A tile of dw stays in registers for all pairs: of 16 channels of x in a vector several vectors, and of dy several
 * channels, each spread to all lanes. */
#include "backends/cpu/simd/pixel_products.h"
#include "backends/cpu/simd/vector.h"

#include <string.h>

enum { BLOCK = 16, PAIR = 2 * BLOCK };

#define UNROLLED _Pragma("GCC unroll 16")

#if LANES == 16

#pragma GCC push_options
#pragma GCC target("avx512bf16")

/* 16 channels of one pixel and of the next become pairs. */
static void pack(int64_t pixels, const int32_t *places, const uint16_t *block, uint16_t *packed)
{
    int64_t i = 0;
    for (; i + 2 <= pixels; i += 2) {
        const uint16_t *first = block + (int64_t)places[i] * BLOCK, *second = block + (int64_t)places[i + 1] * BLOCK;
        __m512i both = second == first + BLOCK
                           ? _mm512_loadu_si512(first)
                           : _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)first)),
                                                _mm256_loadu_si256((const __m256i *)(const void *)second), 1);
        _mm512_storeu_si512(packed + i * BLOCK, interleave_halves(both));
    }
    if (i == pixels) return;
    const __m256i last = _mm256_loadu_si256((const __m256i *)(const void *)(block + (int64_t)places[i] * BLOCK));
    _mm512_storeu_si512(packed + i * BLOCK, _mm512_cvtepu16_epi32(last));
}

/* The bits of a pair of dy, in all lanes. */
INLINE __m512bh pair_of(const uint16_t *dy)
{
    int32_t bits;
    memcpy(&bits, dy, sizeof bits);
    return (__m512bh)_mm512_set1_epi32(bits);
}

/* `rows` rows of dw from `first` on, `vectors` vectors of columns; fetches the lines at `ahead`. */
INLINE void tile(const brn__pixel_product *p, const void *ahead, int first, int rows, int vectors)
{
    __m512 sums[BRN__PIXEL_ROWS][BRN__PIXEL_COLUMNS / BLOCK];
    UNROLLED for (int r = 0; r < rows; r++) UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_setzero_ps();
    const uint16_t *x = p->x, *dy = p->dy + 2 * first;
    const int64_t block = p->pairs * PAIR;
    for (int64_t i = 0; i < p->pairs; i++, x += PAIR, dy += PAIR) {
        _mm_prefetch((const char *)((uintptr_t)ahead + (size_t)i * 64), _MM_HINT_T1);
        __m512bh columns[BRN__PIXEL_COLUMNS / BLOCK];
        UNROLLED for (int v = 0; v < vectors; v++) columns[v] = (__m512bh)_mm512_loadu_si512(x + v * block);
        UNROLLED for (int r = 0; r < rows; r++) {
            const __m512bh pair = pair_of(dy + 2 * r);
            UNROLLED for (int v = 0; v < vectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], columns[v], pair);
        }
    }
    const int last = (int)(p->columns - (vectors - 1) * BLOCK);
    UNROLLED for (int r = 0; r < rows; r++) {
        if (first + r >= p->rows) return;
        UNROLLED for (int v = 0; v < vectors; v++) {
            float *to = p->dw + (first + r) * p->row + v * BLOCK;
            const int lanes = v == vectors - 1 ? last : BLOCK;
            vector sum = (vector)sums[r][v];
            if (p->add) sum += load_part(to, lanes);
            store_part(to, sum, lanes);
        }
    }
}

static void multiply(const brn__pixel_product *p)
{
    /* What is to be fetched once more is in the cache already. */
    const void *first = p->ahead[0] ? p->ahead[0] : p->dy, *second = p->ahead[1] ? p->ahead[1] : p->dy;
    switch ((p->columns + BLOCK - 1) / BLOCK) {
    case 1: tile(p, first, 0, 16, 1); break; /* fewer sums would wait for one another */
    case 2:
        tile(p, first, 0, 8, 2);
        tile(p, second, 8, 8, 2);
        break;
    case 3:
        tile(p, first, 0, 8, 3);
        tile(p, second, 8, 8, 3);
        break;
    default:
        tile(p, first, 0, 6, 4);
        tile(p, second, 6, 6, 4);
        tile(p, p->dy, 12, 4, 4);
    }
}

#pragma GCC pop_options

#else

static void pack(int64_t pixels, const int32_t *places, const uint16_t *block, uint16_t *packed)
{
    memset(packed, 0, sizeof *packed * PAIR * (size_t)((pixels + 1) / 2));
    for (int64_t i = 0; i < pixels; i++)
        for (int c = 0; c < BLOCK; c++) packed[i / 2 * PAIR + 2 * c + i % 2] = block[(int64_t)places[i] * BLOCK + c];
}

static void multiply(const brn__pixel_product *p)
{
    const int64_t block = p->pairs * PAIR;
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t c = 0; c < p->columns; c++) {
            const uint16_t *x = p->x + c / BLOCK * block + c % BLOCK * 2, *dy = p->dy + r * 2;
            float sum = 0;
            for (int64_t i = 0; i < p->pairs; i++, x += PAIR, dy += PAIR)
                sum += brn__widened(x[0]) * brn__widened(dy[0]) + brn__widened(x[1]) * brn__widened(dy[1]);
            float *to = p->dw + r * p->row + c;
            *to = p->add ? *to + sum : sum;
        }
}

#endif

#if LANES == 16
#define NAME "simd:avx512_bf16:pixel products"
#else
#define QUOTE(isa) QUOTE2(isa)
#define QUOTE2(isa) "simd:" #isa ":pixel products"
#define NAME QUOTE(BRN__ISA)
#endif

extern const brn__pixel_products BRN__SIMD(pixel_products);
const brn__pixel_products BRN__SIMD(pixel_products) = {NAME, pack, multiply};
