/* SPDX-License-Identifier: Apache-2.0
 * Batches of texts: fastai's, 0.7's lengths, the order of lengths, resumption. */
#include "base/alloc.h"
#include "base/text.h"
#include "data/texts.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_rows(const json_t *rows, const int64_t *got, int64_t count, int64_t length)
{
    assert_int_equal(json_array_size(rows), count);
    for (int64_t r = 0; r < count; r++) {
        const json_t *row = json_array_get(rows, (size_t)r);
        assert_int_equal(json_array_size(row), length);
        for (int64_t t = 0; t < length; t++)
            assert_int_equal(got[r * length + t], json_integer_value(json_array_get(row, (size_t)t)));
    }
}

TEST(batches_of_a_language_model_are_fastai_s)
{
    json_t *golden = golden_open("tests/golden/texts/batches.json");
    brn__corpus *corpus = texts_of_numbers(golden_at(golden, "documents"));
    const json_t *cases = golden_at(golden, "cases");
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *row = json_array_get(cases, c), *batches = json_object_get(row, "batches");
        brn__lm_options options = brn__lm_defaults();
        brn__dataset *dataset;
        brn__loader *loader;
        brn__batch batch;
        options.batch_size = json_integer_value(json_object_get(row, "batch_size"));
        options.length = json_integer_value(json_object_get(row, "length"));
        assert_ok(brn__lm_loader(corpus, NULL, 0, &options, 1, &dataset, &loader));
        assert_int_equal(brn__loader_batch_count(loader), json_array_size(batches));
        assert_ok(brn__loader_start_epoch(loader, 0));
        for (size_t b = 0; b < json_array_size(batches); b++) {
            const json_t *expected = json_array_get(batches, b);
            assert_ok(brn__loader_next(loader, &batch));
            assert_rows(json_object_get(expected, "inputs"), batch.inputs, batch.count, batch.length);
            assert_rows(json_object_get(expected, "targets"), batch.targets, batch.count, batch.length);
        }
        assert_ok(brn__loader_next(loader, &batch));
        assert_int_equal(batch.count, 0);
        brn__loader_free(loader);
        brn__dataset_free(dataset);
    }
    brn__corpus_free(corpus);
    json_decref(golden);
}

enum { DOCUMENTS = 40 };

/* Document d is the number d, 3 + d % 7 + 30 (d % 5) times. */
static brn__corpus *counted(void)
{
    json_t *documents = json_array();
    for (int d = 0; d < DOCUMENTS; d++) {
        json_t *document = json_array();
        for (int i = 0; i < 3 + d % 7 + 30 * (d % 5); i++) json_array_append_new(document, json_integer(d + 1));
        json_array_append_new(documents, document);
    }
    brn__corpus *corpus = texts_of_numbers(documents);
    json_decref(documents);
    return corpus;
}

typedef struct epoch {
    int64_t *inputs, *targets; /* all rows of all batches; owned */
    int64_t lengths[1024], batches, values;
} epoch;

static void take_epoch(brn__loader *loader, uint32_t number, int64_t from, epoch *out)
{
    brn__batch batch;
    *out = (epoch){.inputs = malloc(1 << 20), .targets = malloc(1 << 20)};
    assert_ok(brn__loader_start_at(loader, number, from));
    for (;;) {
        assert_ok(brn__loader_next(loader, &batch));
        if (!batch.count) break;
        int64_t values = batch.count * batch.length;
        assert_true((out->values + values) * 8 <= 1 << 20);
        memcpy(out->inputs + out->values, batch.inputs, (size_t)values * 8);
        memcpy(out->targets + out->values, batch.targets, (size_t)values * 8);
        out->values += values;
        out->lengths[out->batches++] = batch.length;
    }
}

static void free_epoch(epoch *e)
{
    free(e->inputs);
    free(e->targets);
}

