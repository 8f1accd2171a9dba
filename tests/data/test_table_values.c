/* SPDX-License-Identifier: Apache-2.0 */
#include "data/table/table.h"
#include "data/table/value.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn__slice slice(const char *text)
{
    return (brn__slice){text, strlen(text)};
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005 + 1442695040888963407;
    return *state >> 11 ^ *state << 21;
}

/* Our double must have the bits of strtod's. */
static void expect_double(const char *text)
{
    double got = -7, expected = strtod(text, NULL);
    if (!brn__read_real(slice(text), '.', &got)) fail_msg("%s is not read", text);
    if (memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("%s: got %.17g, expected %.17g", text, got, expected);
}

TEST(reals_have_the_bits_that_strtod_gives)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "-0.0e5",
                                        "-0e500",
                                        "0.00e-400",
                                        "1",
                                        "+1.5",
                                        ".5",
                                        "5.",
                                        "00012.500",
                                        "1e0",
                                        "1E+3",
                                        "123456789012345678",
                                        "9007199254740993",
                                        "9007199254740992.5",
                                        "9007199254740993.0000000000000000000000001",
                                        "1e22",
                                        "1e23",
                                        "8.5e22",
                                        "123e-22",
                                        "1e-23",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "9999999999999999999",
                                        "9999999999999999999e19",
                                        "9999999999999999999e-19",
                                        "1e-19",
                                        "7e19",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308",
                                        "1e309",
                                        "-1e400",
                                        "4.9e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "2.2250738585072011e-308",
                                        "1e-400",
                                        "1e99999999999",
                                        "1e-99999999999",
                                        "0e99999999999",
                                        "0.000000000000000000000000000000001",
                                        "100000000000000000000000000000000000000000",
                                        "4503599627370497.5",
                                        "4503599627370496.5",
                                        "  2.5\t",
                                        "123456789.123456789123456789"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) expect_double(texts[i]);
    uint64_t state = 5;
    for (int i = 0; i < 200000; i++) {
        char text[80];
        uint64_t digits = draw(&state) >> draw(&state) % 64;
        int exponent = (int)(draw(&state) % (i % 2 ? 45 : 700)) - (i % 2 ? 22 : 350);
        snprintf(text, sizeof text, "%s%llue%d", i % 3 ? "" : "-", (unsigned long long)digits,
                 exponent);
        expect_double(text);
        snprintf(text, sizeof text, "%llu.%0*llu", (unsigned long long)(digits >> 40),
                 (int)(i % 17) + 1, (unsigned long long)(digits & 0xFFFFFFFF));
        expect_double(text);
        double value;
        memcpy(&value, &digits, sizeof value);
        if (!isfinite(value)) continue;
        snprintf(text, sizeof text, "%.*g", i % 4 + 15, value);
        expect_double(text);
    }
}

/* A number halfway between two doubles, written in full, and with a digit far behind. */
TEST(reals_of_a_thousand_digits_are_exact)
{
    char text[1300];
    double half = ldexp(9007199254740993.0 / 2, -1070); /* not a double: 54 bits */
    snprintf(text, sizeof text, "%.1100f", ldexp(1, -1074));
    expect_double(text);
    snprintf(text, sizeof text, "%.1100f", half);
    expect_double(text);
    strcat(text, "000001");
    expect_double(text);
    char *halfway = text;
    snprintf(halfway, sizeof text, "%.0f.5%0900d1", 4503599627370497.0, 0);
    expect_double(halfway);
    snprintf(halfway, sizeof text, "%.0f.5%0900d", 4503599627370497.0, 0);
    expect_double(halfway);
    snprintf(halfway, sizeof text, "%01000d.25", 3);
    expect_double(halfway);
}

TEST(reals_are_not_read_from_other_texts)
{
    static const char *const texts[] = {"",    " ",   ".",        "-",   "+",    "e5",
                                        "1e",  "1e+", "1.2.3",    "1 2", "0x10", "1,5",
                                        "--1", "1f",  "infinite", "nan", "1_000"};
    double value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (brn__read_real(slice(texts[i]), '.', &value)) fail_msg("\"%s\" is read", texts[i]);
    assert_true(brn__read_real(slice("-Infinity"), '.', &value) && value == -INFINITY);
    assert_true(brn__read_real(slice("inf"), '.', &value) && value == INFINITY);
    assert_true(brn__read_real(slice("-1234,25"), ',', &value) && value == -1234.25);
    assert_false(brn__read_real(slice("1.5"), ',', &value));
}

