/* SPDX-License-Identifier: Apache-2.0
 * Distinct words, numbered from 0 as they come, and how often each came. Made for tens of millions of
 * words in little room: 20 bytes each and their letters, in blocks that never move. */
#ifndef BRN__DATA_TEXT_WORDS_TABLE_H
#define BRN__DATA_TEXT_WORDS_TABLE_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

typedef struct brn__word_entry {
    const char *bytes; /* NUL-terminated, in a block of letters */
    uint32_t hash;
    uint32_t count; /* sticks at the largest */
} brn__word_entry;

typedef struct brn__words {
    void **blocks; /* of entries; owned */
    int64_t count, block_count, block_capacity;
    void **letters; /* blocks of letters; owned */
    int64_t letter_block_count, letter_block_capacity;
    char *next_letter;
    size_t letters_left;
    uint32_t *slots; /* number + 1; 0: free; owned */
    uint64_t slot_count; /* a power of two */
} brn__words; /* zeroed = empty */

/* The word's number; it is added, with count 0, when it is new. */
brn_status brn__words_add(brn__words *words, const char *bytes, size_t length, uint32_t *number);
/* The number, or -1. */
int64_t brn__words_find(const brn__words *words, const char *bytes, size_t length);
brn__word_entry *brn__words_entry(const brn__words *words, uint32_t number);
const char *brn__words_get(const brn__words *words, uint32_t number);
void brn__words_free(brn__words *words);

#endif
