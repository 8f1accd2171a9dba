/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/json.h"
#include "base/text.h"
#include "test.h"

#include <string.h>

static const char *const texts[] = {
    "{}", "[]", " [ 1 , -2.5e3, \"a\", true, false, null ] ", "{\"a\":{\"b\":[[],{}]},\"c\":0}",
    "[\"\\u00e4\\u20ac\\ud83d\\ude00\\n\\t\\\\\\/\\\"\"]", "[\"\xC3\xA4\"]", "[9223372036854775807]",
    "[9223372036854775808]", "[-9223372036854775808]", "[1e999]", "[1e-999]", "[0.1]", "[-0]", "[-0.0]",
    "", " ", "1", "\"a\"", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{1:2}", "{\"a\"}",
    "{\"a\":}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\" : 1 , \"b\" : 2}", "[01]", "[1.]", "[.5]",
    "[+1]", "[1e]", "[1e+]", "[-]", "[tru]", "[nul", "[True]", "[\"\\x\"]", "[\"\\u12\"]", "[\"\\u12g4\"]",
    "[\"\\u0000\"]", "[\"\\ud800\"]", "[\"\\ud800\\u0041\"]", "[\"\\udc00\"]", "[\"a", "[\"a\\", "[\"a\\\"",
    "[\"\n\"]", "[\"\xFF\"]", "[\"\xC0\x80\"]", "[\"\xED\xA0\x80\"]", "[\"\xF4\x90\x80\x80\"]",
    "[\"\xE2\x82\"]", "[] []", "[]x", "[\"a\":1]", "{\"a\",1}", "[\"\\u\"]", "{\"\":0}", "[1,\t\r\n2]",
};

TEST(json_is_read_as_jansson_reads_it)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_error_t reason;
        brn__json_error error;
        json_t *got, *expected = json_loads(texts[i], JSON_REJECT_DUPLICATES, &reason);
        brn_status status = brn__json_load(texts[i], strlen(texts[i]), &got, &error);
        if ((status == BRN_OK) != (expected != NULL)) print_error("text: %s\n", texts[i]);
        assert_int_equal(status, expected ? BRN_OK : BRN_ERROR_INPUT);
        assert_true(expected ? json_equal(got, expected) : got == NULL && *error.reason);
        if (!expected) assert_in_range(error.position, 0, strlen(texts[i]));
        json_decref(got);
        json_decref(expected);
    }
}

TEST(json_ends_where_its_length_says)
{
    json_t *value;
    brn__json_error error;
    for (size_t length = 0; length < 9; length++)
        assert_int_equal(brn__json_load("[\"a\", 12]", length, &value, &error), BRN_ERROR_INPUT);
    assert_ok(brn__json_load("[\"a\", 12]xyz", 9, &value, &error));
    json_decref(value);
    assert_int_equal(brn__json_load("[\"a\0b\"]", 7, &value, &error), BRN_ERROR_INPUT);
}

TEST(json_of_513_levels_is_refused)
{
    char text[1026];
    json_t *value;
    brn__json_error error;
    memset(text, '[', 513);
    memset(text + 513, ']', 513);
    assert_int_equal(brn__json_load(text, 1026, &value, &error), BRN_ERROR_INPUT);
    assert_string_equal(error.reason, "nested too deeply");
    assert_ok(brn__json_load(text + 1, 1024, &value, &error));
    json_decref(value);
}

TEST(json_is_written_whole_and_read_back)
{
    char *text;
    json_t *value;
    brn__json_error error;
    assert_ok(brn__json_dump(json_pack("{s:i, s:[s, b]}", "a", 1, "b", "x\"y", 1), JSON_COMPACT, &text));
    assert_string_equal(text, "{\"a\":1,\"b\":[\"x\\\"y\",true]}");
    assert_ok(brn__json_load(text, strlen(text), &value, &error));
    json_decref(value);
    brn__free(text);
    assert_fails(brn__json_dump(NULL, 0, &text), BRN_ERROR_NO_MEMORY, "no memory");
}
