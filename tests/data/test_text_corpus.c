/* SPDX-License-Identifier: Apache-2.0
 * From files to numbered tokens. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/text.h"
#include "data/text/token_stream.h"
#include "data/texts.h"
#include "golden/golden.h"
#include "test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(vocabularies_are_those_of_fastai_2)
{
    json_t *golden = golden_open("tests/golden/texts/words.json");
    const json_t *tokens = golden_at(golden, "tokens"), *cases = golden_at(golden, "cases");
    brn__text text = {0};
    /* xxbos comes with each document, so it is not written. */
    for (size_t i = 0; i < json_array_size(tokens); i++)
        if (strcmp(json_string_value(json_array_get(tokens, i)), "xxbos") != 0)
            brn__text_printf(&text, "%s ", json_string_value(json_array_get(tokens, i)));
    const char *folder = test_scratch_folder(), *path = texts_write(folder, "words.txt", text.bytes, text.length);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *row = json_array_get(cases, c), *words = json_object_get(row, "words");
        brn_text_options options = brn_text_defaults();
        options.tokens = BRN_TEXT_BLANKS;
        options.valid = 0;
        options.min_freq = json_integer_value(json_object_get(row, "min_freq"));
        options.max_vocabulary = json_integer_value(json_object_get(row, "max_vocab"));
        brn__corpus *corpus = texts_open(path, &options, folder);
        const brn__vocabulary *vocabulary = corpus->settings->vocabulary;
        assert_int_equal(brn__vocabulary_count(vocabulary), json_array_size(words));
        for (int64_t i = 0; i < brn__vocabulary_count(vocabulary); i++)
            assert_string_equal(brn__vocabulary_word(vocabulary, i), json_string_value(json_array_get(words, (size_t)i)));
        brn__corpus_free(corpus);
    }
    brn__text_free(&text);
    json_decref(golden);
}

TEST(words_of_0_7_follow_unk_and_pad)
{
    const char *folder = test_scratch_folder(), *path = texts_write_string(folder, "a.txt", "b b b a c a c a c a a a a");
    brn_text_options options = brn_text_defaults();
    options.rules = BRN_TEXT_RULES_FASTAI07;
    options.valid = 0;
    options.max_vocabulary = 2;
    brn__corpus *corpus = texts_open(path, &options, folder);
    const brn__vocabulary *v = corpus->settings->vocabulary;
    assert_int_equal(brn__vocabulary_count(v), 4);
    assert_string_equal(brn__vocabulary_word(v, 0), "_unk_");
    assert_string_equal(brn__vocabulary_word(v, 1), "_pad_");
    assert_string_equal(brn__vocabulary_word(v, 2), "a");
    assert_string_equal(brn__vocabulary_word(v, 3), "b");
    brn__corpus_free(corpus);
}

/* The layout of aclImdb. */
static const char *write_reviews(const char *folder)
{
    static char root[4096];
    char name[64], text[64];
    for (int i = 0; i < 24; i++) {
        static const char *const folders[] = {"train/pos", "train/neg", "test/pos", "train/unsup"};
        snprintf(name, sizeof name, "reviews/%s/%02d.txt", folders[i % 4], i);
        snprintf(text, sizeof text, "film number %d is good good film", i);
        texts_write_string(folder, name, text);
    }
    texts_write_string(folder, "reviews/train/.hidden/x.txt", "no");
    texts_write_string(folder, "reviews/README", "no");
    snprintf(root, sizeof root, "%s/reviews", folder);
    return root;
}

