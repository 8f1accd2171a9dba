/* SPDX-License-Identifier: Apache-2.0
 * Sequential drawing on top of the counter-based generator. */
#include "base/philox.h"

#include <math.h>

uint64_t brn__philox_key(uint64_t seed, const char *stream_name)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a, 64 bits */
    for (const char *p = stream_name; *p; p++) hash = (hash ^ (unsigned char)*p) * 0x100000001B3u;
    brn__philox_block mixed = brn__philox(seed, (uint32_t)hash, (uint32_t)(hash >> 32), 0, 0);
    return (uint64_t)mixed.word[1] << 32 | mixed.word[0];
}

brn__random brn__random_new(uint64_t key, uint32_t a, uint32_t b, uint32_t c)
{
    return (brn__random){.key = key, .a = a, .b = b, .c = c};
}

uint32_t brn__random_word(brn__random *random)
{
    if (!random->left) {
        random->block = brn__philox(random->key, random->next++, random->a, random->b, random->c);
        random->left = 4;
    }
    return random->block.word[4 - random->left--];
}

double brn__random_uniform(brn__random *random) { return brn__random_word(random) * 0x1p-32; }

double brn__random_between(brn__random *random, double low, double high)
{
    return low + (high - low) * brn__random_uniform(random);
}

double brn__random_normal(brn__random *random)
{
    double u = (brn__random_word(random) + 0.5) * 0x1p-32; /* Box-Muller; u is never 0 */
    double v = brn__random_uniform(random);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

uint32_t brn__random_below(brn__random *random, uint32_t n)
{
    uint32_t reject_below = (uint32_t)(-n) % n; /* Lemire's rejection keeps it unbiased */
    for (;;) {
        uint64_t product = (uint64_t)brn__random_word(random) * n;
        if ((uint32_t)product >= reject_below) return (uint32_t)(product >> 32);
    }
}

void brn__random_shuffle(brn__random *random, int64_t *items, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = brn__random_below(random, (uint32_t)(i + 1));
        int64_t swap = items[i];
        items[i] = items[j];
        items[j] = swap;
    }
}
