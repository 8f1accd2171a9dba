/* SPDX-License-Identifier: Apache-2.0
 * Rows of a table as fields of text, from a file or a database. */
#ifndef BRN__DATA_TEXT_ROWS_H
#define BRN__DATA_TEXT_ROWS_H

#include "burnish/table_data.h"
#include "data/table/csv.h"

typedef struct brn__rows brn__rows;

/* A file is read a record at a time. Of a database all is read first: `columns` (count), where they are there, as
 * texts, the others are of no use. */
brn_status brn__rows_open_file(const char *path, const brn__csv_options *options, brn__rows **out);
brn_status brn__rows_open_database(const char *source, const char *const *columns, int64_t count,
                                   brn__rows **out);
void brn__rows_close(brn__rows *rows); /* NULL is fine */

int64_t brn__rows_column_count(const brn__rows *rows);
const char *brn__rows_name(const brn__rows *rows, int64_t column);
int64_t brn__rows_find(const brn__rows *rows, const char *name); /* or -1 */
/* BRN_ERROR_INPUT names the columns there are. */
brn_status brn__rows_need(const brn__rows *rows, const char *name, int64_t *out);

/* The fields of the next row, until the next call; NULL at the end. A missing value is empty. */
brn_status brn__rows_next(brn__rows *rows, const brn__slice **fields);
/* Bytes of the file behind what was read. */
int64_t brn__rows_done(const brn__rows *rows);
/* SHA-256 of all that a database's rows hold. */
brn_status brn__rows_digest(const brn__rows *rows, char hex[65]);

#endif