TEST(folders_give_classes_and_splits)
{
    const char *folder = test_scratch_folder(), *path = write_reviews(folder);
    brn_text_options options = brn_text_defaults();
    options.target = BRN_TEXT_LABEL;
    options.valid = .34;
    brn__corpus *corpus = texts_open(path, &options, folder);
    int splits[4] = {0}, valid[2] = {0};
    char place[4096];
    assert_int_equal(corpus->document_count, 24);
    assert_int_equal(corpus->class_count, 2);
    assert_string_equal(corpus->classes[0], "neg");
    assert_string_equal(corpus->classes[1], "pos");
    for (int64_t d = 0; d < 24; d++) {
        splits[corpus->splits[d]]++;
        brn__text_place(corpus, d, place, sizeof place);
        assert_int_equal(corpus->labels[d], strstr(place, "/unsup/") ? -1 : strstr(place, "/pos/") ? 1 : 0);
        if (corpus->splits[d] == BRN__TEXT_VALID) valid[corpus->labels[d]]++;
        assert_true(!strstr(place, "/test/") == (corpus->splits[d] != BRN__TEXT_TEST));
    }
    assert_int_equal(splits[BRN__TEXT_TRAIN], 8);
    assert_int_equal(splits[BRN__TEXT_VALID], 4); /* a third of each class of 6 */
    assert_int_equal(valid[0], 2);
    assert_int_equal(splits[BRN__TEXT_TEST], 6);
    assert_int_equal(splits[BRN__TEXT_UNLABELLED], 6);
    brn__corpus_free(corpus);
}

TEST(only_what_trains_makes_the_vocabulary)
{
    const char *folder = test_scratch_folder();
    const char *path = texts_write_string(folder, "a.csv",
                                          "text,label,is_valid\na a a,x,False\nb b b b,y,True\nc c c,,0\nd d d,x,test\n");
    brn_text_options options = brn_text_defaults();
    options.tokens = BRN_TEXT_BLANKS;
    options.rules = BRN_TEXT_RULES_NONE;
    options.target = BRN_TEXT_LABEL;
    brn__corpus *corpus = texts_open(path, &options, folder);
    const brn__vocabulary *v = corpus->settings->vocabulary;
    assert_true(brn__vocabulary_find(v, "a", 1) > 0);
    assert_true(brn__vocabulary_find(v, "c", 1) > 0);
    assert_int_equal(brn__vocabulary_find(v, "b", 1), -1);
    assert_int_equal(brn__vocabulary_find(v, "d", 1), -1);
    const uint8_t splits[] = {BRN__TEXT_TRAIN, BRN__TEXT_VALID, BRN__TEXT_UNLABELLED, BRN__TEXT_TEST};
    assert_memory_equal(corpus->splits, splits, 4);
    assert_string_equal(texts_word(corpus, corpus->starts[1] + 1), "xxunk"); /* too rare for a vocabulary */
    brn__corpus_free(corpus);
}

TEST(tags_and_numbers_are_rows_of_floats)
{
    const char *folder = test_scratch_folder();
    const char *path = texts_write_string(
        folder, "a.csv", "review,tags,stars,year\none,b a,1.5,1990\ntwo,,2,1991\n\"th,ree\",c,-3e1,1992\n");
    const char *columns[] = {"stars", "year"};
    brn_text_options options = brn_text_defaults();
    options.target = BRN_TEXT_TAGS;
    options.valid = 0;
    brn__corpus *corpus = texts_open(path, &options, folder);
    const float tags[] = {1, 1, 0, 0, 0, 0, 0, 0, 1};
    assert_int_equal(corpus->class_count, 3);
    assert_memory_equal(corpus->targets, tags, sizeof tags);
    assert_int_equal(corpus->splits[1], BRN__TEXT_UNLABELLED);
    brn__corpus_free(corpus);
    options.target = BRN_TEXT_NUMBERS;
    options.label_columns = columns;
    options.label_column_count = 2;
    corpus = texts_open(path, &options, folder);
    const float numbers[] = {1.5f, 1990, 2, 1991, -30, 1992};
    assert_int_equal(corpus->class_count, 2);
    assert_string_equal(corpus->classes[1], "year");
    assert_memory_equal(corpus->targets, numbers, sizeof numbers);
    brn__corpus_free(corpus);
}

