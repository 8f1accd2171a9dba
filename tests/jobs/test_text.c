/* SPDX-License-Identifier: Apache-2.0
 * The text job on small texts that the tests make: a few words carry the answer, the others mean nothing. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/philox.h"
#include "base/text.h"
#include "burnish/lm.h"
#include "burnish/text.h"
#include "io/state.h"
#include "tensor/tensor.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const good[] = {"superb", "lovely", "bright"}, *const bad[] = {"awful", "dreary", "clumsy"};
static const char *const plain[] = {"the",   "film", "plot", "was",  "with", "and",   "scene", "actor", "of",   "one",
                                    "story", "then", "camera", "here", "line", "music", "ends", "a",   "long", "night"};

enum { PATH = 4200 };

static const char *word_of(brn__random *random, const char *const *list, uint32_t count)
{
    return list[brn__random_below(random, count)];
}

/* Words that mean nothing, with one that does among them. */
static void add_sentence(brn__text *out, brn__random *random, const char *telling)
{
    const int words = 6 + (int)brn__random_below(random, 14), place = (int)brn__random_below(random, (uint32_t)words);
    for (int i = 0; i < words; i++) {
        if (i) brn__text_add(out, " ");
        brn__text_add(out, i == place ? telling : word_of(random, plain, 20));
    }
}

/* text,label,is_valid rows in a file; label: POSITIVE or NEGATIVE. */
static const char *write_reviews(const char *name, int count)
{
    static char path[PATH];
    brn__text out = {0};
    brn__random random = brn__random_new(brn__philox_key(7, "reviews"), 0, 0, 0);
    brn__text_add(&out, "text,label,is_valid\n");
    for (int i = 0; i < count; i++) {
        const bool is_good = brn__random_below(&random, 2);
        add_sentence(&out, &random, is_good ? word_of(&random, good, 3) : word_of(&random, bad, 3));
        brn__text_printf(&out, ",%s,%s\n", is_good ? "positive" : "negative", i % 5 == 4 ? "True" : "False");
    }
    snprintf(path, sizeof path, "%s/%s", test_scratch_folder(), name);
    assert_ok(brn__text_finish(&out));
    assert_ok(brn__replace_file(path, out.bytes, out.length));
    brn__text_free(&out);
    return path;
}

static brn_text_train_options small(const char *const *inputs, const char *out)
{
    brn_text_train_options o = brn_text_train_defaults();
    o.inputs = inputs, o.input_count = 1;
    o.text.min_freq = 1;
    o.embedding = 12, o.hidden = 16, o.layers = 2, o.head = 8;
    o.drop_factor = .2, o.alpha = o.beta = 0;
    o.epochs = 4, o.learning_rate = .02, o.batch_size = 32;
    o.chunk = 8; /* most texts are several chunks */
    o.threads = 2;
    o.out = out;
    return o;
}

static const char *run_path(char out[PATH], const char *name)
{
    snprintf(out, PATH, "%s/%s", test_scratch_folder(), name);
    return out;
}

static double share_of(const brn_text_explanation *e, const char *token)
{
    for (int64_t i = 0; i < e->count; i++)
        if (!strcmp(e->words[i].token, token)) return e->words[i].share;
    fail_msg("the word \"%s\" is not among those that are explained", token);
    return 0;
}

