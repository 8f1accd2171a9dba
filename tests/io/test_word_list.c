/* SPDX-License-Identifier: Apache-2.0
 * Pickled lists of words, spelled out. */
#include "base/files.h"
#include "io/word_list.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static brn_status read_bytes(const void *bytes, size_t length, brn__arena *arena, const char *const **words,
                             int64_t *count)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/itos.pkl", test_scratch_folder());
    assert_ok(brn__replace_file(path, bytes, length));
    return brn__word_list_read(path, arena, words, count);
}

TEST(a_pickled_list_gives_its_words)
{
    /* protocol 3 as Python writes it: ["xxunk", "\u00e9", ""] */
    static const char list[] = "\x80\x03]q\x00(X\x05\0\0\0xxunkq\x01X\x02\0\0\0\xC3\xA9q\x02X\0\0\0\0q\x03" "e.";
    /* protocol 4: (["a", "b"], ["x"]), framed and memoized */
    static const char pair[] = "\x80\x04\x95\x16\0\0\0\0\0\0\0]\x94(\x8C\x01" "a\x94\x8C\x01" "b\x94" "e]\x94\x8C\x01x\x94" "a\x86\x94.";
    brn__arena arena = {0};
    const char *const *words;
    int64_t count;
    assert_ok(read_bytes(list, sizeof list - 1, &arena, &words, &count));
    assert_int_equal(count, 3);
    assert_string_equal(words[0], "xxunk");
    assert_string_equal(words[1], "\xC3\xA9");
    assert_string_equal(words[2], "");
    assert_ok(read_bytes(pair, sizeof pair - 1, &arena, &words, &count));
    assert_int_equal(count, 2);
    assert_string_equal(words[1], "b");
    brn__arena_free(&arena);
}

TEST(what_is_no_list_of_words_is_refused)
{
    static const char number[] = "\x80\x02K\x07.", numbers[] = "\x80\x02]K\x07" "a.", empty[] = "\x80\x02].",
                      call[] = "\x80\x02" "cos\nsystem\nX\x02\0\0\0ls\x85R.", bad[] = "\x80\x02]X\x01\0\0\0\xFF" "a.",
                      cut[] = "\x80\x02](X\x05\0\0\0xx", zero[] = "\x80\x02]X\x02\0\0\0a\0" "a.";
    const struct {
        const char *bytes;
        size_t length;
        const char *part;
    } cases[] = {{number, sizeof number - 1, "an integer"}, {numbers, sizeof numbers - 1, "item 0"},
                 {empty, sizeof empty - 1, "a list of words"}, {call, sizeof call - 1, "no pickled list"},
                 {bad, sizeof bad - 1, "UTF-8"}, {cut, sizeof cut - 1, "no pickled list"}, {zero, sizeof zero - 1, "zero"},
                 {"", 0, "no pickled list"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        brn__arena arena = {0};
        const char *const *words;
        int64_t count;
        assert_fails(read_bytes(cases[i].bytes, cases[i].length, &arena, &words, &count), BRN_ERROR_INPUT, cases[i].part);
        brn__arena_free(&arena);
    }
}