TEST(several_columns_are_marked)
{
    const char *folder = test_scratch_folder();
    const char *path = texts_write_string(folder, "a.csv", "title,body\nA b,c\nA b,c\nA b,c\n");
    const char *columns[] = {"title", "body"};
    brn_text_options options = brn_text_defaults();
    char *text;
    options.text_columns = columns;
    options.text_column_count = 2;
    options.valid = 0;
    brn__corpus *corpus = texts_open(path, &options, folder);
    assert_ok(brn__text_spell(corpus->settings, corpus->tokens, corpus->starts[1], &text));
    assert_string_equal(text, "xxbos xxfld 1 a b xxfld 2 c"); /* a lone A has no mark */
    brn__free(text);
    brn__corpus_free(corpus);
}

TEST(a_corpus_is_made_once)
{
    const char *folder = test_scratch_folder(), *path = texts_write_string(folder, "a.txt", "one two three");
    brn_text_options options = brn_text_defaults();
    brn__corpus *first = texts_open(path, &options, folder), *again = texts_open(path, &options, folder);
    assert_false(first->cached);
    assert_true(again->cached);
    assert_string_equal(first->digest, again->digest);
    brn__corpus_free(again);
    texts_write_string(folder, "a.txt", "one two four");
    again = texts_open(path, &options, folder);
    assert_false(again->cached);
    assert_string_not_equal(first->digest, again->digest);
    brn__corpus_free(again);
    brn__corpus_free(first);
}

TEST(a_damaged_file_of_texts_is_made_anew)
{
    const char *folder = test_scratch_folder(), *path = texts_write_string(folder, "a.txt", "one two three");
    brn_text_options options = brn_text_defaults();
    char file[8192];
    brn__name_list names;
    brn__corpus_free(texts_open(path, &options, folder));
    assert_ok(brn__list_folder(folder, &names));
    for (int64_t i = 0; i < names.count; i++)
        if (strncmp(names.names[i], "texts-", 6) == 0) snprintf(file, sizeof file, "%s/%s", folder, names.names[i]);
    brn__name_list_free(&names);
    char *bytes;
    size_t length;
    assert_ok(brn__read_file(file, 1 << 20, &bytes, &length));
    for (size_t at = 0; at < length; at += at < 64 ? 1 : 23) { /* a bit anywhere */
        bytes[at] ^= 0x10;
        assert_ok(brn__replace_file(file, bytes, length));
        brn__corpus *corpus = texts_open(path, &options, folder);
        assert_int_equal(corpus->token_count, 4);
        brn__corpus_free(corpus);
        bytes[at] ^= 0x10;
    }
    assert_ok(brn__replace_file(file, bytes, length / 2));
    brn__corpus_free(texts_open(path, &options, folder));
    brn__free(bytes);
}

/* "z" comes first in the file, "y" in what trains. */
TEST(equally_frequent_words_stand_as_they_came_in_what_trains)
{
    const char *folder = test_scratch_folder();
    const char *path = texts_write_string(folder, "a.csv", "text,is_valid\nz y,1\ny y y z z z,0\n");
    brn_text_options options = brn_text_defaults();
    options.tokens = BRN_TEXT_BLANKS;
    options.rules = BRN_TEXT_RULES_NONE;
    brn__corpus *corpus = texts_open(path, &options, folder);
    assert_true(brn__vocabulary_find(corpus->settings->vocabulary, "y", 1) <
                brn__vocabulary_find(corpus->settings->vocabulary, "z", 1));
    brn__corpus_free(corpus);
}

/* Long enough for several blocks, and one document for a cut. */
static const char *write_long(const char *folder)
{
    brn__text text = {0};
    for (int i = 0; i < 60000; i++) brn__text_printf(&text, "%s%d%c", i % 7 ? "word" : "Wo ", i % 5000, i % 11 ? ' ' : '\n');
    for (int i = 0; i < 600000; i++) brn__text_add(&text, "long"); /* no blank anywhere */
    const char *path = texts_write(folder, "long.txt", text.bytes, text.length);
    brn__text_free(&text);
    return path;
}