TEST(a_sentiment_is_learned_from_nothing_answered_and_explained)
{
    char run[PATH], page[PATH];
    const char *inputs[] = {write_reviews("reviews.csv", 500)};
    brn_text_train_options o = small(inputs, run_path(run, "learned"));
    brn_text_result result;
    assert_ok(brn_text_train(&o, &result));
    assert_int_equal(result.train_count, 400);
    assert_int_equal(result.valid_count, 100);
    assert_true(result.score.accuracy >= .97);
    assert_true(brn__is_file(result.report));

    brn_text_model *model;
    brn_text_answers *answers;
    assert_ok(brn_text_model_open(run, 2, &model));
    assert_int_equal(brn_text_model_output_count(model), 2);
    assert_string_equal(brn_text_model_output(model, 0), "negative");
    const char *texts[] = {"the plot was superb and the music here", "one awful scene then a long night"};
    assert_ok(brn_text_predict(model, texts, 2, &answers));
    assert_true(brn_text_answers_values(answers, 0)[1] > .8f);
    assert_true(brn_text_answers_values(answers, 1)[0] > .8f);
    assert_close(brn_text_answers_values(answers, 0)[0] + brn_text_answers_values(answers, 0)[1], 1, 1e-6);
    brn_text_answers_free(answers);

    brn_text_explanation *e;
    assert_ok(brn_text_explain(model, texts[0], -1, &e));
    assert_int_equal(e->output, 1);
    for (int64_t i = 0; i < e->count; i++)
        assert_true(fabs(e->words[i].share) <= share_of(e, "superb") || !strcmp(e->words[i].token, "superb"));
    brn_text_explanation_free(e);
    assert_ok(brn_text_explain_page(model, texts, 2, run_path(page, "words.html")));
    assert_true(brn__file_bytes(page) > 2000);

    brn_text_score score;
    assert_ok(brn_text_evaluate(model, inputs, 1, NULL, &score));
    assert_int_equal(score.count, 500);
    assert_true(score.accuracy >= .97);
    brn_text_mistakes *mistakes;
    assert_ok(brn_text_interpret(model, inputs, 1, NULL, 5, &mistakes));
    assert_int_equal(mistakes->count, 5);
    for (int64_t i = 1; i < 5; i++) assert_true(mistakes->items[i].loss <= mistakes->items[i - 1].loss);
    assert_non_null(strstr(mistakes->items[0].place, "reviews.csv"));
    int64_t all = 0;
    for (int i = 0; i < 4; i++) all += mistakes->confusion[i];
    assert_int_equal(all, 500);
    brn_text_mistakes_free(mistakes);
    brn_text_model_close(model);
}

/* ------------------------------------------------------------------ a learning rate */

static int count_batches(void *context, const brn_event *event)
{
    int *left = context;
    return event->kind == BRN_EVENT_BATCH && --*left == 0;
}

static int64_t files_in(const char *folder)
{
    brn__name_list list;
    assert_ok(brn__list_folder(folder, &list));
    const int64_t count = list.count;
    brn__name_list_free(&list);
    return count;
}

static void check_curves_alike(const brn_text_train_options *o, const brn_lr_finder_options *finder)
{
    brn_lr_curve curve, again;
    assert_ok(brn_text_lr_find(o, finder, &curve));
    assert_ok(brn_text_lr_find(o, finder, &again));
    assert_true(curve.count > 20);
    assert_int_equal(curve.count, again.count);
    assert_close(curve.points[0].rate, finder->start, 1e-12);
    for (int64_t i = 0; i < curve.count; i++) {
        assert_true(curve.points[i].loss == again.points[i].loss);
        assert_true(isfinite(curve.points[i].valid_loss) == (finder->form == BRN_LR_FIND_VALID));
    }
    brn_lr_curve_free(&again);
    brn_lr_curve_free(&curve);
}

TEST(a_rate_is_found_from_nothing_and_on_an_encoder_and_nothing_is_left)
{
    char encoder[PATH], valued[PATH], folder[PATH];
    const char *inputs[] = {write_reviews("finder.csv", 200)};
    brn_text_train_options o = small(inputs, run_path(encoder, "finder-encoder"));
    o.epochs = 1;
    assert_ok(brn_text_train(&o, NULL));
    assert_ok(brn__make_folders(run_path(folder, "finder-tmp")));
    const char *before = getenv("TMPDIR");
    snprintf(valued, sizeof valued, "%s", before ? before : "/tmp");
    assert_int_equal(setenv("TMPDIR", folder, 1), 0);

    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    finder.iterations = 40;
    brn_lr_curve curve;
    o.out = NULL; /* not read */
    check_curves_alike(&o, &finder);
    finder.form = BRN_LR_FIND_VALID;
    check_curves_alike(&o, &finder);
    o.encoder = encoder;
    check_curves_alike(&o, &finder);

    int left = 3;
    o.on_event = count_batches, o.context = &left;
    assert_fails(brn_text_lr_find(&o, &finder, &curve), BRN_ERROR_INTERRUPTED, "");
    o.on_event = NULL;
    o.backwards = true;
    assert_fails(brn_text_lr_find(&o, &finder, &curve), BRN_ERROR_USAGE, "reads texts forwards");
    o.backwards = false, o.text.valid = 0, o.encoder = NULL;
    o.text.valid_column = "nothing";
    assert_fails(brn_text_lr_find(&o, &finder, &curve), BRN_ERROR_INPUT, "nothing");
    assert_int_equal(files_in(folder), 0);
    assert_int_equal(setenv("TMPDIR", valued, 1), 0);
}

