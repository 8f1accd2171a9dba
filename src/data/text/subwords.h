/* SPDX-License-Identifier: Apache-2.0
 * Models of SentencePiece (Kudo and Richardson 2018): a text into pieces of words, by a unigram model or by
 * byte-pair encoding. Files are not trusted. */
#ifndef BRN__DATA_TEXT_SUBWORDS_H
#define BRN__DATA_TEXT_SUBWORDS_H

#include "data/text/tokens.h"

typedef struct brn__subwords brn__subwords;

enum { BRN__SUBWORDS_BYTES_MAX = 64 << 20 };

/* The bytes of a .model file, which are copied. BRN_ERROR_INPUT when they are none, BRN_ERROR_UNSUPPORTED for the
 * kinds "word" and "char". */
brn_status brn__subwords_read(const void *bytes, size_t length, brn__subwords **out);
brn_status brn__subwords_open(const char *path, brn__subwords **out);
void brn__subwords_free(brn__subwords *subwords); /* NULL is fine */
/* The file, as it was read. */
brn__span brn__subwords_bytes(const brn__subwords *subwords);

/* A thread's room for its work; kept from text to text. Zeroed = empty. */
typedef struct brn__subword_room {
    brn__text text; /* normalised */
    void *memory;   /* of the encoder */
    size_t bytes;
    int32_t *cuts; /* (pieces): byte-pair encoding, how what may not stay was put together */
    int64_t cut_count;
} brn__subword_room;
void brn__subword_room_deinit(brn__subword_room *room);

/* Adds the pieces of a text, which must be UTF-8 without NUL. May be called by several threads at once. */
brn_status brn__split_subwords(const brn__subwords *subwords, brn__span text, brn__subword_room *room,
                               brn__token_list *out);
/* Is the piece a byte's, "<0xE2>"? */
bool brn__subword_byte(const char *piece, char *byte);

#endif