TEST(tokens_do_not_depend_on_threads)
{
    const char *folder = test_scratch_folder(), *path = write_long(folder);
    brn_text_options options = brn_text_defaults();
    brn__corpus *corpora[3];
    for (int i = 0; i < 3; i++) {
        options.threads = i + 1;
        options.document = BRN_TEXT_PER_LINE;
        corpora[i] = texts_open(path, &options, NULL);
        assert_int_equal(corpora[i]->token_count, corpora[0]->token_count);
        assert_memory_equal(corpora[i]->tokens, corpora[0]->tokens, (size_t)corpora[0]->token_count * sizeof(int32_t));
        assert_memory_equal(corpora[i]->starts, corpora[0]->starts, (size_t)corpora[0]->document_count * 8);
    }
    assert_true(corpora[0]->document_count > 1000);
    for (int i = 0; i < 3; i++) brn__corpus_free(corpora[i]);
}

TEST(a_long_document_keeps_all_its_words)
{
    const char *folder = test_scratch_folder();
    brn__text text = {0};
    for (int i = 0; i < 300000; i++) brn__text_printf(&text, "w%d ", i % 97);
    const char *path = texts_write(folder, "a.txt", text.bytes, text.length);
    brn_text_options options = brn_text_defaults();
    options.valid = 0;
    brn__corpus *corpus = texts_open(path, &options, folder);
    assert_int_equal(corpus->token_count, 300001);
    assert_string_equal(texts_word(corpus, 0), "xxbos");
    for (int i = 0; i < 300000; i++) {
        char word[16];
        snprintf(word, sizeof word, "w%d", i % 97);
        if (strcmp(texts_word(corpus, i + 1), word) != 0) assert_string_equal(texts_word(corpus, i + 1), word);
    }
    brn__corpus_free(corpus);
    brn__text_free(&text);
}

TEST(the_end_of_few_long_documents_validates)
{
    const char *folder = test_scratch_folder();
    brn__text text = {0};
    for (int i = 0; i < 999; i++) brn__text_printf(&text, "w%d ", i % 10);
    const char *path = texts_write(folder, "a.txt", text.bytes, text.length);
    brn_text_options options = brn_text_defaults();
    options.valid = .2;
    brn__corpus *corpus = texts_open(path, &options, folder);
    assert_int_equal(corpus->document_count, 2);
    assert_int_equal(corpus->starts[1], 800);
    assert_int_equal(corpus->splits[0], BRN__TEXT_TRAIN);
    assert_int_equal(corpus->splits[1], BRN__TEXT_VALID);
    brn__corpus_free(corpus);
    brn__text_free(&text);
}

TEST(settings_are_the_same_after_a_model_card)
{
    const brn_text_replacement replacement = {"colour", "color"};
    const char *folder = test_scratch_folder(), *path = texts_write_string(folder, "a.txt", "Color colour COLOUR a a a");
    brn_text_options options = brn_text_defaults();
    char *json, *again;
    brn__text_settings *settings;
    int32_t *tokens;
    int64_t count;
    options.replacements = &replacement;
    options.replacement_count = 1;
    options.min_freq = 1;
    options.valid = 0;
    brn__corpus *corpus = texts_open(path, &options, folder);
    assert_ok(brn__text_settings_write(corpus->settings, &json));
    assert_ok(brn__text_settings_read(json, &settings));
    assert_ok(brn__text_settings_write(settings, &again));
    assert_string_equal(json, again);
    const char *text = "Color colour COLOUR a a a";
    assert_ok(brn__text_encode(settings, text, strlen(text), &tokens, &count));
    assert_int_equal(count, corpus->token_count);
    assert_memory_equal(tokens, corpus->tokens, (size_t)count * sizeof *tokens);
    brn__free(tokens);
    brn__free(again);
    brn__free(json);
    brn__text_settings_free(settings);
    brn__corpus_free(corpus);
    assert_fails(brn__text_settings_read("{\"tokenizer\": 3}", &settings), BRN_ERROR_INPUT, "rules");
    assert_fails(brn__text_settings_read("{\"tokenizer\": {\"rules\": \"none\", \"tokens\": \"words\"}, \"vocabulary\": []}",
                                         &settings),
                 BRN_ERROR_INPUT, "vocabulary");
    assert_fails(brn__text_settings_read("[", &settings), BRN_ERROR_INPUT, "JSON");
}

