/* SPDX-License-Identifier: Apache-2.0
 * What a model keeps of how texts become numbers, as JSON both ways. */
#include "base/alloc.h"
#include "base/json.h"
#include "data/text/text_data.h"
#include "data/text/tokenizer.h"

#include <string.h>

brn_status brn__text_settings_new(const brn_text_options *options, brn__vocabulary *vocabulary,
                                  brn__text_settings **out)
{
    *out = NULL;
    brn__text_settings *settings = brn__alloc_zero(1, sizeof *settings);
    brn_status status = settings ? brn__tokenizer_new(options, &settings->tokenizer) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) {
        brn__vocabulary_free(vocabulary);
        brn__text_settings_free(settings);
        return status;
    }
    settings->vocabulary = vocabulary;
    *out = settings;
    return BRN_OK;
}

void brn__text_settings_free(brn__text_settings *settings)
{
    if (!settings) return;
    brn__tokenizer_free(settings->tokenizer);
    brn__vocabulary_free(settings->vocabulary);
    brn__free(settings);
}

static json_t *word_list(const brn__vocabulary *vocabulary)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < brn__vocabulary_count(vocabulary); i++) {
        if (json_array_append_new(list, json_string(brn__vocabulary_word(vocabulary, i))) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

brn_status brn__text_settings_write(const brn__text_settings *settings, char **json)
{
    *json = NULL;
    return brn__json_dump(json_pack("{s:o, s:o}", "tokenizer", brn__tokenizer_write(settings->tokenizer),
                                    "vocabulary", word_list(settings->vocabulary)),
                          JSON_COMPACT, json);
}

brn_status brn__text_settings_alike(const brn__text_settings *settings, const brn__text_settings *expected,
                                    const char *path)
{
    char *one = NULL, *other = NULL;
    brn_status status = brn__text_settings_write(settings, &one);
    if (status == BRN_OK) status = brn__text_settings_write(expected, &other);
    if (status == BRN_OK && strcmp(one, other) != 0)
        status = brn__fail(BRN_ERROR_INPUT, "%s: of %lld tokens, other ones; expected these %lld", path,
                           (long long)brn__vocabulary_count(settings->vocabulary),
                           (long long)brn__vocabulary_count(expected->vocabulary));
    brn__free(one);
    brn__free(other);
    return status;
}

static brn_status read_vocabulary(const json_t *list, brn_text_rules rules, brn__vocabulary **out)
{
    size_t count = json_array_size(list);
    const char **words = brn__alloc_array(count + 1, sizeof *words);
    if (!words) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (size_t i = 0; i < count && status == BRN_OK; i++) {
        words[i] = json_string_value(json_array_get(list, i));
        if (!words[i])
            status = brn__fail(BRN_ERROR_INPUT, "text settings: \"vocabulary\": expected a list of texts");
    }
    if (status == BRN_OK) status = brn__vocabulary_new(rules, words, (int64_t)count, out);
    brn__free(words);
    return status;
}

static brn_status read_root(const json_t *root, brn__text_settings *settings)
{
    BRN__TRY(brn__tokenizer_read(json_object_get(root, "tokenizer"), &settings->tokenizer));
    return read_vocabulary(json_object_get(root, "vocabulary"), brn__tokenizer_rules(settings->tokenizer),
                           &settings->vocabulary);
}

brn_status brn__text_settings_read(const char *json, brn__text_settings **out)
{
    brn__json_error error;
    json_t *root;
    *out = NULL;
    brn_status status = brn__json_load(json, strlen(json), &root, &error);
    if (status == BRN_ERROR_INPUT)
        return brn__fail(BRN_ERROR_INPUT, "text settings: expected a JSON object: %s at byte %zu", error.reason,
                         error.position);
    BRN__TRY(status);
    brn__text_settings *settings = brn__alloc_zero(1, sizeof *settings);
    status = settings ? read_root(root, settings) : BRN_ERROR_NO_MEMORY;
    json_decref(root);
    if (status == BRN_OK)
        *out = settings;
    else
        brn__text_settings_free(settings);
    return status;
}

brn_status brn__text_settings_copy(const brn__text_settings *settings, brn__text_settings **out)
{
    char *json;
    *out = NULL;
    BRN__TRY(brn__text_settings_write(settings, &json));
    brn_status status = brn__text_settings_read(json, out);
    brn__free(json);
    return status;
}
