/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "data/table/table.h"
#include "test.h"

#include <math.h>
#include <string.h>

static const char text[] =
    "n,r,t,d,b,none\n"
    "3,1.5,red,2015-07-31,True,\n1,NA,blue,2015-08-01 12:30:05,False,\n"
    "3,inf,red,1969-12-31,True,\n,-2.5,,,,\n1,0.1,\"a very long text of more than "
    "sixty-four bytes, which ends in one \xC3\xA9\xC3\xA9\",2015-07-31,True,\n";

static brn_column_summary summary_of(const brn_table *table, const char *name)
{
    brn_column_summary summary;
    assert_ok(brn_table_summarise(table, brn_table_column_find(table, name), &summary));
    assert_string_equal(summary.name, name);
    assert_int_equal(summary.count, 5);
    return summary;
}

TEST(summary_counts_and_measures)
{
    brn_table_options options = brn_table_defaults();
    brn_table *table;
    assert_ok(brn__table_read("t.csv", text, sizeof text - 1, &options, 0, &table));
    brn_column_summary s = summary_of(table, "n");
    assert_int_equal(s.missing, 1);
    assert_int_equal(s.distinct, 2);
    assert_true(s.minimum == 1 && s.maximum == 3 && s.mean == 2);
    assert_close(s.deviation, sqrt(4.0 / 3), 1e-15);
    assert_int_equal(s.top_count, 2);
    assert_string_equal(s.top[0].text, "3");
    assert_int_equal(s.top[0].count, 2);
    s = summary_of(table, "r");
    assert_int_equal(s.distinct, 4);
    assert_true(s.minimum == -2.5 && s.maximum == 1.5);
    assert_close(s.mean, -.9 / 3, 1e-15);
    assert_string_equal(s.top[1].text, "inf");
    s = summary_of(table, "t");
    assert_true(isnan(s.minimum) && isnan(s.mean) && s.distinct == 3 && s.missing == 1);
    assert_string_equal(s.top[0].text, "red");
    assert_int_equal(strlen(s.top[2].text), 63);
    s = summary_of(table, "b");
    assert_string_equal(s.top[0].text, "True");
    assert_int_equal(s.top[0].count, 3);
    s = summary_of(table, "none");
    assert_true(s.missing == 5 && s.distinct == 0 && s.top_count == 0 && isnan(s.mean));
    brn_table_close(table);
}

TEST(summary_of_dates_is_in_seconds)
{
    brn_table_options options = brn_table_defaults();
    brn_table *table;
    assert_ok(brn__table_read("t.csv", text, sizeof text - 1, &options, 0, &table));
    brn_column_summary s = summary_of(table, "d");
    assert_true(s.minimum == -86400 && s.maximum == 1438387200 + 45005 && isnan(s.mean));
    assert_string_equal(s.top[0].text, "2015-07-31");
    assert_string_equal(s.top[1].text, "2015-08-01 12:30:05");
    assert_string_equal(s.top[2].text, "1969-12-31");
    brn_table_close(table);
}

TEST(summary_cuts_words_between_characters)
{
    char wide[256] = "t\n";
    for (int i = 0; i < 40; i++) strcat(wide, i ? "\xC3\xA9" : "x");
    brn_table_options options = brn_table_defaults();
    brn_table *table;
    brn_column_summary s;
    assert_ok(brn__table_read("t.csv", wide, strlen(wide), &options, 0, &table));
    assert_ok(brn_table_summarise(table, 0, &s));
    assert_int_equal(strlen(s.top[0].text), 63);
    brn_table_close(table);
    memmove(wide + 2, wide + 3, strlen(wide + 3) + 1);
    assert_ok(brn__table_read("t.csv", wide, strlen(wide), &options, 0, &table));
    assert_ok(brn_table_summarise(table, 0, &s));
    assert_int_equal(strlen(s.top[0].text), 62);
    brn_table_close(table);
}
