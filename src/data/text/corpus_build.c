/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/corpus_build.h"
#include "base/alloc.h"
#include "base/json.h"
#include "base/system.h"
#include "data/text/token_stream.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 1 << 16 };

void brn__corpus_build_deinit(brn__corpus_build *b)
{
    brn__free(b->documents);
    brn__free(b->answers);
    brn__free(b->tags);
    brn__free(b->numbers);
    brn__free(b->class_of);
    brn__free(b->class_names);
    brn__words_free(&b->labels);
    brn__words_free(&b->words);
}

/* ---- reading ---- */

/* Numbers of a block's tokens, as words come. */
static brn_status number_words(brn__corpus_build *b, const brn__token_block *block, int32_t *chunk,
                               brn__corpus_writer *writer)
{
    const brn__token_list *list = &block->work.tokens;
    const char *p = list->bytes.bytes;
    int64_t used = 0;
    for (int64_t i = 0; i < list->count; i++) {
        uint32_t word;
        BRN__TRY(brn__words_add(&b->words, p, list->lengths[i], &word));
        p += list->lengths[i];
        chunk[used++] = (int32_t)word;
        if (used < CHUNK) continue;
        BRN__TRY(brn__corpus_writer_add(writer, BRN__PART_TOKENS, chunk, (size_t)used * sizeof *chunk));
        used = 0;
    }
    return brn__corpus_writer_add(writer, BRN__PART_TOKENS, chunk, (size_t)used * sizeof *chunk);
}

static brn_status take_block(brn__corpus_build *b, const brn__token_block *block, int32_t *chunk,
                             brn__corpus_writer *writer)
{
    for (int64_t i = 0; i < block->count; i++) {
        if (block->pieces[i].kind & BRN__PIECE_FIRST) b->documents[b->begun++].start = b->token_count;
        b->token_count += block->pieces[i].tokens;
    }
    if (!b->given) return number_words(b, block, chunk, writer);
    return brn__corpus_writer_add(writer, BRN__PART_TOKENS, block->numbers,
                                  (size_t)block->work.tokens.count * sizeof *block->numbers);
}

static brn_status report(const brn__corpus_build *b)
{
    const brn_text_options *o = b->options;
    if (o->progress && o->progress(o->context, brn__sources_done(b->sources), brn__sources_bytes(b->sources)))
        return brn__fail(BRN_ERROR_INTERRUPTED, "interrupted while texts were read");
    return BRN_OK;
}

static brn_status take_all(brn__corpus_build *b, brn__token_stream *stream, int32_t *chunk,
                           brn__corpus_writer *writer)
{
    for (;;) {
        const brn__token_block *block;
        BRN__TRY(brn__token_stream_next(stream, &block));
        if (!block) return BRN_OK;
        BRN__TRY(take_block(b, block, chunk, writer));
        BRN__TRY(report(b));
    }
}

/* All documents, and their tokens into the writer's first part. */
static brn_status read_all(brn__corpus_build *b, brn__corpus_writer *writer)
{
    brn__token_stream *stream;
    BRN__TRY(brn__corpus_writer_begin(writer, BRN__PART_TOKENS));
    BRN__TRY(brn__token_stream_new(b->sources, b->tokenizer, b->given ? b->given->vocabulary : NULL,
                                   b->options->threads, brn__corpus_note, b, &stream));
    int32_t *chunk = brn__alloc_array(CHUNK, sizeof *chunk);
    brn_status status = chunk ? take_all(b, stream, chunk, writer) : BRN_ERROR_NO_MEMORY;
    brn__free(chunk);
    brn__token_stream_free(stream);
    if (status == BRN_OK && !b->count)
        return brn__fail(BRN_ERROR_INPUT, "%s%s: no text in it", brn__sources_name(b->sources, 0),
                         brn__sources_count(b->sources) > 1 ? " and the others" : "");
    return status;
}

/* ---- the parts behind the tokens ---- */

/* One value of each document, a chunk at a time. */
typedef void pick(const brn__corpus_build *b, int64_t document, void *out);

static void pick_start(const brn__corpus_build *b, int64_t d, void *out)
{
    *(int64_t *)out = d < b->count ? b->documents[d].start : b->token_count;
}
static void pick_row(const brn__corpus_build *b, int64_t d, void *out) { *(int64_t *)out = b->documents[d].row; }
static void pick_source(const brn__corpus_build *b, int64_t d, void *out)
{
    *(int32_t *)out = b->documents[d].source;
}
static void pick_split(const brn__corpus_build *b, int64_t d, void *out) { *(uint8_t *)out = b->documents[d].split; }
static void pick_label(const brn__corpus_build *b, int64_t d, void *out)
{
    int32_t label = b->documents[d].label;
    *(int32_t *)out = label < 0 ? -1 : b->class_of[label];
}

