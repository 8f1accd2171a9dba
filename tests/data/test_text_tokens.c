/* SPDX-License-Identifier: Apache-2.0
 * Tokens against fastai's and spaCy's (tests/golden/make_texts.py). */
#include "base/sha256.h"
#include "data/table/csv.h"
#include "data/text/text_data.h"
#include "data/text/tokenizer.h"
#include "golden/golden.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn__tokenizer *tokenizer_of(brn_text_rules rules, brn_text_tokens tokens)
{
    brn_text_options options = brn_text_defaults();
    brn__tokenizer *tokenizer;
    options.rules = rules;
    options.tokens = tokens;
    assert_ok(brn__tokenizer_new(&options, &tokenizer));
    return tokenizer;
}

/* The tokens with a byte 1 between them. */
static void joined_tokens(const brn__tokenizer *tokenizer, const char *text, size_t length, brn__text *out)
{
    brn__tokenizing work = {0};
    assert_ok(brn__tokenize(tokenizer, (brn__span){text, length}, BRN__PIECE_WHOLE, &work));
    const char *p = work.tokens.bytes.bytes;
    out->length = 0;
    for (int64_t i = 0; i < work.tokens.count; i++) {
        if (i) brn__text_add_bytes(out, "\x01", 1);
        brn__text_add_bytes(out, p, work.tokens.lengths[i]);
        p += work.tokens.lengths[i];
    }
    assert_ok(brn__text_finish(out));
    brn__tokenizing_deinit(&work);
}

static void assert_tokens(brn_text_rules rules, brn_text_tokens tokens, const char *text, const char *expected)
{
    brn__tokenizer *tokenizer = tokenizer_of(rules, tokens);
    brn__text got = {0};
    joined_tokens(tokenizer, text, strlen(text), &got);
    assert_string_equal(got.bytes, expected);
    brn__text_free(&got);
    brn__tokenizer_free(tokenizer);
}

static void join_golden(const json_t *list, const char *begin, brn__text *out)
{
    out->length = 0;
    brn__text_add(out, begin);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (i) brn__text_add_bytes(out, "\x01", 1);
        brn__text_add(out, json_string_value(json_array_get(list, i)));
    }
    assert_ok(brn__text_finish(out));
}

/* Every text of the golden; those that differ are printed and counted. */
static int count_differing(const char *key, brn_text_rules rules, brn_text_tokens tokens)
{
    json_t *golden = golden_open("tests/golden/texts/tokens.json");
    brn__tokenizer *tokenizer = tokenizer_of(rules, tokens);
    brn__text got = {0}, expected = {0};
    int differing = 0;
    for (size_t i = 0; i < json_array_size(golden); i++) {
        const json_t *row = json_array_get(golden, i);
        const char *text = json_string_value(json_object_get(row, "text"));
        brn__text marked = {0};
        brn__text_printf(&marked, "%s%s", rules == BRN_TEXT_RULES_FASTAI07 ? "xfld 1 " : "", text);
        join_golden(json_object_get(row, key), rules == BRN_TEXT_RULES_FASTAI07 ? "\n\x01xbos\x01" : "", &expected);
        joined_tokens(tokenizer, marked.bytes, marked.length, &got);
        brn__text_free(&marked);
        if (strcmp(got.bytes, expected.bytes) == 0) continue;
        differing++;
        print_message("%s: \"%s\"\n  got      %s\n  expected %s\n", key, text, got.bytes, expected.bytes);
    }
    assert_true(json_array_size(golden) > 40);
    brn__text_free(&got);
    brn__text_free(&expected);
    brn__tokenizer_free(tokenizer);
    json_decref(golden);
    return differing;
}

TEST(texts_become_the_tokens_of_fastai_2_between_blanks)
{
    assert_int_equal(count_differing("blanks", BRN_TEXT_RULES_FASTAI2, BRN_TEXT_BLANKS), 0);
}

TEST(texts_become_the_tokens_of_fastai_2_by_words)
{
    assert_int_equal(count_differing("words", BRN_TEXT_RULES_FASTAI2, BRN_TEXT_WORDS), 0);
}

TEST(texts_become_the_tokens_of_fastai_0_7)
{
    assert_int_equal(count_differing("fastai07", BRN_TEXT_RULES_FASTAI07, BRN_TEXT_WORDS), 0);
}

/* How many of the first 1,000 reviews have other tokens than the golden's digests say. */
static int count_reviews(const char *key, brn_text_tokens tokens)
{
    const char *path = test_data_path("text/imdb/train.csv.gz");
    json_t *golden = golden_open("tests/golden/texts/imdb.json");
    const char *heads = golden_string(golden, key);
    brn__tokenizer *tokenizer = tokenizer_of(BRN_TEXT_RULES_FASTAI2, tokens);
    brn__csv_options options = brn__csv_defaults();
    brn__csv *csv;
    brn__csv_row row;
    brn__text got = {0};
    char digest[65];
    int differing = 0;
    assert_ok(brn__csv_open(path, &options, &csv));
    int64_t column = brn__csv_column_find(csv, "text");
    for (int i = 0; i < 1000; i++) {
        assert_ok(brn__csv_next(csv, &row));
        joined_tokens(tokenizer, row.fields[column].bytes, row.fields[column].length, &got);
        assert_ok(brn__sha256_of(got.bytes, got.length, digest));
        differing += strncmp(digest, heads + (size_t)i * 8, 8) != 0;
    }
    brn__csv_close(csv);
    brn__text_free(&got);
    brn__tokenizer_free(tokenizer);
    json_decref(golden);
    return differing;
}

