/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "data/table/table.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn_table *read_text(const char *text, const brn_table_options *options, size_t piece)
{
    brn_table *table;
    assert_ok(brn__table_read("t.csv", text, strlen(text), options, piece, &table));
    return table;
}

static brn_status try_text(const char *text, const brn_table_options *options)
{
    brn_table *table;
    brn_status status = brn__table_read("t.csv", text, strlen(text), options, 4, &table);
    brn_table_close(table);
    return status;
}

static brn_column_type type_of(const char *values)
{
    brn_table_options options = brn_table_defaults();
    char text[256];
    snprintf(text, sizeof text, "x,k\n%s", values);
    brn_table *table = read_text(text, &options, 1);
    brn_column_type type = brn_table_column_type(table, 0);
    brn_table_close(table);
    return type;
}

TEST(table_types_are_what_all_rows_are)
{
    assert_int_equal(type_of("1,a\n-2,b\n,c\n"), BRN_COLUMN_INTEGER);
    assert_int_equal(type_of("1,a\n2.5,b\nNA,c\n"), BRN_COLUMN_REAL);
    assert_int_equal(type_of("1,a\n9223372036854775808,b\n"), BRN_COLUMN_REAL);
    assert_int_equal(type_of(",a\n,b\n"), BRN_COLUMN_REAL);
    assert_int_equal(type_of("1,a\nx,b\n"), BRN_COLUMN_TEXT);
    assert_int_equal(type_of("True,a\nfalse,b\n"), BRN_COLUMN_BOOLEAN);
    assert_int_equal(type_of("True,a\n1,b\n"), BRN_COLUMN_TEXT);
    assert_int_equal(type_of("2015-01-01,a\n,b\n2015-01-01 10:00,c\n"), BRN_COLUMN_DATE);
    assert_int_equal(type_of("2015-01-01,a\n2015,b\n"), BRN_COLUMN_TEXT);
    assert_string_equal(brn_column_type_name(BRN_COLUMN_BOOLEAN), "boolean");
}

TEST(table_holds_values_words_and_gaps)
{
    brn_table_options options = brn_table_defaults();
    const char *text = "n,r,t,d,b\n1,.5,blue,2015-07-31,True\n,,,,\n-3,1e3,red,1970-01-01,False\n"
                       "4,2,blue,1970-01-02,True\n";
    for (size_t piece = 1; piece < 80; piece += 13) {
        brn_table *table = read_text(text, &options, piece);
        assert_int_equal(brn_table_row_count(table), 4);
        const brn__column *c = table->columns;
        assert_int_equal(c[0].integers[0] + c[0].integers[1] + c[0].integers[2], -2);
        assert_true(c[1].reals[0] == .5 && isnan(c[1].reals[1]) && c[1].reals[2] == 1000);
        static const int32_t codes[] = {0, BRN__NO_CODE, 1, 0}, truths[] = {1, BRN__NO_CODE, 0, 1};
        assert_memory_equal(c[2].codes, codes, sizeof codes);
        assert_memory_equal(c[4].codes, truths, sizeof truths);
        assert_int_equal(c[2].words.count, 2);
        assert_memory_equal(c[2].words.words[1].bytes, "red", 3);
        assert_int_equal(c[3].integers[3], 86400000000);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(c[i].missing_count, 1);
            assert_int_equal(c[i].missing[0], 2);
        }
        assert_false(brn__column_is_missing(&c[0], 0));
        assert_true(brn__column_is_missing(&c[0], 1));
        brn_table_close(table);
    }
}

