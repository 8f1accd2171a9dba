/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "data/table/csv_reader.h"
#include "data/table/table.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static brn__csv *open_text(const char *text, const brn__csv_options *options)
{
    brn__csv *csv;
    assert_ok(brn__csv_open_bytes("t.csv", text, strlen(text), options, &csv));
    return csv;
}

/* Reads one record and compares: fields are given with '^' between them. */
static void expect_row(brn__csv *csv, const char *expected, int64_t line)
{
    brn__csv_row row;
    assert_ok(brn__csv_next(csv, &row));
    char got[1024] = "";
    for (int64_t i = 0; i < row.count; i++) {
        if (i) strcat(got, "^");
        strncat(got, row.fields[i].bytes, row.fields[i].length);
    }
    assert_string_equal(got, expected);
    assert_int_equal(row.line, line);
}

static void expect_end(brn__csv *csv)
{
    brn__csv_row row;
    assert_ok(brn__csv_next(csv, &row));
    assert_int_equal(row.count, 0);
    assert_ok(brn__csv_next(csv, &row));
    assert_int_equal(row.count, 0);
    brn__csv_close(csv);
}

/* Reads to the end; the status is the first failure's. */
static brn_status read_all(brn__csv *csv)
{
    brn__csv_row row;
    brn_status status;
    do status = brn__csv_next(csv, &row);
    while (status == BRN_OK && row.count);
    brn__csv_close(csv);
    return status;
}

static brn_status read_bytes(const void *bytes, size_t length, const brn__csv_options *options)
{
    brn__csv *csv;
    brn_status status = brn__csv_open_bytes("t.csv", bytes, length, options, &csv);
    return status == BRN_OK ? read_all(csv) : status;
}

static brn_status read_text(const char *text)
{
    brn__csv_options options = brn__csv_defaults();
    return read_bytes(text, strlen(text), &options);
}

TEST(csv_reads_names_and_rows)
{
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv = open_text("name,tags,,n\nx.jpg,a b,1,\n,,,\ny,\"\",z,last", &options);
    assert_int_equal(brn__csv_column_count(csv), 4);
    assert_string_equal(brn__csv_column_name(csv, 1), "tags");
    assert_string_equal(brn__csv_column_name(csv, 2), "column3");
    assert_int_equal(brn__csv_column_find(csv, "n"), 3);
    assert_int_equal(brn__csv_column_find(csv, "na"), -1);
    int64_t column;
    assert_ok(brn__csv_column_need(csv, "tags", &column));
    assert_int_equal(column, 1);
    assert_fails(brn__csv_column_need(csv, "tag", &column), BRN_ERROR_INPUT,
                 "no column \"tag\"; it has name, tags, column3, n");
    expect_row(csv, "x.jpg^a b^1^", 2);
    expect_row(csv, "^^^", 3);
    expect_row(csv, "y^^z^last", 4);
    expect_end(csv);
}

TEST(csv_reads_quotes_line_ends_and_empty_lines)
{
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv = open_text("\xEF\xBB\xBF\"a\"\"b\",c\r\n\r\n\"1\n2\r\n3\",\"x,\"\"y\"\"\"\r"
                              "5\" pipe,it\"s\"\r\r\n\n\"\"\"\",\"\"\n",
                              &options);
    assert_string_equal(brn__csv_column_name(csv, 0), "a\"b");
    expect_row(csv, "1\n2\r\n3^x,\"y\"", 3);
    expect_row(csv, "5\" pipe^it\"s\"", 6);
    expect_row(csv, "\"^", 9);
    expect_end(csv);
}

TEST(csv_follows_options)
{
    brn__csv_options options = brn__csv_defaults();
    options.separator = '|';
    options.header = false;
    options.quote = 0;
    brn__csv *csv = open_text("1|\"Heat|x,y\n2||\n", &options);
    assert_string_equal(brn__csv_column_name(csv, 2), "column3");
    expect_row(csv, "1^\"Heat^x,y", 1);
    expect_row(csv, "2^^", 2);
    expect_end(csv);
    options.separator = '\n';
    assert_fails(read_bytes("a", 1, &options), BRN_ERROR_USAGE, "separator 0A");
    options.separator = options.quote = ';';
    assert_fails(read_bytes("a", 1, &options), BRN_ERROR_USAGE, "both the separator and the quote");
}