static brn_status write_part(const brn__corpus_build *b, brn__corpus_writer *writer, brn__corpus_part part,
                             pick *value, size_t bytes, int64_t count)
{
    char buffer[4096];
    size_t used = 0;
    BRN__TRY(brn__corpus_writer_begin(writer, part));
    for (int64_t d = 0; d < count; d++) {
        value(b, d, buffer + used);
        used += bytes;
        if (used < sizeof buffer) continue;
        BRN__TRY(brn__corpus_writer_add(writer, part, buffer, used));
        used = 0;
    }
    return brn__corpus_writer_add(writer, part, buffer, used);
}

static int64_t class_count(const brn__corpus_build *b)
{
    if (b->options->target == BRN_TEXT_NUMBERS) return b->number_columns;
    return b->options->target == BRN_TEXT_NO_TARGET ? 0 : b->labels.count;
}

/* A row of the answers' matrix; zeros where a document has none. */
static void fill_row(const brn__corpus_build *b, int64_t d, int64_t classes, float *row)
{
    memset(row, 0, (size_t)classes * sizeof *row);
    if (b->answers[d] < 0) return;
    if (b->options->target == BRN_TEXT_NUMBERS) {
        memcpy(row, b->numbers + b->answers[d], (size_t)classes * sizeof *row);
        return;
    }
    int64_t end = b->tag_count;
    for (int64_t next = d + 1; next < b->count; next++) {
        if (b->answers[next] < 0) continue;
        end = b->answers[next];
        break;
    }
    for (int64_t i = b->answers[d]; i < end; i++) row[b->class_of[b->tags[i]]] = 1;
}

static brn_status write_targets(const brn__corpus_build *b, brn__corpus_writer *writer)
{
    int64_t classes = class_count(b);
    float *row = brn__alloc_array((size_t)classes + 1, sizeof *row);
    brn_status status = row ? brn__corpus_writer_begin(writer, BRN__PART_TARGETS) : BRN_ERROR_NO_MEMORY;
    for (int64_t d = 0; d < b->count && status == BRN_OK; d++) {
        fill_row(b, d, classes, row);
        status = brn__corpus_writer_add(writer, BRN__PART_TARGETS, row, (size_t)classes * sizeof *row);
    }
    brn__free(row);
    return status;
}

