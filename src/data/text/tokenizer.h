/* SPDX-License-Identifier: Apache-2.0
 * From a text to its tokens: a user's replacements, fast.ai's rules, a splitter. */
#ifndef BRN__DATA_TEXT_TOKENIZER_H
#define BRN__DATA_TEXT_TOKENIZER_H

#include "burnish/text_data.h"
#include "data/text/rules.h"
#include "data/text/subwords.h"
#include "data/text/tokens.h"

#include <jansson.h>

typedef struct brn__tokenizer brn__tokenizer;

/* BRN_ERROR_USAGE for a pattern that is not one, or rules that don't go with the tokens. */
brn_status brn__tokenizer_new(const brn_text_options *options, brn__tokenizer **out);
void brn__tokenizer_free(brn__tokenizer *tokenizer); /* NULL is fine */

brn_text_rules brn__tokenizer_rules(const brn__tokenizer *tokenizer);
/* The SentencePiece model's file; empty without one. */
brn__span brn__tokenizer_pieces(const brn__tokenizer *tokenizer);
brn_text_tokens brn__tokenizer_tokens(const brn__tokenizer *tokenizer);

/* A thread's room for its work; kept from text to text. Zeroed = empty. */
typedef struct brn__tokenizing {
    brn__rewriting rewriting;
    brn__token_list tokens;
    brn__subword_room subwords;
} brn__tokenizing;

typedef enum brn__text_piece { /* of a text that is cut, as too long */
    BRN__PIECE_FIRST = 1, /* the mark of the beginning is put before it */
    BRN__PIECE_LAST = 2,
    BRN__PIECE_WHOLE = 3,
} brn__text_piece;

/* Adds the tokens of a text, which must be UTF-8 without NUL, to work->tokens. May be called by several
 * threads at once, each with room of its own. */
brn_status brn__tokenize(const brn__tokenizer *tokenizer, brn__span text, brn__text_piece piece,
                         brn__tokenizing *work);
void brn__tokenizing_deinit(brn__tokenizing *work);

/* Before the columns of a table are put together: the text that stands before column `number` (from 0)
 * of a text of several, or before the only one. */
void brn__tokenizer_add_field_mark(const brn__tokenizer *tokenizer, int64_t number, bool marked,
                                   brn__text *out);

/* {"rules": "fastai2", "tokens": "words", "replacements": [[pattern, replacement], ...]}, of pieces with
 * "pieces": the model's file in base64. A new reference; NULL without memory. */
json_t *brn__tokenizer_write(const brn__tokenizer *tokenizer);
brn_status brn__tokenizer_read(const json_t *object, brn__tokenizer **out);

#endif
