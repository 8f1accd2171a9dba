/* SPDX-License-Identifier: Apache-2.0
 * Reads separated values (RFC 4180) record by record from a mapped file.
 *
 *     brn__csv_options options = brn__csv_defaults();
 *     brn__csv_open("films.csv", &options, &csv);
 *     for (;;) {
 *         brn__csv_row row;
 *         status = brn__csv_next(csv, &row);
 *         if (status != BRN_OK || row.count == 0) break;
 *         use(row.fields[0].bytes, row.fields[0].length);
 *     }
 *     brn__csv_close(csv);
 *
 * A field that begins with a quote runs to the closing one; inside, a doubled quote is one quote,
 * and separators and line ends are text. A quote elsewhere in a field is an ordinary character. A
 * line ends with LF, CR LF or CR alone. Lines without any character are passed over. Blanks belong
 * to the field. A gzip file is recognised by its first bytes, whatever its name. */
#ifndef BRN__DATA_TABLE_CSV_H
#define BRN__DATA_TABLE_CSV_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum brn__csv_encoding {
    BRN__CSV_UTF8,   /* a byte order mark is skipped; what is not UTF-8 is an error */
    BRN__CSV_LATIN1, /* converted to UTF-8 */
} brn__csv_encoding;

typedef struct brn__csv_options {
    char separator; /* 0: a tab in files named .tsv, .tab, .tsv.gz or .tab.gz, else a comma */
    char quote;     /* 0: nothing is quoted */
    bool header;    /* the first record names the columns; else they are column1, column2 ... */
    brn__csv_encoding encoding;
    size_t limit_bytes;       /* of the text, unpacked and converted */
    size_t limit_field_bytes; /* of one field */
    int64_t limit_columns;
} brn__csv_options;

/* Commas (tabs in .tsv), double quotes, a header, UTF-8; 64 GiB, 64 MiB a field, 65,536 columns. */
brn__csv_options brn__csv_defaults(void);

/* UTF-8 text without a terminating zero. */
typedef struct brn__slice {
    const char *bytes;
    size_t length;
} brn__slice;

typedef struct brn__csv_row {
    const brn__slice *fields; /* (count), unquoted; valid until the next call on the reader */
    int64_t count;            /* the number of columns; 0: no more records */
    int64_t line;             /* of its first character, from 1 */
} brn__csv_row;

typedef struct brn__csv brn__csv;

/* Opens and reads the header. BRN_ERROR_IO when the file can't be read; BRN_ERROR_INPUT names the
 * file and the line for anything wrong in it, also in brn__csv_next: a quote that is never closed
 * (the line where it opens), text after a closing quote, another number of fields than columns,
 * bytes that are not text, a broken limit, a damaged gzip file. */
brn_status brn__csv_open(const char *path, const brn__csv_options *options, brn__csv **out);
/* The same for bytes in memory, which are borrowed; `name` is for messages. */
brn_status brn__csv_open_bytes(const char *name, const void *bytes, size_t length,
                               const brn__csv_options *options, brn__csv **out);
void brn__csv_close(brn__csv *csv); /* NULL is fine */

int64_t brn__csv_column_count(const brn__csv *csv); /* at least 1 */
/* The name from the header; "columnN" (from 1) where it is empty or there is no header. */
const char *brn__csv_column_name(const brn__csv *csv, int64_t column);
/* The number of the column of that name, or -1. */
int64_t brn__csv_column_find(const brn__csv *csv, const char *name);
/* As above, but BRN_ERROR_INPUT names the columns there are. */
brn_status brn__csv_column_need(const brn__csv *csv, const char *name, int64_t *out);

/* The next record, in order; count 0 at the end. */
brn_status brn__csv_next(brn__csv *csv, brn__csv_row *row);

#endif