TEST(integers_fit_64_bits)
{
    int64_t value;
    assert_true(brn__read_integer(slice("9223372036854775807"), &value) && value == INT64_MAX);
    assert_true(brn__read_integer(slice("-9223372036854775808"), &value) && value == INT64_MIN);
    assert_true(brn__read_integer(slice(" +0000000000000000000000012 "), &value) && value == 12);
    assert_true(brn__read_integer(slice("-0"), &value) && value == 0);
    static const char *const texts[] = {"9223372036854775808",
                                        "-9223372036854775809",
                                        "1.0",
                                        "",
                                        "-",
                                        "18446744073709551617",
                                        "1e3",
                                        "12a",
                                        "a",
                                        "1 2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (brn__read_integer(slice(texts[i]), &value)) fail_msg("\"%s\" is read", texts[i]);
}

TEST(days_and_dates_are_inverse)
{
    int64_t year = 1, month = 1, day = 1;
    for (int64_t days = brn__days_of_date(1, 1, 1); year < 2600; days++) {
        int64_t y, m, d;
        brn__date_of_days(days, &y, &m, &d);
        if (y != year || m != month || d != day || brn__days_of_date(y, m, d) != days)
            fail_msg("day %lld is %lld-%lld-%lld", (long long)days, (long long)y, (long long)m,
                     (long long)d);
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int64_t length = lengths[month - 1] + (month == 2 && leap);
        assert_int_equal(brn__days_in_month(year, month), length);
        if (++day > length) day = 1, month++;
        if (month > 12) month = 1, year++;
    }
    assert_int_equal(brn__days_of_date(1970, 1, 1), 0);
    assert_int_equal(brn__days_of_date(2015, 7, 31), 16647);
}

static int64_t date(const char *text, brn_date_order order)
{
    int64_t value;
    if (!brn__read_date(slice(text), order, &value)) fail_msg("\"%s\" is not read", text);
    return value;
}

TEST(dates_are_read_in_each_order)
{
    const int64_t second = 1000000, day = 86400 * second, july = 16647 * day;
    assert_int_equal(date("2015-07-31", BRN_DATE_YMD), july);
    assert_int_equal(date(" 2015/7/31 ", BRN_DATE_YMD), july);
    assert_int_equal(date("31.07.2015", BRN_DATE_DMY), july);
    assert_int_equal(date("7/31/2015", BRN_DATE_MDY), july);
    assert_int_equal(date("2015-07-31 13:05", BRN_DATE_YMD), july + (13 * 60 + 5) * 60 * second);
    assert_int_equal(date("2015-07-31T23:59:59.123456789Z", BRN_DATE_YMD),
                     july + day - second + 123456);
    assert_int_equal(date("2015-07-31T00:30:00.5+02:00", BRN_DATE_YMD),
                     july - 90 * 60 * second + second / 2);
    assert_int_equal(date("1969-12-31 23:59:59", BRN_DATE_YMD), -second);
    static const char *const bad[] = {"2015-02-29",       "2015-13-01",
                                      "2015-00-01",       "2015-01-00",
                                      "15-01-01",         "2015-01/01",
                                      "2015.01.01",       "2015-01-01x",
                                      "2015-01-01 24:00", "2015-01-01 12",
                                      "2015-01-01 12:60", "2015-01-01 12:00:00.",
                                      "20150101",         "",
                                      "0000-01-01",       "2015-01-01T12:00+1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t value;
        if (brn__read_date(slice(bad[i]), BRN_DATE_YMD, &value)) fail_msg("\"%s\" is read", bad[i]);
    }
}

