/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "data/table/events.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static brn_table *read_text(const char *text)
{
    brn_table_options options = brn_table_defaults();
    brn_table *table;
    assert_ok(brn__table_read("t", text, strlen(text), &options, 0, &table));
    return table;
}

static const brn__column *column_of(const brn_table *table, const char *name)
{
    const brn__column *column;
    assert_ok(brn__table_need(table, name, &column));
    return column;
}

/* -1 stands for what is missing. */
static void assert_values(const brn_table *table, const char *name, const int64_t *expected)
{
    const brn__column *column = column_of(table, name);
    for (int64_t row = 0; row < table->row_count; row++) {
        int64_t got = brn__column_is_missing(column, row) ? -1 : column->integers[row];
        if (got != expected[row])
            fail_msg("%s of row %d: %d, expected %d", name, (int)row, (int)got, (int)expected[row]);
    }
}

static brn__events *events_of(const char *const *conditions, int64_t count, int64_t window)
{
    brn__events *events;
    assert_ok(brn__events_new(conditions, count, "store", "day", window, &events));
    return events;
}

/* Two stores, their rows mixed and not in order. */
TEST(events_are_found_before_and_after_each_row_of_their_store)
{
    brn_table *table = read_text("store,day,promo,kind\n"
                                 "1,2015-01-01,0,a\n2,2015-01-01,1,a\n1,2015-01-03,1,b\n"
                                 "1,2015-01-02,0,a\n2,2015-01-05,0,a\n1,2015-01-04,1,a\n"
                                 "1,2015-01-10,0,a\n2,2015-01-06,0,b\n");
    const char *conditions[] = {"promo=1", " kind != a"};
    brn__events *events = events_of(conditions, 2, 3);
    assert_ok(brn__events_add(events, table, true));
    assert_values(table, "Afterpromo", (int64_t[]){-1, 0, 0, -1, 4, 0, 6, 5});
    assert_values(table, "Beforepromo", (int64_t[]){2, 0, 0, 1, -1, 0, -1, -1});
    assert_values(table, "promo_bw", (int64_t[]){0, 1, 1, 0, 1, 2, 2, 1});
    assert_values(table, "promo_fw", (int64_t[]){1, 1, 2, 2, 0, 1, 0, 0});
    assert_values(table, "Afterkind", (int64_t[]){-1, -1, 0, -1, -1, 1, 7, 0});
    assert_values(table, "Beforekind", (int64_t[]){2, 5, 0, 1, 1, -1, -1, 0});
    assert_int_equal(column_of(table, "promo_bw")->missing_count, 0);
    assert_int_equal(column_of(table, "Afterpromo")->missing_count, 2);
    assert_fails(brn__events_add(events, table, false), BRN_ERROR_INPUT,
                 "a column \"Afterpromo\" already");
    brn__events_free(events);
    brn_table_close(table);
}

static brn_table *days(int from, int to)
{
    static char text[65536];
    size_t length = (size_t)sprintf(text, "store,day,promo\n");
    for (int day = from; day < to; day++)
        for (int store = 1; store <= 3; store++)
            length += (size_t)sprintf(text + length, "%d,%d,%d\n", store, 2 * day,
                                      (7 * day + 3 * store) % 5 == 1);
    return read_text(text);
}

/* The second part of a table, after the first was learned from, is as in the whole; a part that was
 * learned from itself knows nothing of its own end. */
TEST(events_go_on_where_the_training_table_ended)
{
    enum { CUT = 40, ALL = 60 };
    const char *conditions[] = {"promo=1"};
    brn_table *whole = days(0, ALL), *first = days(0, CUT), *second = days(CUT, ALL),
              *again = days(0, CUT);
    brn__events *a = events_of(conditions, 1, 5), *b = events_of(conditions, 1, 5), *read;
    assert_ok(brn__events_add(a, whole, true));
    assert_ok(brn__events_add(b, first, true));
    json_t *json = brn__events_write(b);
    assert_non_null(json);
    assert_ok(brn__events_read(json, &read));
    json_decref(json);
    assert_int_equal(read->tail_count, 3);
    assert_ok(brn__events_add(read, second, false));
    assert_ok(brn__events_add(read, again, false));
    const char *names[] = {"Afterpromo", "promo_bw"};
    for (int i = 0; i < 2; i++) {
        const brn__column *x = column_of(whole, names[i]), *y = column_of(second, names[i]),
                          *p = column_of(first, names[i]), *q = column_of(again, names[i]);
        assert_int_equal(x->type, i ? BRN_COLUMN_INTEGER : BRN_COLUMN_REAL);
        assert_int_equal(y->missing_count, 0);
        for (int64_t row = 0; row < second->row_count; row++)
            assert_true(x->integers[row + 3 * CUT] == y->integers[row]); /* or the bits of reals */
        for (int64_t row = 0; row < first->row_count; row++)
            assert_true(brn__column_is_missing(p, row) == brn__column_is_missing(q, row) &&
                        (brn__column_is_missing(p, row) || p->integers[row] == q->integers[row]));
    }
    brn__events_free(a);
    brn__events_free(b);
    brn__events_free(read);
    brn_table_close(whole);
    brn_table_close(first);
    brn_table_close(second);
    brn_table_close(again);
}

TEST(events_refuse_what_they_cannot_go_by)
{
    const char *conditions[] = {"promo=1"}, *unknown[] = {"sale=1"};
    brn__events *events;
    assert_fails(brn__events_new(conditions, 0, "store", "day", 7, &events), BRN_ERROR_USAGE,
                 "0 events");
    assert_fails(brn__events_new(conditions, 1, "store", NULL, 7, &events), BRN_ERROR_USAGE,
                 "orders rows");
    assert_fails(brn__events_new(conditions, 1, "store", "day", 1, &events), BRN_ERROR_USAGE,
                 "window of 1");
    brn_table *table = read_text("store,day,promo\n1,,1\n2,3,0\n");
    events = events_of(conditions, 1, 7);
    assert_fails(brn__events_add(events, table, true), BRN_ERROR_INPUT, "\"day\" has 1 missing");
    brn__events_free(events);
    events = events_of(unknown, 1, 7);
    brn_table_close(table);
    table = read_text("store,day,promo\n1,4,1\n2,3,0\n");
    assert_fails(brn__events_add(events, table, true), BRN_ERROR_INPUT, "no column \"sale\"");
    brn__events_free(events);
    brn_table_close(table);
    json_t *json = json_pack("{s:[s], s:s, s:i, s:[]}", "conditions", "a=1", "order", "d", "window",
                             1, "tails");
    assert_fails(brn__events_read(json, &events), BRN_ERROR_INPUT, "window of 1");
    json_decref(json);
    json = json_pack("{s:[s], s:s, s:i, s:[{s:s, s:i, s:[], s:[]}]}", "conditions", "a=1", "order",
                     "d", "window", 7, "tails", "entity", "1", "last", 1, "since", "rows");
    assert_fails(brn__events_read(json, &events), BRN_ERROR_INPUT, "a moment for each event");
    json_decref(json);
}
