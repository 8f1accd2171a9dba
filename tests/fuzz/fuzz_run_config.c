/* SPDX-License-Identifier: Apache-2.0
 * config.json of a run folder. What is no JSON counts as absent. */
#include "fuzz.h"
#include "jobs/image_interpret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__config_facts config;
    brn__fuzz_file("config.json", data, size);
    brn_status status = brn__config_facts_read(brn__fuzz_folder(), &config);
    brn__fuzz_require(status == BRN_OK || status == BRN_ERROR_NO_MEMORY);
    for (int i = 0; status == BRN_OK && i < config.facts.count; i++)
        brn__fuzz_require(config.facts.pairs[i].name && config.facts.pairs[i].value);
    brn__config_facts_free(&config);
    return 0;
}