static void check_resumed(brn__loader *loader, const epoch *whole, uint32_t number)
{
    for (int64_t from = 0; from <= whole->batches; from += 1 + whole->batches / 3) {
        epoch rest;
        int64_t skipped = 0;
        take_epoch(loader, number, from, &rest);
        assert_int_equal(rest.batches, whole->batches - from);
        skipped = whole->values - rest.values;
        assert_memory_equal(rest.inputs, whole->inputs + skipped, (size_t)rest.values * 8);
        assert_memory_equal(rest.targets, whole->targets + skipped, (size_t)rest.values * 8);
        free_epoch(&rest);
    }
}

TEST(a_language_model_s_epoch_is_resumed_anywhere)
{
    brn__corpus *corpus = counted();
    for (int form = 0; form < 2; form++) {
        brn__lm_options options = {.batch_size = 3, .length = 20, .form = (brn__lm_form)form, .shuffle = true};
        brn__dataset *dataset;
        brn__loader *loader;
        epoch whole, next, again;
        assert_ok(brn__lm_loader(corpus, NULL, 0, &options, 5, &dataset, &loader));
        take_epoch(loader, 4, 0, &whole);
        take_epoch(loader, 5, 0, &next);
        take_epoch(loader, 4, 0, &again);
        assert_true(whole.batches > 5);
        assert_memory_equal(again.inputs, whole.inputs, (size_t)whole.values * 8);
        assert_memory_not_equal(next.inputs, whole.inputs, (size_t)(next.values < whole.values ? next.values : whole.values) * 8);
        check_resumed(loader, &whole, 4);
        free_epoch(&whole);
        free_epoch(&next);
        free_epoch(&again);
        brn__loader_free(loader);
        brn__dataset_free(dataset);
    }
    brn__corpus_free(corpus);
}

TEST(every_epoch_shows_whole_documents_in_another_order)
{
    brn__corpus *corpus = counted();
    brn__lm_options options = {.batch_size = 1, .length = 50, .shuffle = true};
    brn__dataset *dataset;
    brn__loader *loader;
    epoch e;
    assert_ok(brn__lm_loader(corpus, NULL, 0, &options, 5, &dataset, &loader));
    take_epoch(loader, 0, 0, &e);
    int64_t seen[DOCUMENTS + 1] = {0}, changes = 0;
    for (int64_t i = 0; i < e.values; i++) {
        seen[e.inputs[i]]++;
        changes += e.inputs[i] == 0; /* the mark of a beginning */
    }
    assert_int_equal(e.values, corpus->token_count - 1); /* the last is a target only */
    assert_true(changes >= DOCUMENTS - 1);
    for (int64_t i = 0; i + 1 < e.values; i++)
        assert_true(e.inputs[i] == 0 || e.inputs[i + 1] == 0 || e.inputs[i] == e.inputs[i + 1]);
    int short_ones = 0;
    for (int d = 0; d < DOCUMENTS; d++) short_ones += seen[d + 1] != 3 + d % 7 + 30 * (d % 5);
    assert_true(short_ones <= 1);
    free_epoch(&e);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    brn__corpus_free(corpus);
}

