/* SPDX-License-Identifier: Apache-2.0
 * Pieces against sentencepiece's (tests/golden/make_subwords.py), what models keep of them, and files that are none. */
#include "base/alloc.h"
#include "base/base64.h"
#include "base/files.h"
#include "data/text/subwords.h"
#include "data/text/tokenizer.h"
#include "data/texts.h"
#include "golden/golden.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

enum { MODEL_MAX = 1 << 20 };

static const char *model_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "tests/golden/subwords/%s.model", name);
    return test_source_path(path);
}

/* Pieces of a text, with \1 between. */
static void pieces_of(const brn__subwords *model, const char *text, brn__subword_room *room, brn__text *out)
{
    brn__token_list list = {0};
    assert_ok(brn__split_subwords(model, (brn__span){text, strlen(text)}, room, &list));
    assert_ok(brn__tokens_finish(&list));
    const char *p = list.bytes.bytes;
    brn__text_add(out, "");
    for (int64_t i = 0; i < list.count; p += list.lengths[i++]) {
        if (i) brn__text_add_bytes(out, "\1", 1);
        brn__text_add_bytes(out, p, list.lengths[i]);
    }
    brn__tokens_deinit(&list);
}

static int count_differences(const char *name, const json_t *texts, const json_t *expected)
{
    brn__subwords *model;
    brn__subword_room room = {0};
    int different = 0;
    assert_ok(brn__subwords_open(model_path(name), &model));
    for (size_t i = 0; i < json_array_size(texts); i++) {
        brn__text got = {0};
        const char *text = json_string_value(json_array_get(texts, i));
        const char *want = json_string_value(json_array_get(expected, i));
        pieces_of(model, text, &room, &got);
        if (strcmp(got.bytes, want) != 0) {
            different++;
            print_message("%s: \"%s\"\n    %s\n    %s expected\n", name, text, got.bytes, want);
        }
        brn__text_free(&got);
    }
    brn__subword_room_deinit(&room);
    brn__subwords_free(model);
    return different;
}

TEST(pieces_are_those_of_sentencepiece)
{
    json_t *golden = golden_open("tests/golden/subwords/pieces.json");
    const char *name;
    json_t *expected;
    int models = 0;
    json_object_foreach(json_object_get(golden, "models"), name, expected)
    {
        const json_t *texts = json_object_get(golden, "texts");
        assert_true(json_array_size(texts) > 100);
        assert_int_equal(json_array_size(expected), json_array_size(texts));
        assert_int_equal(count_differences(name, texts, expected), 0);
        models++;
    }
    assert_int_equal(models, 9);
    json_decref(golden);
}

/* ------------------------------------------------------------------ in a vocabulary */

static brn__corpus *open_pieces(const char *pieces, const char *folder)
{
    char text[64], inside[512];
    brn_text_options options = brn_text_defaults();
    snprintf(text, sizeof text, "%s.txt", folder);
    snprintf(inside, sizeof inside, "%s/%s", test_scratch_folder(), folder);
    options.tokens = BRN_TEXT_PIECES, options.rules = BRN_TEXT_RULES_NONE, options.pieces = pieces;
    options.min_freq = 1, options.document = BRN_TEXT_PER_LINE;
    return texts_open(texts_write_string(test_scratch_folder(), text, "the king\nof the kings\nking of france\n"), &options,
                      inside);
}

TEST(a_model_keeps_its_pieces_and_makes_a_text_of_them_again)
{
    char *json, *again, *text;
    brn__text_settings *settings;
    int32_t *tokens, *same;
    int64_t count, same_count;
    brn__corpus *corpus = open_pieces(model_path("bytes"), "kept");
    assert_ok(brn__text_settings_write(corpus->settings, &json));
    assert_ok(brn__text_settings_read(json, &settings));
    assert_ok(brn__text_settings_write(settings, &again));
    assert_string_equal(json, again);

    const char *line = "The kings of  the king";
    assert_ok(brn__text_encode(corpus->settings, line, strlen(line), &tokens, &count));
    assert_ok(brn__text_encode(settings, line, strlen(line), &same, &same_count));
    assert_int_equal(count, same_count);
    assert_memory_equal(tokens, same, (size_t)count * sizeof *tokens);
    assert_true(count > 4);
    assert_ok(brn__text_decode(settings, tokens, count, &text));
    assert_string_equal(text, "the kings of the king");
    brn__free(text);
    brn__free(same);
    brn__free(tokens);
    brn__free(again);
    brn__free(json);
    brn__text_settings_free(settings);
    brn__corpus_free(corpus);
}

