/* SPDX-License-Identifier: Apache-2.0
 * Counted, fault-injectable allocation on top of libc. */
#include "base/alloc.h"
#include "base/memory_size.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

/* Counts a call; true when it must fail: the fault point says so, or the block is larger than all of the memory. The
 * system might promise it nevertheless, and end the process when it is used. */
static bool must_fail(size_t bytes)
{
    uint64_t number = ++calls;
    uint64_t target = fail_at;
    return bytes > brn__memory_size() || (target && (number == target || (number > target && fail_persistent)));
}

static brn_status tell(size_t bytes)
{
    const uint64_t size = brn__memory_size();
    if (bytes <= size) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for %zu bytes", bytes);
    return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for %.1f GiB at once: there are %.1f GiB", (double)bytes / 0x1p30,
                     (double)size / 0x1p30);
}

static void *checked(void *pointer, size_t bytes)
{
    if (!pointer) {
        brn_status status = tell(bytes);
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
    if (must_fail(bytes)) return checked(NULL, bytes);
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
    if (must_fail(total)) return checked(NULL, total);
    return fresh(calloc(total ? total : 1, 1), total);
}

void *brn__realloc(void *pointer, size_t bytes)
{
    if (must_fail(bytes)) return checked(NULL, bytes);
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

enum { LARGE_PAGE = 2 << 20, LARGE_BLOCK = 4 << 20 };

/* Blocks of many megabytes begin at a large page and are kept in such ones where the system gives them: loops that walk
 * several arrays miss the table of small pages' addresses all the time. */
void *brn__alloc_aligned(size_t bytes)
{
    size_t rounded;
    const size_t alignment = bytes >= LARGE_BLOCK ? LARGE_PAGE : BRN__ALIGNMENT;
    if (__builtin_add_overflow(bytes, (size_t)BRN__ALIGNMENT, &rounded)) return checked(NULL, bytes);
    rounded &= ~(size_t)(BRN__ALIGNMENT - 1);
    if (must_fail(rounded)) return checked(NULL, bytes);
    void *block = NULL;
    if (posix_memalign(&block, alignment, rounded ? rounded : BRN__ALIGNMENT)) block = NULL;
    if (block && alignment == LARGE_PAGE) madvise(block, rounded & ~(size_t)(LARGE_PAGE - 1), MADV_HUGEPAGE);
    return fresh(block, bytes);
}

void brn__free_aligned(void *pointer) { release(pointer); }
