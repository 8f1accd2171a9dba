/* SPDX-License-Identifier: Apache-2.0
 * Finds the bytes that matter, 64 at a time: a mask has a bit set for each byte that can end a
 * field. Quotes need no mask: they count only where a field begins, and there the reader looks. */
#include "data/table/csv_reader.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* The top bit of each byte of the result tells whether the byte of `word` is zero. */
static uint64_t zero_bytes(uint64_t word)
{
    const uint64_t low = 0x7F7F7F7F7F7F7F7F;
    return ~(((word & low) + low) | word | low);
}

static uint64_t bytes_equal(uint64_t word, uint64_t pattern)
{
    return zero_bytes(word ^ pattern);
}

/* Gathers the eight top bits into one byte, the lowest byte's first. */
static uint64_t gather_top_bits(uint64_t word)
{
    return (word >> 7) * 0x0102040810204080 >> 56;
}

void brn__csv_scan_portable(const char *bytes, int blocks, char separator, uint64_t *masks)
{
    const uint64_t ones = 0x0101010101010101;
    const uint64_t separators = ones * (unsigned char)separator;
    for (int block = 0; block < blocks; block++) {
        uint64_t mask = 0;
        for (int part = 0; part < 8; part++) {
            uint64_t word;
            memcpy(&word, bytes + BRN__CSV_BLOCK * block + 8 * part, 8);
            uint64_t hit = bytes_equal(word, separators) | bytes_equal(word, ones * '\n') |
                           bytes_equal(word, ones * '\r');
            mask |= gather_top_bits(hit) << 8 * part;
        }
        masks[block] = mask;
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static uint32_t mask_of_32(const char *bytes, __m256i separators)
{
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(x, separators),
                                  _mm256_or_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\n')),
                                                  _mm256_cmpeq_epi8(x, _mm256_set1_epi8('\r'))));
    return (uint32_t)_mm256_movemask_epi8(hit);
}

__attribute__((target("avx2"))) static void scan_avx2(const char *bytes, int blocks, char separator,
                                                      uint64_t *masks)
{
    __m256i separators = _mm256_set1_epi8(separator);
    for (int block = 0; block < blocks; block++) {
        const char *from = bytes + BRN__CSV_BLOCK * block;
        masks[block] = mask_of_32(from, separators) | (uint64_t)mask_of_32(from + 32, separators)
                                                          << 32;
    }
}
#endif

void brn__csv_scan(const char *bytes, int blocks, char separator, uint64_t *masks)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        scan_avx2(bytes, blocks, separator, masks);
        return;
    }
#endif
    brn__csv_scan_portable(bytes, blocks, separator, masks);
}

void brn__csv_scan_odd_portable(const char *bytes, int blocks, char separator, char quote,
                                uint64_t *masks, uint64_t *odd)
{
    const uint64_t ones = 0x0101010101010101, quotes = ones * (unsigned char)quote;
    brn__csv_scan_portable(bytes, blocks, separator, masks);
    for (int block = 0; block < blocks; block++) {
        uint64_t mask = 0;
        for (int part = 0; part < 8; part++) {
            uint64_t word;
            memcpy(&word, bytes + BRN__CSV_BLOCK * block + 8 * part, 8);
            uint64_t hit = bytes_equal(word, quotes) | zero_bytes(word) | (word & ones << 7);
            mask |= gather_top_bits(hit) << 8 * part;
        }
        odd[block] = mask;
    }
}

#if defined(__x86_64__)
__attribute__((target("avx512bw"))) static void scan_odd_avx512(const char *bytes, int blocks,
                                                                char separator, char quote,
                                                                uint64_t *masks, uint64_t *odd)
{
    const __m512i separators = _mm512_set1_epi8(separator), quotes = _mm512_set1_epi8(quote);
    const __m512i feeds = _mm512_set1_epi8('\n'), returns = _mm512_set1_epi8('\r');
    for (int block = 0; block < blocks; block++) {
        __m512i x = _mm512_loadu_si512((const void *)(bytes + BRN__CSV_BLOCK * block));
        masks[block] = _mm512_cmpeq_epi8_mask(x, separators) | _mm512_cmpeq_epi8_mask(x, feeds) |
                       _mm512_cmpeq_epi8_mask(x, returns);
        odd[block] = _mm512_cmpeq_epi8_mask(x, quotes) |
                     _mm512_cmple_epi8_mask(x, _mm512_setzero_si512()); /* with a sign */
    }
}

__attribute__((target("avx2"))) static uint32_t odd_of_32(const char *bytes, __m256i quotes)
{
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
    __m256i above = _mm256_cmpgt_epi8(x, _mm256_setzero_si256());
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(x, quotes)) |
           ~(uint32_t)_mm256_movemask_epi8(above);
}

