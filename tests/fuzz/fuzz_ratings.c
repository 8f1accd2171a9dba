/* SPDX-License-Identifier: Apache-2.0
 * ratings.safetensors of a run folder: what opens has codes of ids, and texts that end. */
#include "fuzz.h"
#include "jobs/ratings_job.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed)
{
    return brn__fuzz_mutate(data, size, size_max, seed, brn__fuzz_repair_safetensors);
}

static void walk(const brn__texts *texts)
{
    for (int64_t i = 0; i < texts->count; i++)
        brn__fuzz_require(strlen(brn__text_at(texts, i)) < (size_t)texts->ends[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__ratings_store store;
    brn__seen seen;
    brn_status status = brn__ratings_store_open(brn__fuzz_file("ratings", data, size), &store);
    if (status != BRN_OK) {
        brn__fuzz_refused(status, "/ratings");
        return 0;
    }
    const brn__ratings *r = &store.ratings;
    walk(&store.user_ids);
    walk(&store.item_ids);
    walk(&store.titles);
    for (int64_t row = 0; row < r->count; row++)
        brn__fuzz_require(r->users[row] >= 1 && r->users[row] <= store.user_ids.count &&
                          r->items[row] >= 1 && r->items[row] <= store.item_ids.count);
    if (brn__seen_build(r, BRN__SEEN_ALL, &seen) == BRN_OK) brn__seen_free(&seen);
    brn__ratings_store_close(&store);
    return 0;
}
