/* SPDX-License-Identifier: Apache-2.0
 * The tokens of all documents in their order, made ahead by threads. */
#ifndef BRN__DATA_TEXT_TOKEN_STREAM_H
#define BRN__DATA_TEXT_TOKEN_STREAM_H

#include "data/text/sources.h"

/* Some text for one thread: whole documents, and parts of those that are too long. */
typedef struct brn__token_piece {
    size_t offset, length; /* in the block's bytes */
    brn__text_piece kind;
    int64_t tokens; /* that came of it */
} brn__token_piece;

typedef struct brn__token_block {
    brn__text bytes;
    brn__token_piece *pieces; /* (count), owned */
    int64_t count, capacity;
    brn__tokenizing work; /* work.tokens: of all pieces */
    int32_t *numbers;     /* (work.tokens.count) with a vocabulary; owned */
    int64_t number_capacity;
    brn_status status;
    char *reason; /* of a failure; owned; NULL when there was no memory for it */
    bool done;    /* guarded by the stream's lock */
    struct brn__token_stream *stream;
} brn__token_block;

/* Told of each document when it is read, before its tokens come. */
typedef brn_status brn__document_sink(void *context, const brn__document *document);

typedef struct brn__token_stream brn__token_stream;

/* All but the sink's context are borrowed. With a vocabulary tokens come as numbers. */
brn_status brn__token_stream_new(brn__sources *sources, const brn__tokenizer *tokenizer,
                                 const brn__vocabulary *vocabulary, int threads, brn__document_sink *sink,
                                 void *context, brn__token_stream **out);
/* The next block, until the next call; NULL at the end. */
brn_status brn__token_stream_next(brn__token_stream *stream, const brn__token_block **block);
void brn__token_stream_free(brn__token_stream *stream); /* NULL is fine */

#endif
