/* SPDX-License-Identifier: Apache-2.0
 * Eight decimal digits inside one word, the first in the lowest byte. */
#ifndef BRN__DATA_TABLE_DIGITS_H
#define BRN__DATA_TABLE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The number of eight digits 0 to 9: pairs, then fours, then all eight are put together. */
static inline uint64_t brn__number_of_eight(uint64_t word)
{
    word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;
    word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;
    return (word * 10000 + (word >> 32)) & 0xFFFFFFFF;
}

/* Eight characters: are they digits, and which number do they make? */
static inline bool brn__number_of_characters(uint64_t word, uint64_t *value)
{
    uint64_t high = word & 0xF0F0F0F0F0F0F0F0;
    uint64_t above = (word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0; /* : to ? lie above 9 */
    if (high != 0x3030303030303030 || above != high) return false;
    *value = brn__number_of_eight(word & 0x0F0F0F0F0F0F0F0F);
    return true;
}

/* The same from eight bytes of memory; false also where words lie the other way round. */
static inline bool brn__eight_digits(const char *p, uint64_t *value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return brn__number_of_characters(word, value);
#else
    (void)p, (void)value;
    return false;
#endif
}

#endif
