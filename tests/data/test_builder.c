/* SPDX-License-Identifier: Apache-2.0
 * Tables built value by value, and what else is read that is no file of separated values. */
#include "base/alloc.h"
#include "data/table/builder.h"
#include "data/table/postgresql_copy.h"
#include "data/table/source.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static brn__slice slice(const char *text)
{
    return (brn__slice){text, strlen(text)};
}

static brn__builder *builder_of(const brn_table_options *options, int columns)
{
    brn__builder *builder;
    assert_ok(brn__builder_new("t", options, &builder));
    for (int i = 0; i < columns; i++) {
        char name[] = {(char)('a' + i), '\0'};
        assert_ok(brn__builder_name(builder, name));
    }
    return builder;
}

static brn_table *finish(brn__builder *builder)
{
    brn_table *table;
    assert_ok(brn__builder_finish(builder, &table));
    brn__builder_free(builder);
    return table;
}

TEST(values_of_columns_are_handed_out_by_their_types)
{
    const brn_table_options options = brn_table_defaults();
    brn__builder *b = builder_of(&options, 5);
    for (int i = 0; i < 5; i++) assert_ok(brn__builder_missing(b, i));
    assert_ok(brn__builder_integer(b, 0, -7));
    assert_ok(brn__builder_real(b, 1, .5));
    assert_ok(brn__builder_text(b, 2, slice("Cork")));
    assert_ok(brn__builder_boolean(b, 3, true));
    assert_ok(brn__builder_date(b, 4, 86400000000));
    brn_table *table = finish(b);
    brn_column_values v[5];
    for (int i = 0; i < 5; i++) {
        v[i] = brn_table_column_values(table, i);
        assert_int_equal(v[i].missing_count, 1);
        assert_int_equal(!!v[i].integers + !!v[i].reals + !!v[i].codes, 1);
        assert_int_equal(v[i].word_count, i == 2);
    }
    assert_true(v[0].integers[1] == -7 && v[0].missing[0] == 1);
    assert_true(isnan(v[1].reals[0]) && v[1].reals[1] == .5);
    assert_true(v[2].codes[0] == -1 && v[2].codes[1] == 0);
    assert_true(v[3].codes[0] == -1 && v[3].codes[1] == 1);
    assert_true(v[4].integers[1] == 86400000000 && v[4].missing[0] == 1);
    int64_t length;
    const char *word = brn_table_column_word(table, 2, 0, &length);
    assert_int_equal(length, 4);
    assert_memory_equal(word, "Cork", 4);
    brn_table_close(table);
}

TEST(built_columns_are_what_all_values_are)
{
    const brn_table_options options = brn_table_defaults();
    brn__builder *b = builder_of(&options, 6);
    assert_ok(brn__builder_integer(b, 0, 1));
    assert_ok(brn__builder_real(b, 0, 2.5));
    assert_ok(brn__builder_integer(b, 0, 3));
    assert_ok(brn__builder_field(b, 1, slice("2015-07-31")));
    assert_ok(brn__builder_missing(b, 1));
    assert_ok(brn__builder_field(b, 1, slice("NA")));
    assert_ok(brn__builder_text(b, 2, slice("7")));
    assert_ok(brn__builder_text(b, 2, slice("8")));
    assert_ok(brn__builder_text(b, 2, slice("7")));
    assert_ok(brn__builder_integer(b, 3, 7));
    assert_ok(brn__builder_field(b, 3, slice("x")));
    assert_ok(brn__builder_real(b, 3, .5));
    for (int i = 0; i < 3; i++) assert_ok(brn__builder_missing(b, 4));
    assert_ok(brn__builder_missing(b, 5));
    assert_ok(brn__builder_boolean(b, 5, true));
    assert_ok(brn__builder_boolean(b, 5, false));
    brn_table *table = finish(b);
    const brn__column *c = table->columns;
    assert_int_equal(brn_table_row_count(table), 3);
    assert_int_equal(c[0].type, BRN_COLUMN_REAL);
    assert_true(c[0].reals[0] == 1 && c[0].reals[1] == 2.5 && c[0].reals[2] == 3);
    assert_null(c[0].missing);
    assert_int_equal(c[1].type, BRN_COLUMN_DATE);
    assert_int_equal(c[1].integers[0], INT64_C(16647) * 86400000000);
    assert_int_equal(c[1].missing_count, 2);
    assert_int_equal(c[2].type, BRN_COLUMN_TEXT);
    assert_int_equal(c[2].words.count, 2);
    assert_int_equal(c[2].codes[2], 0);
    assert_int_equal(c[3].type, BRN_COLUMN_TEXT);
    assert_memory_equal(c[3].words.words[0].bytes, "7", 1);
    assert_memory_equal(c[3].words.words[2].bytes, "0.5", 3);
    assert_int_equal(c[4].type, BRN_COLUMN_REAL);
    assert_true(isnan(c[4].reals[1]) && c[4].missing_count == 3);
    assert_int_equal(c[5].type, BRN_COLUMN_BOOLEAN);
    assert_true(c[5].codes[0] == BRN__NO_CODE && c[5].codes[1] == 1 && c[5].codes[2] == 0);
    brn_table_close(table);
}

