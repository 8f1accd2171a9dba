/* SPDX-License-Identifier: Apache-2.0
 * The file of a corpus:
 *
 *     "brn-text" version(u32) 0(u32)           16 bytes
 *     tokens      int32 (token_count)
 *     starts      int64 (document_count + 1)
 *     rows        int64 (document_count)
 *     targets     float32 (document_count, class_count), of tags and numbers
 *     labels      int32 (document_count), of labels
 *     sources     int32 (document_count)
 *     splits      uint8 (document_count)
 *     facts       JSON: settings, classes, names of the sources
 *     tail        brn__corpus_tail
 *
 * each part at a multiple of 8 bytes. All of it is mapped and used where it lies. */
#ifndef BRN__DATA_TEXT_CORPUS_FILE_H
#define BRN__DATA_TEXT_CORPUS_FILE_H

#include "base/arena.h"
#include "base/files.h"
#include "data/text/text_data.h"

enum { BRN__CORPUS_VERSION = 1, BRN__CORPUS_HEAD = 16 };

typedef enum brn__corpus_part {
    BRN__PART_TOKENS,
    BRN__PART_STARTS,
    BRN__PART_ROWS,
    BRN__PART_TARGETS,
    BRN__PART_LABELS,
    BRN__PART_SOURCES,
    BRN__PART_SPLITS,
    BRN__PART_FACTS,
    BRN__PARTS,
} brn__corpus_part;

typedef struct brn__corpus_tail {
    uint64_t offsets[BRN__PARTS], bytes[BRN__PARTS];
    int64_t document_count, token_count, class_count;
    int32_t target, version;
    char digest[72];
    char magic[8]; /* "brn-text" again: the file is whole */
} brn__corpus_tail;

struct brn__corpus_file {
    brn__corpus corpus; /* first: what jobs see */
    brn__mapping mapping;
    const int64_t *rows;
    const int32_t *sources;
    const char *const *names; /* (name_count): of the sources */
    int64_t name_count;
    brn__arena arena;
};

/* Writes parts one behind the other. */
typedef struct brn__corpus_writer {
    brn__replacement *file;
    brn__corpus_tail tail;
    uint64_t written;
} brn__corpus_writer;

brn_status brn__corpus_writer_open(const char *path, brn__corpus_writer *writer);
/* Begins a part; bytes are then added to it. */
brn_status brn__corpus_writer_begin(brn__corpus_writer *writer, brn__corpus_part part);
brn_status brn__corpus_writer_add(brn__corpus_writer *writer, brn__corpus_part part, const void *bytes,
                                  size_t length);
brn_status brn__corpus_writer_commit(brn__corpus_writer *writer); /* frees, whatever happens */
void brn__corpus_writer_abandon(brn__corpus_writer *writer);      /* zeroed or committed is fine */

/* Opens and checks everything. BRN_ERROR_INPUT when it is no such file, cut off, or of another version. */
brn_status brn__corpus_open_file(const char *path, brn__corpus **out);

#endif
