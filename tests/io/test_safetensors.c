/* SPDX-License-Identifier: Apache-2.0 */
#include "io/safetensors.h"
#include "base/alloc.h"
#include "base/files.h"
#include "build.h"
#include "io/bytes.h"
#include "io/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *scratch_file(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", test_scratch_folder(), name);
    return path;
}

TEST(written_file_gives_back_every_type_bit_for_bit)
{
    enum { COUNT = 12 };
    unsigned char data[COUNT * 8];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 37 + 1);
    brn__safetensors_item items[BRN_DTYPE_COUNT];
    for (int i = 0; i < BRN_DTYPE_COUNT; i++)
        items[i] = (brn__safetensors_item){brn_dtype_name((brn_dtype)i), (brn_dtype)i,
                                           brn_shape_of(3, (int64_t[]){3, 1, 4}), data};
    const char *path = scratch_file("types.safetensors");
    assert_ok(brn__safetensors_write(path, items, BRN_DTYPE_COUNT, NULL, 0));
    brn__state *state;
    assert_ok(brn__state_open(path, &state));
    assert_int_equal(brn__state_count(state), BRN_DTYPE_COUNT);
    for (int i = 0; i < BRN_DTYPE_COUNT; i++) {
        const brn__entry *entry = brn__state_entry(state, i); /* the order is kept */
        unsigned char out[sizeof data];
        assert_string_equal(entry->name, items[i].name);
        assert_int_equal(entry->dtype, i);
        assert_true(brn_shape_equal(entry->shape, items[i].shape));
        assert_ok(brn__state_read(entry, entry->dtype, out));
        assert_memory_equal(out, data, COUNT * brn_dtype_bytes(entry->dtype));
    }
    brn__state_close(state);
}

TEST(written_file_keeps_names_metadata_and_alignment)
{
    const float one = 1.5f, two[2] = {2, 3};
    const brn__safetensors_item items[] = {
        {"weird \"name\" \\ \xC3\xA9", BRN_DTYPE_F32, {0}, &one},
        {"nothing", BRN_DTYPE_F32, {.rank = 2, .dims = {0, 5}}, NULL},
        {"pair", BRN_DTYPE_F32, {.rank = 1, .dims = {2}}, two}};
    const brn__safetensors_pair pairs[] = {
        {"z", "last\nfirst"}, {"a", "{\"json\": [1]}"}, {"m", ""}};
    const char *path = scratch_file("names.safetensors");
    assert_ok(brn__safetensors_write(path, items, 3, pairs, 3));
    char *bytes;
    size_t length;
    assert_ok(brn__read_file(path, 1 << 20, &bytes, &length));
    size_t data_at = 8 + (size_t)brn__read_u64((const unsigned char *)bytes);
    assert_int_equal(data_at % 64, 0);
    assert_int_equal(length, data_at + 12);
    brn__free(bytes);
    brn__state *state;
    float value;
    assert_ok(brn__state_open(path, &state));
    for (int i = 0; i < 3; i++) {
        assert_string_equal(brn__state_entry(state, i)->name, items[i].name);
        assert_string_equal(brn__state_metadata_key(state, i), pairs[i].key);
        assert_string_equal(brn__state_metadata(state, pairs[i].key), pairs[i].value);
    }
    assert_null(brn__state_metadata_key(state, 3));
    assert_ok(brn__state_read(brn__state_find(state, items[0].name), BRN_DTYPE_F32, &value));
    assert_close(value, 1.5, 0);
    brn__state_close(state);
}

TEST(empty_file_of_no_tensors_is_written_and_read)
{
    brn__state *state;
    const char *path = scratch_file("none.safetensors");
    assert_ok(brn__safetensors_write(path, NULL, 0, NULL, 0));
    assert_ok(brn__state_open(path, &state));
    assert_int_equal(brn__state_count(state), 0);
    assert_null(brn__state_find(state, "w"));
    brn__state_close(state);
}

