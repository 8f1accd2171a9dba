/* SPDX-License-Identifier: Apache-2.0
 * What a model keeps of its texts. What is read can be written and read again, and tokenises. */
#include "base/alloc.h"
#include "data/text/text_data.h"
#include "fuzz.h"

#include <string.h>

static void check(const brn__text_settings *settings)
{
    char *json, *again;
    brn__text_settings *second;
    int32_t *tokens;
    int64_t count;
    brn__fuzz_require(brn__text_settings_write(settings, &json) == BRN_OK);
    brn__fuzz_require(brn__text_settings_read(json, &second) == BRN_OK);
    brn__fuzz_require(brn__text_settings_write(second, &again) == BRN_OK);
    brn__fuzz_require(strcmp(json, again) == 0);
    if (brn__text_encode(second, "A film, ab abbb", 15, &tokens, &count) == BRN_OK) {
        for (int64_t i = 0; i < count; i++)
            brn__fuzz_require(tokens[i] >= 0 && tokens[i] < brn__vocabulary_count(second->vocabulary));
        brn__free(tokens);
    }
    brn__free(again);
    brn__free(json);
    brn__text_settings_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *json = brn__alloc(size + 1);
    brn__text_settings *settings;
    if (!json) return 0;
    memcpy(json, data, size);
    json[size] = '\0';
    brn_status status = brn__text_settings_read(json, &settings);
    if (status == BRN_OK)
        check(settings);
    else
        brn__fuzz_refused(status, "");
    brn__text_settings_free(settings);
    brn__free(json);
    return 0;
}
