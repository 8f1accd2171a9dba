/* SPDX-License-Identifier: Apache-2.0
 * The list of tokens that have a number. Number 0 stands for all others. */
#ifndef BRN__DATA_TEXT_VOCABULARY_H
#define BRN__DATA_TEXT_VOCABULARY_H

#include "base/status.h"
#include "burnish/text_data.h"
#include <stddef.h>

enum { BRN__VOCABULARY_MOST = 1 << 24, BRN__TOKEN_BYTES = 1024 };

typedef struct brn__vocabulary brn__vocabulary;

/* The words are copied; their place is their number. Words may be there several times (xxfake): the first
 * counts. `rules` say which words are special. BRN_ERROR_INPUT when there is none, too many, or one is
 * too long or not UTF-8. */
brn_status brn__vocabulary_new(brn_text_rules rules, const char *const *words, int64_t count,
                               brn__vocabulary **out);
void brn__vocabulary_free(brn__vocabulary *vocabulary); /* NULL is fine */

int64_t brn__vocabulary_count(const brn__vocabulary *vocabulary); /* V: rows of the embedding */
const char *brn__vocabulary_word(const brn__vocabulary *vocabulary, int64_t number);
/* The token's number, or that of the unknown token. */
int32_t brn__vocabulary_number(const brn__vocabulary *vocabulary, const char *token, size_t length);
/* The token's number, or -1. */
int32_t brn__vocabulary_find(const brn__vocabulary *vocabulary, const char *token, size_t length);
/* xxunk or _unk_: 0; xxpad or _pad_: 1; xxbos or xbos. Where a list has no such word: 0, 1 and -1. */
int32_t brn__vocabulary_unknown(const brn__vocabulary *vocabulary);
int32_t brn__vocabulary_pad(const brn__vocabulary *vocabulary);
int32_t brn__vocabulary_begin(const brn__vocabulary *vocabulary);
brn_text_rules brn__vocabulary_rules(const brn__vocabulary *vocabulary);

/* For each word of `to` its row in `from`, or -1: such rows get the mean of all rows of `from`
 * (fast.ai's transfer of an encoder to other words). `rows` has room for `to`'s count. */
void brn__vocabulary_map(const brn__vocabulary *from, const brn__vocabulary *to, int64_t *rows);
/* weight_to (V_to, width) from weight_from (V_from, width) by such a map. */
void brn__vocabulary_transfer(const int64_t *rows, int64_t to_count, const float *weight_from,
                              int64_t from_count, int64_t width, float *weight_to);

#endif
