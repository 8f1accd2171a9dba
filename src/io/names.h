/* SPDX-License-Identifier: Apache-2.0
 * A table name -> number for the names of one file. Names are borrowed. */
#ifndef BRN__IO_NAMES_H
#define BRN__IO_NAMES_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct brn__name_slot {
    const char *name; /* NULL: free */
    size_t length;
    int64_t value;
} brn__name_slot;

typedef struct brn__name_table {
    brn__name_slot *slots;
    size_t count, capacity; /* capacity is 0 or a power of two */
} brn__name_table;          /* zeroed = empty */

/* Adds name -> value. When the name is there already nothing changes and *added is false. */
brn_status brn__name_table_add(brn__name_table *table, const char *name, size_t length,
                               int64_t value, bool *added);
/* The name's number, or -1. */
int64_t brn__name_table_find(const brn__name_table *table, const char *name, size_t length);
void brn__name_table_free(brn__name_table *table);

#endif