TEST(texts_come_back_as_people_write_them)
{
    const char *texts[] = {"Then \"well,\" said JOHN, \"one can't know (yet)...\" It cost $5!!!!", "no no no no more, it's 5% of a/b"};
    const char *expected[] = {"Then \"well,\" said JOHN, \"one can't know (yet)\xE2\x80\xA6\" It cost $5!!!!",
                              "no no no no more, it's 5% of a / b"};
    const char *folder = test_scratch_folder();
    brn_text_options options = brn_text_defaults();
    options.min_freq = 1;
    options.valid = 0;
    for (int i = 0; i < 2; i++) {
        brn__corpus *corpus = texts_open(texts_write_string(folder, "a.txt", texts[i]), &options, folder);
        char *text;
        assert_ok(brn__text_decode(corpus->settings, corpus->tokens, corpus->token_count, &text));
        assert_string_equal(text, expected[i]);
        brn__free(text);
        brn__corpus_free(corpus);
    }
}

TEST(a_given_vocabulary_and_classes_are_kept)
{
    const char *folder = test_scratch_folder(), *names[] = {"y", "x"};
    const char *path = texts_write_string(folder, "a.csv", "text,label\na b c,x\nb b,y\n");
    const char *other = NULL;
    const brn__text_classes classes = {names, 2};
    brn_text_options options = brn_text_defaults();
    brn__corpus *first, *second;
    options.min_freq = 1;
    options.valid = 0;
    options.target = BRN_TEXT_LABEL;
    first = texts_open(path, &options, folder);
    other = texts_write_string(folder, "b.csv", "text,label\nc d,x\n");
    assert_ok(brn__text_open(&other, 1, &options, first->settings, &classes, folder, &second));
    assert_string_equal(second->classes[0], "y");
    assert_int_equal(second->labels[0], 1);
    assert_string_equal(texts_word(second, 1), "c");
    assert_string_equal(texts_word(second, 2), "xxunk");
    brn__corpus_free(second);
    other = texts_write_string(folder, "b.csv", "text,label\nc d,x\ne,z\n");
    assert_fails(brn__text_open(&other, 1, &options, first->settings, &classes, folder, &second), BRN_ERROR_INPUT,
                 "row 2: \"z\"");
    brn__corpus_free(first);
}

TEST(rows_go_from_one_vocabulary_to_another)
{
    const char *from_words[] = {"xxunk", "xxpad", "a", "b"}, *to_words[] = {"xxunk", "b", "c", "d", "a"};
    const float from[] = {1, 10, 2, 20, 3, 30, 6, 60};
    float to[10];
    int64_t rows[5];
    brn__vocabulary *a, *b;
    assert_ok(brn__vocabulary_new(BRN_TEXT_RULES_FASTAI2, from_words, 4, &a));
    assert_ok(brn__vocabulary_new(BRN_TEXT_RULES_FASTAI2, to_words, 5, &b));
    brn__vocabulary_map(a, b, rows);
    const int64_t expected_rows[] = {0, 3, -1, -1, 2};
    const float expected[] = {1, 10, 6, 60, 3, 30, 3, 30, 3, 30};
    assert_memory_equal(rows, expected_rows, sizeof rows);
    brn__vocabulary_transfer(rows, 5, from, 4, 2, to);
    assert_memory_equal(to, expected, sizeof to);
    brn__vocabulary_free(a);
    brn__vocabulary_free(b);
}

static void assert_open_fails(const char *name, const char *bytes, size_t length, const brn_text_options *options,
                              const char *part)
{
    const char *folder = test_scratch_folder(), *path = texts_write(folder, name, bytes, length);
    brn__corpus *corpus;
    assert_fails(brn__text_open(&path, 1, options, NULL, NULL, folder, &corpus), BRN_ERROR_INPUT, part);
}

