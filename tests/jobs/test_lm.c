/* SPDX-License-Identifier: Apache-2.0
 * The language-model job end to end, on a made language whose perplexity is known. A sentence is a subject
 * (one of four), a word of nothing (one of two) and the object that belongs to the subject: the mean over its
 * three words of the entropy is ln(4 2) / 3 = ln 2, so the best perplexity is 2, for who remembers the subject. */
#include "base/alloc.h"
#include "base/files.h"
#include "golden/golden.h"
#include "jobs/lm_job.h"
#include "test.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCES = 3000 };

static uint32_t draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

/* `first` renames the first subject. Static buffer. */
static const char *write_language(const char *folder, const char *name, int sentences, const char *first,
                                  uint32_t seed)
{
    static char path[256];
    char *text = malloc((size_t)sentences * 32);
    assert_non_null(text);
    size_t length = 0;
    uint32_t state = seed;
    for (int i = 0; i < sentences; i++) {
        uint32_t subject = draw(&state, 4);
        const char *subjects[] = {first, "she", "we", "they"}, *objects[] = {"one", "two", "three", "four"};
        length += (size_t)sprintf(text + length, "%s %s %s ", subjects[subject], draw(&state, 2) ? "do" : "may", objects[subject]);
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(brn__replace_file(path, text, length));
    free(text);
    return path;
}

/* One for all tests here: each run has a name of its own. */
static char kept[256];
static const char *folder(void)
{
    if (!*kept) snprintf(kept, sizeof kept, "%s", test_scratch_folder());
    return kept;
}

static brn_lm_options quick_options(const char *const *inputs, const char *out_name)
{
    static char out[256];
    brn_lm_options o = brn_lm_defaults();
    snprintf(out, sizeof out, "%s/%s", folder(), out_name);
    o.inputs = inputs;
    o.input_count = 1;
    o.text.rules = BRN_TEXT_RULES_NONE;
    o.text.tokens = BRN_TEXT_BLANKS;
    o.embedding = 32;
    o.hidden = 48;
    o.layers = 2;
    o.dropout = .1;
    o.length = 20;
    o.batch_size = 8;
    o.epochs = 8;
    o.learning_rate = .05;
    o.clip = .3;
    o.weight_decay = 0;
    o.threads = 1;
    o.out = out;
    return o;
}

TEST(a_language_model_learns_what_can_be_known)
{
    const char *const inputs[] = {write_language(folder(), "language.txt", SENTENCES, "he", 1)};
    brn_lm_options o = quick_options(inputs, "run");
    brn_lm_result result;
    assert_ok(brn_lm_train(&o, &result));
    print_message("perplexity %.4f, accuracy %.4f\n", result.perplexity, result.accuracy);
    assert_true(result.train_tokens > 8000 && result.valid_tokens > 800);
    assert_true(result.perplexity > 1.93 && result.perplexity < 2.15);
    assert_true(fabs(result.accuracy - (.25 + .5 + 1) / 3) < .04);
    assert_close(result.perplexity, exp(result.valid_loss), 1e-12);
}

/* The subject stands two words before what depends on it: the state must be carried. */
TEST(a_language_model_of_qrnns_learns_measures_and_writes)
{
    const char *const inputs[] = {write_language(folder(), "language.txt", SENTENCES, "he", 1)};
    brn_lm_options o = quick_options(inputs, "qrnn");
    brn_lm_result result;
    brn_lm_model *model;
    brn_lm_score score;
    char *text;
    o.qrnn = true;
    assert_ok(brn_lm_train(&o, &result));
    print_message("perplexity %.4f, accuracy %.4f\n", result.perplexity, result.accuracy);
    assert_true(result.perplexity > 1.93 && result.perplexity < 2.15);
    assert_ok(brn_lm_model_open(result.run, 1, &model));
    const char *const texts[] = {write_language(folder(), "other.txt", 500, "he", 77)};
    assert_ok(brn_lm_evaluate(model, texts, 1, &o.text, &score));
    assert_true(score.tokens > 1400 && score.perplexity > 1.9 && score.perplexity < 2.2);
    brn_lm_generation how = brn_lm_generation_defaults();
    how.words = 1;
    how.temperature = 0;
    assert_ok(brn_lm_generate(model, "we may", &how, &text));
    assert_string_equal(text, "we may three");
    brn_lm_text_free(text);
    brn_lm_model_close(model);
    const char *const more[] = {write_language(folder(), "renamed.txt", 600, "it", 1)};
    o = quick_options(more, "qrnn tuned");
    o.encoder = result.run;
    o.epochs = 0;
    assert_ok(brn_lm_train(&o, &result));
    brn__lm_card card;
    assert_ok(brn__lm_card_open(result.run, &card));
    assert_true(card.options.qrnn); /* the encoder's */
    brn__lm_card_close(&card);
}

TEST(a_language_model_is_measured_and_writes_alike_each_time)
{
    const char *const inputs[] = {write_language(folder(), "language.txt", SENTENCES, "he", 1)};
    brn_lm_options o = quick_options(inputs, "measured");
    brn_lm_result result;
    brn_lm_model *model;
    brn_lm_score score;
    char *once, *again, *other;
    assert_ok(brn_lm_train(&o, &result));
    assert_ok(brn_lm_model_open(result.run, 1, &model));
    assert_int_equal(brn_lm_model_vocabulary(model), result.vocabulary);
    const char *const texts[] = {write_language(folder(), "other.txt", 500, "he", 77)};
    assert_ok(brn_lm_evaluate(model, texts, 1, &o.text, &score));
    assert_true(score.tokens > 1400 && score.perplexity > 1.9 && score.perplexity < 2.2);
    brn_lm_generation how = brn_lm_generation_defaults();
    how.words = 12;
    assert_ok(brn_lm_generate(model, "they do", &how, &once));
    assert_ok(brn_lm_generate(model, "they do", &how, &again));
    assert_string_equal(once, again);
    how.seed = 5;
    how.temperature = 2;
    assert_ok(brn_lm_generate(model, "they do", &how, &other));
    assert_true(strcmp(once, other) != 0);
    print_message("%s\n", once);
    assert_non_null(strstr(once, "they do four")); /* the subject is remembered */
    brn_lm_text_free(once);
    brn_lm_text_free(again);
    brn_lm_text_free(other);
    how.words = 1;
    how.temperature = 0;
    assert_ok(brn_lm_generate(model, "we may", &how, &once));
    assert_string_equal(once, "we may three");
    brn_lm_text_free(once);
    brn_lm_model_close(model);
}

/* ------------------------------------------------------------------ going on */

typedef struct stopping {
    int64_t left; /* batches until it stops; never when 0 */
} stopping;

static int stop_after(void *context, const brn_event *event)
{
    stopping *s = context;
    return event->kind == BRN_EVENT_BATCH && s->left > 0 && --s->left == 0;
}

static void expect_equal_models(const char *a, const char *b)
{
    enum { NAMES = 4 };
    brn__lm_card left, right;
    assert_ok(brn__lm_card_open(a, &left));
    assert_ok(brn__lm_card_open(b, &right));
    static const char *const lstm[NAMES] = {"0.encoder.weight", "0.rnns.0.weight_hh_l0_raw",
                                            "0.rnns.1.module.weight_ih_l0", "1.decoder.bias"};
    static const char *const qrnn[NAMES] = {"0.encoder.weight", "0.rnns.0.layers.0.linear.weight_raw",
                                            "0.rnns.1.layers.0.linear.module.bias", "1.decoder.bias"};
    assert_int_equal(left.options.qrnn, right.options.qrnn);
    const char *const *names = left.options.qrnn ? qrnn : lstm;
    for (size_t i = 0; i < NAMES; i++) {
        const brn__entry *one = brn__state_find(left.state, names[i]), *two = brn__state_find(right.state, names[i]);
        assert_true(one && two && brn_shape_equal(one->shape, two->shape));
        size_t bytes = (size_t)brn_shape_elements(one->shape) * sizeof(float);
        float *x = malloc(bytes), *y = malloc(bytes);
        assert_true(x && y);
        assert_ok(brn__state_read(one, BRN_DTYPE_F32, x));
        assert_ok(brn__state_read(two, BRN_DTYPE_F32, y));
        if (memcmp(x, y, bytes)) fail_msg("%s differs", names[i]);
        free(x);
        free(y);
    }
    assert_null(brn__state_find(left.state, "state.0.c"));
    brn__lm_card_close(&left);
    brn__lm_card_close(&right);
}

/* Stopped in the middle of the second epoch, where the hidden state counts. */
static void stop_and_go_on(bool qrnn, const char *whole_name, const char *stopped_name)
{
    const char *const inputs[] = {write_language(folder(), "language.txt", 600, "he", 1)};
    brn_lm_options o = quick_options(inputs, whole_name);
    brn_lm_result whole, stopped;
    o.epochs = 3;
    o.variable_length = true;
    o.qrnn = qrnn;
    assert_ok(brn_lm_train(&o, &whole));
    o = quick_options(inputs, stopped_name);
    o.epochs = 3;
    o.variable_length = true;
    o.qrnn = qrnn;
    stopping s = {16};
    o.on_event = stop_after;
    o.context = &s;
    assert_fails(brn_lm_train(&o, &stopped), BRN_ERROR_INTERRUPTED, "interrupted after 1 of 3 epochs");
    assert_ok(brn_lm_resume(stopped.run, NULL, NULL, &stopped));
    expect_equal_models(whole.run, stopped.run);
    assert_close(stopped.valid_loss, whole.valid_loss, 0);
    assert_close(stopped.accuracy, whole.accuracy, 0);
    write_language(folder(), "language.txt", 601, "he", 1);
    assert_fails(brn_lm_resume(stopped.run, NULL, NULL, &stopped), BRN_ERROR_INPUT, "not the texts");
}

TEST(a_stopped_language_model_goes_on_to_the_same_bits)
{
    stop_and_go_on(false, "whole", "stopped");
    stop_and_go_on(true, "whole qrnn", "stopped qrnn");
}

/* ------------------------------------------------------------------ another vocabulary */

TEST(an_encoder_lends_its_words_to_another_vocabulary)
{
    const char *const inputs[] = {write_language(folder(), "language.txt", 600, "he", 1)};
    brn_lm_options o = quick_options(inputs, "encoder");
    brn_lm_result first, second;
    assert_ok(brn_lm_train(&o, &first));
    const char *const others[] = {write_language(folder(), "renamed.txt", 600, "it", 1)};
    o = quick_options(others, "tuned");
    o.encoder = first.run;
    o.embedding = 99; /* the encoder's count */
    o.epochs = 0;
    assert_ok(brn_lm_train(&o, &second));
    brn__lm_card from, to;
    assert_ok(brn__lm_card_open(first.run, &from));
    assert_ok(brn__lm_card_open(second.run, &to));
    assert_int_equal(to.options.embedding, 32);
    int64_t old_count = brn__vocabulary_count(from.settings->vocabulary), count = brn__vocabulary_count(to.settings->vocabulary);
    float *a = malloc((size_t)(old_count * 32) * sizeof *a), *b = malloc((size_t)(count * 32) * sizeof *b);
    assert_ok(brn__state_read(brn__state_find(from.state, "0.encoder.weight"), BRN_DTYPE_F32, a));
    assert_ok(brn__state_read(brn__state_find(to.state, "0.encoder.weight"), BRN_DTYPE_F32, b));
    int32_t she = brn__vocabulary_find(from.settings->vocabulary, "she", 3);
    int32_t she_now = brn__vocabulary_find(to.settings->vocabulary, "she", 3);
    int32_t it_now = brn__vocabulary_find(to.settings->vocabulary, "it", 2);
    assert_true(she > 0 && she_now > 0 && it_now > 0);
    assert_int_equal(brn__vocabulary_find(from.settings->vocabulary, "it", 2), -1);
    assert_memory_equal(a + she * 32, b + she_now * 32, 32 * sizeof *a);
    for (int64_t k = 0; k < 32; k++) {
        double mean = 0;
        for (int64_t row = 0; row < old_count; row++) mean += (double)a[row * 32 + k] / (double)old_count;
        assert_close((double)b[it_now * 32 + k], mean, 1e-6);
    }
    free(a);
    free(b);
    brn__lm_card_close(&from);
    brn__lm_card_close(&to);
    o.backward = true;
    o.out = NULL;
    assert_fails(brn_lm_train(&o, &second), BRN_ERROR_INPUT, "it reads forwards");
}

TEST(a_backward_model_writes_towards_its_prompt)
{
    const char *const inputs[] = {write_language(folder(), "language.txt", SENTENCES, "he", 1)};
    brn_lm_options o = quick_options(inputs, "backward");
    brn_lm_result result;
    brn_lm_model *model;
    char *text;
    o.backward = true;
    assert_ok(brn_lm_train(&o, &result));
    print_message("perplexity %.4f\n", result.perplexity);
    assert_true(result.perplexity < 2.2);
    assert_ok(brn_lm_model_open(result.run, 1, &model));
    brn_lm_generation how = brn_lm_generation_defaults();
    how.words = 2;
    assert_ok(brn_lm_generate(model, "two", &how, &text)); /* she ... two */
    assert_int_equal(strncmp(text, "she ", 4), 0);
    assert_string_equal(text + strlen(text) - 4, " two");
    brn_lm_text_free(text);
    brn_lm_model_close(model);
}

/* ------------------------------------------------------------------ memory */

static int note_memory(void *context, const brn_event *event)
{
    size_t *used = context;
    if (event->kind == BRN_EVENT_BATCH && event->epoch == 1 && event->batch == 3) {
        struct mallinfo2 info = mallinfo2();
        *used = info.uordblks + info.hblkhd;
    }
    return 0;
}

static size_t memory_of_training(int sentences, const char *out_name)
{
    const char *const inputs[] = {write_language(folder(), "sized.txt", sentences, "he", 1)};
    brn_lm_options o = quick_options(inputs, out_name);
    size_t used = 0;
    o.epochs = 1;
    o.length = 72;
    o.on_event = note_memory;
    o.context = &used;
    assert_ok(brn_lm_train(&o, NULL));
    assert_true(used > 0);
    return used;
}

TEST(the_memory_of_a_training_does_not_grow_with_its_texts)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* theirs is another allocator, which mallinfo does not see */
#endif
    memory_of_training(1200, "warm"); /* what is allocated once */
    size_t small = memory_of_training(1200, "small"), large = memory_of_training(24000, "large");
    print_message("%zu and %zu bytes\n", small, large);
    /* The tokens alone take 270 KB more. The loader's list of what to read has 20 to 45 KB more, by what was
     * loaded ahead at that moment. */
    assert_true(large < small + 90000);
}

