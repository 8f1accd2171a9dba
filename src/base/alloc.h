/* SPDX-License-Identifier: Apache-2.0
 * The library's only allocator. Failure is recorded as BRN_ERROR_NO_MEMORY and NULL is returned.
 * Calls are counted, so that a test can show that a training step makes none; a fault point makes
 * the n-th call fail, so that every failure path can be walked. */
#ifndef BRN__BASE_ALLOC_H
#define BRN__BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

enum { BRN__ALIGNMENT = 64 }; /* bytes: a cache line, and an AVX-512 vector */

void *brn__alloc(size_t bytes);                     /* contents undefined; 0 bytes gives a pointer */
void *brn__alloc_zero(size_t count, size_t bytes);  /* checked multiply, zeroed */
void *brn__realloc(void *pointer, size_t bytes);    /* on failure the old block stays */
void *brn__alloc_array(size_t count, size_t bytes); /* checked multiply, contents undefined */
char *brn__strdup(const char *text);
void brn__free(void *pointer);                      /* NULL is fine */

void *brn__alloc_aligned(size_t bytes); /* 64-byte aligned; zero bytes gives a pointer */
void brn__free_aligned(void *pointer);

/* Number of allocating calls made so far, all threads. */
uint64_t brn__alloc_calls(void);
/* Number of blocks that are not freed yet: what a test sees of leaks. */
int64_t brn__alloc_live(void);

/* Makes the n-th allocating call from now fail (1 = the next one), and all later ones too when
 * `persistent`. n = 0 switches the fault off. For tests. */
void brn__alloc_fail_after(uint64_t n, int persistent);

#endif