/* ------------------------------------------------------------------ stopping and going on */

typedef struct stopper {
    int batches, most;
} stopper;

static int stop_after(void *context, const brn_event *event)
{
    stopper *s = context;
    return event->kind == BRN_EVENT_BATCH && ++s->batches > s->most;
}

static void assert_same_models(const char *a, const char *b)
{
    char path[PATH + 32], *first, *second;
    size_t length, other;
    snprintf(path, sizeof path, "%s/model.safetensors", a);
    assert_ok(brn__read_file(path, 1 << 28, &first, &length));
    snprintf(path, sizeof path, "%s/model.safetensors", b);
    assert_ok(brn__read_file(path, 1 << 28, &second, &other));
    assert_int_equal(length, other);
    /* The tensors, behind the header: names and sizes are equal, so it is of one length. */
    const size_t header = 8 + *(const uint64_t *)(const void *)first;
    assert_memory_equal(first + header, second + header, length - header);
    brn__free(first);
    brn__free(second);
}

static void stop_and_go_on(brn_text_train_options o, const char *whole, const char *parts, int first, int second)
{
    char a[PATH], b[PATH];
    o.checkpoint_seconds = 1e6; /* what is saved is where it was stopped */
    o.out = run_path(a, whole);
    assert_ok(brn_text_train(&o, NULL));
    stopper stop = {0, first};
    o.out = run_path(b, parts);
    o.on_event = stop_after, o.context = &stop;
    assert_fails(brn_text_train(&o, NULL), BRN_ERROR_INTERRUPTED, "");
    stop = (stopper){0, second};
    assert_fails(brn_text_resume(b, stop_after, &stop, NULL), BRN_ERROR_INTERRUPTED, "");
    brn_text_result result;
    assert_ok(brn_text_resume(b, NULL, NULL, &result));
    assert_same_models(a, b);
}

TEST(a_run_that_was_stopped_twice_ends_with_the_same_bits)
{
    const char *inputs[] = {write_reviews("resumed.csv", 200)};
    brn_text_train_options o = small(inputs, NULL);
    o.epochs = 3;
    stop_and_go_on(o, "whole", "in parts", 3, 5);
}

/* ------------------------------------------------------------------ on an encoder */

/* Both files hold the same numbers under a name. */
static void assert_same_tensor(const char *a, const char *b, const char *name)
{
    char path[PATH + 32];
    brn__state *states[2];
    float *values[2];
    const char *const runs[] = {a, b};
    int64_t count = 0;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/model.safetensors", runs[i]);
        assert_ok(brn__state_open(path, &states[i]));
        const brn__entry *entry = brn__state_find(states[i], name);
        assert_non_null(entry);
        count = brn_shape_elements(entry->shape);
        values[i] = malloc((size_t)count * sizeof **values);
        assert_ok(brn__state_read(entry, BRN_DTYPE_F32, values[i]));
    }
    assert_memory_equal(values[0], values[1], (size_t)count * sizeof **values);
    for (int i = 0; i < 2; i++) {
        free(values[i]);
        brn__state_close(states[i]);
    }
}

TEST(a_training_takes_words_and_weights_of_a_language_model)
{
    char language[PATH], run[PATH];
    const char *inputs[] = {write_reviews("encoded.csv", 100)};
    brn_text_train_options o = small(inputs, run_path(run, "untouched"));
    brn_lm_options lm = brn_lm_defaults();
    lm.inputs = inputs, lm.input_count = 1;
    lm.text.min_freq = 2;
    lm.embedding = 12, lm.hidden = 16, lm.layers = 2;
    lm.epochs = 1, lm.batch_size = 16, lm.length = 12, lm.threads = 2;
    lm.out = run_path(language, "language");
    assert_ok(brn_lm_train(&lm, NULL));
    o.encoder = language;
    o.embedding = o.hidden = 99, o.layers = 1; /* the encoder's count */
    o.epochs = o.freeze_epochs = 0;
    assert_ok(brn_text_train(&o, NULL));
    assert_same_tensor(run, language, "0.encoder.weight");
    assert_same_tensor(run, language, "0.rnns.0.weight_hh_l0_raw");
    assert_same_tensor(run, language, "0.rnns.1.module.bias_ih_l0");
    o.epochs = o.freeze_epochs = 1;
    stop_and_go_on(o, "on encoder", "on encoder in parts", 4, 5); /* 3 + 1 batches an epoch */
    o.backwards = true, o.out = run_path(run, "never");
    assert_fails(brn_text_train(&o, NULL), BRN_ERROR_USAGE, "reads texts forwards");
    o.backwards = false, o.encoder = "no such run";
    assert_fails(brn_text_train(&o, NULL), BRN_ERROR_INPUT, "no such run");
}

