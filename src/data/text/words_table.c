/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/words_table.h"
#include "base/alloc.h"

#include <string.h>

enum { BLOCK = 1 << 11, LETTERS = 1 << 15 }; /* entries, bytes: small enough for a list of classes */

static uint32_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = length * 0x9E3779B97F4A7C15u, part;
    for (; length >= 8; bytes += 8, length -= 8) {
        memcpy(&part, bytes, 8);
        hash = (hash ^ part) * 0xD1B54A32D192ED03u;
        hash ^= hash >> 32;
    }
    part = 0;
    memcpy(&part, bytes, length);
    hash = (hash ^ part) * 0xD1B54A32D192ED03u;
    hash ^= hash >> 29;
    return (uint32_t)(hash * 0x9E3779B97F4A7C15u >> 32);
}

brn__word_entry *brn__words_entry(const brn__words *words, uint32_t number)
{
    return (brn__word_entry *)words->blocks[number / BLOCK] + number % BLOCK;
}

const char *brn__words_get(const brn__words *words, uint32_t number)
{
    return brn__words_entry(words, number)->bytes;
}

/* The slot of the word, or the free one where it belongs. There is always a free one. */
static uint64_t find_slot(const brn__words *words, const char *bytes, size_t length, uint32_t hash)
{
    uint64_t mask = words->slot_count - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        if (!words->slots[at]) return at;
        const brn__word_entry *entry = brn__words_entry(words, words->slots[at] - 1);
        if (entry->hash == hash && strncmp(entry->bytes, bytes, length) == 0 && !entry->bytes[length]) return at;
    }
}

/* Twice as many slots when three quarters are taken. */
static brn_status make_slots(brn__words *words)
{
    if ((uint64_t)words->count * 4 < words->slot_count * 3) return BRN_OK;
    uint64_t count = words->slot_count ? 2 * words->slot_count : 1024, mask = count - 1;
    uint32_t *slots = brn__alloc_zero(count, sizeof *slots);
    if (!slots) return BRN_ERROR_NO_MEMORY;
    for (uint32_t i = 0; i < (uint32_t)words->count; i++) {
        uint64_t at = brn__words_entry(words, i)->hash & mask;
        while (slots[at]) at = (at + 1) & mask;
        slots[at] = i + 1;
    }
    brn__free(words->slots);
    words->slots = slots;
    words->slot_count = count;
    return BRN_OK;
}

/* Room for one more pointer in a list of blocks, and the block. */
static void *add_block(void ***blocks, int64_t *count, int64_t *capacity, size_t bytes)
{
    if (*count == *capacity) {
        int64_t larger = *capacity ? 2 * *capacity : 16;
        void **list = brn__realloc(*blocks, (size_t)larger * sizeof *list);
        if (!list) return NULL;
        *blocks = list;
        *capacity = larger;
    }
    void *block = brn__alloc(bytes);
    if (block) (*blocks)[(*count)++] = block;
    return block;
}

static const char *keep_letters(brn__words *words, const char *bytes, size_t length)
{
    if (words->letters_left < length + 1) {
        size_t size = length + 1 > LETTERS ? length + 1 : LETTERS;
        if (!add_block(&words->letters, &words->letter_block_count, &words->letter_block_capacity, size))
            return NULL;
        words->letters_left = size;
        words->next_letter = words->letters[words->letter_block_count - 1];
    }
    char *to = words->next_letter;
    memcpy(to, bytes, length);
    to[length] = '\0';
    words->letters_left -= length + 1;
    words->next_letter += length + 1;
    return to;
}

static brn_status add_new(brn__words *words, const char *bytes, size_t length, uint32_t hash, uint64_t slot)
{
    if (words->count == UINT32_MAX - 1)
        return brn__fail(BRN_ERROR_INPUT, "texts: more than %u different words", UINT32_MAX - 1);
    if (words->count == words->block_count * BLOCK &&
        !add_block(&words->blocks, &words->block_count, &words->block_capacity,
                   BLOCK * sizeof(brn__word_entry)))
        return BRN_ERROR_NO_MEMORY;
    const char *kept = keep_letters(words, bytes, length);
    if (!kept) return BRN_ERROR_NO_MEMORY;
    *brn__words_entry(words, (uint32_t)words->count) = (brn__word_entry){.bytes = kept, .hash = hash};
    words->slots[slot] = (uint32_t)++words->count;
    return BRN_OK;
}

brn_status brn__words_add(brn__words *words, const char *bytes, size_t length, uint32_t *number)
{
    BRN__TRY(make_slots(words));
    uint32_t hash = hash_of(bytes, length);
    uint64_t slot = find_slot(words, bytes, length, hash);
    if (!words->slots[slot]) BRN__TRY(add_new(words, bytes, length, hash, slot));
    *number = words->slots[slot] - 1;
    return BRN_OK;
}

int64_t brn__words_find(const brn__words *words, const char *bytes, size_t length)
{
    if (!words->slot_count) return -1;
    uint64_t slot = find_slot(words, bytes, length, hash_of(bytes, length));
    return (int64_t)words->slots[slot] - 1;
}

void brn__words_free(brn__words *words)
{
    for (int64_t i = 0; i < words->block_count; i++) brn__free(words->blocks[i]);
    for (int64_t i = 0; i < words->letter_block_count; i++) brn__free(words->letters[i]);
    brn__free(words->blocks);
    brn__free(words->letters);
    brn__free(words->slots);
    *words = (brn__words){0};
}
