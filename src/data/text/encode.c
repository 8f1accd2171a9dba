/* SPDX-License-Identifier: Apache-2.0
 * One text to numbers, and numbers to a text that people would write. */
#include "base/alloc.h"
#include "data/table/csv_reader.h"
#include "data/text/text_data.h"
#include "data/text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

static brn_status number_all(const brn__text_settings *settings, const brn__token_list *list, int32_t **tokens,
                             int64_t *count)
{
    const char *p = list->bytes.bytes;
    *tokens = brn__alloc_array((size_t)list->count + 1, sizeof **tokens);
    if (!*tokens) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < list->count; i++) {
        (*tokens)[i] = brn__vocabulary_number(settings->vocabulary, p, list->lengths[i]);
        p += list->lengths[i];
    }
    *count = list->count;
    return BRN_OK;
}

brn_status brn__text_encode(const brn__text_settings *settings, const char *text, size_t length,
                            int32_t **tokens, int64_t *count)
{
    *tokens = NULL;
    *count = 0;
    const char *bad = brn__csv_bad_byte(text, text + length);
    if (bad < text + length)
        return brn__fail(BRN_ERROR_INPUT, "text: byte %zu (0x%02X) is not UTF-8", (size_t)(bad - text) + 1,
                         (unsigned)(unsigned char)*bad);
    brn__tokenizing work = {0};
    brn__text whole = {0};
    brn__tokenizer_add_field_mark(settings->tokenizer, 0, false, &whole);
    brn__text_add_bytes(&whole, text, length);
    brn_status status = brn__text_finish(&whole);
    if (status == BRN_OK)
        status = brn__tokenize(settings->tokenizer, (brn__span){whole.bytes, whole.length}, BRN__PIECE_WHOLE, &work);
    if (status == BRN_OK) status = number_all(settings, &work.tokens, tokens, count);
    brn__text_free(&whole);
    brn__tokenizing_deinit(&work);
    return status;
}

brn_status brn__text_spell(const brn__text_settings *settings, const int32_t *tokens, int64_t count, char **text)
{
    brn__text out = {0};
    *text = NULL;
    brn__text_add(&out, "");
    for (int64_t i = 0; i < count; i++) {
        if (i) brn__text_add_bytes(&out, " ", 1);
        brn__text_add(&out, brn__vocabulary_word(settings->vocabulary, tokens[i]));
    }
    brn_status status = brn__text_finish(&out);
    if (status == BRN_OK)
        *text = out.bytes;
    else
        brn__text_free(&out);
    return status;
}

/* ---- back to a text ---- */

enum { MOST_REPEATED = 1000 };

typedef struct decoding {
    const brn__text_settings *settings;
    const int32_t *tokens;
    int64_t count, at;
    brn__text out;
    brn__text bytes;        /* of pieces that are bytes, not added yet */
    bool capital, capitals; /* of the word to come */
    bool glue;              /* no blank before it */
    bool open;              /* inside of double quotes */
} decoding;

