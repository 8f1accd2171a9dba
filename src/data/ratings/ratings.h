/* SPDX-License-Identifier: Apache-2.0
 * Ratings as columns of codes: who rated what, how, when.
 *
 *     brn__ratings ratings = {0};
 *     brn__ratings_columns columns = {.user = "user", .item = "item", .rating = "rating"};
 *     BRN__TRY(brn__ratings_read(table, &columns, NULL, &ratings));
 *     BRN__TRY(brn__ratings_merge(&ratings, false));
 *
 * Users and items are numbered from 1 in the order in which they first appear; 0 stands for those
 * that are not known. */
#ifndef BRN__DATA_RATINGS_RATINGS_H
#define BRN__DATA_RATINGS_RATINGS_H

#include "data/table/table.h"

enum { BRN__RATINGS_CODES_MAX = 1 << 24 }; /* codes are columns of float32 in a batch */

/* Names of columns; rating and time may be NULL: every row is one click; rows are in their order. */
typedef struct brn__ratings_columns {
    const char *user, *item, *rating, *time;
} brn__ratings_columns;

typedef struct brn__ratings {
    int64_t count;
    int32_t *users, *items; /* (count): codes */
    float *values;          /* (count): ratings, or numbers of clicks */
    double *times;          /* (count), any unit; NULL: the order of the rows counts */
    uint8_t *valid;         /* (count): 1 for the rows that validate */
    brn__dictionary user_ids, item_ids; /* word k is that of code k + 1 */
    int64_t merged;                     /* rows that brn__ratings_merge has taken away */
    bool borrowed;                      /* the arrays are another's */
} brn__ratings; /* zeroed = empty */

void brn__ratings_free(brn__ratings *ratings); /* zeroed is fine */

/* The types that a reader of the table should give to the columns of ids: text, whatever they look
 * like, so that 007 is not 7. Writes two; `out` has room for them. */
void brn__ratings_types(const brn__ratings_columns *columns, brn_column_choice *out);

/* Adds all rows of a table. `valid` (rows) says which validate; NULL: none do. BRN_ERROR_INPUT names
 * the first row without a user, item, rating or time, or too many ids. */
brn_status brn__ratings_read(const brn_table *table, const brn__ratings_columns *columns,
                             const bool *valid, brn__ratings *ratings);

/* Leaves one row of those in which a user rated the same item again: the latest, or with `add_up`
 * the last one in order with their sum. Rows keep their order. */
brn_status brn__ratings_merge(brn__ratings *ratings, bool add_up);

/* The latest row of each user with two or more validates, all others train. */
brn_status brn__ratings_hold_out_last(brn__ratings *ratings);

/* Lowest and highest rating. */
void brn__ratings_extent(const brn__ratings *ratings, double *low, double *high);

/* The code of an id, 0 when it is not known. */
int64_t brn__ratings_code(const brn__dictionary *ids, const char *id);

#endif
