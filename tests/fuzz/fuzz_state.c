/* SPDX-License-Identifier: Apache-2.0
 * libFuzzer harness of the weight file readers. Not built by `make`; with clang, from the root:
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc
 *         tests/fuzz/fuzz_state.c src/base/{alloc,arena,files,status,text}.c src/tensor/tensor.c
 *         src/tensor/convert.c src/io/{names,pickle,pickle_value,safetensors,state,torch}.c
 *         src/io/{torch_legacy,torch_tar,torch_zip,zip}.c -ljansson -lz -lm -o build/fuzz_state
 *     mkdir -p build/corpus && build/fuzz_state build/corpus tests/golden/containers
 *         -max_total_time=60 -max_len=16384
 *
 * CRC-32 hides data.pkl from mutations; legacy files reach the same reader without it. */
#include "io/state.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__state *state;
    if (brn__state_open_bytes("fuzz", data, size, &state) != BRN_OK) return 0;
    for (int64_t i = 0; i < brn__state_count(state); i++) {
        const brn__entry *entry = brn__state_entry(state, i);
        int64_t elements = brn_shape_elements(entry->shape);
        if (elements < 0 || brn__state_find(state, entry->name) != entry) abort();
        float *values = malloc((size_t)elements * sizeof *values + 1);
        if (values) brn__state_read(entry, BRN_DTYPE_F32, values);
        free(values);
    }
    brn__state_close(state);
    return 0;
}
