/* SPDX-License-Identifier: Apache-2.0
 * Which rows of a table validate. Every choice is a pure function of table and options. */
#ifndef BRN__DATA_TABLE_SPLIT_H
#define BRN__DATA_TABLE_SPLIT_H

#include "data/table/table.h"

typedef enum brn__split_kind {
    BRN__SPLIT_RANDOM, /* round(share * rows), drawn */
    BRN__SPLIT_TIME,   /* the latest by a date or number column: `share` of the rows, or from `from`
                          on. Rows of one moment stay together */
    BRN__SPLIT_COLUMN, /* rows where a column says True, 1 or valid */
    BRN__SPLIT_GROUP,  /* whole groups of a column, drawn until they hold `share` of the rows */
} brn__split_kind;

typedef struct brn__split_options {
    brn__split_kind kind;
    double share;       /* above 0, below 1 */
    const char *column; /* TIME, COLUMN, GROUP */
    const char *from;   /* TIME: the first date (or number) that validates; NULL: by share */
    /* Fold `fold` (1 to `folds`) validates in place of a share; folds 0: no folds. RANDOM: rows are
     * dealt out; GROUP: whole groups are, the largest first, each to the smallest fold; COLUMN: the
     * column holds the fold of each row, 1 to `folds`. TIME has none. */
    int fold, folds;
    const char *label; /* RANDOM folds: each of its values is spread evenly; NULL: none is */
    uint64_t seed;
} brn__split_options;

/* valid[row] tells whether a row validates; `valid` has room for all rows. BRN_ERROR_INPUT when the
 * column is not there, does not fit or has gaps, or when no row would train or none would validate;
 * BRN_ERROR_USAGE for options out of range. */
brn_status brn__table_split(const brn_table *table, const brn__split_options *options, bool *valid);
/* fold_of[row] = 1 .. folds, for any `fold`. */
brn_status brn__table_folds(const brn_table *table, const brn__split_options *options,
                            int64_t *fold_of);

#endif
