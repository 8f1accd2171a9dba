/* SPDX-License-Identifier: Apache-2.0
 * The distinct words of a column, numbered from 0 in the order in which they were added. */
#ifndef BRN__DATA_TABLE_DICTIONARY_H
#define BRN__DATA_TABLE_DICTIONARY_H

#include "base/arena.h"
#include "data/table/csv.h"

typedef struct brn__dictionary {
    brn__slice *words; /* (count), owned */
    int64_t count, capacity;
    uint64_t *slots; /* owned, open addressing: upper half a hash, lower half code + 1 (0: free) */
    uint64_t slot_count; /* a power of two */
    brn__arena arena;    /* bytes of the words that were copied */
} brn__dictionary;       /* zeroed = empty */

/* The word's code; it is added when it is new. Its bytes are copied when `copy`, else they must
 * outlive the dictionary. At most 2^31 - 1 words. */
brn_status brn__dictionary_add(brn__dictionary *dictionary, brn__slice word, bool copy,
                               int32_t *code);
/* The word's code, or -1. */
int64_t brn__dictionary_find(const brn__dictionary *dictionary, brn__slice word);
void brn__dictionary_free(brn__dictionary *dictionary);

#endif
