/* SPDX-License-Identifier: Apache-2.0
 * Philox4x32-10, a counter-based random generator: the value is a pure function of (key, counter),
 * so any thread can make any part of a stream, and resume is exact.
 * Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#ifndef BRN__BASE_PHILOX_H
#define BRN__BASE_PHILOX_H

#include <stdint.h>

typedef struct brn__philox_block {
    uint32_t word[4];
} brn__philox_block;

/* Ten rounds on a 128-bit counter under a 64-bit key. */
static inline brn__philox_block brn__philox(uint64_t key, uint32_t c0, uint32_t c1, uint32_t c2,
                                            uint32_t c3)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1, c3 = (uint32_t)p0, c0 = n0, c2 = n2;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    return (brn__philox_block){{c0, c1, c2, c3}};
}

/* 24 random bits as a float in [0, 1). */
static inline float brn__uniform_float(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f;
}

/* A stream of numbers for code that draws one after the other (augmentation, shuffles, samplers).
 * key = brn__philox_key(seed, "stream name"); the two counters say whose stream it is. */
typedef struct brn__random {
    uint64_t key;
    uint32_t a, b, c; /* fixed part of the counter, for example epoch, sample, purpose */
    uint32_t next;    /* running part */
    brn__philox_block block;
    int left; /* unused words of `block` */
} brn__random;

uint64_t brn__philox_key(uint64_t seed, const char *stream_name); /* FNV-1a of the name, mixed */
brn__random brn__random_new(uint64_t key, uint32_t a, uint32_t b, uint32_t c);
uint32_t brn__random_word(brn__random *random);
double brn__random_uniform(brn__random *random);                         /* [0, 1), 32 bits */
double brn__random_between(brn__random *random, double low, double high);
double brn__random_normal(brn__random *random);                          /* mean 0, deviation 1 */
uint32_t brn__random_below(brn__random *random, uint32_t n);             /* unbiased, 0..n-1, n > 0 */
void brn__random_shuffle(brn__random *random, int64_t *items, int64_t n); /* Fisher-Yates */

#endif
