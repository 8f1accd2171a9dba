/* SPDX-License-Identifier: Apache-2.0
 * The sparse form of a table's gradient. The values stay in their places in the flat gradient buffer, so
 * that every reader may take it for a dense one; the list says which rows can be other than zero, so that
 * nobody has to visit the rest. Rows that were named several times are merged: each is listed once. */
#ifndef BRN__GRAPH_ROWS_H
#define BRN__GRAPH_ROWS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct brn__rows {
    bool listed;   /* rows outside the list are zero; false: any row may hold something */
    int64_t *rows; /* ascending */
    int64_t count, capacity;
} brn__rows;

#endif
