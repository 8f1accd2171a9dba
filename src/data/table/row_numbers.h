/* SPDX-License-Identifier: Apache-2.0
 * Where a row stood before a table was filtered. */
#ifndef BRN__DATA_TABLE_ROW_NUMBERS_H
#define BRN__DATA_TABLE_ROW_NUMBERS_H

#include "data/table/table.h"

/* Adds an integer column that counts the rows from 1. Its name is empty, which no column of a file has. */
brn_status brn__table_number_rows(brn_table *table);
/* The number that a row was given; counted now when none was. */
int64_t brn__table_row_number(const brn_table *table, int64_t row);

#endif
