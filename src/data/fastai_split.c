/* SPDX-License-Identifier: Apache-2.0
 * fast.ai 0.7's validation items. They come from NumPy's RandomState: the Mersenne Twister of
 * Matsumoto and Nishimura ("Mersenne Twister", ACM TOMACS 8, 1998) with its initialisation of 2002,
 * a bounded number by masking and rejection, and a shuffle from the end. */
#include "base/alloc.h"
#include "base/status.h"
#include "burnish/data_split.h"

enum { STATE = 624, SHIFT = 397 };

typedef struct twister {
    uint32_t state[STATE];
    int next;
} twister;

static void seed_twister(twister *t, uint32_t seed)
{
    t->state[0] = seed;
    for (uint32_t i = 1; i < STATE; i++)
        t->state[i] = 1812433253u * (t->state[i - 1] ^ (t->state[i - 1] >> 30)) + i;
    t->next = STATE;
}

static void renew(twister *t)
{
    for (int i = 0; i < STATE; i++) {
        uint32_t mixed = (t->state[i] & 0x80000000u) | (t->state[(i + 1) % STATE] & 0x7FFFFFFFu);
        t->state[i] = t->state[(i + SHIFT) % STATE] ^ (mixed >> 1) ^ (mixed & 1 ? 0x9908B0DFu : 0);
    }
    t->next = 0;
}

static uint32_t draw(twister *t)
{
    if (t->next == STATE) renew(t);
    uint32_t y = t->state[t->next++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9D2C5680u;
    y ^= (y << 15) & 0xEFC60000u;
    return y ^ (y >> 18);
}

/* 0 .. most: numbers of just enough bits, until one is not over. */
static uint32_t draw_to(twister *t, uint32_t most)
{
    uint32_t mask = most, number;
    for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    do number = draw(t) & mask;
    while (number > most);
    return number;
}

brn_status brn_fastai07_cv_items(int64_t n, int64_t cv_idx, double val_pct, uint64_t seed,
                                 int64_t *out, int64_t *count)
{
    *count = 0;
    if (n < 0 || n > UINT32_MAX || cv_idx < 0 || seed > UINT32_MAX)
        return brn__fail(BRN_ERROR_INPUT,
                         "part %lld of %lld items with seed %llu; expected a part from 0 up, and items "
                         "and seed below 2^32",
                         (long long)cv_idx, (long long)n, (unsigned long long)seed);
    if (!(val_pct >= 0 && val_pct <= 1))
        return brn__fail(BRN_ERROR_INPUT, "a share of %g that validates; expected 0 to 1", val_pct);
    const int64_t size = (int64_t)(val_pct * (double)n);
    if (size == 0 || cv_idx > n / size) return BRN_OK;
    int64_t *order = brn__alloc_array((size_t)n, sizeof *order);
    if (!order) return BRN_ERROR_NO_MEMORY;
    twister t;
    seed_twister(&t, (uint32_t)seed);
    for (int64_t i = 0; i < n; i++) order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = draw_to(&t, (uint32_t)i), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (int64_t i = cv_idx * size; i < n && *count < size; i++) out[(*count)++] = order[i];
    brn__free(order);
    return BRN_OK;
}