TEST(csv_takes_tabs_by_the_files_name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/t.tsv", test_scratch_folder());
    assert_ok(brn__replace_file(path, "a\tb,c\n1\t2\n", 10));
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv;
    assert_ok(brn__csv_open(path, &options, &csv));
    assert_string_equal(brn__csv_column_name(csv, 1), "b,c");
    expect_row(csv, "1^2", 2);
    expect_end(csv);
    assert_fails(brn__csv_open("/nowhere/t.csv", &options, &csv), BRN_ERROR_INPUT, "/nowhere/t.csv");
    assert_null(csv);
}

TEST(csv_converts_latin_1_and_refuses_what_is_not_text)
{
    const char latin[] = "f\xFCr,b\n\xE9t\xE9,\xFF\n";
    brn__csv_options options = brn__csv_defaults();
    assert_fails(read_bytes(latin, sizeof latin - 1, &options), BRN_ERROR_INPUT,
                 "t.csv: line 1: byte FC is not UTF-8; is the file's encoding Latin-1?");
    assert_fails(read_text("a,b\nx,\"y\nz\xC0\xAF\"\n"), BRN_ERROR_INPUT, "line 3: byte C0");
    assert_fails(read_text("a\n\xED\xA0\x80\n"), BRN_ERROR_INPUT, "line 2: byte ED");
    assert_fails(read_text("a\n\xF4\x90\x80\x80\n"), BRN_ERROR_INPUT, "line 2: byte F4");
    assert_fails(read_text("a\n\xE2\x82\n"), BRN_ERROR_INPUT, "line 2: byte E2");
    assert_ok(read_text("a\n\xE2\x82\xAC\xF0\x9F\x90\x94 and more than eight bytes\n"));
    assert_fails(read_bytes("a\nxxxxxxxxxx\0\n", 14, &options), BRN_ERROR_INPUT,
                 "line 2 holds a zero byte");
    assert_fails(read_bytes("\xFF\xFE"
                            "a\0\n\0",
                            6, &options),
                 BRN_ERROR_INPUT, "UTF-16");
    options.encoding = BRN__CSV_LATIN1;
    brn__csv *csv = open_text(latin, &options);
    assert_string_equal(brn__csv_column_name(csv, 0), "f\xC3\xBCr");
    expect_row(csv, "\xC3\xA9t\xC3\xA9^\xC3\xBF", 2);
    expect_end(csv);
}

TEST(csv_names_the_line_of_what_is_wrong)
{
    assert_fails(read_text("a,b\n1,2\n\n1,2,3\n"), BRN_ERROR_INPUT,
                 "t.csv: line 4 has 3 fields; expected 2, as in the header");
    assert_fails(read_text("a,b\n1\n"), BRN_ERROR_INPUT, "line 2 has 1 field; expected 2");
    assert_fails(read_text("a,b\r\"x\ry\",2\r1\r"), BRN_ERROR_INPUT, "line 4 has 1 field");
    assert_fails(read_text("a,b\n\"x\ny\",\"open\n3,4\n5,6\n"), BRN_ERROR_INPUT,
                 "the quote that opens in line 3 is never closed");
    assert_fails(read_text("a,b\n1,\"x\"y\n"), BRN_ERROR_INPUT,
                 "line 2: text after the closing quote of field 2");
    assert_fails(read_text(""), BRN_ERROR_INPUT, "is empty; expected a line with the names");
    assert_fails(read_text("\n\r\n"), BRN_ERROR_INPUT, "is empty");
    assert_ok(read_text("a,b"));
}