TEST(writer_refuses_bad_items_and_leaves_the_old_file)
{
    const float one = 1;
    const brn__safetensors_item good = {"w", BRN_DTYPE_F32, {0}, &one};
    const brn__safetensors_item twice[] = {good, good};
    const brn__safetensors_item empty = {"", BRN_DTYPE_F32, {0}, &one};
    const brn__safetensors_item control = {"a\nb", BRN_DTYPE_F32, {0}, &one};
    const brn__safetensors_item latin = {"caf\xE9", BRN_DTYPE_F32, {0}, &one};
    const brn__safetensors_item huge = {
        "w", BRN_DTYPE_F32, {.rank = 3, .dims = {1 << 30, 1 << 30, 1 << 30}}, &one};
    const brn__safetensors_item reserved = {"__metadata__", BRN_DTYPE_F32, {0}, &one};
    const brn__safetensors_pair pair = {"k", "v"}, bad_value = {"k", "\xFF"};
    const char *path = scratch_file("kept.safetensors");
    assert_ok(brn__safetensors_write(path, &good, 1, &pair, 1));
#define REFUSED(items, count, pairs, pair_count, part)                                             \
    assert_fails(brn__safetensors_write(path, items, count, pairs, pair_count), BRN_ERROR_USAGE,   \
                 part)
    REFUSED(twice, 2, NULL, 0, "given twice");
    REFUSED(&empty, 1, NULL, 0, "0 bytes");
    REFUSED(&control, 1, NULL, 0, "control character");
    REFUSED(&latin, 1, NULL, 0, "not UTF-8");
    REFUSED(&huge, 1, NULL, 0, "overflows");
    REFUSED(&reserved, 1, &pair, 1, "__metadata__");
    REFUSED(&reserved, 1, NULL, 0, "__metadata__");
    REFUSED(&good, 1, &bad_value, 1, "not UTF-8");
    assert_fails(brn__safetensors_write("/nonexistent/x", &good, 1, NULL, 0), BRN_ERROR_IO,
                 "/nonexistent/x");
    brn__state *state;
    assert_ok(brn__state_open(path, &state));
    assert_string_equal(brn__state_metadata(state, "k"), "v");
    brn__state_close(state);
}

TEST(writer_refuses_what_the_reader_would)
{
    enum { TOO_MANY = BRN__STATE_ENTRIES_MAX + 1 };
    const char *path = scratch_file("bounds.safetensors");
    brn__safetensors_item *items = calloc(TOO_MANY, sizeof *items);
    assert_non_null(items);
    assert_fails(brn__safetensors_write(path, items, TOO_MANY, NULL, 0), BRN_ERROR_USAGE,
                 "100001 tensors; expected at most 100000");
    free(items);
    char *text = malloc(BRN__SAFETENSORS_HEADER_MAX + 1);
    assert_non_null(text);
    memset(text, 'a', BRN__SAFETENSORS_HEADER_MAX);
    text[BRN__SAFETENSORS_HEADER_MAX] = '\0';
    const brn__safetensors_pair pair = {"k", text};
    assert_fails(brn__safetensors_write(path, NULL, 0, &pair, 1), BRN_ERROR_USAGE, "a header of");
    text[BRN__SAFETENSORS_HEADER_MAX - 128] = '\0';
    assert_ok(brn__safetensors_write(path, NULL, 0, &pair, 1));
    brn__state *state;
    assert_ok(brn__state_open(path, &state));
    assert_string_equal(brn__state_metadata(state, "k"), text);
    brn__state_close(state);
    free(text);
}

TEST(writing_survives_every_failing_allocation_and_leaves_nothing)
{
    const float one = 1;
    const brn__safetensors_item item = {"w", BRN_DTYPE_F32, {0}, &one};
    const char *folder = test_scratch_folder();
    char path[256];
    snprintf(path, sizeof path, "%s/w.safetensors", folder);
    for (uint64_t n = 1;; n++) {
        brn__name_list names;
        assert_in_range(n, 1, 100);
        brn__alloc_fail_after(n, 0);
        brn_status status = brn__safetensors_write(path, &item, 1, NULL, 0);
        brn__alloc_fail_after(0, 0);
        assert_ok(brn__list_folder(folder, &names));
        for (int64_t i = 0; i < names.count; i++)
            assert_string_equal(names.names[i], "w.safetensors"); /* whole, or not there */
        brn__name_list_free(&names);
        if (status == BRN_OK) break;
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
    }
}

