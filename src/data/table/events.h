/* SPDX-License-Identifier: Apache-2.0
 * What happened around a row, as fast.ai's course makes it for shops (0.7's get_elapsed): for each
 * event, a condition on a row ("Promo=1"), and for the rows of one entity (a store) in their order
 * (by date)
 *
 *     AfterPromo    days since the last row, this one included, where it holds
 *     BeforePromo   days until the next one
 *     Promo_bw      in how many of this row and those before it, `window` in all, it holds
 *     Promo_fw      the same for this row and those behind it
 *
 * named after the condition's column. Where the order is a number, its differences stand for days.
 * What has not happened yet is missing.
 *
 * A table that goes on where another one ended needs to know how that ended: the memory, which is
 * learned from the training table (all of its rows: nothing in it tells of the target) and kept in
 * the model. */
#ifndef BRN__DATA_TABLE_EVENTS_H
#define BRN__DATA_TABLE_EVENTS_H

#include "data/table/table.h"

#include <jansson.h>

enum { BRN__EVENTS_MAX = 16, BRN__EVENT_WINDOW_MAX = 366 };

/* How an entity's rows ended. */
typedef struct brn__event_tail {
    const char *entity;            /* the value's text */
    double last;                   /* its last moment: seconds, or the order's number */
    double since[BRN__EVENTS_MAX]; /* the last moment of each event; NaN: never */
    int64_t row_count;             /* below the window */
    uint32_t *rows;                /* (row_count): the last ones, a bit for each event */
} brn__event_tail;

typedef struct brn__events {
    brn__arena arena; /* of all texts and tails */
    const char *conditions[BRN__EVENTS_MAX];
    int64_t count;
    const char *entity;     /* a column; NULL: all rows are of one entity */
    const char *order;      /* a column of dates or numbers */
    int64_t window;         /* 2 to BRN__EVENT_WINDOW_MAX */
    brn__event_tail *tails; /* (tail_count) */
    int64_t tail_count;
} brn__events;

/* Copies the texts. BRN_ERROR_USAGE when there is no order, or more than BRN__EVENTS_MAX
 * conditions. */
brn_status brn__events_new(const char *const *conditions, int64_t count, const char *entity,
                           const char *order, int64_t window, brn__events **out);
void brn__events_free(brn__events *events); /* NULL is fine */

/* Adds the columns, going on from the tails where the table begins behind them. With `learns`, the
 * tails become those of this table. BRN_ERROR_INPUT for a column that is not there or has gaps. */
brn_status brn__events_add(brn__events *events, brn_table *table, bool learns);

/* As JSON (new reference, NULL without memory), and back. */
json_t *brn__events_write(const brn__events *events);
brn_status brn__events_read(const json_t *object, brn__events **out);

#endif