TEST(csv_keeps_limits)
{
    brn__csv_options options = brn__csv_defaults();
    options.limit_bytes = 8;
    assert_fails(read_bytes("a\n123456", 9, &options), BRN_ERROR_INPUT, "9 bytes; the limit is 8");
    options = brn__csv_defaults();
    options.limit_field_bytes = 3;
    assert_fails(read_bytes("a\n1234\n", 7, &options), BRN_ERROR_INPUT,
                 "begins in line 2 is longer than the limit of 3 bytes");
    assert_ok(read_bytes("a\n123\n", 6, &options));
    assert_fails(read_bytes("a\n\"1\n34\"\n", 9, &options), BRN_ERROR_INPUT, "begins in line 2");
    options = brn__csv_defaults();
    options.limit_columns = 16;
    assert_ok(read_bytes(",,,,,,,,,,,,,,,\n", 16, &options));
    assert_fails(read_bytes(",,,,,,,,,,,,,,,,\n", 17, &options), BRN_ERROR_INPUT,
                 "line 1 has more than the limit of 16 columns");
}

/* Packs `text` as one gzip member behind `out`. */
static size_t pack(const char *text, unsigned char *out, size_t room)
{
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)text,
                       .avail_in = (uInt)strlen(text),
                       .next_out = out,
                       .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

TEST(csv_unpacks_gzip)
{
    unsigned char bytes[512];
    size_t first = pack("a,b\n1,2\n", bytes, sizeof bytes);
    size_t both = first + pack("3,4\n", bytes + first, sizeof bytes - first);
    memset(bytes + both, 0, 9);
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv;
    assert_ok(brn__csv_open_bytes("t.csv.gz", bytes, both + 9, &options, &csv));
    expect_row(csv, "1^2", 2);
    expect_row(csv, "3^4", 3);
    expect_end(csv);
    assert_fails(read_bytes(bytes, both - 3, &options), BRN_ERROR_INPUT, "gzip file is cut off");
    assert_fails(read_bytes(bytes, 2, &options), BRN_ERROR_INPUT, "gzip file is cut off");
    bytes[first - 6] ^= 1; /* its checksum */
    assert_fails(read_bytes(bytes, both, &options), BRN_ERROR_INPUT, "gzip file is damaged");
    bytes[first - 6] ^= 1;
    options.limit_bytes = 11;
    assert_fails(read_bytes(bytes, both, &options), BRN_ERROR_INPUT,
                 "unpacks to more than the limit of 11 bytes");
    options.limit_bytes = 12;
    assert_ok(read_bytes(bytes, both, &options));
}

TEST(csv_scans_alike_with_and_without_vectors)
{
    char bytes[8 * BRN__CSV_BLOCK];
    static const char set[] = ",\n\r;a\"\x80\xAC\xFF\x8A\x2D\x0B";
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = set[(state >> 16) % (sizeof set - 1)];
    }
    uint64_t masks[8], portable[8];
    brn__csv_scan(bytes, 8, ',', masks);
    brn__csv_scan_portable(bytes, 8, ',', portable);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bool expected = bytes[i] == ',' || bytes[i] == '\n' || bytes[i] == '\r';
        assert_int_equal(masks[i / 64] >> i % 64 & 1, expected);
        assert_int_equal(portable[i / 64] >> i % 64 & 1, expected);
    }
}

TEST(csv_finds_fields_across_pages)
{
    enum { ROWS = 700 };
    char *text = malloc(64 * ROWS);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "a,b\n");
    for (int i = 0; i < ROWS; i++)
        length += (size_t)sprintf(text + length, "%d,%.*s\n", i, i % 47,
                                  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv = open_text(text, &options);
    for (int i = 0; i < ROWS; i++) {
        brn__csv_row row;
        assert_ok(brn__csv_next(csv, &row));
        assert_int_equal(atoi(row.fields[0].bytes), i);
        assert_int_equal(row.fields[1].length, i % 47);
    }
    expect_end(csv);
    free(text);
}

/* ------------------------------------------------------------------ many records at once */

static uint32_t below(uint32_t *state, uint32_t limit)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % limit;
}