TEST(strided_entry_is_read_row_major_and_converted)
{
    int32_t values[4000];
    float out[2000];
    for (int i = 0; i < 4000; i++) values[i] = i;
    brn__entry entry = {.name = "x",
                        .dtype = BRN_DTYPE_I32,
                        .first = values + 5,
                        .shape = brn_shape_of(3, (int64_t[]){2, 3, 4}),
                        .strides = {100, 2, 31}};
    assert_ok(brn__state_read(&entry, BRN_DTYPE_F32, out));
    for (int i = 0, k = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int l = 0; l < 4; l++, k++) assert_close(out[k], 5 + 100 * i + 2 * j + 31 * l, 0);
    entry.shape = brn_shape_of(1, (int64_t[]){1990}); /* longer than the buffer, odd address */
    entry.strides[0] = 1;
    unsigned char shifted[sizeof values + 1];
    memcpy(shifted + 1, values, sizeof values);
    entry.first = shifted + 1;
    assert_ok(brn__state_read(&entry, BRN_DTYPE_F32, out));
    for (int i = 0; i < 1990; i++) assert_close(out[i], i, 0);
    entry.shape = brn_shape_of(1, (int64_t[]){1999});
    entry.strides[0] = 2;
    assert_ok(brn__state_read(&entry, BRN_DTYPE_F32, out));
    for (int i = 0; i < 1999; i++) assert_close(out[i], 2 * i, 0);
    assert_fails(brn__state_read(&entry, BRN_DTYPE_COUNT, out), BRN_ERROR_USAGE, "not known");
}

#define T(dtype, shape, begin, end)                                                                \
    "{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"
#define W(dtype, shape, begin, end) "{\"w\":" T(dtype, shape, begin, end) "}"

static const struct damage {
    const char *header;
    size_t data_length;
    const char *part; /* of the message; NULL: the file is right */
} damages[] = {
    {W("F32", "2,3", "0", "24"), 24, NULL},
    {W("F32", "2,3", "0", "24") "   ", 24, NULL},
    {"{\"a\":" T("F32", "1", "4", "8") ",\"b\":" T("F32", "1", "0", "4") "}", 8, NULL},
    {"{\"a\":" T("U8", "0", "0", "0") ",\"b\":" T("F32", "1", "0", "4") "}", 4, NULL},
    {"{\"__metadata__\":{\"a\":\"b\"}}", 0, NULL},
    {"{}", 0, NULL},
    {W("F32", "2,3", "0", "24"), 23, "do not lie within"},
    {W("F32", "2,3", "0", "24"), 25, "25 bytes of data; expected 24"},
    {W("F32", "2,3", "0", "20"), 20, "needs 24 bytes, got 20"},
    {W("F32", "2,3", "0", "28"), 28, "needs 24 bytes, got 28"},
    {W("F32", "2,3", "4", "28"), 28, "there is a hole"},
    {W("F32", "2,3", "-4", "20"), 24, "data_offsets"},
    {W("F32", "2,3", "24", "0"), 24, "do not lie within"},
    {W("F32", "2,3", "0", "9223372036854775807"), 24, "do not lie within"},
    {W("F32", "2,3", "0", "9223372036854775808"), 24, "too big integer"},
    {W("F32", "2,3", "0", "24.0"), 24, "data_offsets"},
    {W("F32", "2,-3", "0", "24"), 24, "dimension 1"},
    {W("F32", "2,\"3\"", "0", "24"), 24, "dimension 1"},
    {W("F32", "4294967296,4294967296", "0", "24"), 24, "overflows"},
    {W("F32", "4611686018427387904", "0", "24"), 24, "overflows"},
    {W("F32", "9223372036854775807,2,0", "0", "0"), 0, "overflows"},
    {W("F32", "1,1,1,1,1,1,1,1,6", "0", "24"), 24, "9 dimensions"},
    {W("F99", "2,3", "0", "24"), 24, "element type \"F99\""},
    {W("", "2,3", "0", "24"), 24, "element type"},
    {"{\"a\":" T("F32", "2", "0", "8") ",\"b\":" T("F32", "2", "4", "12") "}", 12, "overlap"},
    {"{\"a\":" T("F32", "2", "0", "8") ",\"b\":" T("F32", "2", "0", "8") "}", 8, "overlap"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"b\":" T("F32", "1", "8", "12") "}", 12, "hole"},
    {"{\"a\":" T("F32", "1", "0", "4") ",\"a\":" T("F32", "1", "4", "8") "}", 8, "duplicate"},
    {"{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
     "duplicate"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[]}}", 0, "expected an object of"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1}}", 4,
     "expected an object of"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[],\"offsets\":[0,4]}}", 4, "data_offsets"},
    {"{\"w\":{\"dtype\":4,\"shape\":[],\"data_offsets\":[0,4]}}", 4, "dtype"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4, "shape"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4,8]}}", 8, "data_offsets"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[[1]],\"data_offsets\":[0,4]}}", 4, "nested deeper"},
    {"{\"w\":null}", 0, "expected an object of"},
    {"{\"w\":[]}", 0, "expected an object of"},
    {"{\"\":" T("F32", "1", "0", "4") "}", 4, "0 bytes"},
    {"{\"a\\u0007b\":" T("F32", "1", "0", "4") "}", 4, "control character"},
    {"{\"a\\u0000b\":" T("F32", "1", "0", "4") "}", 4, "header: "},
    {"{\"a\xFF\":" T("F32", "1", "0", "4") "}", 4, "header: "},
    {"{\"__metadata__\":{\"a\":1}}", 0, "no string"},
    {"{\"__metadata__\":[]}", 0, "__metadata__"},
    {"{\"w\":" T("F32", "1", "0", "4"), 4, "header: "},
    {W("F32", "1", "0", "4") "x", 4, "header: "},
    {"{\"w\": \"unfinished}", 4, "header: "},
};

