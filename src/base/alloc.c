/* SPDX-License-Identifier: Apache-2.0
 * Counted, fault-injectable allocation on top of libc. */
#include "base/alloc.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic uint64_t calls;
static _Atomic int64_t live; /* blocks that are not freed yet */
static _Atomic uint64_t fail_at; /* absolute call number; 0 = off */
static _Atomic int fail_persistent;

uint64_t brn__alloc_calls(void) { return calls; }

int64_t brn__alloc_live(void) { return live; }

void brn__alloc_fail_after(uint64_t n, int persistent)
{
    fail_persistent = persistent;
    fail_at = n ? calls + n : 0;
}

/* Counts a call; 1 when the fault point says that it must fail. */
static int count_call(void)
{
    uint64_t number = ++calls;
    uint64_t target = fail_at;
    return target && (number == target || (number > target && fail_persistent));
}

static void *checked(void *pointer, size_t bytes)
{
    if (!pointer) {
        brn_status status = brn__fail(BRN_ERROR_NO_MEMORY, "no memory for %zu bytes", bytes);
        (void)status;
    }
    return pointer;
}

/* The same for a block that was not there before. */
static void *fresh(void *pointer, size_t bytes)
{
    if (pointer) atomic_fetch_add_explicit(&live, 1, memory_order_relaxed);
    return checked(pointer, bytes);
}

static void release(void *pointer)
{
    if (pointer) atomic_fetch_sub_explicit(&live, 1, memory_order_relaxed);
    free(pointer);
}

void *brn__alloc(size_t bytes)
{
    if (count_call()) return checked(NULL, bytes);
    return fresh(malloc(bytes ? bytes : 1), bytes);
}

void *brn__alloc_array(size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) return checked(NULL, SIZE_MAX);
    return brn__alloc(total);
}

void *brn__alloc_zero(size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total)) return checked(NULL, SIZE_MAX);
    if (count_call()) return checked(NULL, total);
    return fresh(calloc(total ? total : 1, 1), total);
}

void *brn__realloc(void *pointer, size_t bytes)
{
    if (count_call()) return checked(NULL, bytes);
    void *block = realloc(pointer, bytes ? bytes : 1);
    return pointer ? checked(block, bytes) : fresh(block, bytes);
}

char *brn__strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = brn__alloc(bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

void brn__free(void *pointer) { release(pointer); }

void *brn__alloc_aligned(size_t bytes)
{
    size_t rounded;
    if (__builtin_add_overflow(bytes, (size_t)BRN__ALIGNMENT, &rounded)) return checked(NULL, bytes);
    rounded &= ~(size_t)(BRN__ALIGNMENT - 1);
    if (count_call()) return checked(NULL, bytes);
    return fresh(aligned_alloc(BRN__ALIGNMENT, rounded ? rounded : BRN__ALIGNMENT), bytes);
}

void brn__free_aligned(void *pointer) { release(pointer); }