/* A field; one of `odd` many is not plain. */
static size_t write_field(char *to, uint32_t *state, uint32_t odd)
{
    const uint32_t length = below(state, 40) ? below(state, 12) : below(state, 150);
    if (odd && below(state, odd) == 0)
        return (size_t)sprintf(to, below(state, 2) ? "\"a,\n\"\"%.*s\"" : "\xC3\xA4%.*s", (int)(length % 7), "abcdefg");
    memset(to, 'a' + (int)(length % 26), length);
    return length;
}

/* Records of `columns` fields; with `odd`, one of so many lines ends in CR LF or is followed by an empty one. */
static size_t write_records(char *text, uint32_t *state, uint32_t columns, uint32_t odd)
{
    size_t length = 0;
    for (int row = 0; row < 300; row++) {
        for (uint32_t i = 0; i < columns; i++) {
            length += write_field(text + length, state, odd * columns);
            if (columns == 1) text[length++] = 'x'; /* no empty line */
            if (i + 1 < columns) text[length++] = ',';
        }
        if (odd && below(state, 4 * odd) == 0) text[length++] = '\r';
        text[length++] = '\n';
        if (odd && below(state, 4 * odd) == 0) text[length++] = '\n';
    }
    return length;
}

/* The row that a reader of one record after the other comes to next. */
static void expect_next(brn__csv *csv, const brn__slice *fields, int64_t count, int64_t line)
{
    brn__csv_row row;
    assert_ok(brn__csv_next(csv, &row));
    assert_int_equal(row.count, count);
    assert_int_equal(row.line, line);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(row.fields[i].length, fields[i].length);
        assert_memory_equal(row.fields[i].bytes, fields[i].bytes, fields[i].length);
    }
}

/* Plain ones many at once, the others by themselves, as tables are read; the number of plain ones. */
static int64_t compare_readers(const char *text, size_t length, int64_t columns, int64_t most)
{
    brn__csv *csv;
    brn__csv_options options = brn__csv_defaults();
    options.header = false;
    options.separator = ',';
    assert_ok(brn__csv_open_bytes("t.csv", text, length, &options, &csv));
    brn__csv_reader reader;
    brn__csv_reader_init(&reader, csv, csv->body, csv->text.end, 1);
    csv->column_count = columns;
    brn__slice *fields = malloc((size_t)(most * columns + BRN__CSV_SPARE) * sizeof *fields);
    int64_t *lines = malloc((size_t)most * sizeof *lines), all = 0;
    for (brn__csv_row row = {.count = 1}; row.count;) {
        const int64_t plain = brn__csv_reader_plain(&reader, most, fields, lines);
        for (int64_t i = 0; i < plain; i++) expect_next(csv, fields + i * columns, columns, lines[i]);
        all += plain;
        if (plain == most) continue;
        assert_ok(brn__csv_reader_next(&reader, &row));
        if (row.count) expect_next(csv, row.fields, row.count, row.line);
    }
    free(fields);
    free(lines);
    brn__csv_reader_deinit(&reader);
    expect_end(csv);
    return all;
}

TEST(csv_cuts_many_records_as_one_after_the_other)
{
    uint32_t state = 1;
    char *text = malloc(1 << 21);
    assert_non_null(text);
    for (int i = 0; i < 240; i++) {
        static const uint32_t oddness[] = {0, 60, 7, 1};
        const uint32_t odd = oddness[i % 4], columns = (odd ? 2 : 1) + below(&state, i % 3 ? 12 : 30);
        const size_t length = write_records(text, &state, columns, odd);
        char *exact = malloc(length); /* what is read behind the end is found by the sanitizer */
        memcpy(exact, text, length);
        const int64_t plain = compare_readers(exact, length, columns, 1 + below(&state, 128));
        if (!odd) assert_in_range(plain, 299, 300);
        free(exact);
    }
    free(text);
}

