/* SPDX-License-Identifier: Apache-2.0
 * Inside of reading a table: what table_read.c does with pieces and table_assemble.c with columns.
 */
#ifndef BRN__DATA_TABLE_TABLE_READING_H
#define BRN__DATA_TABLE_TABLE_READING_H

#include "data/table/column_part.h"
#include "data/table/pieces.h"

typedef struct brn__table_reading brn__table_reading;

typedef struct brn__piece_job {
    const brn__table_reading *reading;
    brn__piece piece;
    int64_t first;           /* row of the columns where its rows are put */
    brn__column_part *parts; /* (columns), owned */
    bool *wanted;            /* (columns), owned: those to read */
    int64_t rows;            /* at most piece.most */
    int64_t line;            /* of the piece's first record, where it matters */
    brn_status status;
    char message[BRN__MESSAGE_BYTES];
} brn__piece_job;

struct brn__table_reading {
    const brn_table_options *options;
    brn__csv *csv;
    brn__pool *pool;
    brn__field_rules rules;
    brn__column_part *kinds; /* (columns): type and given, as suggested; owned */
    brn__piece_job *jobs;    /* (job_count), owned */
    int64_t job_count;
    int64_t capacity; /* rows that there is room for in the columns */
    brn_table *table;
};

/* The column's values for `capacity` rows of its type; frees those it had. */
brn_status brn__table_make_room(const brn__table_reading *reading, int64_t column);
/* Puts the parts of all columns together: rows without holes, words numbered alike. */
brn_status brn__table_assemble(brn__table_reading *reading);

#endif
