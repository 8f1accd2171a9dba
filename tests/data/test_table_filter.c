/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/filter.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static brn_table *made(void)
{
    static char text[8192] = "n,w,d,b,gap\n";
    if (strlen(text) < 100)
        for (int i = 0; i < 150; i++)
            sprintf(text + strlen(text), "%d,w%d,2015-01-%02d,%s,%s\n", i, i % 3, i % 28 + 1,
                    i % 2 ? "True" : "False", i % 5 ? "1.5" : "");
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    options.threads = 1;
    assert_ok(brn__table_read("t.csv", text, strlen(text), &options, 0, &table));
    return table;
}

static int64_t rows_left(const char *condition)
{
    brn_table *table = made();
    assert_ok(brn__table_filter(table, condition));
    int64_t rows = table->row_count;
    brn_table_close(table);
    return rows;
}

TEST(filter_knows_all_comparisons)
{
    assert_int_equal(rows_left("n>100"), 49);
    assert_int_equal(rows_left(" n >= 100 "), 50);
    assert_int_equal(rows_left("n<1e1"), 10);
    assert_int_equal(rows_left("n<=10"), 11);
    assert_int_equal(rows_left("n=7"), 1);
    assert_int_equal(rows_left("n!=7"), 149);
    assert_int_equal(rows_left("w=w1"), 50);
    assert_int_equal(rows_left("w!=w1"), 100);
    assert_int_equal(rows_left("b=true"), 75);
    assert_int_equal(rows_left("d>=2015-01-28"), 5);
    assert_int_equal(rows_left("gap>0"), 120);
    assert_int_equal(rows_left("gap!=2"), 120);
}

TEST(filter_keeps_rows_whole)
{
    brn_table *table = made();
    assert_ok(brn__table_filter(table, "n>=63"));
    assert_ok(brn__table_filter(table, "w=w2"));
    int64_t gaps = 0;
    for (int64_t row = 0; row < table->row_count; row++) {
        int64_t n = table->columns[0].integers[row];
        assert_true(n >= 63 && n % 3 == 2);
        assert_int_equal(table->columns[3].codes[row], n % 2);
        assert_int_equal(brn__column_is_missing(&table->columns[4], row), n % 5 == 0);
        gaps += n % 5 == 0;
    }
    assert_int_equal(table->columns[4].missing_count, gaps);
    brn_table_close(table);
}

TEST(filter_refuses_what_is_no_condition)
{
    static const char *const wrong[][2] = {
        {"n", "expected a condition on a column"},
        {"=5", "expected a condition on a column"},
        {"w>w1", "column \"w\" of t.csv is text; expected = or !="},
        {"n>x", "is integer; expected a number"},
        {"d>soon", "is date; expected a date"}};
    brn_table *table = made();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(brn__table_filter(table, wrong[i][0]), BRN_ERROR_USAGE, wrong[i][1]);
    assert_fails(brn__table_filter(table, "z=1"), BRN_ERROR_INPUT, "no column \"z\"");
    assert_int_equal(table->row_count, 150);
    assert_fails(brn__table_filter(table, "n>1000"), BRN_ERROR_INPUT, "no row meets \"n>1000\"");
    brn_table_close(table);
}
