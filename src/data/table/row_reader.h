/* SPDX-License-Identifier: Apache-2.0
 * Prepares one row of texts at a time, without a table: what brn__prepare_apply would make of it.
 */
#ifndef BRN__DATA_TABLE_ROW_READER_H
#define BRN__DATA_TABLE_ROW_READER_H

#include "data/table/column_part.h"
#include "data/table/prepare.h"

typedef struct brn__row_reader brn__row_reader;

/* Both are borrowed; rules->text_begin and _end are not used. */
brn_status brn__row_reader_new(const brn__preparation *preparation, const brn__field_rules *rules,
                               brn__row_reader **out);
void brn__row_reader_free(brn__row_reader *reader); /* NULL is fine */

/* The columns of a table that are needed: dates in place of their parts. */
int64_t brn__row_reader_count(const brn__row_reader *reader);
const char *brn__row_reader_column(const brn__row_reader *reader, int64_t index);
/* Which of them input `input` (codes, then numbers) is made of. */
int64_t brn__row_reader_origin(const brn__row_reader *reader, int64_t input);

/* values (count), NULL or "" is missing -> inputs (codes, then numbers). BRN_ERROR_INPUT names the
 * column whose value is no number or no date. Allocates nothing. */
brn_status brn__row_reader_read(const brn__row_reader *reader, const char *const *values,
                                float *inputs);

#endif