TEST(missing_marks_and_truths_are_pandas)
{
    static const char *const marks[] = {
        "",    "NA",   "N/A",  "NaN", "nan",      "-nan",   "-NaN",    "NULL",    "null",    "None",
        "n/a", "<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (!brn__is_missing(slice(marks[i]))) fail_msg("\"%s\" is a value", marks[i]);
    static const char *const values[] = {"N", "na", "?", "0", "-1", "Nan", "none", " ", "NAN", "#"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (brn__is_missing(slice(values[i]))) fail_msg("\"%s\" is missing", values[i]);
    bool truth;
    assert_true(brn__read_boolean(slice("True"), &truth) && truth);
    assert_true(brn__read_boolean(slice(" FALSE"), &truth) && !truth);
    assert_false(brn__read_boolean(slice("tRUE"), &truth));
    assert_false(brn__read_boolean(slice("1"), &truth));
}

/* A number of up to 21 characters, of every form that a table holds. Static buffer. */
static const char *drawn_number(uint64_t *state)
{
    static char text[64];
    char digits[24];
    int length = 0;
#define DRAW(below) (*state = *state * 6364136223846793005 + 1442695040888963407, (int)((*state >> 33) % (below)))
    int count = 1 + DRAW(19), point = DRAW(3) ? DRAW(count + 1) : -1;
    for (int i = 0; i < count; i++) digits[i] = (char)('0' + DRAW(10));
    if (DRAW(8) == 0) memset(digits, '0', (size_t)(1 + DRAW(count)));
    if (DRAW(8) == 0) memset(digits + count / 2, '9', (size_t)(count - count / 2));
    if (DRAW(2)) text[length++] = '-';
    for (int i = 0; i < count; i++) {
        if (i == point) text[length++] = '.';
        text[length++] = digits[i];
    }
    if (point == count) text[length++] = '.';
#undef DRAW
    text[length] = '\0';
    return text;
}

/* In a column, where many are read at once and from what stands in front of them. */
TEST(columns_of_reals_have_the_bits_that_strtod_gives)
{
    enum { ROWS = 60000 };
    brn_table_options options = brn_table_defaults();
    char *text = malloc((size_t)ROWS * 24 + 16);
    double *expected = malloc(ROWS * sizeof *expected);
    uint64_t state = 5;
    size_t length = (size_t)sprintf(text, "x\n.5\n"); /* so that the column is real */
    for (int i = 0; i < ROWS; i++) {
        const char *number = drawn_number(&state);
        expected[i] = strtod(number, NULL);
        length += (size_t)sprintf(text + length, "%s\n", number);
    }
    brn_table *table;
    assert_ok(brn__table_read("t", text, length, &options, 0, &table));
    assert_int_equal(table->columns[0].type, BRN_COLUMN_REAL);
    for (int i = 0; i < ROWS; i++)
        if (memcmp(&table->columns[0].reals[i + 1], &expected[i], sizeof expected[i]) != 0)
            fail_msg("row %d: %.17g, strtod gives %.17g", i + 1, table->columns[0].reals[i + 1],
                     expected[i]);
    brn_table_close(table);
    free(text);
    free(expected);
}

/* Behind so many values of `kind` that the column is taken for one of these. */
static brn_column_type type_of_last(const char *kind, const char *field)
{
    enum { ROWS = 1100 };
    char text[32 * ROWS];
    size_t length = (size_t)sprintf(text, "x,y\n");
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    for (int i = 0; i < ROWS; i++) length += (size_t)sprintf(text + length, "12345678901234567,%s\n", kind);
    length += (size_t)sprintf(text + length, "12345678901234567,%s\n", field);
    assert_ok(brn__table_read("t", text, length, &options, 0, &table));
    brn_column_type type = table->columns[1].type;
    brn_table_close(table);
    return type;
}

/* Every day from 1696 to 2079, in a column, where each is read as one number. */
TEST(columns_of_zeros_of_any_length_are_zero)
{
    brn_table_options options = brn_table_defaults();
    char text[64 * 80] = "x\n.5\n", zeros[80] = "-0.";
    for (int digits = 1; digits <= 60; digits++) {
        strcat(zeros, "0");
        strcat(strcat(text, digits % 2 ? zeros : zeros + 1), "\n");
    }
    brn_table *table;
    assert_ok(brn__table_read("t", text, strlen(text), &options, 0, &table));
    assert_int_equal(table->columns[0].type, BRN_COLUMN_REAL);
    for (int row = 1; row <= 60; row++) {
        const double expected = row % 2 ? -0.0 : 0.0;
        if (memcmp(&table->columns[0].reals[row], &expected, sizeof expected) != 0)
            fail_msg("%d zeros: %.17g", row, table->columns[0].reals[row]);
    }
    brn_table_close(table);
}

TEST(columns_of_dates_have_the_days_of_the_calendar)
{
    enum { FIRST = -100000, ROWS = 140000 }; /* from 1696-03-17 on */
    brn_table_options options = brn_table_defaults();
    char *text = malloc((size_t)ROWS * 12 + 16);
    size_t length = (size_t)sprintf(text, "x\n");
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t year, month, day;
        brn__date_of_days(FIRST + i, &year, &month, &day);
        length += (size_t)sprintf(text + length, "%04d-%02d-%02d\n", (int)year, (int)month, (int)day);
    }
    brn_table *table;
    assert_ok(brn__table_read("t", text, length, &options, 0, &table));
    assert_int_equal(table->columns[0].type, BRN_COLUMN_DATE);
    for (int64_t i = 0; i < ROWS; i++)
        if (table->columns[0].integers[i] != (FIRST + i) * 86400 * 1000000) fail_msg("day %d", (int)(FIRST + i));
    brn_table_close(table);
    free(text);
    static const char *const bad[] = {"2015-02-29", "2015-04-31", "2015-13-01", "2015-00-01", "2015-01-00",
                                      "2015-01-32", "2015-0:-01", "201/-01-01", "2015-01-0/", "0000-01-01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(type_of_last("2015-01-01", bad[i]), BRN_COLUMN_TEXT);
    assert_int_equal(type_of_last("2015-01-01", "2016-02-29"), BRN_COLUMN_DATE);
}

TEST(columns_of_truths_hold_only_these)
{
    static const char *const words[] = {"Trua", "Falsa", "Tals", "Falsee", "Truee", "Tru", "Fals", "TrueF", "e"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_int_equal(type_of_last(i % 2 ? "True" : "False", words[i]), BRN_COLUMN_TEXT);
    assert_int_equal(type_of_last("True", "False"), BRN_COLUMN_BOOLEAN);
    assert_int_equal(type_of_last("False", "True"), BRN_COLUMN_BOOLEAN);
}

/* Short words are known by their bytes: those that share a head, a tail or a length stay apart. */
TEST(columns_of_words_keep_the_words_apart)
{
    enum { ROWS = 30000 };
    static const char *const words[] = {"a", "b", "aa", "ab", "ba", "aaa", "baa", "aaaaaaa", "aaaaaaaa", "baaaaaaa",
                                        "aaaaaaab", "aaaaaaaaa", "baaaaaaaa", "aaaaaaaaaaaaaaaaaa", "\"aa\"", "NA", "a\"\"", "\xC3\xA9"};
    static const int same[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 2, -1, 16, 17};
    enum { WORDS = sizeof words / sizeof *words };
    brn_table_options options = brn_table_defaults();
    options.no_header = true;
    char *text = malloc((size_t)ROWS * 24 + 16);
    uint8_t *drawn = malloc(ROWS);
    size_t length = 0;
    uint64_t state = 3;
    for (int i = 0; i < ROWS; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        drawn[i] = (uint8_t)(i ? (state >> 33) % WORDS : 0);
        length += (size_t)sprintf(text + length, "%s\n", words[drawn[i]]);
    }
    brn_table *table;
    assert_ok(brn__table_read("t", text, length, &options, 0, &table));
    const brn__column *column = &table->columns[0];
    for (int i = 0; i < ROWS; i++) {
        const int32_t code = column->codes[i];
        if (same[drawn[i]] < 0) {
            assert_true(brn__column_is_missing(column, i));
            continue;
        }
        const brn__slice word = column->words.words[code];
        const char *expected = words[same[drawn[i]]];
        if (word.length != strlen(expected) || memcmp(word.bytes, expected, word.length) != 0)
            fail_msg("row %d is \"%.*s\", not \"%s\"", i, (int)word.length, word.bytes, expected);
    }
    assert_int_equal(column->words.count, WORDS - 2);
    brn_table_close(table);
    free(text);
    free(drawn);
}

TEST(columns_tell_numbers_from_what_looks_like_them)
{
    static const char *const words[] = {"12-", "1-2", "--1", "-", ".", "-.", "1.2.3", "1..2", "12a", ":1",
                                        "/1", "123456789012345678-", "1.23456789012345678.9"};
    static const char *const reals[] = {"1.", ".1", "-.5", "+1.5", " 2.5", "1e5", "123456789012345678.5",
                                        "0.1234567890123456", "-12.3456789012345678", "99999999999999999999"};
    static const char *const integers[] = {"1", "-1", "0", "1234567890123456", "-1234567890123456",
                                           "12345678901234567", "9223372036854775807", "007"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(type_of_last("1", words[i]), BRN_COLUMN_TEXT);
        assert_int_equal(type_of_last("1.5", words[i]), BRN_COLUMN_TEXT);
    }
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        assert_int_equal(type_of_last("1", reals[i]), BRN_COLUMN_REAL);
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        assert_int_equal(type_of_last("1", integers[i]), BRN_COLUMN_INTEGER);
}
