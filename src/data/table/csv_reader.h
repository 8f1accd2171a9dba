/* SPDX-License-Identifier: Apache-2.0
 * Inside of the CSV reader: a text in memory, and readers of parts of it. Several readers may walk
 * one text at the same time. */
#ifndef BRN__DATA_TABLE_CSV_READER_H
#define BRN__DATA_TABLE_CSV_READER_H

#include "base/arena.h"
#include "base/files.h"
#include "data/table/csv.h"

enum {
    BRN__CSV_BLOCK = 64, /* bytes that one mask covers */
    BRN__CSV_PAGE = 64,  /* masks that a reader makes at a time */
    BRN__CSV_SPARE = 72, /* fields that brn__csv_reader_plain may write behind those asked for */
};

/* The text of a file, unpacked and in UTF-8. */
typedef struct brn__csv_text {
    brn__mapping mapping; /* zeroed when the bytes are borrowed */
    char *owned;          /* unpacked or converted bytes, or NULL */
    const char *begin, *end;
} brn__csv_text;

brn_status brn__csv_text_of_file(const char *path, const brn__csv_options *options,
                                 brn__csv_text *out);
/* `bytes` are borrowed when nothing need be converted. */
brn_status brn__csv_text_of_bytes(const char *name, const char *bytes, size_t length,
                                  const brn__csv_options *options, brn__csv_text *out);
void brn__csv_text_free(brn__csv_text *text); /* zeroed is fine */

typedef struct brn__csv_reader {
    const brn__csv *csv;
    const char *position; /* where the next record begins */
    const char *stop;     /* no record is begun here or behind */
    int64_t line;         /* of `position`; counted from the reader's start */
    brn__slice *fields;   /* owned */
    int64_t count, capacity;
    char *scratch; /* owned: fields of the record whose quotes are doubled */
    size_t scratch_bytes;
    bool keeps;       /* such fields stay until brn__csv_reader_forget: records are gathered */
    brn__arena kept;  /* where they are then */
    bool walks;       /* records are not of the plainest form: brn__csv_reader_plain lists no blocks of them */
    const char *page; /* what `masks` covers; NULL: nothing yet */
    uint64_t masks[BRN__CSV_PAGE]; /* bit i of mask b: byte 64 b + i ends a field */
    uint64_t odd[BRN__CSV_PAGE];   /* the same: it is a quote, zero, or no ASCII */
} brn__csv_reader;

struct brn__csv {
    char *name;               /* owned: the path, for messages */
    brn__csv_options options; /* the separator is resolved */
    brn__csv_text text;
    const char *body;  /* the first record after the header */
    int64_t body_line; /* its line */
    brn__arena arena;  /* the names */
    const char **names;
    int64_t column_count; /* 0 until it is known: any number of fields is fine */
    brn__csv_reader reader;
};

/* Records that begin in [begin, stop); `begin` must be the beginning of a record, on `line`. */
void brn__csv_reader_init(brn__csv_reader *reader, const brn__csv *csv, const char *begin,
                          const char *stop, int64_t line);
void brn__csv_reader_deinit(brn__csv_reader *reader);
brn_status brn__csv_reader_next(brn__csv_reader *reader, brn__csv_row *row);
void brn__csv_reader_forget(brn__csv_reader *reader);
/* Up to `most` plain records at once, which are most: ASCII without quotes, of as many fields as
 * the text has columns. Row i has its fields at fields[i * columns], of which there are
 * most * columns + BRN__CSV_SPARE. Returns how many; the next record, where there is one, is for
 * brn__csv_reader_next, unless `most` were read. */
int64_t brn__csv_reader_plain(brn__csv_reader *reader, int64_t most, brn__slice *fields,
                              int64_t *lines);
/* Makes the masks of the page that begins at `page`, within the text. */
void brn__csv_reader_scan(brn__csv_reader *reader, const char *page);

/* One mask per block: the bits of separators, LF and CR among 64 * `blocks` bytes. */
void brn__csv_scan(const char *bytes, int blocks, char separator, uint64_t *masks);
/* The same in plain C, which is what runs without AVX2. */
void brn__csv_scan_portable(const char *bytes, int blocks, char separator, uint64_t *masks);
/* And the bits of bytes that are `quote`, zero or above 127. */
void brn__csv_scan_odd(const char *bytes, int blocks, char separator, char quote, uint64_t *masks,
                       uint64_t *odd);
void brn__csv_scan_odd_portable(const char *bytes, int blocks, char separator, char quote,
                                uint64_t *masks, uint64_t *odd);

/* How many LF and CR there are, and whether there is a CR, and a quote. */
typedef struct brn__csv_look {
    int64_t ends;
    bool returns, quotes;
} brn__csv_look;
brn__csv_look brn__csv_look_at(const char *bytes, const char *end, char quote);
/* How many line ends (CR LF is one) there are. */
int64_t brn__csv_count_lines(const char *bytes, const char *end);
/* The first byte that can't be part of a text (zero, or not UTF-8); `end` when there is none. */
const char *brn__csv_bad_byte(const char *bytes, const char *end);

#endif
