/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with linear probing, at most half full. */
#include "io/names.h"
#include "base/alloc.h"

#include <string.h>

/* FNV-1a, with its high bits folded in. */
static size_t hash_of(const char *name, size_t length)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)name[i]) * 0x100000001B3u;
    return (size_t)(hash ^ hash >> 32);
}

/* The name's slot, or the free slot where it would go. The table is never full. */
static brn__name_slot *slot_of(const brn__name_table *table, const char *name, size_t length)
{
    for (size_t at = hash_of(name, length);; at++) {
        brn__name_slot *slot = &table->slots[at & (table->capacity - 1)];
        if (!slot->name) return slot;
        if (slot->length == length && memcmp(slot->name, name, length) == 0) return slot;
    }
}

static brn_status grow(brn__name_table *table)
{
    brn__name_table larger = {.count = table->count,
                              .capacity = table->capacity ? 2 * table->capacity : 64};
    larger.slots = brn__alloc_zero(larger.capacity, sizeof *larger.slots);
    if (!larger.slots) return BRN_ERROR_NO_MEMORY;
    for (size_t i = 0; i < table->capacity; i++) {
        const brn__name_slot *old = &table->slots[i];
        if (old->name) *slot_of(&larger, old->name, old->length) = *old;
    }
    brn__free(table->slots);
    *table = larger;
    return BRN_OK;
}

brn_status brn__name_table_add(brn__name_table *table, const char *name, size_t length,
                               int64_t value, bool *added)
{
    if (2 * (table->count + 1) > table->capacity) BRN__TRY(grow(table));
    brn__name_slot *slot = slot_of(table, name, length);
    *added = !slot->name;
    if (*added) {
        *slot = (brn__name_slot){.name = name, .length = length, .value = value};
        table->count++;
    }
    return BRN_OK;
}

int64_t brn__name_table_find(const brn__name_table *table, const char *name, size_t length)
{
    if (!table->count) return -1;
    const brn__name_slot *slot = slot_of(table, name, length);
    return slot->name ? slot->value : -1;
}

void brn__name_table_free(brn__name_table *table)
{
    brn__free(table->slots);
    *table = (brn__name_table){0};
}
