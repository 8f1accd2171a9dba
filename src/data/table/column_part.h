/* SPDX-License-Identifier: Apache-2.0
 * One column of one piece of a text, while it is read. */
#ifndef BRN__DATA_TABLE_COLUMN_PART_H
#define BRN__DATA_TABLE_COLUMN_PART_H

#include "data/table/table.h"

/* How fields are to be understood; the same for all columns. */
typedef struct brn__field_rules {
    char point;
    brn_date_order date_order;
    const char *const *missing; /* (missing_count): words beside pandas' */
    int64_t missing_count;
    const char *text_begin, *text_end; /* words in here need not be copied */
} brn__field_rules;

/* Bits of `seen`: 1 << brn_column_type, and: */
enum { BRN__SEEN_MINUS_ZERO = 1 << BRN_COLUMN_TYPE_COUNT };

typedef struct brn__column_part {
    brn_column_type type; /* of `values`; an integer part may become real */
    bool given;           /* the type must hold: another value is an error */
    bool broken;          /* a value did not fit: `values` are worthless, `seen` is right */
    unsigned seen;        /* the kinds of the values that are not missing */
    void *values;         /* (capacity), borrowed: the piece's place in the column */
    int64_t capacity;
    uint64_t *missing; /* as in brn__column, but counted from the piece's first row; owned */
    int64_t missing_count;
    brn__dictionary words;
} brn__column_part;

/* BRN_ERROR_INPUT (without file and line) when the type is given and the field does not fit. */
brn_status brn__column_part_add(brn__column_part *part, const brn__field_rules *rules, int64_t row,
                                brn__slice field);
/* The same for `count` rows from `row` on, whose fields lie `stride` slices apart. *done is the
 * number of rows that were added, also when one fails. */
brn_status brn__column_part_add_many(brn__column_part *part, const brn__field_rules *rules,
                                     int64_t row, const brn__slice *fields, int64_t stride,
                                     int64_t count, int64_t *done);
/* Empties it for another reading; keeps type, given, values and capacity. */
void brn__column_part_clear(brn__column_part *part);

/* Turns the first `rows` values of an integer part into doubles, where they stand. */
void brn__column_part_make_real(brn__column_part *part, int64_t rows);

/* What kind of value a field that is not missing is. */
brn_column_type brn__kind_of_field(const brn__field_rules *rules, brn__slice field);
bool brn__field_is_missing(const brn__field_rules *rules, brn__slice field);
/* The type that holds all that was seen: real when nothing was. */
brn_column_type brn__type_of_seen(unsigned seen);
/* Can the part be copied into a column of this type? */
bool brn__column_part_serves(const brn__column_part *part, brn_column_type type);

#endif
