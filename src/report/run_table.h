/* SPDX-License-Identifier: Apache-2.0
 * The CSV files that a run writes (history.csv, curve.csv): the first column is a word, the others are
 * numbers. */
#ifndef BRN__REPORT_RUN_TABLE_H
#define BRN__REPORT_RUN_TABLE_H

#include "base/status.h"
#include <stdint.h>

enum { BRN__RUN_TABLE_COLUMNS_MAX = 40 };

typedef struct brn__run_table {
    int64_t rows;
    int columns;          /* of numbers */
    char **names;         /* (columns) */
    char **words;         /* (rows) */
    double *values;       /* (columns, rows): a column lies together; NaN where a field is empty or no
                             number */
} brn__run_table;

/* A file that is not there gives an empty table; a last line without its end is passed over. */
brn_status brn__run_table_read(const char *path, brn__run_table *out);
void brn__run_table_free(brn__run_table *table); /* a zeroed one is fine */
/* (rows); NULL when there is no such column. */
const double *brn__run_table_column(const brn__run_table *table, const char *name);

#endif
