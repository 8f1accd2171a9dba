/* SPDX-License-Identifier: Apache-2.0
 * A table that gains the columns of another one. */
#ifndef BRN__DATA_TABLE_JOIN_H
#define BRN__DATA_TABLE_JOIN_H

#include "data/table/table.h"

/* Adds the columns of `other`, without the keys, to `table`: each row gets the values of the row of
 * `other` whose keys are equal, or gaps when there is none. Keys are compared as values: 7 equals
 * 7.0, a missing key equals nothing. BRN_ERROR_INPUT when a key is no column of both, when two rows
 * of `other` have the same keys, and when both have another column of one name. */
brn_status brn__table_join(brn_table *table, const brn_table *other, const char *const *keys,
                           int64_t key_count);

#endif