/* ------------------------------------------------------------------ drawing */

TEST(words_are_drawn_by_temperature_and_among_the_likeliest)
{
    enum { V = 6, DRAWS = 4000 };
    const float logits[V] = {9, 9, 3, 2, 2, -1}; /* unknown and padding first */
    brn__lm_candidate room[V];
    brn_lm_generation how = brn_lm_generation_defaults();
    int counts[V] = {0};
    how.temperature = 1;
    for (uint32_t i = 0; i < DRAWS; i++) counts[brn__lm_draw(logits, V, 0, 1, &how, i, room)]++;
    double total = exp(3) + 2 * exp(2) + exp(-1);
    assert_int_equal(counts[0] + counts[1], 0);
    for (int v = 2; v < V; v++) {
        double p = exp((double)logits[v]) / total;
        assert_true(fabs(counts[v] - p * DRAWS) < 4 * sqrt(p * (1 - p) * DRAWS));
    }
    how.top_k = 2; /* of equal ones the lower number */
    memset(counts, 0, sizeof counts);
    for (uint32_t i = 0; i < DRAWS; i++) counts[brn__lm_draw(logits, V, 0, 1, &how, i, room)]++;
    assert_int_equal(counts[2] + counts[3], DRAWS);
    assert_true(counts[3] > 0);
    how.top_k = 0;
    how.top_p = .57; /* the first has .573 */
    for (uint32_t i = 0; i < 100; i++) assert_int_equal(brn__lm_draw(logits, V, 0, 1, &how, i, room), 2);
    how.top_p = 1;
    how.temperature = 0;
    assert_int_equal(brn__lm_draw(logits, V, 0, 1, &how, 3, room), 2);
    how.unknown = true;
    assert_int_equal(brn__lm_draw(logits, V, 0, 1, &how, 3, room), 0);
}

