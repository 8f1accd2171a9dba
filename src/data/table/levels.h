/* SPDX-License-Identifier: Apache-2.0
 * The different values of a column, numbered, each with one text that does not depend on the
 * column's type: 7 and 7.0 are "7". */
#ifndef BRN__DATA_TABLE_LEVELS_H
#define BRN__DATA_TABLE_LEVELS_H

#include "data/table/table.h"

typedef struct brn__levels {
    const brn__column *column; /* borrowed */
    const int32_t *ids;        /* (rows), -1 where missing */
    int32_t *owned;            /* ids, where they are not the column's codes */
    int64_t count;
    brn__dictionary values; /* of columns of numbers and dates: by their bytes */
} brn__levels;

brn_status brn__levels_of(const brn__column *column, int64_t rows, brn__levels *out);
void brn__levels_free(brn__levels *levels); /* zeroed is fine */

enum { BRN__LEVEL_TEXT_BYTES = 40 };
/* The text of a value. `buffer` (BRN__LEVEL_TEXT_BYTES) holds what is not in the table itself. With
 * `as_number` a word that reads as a number gives the number's text. */
brn__slice brn__level_text(const brn__levels *levels, int64_t level, bool as_number, char *buffer);
brn__slice brn__real_text(double value, char *buffer);
/* The order of two levels: numbers by size, words by their bytes. */
int brn__level_compare(const brn__levels *levels, int64_t a, int64_t b);

/* A value as a number: booleans are 0 and 1, dates seconds. False where it is missing, not finite
 * or a word. */
bool brn__number_at(const brn__column *column, int64_t row, double *out);

#endif