TEST(a_thousand_reviews_have_fastai_s_tokens)
{
    assert_int_equal(count_reviews("blanks", BRN_TEXT_BLANKS), 0);
}

/* docs/text.md says where they differ. */
TEST(a_thousand_reviews_have_nearly_all_of_spacy_s_tokens)
{
    assert_true(count_reviews("words", BRN_TEXT_WORDS) <= 20);
}

TEST(characters_are_tokens)
{
    assert_tokens(BRN_TEXT_RULES_FASTAI2, BRN_TEXT_CHARACTERS, "A \xC3\xA9",
                  "xxbos\x01" "A\x01 \x01\xC3\xA9");
}

TEST(a_text_may_stay_as_it_is)
{
    assert_tokens(BRN_TEXT_RULES_NONE, BRN_TEXT_BLANKS, " THE  end\n<unk> ", "xxbos\x01THE\x01" "end\x01<unk>");
}

TEST(own_replacements_come_first_and_in_order)
{
    const brn_text_replacement list[] = {{"(\\d+)\xE2\x82\xAC", "$1 euro"}, {"euro", "EUR"}, {"\\bx*", ""}};
    brn_text_options options = brn_text_defaults();
    brn__tokenizer *tokenizer;
    brn__text got = {0};
    options.tokens = BRN_TEXT_BLANKS;
    options.replacements = list;
    options.replacement_count = 2;
    assert_ok(brn__tokenizer_new(&options, &tokenizer));
    joined_tokens(tokenizer, "Pay 30\xE2\x82\xAC now", strlen("Pay 30\xE2\x82\xAC now"), &got);
    assert_string_equal(got.bytes, "xxbos\x01xxmaj\x01pay\x01" "30\x01xxup\x01" "eur\x01now");
    brn__tokenizer_free(tokenizer);
    options.replacement_count = 3; /* a pattern that may match nothing */
    assert_ok(brn__tokenizer_new(&options, &tokenizer));
    joined_tokens(tokenizer, "xx b", 4, &got);
    assert_string_equal(got.bytes, "xxbos\x01" "b");
    brn__tokenizer_free(tokenizer);
    brn__text_free(&got);
}

TEST(a_wrong_pattern_is_named)
{
    const brn_text_replacement wrong = {"a(b", "c"};
    brn_text_options options = brn_text_defaults();
    brn__tokenizer *tokenizer;
    options.replacements = &wrong;
    options.replacement_count = 1;
    assert_fails(brn__tokenizer_new(&options, &tokenizer), BRN_ERROR_USAGE, "a(b");
}

TEST(a_pattern_that_never_ends_is_an_error)
{
    const brn_text_replacement slow = {"(a+)+$", "c"};
    brn_text_options options = brn_text_defaults();
    brn__tokenizer *tokenizer;
    brn__tokenizing work = {0};
    const char *text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
    options.replacements = &slow;
    options.replacement_count = 1;
    assert_ok(brn__tokenizer_new(&options, &tokenizer));
    assert_fails(brn__tokenize(tokenizer, (brn__span){text, strlen(text)}, BRN__PIECE_WHOLE, &work), BRN_ERROR_INPUT,
                 "(a+)+$");
    brn__tokenizing_deinit(&work);
    brn__tokenizer_free(tokenizer);
}

static void expect_token(const brn_split_texts *texts, int64_t number, const char *expected)
{
    size_t begin = 0;
    for (int64_t i = 0; i < number; i++) begin += texts->lengths[i];
    assert_int_equal(texts->lengths[number], strlen(expected));
    assert_memory_equal(texts->bytes + begin, expected, strlen(expected));
}

TEST(texts_of_a_program_are_split_one_by_one)
{
    static const char *const texts[] = {"It's GREAT", "", "so"};
    brn_text_options options = brn_text_defaults();
    options.rules = BRN_TEXT_RULES_FASTAI07;
    brn_split_texts *found;
    assert_ok(brn_text_split(&options, texts, 3, &found));
    assert_int_equal(found->text_count, 3);
    assert_int_equal(found->token_count, 5);
    assert_true(found->ends[0] == 4 && found->ends[1] == 4 && found->ends[2] == 5);
    static const char *const expected[] = {"it", "'s", "t_up", "great", "so"};
    for (int64_t i = 0; i < 5; i++) expect_token(found, i, expected[i]);
    brn_split_texts_free(found);
    assert_ok(brn_text_split(&options, texts, 0, &found));
    assert_int_equal(found->token_count, 0);
    brn_split_texts_free(found);
    static const char *const wrong[] = {"good", "b\xE4" "d"};
    assert_fails(brn_text_split(&options, wrong, 2, &found), BRN_ERROR_INPUT, "text 1 is not UTF-8");
    assert_null(found);
    brn_split_texts_free(NULL);
}
