/* SPDX-License-Identifier: Apache-2.0 */
#include "data/texts.h"
#include "base/files.h"
#include "base/text.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

const char *texts_write(const char *folder, const char *name, const char *bytes, size_t length)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_ok(brn__make_folders(path));
    *slash = '/';
    assert_ok(brn__replace_file(path, bytes, length));
    return path;
}

const char *texts_write_string(const char *folder, const char *name, const char *text)
{
    return texts_write(folder, name, text, strlen(text));
}

brn__corpus *texts_open(const char *input, const brn_text_options *options, const char *folder)
{
    brn__corpus *corpus;
    assert_ok(brn__text_open(&input, 1, options, NULL, NULL, folder, &corpus));
    return corpus;
}

enum { NUMBERS = 100 };

static brn__text_settings *number_settings(void)
{
    static char words[NUMBERS][4];
    const char *list[NUMBERS];
    brn__vocabulary *vocabulary;
    brn__text_settings *settings;
    brn_text_options options = brn_text_defaults();
    for (int i = 0; i < NUMBERS; i++) {
        snprintf(words[i], sizeof words[i], "%d", i);
        list[i] = words[i];
    }
    options.rules = BRN_TEXT_RULES_NONE;
    options.tokens = BRN_TEXT_BLANKS;
    assert_ok(brn__vocabulary_new(BRN_TEXT_RULES_NONE, list, NUMBERS, &vocabulary));
    assert_ok(brn__text_settings_new(&options, vocabulary, &settings));
    return settings;
}

/* xxbos, which the vocabulary has not, becomes 0: so each document's first number must not be written. */
brn__corpus *texts_of_numbers(const json_t *documents)
{
    const char *folder = test_scratch_folder();
    brn_text_options options = brn_text_defaults();
    brn__text text = {0};
    options.document = BRN_TEXT_PER_LINE;
    options.valid = 0;
    for (size_t d = 0; d < json_array_size(documents); d++) {
        const json_t *document = json_array_get(documents, d);
        for (size_t i = 0; i < json_array_size(document); i++)
            brn__text_printf(&text, "%lld ", (long long)json_integer_value(json_array_get(document, i)));
        brn__text_add(&text, "\n");
    }
    const char *path = texts_write(folder, "numbers.txt", text.bytes, text.length);
    brn__text_settings *settings = number_settings();
    brn__corpus *corpus;
    assert_ok(brn__text_open(&path, 1, &options, settings, NULL, folder, &corpus));
    brn__text_settings_free(settings);
    brn__text_free(&text);
    return corpus;
}

const char *texts_word(const brn__corpus *corpus, int64_t at)
{
    return brn__vocabulary_word(corpus->settings->vocabulary, corpus->tokens[at]);
}
