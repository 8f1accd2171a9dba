/* SPDX-License-Identifier: Apache-2.0
 * The JSON object of a model file. What is read must be what can be written and read again. */
#include "fuzz.h"
#include "base/alloc.h"
#include "io/model_card.h"

#include <math.h>
#include <string.h>

static void check(const brn__model_card *card)
{
    brn__fuzz_require(card->architecture && strlen(card->architecture) < BRN__MODEL_NAME_MAX);
    brn__fuzz_require(card->class_count >= 0 && card->class_count <= BRN__MODEL_CLASSES_MAX);
    for (int64_t k = 0; k < card->class_count; k++)
        brn__fuzz_require(strlen(card->classes[k]) <= BRN__MODEL_CLASS_BYTES_MAX);
    brn__fuzz_require(card->head.hidden_count >= 0 &&
                      card->head.hidden_count <= BRN__MODEL_HIDDEN_MAX);
    brn__fuzz_require(card->input_rank >= 0 && card->input_rank <= 3 && (card->input_rank == 0 || card->network));
    for (int i = 0; i < card->input_rank; i++) brn__fuzz_require(card->input_dims[i] >= 1);
    if (card->input_rank == 0) brn__fuzz_require(card->preprocessing.size >= 1 &&
                      card->preprocessing.resize >= card->preprocessing.size);
    for (int channel = 0; channel < 3 && card->input_rank == 0; channel++)
        brn__fuzz_require(isfinite(card->preprocessing.mean[channel]) &&
                          card->preprocessing.deviation[channel] > 0);
    brn__fuzz_require(card->summary_count <= BRN__MODEL_SUMMARY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *json = brn__alloc(size + 1), *again = NULL;
    brn__arena arena = {0};
    brn__model_card card;
    if (!json) return 0;
    memcpy(json, data, size);
    json[size] = '\0';
    brn_status status = brn__model_card_read(json, &arena, &card);
    if (status == BRN_OK) {
        check(&card);
        brn__fuzz_require(brn__model_card_write(&card, &again) == BRN_OK);
        brn__free(again);
    } else {
        brn__fuzz_refused(status, "model metadata");
    }
    brn__arena_free(&arena);
    brn__free(json);
    return 0;
}