TEST(pieces_that_are_bytes_become_characters_again)
{
    static const char *const words[] = {"xxunk", "xxpad", "\xE2\x96\x81the", "<0xE2>", "<0x82>", "<0xAC>", "king"};
    const int32_t tokens[] = {2, 3, 4, 5, 6, 3, 4, 2}; /* the euro sign, then the first two of its bytes */
    brn_text_options options = brn_text_defaults();
    brn__vocabulary *vocabulary;
    brn__text_settings *settings;
    char *text;
    options.tokens = BRN_TEXT_PIECES, options.pieces = model_path("bytes");
    assert_ok(brn__vocabulary_new(BRN_TEXT_RULES_NONE, words, 7, &vocabulary));
    assert_ok(brn__text_settings_new(&options, vocabulary, &settings));
    assert_ok(brn__text_decode(settings, tokens, 8, &text));
    assert_string_equal(text, "the\xE2\x82\xACking\xEF\xBF\xBD\xEF\xBF\xBD the");
    brn__free(text);
    brn__text_settings_free(settings);
}

TEST(texts_of_another_piece_model_are_read_anew)
{
    brn__corpus *one = open_pieces(model_path("bpe"), "anew"), *two = open_pieces(model_path("unigram"), "anew");
    brn__corpus *again = open_pieces(model_path("bpe"), "anew");
    assert_string_not_equal(one->digest, two->digest);
    assert_string_equal(one->digest, again->digest);
    brn__corpus_free(again);
    brn__corpus_free(two);
    brn__corpus_free(one);
}

/* ------------------------------------------------------------------ what is none */

static brn_status read_bytes(const char *bytes, size_t length)
{
    brn__subwords *model;
    const brn_status status = brn__subwords_read(bytes, length, &model);
    brn__subwords_free(model);
    return status;
}

TEST(what_is_no_piece_model_is_refused)
{
    char *bytes;
    size_t length;
    brn_text_options options = brn_text_defaults();
    brn__tokenizer *tokenizer;
    assert_fails(read_bytes("", 0), BRN_ERROR_INPUT, "empty");
    assert_fails(read_bytes("a text", 6), BRN_ERROR_INPUT, "no SentencePiece model");
    assert_fails(read_bytes("\x0a\x05\x0a\x03<a>", 7), BRN_ERROR_INPUT, "what is not known");
    assert_fails(read_bytes("\x0a\x07\x0a\x03<a>\x18\x02\x0a\x05\x0a\x03<a>", 16), BRN_ERROR_INPUT, "twice");
    assert_fails(read_bytes("\x0a\x07\x0a\x03<a>\x18\x02\x12\x02\x18\x04", 13), BRN_ERROR_UNSUPPORTED, "unigram");
    assert_ok(read_bytes("\x0a\x07\x0a\x03<a>\x18\x02", 9));
    assert_fails(read_bytes("\x0a\x07\x0a\x03<a>\x18\x09", 9), BRN_ERROR_INPUT, "kind");
    assert_fails(read_bytes("\x0a\x07\x0a\x03<a>\x18\x02\x1a\x06\x12\x04\x09\0\0\0", 17), BRN_ERROR_INPUT, "damaged");

    options.tokens = BRN_TEXT_PIECES;
    assert_fails(brn__tokenizer_new(&options, &tokenizer), BRN_ERROR_USAGE, ".model");
    options.pieces = "nowhere.model";
    assert_fails(brn__tokenizer_new(&options, &tokenizer), BRN_ERROR_INPUT, "nowhere.model");

    /* Cut anywhere, it is refused or a smaller one. */
    assert_ok(brn__read_file(model_path("bpe"), MODEL_MAX, &bytes, &length));
    for (size_t cut = 1; cut < length; cut += 7) {
        const brn_status status = read_bytes(bytes, cut);
        assert_true(status == BRN_OK || status == BRN_ERROR_INPUT);
    }
    brn__free(bytes);
}

TEST(letters_of_base64_are_bytes_again)
{
    static const char *const bad[] = {"Zg=", "Z===", "Zg==Zg==", "Zg\n=", "Z\xC3\xA9==", "===="};
    for (size_t length = 0; length < 300; length++) {
        char bytes[300];
        brn__text letters = {0}, out = {0};
        for (size_t i = 0; i < length; i++) bytes[i] = (char)(i * 37 + length);
        brn__base64_add(&letters, bytes, length);
        brn__text_add(&letters, "");
        assert_true(brn__base64_read(letters.bytes, &out));
        assert_int_equal(out.length, length);
        if (length) assert_memory_equal(out.bytes, bytes, length);
        brn__text_free(&letters);
        brn__text_free(&out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        brn__text out = {0};
        assert_false(brn__base64_read(bad[i], &out));
        brn__text_free(&out);
    }
}
