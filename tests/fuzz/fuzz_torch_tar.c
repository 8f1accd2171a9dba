/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, SIZE_AT = 124, CHECKSUM_AT = 148 };

static void repair_header(uint8_t *header)
{
    unsigned sum = 0;
    char digits[8];
    memset(header + CHECKSUM_AT, ' ', 8);
    for (int i = 0; i < BLOCK; i++) sum += header[i];
    snprintf(digits, sizeof digits, "%06o", sum & 0777777);
    memcpy(header + CHECKSUM_AT, digits, 7);
}

/* The checksum of every header that the sizes lead to. */
static void repair(uint8_t *data, size_t size)
{
    for (size_t at = 0; at + BLOCK <= size && data[at];) {
        char digits[13] = {0};
        repair_header(data + at);
        memcpy(digits, data + at + SIZE_AT, 12);
        size_t length = strtoull(digits, NULL, 8);
        if (length > size) return;
        at += BLOCK + (length + BLOCK - 1) / BLOCK * BLOCK;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return brn__fuzz_mutate(data, size, size_max / BLOCK * BLOCK, seed, repair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__fuzz_state(data, size);
    return 0;
}