/* The kinds that decide a column's type stand where only a later piece sees them. */
TEST(table_reads_again_what_turns_out_otherwise)
{
    enum { ROWS = 1500 };
    char *text = malloc(64 * ROWS);
    assert_non_null(text);
    size_t length =
        (size_t)sprintf(text, "late real,late text,late date,minus zero,gone,late word\n");
    for (int i = 0; i < ROWS; i++)
        length += (size_t)sprintf(text + length, "%s,%s,%s,%s,,%s\n", i == 1400 ? "1.5" : "7",
                                  i == 1450 ? "x" : "007", i < 1300 ? "" : "2015-01-01",
                                  i == 3      ? "-0"
                                  : i == 1499 ? "0.5"
                                              : "9",
                                  i == 1200 ? "w" : "");
    brn_table_options options = brn_table_defaults();
    for (size_t piece = 50; piece < 60000; piece *= 9) {
        brn_table *table = read_text(text, &options, piece);
        const brn__column *c = table->columns;
        static const brn_column_type types[] = {BRN_COLUMN_REAL, BRN_COLUMN_TEXT, BRN_COLUMN_DATE,
                                                BRN_COLUMN_REAL, BRN_COLUMN_REAL, BRN_COLUMN_TEXT};
        for (int i = 0; i < 6; i++) assert_int_equal(c[i].type, types[i]);
        assert_true(c[0].reals[0] == 7 && c[0].reals[1400] == 1.5 && c[0].reals[1499] == 7);
        assert_int_equal(c[1].words.count, 2);
        assert_memory_equal(c[1].words.words[0].bytes, "007", 3);
        assert_int_equal(c[1].codes[1450], 1);
        assert_int_equal(c[2].missing_count, 1300);
        assert_true(c[3].reals[3] == 0 && signbit(c[3].reals[3]));
        assert_int_equal(c[4].missing_count, ROWS);
        assert_true(isnan(c[4].reals[77]));
        assert_int_equal(c[5].missing_count, ROWS - 1);
        assert_int_equal(c[5].codes[1200], 0);
        assert_int_equal(c[5].codes[1201], BRN__NO_CODE);
        brn_table_close(table);
    }
    free(text);
}

TEST(table_follows_given_types_and_names_what_does_not_fit)
{
    brn_column_choice types[] = {
        {"zip", BRN_COLUMN_TEXT}, {"n", BRN_COLUMN_REAL}, {"when", BRN_COLUMN_DATE}};
    const char *missing[] = {"?", "-1"};
    brn_table_options options = brn_table_defaults();
    options.types = types;
    options.type_count = 3;
    options.missing = missing;
    options.missing_count = 2;
    options.date_order = BRN_DATE_DMY;
    options.decimal_comma = true;
    options.separator = ';';
    brn_table *table = read_text("zip;n;when\n00501;1,5;01.02.2015\n501;-1;?\n?;2;\n", &options, 0);
    assert_int_equal(table->columns[0].words.count, 2);
    assert_int_equal(table->columns[0].missing_count, 1);
    assert_true(table->columns[1].reals[0] == 1.5 && table->columns[1].reals[2] == 2);
    assert_true(isnan(table->columns[1].reals[1]));
    assert_int_equal(table->columns[1].missing_count, 1);
    assert_int_equal(table->columns[2].missing_count, 2);
    assert_int_equal(brn_table_column_find(table, "when"), 2);
    const brn__column *column;
    assert_fails(brn__table_need(table, "zap", &column), BRN_ERROR_INPUT,
                 "t.csv: no column \"zap\"; it has zip, n, when");
    brn_table_close(table);
    assert_fails(try_text("zip;n;when\n1;2;\n\"a\nb\";3;\n\n5;x1;\n6;7;8\n", &options),
                 BRN_ERROR_INPUT, "t.csv: line 6, column \"n\": \"x1\"; expected a real");
    types[1].name = "m";
    assert_fails(try_text("zip;n;when\n", &options), BRN_ERROR_INPUT, "no column \"m\"");
}

TEST(table_refuses_what_the_reader_refuses_with_its_line)
{
    brn_table_options options = brn_table_defaults();
    assert_fails(try_text("a,b\n1,2\n3,4\n5,6\n7\n8,9\n", &options), BRN_ERROR_INPUT,
                 "line 5 has 1 field; expected 2");
    assert_fails(try_text("a,b\n1,\"2\n3,4\n5,6\n7\n8,9\n", &options), BRN_ERROR_INPUT,
                 "the quote that opens in line 2 is never closed");
    assert_fails(try_text("a,b\n\"x\n\n\",\"y\r\"\n1,2\n3,\xFF\n4\n", &options), BRN_ERROR_INPUT,
                 "line 7: byte FF is not UTF-8");
    assert_fails(try_text("a,b,a\n", &options), BRN_ERROR_INPUT,
                 "columns 1 and 3 are both called \"a\"");
    assert_fails(try_text("", &options), BRN_ERROR_INPUT, "is empty");
    brn_table *table = read_text("a,b\n", &options, 0);
    assert_int_equal(brn_table_row_count(table), 0);
    assert_int_equal(brn_table_column_count(table), 2);
    brn_table_close(table);
    options.no_header = true;
    table = read_text("1,2", &options, 0);
    assert_int_equal(brn_table_row_count(table), 1);
    assert_string_equal(brn_table_column_name(table, 1), "column2");
    brn_table_close(table);
}