static bool is(const char *word, const char *a, const char *b)
{
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static const char *next_word(decoding *d)
{
    return d->at < d->count ? brn__vocabulary_word(d->settings->vocabulary, d->tokens[d->at++]) : NULL;
}

/* Is there no blank before this word when words stand apart? */
static bool leans_back(const char *word, bool open)
{
    int32_t code;
    if (is(word, "n't", "n\xE2\x80\x99t") || word[0] == '\n') return true;
    if ((word[0] == '\'' || strncmp(word, "\xE2\x80\x99", 3) == 0) && word[1]) return true;
    if (is(word, "\"", "\xE2\x80\x9D")) return open;
    brn__code_point(word, &code);
    return code == 0x2026 || (code < 0x80 && code && strchr(",.;:!?)]}%", code));
}

/* ... after it? */
static bool leans_on(const char *word, bool open)
{
    if (is(word, "\"", "\xE2\x80\x9C")) return !open;
    return word[0] == '\n' || (strlen(word) == 1 && strchr("([{$", word[0]));
}

static void add_cased(decoding *d, const char *word)
{
    for (bool first = true; *word; first = false) {
        int32_t code;
        word += brn__code_point(word, &code);
        if (code == 0x2581) code = ' '; /* inside of a token */
        brn__text_add_code(&d->out, d->capitals || (d->capital && first) ? brn__upper(code) : code);
    }
    d->capital = d->capitals = false;
}

static const char BLANK[] = "\xE2\x96\x81";

/* The bytes so far, each that is no text as U+FFFD. */
static void add_bytes(decoding *d)
{
    const char *p = d->bytes.bytes, *end = p ? p + d->bytes.length : p;
    while (p < end) {
        const char *bad = brn__csv_bad_byte(p, end);
        brn__text_add_bytes(&d->out, p, (size_t)(bad - p));
        if (bad < end) brn__text_add(&d->out, "\xEF\xBF\xBD");
        p = bad < end ? bad + 1 : end;
    }
    d->bytes.length = 0;
}

static void add_word(decoding *d, const char *word)
{
    brn_text_tokens tokens = brn__tokenizer_tokens(d->settings->tokenizer);
    bool words = tokens == BRN_TEXT_WORDS, apart = tokens != BRN_TEXT_CHARACTERS && tokens != BRN_TEXT_PIECES;
    char byte;
    if (tokens == BRN_TEXT_PIECES && brn__subword_byte(word, &byte)) {
        brn__text_add_bytes(&d->bytes, &byte, 1);
        return;
    }
    add_bytes(d);
    if (tokens == BRN_TEXT_PIECES && !d->out.length && strncmp(word, BLANK, sizeof BLANK - 1) == 0)
        word += sizeof BLANK - 1; /* the one before every text */
    if (apart && d->out.length && !d->glue && !(words && leans_back(word, d->open)))
        brn__text_add_bytes(&d->out, " ", 1);
    d->glue = words && leans_on(word, d->open);
    if (strcmp(word, "\"") == 0) d->open = !d->open;
    add_cased(d, word);
}

/* Behind the mark: how often, and what. */
static void add_repeated(decoding *d, bool characters)
{
    const char *number = next_word(d), *word = number ? next_word(d) : NULL;
    long times = number ? strtol(number, NULL, 10) : 0;
    if (times > MOST_REPEATED) times = MOST_REPEATED;
    for (long i = 0; word && i < times; i++) {
        if (i && characters) d->glue = true;
        add_word(d, word);
    }
}

static void add_token(decoding *d, const char *word)
{
    if (is(word, "xxbos", "xbos") || is(word, "xxpad", "_pad_") || is(word, "xxeos", "xxfake")) return;
    if (is(word, "xxfld", "xfld"))
        next_word(d);
    else if (is(word, "xxmaj", "t_st"))
        d->capital = true;
    else if (is(word, "xxup", "t_up"))
        d->capitals = true;
    else if (is(word, "xxrep", "tk_rep"))
        add_repeated(d, true);
    else if (is(word, "xxwrep", "tk_wrep"))
        add_repeated(d, false);
    else
        add_word(d, is(word, "xxunk", "_unk_") ? "<unk>" : word);
}

brn_status brn__text_decode(const brn__text_settings *settings, const int32_t *tokens, int64_t count, char **text)
{
    decoding d = {.settings = settings, .tokens = tokens, .count = count};
    *text = NULL;
    brn__text_add(&d.out, "");
    for (const char *word; (word = next_word(&d));) add_token(&d, word);
    add_bytes(&d);
    brn_status status = brn__text_finish(&d.bytes);
    brn__text_free(&d.bytes);
    if (status == BRN_OK) status = brn__text_finish(&d.out);
    if (status == BRN_OK)
        *text = d.out.bytes;
    else
        brn__text_free(&d.out);
    return status;
}
