/* SPDX-License-Identifier: Apache-2.0
 * fast.ai's add_datepart: a date becomes the columns in which a network can see its rhythm. */
#ifndef BRN__DATA_TABLE_DATE_PARTS_H
#define BRN__DATA_TABLE_DATE_PARTS_H

#include "data/table/table.h"

/* Adds integer columns PREFIXYear Month Week Day Dayofweek Dayofyear, boolean columns Is_month_end
 * Is_month_start Is_quarter_end Is_quarter_start Is_year_end Is_year_start, with `time` the integer
 * columns Hour Minute Second, and PREFIXElapsed (seconds since 1970-01-01). Week is ISO 8601's,
 * Dayofweek counts from Monday = 0; PREFIX is the name without "Date" or "date" at its end. A
 * missing date has missing numbers and false booleans. BRN_ERROR_INPUT when there is no such date
 * column; columns that are there already are left as they are. */
brn_status brn__table_add_date_parts(brn_table *table, const char *column, bool time);
/* Does a value of the date column have a time of day? */
bool brn__column_has_time(const brn__column *column, int64_t rows);
/* The name of part `part` (0 .. BRN__DATE_PART_COUNT - 1; Elapsed is the last) for a column. */
enum { BRN__DATE_PART_COUNT = 16 };
void brn__date_part_name(const char *column, int part, char *out, size_t size);
brn_column_type brn__date_part_type(int part);
/* Its value for microseconds since 1970-01-01. */
int64_t brn__date_part_at(int part, int64_t microseconds);

#endif
