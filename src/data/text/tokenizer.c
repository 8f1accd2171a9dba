/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/tokenizer.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "data/text/patterns.h"

#include <string.h>

struct brn__tokenizer {
    brn_text_rules rules;
    brn_text_tokens tokens;
    brn__patterns *patterns; /* NULL: none */
    brn__subwords *subwords; /* PIECES; else NULL */
};

brn_text_options brn_text_defaults(void)
{
    return (brn_text_options){.valid = .1};
}

/* `subwords` of PIECES is taken, also on failure. */
static brn_status make(const brn_text_options *options, brn__subwords *subwords, brn__tokenizer **out)
{
    brn__tokenizer *tokenizer = brn__alloc_zero(1, sizeof *tokenizer);
    if (!tokenizer) {
        brn__subwords_free(subwords);
        return BRN_ERROR_NO_MEMORY;
    }
    tokenizer->rules = options->rules;
    tokenizer->tokens = options->tokens;
    tokenizer->subwords = subwords;
    brn_status status = options->replacement_count
                            ? brn__patterns_new(options->replacements, options->replacement_count,
                                                &tokenizer->patterns)
                            : BRN_OK;
    if (status == BRN_OK)
        *out = tokenizer;
    else
        brn__tokenizer_free(tokenizer);
    return status;
}

brn_status brn__tokenizer_new(const brn_text_options *options, brn__tokenizer **out)
{
    brn__subwords *subwords = NULL;
    *out = NULL;
    if (options->rules < 0 || options->rules >= BRN_TEXT_RULES_COUNT || options->tokens < 0 ||
        options->tokens >= BRN_TEXT_TOKENS_COUNT || options->replacement_count < 0)
        return brn__fail(BRN_ERROR_USAGE, "texts: rules %d, tokens %d: there are none such",
                         (int)options->rules, (int)options->tokens);
    if (options->tokens == BRN_TEXT_PIECES && !options->pieces)
        return brn__fail(BRN_ERROR_USAGE, "texts: pieces need the .model file of SentencePiece");
    if (options->tokens == BRN_TEXT_PIECES) BRN__TRY(brn__subwords_open(options->pieces, &subwords));
    return make(options, subwords, out);
}

void brn__tokenizer_free(brn__tokenizer *tokenizer)
{
    if (!tokenizer) return;
    brn__patterns_free(tokenizer->patterns);
    brn__subwords_free(tokenizer->subwords);
    brn__free(tokenizer);
}

brn_text_rules brn__tokenizer_rules(const brn__tokenizer *tokenizer) { return tokenizer->rules; }

brn__span brn__tokenizer_pieces(const brn__tokenizer *tokenizer)
{
    return tokenizer->subwords ? brn__subwords_bytes(tokenizer->subwords) : (brn__span){"", 0};
}

brn_text_tokens brn__tokenizer_tokens(const brn__tokenizer *tokenizer) { return tokenizer->tokens; }

static brn_status replace(const brn__tokenizer *tokenizer, brn__rewriting *r)
{
    for (int64_t i = 0; i < brn__patterns_count(tokenizer->patterns); i++) {
        brn__text *out = &r->buffers[r->next];
        out->length = 0;
        BRN__TRY(brn__patterns_apply(tokenizer->patterns, i, r->text, out));
        r->text = (brn__span){out->bytes ? out->bytes : "", out->length};
        r->next = 1 - r->next;
    }
    return BRN_OK;
}

/* Characters have no room for marks of several, so the text stays as it is. */
static void apply_rules(const brn__tokenizer *tokenizer, brn__rewriting *r)
{
    if (tokenizer->tokens == BRN_TEXT_CHARACTERS) return;
    if (tokenizer->rules == BRN_TEXT_RULES_FASTAI2) brn__rules_fastai2(r);
    if (tokenizer->rules == BRN_TEXT_RULES_FASTAI07) brn__rules_fastai07(r);
}

static brn_status split(const brn__tokenizer *tokenizer, brn__span text, brn__tokenizing *work)
{
    brn__token_list *out = &work->tokens;
    switch (tokenizer->tokens) {
    case BRN_TEXT_WORDS: brn__split_words(text, out); break;
    case BRN_TEXT_CHARACTERS: brn__split_characters(text, out); break;
    case BRN_TEXT_PIECES: return brn__split_subwords(tokenizer->subwords, text, &work->subwords, out);
    default:
        if (tokenizer->rules == BRN_TEXT_RULES_NONE)
            brn__split_spaces(text, out);
        else
            brn__split_blanks(text, out);
    }
    return BRN_OK;
}

/* 0.7 puts a line end and xbos before a text (and the field's mark: brn__tokenizer_add_field_mark). */
static void add_beginning(const brn__tokenizer *tokenizer, brn__token_list *out)
{
    if (tokenizer->rules == BRN_TEXT_RULES_FASTAI07) {
        brn__tokens_add(out, "\n", 1);
        brn__tokens_add(out, "xbos", 4);
    } else {
        brn__tokens_add(out, "xxbos", 5);
    }
}

brn_status brn__tokenize(const brn__tokenizer *tokenizer, brn__span text, brn__text_piece piece,
                         brn__tokenizing *work)
{
    brn__rewriting *r = &work->rewriting;
    r->text = text.length ? text : (brn__span){"", 0};
    if (piece & BRN__PIECE_FIRST) add_beginning(tokenizer, &work->tokens);
    BRN__TRY(replace(tokenizer, r));
    apply_rules(tokenizer, r);
    BRN__TRY(brn__rewriting_finish(r));
    if (r->text.length) BRN__TRY(split(tokenizer, r->text, work));
    return brn__tokens_finish(&work->tokens);
}