static void expect_equal(const brn_table *a, const brn_table *b)
{
    assert_int_equal(a->row_count, b->row_count);
    for (int64_t c = 0; c < a->column_count; c++) {
        const brn__column *x = &a->columns[c], *y = &b->columns[c];
        assert_int_equal(x->type, y->type);
        assert_int_equal(x->missing_count, y->missing_count);
        assert_memory_equal(x->values, y->values,
                            (size_t)a->row_count * brn__column_value_bytes(x->type));
        assert_int_equal(x->words.count, y->words.count);
        for (int64_t i = 0; i < x->words.count; i++) {
            assert_int_equal(x->words.words[i].length, y->words.words[i].length);
            assert_memory_equal(x->words.words[i].bytes, y->words.words[i].bytes,
                                x->words.words[i].length);
        }
    }
}

/* Rows of every kind, with line ends, quotes and long fields inside quotes. */
static size_t write_wild_row(char *out, uint32_t *state)
{
    static const char *const words[] = {
        "plain", "\"with, comma\"",  "\"two\nlines\"", "\"\"\"q\"\"\"", "in\"side", "\"\r\n\r\n\"",
        "",      "\"a\"\"\n,\"\"b\""};
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n"};
    *state = *state * 1664525 + 1013904223;
    uint32_t r = *state >> 8;
    size_t length = (size_t)sprintf(out, "%u,%s,%s,%u.%u", r % 10, words[r % 8], words[r / 8 % 8],
                                    r % 1000, r / 7 % 1000);
    if (r % 29 == 0) {
        length += (size_t)sprintf(out + length, ",\"%0300d\n%0300d\"", 1, 2);
        memset(out + length - 250, '\n', 100);
    } else {
        length += (size_t)sprintf(out + length, ",%s", words[r / 64 % 8]);
    }
    return length + (size_t)sprintf(out + length, "%s", ends[r / 512 % 4]);
}

TEST(table_is_the_same_for_any_pieces_and_threads)
{
    char *text = malloc(400000);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "a,b,c,d,e\n");
    uint32_t state = 3;
    for (int i = 0; i < 500; i++) length += write_wild_row(text + length, &state);
    brn_table_options options = brn_table_defaults();
    options.threads = 1;
    brn_table *whole = read_text(text, &options, length);
    assert_int_equal(whole->row_count, 500);
    options.threads = 3;
    static const size_t sizes[] = {1, 2, 3, 5, 17, 64, 100, 333, 1000, 5000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        brn_table *pieces = read_text(text, &options, sizes[i]);
        expect_equal(pieces, whole);
        brn_table_close(pieces);
    }
    brn_table_close(whole);
    free(text);
}

TEST(table_fails_cleanly_without_memory)
{
    const char *text = "a,b,c\n1,\"x\"\"\",\n2,y,2015-01-01\n1.5,x,\nz,,\n";
    brn_table_options options = brn_table_defaults();
    options.threads = 1;
    brn_status status = BRN_ERROR_NO_MEMORY;
    int faults = 0;
    for (uint64_t n = 1; status != BRN_OK; n++, faults++) {
        brn__alloc_fail_after(n, 0);
        status = try_text(text, &options);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_in_range(faults, 40, 400);
}

TEST(table_reads_real_files)
{
    brn_table_options options = brn_table_defaults();
    brn_table *table;
    assert_ok(brn_table_open(test_data_path("tabular/adult/adult.csv"), &options, &table));
    assert_int_equal(brn_table_row_count(table), 32561);
    static const char types[] = "ititrttttt"
                                "iiitt";
    for (int64_t i = 0; i < 15; i++)
        assert_int_equal(types[i], *brn_column_type_name(brn_table_column_type(table, i)));
    const brn__column *column;
    assert_ok(brn__table_need(table, "education-num", &column));
    assert_int_equal(column->missing_count, 487);
    assert_ok(brn__table_need(table, "native-country", &column));
    assert_int_equal(column->words.count, 42);
    brn_table_close(table);
    assert_ok(brn_table_open(test_data_path("tabular/rossmann/weather.csv"), &options, &table));
    assert_int_equal(brn_table_column_type(table, 1), BRN_COLUMN_DATE);
    brn_table_close(table);
}
