/* SPDX-License-Identifier: Apache-2.0 */
#include "data/text/corpus_file.h"
#include "base/alloc.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

static const char MAGIC[9] = "brn-text";

/* ---- writing ---- */

static brn_status put(brn__corpus_writer *writer, const void *bytes, size_t length)
{
    BRN__TRY(brn__replacement_write(writer->file, bytes, length));
    writer->written += length;
    return BRN_OK;
}

brn_status brn__corpus_writer_open(const char *path, brn__corpus_writer *writer)
{
    const uint32_t versions[2] = {BRN__CORPUS_VERSION, 0};
    *writer = (brn__corpus_writer){0};
    BRN__TRY(brn__replacement_open(path, &writer->file));
    BRN__TRY(put(writer, MAGIC, 8));
    return put(writer, versions, sizeof versions);
}

static brn_status align(brn__corpus_writer *writer)
{
    static const char zeros[8];
    return put(writer, zeros, (size_t)(-writer->written % 8));
}

brn_status brn__corpus_writer_begin(brn__corpus_writer *writer, brn__corpus_part part)
{
    BRN__TRY(align(writer));
    writer->tail.offsets[part] = writer->written;
    return BRN_OK;
}

brn_status brn__corpus_writer_add(brn__corpus_writer *writer, brn__corpus_part part, const void *bytes,
                                  size_t length)
{
    writer->tail.bytes[part] += length;
    return length ? put(writer, bytes, length) : BRN_OK;
}

brn_status brn__corpus_writer_commit(brn__corpus_writer *writer)
{
    writer->tail.version = BRN__CORPUS_VERSION;
    memcpy(writer->tail.magic, MAGIC, 8);
    brn_status status = align(writer);
    if (status == BRN_OK) status = put(writer, &writer->tail, sizeof writer->tail);
    if (status != BRN_OK) {
        brn__corpus_writer_abandon(writer);
        return status;
    }
    brn__replacement *file = writer->file;
    writer->file = NULL;
    return brn__replacement_commit(file);
}

void brn__corpus_writer_abandon(brn__corpus_writer *writer)
{
    brn__replacement_abandon(writer->file);
    writer->file = NULL;
}

/* ---- reading ---- */

static brn_status damaged(const char *path, const char *what)
{
    return brn__fail(BRN_ERROR_INPUT, "%s: is no whole file of texts (%s)", path, what);
}

static brn_status check_parts(const char *path, const brn__mapping *mapping, const brn__corpus_tail *tail)
{
    const uint64_t documents = (uint64_t)tail->document_count, tokens = (uint64_t)tail->token_count;
    const uint64_t classes = (uint64_t)tail->class_count;
    bool matrix = tail->target == BRN_TEXT_TAGS || tail->target == BRN_TEXT_NUMBERS;
    if (tail->document_count < 0 || tail->token_count < 0 || tail->class_count < 0 ||
        documents > mapping->length || tokens > mapping->length || classes > (1u << 24) || tail->target < 0 ||
        tail->target >= BRN_TEXT_TARGET_COUNT)
        return damaged(path, "counts");
    const uint64_t expected[BRN__PARTS] = {
        [BRN__PART_TOKENS] = 4 * tokens,
        [BRN__PART_STARTS] = 8 * (documents + 1),
        [BRN__PART_ROWS] = 8 * documents,
        [BRN__PART_TARGETS] = matrix ? 4 * documents * classes : 0,
        [BRN__PART_LABELS] = tail->target == BRN_TEXT_LABEL ? 4 * documents : 0,
        [BRN__PART_SOURCES] = 4 * documents,
        [BRN__PART_SPLITS] = documents,
        [BRN__PART_FACTS] = tail->bytes[BRN__PART_FACTS],
    };
    for (int part = 0; part < BRN__PARTS; part++)
        if (tail->bytes[part] != expected[part] || tail->offsets[part] % 8 || tail->offsets[part] < BRN__CORPUS_HEAD ||
            tail->bytes[part] > mapping->length || tail->offsets[part] > mapping->length - tail->bytes[part])
            return damaged(path, "parts");
    return BRN_OK;
}

static brn_status read_tail(const char *path, const brn__mapping *mapping, brn__corpus_tail *tail)
{
    uint32_t version;
    if (mapping->length < BRN__CORPUS_HEAD + sizeof *tail || memcmp(mapping->bytes, MAGIC, 8) != 0)
        return damaged(path, "size");
    memcpy(&version, mapping->bytes + 8, 4);
    memcpy(tail, mapping->bytes + mapping->length - sizeof *tail, sizeof *tail);
    if (memcmp(tail->magic, MAGIC, 8) != 0) return damaged(path, "cut off");
    if (version != BRN__CORPUS_VERSION || tail->version != BRN__CORPUS_VERSION)
        return brn__fail(BRN_ERROR_INPUT, "%s: texts of version %u; this build reads %d", path, version,
                         BRN__CORPUS_VERSION);
    tail->digest[64] = '\0';
    return check_parts(path, mapping, tail);
}

static const char *const *read_names(const json_t *list, brn__arena *arena, int64_t *count)
{
    *count = (int64_t)json_array_size(list);
    const char **names = brn__arena_alloc(arena, (size_t)(*count + 1) * sizeof *names);
    for (int64_t i = 0; names && i < *count; i++) {
        const char *name = json_string_value(json_array_get(list, (size_t)i));
        names[i] = brn__arena_strdup(arena, name ? name : "");
        if (!names[i]) return NULL;
    }
    return names;
}

