/* SPDX-License-Identifier: Apache-2.0
 * Bump allocation for objects that live and die together (a graph's nodes, a parse tree). */
#ifndef BRN__BASE_ARENA_H
#define BRN__BASE_ARENA_H

#include <stddef.h>

typedef struct brn__arena_block brn__arena_block;
typedef struct brn__arena {
    brn__arena_block *block; /* newest first */
} brn__arena;

/* A zeroed brn__arena is valid and empty. Memory is zeroed and 16-byte aligned.
 * NULL (recorded as no memory) on failure. */
void *brn__arena_alloc(brn__arena *arena, size_t bytes);
void *brn__arena_copy(brn__arena *arena, const void *source, size_t bytes);
char *brn__arena_strdup(brn__arena *arena, const char *text);
char *brn__arena_printf(brn__arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void brn__arena_free(brn__arena *arena);

#endif