static json_t *text_list(const char *const *texts, int64_t count)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < count; i++) {
        if (json_array_append_new(list, json_string(texts[i])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

/* Paths need not be UTF-8: what is not is shown as question marks. */
static json_t *source_list(const brn__corpus_build *b)
{
    json_t *list = json_array();
    for (int64_t i = 0; i < brn__sources_count(b->sources); i++) {
        brn__text name = {0};
        brn__text_add(&name, brn__sources_name(b->sources, i));
        for (char *p = name.bytes; p && !brn__is_utf8(name.bytes) && *p; p++)
            if ((unsigned char)*p >= 0x80) *p = '?';
        bool kept = brn__text_finish(&name) == BRN_OK && json_array_append_new(list, json_string(name.bytes)) == 0;
        brn__text_free(&name);
        if (kept) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

static brn_status write_facts(const brn__corpus_build *b, const brn__text_settings *settings,
                              brn__corpus_writer *writer)
{
    char *settings_json, *json;
    const char *const *names = b->class_names;
    int64_t count = class_count(b);
    brn__json_error error;
    json_t *object;
    if (b->options->target == BRN_TEXT_NUMBERS) names = brn__sources_label_names(b->sources, &count);
    BRN__TRY(brn__text_settings_write(settings, &settings_json));
    brn_status status = brn__json_load(settings_json, strlen(settings_json), &object, &error);
    brn__free(settings_json);
    if (status != BRN_OK) return status == BRN_ERROR_INPUT ? BRN_ERROR_NO_MEMORY : status;
    BRN__TRY(brn__json_dump(json_pack("{s:o, s:o, s:o}", "settings", object, "classes", text_list(names, count),
                                      "sources", source_list(b)),
                            JSON_COMPACT, &json));
    status = brn__corpus_writer_begin(writer, BRN__PART_FACTS);
    if (status == BRN_OK) status = brn__corpus_writer_add(writer, BRN__PART_FACTS, json, strlen(json));
    brn__free(json);
    return status;
}

static brn_status write_rest(const brn__corpus_build *b, const brn__text_settings *settings, const char *digest,
                             brn__corpus_writer *writer)
{
    brn_text_target target = b->options->target;
    BRN__TRY(write_part(b, writer, BRN__PART_STARTS, pick_start, sizeof(int64_t), b->count + 1));
    BRN__TRY(write_part(b, writer, BRN__PART_ROWS, pick_row, sizeof(int64_t), b->count));
    BRN__TRY(brn__corpus_writer_begin(writer, BRN__PART_TARGETS));
    if (target == BRN_TEXT_TAGS || target == BRN_TEXT_NUMBERS) BRN__TRY(write_targets(b, writer));
    BRN__TRY(write_part(b, writer, BRN__PART_LABELS, pick_label, sizeof(int32_t),
                        target == BRN_TEXT_LABEL ? b->count : 0));
    BRN__TRY(write_part(b, writer, BRN__PART_SOURCES, pick_source, sizeof(int32_t), b->count));
    BRN__TRY(write_part(b, writer, BRN__PART_SPLITS, pick_split, sizeof(uint8_t), b->count));
    BRN__TRY(write_facts(b, settings, writer));
    writer->tail.document_count = b->count;
    writer->tail.token_count = b->token_count;
    writer->tail.class_count = class_count(b);
    writer->tail.target = target;
    snprintf(writer->tail.digest, sizeof writer->tail.digest, "%s", digest);
    return BRN_OK;
}

/* ---- with a given vocabulary: in one go ---- */

static brn_status build_given(brn__corpus_build *b, const char *path, const char *digest)
{
    brn__corpus_writer writer = {0};
    brn_status status = brn__corpus_writer_open(path, &writer);
    if (status == BRN_OK) status = read_all(b, &writer);
    if (status == BRN_OK) status = brn__corpus_sort_classes(b);
    if (status == BRN_OK) status = brn__corpus_split(b);
    if (status == BRN_OK) status = write_rest(b, b->given, digest, &writer);
    if (status == BRN_OK) return brn__corpus_writer_commit(&writer);
    brn__corpus_writer_abandon(&writer);
    return status;
}

/* ---- with one that is built ---- */

static brn_status write_numbers(const brn__corpus_build *b, const int32_t *tokens, const int32_t *final_of,
                                brn__corpus_writer *writer)
{
    int32_t chunk[1024];
    BRN__TRY(brn__corpus_writer_begin(writer, BRN__PART_TOKENS));
    for (int64_t at = 0; at < b->token_count;) {
        int64_t used = 0;
        while (used < 1024 && at < b->token_count) chunk[used++] = final_of[tokens[at++]];
        BRN__TRY(brn__corpus_writer_add(writer, BRN__PART_TOKENS, chunk, (size_t)used * sizeof *chunk));
    }
    return BRN_OK;
}

static brn_status write_final(brn__corpus_build *b, const int32_t *tokens, const int32_t *final_of,
                              const brn__text_settings *settings, const char *path, const char *digest)
{
    brn__corpus_writer writer = {0};
    brn_status status = brn__corpus_writer_open(path, &writer);
    if (status == BRN_OK) status = write_numbers(b, tokens, final_of, &writer);
    if (status == BRN_OK) status = write_rest(b, settings, digest, &writer);
    if (status == BRN_OK) return brn__corpus_writer_commit(&writer);
    brn__corpus_writer_abandon(&writer);
    return status;
}

static brn_status number_finally(brn__corpus_build *b, const char *words_path, const char *path, const char *digest)
{
    brn__mapping mapping;
    brn__vocabulary *vocabulary;
    brn__text_settings *settings = NULL;
    int32_t *final_of = NULL;
    BRN__TRY(brn__map_file(words_path, &mapping));
    const int32_t *tokens = (const int32_t *)(const void *)(mapping.bytes + BRN__CORPUS_HEAD);
    brn_status status = brn__corpus_vocabulary(b, tokens, &vocabulary, &final_of);
    brn__words_free(&b->words);
    if (status == BRN_OK) status = brn__text_settings_new(b->options, vocabulary, &settings);
    if (status == BRN_OK) status = write_final(b, tokens, final_of, settings, path, digest);
    brn__text_settings_free(settings);
    brn__free(final_of);
    brn__unmap_file(&mapping);
    return status;
}

static brn_status build_words(brn__corpus_build *b, const char *words_path)
{
    brn__corpus_writer writer = {0};
    brn_status status = brn__corpus_writer_open(words_path, &writer);
    if (status == BRN_OK) status = read_all(b, &writer);
    if (status == BRN_OK) return brn__corpus_writer_commit(&writer);
    brn__corpus_writer_abandon(&writer);
    return status;
}

static brn_status add_given_classes(brn__corpus_build *b)
{
    for (int64_t i = 0; b->classes && i < b->classes->count; i++) {
        uint32_t number;
        BRN__TRY(brn__words_add(&b->labels, b->classes->names[i], strlen(b->classes->names[i]), &number));
    }
    return BRN_OK;
}

brn_status brn__corpus_build_file(brn__corpus_build *b, const char *path, const char *digest)
{
    BRN__TRY(add_given_classes(b));
    if (b->given) return build_given(b, path, digest);
    char words_path[4096];
    if ((size_t)snprintf(words_path, sizeof words_path, "%s.words", path) >= sizeof words_path)
        return brn__fail(BRN_ERROR_INPUT, "%s: the path is too long", path);
    brn_status status = build_words(b, words_path);
    if (status == BRN_OK) status = brn__corpus_sort_classes(b);
    if (status == BRN_OK) status = brn__corpus_split(b);
    if (status == BRN_OK) status = number_finally(b, words_path, path, digest);
    brn__system_unlink(words_path);
    return status;
}