static brn_status read_facts(const char *path, const char *bytes, size_t length, struct brn__corpus_file *file)
{
    brn__json_error error;
    json_t *root;
    brn_status status = brn__json_load(bytes, length, &root, &error);
    if (status == BRN_ERROR_INPUT) return damaged(path, "facts");
    BRN__TRY(status);
    int64_t classes;
    char *settings = NULL;
    if (!json_is_object(json_object_get(root, "settings"))) {
        json_decref(root);
        return damaged(path, "facts");
    }
    file->corpus.classes = read_names(json_object_get(root, "classes"), &file->arena, &classes);
    file->names = read_names(json_object_get(root, "sources"), &file->arena, &file->name_count);
    if (!file->corpus.classes || !file->names) status = BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK)
        status = brn__json_dump(json_incref(json_object_get(root, "settings")), JSON_COMPACT, &settings);
    if (status == BRN_OK) status = brn__text_settings_read(settings, &file->corpus.settings);
    if (status == BRN_ERROR_INPUT) status = brn__fail_within(BRN_ERROR_INPUT, "%s", path);
    if (status == BRN_OK && classes != file->corpus.class_count) status = damaged(path, "classes");
    brn__free(settings);
    json_decref(root);
    return status;
}

/* What batches rely on without looking. */
static brn_status check_values(const char *path, const struct brn__corpus_file *file)
{
    const brn__corpus *c = &file->corpus;
    const int32_t words = (int32_t)brn__vocabulary_count(c->settings->vocabulary);
    bool fine = c->starts[0] == 0 && c->starts[c->document_count] == c->token_count;
    for (int64_t d = 0; d < c->document_count && fine; d++)
        fine = c->starts[d] <= c->starts[d + 1] && file->sources[d] >= 0 && file->sources[d] < file->name_count &&
               c->splits[d] <= BRN__TEXT_UNLABELLED &&
               (!c->labels || (c->labels[d] >= -1 && c->labels[d] < c->class_count));
    for (int64_t i = 0; i < c->token_count; i++) fine &= c->tokens[i] >= 0 && c->tokens[i] < words;
    return fine ? BRN_OK : damaged(path, "values");
}

static void set_parts(const brn__corpus_tail *tail, struct brn__corpus_file *file)
{
    const unsigned char *bytes = file->mapping.bytes;
    brn__corpus *c = &file->corpus;
    c->document_count = tail->document_count;
    c->token_count = tail->token_count;
    c->class_count = tail->class_count;
    c->target = (brn_text_target)tail->target;
    memcpy(c->digest, tail->digest, sizeof c->digest);
    c->tokens = (const int32_t *)(const void *)(bytes + tail->offsets[BRN__PART_TOKENS]);
    c->starts = (const int64_t *)(const void *)(bytes + tail->offsets[BRN__PART_STARTS]);
    c->splits = bytes + tail->offsets[BRN__PART_SPLITS];
    file->rows = (const int64_t *)(const void *)(bytes + tail->offsets[BRN__PART_ROWS]);
    file->sources = (const int32_t *)(const void *)(bytes + tail->offsets[BRN__PART_SOURCES]);
    if (c->target == BRN_TEXT_LABEL)
        c->labels = (const int32_t *)(const void *)(bytes + tail->offsets[BRN__PART_LABELS]);
    if (c->target == BRN_TEXT_TAGS || c->target == BRN_TEXT_NUMBERS)
        c->targets = (const float *)(const void *)(bytes + tail->offsets[BRN__PART_TARGETS]);
}

static brn_status open_parts(const char *path, struct brn__corpus_file *file)
{
    brn__corpus_tail tail;
    BRN__TRY(brn__map_file(path, &file->mapping));
    BRN__TRY(read_tail(path, &file->mapping, &tail));
    set_parts(&tail, file);
    BRN__TRY(read_facts(path, (const char *)file->mapping.bytes + tail.offsets[BRN__PART_FACTS],
                        tail.bytes[BRN__PART_FACTS], file));
    return check_values(path, file);
}

brn_status brn__corpus_open_file(const char *path, brn__corpus **out)
{
    *out = NULL;
    struct brn__corpus_file *file = brn__alloc_zero(1, sizeof *file);
    if (!file) return BRN_ERROR_NO_MEMORY;
    file->corpus.file = file;
    brn_status status = open_parts(path, file);
    if (status == BRN_OK)
        *out = &file->corpus;
    else
        brn__corpus_free(&file->corpus);
    return status;
}

void brn__corpus_free(brn__corpus *corpus)
{
    if (!corpus) return;
    struct brn__corpus_file *file = corpus->file;
    brn__text_settings_free(corpus->settings);
    brn__unmap_file(&file->mapping);
    brn__arena_free(&file->arena);
    brn__free(file);
}

void brn__text_place(const brn__corpus *corpus, int64_t document, char *out, size_t size)
{
    const struct brn__corpus_file *file = corpus->file;
    const char *name = file->names[file->sources[document]];
    if (file->rows[document])
        snprintf(out, size, "%s, row %lld", name, (long long)file->rows[document]);
    else
        snprintf(out, size, "%s", name);
}

void brn__text_parts(const brn__corpus *corpus, unsigned split_bits, int64_t *documents, int64_t *count)
{
    *count = 0;
    for (int64_t d = 0; d < corpus->document_count; d++)
        if (split_bits >> corpus->splits[d] & 1) documents[(*count)++] = d;
}
