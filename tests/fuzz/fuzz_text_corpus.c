/* SPDX-License-Identifier: Apache-2.0
 * The file of numbered texts. What opens can be made batches of. */
#include "base/alloc.h"
#include "data/text/corpus_file.h"
#include "data/text/text_data.h"
#include "fuzz.h"

#include <string.h>

static void take_all(brn__dataset *dataset, brn__loader *loader)
{
    brn__batch batch;
    brn__fuzz_require(brn__loader_start_epoch(loader, 1) == BRN_OK);
    do {
        brn__fuzz_require(brn__loader_next(loader, &batch) == BRN_OK);
    } while (batch.count);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
}

static void check(const brn__corpus *corpus)
{
    char place[256];
    const int64_t words = brn__vocabulary_count(corpus->settings->vocabulary);
    for (int64_t i = 0; i < corpus->token_count; i++) brn__fuzz_require(corpus->tokens[i] >= 0 && corpus->tokens[i] < words);
    for (int64_t d = 0; d < corpus->document_count; d++) brn__text_place(corpus, d, place, sizeof place);
    brn__lm_options lm = {.batch_size = 2, .length = 3, .shuffle = true};
    brn__text_batches texts = brn__text_batches_defaults();
    brn__dataset *dataset;
    brn__loader *loader;
    if (brn__lm_loader(corpus, NULL, 0, &lm, 1, &dataset, &loader) == BRN_OK) take_all(dataset, loader);
    if (corpus->document_count && brn__text_loader(corpus, NULL, 0, &texts, true, &dataset, &loader) == BRN_OK)
        take_all(dataset, loader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brn__corpus *corpus;
    const char *path = brn__fuzz_file("texts.bin", data, size);
    brn_status status = brn__corpus_open_file(path, &corpus);
    if (status == BRN_OK)
        check(corpus);
    else
        brn__fuzz_refused(status, "text");
    brn__corpus_free(corpus);
    return 0;
}
