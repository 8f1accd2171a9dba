/* SPDX-License-Identifier: Apache-2.0 */
#include "base/philox.h"
#include "test.h"

/* Known answers of the Random123 distribution (kat_vectors, philox4x32, 10 rounds). */
TEST(philox_gives_the_published_vectors)
{
    brn__philox_block zero = brn__philox(0, 0, 0, 0, 0);
    assert_int_equal(zero.word[0], 0x6627e8d5);
    assert_int_equal(zero.word[3], 0x9b00dbd8);
    brn__philox_block ones = brn__philox(UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_int_equal(ones.word[0], 0x408f276d);
    assert_int_equal(ones.word[1], 0x41c83b0e);
    brn__philox_block pi =
        brn__philox((uint64_t)0x299f31d0u << 32 | 0xa4093822u, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344);
    assert_int_equal(pi.word[0], 0xd16cfe09);
    assert_int_equal(pi.word[3], 0x24126ea1);
}

TEST(random_below_stays_in_range_and_reaches_every_value)
{
    brn__random random = brn__random_new(brn__philox_key(7, "test"), 0, 0, 0);
    int seen[7] = {0};
    for (int i = 0; i < 1000; i++) {
        uint32_t value = brn__random_below(&random, 7);
        assert_in_range(value, 0, 6);
        seen[value]++;
    }
    for (int i = 0; i < 7; i++) assert_in_range(seen[i], 90, 200);
}

TEST(shuffle_is_a_permutation)
{
    int64_t items[100];
    for (int i = 0; i < 100; i++) items[i] = i;
    brn__random random = brn__random_new(brn__philox_key(3, "shuffle"), 1, 2, 3);
    brn__random_shuffle(&random, items, 100);
    int moved = 0, seen[100] = {0};
    for (int i = 0; i < 100; i++) seen[items[i]]++, moved += items[i] != i;
    for (int i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
    assert_in_range(moved, 80, 100);
}
