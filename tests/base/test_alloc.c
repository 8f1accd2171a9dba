/* SPDX-License-Identifier: Apache-2.0
 * Blocks larger than all of the memory are refused, in every form of asking, and said in words. */
#include "base/alloc.h"
#include "base/memory_size.h"
#include "test.h"

#include <stdint.h>
#include <string.h>

static void assert_refused(const void *block)
{
    assert_null(block);
    assert_non_null(strstr(brn_error_message(), "at once: there are 2.0 GiB"));
}

TEST(a_block_larger_than_all_of_the_memory_is_refused)
{
    const size_t most = (size_t)2 << 30, more = most + 1;
    void *block = brn__alloc(16);
    brn__memory_size_set(most);
    assert_refused(brn__alloc(more));
    assert_refused(brn__alloc_zero(more, 1));
    assert_refused(brn__alloc_array(more / 8 + 1, 8));
    assert_refused(brn__alloc_aligned(more));
    assert_refused(brn__realloc(block, more));
    void *whole = brn__alloc_zero(most, 1); /* promised, not touched */
    brn__memory_size_set(0);
    assert_non_null(whole);
    brn__free(whole);
    brn__free(block);
}

TEST(the_memory_is_that_of_the_machine_or_less)
{
    brn__memory_size_set(0);
    assert_true(brn__memory_size() > (uint64_t)64 << 20);
    assert_true(brn__memory_size() < UINT64_MAX);
}
