/* SPDX-License-Identifier: Apache-2.0
 * A ring of blocks: the caller's thread reads documents into free blocks and hands them to the pool; it
 * takes them back in order. What comes out does not depend on the number of threads: which text goes into
 * which block, and where a long document is cut, depends on the text alone. */
#include "data/text/token_stream.h"
#include "base/alloc.h"
#include "base/threads.h"

#include <pthread.h>
#include <string.h>

enum {
    BLOCK_BYTES = 1 << 18, /* a block is full when it has this much */
    PIECE_BYTES = 1 << 20, /* longer documents are cut */
};

struct brn__token_stream {
    brn__sources *sources;
    const brn__tokenizer *tokenizer;
    const brn__vocabulary *vocabulary;
    brn__document_sink *sink;
    void *context;
    brn__token_block *blocks; /* (block_count), owned */
    int64_t block_count;
    int64_t filled, taken; /* blocks so far */
    brn__span rest;        /* of a document that was cut */
    bool cut;              /* there is such a one */
    bool ended;            /* no more documents */
    brn__pool *pool;       /* NULL: in the caller's thread */
    pthread_mutex_t lock;
    pthread_cond_t done;
};

/* ---- in the pool ---- */

static brn_status number_all(const brn__vocabulary *vocabulary, brn__token_block *block)
{
    const brn__token_list *list = &block->work.tokens;
    const char *p = list->bytes.bytes;
    if (block->number_capacity < list->count) {
        brn__free(block->numbers);
        block->number_capacity = list->count + list->count / 2;
        block->numbers = brn__alloc_array((size_t)block->number_capacity, sizeof *block->numbers);
        if (!block->numbers) return block->number_capacity = 0, BRN_ERROR_NO_MEMORY;
    }
    for (int64_t i = 0; i < list->count; i++) {
        block->numbers[i] = brn__vocabulary_number(vocabulary, p, list->lengths[i]);
        p += list->lengths[i];
    }
    return BRN_OK;
}

static brn_status tokenize_block(brn__token_block *block)
{
    const brn__token_stream *stream = block->stream;
    brn__tokens_clear(&block->work.tokens);
    for (int64_t i = 0; i < block->count; i++) {
        brn__token_piece *piece = &block->pieces[i];
        int64_t before = block->work.tokens.count;
        BRN__TRY(brn__tokenize(stream->tokenizer, (brn__span){block->bytes.bytes + piece->offset, piece->length},
                               piece->kind, &block->work));
        piece->tokens = block->work.tokens.count - before;
    }
    return stream->vocabulary ? number_all(stream->vocabulary, block) : BRN_OK;
}

static void run_block(void *argument)
{
    brn__token_block *block = argument;
    brn__token_stream *stream = block->stream;
    block->status = tokenize_block(block);
    if (block->status != BRN_OK) block->reason = brn__strdup(brn_error_message());
    pthread_mutex_lock(&stream->lock);
    block->done = true;
    pthread_cond_signal(&stream->done);
    pthread_mutex_unlock(&stream->lock);
}

/* ---- in the caller's thread ---- */

static brn_status add_piece(brn__token_block *block, brn__span text, brn__text_piece kind)
{
    if (block->count == block->capacity) {
        int64_t larger = block->capacity ? 2 * block->capacity : 64;
        brn__token_piece *pieces = brn__realloc(block->pieces, (size_t)larger * sizeof *pieces);
        if (!pieces) return BRN_ERROR_NO_MEMORY;
        block->pieces = pieces;
        block->capacity = larger;
    }
    block->pieces[block->count++] =
        (brn__token_piece){.offset = block->bytes.length, .length = text.length, .kind = kind};
    brn__text_add_bytes(&block->bytes, text.bytes, text.length);
    return brn__text_finish(&block->bytes);
}

/* Where a text that is too long is cut: behind the last blank that fits, else between characters. */
static size_t cut_of(brn__span text)
{
    size_t cut = PIECE_BYTES;
    while (cut > PIECE_BYTES / 2 && text.bytes[cut - 1] != ' ' && text.bytes[cut - 1] != '\n') cut--;
    if (cut > PIECE_BYTES / 2) return cut;
    cut = PIECE_BYTES;
    while (((unsigned char)text.bytes[cut] & 0xC0) == 0x80) cut--;
    return cut;
}

