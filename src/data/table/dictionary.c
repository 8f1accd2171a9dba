/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/dictionary.h"
#include "base/alloc.h"

#include <string.h>

__extension__ typedef unsigned __int128 wide;

static uint64_t mix(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last bytes of a word that is shorter than eight, as a number: overlapping loads of fixed
 * size, as a copy of any size is a call. */
static uint64_t short_bytes(const char *p, size_t length)
{
    uint32_t low, high;
    if (length >= 4) {
        memcpy(&low, p, 4);
        memcpy(&high, p + length - 4, 4);
        return (uint64_t)high << 32 | low;
    }
    if (length == 0) return 0;
    const unsigned char *bytes = (const unsigned char *)p;
    return (uint64_t)bytes[0] | (uint64_t)bytes[length / 2] << 8 |
           (uint64_t)bytes[length - 1] << 16;
}

/* Multiply-and-fold over words of eight bytes, the last overlapping; only the spread matters. */
static uint64_t hash_of(brn__slice word)
{
    const uint64_t odd = 0x9E3779B97F4A7C15, other = 0xD1B54A32D192ED03;
    uint64_t hash = word.length * odd ^ other, part;
    const char *p = word.bytes;
    if (word.length < 8) return mix(hash ^ short_bytes(p, word.length), other);
    for (size_t left = word.length; left > 8; left -= 8, p += 8) {
        memcpy(&part, p, 8);
        hash = mix(hash ^ part, odd);
    }
    memcpy(&part, word.bytes + word.length - 8, 8);
    return mix(hash ^ part, other);
}

/* Words of one length. */
static bool equal_words(const char *a, const char *b, size_t length)
{
    if (length < 8) return short_bytes(a, length) == short_bytes(b, length);
    return memcmp(a, b, length) == 0;
}

/* The slot of the word, or the free one where it belongs. There is always a free slot. */
static uint64_t find_slot(const brn__dictionary *dictionary, brn__slice word, uint64_t hash)
{
    uint64_t mask = dictionary->slot_count - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        uint64_t slot = dictionary->slots[at];
        if (slot == 0) return at;
        if ((slot ^ hash) >> 32) continue;
        const brn__slice *known = &dictionary->words[(uint32_t)slot - 1];
        if (known->length == word.length && equal_words(known->bytes, word.bytes, word.length))
            return at;
    }
}

/* Doubles the slots when they are half full. */
static brn_status make_slots(brn__dictionary *dictionary)
{
    if ((uint64_t)dictionary->count * 2 < dictionary->slot_count) return BRN_OK;
    uint64_t count = dictionary->slot_count ? 2 * dictionary->slot_count : 64;
    uint64_t *slots = brn__alloc_zero(count, sizeof *slots), *old = dictionary->slots;
    if (!slots) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < dictionary->count; i++) {
        uint64_t hash = hash_of(dictionary->words[i]), at = hash & (count - 1);
        while (slots[at]) at = (at + 1) & (count - 1);
        slots[at] = (hash & 0xFFFFFFFF00000000) | (uint64_t)(i + 1);
    }
    dictionary->slots = slots;
    dictionary->slot_count = count;
    brn__free(old);
    return BRN_OK;
}

static brn_status make_words(brn__dictionary *dictionary)
{
    if (dictionary->count < dictionary->capacity) return BRN_OK;
    if (dictionary->count >= INT32_MAX)
        return brn__fail(BRN_ERROR_INPUT, "more than %lld distinct values",
                         (long long)dictionary->count);
    int64_t capacity = dictionary->capacity ? 2 * dictionary->capacity : 32;
    brn__slice *words = brn__realloc(dictionary->words, (size_t)capacity * sizeof *words);
    if (!words) return BRN_ERROR_NO_MEMORY;
    dictionary->words = words;
    dictionary->capacity = capacity;
    return BRN_OK;
}

brn_status brn__dictionary_add(brn__dictionary *dictionary, brn__slice word, bool copy,
                               int32_t *code)
{
    BRN__TRY(make_slots(dictionary));
    uint64_t hash = hash_of(word), at = find_slot(dictionary, word, hash);
    if (dictionary->slots[at]) {
        *code = (int32_t)((uint32_t)dictionary->slots[at] - 1);
        return BRN_OK;
    }
    BRN__TRY(make_words(dictionary));
    if (copy) {
        word.bytes = brn__arena_copy(&dictionary->arena, word.bytes, word.length);
        if (!word.bytes) return BRN_ERROR_NO_MEMORY;
    }
    *code = (int32_t)dictionary->count;
    dictionary->words[dictionary->count++] = word;
    dictionary->slots[at] = (hash & 0xFFFFFFFF00000000) | (uint64_t)dictionary->count;
    return BRN_OK;
}

int64_t brn__dictionary_find(const brn__dictionary *dictionary, brn__slice word)
{
    if (!dictionary->slot_count) return -1;
    uint64_t slot = dictionary->slots[find_slot(dictionary, word, hash_of(word))];
    return slot ? (int64_t)(uint32_t)slot - 1 : -1;
}

void brn__dictionary_free(brn__dictionary *dictionary)
{
    brn__free(dictionary->words);
    brn__free(dictionary->slots);
    brn__arena_free(&dictionary->arena);
    *dictionary = (brn__dictionary){0};
}
