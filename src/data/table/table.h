/* SPDX-License-Identifier: Apache-2.0
 * Inside of a table: columns as arrays. */
#ifndef BRN__DATA_TABLE_TABLE_H
#define BRN__DATA_TABLE_TABLE_H

#include "burnish/table_data.h"
#include "data/table/dictionary.h"

enum { BRN__NO_CODE = -1 };

typedef struct brn__column {
    const char *name;
    brn_column_type type;
    union {
        void *values;      /* (rows), owned, 64-byte aligned; the type tells which: */
        int64_t *integers; /* INTEGER: 0 where missing. DATE: microseconds since 1970-01-01 */
        double *reals;     /* REAL: NaN where missing */
        int32_t *codes; /* TEXT: number of the word. BOOLEAN: 0 or 1. BRN__NO_CODE where missing */
    };
    uint64_t *missing; /* one bit a row, owned; NULL: nothing is missing */
    int64_t missing_count;
    brn__dictionary words; /* TEXT: in the order in which they first appear */
} brn__column;

struct brn_table {
    char *name; /* the path, for messages; owned */
    int64_t row_count, column_count;
    brn__column *columns; /* (column_count), owned */
    brn__arena arena;     /* names */
};

static inline bool brn__column_is_missing(const brn__column *column, int64_t row)
{
    return column->missing && (column->missing[row / 64] >> row % 64 & 1);
}

size_t brn__column_value_bytes(brn_column_type type);

/* The column of that name, or BRN_ERROR_INPUT with a message that names those there are. */
brn_status brn__table_need(const brn_table *table, const char *name, const brn__column **out);

/* Parses in pieces of about `piece_bytes` (0: by the size of the file); the table is the same for
 * any number. `bytes` NULL: the file called `name`. */
brn_status brn__table_read(const char *name, const void *bytes, size_t length,
                           const brn_table_options *options, size_t piece_bytes, brn_table **out);

#endif
