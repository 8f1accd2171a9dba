/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "data/table/join.h"
#include "test.h"

#include <math.h>
#include <string.h>

static brn_table *read_text(const char *name, const char *text)
{
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    options.threads = 1;
    assert_ok(brn__table_read(name, text, strlen(text), &options, 0, &table));
    return table;
}

static const char sales[] =
    "store,day,sold\n7,2015-01-01,1\n8,2015-01-01,2\n7,2015-01-02,3\n9,2015-01-01,4\n,,5\n";
static const char weather[] =
    "day,store,rain,sky,when\n2015-01-02,7.0,1.5,\"grey, low\",2015-01-02 10:00\n"
    "2015-01-01,8.0,,blue,\n2015-01-01,7.0,2,blue,2015-01-01\n,,9,red,\n";

TEST(join_finds_rows_by_several_keys)
{
    static const char *const keys[] = {"store", "day"};
    brn_table *table = read_text("sales.csv", sales), *other = read_text("weather.csv", weather);
    assert_ok(brn__table_join(table, other, keys, 2));
    brn_table_close(other);
    assert_int_equal(table->column_count, 6);
    const brn__column *rain = &table->columns[3], *sky = &table->columns[4],
                      *when = &table->columns[5];
    assert_string_equal(rain->name, "rain");
    assert_true(rain->reals[0] == 2 && rain->reals[2] == 1.5);
    assert_true(isnan(rain->reals[1]) && isnan(rain->reals[3]) && isnan(rain->reals[4]));
    assert_int_equal(rain->missing_count, 3);
    assert_int_equal(sky->codes[0], sky->codes[1]);
    assert_int_equal(sky->words.words[sky->codes[2]].length, 9);
    assert_int_equal(sky->codes[3], BRN__NO_CODE);
    assert_int_equal(sky->missing_count, 2);
    assert_true(brn__column_is_missing(when, 1) && !brn__column_is_missing(when, 0));
    assert_int_equal(when->integers[2] - when->integers[0], 34LL * 3600 * 1000000);
    brn_table_close(table);
}

static brn_status try_join(const char *a, const char *b, const char *key)
{
    brn_table *table = read_text("a.csv", a), *other = read_text("b.csv", b);
    brn_status status = brn__table_join(table, other, &key, 1);
    brn_table_close(table);
    brn_table_close(other);
    return status;
}

TEST(join_refuses_what_is_not_one_to_one)
{
    assert_fails(try_join("k,x\n1,2\n", "k,y\n1,2\n2,3\n1,4\n", "k"), BRN_ERROR_INPUT,
                 "b.csv: rows 1 and 3 have the same keys");
    assert_fails(try_join("k,x\n1,2\n", "k,x\n1,2\n", "k"), BRN_ERROR_INPUT,
                 "a.csv and b.csv both have a column \"x\"");
    assert_fails(try_join("k,x\n1,2\n", "m,y\n1,2\n", "k"), BRN_ERROR_INPUT,
                 "b.csv: no column \"k\"; it has m, y");
    assert_fails(try_join("m,x\n1,2\n", "k,y\n1,2\n", "k"), BRN_ERROR_INPUT,
                 "a.csv: no column \"k\"");
    assert_ok(try_join("k,x\n1,2\n", "k\n5\n", "k"));
}

TEST(join_compares_words_with_numbers_by_value)
{
    static const char *const keys[] = {"k"};
    brn_table *table = read_text("a.csv", "k,x\n7,1\nb,2\n"),
              *other = read_text("b.csv", "k,y\n7,5\n8,6\n");
    assert_ok(brn__table_join(table, other, keys, 1));
    assert_int_equal(table->columns[2].integers[0], 5);
    assert_true(brn__column_is_missing(&table->columns[2], 1));
    brn_table_close(table);
    brn_table_close(other);
}

TEST(join_fails_cleanly_without_memory)
{
    static const char *const keys[] = {"store", "day"};
    brn_status status = BRN_ERROR_NO_MEMORY;
    int faults = 0;
    for (uint64_t n = 1; status != BRN_OK; n++, faults++) {
        brn_table *table = read_text("sales.csv", sales),
                  *other = read_text("weather.csv", weather);
        brn__alloc_fail_after(n, 0);
        status = brn__table_join(table, other, keys, 2);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        brn_table_close(table);
        brn_table_close(other);
    }
    assert_in_range(faults, 15, 200);
}