TEST(wrong_texts_are_named)
{
    brn_text_options options = brn_text_defaults();
    brn__corpus *corpus;
    const char *missing = "nowhere.txt";
    options.target = BRN_TEXT_LABEL;
    assert_open_fails("a.txt", "good\nbad \xFFtext", 14, &options, "line 2, byte 10");
    assert_open_fails("a.txt", "zero\0byte", 9, &options, "0x00");
    assert_open_fails("a.txt", "", 0, &options, "no text");
    assert_open_fails("a.txt", " \n \n", 4, &options, "no text");
    assert_open_fails("a.csv", "text,label\n\"open,x\n", 19, &options, "a.csv");
    assert_open_fails("a.csv", "title,words\na,b\n", 16, &options, "text");
    assert_open_fails("a.csv", "text,is_valid\na,maybe\n", 22, &options, "maybe");
    assert_open_fails("a.csv", "text,label\n", 11, &options, "no text");
    options.target = BRN_TEXT_NUMBERS;
    assert_open_fails("a.csv", "text,label\na,1x\n", 16, &options, "row 1: \"1x\"");
    assert_fails(brn__text_open(&missing, 1, &options, NULL, NULL, NULL, &corpus), BRN_ERROR_INPUT, "nowhere.txt");
    options.valid = 1;
    assert_fails(brn__text_open(&missing, 1, &options, NULL, NULL, NULL, &corpus), BRN_ERROR_USAGE, "1 validates");
}

static int stop(void *context, int64_t done, int64_t total)
{
    (void)done, (void)total;
    ++*(int *)context;
    return 1;
}

TEST(reading_texts_can_be_stopped)
{
    const char *folder = test_scratch_folder(), *path = texts_write_string(folder, "a.txt", "some text");
    brn_text_options options = brn_text_defaults();
    brn__corpus *corpus;
    int calls = 0;
    options.progress = stop;
    options.context = &calls;
    assert_fails(brn__text_open(&path, 1, &options, NULL, NULL, folder, &corpus), BRN_ERROR_INTERRUPTED, "");
    assert_int_equal(calls, 1);
    brn__name_list names; /* nothing is left but the text */
    assert_ok(brn__list_folder(folder, &names));
    assert_int_equal(names.count, 1);
    brn__name_list_free(&names);
}

TEST(texts_come_from_a_database)
{
    const char *folder = test_scratch_folder();
    char path[4096], source[8192];
    sqlite3 *database;
    brn_text_options options = brn_text_defaults();
    snprintf(path, sizeof path, "%s/reviews.db", folder);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "create table reviews (id integer, review text, sentiment integer, is_valid integer);"
                                  "insert into reviews values (1, 'good good good, film', 1, 0), (2, 'bad', 0, 1),"
                                  "(3, 'who knows', null, 0), (4, null, 1, 0);",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(database);
    snprintf(source, sizeof source, "sqlite:%s?select * from reviews order by id", path);
    options.target = BRN_TEXT_LABEL;
    options.min_freq = 1;
    brn__corpus *corpus = texts_open(source, &options, folder);
    const int32_t labels[] = {1, 0, -1, 1};
    const uint8_t splits[] = {BRN__TEXT_TRAIN, BRN__TEXT_VALID, BRN__TEXT_UNLABELLED, BRN__TEXT_TRAIN};
    assert_int_equal(corpus->document_count, 4);
    assert_string_equal(corpus->classes[1], "1");
    assert_memory_equal(corpus->labels, labels, sizeof labels);
    assert_memory_equal(corpus->splits, splits, sizeof splits);
    assert_string_equal(texts_word(corpus, 1), "xxwrep"); /* "good good good," */
    assert_int_equal(corpus->starts[4] - corpus->starts[3], 1); /* no text: the mark alone */
    brn__text_place(corpus, 1, path, sizeof path);
    assert_non_null(strstr(path, "row 2"));
    brn__corpus_free(corpus);
    corpus = texts_open(source, &options, folder);
    assert_true(corpus->cached);
    brn__corpus_free(corpus);
}
