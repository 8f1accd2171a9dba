/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "io/bytes.h"

#include <string.h>
#include <zlib.h>

/* Sets the CRC-32 that a directory entry at `central` states for its member. */
static void repair_entry(uint8_t *data, size_t size, uint8_t *central)
{
    size_t length = brn__read_u32(central + 20), offset = brn__read_u32(central + 42);
    if (offset + 30 > size) return;
    size_t at = offset + 30 + brn__read_u16(data + offset + 26) + brn__read_u16(data + offset + 28);
    if (at > size || length > size - at) return;
    uint32_t checksum = (uint32_t)crc32_z(0, data + at, length);
    for (int i = 0; i < 4; i++) central[16 + i] = (uint8_t)(checksum >> 8 * i);
}

static void repair(uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 46 <= size; i++)
        if (memcmp(data + i, "PK\1\2", 4) == 0) repair_entry(data, size, data + i);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return brn__fuzz_mutate(data, size, size_max, seed, repair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__fuzz_state(data, size);
    return 0;
}
