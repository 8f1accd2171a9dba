/* SPDX-License-Identifier: Apache-2.0
 * What a field says: a number, a date, true or false, or nothing. Blanks around are passed over.
 * Each reader returns false when the field is not one of its kind. */
#ifndef BRN__DATA_TABLE_VALUE_H
#define BRN__DATA_TABLE_VALUE_H

#include "burnish/table_data.h"
#include "data/table/csv.h"

/* [+-]digits within 64 bits. */
bool brn__read_integer(brn__slice field, int64_t *out);
/* [+-]digits[.digits][e[+-]digits], inf or infinity, with `point` for the decimal point. The result
 * is the double nearest to the text (ties to even), as strtod gives in the C locale. */
bool brn__read_real(brn__slice field, char point, double *out);
/* true True TRUE, false False FALSE */
bool brn__read_boolean(brn__slice field, bool *out);
/* YEAR-MONTH-DAY (or with slashes; other orders also with dots), then, after a blank or T, perhaps
 * HOUR:MINUTE[:SECOND[.fraction]] and Z or +-HH[:]MM. In microseconds since 1970-01-01 UTC; a time
 * without a zone is taken as UTC. Years 1 to 9999. */
bool brn__read_date(brn__slice field, brn_date_order order, int64_t *out);

/* Fields that lie `stride` slices apart, as columns of gathered records do. Reads those that are of
 * the plainest form, up to the first that is not; the number read. What stops them may still be of
 * the kind: ask the readers above. `text` is what most of the fields lie in (NULL bytes: nothing is
 * known of it): there, bytes in front of a field may be looked at, which is faster. */
int64_t brn__read_plain_integers(const brn__slice *fields, int64_t stride, int64_t count,
                                 brn__slice text, int64_t *out);
int64_t brn__read_plain_reals(const brn__slice *fields, int64_t stride, int64_t count,
                              brn__slice text, char point, double *out);
int64_t brn__read_plain_dates(const brn__slice *fields, int64_t stride, int64_t count,
                              int64_t *out);
/* True and False, of which the codes are 1 and 0. */
int64_t brn__read_plain_booleans(const brn__slice *fields, int64_t stride, int64_t count,
                                 int32_t *out);

/* Nothing, or one of pandas' marks: NA N/A NaN nan null NULL None n/a <NA> #N/A ... */
bool brn__is_missing(brn__slice field);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t brn__days_of_date(int64_t year, int64_t month, int64_t day);
void brn__date_of_days(int64_t days, int64_t *year, int64_t *month, int64_t *day);
int64_t brn__days_in_month(int64_t year, int64_t month);

#endif
