/* SPDX-License-Identifier: Apache-2.0
 * A list of tokens, kept from text to text. */
#ifndef BRN__DATA_TEXT_TOKENS_H
#define BRN__DATA_TEXT_TOKENS_H

#include "data/text/unicode.h"

typedef struct brn__token_list {
    brn__text bytes; /* the tokens one behind the other; owned */
    uint32_t *lengths; /* (count), owned */
    int64_t count, capacity;
    bool failed; /* no memory: sticky */
} brn__token_list; /* zeroed = empty */

/* Longer tokens than BRN__TOKEN_BYTES are cut between characters. */
void brn__tokens_add(brn__token_list *list, const char *bytes, size_t length);
void brn__tokens_clear(brn__token_list *list);
brn_status brn__tokens_finish(const brn__token_list *list);
void brn__tokens_deinit(brn__token_list *list);

/* Splits a text as spaCy's English tokeniser does, nearly (docs/text.md). */
void brn__split_words(brn__span text, brn__token_list *out);
/* Splits at ' ' alone, as fastai's BaseTokenizer; what is empty is no token. */
void brn__split_blanks(brn__span text, brn__token_list *out);
/* Splits at all that is blank. */
void brn__split_spaces(brn__span text, brn__token_list *out);
void brn__split_characters(brn__span text, brn__token_list *out);

/* ---- inside of brn__split_words ---- */

enum { BRN__WORD_PARTS = 3 };

/* Is the word one of those that are split, or kept whole, by name ("don't" -> do n't)? Gives how many
 * parts, and their bytes; 0: it is not. */
int brn__word_exception(brn__span word, size_t parts[BRN__WORD_PARTS]);
/* Bytes of the punctuation at the beginning, at the end; 0: none. */
size_t brn__word_prefix(brn__span word);
size_t brn__word_suffix(brn__span word);
/* Bytes of the punctuation at `at`, inside of the word; 0: none. */
size_t brn__word_infix(brn__span word, size_t at);
bool brn__is_address(brn__span word); /* an address of the web */

#endif