TEST(options_of_language_models_that_cannot_be_are_refused)
{
    const char *const inputs[] = {"nowhere.txt"};
    brn_lm_options o = quick_options(inputs, "none");
    o.layers = 9;
    assert_fails(brn_lm_train(&o, NULL), BRN_ERROR_USAGE, "layers 9; expected 1 to 8");
    o = quick_options(inputs, "none");
    o.input_count = 0;
    assert_fails(brn_lm_train(&o, NULL), BRN_ERROR_USAGE, "expected texts");
    o = quick_options(inputs, "none");
    o.text.target = BRN_TEXT_LABEL;
    assert_fails(brn_lm_train(&o, NULL), BRN_ERROR_USAGE, "have none");
    o = quick_options(inputs, "none");
    assert_fails(brn_lm_train(&o, NULL), BRN_ERROR_INPUT, "nowhere.txt");
    assert_fails(brn_lm_recipe("imagenet", &o), BRN_ERROR_USAGE, "expected wikitext2");
    brn_lm_model *model;
    const char *text = write_language(folder(), "language.txt", 10, "he", 1);
    assert_fails(brn_lm_model_open(text, 1, &model), BRN_ERROR_INPUT, "language.txt");
}

/* ------------------------------------------------------------------ fast.ai's files */

static double loss_of(brn__lm_network *network, const json_t *pretrained)
{
    enum { ITEMS = 2, STEPS = 5 };
    int64_t tokens[ITEMS * STEPS], targets[ITEMS * STEPS];
    for (size_t i = 0; i < ITEMS * STEPS; i++) {
        tokens[i] = json_integer_value(json_array_get(json_array_get(golden_at(pretrained, "tokens"), i / STEPS), i % STEPS));
        targets[i] = json_integer_value(json_array_get(json_array_get(golden_at(pretrained, "targets"), i / STEPS), i % STEPS));
    }
    brn_plan *plan;
    const brn__batch batch = {.count = ITEMS, .length = STEPS};
    brn__awd_lstm_reset(network->parameters);
    assert_ok(brn__batch_plan(brn__learner_runner(network->learner), &network->ends, NULL, &batch, &plan));
    assert_ok(brn_plan_bind(plan, "tokens", tokens));
    assert_ok(brn_plan_bind(plan, "next", targets));
    assert_ok(brn_plan_run(plan, &(brn_run){0}));
    return (double)*(const float *)brn_plan_output(plan, 1);
}