/* Long enough for thousands of lengths. */
TEST(lengths_of_0_7_are_normal_about_two_means)
{
    json_t *documents = json_array(), *document = json_array();
    for (int i = 0; i < 200000; i++) json_array_append_new(document, json_integer(1 + i % 99));
    json_array_append_new(documents, document);
    brn__corpus *corpus = texts_of_numbers(documents);
    json_decref(documents);
    brn__lm_options options = {.batch_size = 1, .length = 70, .form = BRN__LM_VARIABLE};
    brn__dataset *dataset;
    brn__loader *loader;
    brn__batch batch;
    assert_ok(brn__lm_loader(corpus, NULL, 0, &options, 9, &dataset, &loader));
    double sum = 0, squares = 0;
    int64_t count = 0, half = 0, number = 0, position = 0;
    for (uint32_t e = 0; e < 3; e++) {
        position = 0;
        assert_ok(brn__loader_start_epoch(loader, e));
        for (number = 0;; number++) {
            assert_ok(brn__loader_next(loader, &batch));
            if (!batch.count) break;
            if (number == 0) assert_int_equal(batch.length, 95);
            assert_true(batch.length >= 5 && batch.length <= 95);
            const int64_t *x = batch.inputs, *y = batch.targets;
            assert_int_equal(x[0], corpus->tokens[position]);
            assert_int_equal(y[batch.length - 1], corpus->tokens[position + batch.length]);
            position += batch.length;
            if (number == 0) continue;
            bool is_half = batch.length < 53;
            half += is_half;
            count++;
            if (is_half) continue;
            sum += (double)batch.length;
            squares += (double)(batch.length * batch.length);
        }
        assert_int_equal(number, 200001 / 70 - 1);
    }
    double whole = (double)(count - half), mean = sum / whole;
    assert_true(fabs(mean - 69.5) < .3); /* normal(70, 5), cut to a whole number */
    assert_true(fabs(sqrt(squares / whole - mean * mean) - 5) < .2);
    assert_true(fabs((double)half / (double)count - .05) < .01);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    brn__corpus_free(corpus);
}

TEST(a_language_model_reads_backwards)
{
    brn__corpus *corpus = counted();
    const int64_t documents[] = {3, 5};
    brn__lm_options options = {.batch_size = 1, .length = 4, .backwards = true};
    brn__dataset *dataset;
    brn__loader *loader;
    epoch e;
    assert_ok(brn__lm_loader(corpus, documents, 2, &options, 5, &dataset, &loader));
    take_epoch(loader, 0, 0, &e);
    int64_t first = corpus->starts[4] - corpus->starts[3];
    assert_int_equal(e.inputs[0], 4);
    assert_int_equal(e.inputs[first - 1], 0); /* its mark comes last */
    assert_int_equal(e.inputs[first], 6);
    free_epoch(&e);
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    options.batch_size = 2000;
    assert_fails(brn__lm_dataset_new(corpus, documents, 2, &options, &dataset), BRN_ERROR_INPUT, "2000 rows");
    brn__corpus_free(corpus);
}

static int64_t length_of(const brn__corpus *corpus, int64_t d) { return corpus->starts[d + 1] - corpus->starts[d]; }

TEST(texts_are_padded_in_front_to_a_multiple_of_eight)
{
    brn__corpus *corpus = counted();
    for (int padding = 0; padding < 2; padding++) {
        brn__text_batches options = brn__text_batches_defaults();
        brn__dataset *dataset;
        brn__loader *loader;
        brn__batch batch;
        options.batch_size = 7;
        options.padding = (brn__text_padding)padding;
        options.chunk = 10;
        options.limit = 100;
        assert_ok(brn__text_loader(corpus, NULL, 0, &options, false, &dataset, &loader));
        assert_ok(brn__loader_start_epoch(loader, 0));
        int64_t last = INT64_MAX;
        for (int64_t seen = 0;; seen += batch.count) {
            assert_ok(brn__loader_next(loader, &batch));
            if (!batch.count) {
                assert_int_equal(seen, DOCUMENTS);
                break;
            }
            int64_t longest = 0;
            for (int64_t r = 0; r < batch.count; r++) {
                const int64_t *row = (const int64_t *)batch.inputs + r * batch.length;
                int64_t d = batch.items[r], length = length_of(corpus, d) < 100 ? length_of(corpus, d) : 100;
                int64_t front = batch.length - length;
                if (padding) front -= front % 10;
                assert_int_equal(length, brn__text_dataset_length(dataset, d));
                assert_true(length <= last); /* longest first */
                last = length;
                if (length > longest) longest = length;
                for (int64_t t = 0; t < batch.length; t++) {
                    bool inside = t >= front && t < front + length;
                    int64_t expected = !inside ? 1 : t == front && length == length_of(corpus, d) ? 0 : d + 1;
                    assert_int_equal(row[t], expected);
                }
            }
            assert_int_equal(batch.length % 8, 0);
            assert_true(batch.length - longest < 8);
        }
        brn__loader_free(loader);
        brn__dataset_free(dataset);
    }
    brn__corpus_free(corpus);
}

