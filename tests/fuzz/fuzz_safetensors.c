/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return brn__fuzz_mutate(data, size, size_max, seed, brn__fuzz_repair_safetensors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__fuzz_state(data, size);
    return 0;
}