static void expect_read(const char *file, const char *golden_file, bool qrnn)
{
    json_t *golden = golden_open(golden_file);
    const json_t *pretrained = golden_at(golden, "pretrained");
    brn__lm_card card;
    brn__lm_network network;
    assert_ok(brn__lm_card_open(test_source_path(file), &card));
    assert_int_equal(card.options.embedding, 4);
    assert_int_equal(card.options.hidden, 6);
    assert_int_equal(card.options.layers, 2);
    assert_int_equal(card.options.qrnn, qrnn);
    assert_true(!card.options.untied && card.options.decoder_bias);
    assert_int_equal(brn__vocabulary_find(card.settings->vocabulary, "film", 4), 10);
    assert_ok(brn__lm_network_new(&card.options, brn__vocabulary_count(card.settings->vocabulary), 2, 5, &network));
    assert_ok(brn__lm_card_load(&card, network.parameters));
    assert_close(loss_of(&network, pretrained), golden_number(pretrained, "loss"), 1e-6);
    brn__lm_network_free(&network);
    brn__lm_card_close(&card);
    json_decref(golden);
    brn_lm_model *model;
    char *text;
    brn_lm_generation how = brn_lm_generation_defaults();
    assert_ok(brn_lm_model_open(test_source_path(file), 1, &model));
    assert_ok(brn_lm_generate(model, "The film", &how, &text));
    assert_int_equal(strncmp(text, "The film", 8), 0);
    brn_lm_text_free(text);
    brn_lm_model_close(model);
}

TEST(a_model_that_fastai_saved_is_read_with_the_words_beside_it)
{
    expect_read("tests/golden/lm_fastai/lstm_fwd.pth", "tests/golden/awd_lstm.json", false);
    expect_read("tests/golden/lm_fastai/qrnn_fwd.pth", "tests/golden/awd_qrnn.json", true);
    expect_read("tests/golden/lm_fastai/qrnn07_fwd.pth", "tests/golden/awd_qrnn.json", true);
}

TEST(words_beside_a_model_that_are_not_there_are_asked_for)
{
    char from[512], to[512];
    size_t length;
    char *bytes;
    brn_lm_model *model;
    snprintf(from, sizeof from, "%s", test_source_path("tests/golden/lm_fastai/lstm_fwd.pth"));
    snprintf(to, sizeof to, "%s/lstm.pth", test_scratch_folder());
    assert_ok(brn__read_file(from, 1 << 20, &bytes, &length));
    assert_ok(brn__replace_file(to, bytes, length));
    brn__free(bytes);
    assert_fails(brn_lm_model_open(to, 1, &model), BRN_ERROR_INPUT, "expected one .pkl file with the words");
}