TEST(csv_finds_records_of_other_lengths_among_many)
{
    static const char *const wrong[][2] = {{"1\n", "line 102 has 1 field; expected 3"},
                                           {"1,2\n3,4,5\n", "line 102 has 2 fields; expected 3"},
                                           {"1\n2,3\n", "line 102 has 1 field; expected 3"}, /* three in all */
                                           {"1,2,3,4\n", "line 102 has 4 fields; expected 3"},
                                           {"5,6,7,\n8,9\n", "line 102 has 4 fields; expected 3"}};
    for (int i = 0; i < 5; i++) {
        char text[4096] = "a,b,c\n";
        for (int row = 0; row < 150; row++) strcat(text, row == 100 ? wrong[i][0] : "11,222,3333\n");
        brn_table *table;
        const brn_table_options options = brn_table_defaults();
        assert_fails(brn__table_read("t.csv", text, strlen(text), &options, 0, &table), BRN_ERROR_INPUT, wrong[i][1]);
    }
}

/* "N\n" at *p, which moves behind it. */
static int64_t read_number(const char **p)
{
    char *end;
    int64_t number = strtoll(*p, &end, 10);
    *p = end + 1;
    return number;
}

static void compare_case(const char **p)
{
    char *end;
    brn__csv_options options = brn__csv_defaults();
    options.header = false;
    options.separator = (char)strtol(*p, &end, 10);
    int64_t length = strtoll(end, &end, 10), records = strtoll(end, &end, 10);
    const char *text = end + 1;
    *p = text + length;
    brn__csv *csv;
    assert_ok(brn__csv_open_bytes("case", text, (size_t)length, &options, &csv));
    for (int64_t i = 0; i < records; i++) {
        brn__csv_row row;
        assert_ok(brn__csv_next(csv, &row));
        assert_int_equal(row.count, read_number(p));
        for (int64_t k = 0; k < row.count; k++) {
            int64_t bytes = read_number(p);
            assert_int_equal(row.fields[k].length, bytes);
            assert_memory_equal(row.fields[k].bytes, *p, (size_t)bytes);
            *p += bytes;
        }
    }
    expect_end(csv);
}

TEST(csv_reads_what_pythons_csv_module_reads)
{
    char *bytes;
    size_t length;
    assert_ok(
        brn__read_file(test_source_path("tests/golden/csv/tables.bin"), 1 << 20, &bytes, &length));
    int cases = 0;
    for (const char *p = bytes; p < bytes + length; cases++) compare_case(&p);
    assert_int_equal(cases, 120);
    brn__free(bytes);
}

TEST(csv_fails_cleanly_without_memory)
{
    unsigned char packed[256];
    size_t length = pack("a,b\n\"x\"\"y\",\xE9\n", packed, sizeof packed);
    brn__csv_options options = brn__csv_defaults();
    options.encoding = BRN__CSV_LATIN1;
    brn_status status = BRN_ERROR_NO_MEMORY;
    int faults = 0;
    for (uint64_t n = 1; status != BRN_OK; n++, faults++) {
        brn__alloc_fail_after(n, 0);
        status = read_bytes(packed, length, &options);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
    assert_in_range(faults, 6, 20);
}

TEST(csv_reads_real_files)
{
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv;
    assert_ok(brn__csv_open(test_data_path("tabular/titanic/titanic.csv"), &options, &csv));
    assert_int_equal(brn__csv_column_count(csv), 11);
    expect_row(csv, "0^3^Braund, Mr. Owen Harris^male^22^1^0^A/5 21171^7.25^^S", 2);
    int64_t rows = 1;
    for (brn__csv_row row;; rows++) {
        assert_ok(brn__csv_next(csv, &row));
        if (!row.count) break;
    }
    assert_int_equal(rows, 891);
    brn__csv_close(csv);
    options.separator = '|';
    options.header = false;
    options.encoding = BRN__CSV_LATIN1;
    assert_ok(brn__csv_open(test_data_path("recsys/ml-100k/u.item"), &options, &csv));
    assert_int_equal(brn__csv_column_count(csv), 24);
    assert_ok(read_all(csv));
}
