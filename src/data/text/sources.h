/* SPDX-License-Identifier: Apache-2.0
 * Documents, one after the other, from text files, folders of them and tables. */
#ifndef BRN__DATA_TEXT_SOURCES_H
#define BRN__DATA_TEXT_SOURCES_H

#include "base/sha256.h"
#include "data/text/text_data.h"
#include "data/text/tokenizer.h"

enum { BRN__NO_SPLIT = 255 };

typedef struct brn__document {
    brn__span text; /* UTF-8 without NUL; like the labels valid until the next call */
    const brn__span *labels; /* (label_count): none; a folder's name; or the fields of the label columns */
    int64_t label_count;
    uint8_t split;  /* brn__text_split, or BRN__NO_SPLIT where nothing says so */
    int64_t row;    /* of a table or of lines, from 1; 0: the whole file */
    int32_t source; /* number of the file */
} brn__document;

typedef struct brn__sources brn__sources;

/* Lists the files behind the inputs; reads none yet. BRN_ERROR_INPUT names an input that is not there or
 * has no texts. */
brn_status brn__sources_open(const char *const *inputs, int64_t count, const brn_text_options *options,
                             const brn__tokenizer *tokenizer, brn__sources **out);
void brn__sources_close(brn__sources *sources); /* NULL is fine */

/* The next document; *there is false at the end. */
brn_status brn__sources_next(brn__sources *sources, brn__document *document, bool *there);

int64_t brn__sources_count(const brn__sources *sources); /* files */
const char *brn__sources_name(const brn__sources *sources, int64_t number);
int64_t brn__sources_bytes(const brn__sources *sources); /* of all files, as they lie on the disk */
int64_t brn__sources_done(const brn__sources *sources);  /* of those, about */
/* The columns of numbers: what they are called. */
const char *const *brn__sources_label_names(const brn__sources *sources, int64_t *count);

/* Adds the contents of all files, and what their folders say. Before the first document. */
brn_status brn__sources_digest(brn__sources *sources, brn__sha256 *digest);

#endif
