/* SPDX-License-Identifier: Apache-2.0
 * Rules and tokenisers: the first byte chooses them, the rest is the text. What is not UTF-8 is refused; else
 * tokens are UTF-8, none is empty or too long, and numbers become a text again. */
#include "base/alloc.h"
#include "base/text.h"
#include "data/table/csv_reader.h"
#include "data/text/text_data.h"
#include "data/text/tokenizer.h"
#include "fuzz.h"

#include <string.h>

static void check_tokens(const brn__token_list *list)
{
    const char *p = list->bytes.bytes;
    for (int64_t i = 0; i < list->count; i++) {
        brn__fuzz_require(list->lengths[i] > 0 && list->lengths[i] <= BRN__TOKEN_BYTES);
        brn__fuzz_require(brn__csv_bad_byte(p, p + list->lengths[i]) == p + list->lengths[i]);
        p += list->lengths[i];
    }
    brn__fuzz_require(!list->count || p == list->bytes.bytes + list->bytes.length);
}

static brn__text_settings *settings_of(const brn_text_options *options)
{
    static const char *const words[] = {"xxunk", "xxpad", "xxbos", "xxmaj", "xxup", "xxrep", "xxwrep", "3", "4", "the",
                                        "a", "\"", "'s", "n't", ",", "\n", "(", "xxfld", "\xE2\x96\x81"};
    brn__vocabulary *vocabulary;
    brn__text_settings *settings;
    if (brn__vocabulary_new(options->rules, words, sizeof words / sizeof *words, &vocabulary) != BRN_OK) return NULL;
    return brn__text_settings_new(options, vocabulary, &settings) == BRN_OK ? settings : NULL;
}

/* There and back. */
static void check_numbers(const brn_text_options *options, const char *text, size_t length, bool valid)
{
    brn__text_settings *settings = settings_of(options);
    int32_t *tokens;
    int64_t count;
    char *again;
    if (!settings) return;
    brn_status status = brn__text_encode(settings, text, length, &tokens, &count);
    if (status == BRN_OK) {
        brn__fuzz_require(valid && count >= 1);
        brn__fuzz_require(brn__text_decode(settings, tokens, count, &again) == BRN_OK);
        brn__fuzz_require(brn__is_utf8(again));
        brn__free(again);
        brn__free(tokens);
    } else {
        brn__fuzz_require(!valid);
        brn__fuzz_refused(status, "text");
    }
    brn__text_settings_free(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    brn_text_options options = brn_text_defaults();
    brn__tokenizer *tokenizer;
    brn__tokenizing work = {0};
    options.rules = (brn_text_rules)(data[0] % BRN_TEXT_RULES_COUNT);
    options.tokens = (brn_text_tokens)(data[0] / BRN_TEXT_RULES_COUNT % 3);
    char *text = brn__alloc(size); /* of exactly its size, so that reading past it is seen */
    if (!text) return 0;
    memcpy(text, data + 1, size - 1);
    bool valid = brn__csv_bad_byte(text, text + size - 1) == text + size - 1;
    check_numbers(&options, text, size - 1, valid);
    if (valid && brn__tokenizer_new(&options, &tokenizer) == BRN_OK) {
        if (brn__tokenize(tokenizer, (brn__span){text, size - 1}, BRN__PIECE_WHOLE, &work) == BRN_OK)
            check_tokens(&work.tokens);
        brn__tokenizer_free(tokenizer);
    }
    brn__tokenizing_deinit(&work);
    brn__free(text);
    return 0;
}