static brn_status add_text(brn__token_stream *stream, brn__token_block *block, brn__span text, bool first)
{
    bool last = text.length <= PIECE_BYTES;
    size_t cut = last ? text.length : cut_of(text);
    stream->cut = !last;
    stream->rest = (brn__span){text.bytes + cut, text.length - cut};
    return add_piece(block, (brn__span){text.bytes, cut},
                     (first ? BRN__PIECE_FIRST : 0) | (last ? BRN__PIECE_LAST : 0));
}

static brn_status fill_block(brn__token_stream *stream, brn__token_block *block)
{
    block->count = 0;
    block->bytes.length = 0;
    block->done = false;
    while (block->bytes.length < BLOCK_BYTES && !stream->ended) {
        brn__document document;
        bool there;
        if (stream->cut) {
            BRN__TRY(add_text(stream, block, stream->rest, false));
            continue;
        }
        BRN__TRY(brn__sources_next(stream->sources, &document, &there));
        stream->ended = !there;
        if (!there) break;
        BRN__TRY(stream->sink(stream->context, &document));
        BRN__TRY(add_text(stream, block, document.text, true));
    }
    return BRN_OK;
}

/* Fills free blocks; the one that was taken last is still in use. */
static brn_status read_ahead(brn__token_stream *stream)
{
    while (!stream->ended && stream->filled < stream->taken + stream->block_count) {
        brn__token_block *block = &stream->blocks[stream->filled % stream->block_count];
        BRN__TRY(fill_block(stream, block));
        if (!block->count) break;
        stream->filled++;
        if (stream->pool)
            brn__pool_submit(stream->pool, run_block, block);
        else
            run_block(block);
    }
    return BRN_OK;
}

brn_status brn__token_stream_next(brn__token_stream *stream, const brn__token_block **out)
{
    *out = NULL;
    BRN__TRY(read_ahead(stream));
    if (stream->taken == stream->filled) return BRN_OK;
    brn__token_block *block = &stream->blocks[stream->taken++ % stream->block_count];
    pthread_mutex_lock(&stream->lock);
    while (!block->done) pthread_cond_wait(&stream->done, &stream->lock);
    pthread_mutex_unlock(&stream->lock);
    if (block->status != BRN_OK)
        return brn__fail_again(block->status, block->reason ? block->reason : "texts: no memory");
    *out = block;
    return BRN_OK;
}

static brn_status prepare(brn__token_stream *stream, int threads)
{
    if (threads <= 0) threads = brn__processor_count();
    stream->block_count = threads > 1 ? 2 * threads + 1 : 1;
    stream->blocks = brn__alloc_zero((size_t)stream->block_count, sizeof *stream->blocks);
    if (!stream->blocks) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < stream->block_count; i++) stream->blocks[i].stream = stream;
    return threads > 1 ? brn__pool_new(threads, (int)stream->block_count, &stream->pool) : BRN_OK;
}

brn_status brn__token_stream_new(brn__sources *sources, const brn__tokenizer *tokenizer,
                                 const brn__vocabulary *vocabulary, int threads, brn__document_sink *sink,
                                 void *context, brn__token_stream **out)
{
    *out = NULL;
    brn__token_stream *stream = brn__alloc_zero(1, sizeof *stream);
    if (!stream) return BRN_ERROR_NO_MEMORY;
    *stream = (brn__token_stream){.sources = sources,
                                  .tokenizer = tokenizer,
                                  .vocabulary = vocabulary,
                                  .sink = sink,
                                  .context = context};
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->done, NULL);
    brn_status status = prepare(stream, threads);
    if (status == BRN_OK)
        *out = stream;
    else
        brn__token_stream_free(stream);
    return status;
}

void brn__token_stream_free(brn__token_stream *stream)
{
    if (!stream) return;
    if (stream->pool) brn__pool_wait(stream->pool);
    brn__pool_free(stream->pool);
    for (int64_t i = 0; stream->blocks && i < stream->block_count; i++) {
        brn__token_block *block = &stream->blocks[i];
        brn__text_free(&block->bytes);
        brn__free(block->pieces);
        brn__tokenizing_deinit(&block->work);
        brn__free(block->numbers);
        brn__free(block->reason);
    }
    brn__free(stream->blocks);
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->done);
    brn__free(stream);
}
