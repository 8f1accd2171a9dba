/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: typed columns read from files of separated values, SQLite and PostgreSQL.
 *
 *     brn_table *table;
 *     brn_table_options options = brn_table_defaults();
 *     if (brn_table_open("sales.csv", &options, &table) != BRN_OK) ...brn_error_message()...
 *     for (int64_t i = 0; i < brn_table_column_count(table); i++)
 *         puts(brn_table_column_name(table, i));
 *     brn_table_close(table);
 *
 * The first line names the columns (see `header`). A column's type is what all of its values are:
 * whole numbers, numbers, dates, true/false, else text. Empty fields and NA, NaN, null, None and
 * their like are missing in every type. Files may be packed with gzip.
 */
#ifndef BURNISH_TABLE_DATA_H
#define BURNISH_TABLE_DATA_H

#include "burnish/status.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, word). The only list of column types. */
#define BRN_COLUMN_TYPE_LIST(X)                                                                    \
    X(INTEGER, "integer")                                                                          \
    X(REAL, "real")                                                                                \
    X(TEXT, "text")                                                                                \
    X(DATE, "date")                                                                                \
    X(BOOLEAN, "boolean")

typedef enum brn_column_type {
#define X(name, word) BRN_COLUMN_##name,
    BRN_COLUMN_TYPE_LIST(X)
#undef X
        BRN_COLUMN_TYPE_COUNT
} brn_column_type;

BRN_API const char *brn_column_type_name(brn_column_type type); /* "integer" ... */

typedef enum brn_date_order {
    BRN_DATE_YMD, /* 2015-07-31, 2015/07/31 */
    BRN_DATE_DMY, /* 31.07.2015, 31/7/2015 */
    BRN_DATE_MDY, /* 07/31/2015 */
} brn_date_order;

typedef struct brn_column_choice {
    const char *name;
    brn_column_type type;
} brn_column_choice;

typedef struct brn_table_options {
    char separator;     /* 0: a tab in files named .tsv or .tab (.gz too), else a comma */
    bool no_header;     /* the columns are column1, column2 ... */
    bool latin1;        /* the file is Latin-1; else UTF-8 */
    bool decimal_comma; /* 1,5 is one and a half */
    brn_date_order date_order;
    const brn_column_choice *types; /* (type_count): columns whose type is given */
    int64_t type_count;
    bool spare_types; /* types of columns that are not there are passed over, else an error */
    const char *const *missing; /* (missing_count): further words for a missing value */
    int64_t missing_count;
    int threads; /* 0: as many as there are processors; the table does not depend on it */
} brn_table_options;

BRN_API brn_table_options brn_table_defaults(void);

typedef struct brn_table brn_table;

/* Reads a whole table from
 *
 *     sales.csv, sales.tsv.gz                      a file of separated values
 *     sqlite:shop.db?sales                         a table or view of an SQLite file
 *     sqlite:shop.db?SELECT day, total FROM sales WHERE total > 0
 *     postgresql://user@host/shop?sales            a table, view or query of a PostgreSQL server;
 *     postgresql://host/shop?sslmode=require?sales   with parameters of the connection before it
 *     memory:sales                                 what brn_table_keep has kept under that name
 *
 * BRN_ERROR_IO when it can't be read, BRN_ERROR_NETWORK when the server does not let us in,
 * BRN_ERROR_UNSUPPORTED without libpq, BRN_ERROR_INPUT names the file and the line that is wrong:
 * another number of fields, a quote that is never closed, bytes that are not text, a value that is
 * not of a given type, two columns of one name, a query that the database refuses. Nothing is ever
 * written to a database. The caller closes. */
BRN_API brn_status brn_table_open(const char *source, const brn_table_options *options,
                                  brn_table **out);
/* Keeps a table of this program, of brn_table_open_arrow (arrow.h) say, so that every job reads it as the
 * source "memory:NAME": it trains on it, predicts it, and resumes, in this process, while the same rows are
 * kept under the name. The table is the library's then, until another one or NULL is kept under the name,
 * which frees it. Each job reads a copy. From any thread. */
BRN_API brn_status brn_table_keep(const char *name, brn_table *table);
/* Does the text name a table of a database or of memory, and no file? */
BRN_API bool brn_source_is_database(const char *source);
BRN_API void brn_table_close(brn_table *table); /* NULL is fine */

BRN_API int64_t brn_table_row_count(const brn_table *table);
BRN_API int64_t brn_table_column_count(const brn_table *table);
/* Column numbers are 0 .. count - 1. Names and texts live as long as the table. */
BRN_API const char *brn_table_column_name(const brn_table *table, int64_t column);
BRN_API brn_column_type brn_table_column_type(const brn_table *table, int64_t column);
BRN_API int64_t brn_table_column_find(const brn_table *table, const char *name); /* or -1 */

/* All values of a column; the table's. What its type does not have is NULL. */
typedef struct brn_column_values {
    const int64_t *integers; /* (rows) INTEGER: 0 where missing. DATE: microseconds since 1970-01-01 UTC */
    const double *reals;     /* (rows) REAL: NaN where missing */
    const int32_t *codes;    /* (rows) TEXT: numbers of words. BOOLEAN: 0 or 1. -1 where missing */
    const uint64_t *missing; /* one bit a row, the lowest first; NULL: none is missing */
    int64_t missing_count, word_count;
} brn_column_values;
BRN_API brn_column_values brn_table_column_values(const brn_table *table, int64_t column);
/* Word `code` (0 to word_count - 1) of a TEXT column, UTF-8, *length bytes without a NUL behind them. */
BRN_API const char *brn_table_column_word(const brn_table *table, int64_t column, int64_t code, int64_t *length);

enum { BRN_TOP_VALUES = 5, BRN_VALUE_TEXT_BYTES = 64 };

typedef struct brn_value_count {
    char text[BRN_VALUE_TEXT_BYTES]; /* UTF-8; longer values are cut between characters */
    int64_t count;
} brn_value_count;

/* What a column holds. Numbers that a type does not have are NaN: text and booleans have none,
 * dates have minimum and maximum, as seconds since 1970-01-01. */
typedef struct brn_column_summary {
    const char *name; /* the table's */
    brn_column_type type;
    int64_t count, missing, distinct; /* rows; those without a value; different values */
    double minimum, mean, maximum,
        deviation; /* deviation: of the sample (n - 1); over what is finite */
    int64_t top_count;
    brn_value_count top[BRN_TOP_VALUES]; /* (top_count): most frequent first; ties: first in file */
} brn_column_summary;

/* BRN_ERROR_NO_MEMORY is the only failure. */
BRN_API brn_status brn_table_summarise(const brn_table *table, int64_t column,
                                       brn_column_summary *out);
/* "2015-07-31", or "2015-07-31 13:05:00" when there is a time of day. */
BRN_API void brn_date_text(double seconds, char *out, int64_t size);

#ifdef __cplusplus
}
#endif
#endif