/* Many rows, so that columns grow; the same column by another way is the same. */
TEST(built_columns_grow_with_their_gaps)
{
    const brn_table_options options = brn_table_defaults();
    enum { ROWS = 5000 };
    brn__builder *b = builder_of(&options, 2);
    for (int i = 0; i < ROWS; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        if (i % 7 == 0) {
            assert_ok(brn__builder_missing(b, 0));
            assert_ok(brn__builder_missing(b, 1));
        } else {
            assert_ok(brn__builder_integer(b, 0, i));
            assert_ok(brn__builder_field(b, 1, slice(text)));
        }
    }
    brn_table *table = finish(b);
    for (int c = 0; c < 2; c++) {
        assert_int_equal(table->columns[c].type, BRN_COLUMN_INTEGER);
        assert_int_equal(table->columns[c].missing_count, (ROWS + 6) / 7);
        for (int i = 0; i < ROWS; i++) {
            assert_int_equal(brn__column_is_missing(&table->columns[c], i), i % 7 == 0);
            assert_int_equal(table->columns[c].integers[i], i % 7 ? i : 0);
        }
    }
    brn_table_close(table);
}

TEST(built_tables_keep_to_the_types_and_words_given)
{
    const brn_column_choice types[] = {{"a", BRN_COLUMN_TEXT}, {"b", BRN_COLUMN_REAL}};
    const char *const missing[] = {"-1"};
    brn_table_options options = brn_table_defaults();
    options.types = types;
    options.type_count = 2;
    options.missing = missing;
    options.missing_count = 1;
    brn__builder *b = builder_of(&options, 3);
    for (int i = -1; i < 2; i++)
        for (int c = 0; c < 3; c++) assert_ok(brn__builder_integer(b, c, i));
    brn_table *table = finish(b);
    assert_int_equal(table->columns[0].type, BRN_COLUMN_TEXT);
    assert_int_equal(table->columns[0].words.count, 2);
    assert_int_equal(table->columns[1].type, BRN_COLUMN_REAL);
    assert_true(table->columns[1].reals[2] == 1 && isnan(table->columns[1].reals[0]));
    assert_int_equal(table->columns[2].type, BRN_COLUMN_INTEGER);
    for (int c = 0; c < 3; c++) assert_int_equal(table->columns[c].missing_count, 1);
    brn_table_close(table);
    b = builder_of(&options, 2);
    assert_ok(brn__builder_field(b, 0, slice("x")));
    assert_ok(brn__builder_field(b, 1, slice("y")));
    assert_fails(brn__builder_finish(b, &table), BRN_ERROR_INPUT,
                 "t: row 1, column \"b\": \"y\"; expected a real");
    brn__builder_free(b);
    b = builder_of(&options, 1);
    assert_fails(brn__builder_finish(b, &table), BRN_ERROR_INPUT, "no column \"b\"");
    options.spare_types = true;
    table = finish(b);
    assert_int_equal(brn_table_row_count(table), 0);
    brn_table_close(table);
}

TEST(built_tables_refuse_what_is_no_text_and_uneven_columns)
{
    const brn_table_options options = brn_table_defaults();
    brn_table *table;
    brn__builder *b = builder_of(&options, 2);
    assert_fails(brn__builder_name(b, "a"), BRN_ERROR_INPUT,
                 "columns 1 and 3 are both called \"a\"");
    assert_fails(brn__builder_text(b, 1, slice("\xFF")), BRN_ERROR_INPUT,
                 "row 1, column \"b\": bytes that are not UTF-8");
    assert_fails(brn__builder_date(b, 1, INT64_MAX), BRN_ERROR_INPUT, "years 1 to 9999");
    assert_ok(brn__builder_integer(b, 0, 1));
    assert_fails(brn__builder_finish(b, &table), BRN_ERROR_INPUT, "\"b\" has 0 rows; expected 1");
    brn__builder_free(b);
}