TEST(safetensors_rules_are_kept_and_each_breach_is_named)
{
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        brn__text file = {0};
        build_safetensors(&file, damages[i].header, damages[i].data_length);
        if (!damages[i].part) {
            assert_ok(build_try(file.bytes, file.length));
        } else {
            brn_status status =
                strstr(damages[i].part, "element type") ? BRN_ERROR_UNSUPPORTED : BRN_ERROR_INPUT;
            assert_refused(file.bytes, file.length, status, damages[i].part);
        }
        brn__text_free(&file);
    }
}

TEST(safetensors_header_length_is_bounded)
{
    const struct {
        uint64_t length;
        const char *part;
    } cases[] = {{UINT64_MAX, "header of 18446744073709551615 bytes; expected at most"},
                 {UINT64_MAX - 7, "expected at most"},
                 {(25u << 20) + 1, "expected at most"},
                 {25u << 20, "in a file of"},
                 {100, "in a file of"},
                 {3, "header: "},
                 {0, "header: "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        brn__text file = {0};
        build_number(&file, (int64_t)cases[i].length, 8);
        build_raw(&file, W("F32", "1", "0", "4") "dddd");
        assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, cases[i].part);
        brn__text_free(&file);
    }
}

static void refuse_repeated(const char *head, const char *part, int count, const char *tail,
                            const char *message)
{
    brn__text header = {0}, file = {0};
    brn__text_add(&header, head);
    for (int i = 0; i < count; i++) brn__text_add(&header, part);
    brn__text_add(&header, tail);
    assert_ok(brn__text_finish(&header));
    build_safetensors(&file, header.bytes, 0);
    assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, message);
    brn__text_free(&file);
    brn__text_free(&header);
}

TEST(safetensors_header_is_bounded_in_depth_values_and_tensors)
{
    refuse_repeated("{\"w\":", "[", 1000000, "", "nested deeper than 3");
    refuse_repeated("{\"w\":", "{\"a\":", 1000, "", "nested deeper than 3");
    refuse_repeated("{\"w\":[", "0,", 1500000, "0]}", "more values");
    brn__text header = {0}, file = {0};
    for (int i = 0; i <= BRN__STATE_ENTRIES_MAX; i++)
        brn__text_printf(&header, "%c\"%d\":" T("F32", "0", "0", "0"), i ? ',' : '{', i);
    brn__text_add(&header, "}");
    build_safetensors(&file, header.bytes, 0);
    assert_refused(file.bytes, file.length, BRN_ERROR_INPUT, "more than 100000 tensors");
    brn__text_free(&file);
    brn__text_free(&header);
}
