/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <zlib.h>

static uint32_t read_length(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The CRC-32 of every chunk that the lengths lead to. */
static void repair(uint8_t *data, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        size_t length = read_length(data + at);
        if (length > size - at - 12) return;
        uint32_t checksum = (uint32_t)crc32_z(0, data + at + 4, length + 4);
        for (int i = 0; i < 4; i++) data[at + 8 + length + (size_t)i] = (uint8_t)(checksum >> (24 - 8 * i));
        at += 12 + length;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return brn__fuzz_mutate(data, size, size_max, seed, repair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__fuzz_picture(data, size);
    return 0;
}