/* 640 texts in batches of 4: sorted within 200, the longest first, batches shuffled, an epoch unlike the next. */
TEST(texts_of_like_length_come_together)
{
    json_t *documents = json_array();
    for (int d = 0; d < 643; d++) {
        json_t *document = json_array();
        for (int i = 0; i < 1 + d * 37 % 211; i++) json_array_append_new(document, json_integer(2));
        json_array_append_new(documents, document);
    }
    brn__corpus *corpus = texts_of_numbers(documents);
    json_decref(documents);
    brn__text_batches options = brn__text_batches_defaults();
    brn__dataset *dataset;
    brn__loader *loader;
    brn__batch batch;
    int64_t order[2][643], padded = 0, real = 0, rising = 0, before = 0;
    options.batch_size = 4;
    options.multiple = 1;
    assert_ok(brn__text_loader(corpus, NULL, 0, &options, true, &dataset, &loader));
    for (uint32_t e = 0; e < 2; e++) {
        assert_ok(brn__loader_start_epoch(loader, e));
        bool seen[643] = {false};
        for (int64_t used = 0; used < 643; used += batch.count) {
            assert_ok(brn__loader_next(loader, &batch));
            assert_true(batch.count == 4 || used + batch.count == 643);
            if (used == 0) assert_int_equal(batch.length, 212);
            for (int64_t r = 0; r < batch.count; r++) {
                int64_t d = batch.items[r];
                assert_false(seen[d]);
                seen[d] = true;
                order[e][used + r] = d;
                real += length_of(corpus, d);
                if (r) assert_true(length_of(corpus, d) <= length_of(corpus, batch.items[r - 1]));
            }
            padded += batch.count * batch.length;
            rising += batch.length > before;
            before = batch.length;
        }
        assert_ok(brn__loader_next(loader, &batch));
        assert_int_equal(batch.count, 0);
    }
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    assert_true((double)padded / (double)real < 1.06); /* in any order it would be 1.6 */
    assert_true(rising > 80 && rising < 240);          /* of 322: neither sorted nor nearly */
    brn__loader_free(loader);
    brn__dataset_free(dataset);
    brn__corpus_free(corpus);
}

TEST(targets_of_texts_are_classes_or_rows_of_floats)
{
    const char *folder = test_scratch_folder();
    const char *path = texts_write_string(folder, "a.csv", "text,label,tags\na,y,p q\nb b,x,q\nc c c,y,r\n");
    for (int tags = 0; tags < 2; tags++) {
        brn_text_options options = brn_text_defaults();
        brn__text_batches batches = brn__text_batches_defaults();
        brn__dataset *dataset;
        brn__loader *loader;
        brn__batch batch;
        options.target = tags ? BRN_TEXT_TAGS : BRN_TEXT_LABEL;
        options.valid = 0;
        brn__corpus *corpus = texts_open(path, &options, folder);
        assert_ok(brn__text_loader(corpus, NULL, 0, &batches, false, &dataset, &loader));
        assert_ok(brn__loader_start_epoch(loader, 0));
        assert_ok(brn__loader_next(loader, &batch));
        const int64_t labels[] = {1, 0, 1};
        const float rows[] = {0, 0, 1, 0, 1, 0, 1, 1, 0};
        assert_int_equal(batch.count, 3);
        if (tags)
            assert_memory_equal(batch.targets, rows, sizeof rows);
        else
            assert_memory_equal(batch.targets, labels, sizeof labels);
        brn__loader_free(loader);
        brn__dataset_free(dataset);
        brn__corpus_free(corpus);
    }
}
