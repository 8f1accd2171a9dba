/* SPDX-License-Identifier: Apache-2.0
 * Keeps some rows of a table. */
#ifndef BRN__DATA_TABLE_FILTER_H
#define BRN__DATA_TABLE_FILTER_H

#include "data/table/table.h"

/* Keeps the rows for which a condition holds: "Sales>0", "Open=1", "Date>=2014-01-01", "State!=BY".
 * Operators are = != < <= > >=; words and truths know = and != only. Blanks around are passed over.
 * A missing value meets no condition. BRN_ERROR_USAGE when the text is no condition,
 * BRN_ERROR_INPUT when the column is not there, or no row is left. */
brn_status brn__table_filter(brn_table *table, const char *condition);
/* holds[row] tells for which rows it does; `holds` has room for all. */
brn_status brn__table_condition(const brn_table *table, const char *condition, bool *holds);
/* The name of the column that a condition is on. */
brn__slice brn__condition_column(const char *condition);

#endif