TEST(a_classifier_on_qrnns_is_taught_resumed_measured_and_explains)
{
    char language[PATH], run[PATH];
    const char *inputs[] = {write_reviews("quasi.csv", 300)}, *text = "one lovely scene and a line of the story";
    brn_text_train_options o = small(inputs, run_path(run, "quasi untouched"));
    brn_lm_options lm = brn_lm_defaults();
    lm.inputs = inputs, lm.input_count = 1;
    lm.text.min_freq = 2;
    lm.embedding = 12, lm.hidden = 16, lm.layers = 2, lm.qrnn = true;
    lm.epochs = 1, lm.batch_size = 16, lm.length = 12, lm.threads = 2;
    lm.out = run_path(language, "quasi language");
    assert_ok(brn_lm_train(&lm, NULL));
    o.encoder = language;
    o.hidden = 99; /* the encoder's count, and its kind */
    o.epochs = o.freeze_epochs = 0;
    assert_ok(brn_text_train(&o, NULL));
    assert_same_tensor(run, language, "0.rnns.0.layers.0.linear.weight_raw");
    assert_same_tensor(run, language, "0.rnns.1.layers.0.linear.module.bias");
    o.epochs = o.freeze_epochs = 1;
    stop_and_go_on(o, "on quasi", "on quasi in parts", 12, 15);
    /* From nothing, and its encoder for another. */
    brn_text_result result;
    o = small(inputs, run_path(language, "quasi knows"));
    o.qrnn = true, o.layers = 1, o.epochs = 6;
    assert_ok(brn_text_train(&o, &result));
    assert_true(result.score.accuracy >= .95);
    o.encoder = language, o.qrnn = false, o.out = run_path(run, "quasi knows more");
    o.epochs = o.freeze_epochs = 3, o.batch_size = 16;
    assert_ok(brn_text_train(&o, &result));
    assert_true(result.score.accuracy >= .95);
    brn_text_model *model;
    brn_text_explanation *e;
    assert_ok(brn_text_model_open(run, 2, &model));
    assert_ok(brn_text_explain(model, text, 1, &e));
    for (int64_t k = 0; k < e->count; k++) assert_true(e->words[k].share <= share_of(e, "lovely"));
    brn_text_explanation_free(e);
    brn_text_model_close(model);
}

TEST(an_encoder_that_knows_is_unfrozen_layer_by_layer)
{
    char first[PATH], second[PATH];
    const char *inputs[] = {write_reviews("known.csv", 300)};
    brn_text_train_options o = small(inputs, run_path(first, "knows"));
    brn_text_result result;
    assert_ok(brn_text_train(&o, &result));
    o.encoder = first, o.out = run_path(second, "knows more");
    o.epochs = o.freeze_epochs = 3, o.batch_size = 16;
    assert_ok(brn_text_train(&o, &result));
    assert_true(result.score.accuracy >= .97);
}

TEST(a_model_that_reads_backwards_is_averaged_with_one_that_reads_forwards)
{
    char forwards[PATH], backwards[PATH];
    const char *inputs[] = {write_reviews("both.csv", 300)}, *text = "one lovely scene and a line of the story";
    brn_text_train_options o = small(inputs, run_path(forwards, "forwards"));
    assert_ok(brn_text_train(&o, NULL));
    o.backwards = true, o.out = run_path(backwards, "backwards");
    assert_ok(brn_text_train(&o, NULL));
    float values[3];
    brn_text_model *model;
    brn_text_answers *answers;
    const char *const runs[] = {forwards, backwards};
    for (int i = 0; i < 3; i++) {
        assert_ok(brn_text_model_open(i < 2 ? runs[i] : forwards, 2, &model));
        if (i == 2) assert_ok(brn_text_model_join(model, backwards));
        assert_ok(brn_text_predict(model, &text, 1, &answers));
        values[i] = brn_text_answers_values(answers, 0)[1];
        brn_text_answers_free(answers);
        if (i == 2) {
            brn_text_explanation *e;
            assert_ok(brn_text_explain(model, text, 1, &e));
            assert_string_equal(e->words[2].token, "lovely"); /* behind the mark of the beginning */
            for (int64_t k = 0; k < e->count; k++) assert_true(e->words[k].share <= e->words[2].share);
            brn_text_explanation_free(e);
        }
        brn_text_model_close(model);
    }
    assert_true(values[0] != values[1]);
    assert_close(values[2], (values[0] + values[1]) / 2, 1e-6);
}