void brn__tokenizing_deinit(brn__tokenizing *work)
{
    brn__rewriting_deinit(&work->rewriting);
    brn__subword_room_deinit(&work->subwords);
    brn__tokens_deinit(&work->tokens);
}

void brn__tokenizer_add_field_mark(const brn__tokenizer *tokenizer, int64_t number, bool marked,
                                   brn__text *out)
{
    bool fastai07 = tokenizer->rules == BRN_TEXT_RULES_FASTAI07;
    if (number) brn__text_add_bytes(out, " ", 1);
    if ((marked || fastai07) && tokenizer->tokens != BRN_TEXT_CHARACTERS)
        brn__text_printf(out, "%s %lld ", fastai07 ? "xfld" : "xxfld", (long long)number + 1);
}

/* ---- what a model keeps ---- */

static const char *const RULES[] = {
#define X(name, word) word,
    BRN_TEXT_RULES_LIST(X)
#undef X
};
static const char *const TOKENS[] = {
#define X(name, word) word,
    BRN_TEXT_TOKENS_LIST(X)
#undef X
};

static bool add_subwords(const brn__subwords *subwords, json_t *object)
{
    brn__text letters = {0};
    const brn__span file = brn__subwords_bytes(subwords);
    brn__base64_add(&letters, file.bytes, file.length);
    const bool added = brn__text_finish(&letters) == BRN_OK &&
                       json_object_set_new(object, "pieces", json_string(letters.bytes)) == 0;
    brn__text_free(&letters);
    return added;
}

json_t *brn__tokenizer_write(const brn__tokenizer *tokenizer)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < brn__patterns_count(tokenizer->patterns); i++) {
        const brn_text_replacement *r = &brn__patterns_list(tokenizer->patterns)[i];
        if (json_array_append_new(list, json_pack("[s,s]", r->pattern, r->replacement)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    json_t *object = json_pack("{s:s, s:s, s:o}", "rules", RULES[tokenizer->rules], "tokens",
                               TOKENS[tokenizer->tokens], "replacements", list);
    if (!object || !tokenizer->subwords || add_subwords(tokenizer->subwords, object)) return object;
    json_decref(object);
    return NULL;
}

static brn_status wrong(const char *where, const char *expected)
{
    return brn__fail(BRN_ERROR_INPUT, "text settings: \"%s\": expected %s", where, expected);
}

static int word_number(const json_t *value, const char *const *words, int count)
{
    const char *word = json_string_value(value);
    for (int i = 0; word && i < count; i++)
        if (strcmp(word, words[i]) == 0) return i;
    return -1;
}

enum { MOST_REPLACEMENTS = 1024 };

static brn_status read_replacements(const json_t *list, brn_text_options *options,
                                    brn_text_replacement *replacements)
{
    options->replacement_count = (int64_t)json_array_size(list);
    options->replacements = replacements;
    for (int64_t i = 0; i < options->replacement_count; i++) {
        const json_t *pair = json_array_get(list, (size_t)i);
        replacements[i].pattern = json_string_value(json_array_get(pair, 0));
        replacements[i].replacement = json_string_value(json_array_get(pair, 1));
        if (!replacements[i].pattern || !replacements[i].replacement)
            return wrong("replacements", "pairs of texts");
    }
    return BRN_OK;
}

static brn_status read_subwords(const json_t *object, brn_text_tokens tokens, brn__subwords **out)
{
    brn__text file = {0};
    const char *letters = json_string_value(json_object_get(object, "pieces"));
    *out = NULL;
    if (tokens != BRN_TEXT_PIECES) return BRN_OK;
    brn_status status = letters && brn__base64_read(letters, &file) ? brn__text_finish(&file)
                                                                   : wrong("pieces", "a file in base64");
    if (status == BRN_OK) status = brn__subwords_read(file.bytes ? file.bytes : "", file.length, out);
    brn__text_free(&file);
    return status;
}

brn_status brn__tokenizer_read(const json_t *object, brn__tokenizer **out)
{
    *out = NULL;
    brn_text_options options = brn_text_defaults();
    const json_t *list = json_object_get(object, "replacements");
    int rules = word_number(json_object_get(object, "rules"), RULES, BRN_TEXT_RULES_COUNT);
    int tokens = word_number(json_object_get(object, "tokens"), TOKENS, BRN_TEXT_TOKENS_COUNT);
    if (rules < 0) return wrong("rules", "fastai2, fastai07 or none");
    if (tokens < 0) return wrong("tokens", "words, blanks, characters or pieces");
    if (list && (!json_is_array(list) || json_array_size(list) > MOST_REPLACEMENTS))
        return wrong("replacements", "a list");
    options.rules = (brn_text_rules)rules;
    options.tokens = (brn_text_tokens)tokens;
    brn_text_replacement *replacements = brn__alloc_zero(MOST_REPLACEMENTS, sizeof *replacements);
    if (!replacements) return BRN_ERROR_NO_MEMORY;
    brn_status status = read_replacements(list, &options, replacements);
    brn__subwords *subwords = NULL;
    if (status == BRN_OK) status = read_subwords(object, options.tokens, &subwords);
    if (status == BRN_OK) status = make(&options, subwords, out);
    else brn__subwords_free(subwords);
    if (status == BRN_ERROR_USAGE) status = brn__fail_within(BRN_ERROR_INPUT, "text settings");
    brn__free(replacements);
    return status;
}
