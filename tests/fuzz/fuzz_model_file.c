/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "io/model_file.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return brn__fuzz_mutate(data, size, size_max, seed, brn__fuzz_repair_safetensors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__model_file *file;
    brn_status status = brn__model_file_open(brn__fuzz_file("model", data, size), &file);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "/model");
        return 0;
    }
    brn__fuzz_require(brn__model_file_card(file)->architecture != NULL);
    brn__model_file_number(file, "accuracy", 0);
    brn__model_file_close(file);
    return 0;
}