/* ------------------------------------------------------------------ other answers, long texts */

/* Texts with any of the tags "good" and "bad", and a number: how many telling words of each. */
static const char *write_tagged(const char *name, int count)
{
    static char path[PATH];
    brn__text out = {0};
    brn__random random = brn__random_new(brn__philox_key(9, "tagged"), 0, 0, 0);
    brn__text_add(&out, "text,tags,mark\n");
    for (int i = 0; i < count; i++) {
        const bool has_good = brn__random_below(&random, 2), has_bad = brn__random_below(&random, 2);
        add_sentence(&out, &random, has_good ? word_of(&random, good, 3) : "it");
        brn__text_add(&out, " ");
        add_sentence(&out, &random, has_bad ? word_of(&random, bad, 3) : "it");
        brn__text_printf(&out, ",%s%s%s,%d\n", has_good ? "good" : "", has_good && has_bad ? " " : "", has_bad ? "bad" : "",
                         has_good - has_bad);
    }
    snprintf(path, sizeof path, "%s/%s", test_scratch_folder(), name);
    assert_ok(brn__text_finish(&out));
    assert_ok(brn__replace_file(path, out.bytes, out.length));
    brn__text_free(&out);
    return path;
}

TEST(tags_and_numbers_are_learned)
{
    char run[PATH];
    const char *inputs[] = {write_tagged("tagged.csv", 500)};
    brn_text_train_options o = small(inputs, run_path(run, "tags"));
    brn_text_result result;
    o.text.target = BRN_TEXT_TAGS;
    o.epochs = 6;
    assert_ok(brn_text_train(&o, &result));
    assert_true(result.score.f1 >= .95 && result.score.accuracy >= .95);
    assert_true(isnan(result.score.rmse));
    const char *columns[] = {"mark"};
    o.text.target = BRN_TEXT_NUMBERS;
    o.text.label_columns = columns, o.text.label_column_count = 1;
    o.out = run_path(run, "numbers");
    assert_ok(brn_text_train(&o, &result));
    assert_true(result.score.rmse < .3 && isnan(result.score.accuracy));
}

TEST(a_text_of_a_hundred_thousand_words_is_answered)
{
    char run[PATH];
    const char *inputs[] = {write_reviews("long.csv", 200)};
    brn_text_train_options o = small(inputs, run_path(run, "long"));
    o.layers = 1, o.epochs = 1;
    brn_text_model *model;
    brn_text_answers *answers;
    assert_ok(brn_text_train(&o, NULL));
    assert_ok(brn_text_model_open(run, 2, &model));
    brn__text text = {0};
    for (int i = 0; i < 100000; i++) brn__text_printf(&text, "%s ", plain[i * 7 % 20]);
    brn__text_add(&text, "superb");
    const char *one = text.bytes;
    assert_ok(brn_text_predict(model, &one, 1, &answers));
    const float *values = brn_text_answers_values(answers, 0);
    assert_close(values[0] + values[1], 1, 1e-6);
    brn_text_answers_free(answers);
    brn__text_free(&text);
    brn_text_model_close(model);
}

TEST(wrong_inputs_of_a_text_training_are_named)
{
    char run[PATH];
    const char *inputs[] = {write_reviews("wrong.csv", 20)};
    brn_text_train_options o = small(inputs, run_path(run, "wrong"));
    o.layers = 9;
    assert_fails(brn_text_train(&o, NULL), BRN_ERROR_USAGE, "layers 9");
    o = small(inputs, run);
    o.input_count = 0;
    assert_fails(brn_text_train(&o, NULL), BRN_ERROR_USAGE, "inputs");
    o = small(inputs, run);
    o.text.target = BRN_TEXT_NO_TARGET;
    assert_fails(brn_text_train(&o, NULL), BRN_ERROR_USAGE, "target");
    brn_text_model *model;
    assert_fails(brn_text_model_open(inputs[0], 1, &model), BRN_ERROR_INPUT, "");
    assert_fails(brn_text_resume("no such run", NULL, NULL, NULL), BRN_ERROR_INPUT, "no such run");
}