/* A head, one tuple of 5, numeric -12.50, NULL, and the end; cut at every place. */
TEST(binary_copies_are_read_however_they_are_cut)
{
    static const unsigned char bytes[] = {
        'P', 'G', 'C', 'O',  'P',  'Y',  '\n', 0xFF, '\r', '\n', 0,
        0,   0,   0,   0,    0,    0,    0,    0,             /* head */
        0,   3,   0,   0,    0,    4,    0,    0,    0,    5, /* int4 */
        0,   0,   0,   12,   0,    2,    0,    0,    0x40, 0,    0,
        2,   0,   12,  0x13, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const brn__pg_form forms[] = {BRN__PG_INTEGER, BRN__PG_NUMERIC, BRN__PG_BOOLEAN};
    const brn_table_options options = brn_table_defaults();
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        brn__builder *b = builder_of(&options, 3);
        brn__pg_copy copy = {.builder = b, .forms = forms, .columns = 3};
        assert_ok(brn__pg_copy_take(&copy, bytes, cut));
        if (cut < sizeof bytes) assert_fails(brn__pg_copy_end(&copy), BRN_ERROR_INPUT, "cut off");
        assert_ok(brn__pg_copy_take(&copy, bytes + cut, sizeof bytes - cut));
        assert_ok(brn__pg_copy_end(&copy));
        brn__pg_copy_deinit(&copy);
        brn_table *table = finish(b);
        assert_int_equal(brn_table_row_count(table), 1);
        assert_int_equal(table->columns[0].integers[0], 5);
        assert_true(table->columns[1].reals[0] == -12.5);
        assert_int_equal(table->columns[2].missing_count, 1);
        brn_table_close(table);
    }
    brn__builder *b = builder_of(&options, 3);
    brn__pg_copy copy = {.builder = b, .forms = forms, .columns = 3};
    assert_fails(brn__pg_copy_take(&copy, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\2", 21),
                 BRN_ERROR_INPUT, "no binary COPY");
    brn__pg_copy_deinit(&copy);
    brn__builder_free(b);
}

static void assert_source(const char *source, const char *table, const char *shown)
{
    const char *got = brn__source_table(source);
    char *told = brn__source_public(source);
    if (table)
        assert_string_equal(got, table);
    else
        assert_null(got);
    assert_string_equal(told, shown);
    brn__free(told);
}

TEST(sources_are_told_apart_and_told_without_passwords)
{
    assert_true(brn_source_is_database("sqlite:a.db?t"));
    assert_true(brn_source_is_database("postgres://h/d?t"));
    assert_false(brn_source_is_database("a.csv"));
    assert_false(brn_source_is_database("./sqlite:a"));
    assert_source("sqlite:a.db", NULL, "sqlite:a.db");
    assert_source("sqlite:a.db?SELECT a ? b", "SELECT a ? b", "sqlite:a.db?SELECT a ? b");
    assert_source("postgresql://u:p@h/d?t", "t", "postgresql://u@h/d?t");
    assert_source("postgresql://u:p:@q@h/d?t", "t", "postgresql://u@h/d?t");
    assert_source("postgresql://h:5433/d?t", "t", "postgresql://h:5433/d?t");
    assert_source("postgresql:///d?host=/tmp&password=x?t", "t", "postgresql:///d?host=/tmp?t");
    assert_source("postgresql:///d?password=x&host=/tmp?t", "t", "postgresql:///d?host=/tmp?t");
    assert_source("postgresql:///d?a=b?SELECT x ? y=z", "SELECT x ? y=z",
                  "postgresql:///d?a=b?SELECT x ? y=z");
    assert_source("postgresql:///d?SELECT a=b ? c FROM t", "SELECT a=b ? c FROM t",
                  "postgresql:///d?SELECT a=b ? c FROM t");
    assert_true(brn__is_query(" (select 1)") && brn__is_query("WITH\nx") &&
                brn__is_query("TABLE t"));
    assert_false(brn__is_query("selection") || brn__is_query("tables") || brn__is_query("sales"));
}
