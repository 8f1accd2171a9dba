/* SPDX-License-Identifier: Apache-2.0
 * libFuzzer harness of the CSV reader and the table made from it. Not built by `make`; with clang,
 * from the root:
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iinclude -Isrc
 *         tests/fuzz/fuzz_csv.c src/base/{alloc,arena,files,isa,status,text,threads}.c
 *         src/data/table/{column_part,csv,csv_reader,csv_scan,csv_text,date,dictionary,pieces}.c
 *         src/data/table/{table_assemble,table_columns,table_read,value}.c -lz -lm -lpthread
 *         -o build/fuzz_csv
 *     mkdir -p build/corpus && build/fuzz_csv build/corpus -max_total_time=60 -max_len=4096
 *
 * The first byte chooses options, the second the size of pieces. A text that reads as records must
 * make the same table in one piece and in many, with as many rows as there are records. */
#include "data/table/table.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Records of the text, or -1 when it is refused. */
static int64_t count_records(const void *bytes, size_t length, const brn__csv_options *options)
{
    brn__csv *csv;
    if (brn__csv_open_bytes("fuzz", bytes, length, options, &csv) != BRN_OK) return -1;
    int64_t count = 0;
    unsigned sum = 0;
    for (;; count++) {
        brn__csv_row row;
        if (brn__csv_next(csv, &row) != BRN_OK) count = -1;
        if (count < 0 || row.count == 0) break;
        if (row.count != brn__csv_column_count(csv)) abort();
        for (int64_t i = 0; i < row.count; i++)
            for (size_t k = 0; k < row.fields[i].length; k++)
                sum += (unsigned char)row.fields[i].bytes[k];
    }
    brn__csv_close(csv);
    return sum == 0x7FFFFFFF ? 0 : count; /* so that the sum is made */
}

static void compare_columns(const brn__column *a, const brn__column *b, int64_t rows)
{
    if (a->type != b->type || a->missing_count != b->missing_count ||
        a->words.count != b->words.count)
        abort();
    if (rows && memcmp(a->values, b->values, (size_t)rows * brn__column_value_bytes(a->type)))
        abort();
    for (int64_t i = 0; i < a->words.count; i++) {
        brn__slice x = a->words.words[i], y = b->words.words[i];
        if (x.length != y.length || memcmp(x.bytes, y.bytes, x.length)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    brn_table_options options = brn_table_defaults();
    options.separator = data[0] & 1 ? ';' : ',';
    options.decimal_comma = data[0] & 1;
    options.no_header = data[0] & 2;
    options.latin1 = data[0] & 4;
    options.date_order = (brn_date_order)((data[0] >> 3 & 3) % 3);
    options.threads = 1;
    brn__csv_options csv = brn__csv_defaults();
    csv.separator = options.separator;
    csv.header = !options.no_header;
    csv.encoding = options.latin1 ? BRN__CSV_LATIN1 : BRN__CSV_UTF8;
    const uint8_t *bytes = data + 2;
    size_t length = size - 2;
    int64_t records = count_records(bytes, length, &csv);
    brn_table *whole, *pieces;
    brn_status one =
        brn__table_read("fuzz", length ? bytes : data, length, &options, 1 << 20, &whole);
    brn_status many = brn__table_read("fuzz", length ? bytes : data, length, &options,
                                      (size_t)(data[1] % 64) + 1, &pieces);
    if (one != many || (one == BRN_OK && whole->row_count != records)) abort();
    if (records < 0 && one == BRN_OK) abort();
    if (one == BRN_OK && whole->row_count != pieces->row_count) abort();
    for (int64_t i = 0; one == BRN_OK && i < whole->column_count; i++)
        compare_columns(&whole->columns[i], &pieces->columns[i], whole->row_count);
    brn_table_close(whole);
    brn_table_close(pieces);
    return 0;
}
