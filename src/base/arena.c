/* SPDX-License-Identifier: Apache-2.0
 * A list of blocks, each twice the size of the one before, up to 1 MiB. */
#include "base/arena.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct brn__arena_block {
    struct brn__arena_block *next;
    size_t used, size; /* bytes of data[] */
    _Alignas(16) unsigned char data[];
};

void *brn__arena_alloc(brn__arena *arena, size_t bytes)
{
    size_t need = (bytes + 15) & ~(size_t)15;
    if (need < bytes) need = bytes; /* overflow: let the allocator refuse it */
    brn__arena_block *block = arena->block;
    if (!block || block->size - block->used < need) {
        size_t size = block ? block->size * 2 : 4096;
        if (size > (size_t)1 << 20) size = (size_t)1 << 20;
        if (size < need) size = need;
        block = brn__alloc_zero(1, sizeof *block + size);
        if (!block) return NULL;
        block->size = size;
        block->next = arena->block;
        arena->block = block;
    }
    void *result = block->data + block->used;
    block->used += need;
    return result;
}

void *brn__arena_copy(brn__arena *arena, const void *source, size_t bytes)
{
    void *copy = brn__arena_alloc(arena, bytes);
    if (copy && bytes) memcpy(copy, source, bytes);
    return copy;
}

char *brn__arena_strdup(brn__arena *arena, const char *text)
{
    return brn__arena_copy(arena, text, strlen(text) + 1);
}

char *brn__arena_printf(brn__arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) return NULL;
    char *text = brn__arena_alloc(arena, (size_t)length + 1);
    if (!text) return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void brn__arena_free(brn__arena *arena)
{
    for (brn__arena_block *block = arena->block; block;) {
        brn__arena_block *next = block->next;
        brn__free(block);
        block = next;
    }
    arena->block = NULL;
}