__attribute__((target("avx2"))) static void scan_odd_avx2(const char *bytes, int blocks,
                                                          char separator, char quote,
                                                          uint64_t *masks, uint64_t *odd)
{
    __m256i quotes = _mm256_set1_epi8(quote);
    scan_avx2(bytes, blocks, separator, masks);
    for (int block = 0; block < blocks; block++) {
        const char *from = bytes + BRN__CSV_BLOCK * block;
        odd[block] = odd_of_32(from, quotes) | (uint64_t)odd_of_32(from + 32, quotes) << 32;
    }
}
#endif

void brn__csv_scan_odd(const char *bytes, int blocks, char separator, char quote, uint64_t *masks,
                       uint64_t *odd)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) {
        scan_odd_avx512(bytes, blocks, separator, quote, masks, odd);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        scan_odd_avx2(bytes, blocks, separator, quote, masks, odd);
        return;
    }
#endif
    brn__csv_scan_odd_portable(bytes, blocks, separator, quote, masks, odd);
}

#if defined(__x86_64__)
__attribute__((target("avx512bw,popcnt"))) static const char *look_avx512(const char *p, const char *end, char quote,
                                                                         brn__csv_look *out)
{
    const __m512i feed = _mm512_set1_epi8('\n'), back = _mm512_set1_epi8('\r'), quotes = _mm512_set1_epi8(quote);
    uint64_t returns = 0, quoted = 0;
    for (; end - p >= 64; p += 64) {
        const __m512i x = _mm512_loadu_si512((const void *)p);
        const uint64_t found = _mm512_cmpeq_epi8_mask(x, back);
        out->ends += __builtin_popcountll(found | _mm512_cmpeq_epi8_mask(x, feed));
        returns |= found;
        quoted |= _mm512_cmpeq_epi8_mask(x, quotes);
    }
    out->returns = returns != 0;
    out->quotes = quoted != 0;
    return p;
}

__attribute__((target("avx2,popcnt"))) static const char *look_avx2(const char *p, const char *end, char quote,
                                                                    brn__csv_look *out)
{
    const __m256i feed = _mm256_set1_epi8('\n'), back = _mm256_set1_epi8('\r'), quotes = _mm256_set1_epi8(quote);
    __m256i returns = _mm256_setzero_si256(), quoted = returns;
    for (; end - p >= 32; p += 32) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p), found = _mm256_cmpeq_epi8(x, back);
        out->ends +=
            __builtin_popcount((unsigned)_mm256_movemask_epi8(_mm256_or_si256(found, _mm256_cmpeq_epi8(x, feed))));
        returns = _mm256_or_si256(returns, found);
        quoted = _mm256_or_si256(quoted, _mm256_cmpeq_epi8(x, quotes));
    }
    out->returns = _mm256_movemask_epi8(returns) != 0;
    out->quotes = _mm256_movemask_epi8(quoted) != 0;
    return p;
}
#endif

brn__csv_look brn__csv_look_at(const char *bytes, const char *end, char quote)
{
    const char *p = bytes;
    brn__csv_look look = {0};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) p = look_avx512(p, end, quote, &look);
    else if (__builtin_cpu_supports("avx2")) p = look_avx2(p, end, quote, &look);
#endif
    for (; p < end; p++) {
        look.ends += *p == '\n' || *p == '\r';
        look.returns |= *p == '\r';
        look.quotes |= *p == quote;
    }
    return look;
}

int64_t brn__csv_count_lines(const char *bytes, const char *end)
{
    int64_t count = 0;
    for (const char *p = bytes; p < end; p++)
        count += *p == '\n' || (*p == '\r' && !(p + 1 < end && p[1] == '\n'));
    return count;
}

/* Bytes of the valid UTF-8 sequence at `p`, which has a high bit; 0 when it is not one. */
static int sequence_length(const unsigned char *p, const unsigned char *end)
{
    int length = *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
    if (*p < 0xC2 || *p > 0xF4 || end - p < length) return 0;
    for (int i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (*p == 0xE0 && p[1] < 0xA0) return 0; /* too long a form */
    if (*p == 0xED && p[1] > 0x9F) return 0; /* surrogates */
    if (*p == 0xF0 && p[1] < 0x90) return 0;
    if (*p == 0xF4 && p[1] > 0x8F) return 0; /* above U+10FFFF */
    return length;
}

const char *brn__csv_bad_byte(const char *bytes, const char *end)
{
    const unsigned char *p = (const unsigned char *)bytes, *stop = (const unsigned char *)end;
    while (p < stop) {
        uint64_t word;
        while (stop - p >= 8) {
            memcpy(&word, p, 8);
            if ((word & 0x8080808080808080) || zero_bytes(word)) break;
            p += 8;
        }
        if (p == stop) break;
        int length = *p == 0 ? 0 : *p < 0x80 ? 1 : sequence_length(p, stop);
        if (!length) return (const char *)p;
        p += length;
    }
    return end;
}
