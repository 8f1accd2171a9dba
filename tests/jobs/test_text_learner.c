/* SPDX-License-Identifier: Apache-2.0
 * Training on texts step by step: language models, and classifiers on their encoders. */
#include "base/files.h"
#include "burnish/lm_learner.h"
#include "burnish/text_learner.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 80 };

/* One word decides; the fourth of each four texts validates; lengths differ. Static buffers. */
static const char *write_texts(const char *name, const char *good)
{
    static char paths[4][256], text[160 * TEXTS];
    static int turn;
    char *path = paths[turn++ % 4];
    size_t length = (size_t)sprintf(text, "text,label,is_valid\n");
    for (int i = 0; i < TEXTS; i++) {
        length += (size_t)sprintf(text + length, "the film was %s", i * 7 % 3 ? good : "dreadful");
        for (int k = 0; k < i % 6; k++) length += (size_t)sprintf(text + length, " and long");
        length += (size_t)sprintf(text + length, ",%s,%d\n", i * 7 % 3 ? "yes" : "no", i % 4 == 3);
    }
    snprintf(path, sizeof paths[0], "%s/%s", test_scratch_folder(), name);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static brn_lm_options lm_options(const char *const *inputs)
{
    static const char *const columns[] = {"text"};
    brn_lm_options o = brn_lm_defaults();
    o.inputs = inputs;
    o.input_count = 1;
    o.text.text_columns = columns;
    o.text.text_column_count = 1;
    o.text.min_freq = 1;
    o.embedding = 8;
    o.hidden = 12;
    o.layers = 2;
    o.length = 8;
    o.batch_size = 4;
    o.threads = 1;
    return o;
}

static brn_hand_fit adam(int groups, int epochs)
{
    brn_hand_fit fit = brn_hand_fit_defaults(groups, 1e-2);
    fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    fit.epochs = epochs;
    fit.clip_norm = .3;
    return fit;
}

static const char *save_model(const char *const *inputs, const char *name)
{
    static char path[256];
    const brn_lm_options o = lm_options(inputs);
    brn_lm_learner *learner;
    assert_ok(brn_lm_learner_new(&o, &learner));
    const brn_hand_fit fit = adam(brn_lm_learner_groups(learner), 1);
    assert_ok(brn_lm_learner_fit(learner, &fit));
    snprintf(path, sizeof path, "%s/%s", test_scratch_folder(), name);
    assert_ok(brn_lm_learner_save(learner, path));
    brn_lm_learner_free(learner);
    return path;
}

TEST(a_language_models_learner_trains_finds_rates_and_is_measured)
{
    const char *inputs[] = {write_texts("texts.csv", "wonderful")};
    const brn_lm_options o = lm_options(inputs);
    brn_lm_learner *learner, *other;
    assert_ok(brn_lm_learner_new(&o, &learner));
    assert_ok(brn_lm_learner_new(&o, &other));
    assert_int_equal(brn_lm_learner_groups(learner), 3);
    assert_true(brn_lm_learner_tokens(learner, false) > 3 * brn_lm_learner_tokens(learner, true) / 2);
    assert_true(brn_lm_learner_batches(learner, true) > 0);
    assert_non_null(brn_lm_learner_word(learner, brn_lm_learner_vocabulary(learner) - 1));
    assert_null(brn_lm_learner_word(learner, brn_lm_learner_vocabulary(learner)));
    brn_hand_fit fit = adam(3, 2);
    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve;
    assert_ok(brn_lm_learner_lr_find(learner, &fit, &finder, &curve));
    brn_lr_curve_free(&curve);
    assert_ok(brn_lm_learner_fit(learner, &fit));
    assert_ok(brn_lm_learner_fit(other, &fit)); /* without the finder: the same */
    brn_lm_score one, two;
    assert_ok(brn_lm_learner_validate(learner, &one));
    assert_ok(brn_lm_learner_validate(other, &two));
    assert_true(one.loss == two.loss && one.loss > 0 && one.loss < 3);
    assert_ok(brn_lm_learner_freeze_to(learner, -1));
    assert_false(brn_lm_learner_learns(learner, 1));
    assert_fails(brn_lm_learner_freeze_to(learner, 3), BRN_ERROR_USAGE, "from -3 to 2");
    brn_lm_learner_free(other);
    brn_lm_learner_free(learner);
}

TEST(a_language_models_learner_loads_what_has_its_words)
{
    const char *inputs[] = {write_texts("texts.csv", "wonderful")}, *others[] = {write_texts("others.csv", "splendid")};
    const char *path = save_model(inputs, "words.safetensors");
    brn_lm_options o = lm_options(inputs);
    brn_lm_learner *learner;
    brn_lm_model *model;
    assert_ok(brn_lm_learner_new(&o, &learner));
    assert_ok(brn_lm_learner_load(learner, path));
    assert_ok(brn_lm_model_open(path, 1, &model));
    assert_int_equal(brn_lm_model_vocabulary(model), brn_lm_learner_vocabulary(learner));
    brn_lm_model_close(model);
    brn_lm_learner_free(learner);
    o.layers++; /* its first ones have the shapes of the file's */
    assert_ok(brn_lm_learner_new(&o, &learner));
    brn_parameters *values = brn_lm_learner_parameters(learner);
    const size_t bytes = (size_t)brn_parameters_elements(values) * sizeof(float);
    void *before = malloc(bytes);
    memcpy(before, brn_parameters_values(values), bytes);
    assert_fails(brn_lm_learner_load(learner, path), BRN_ERROR_INPUT, "layers; expected");
    assert_memory_equal(before, brn_parameters_values(values), bytes);
    free(before);
    brn_lm_learner_free(learner);
    o.layers--;
    o.inputs = others;
    assert_ok(brn_lm_learner_new(&o, &learner));
    assert_fails(brn_lm_learner_load(learner, path), BRN_ERROR_INPUT, "other ones");
    brn_lm_learner_free(learner);
    o.inputs = inputs;
    o.dropouts.weight = 1.5;
    assert_fails(brn_lm_learner_new(&o, &learner), BRN_ERROR_USAGE, "dropout 1.5");
}

TEST(a_text_learner_thaws_from_an_encoder_and_answers_in_the_texts_order)
{
    const char *inputs[] = {write_texts("texts.csv", "wonderful")};
    brn_text_train_options o = brn_text_train_defaults();
    o.inputs = inputs;
    o.input_count = 1;
    o.encoder = save_model(inputs, "words.safetensors");
    o.batch_size = 8;
    o.chunk = 8;
    o.threads = 1;
    o.dropouts.head = 0;
    brn_text_learner *learner;
    assert_ok(brn_text_learner_new(&o, &learner));
    assert_int_equal(brn_text_learner_groups(learner), 4); /* words, two layers, the head */
    assert_int_equal(brn_text_learner_count(learner, true), TEXTS / 4);
    assert_string_equal(brn_text_learner_output(learner, 1), "yes");
    assert_null(brn_text_learner_output(learner, 2));
    assert_int_equal(brn_text_learner_label(learner, TEXTS), -1);
    for (int64_t i = 0; i < TEXTS / 4; i++) assert_int_equal(brn_text_learner_label(learner, i), (4 * i + 3) * 7 % 3 ? 1 : 0);
    int64_t count, width;
    assert_null(brn_text_learner_validated(learner, &count, &width));
    brn_hand_fit fit = adam(4, 2);
    assert_ok(brn_text_learner_freeze_to(learner, -1));
    assert_ok(brn_text_learner_fit(learner, &fit));
    assert_ok(brn_text_learner_freeze_to(learner, 0));
    assert_ok(brn_text_learner_fit(learner, &fit));
    const float *outputs = brn_text_learner_validated(learner, &count, &width);
    float plain[TEXTS / 2], logs[TEXTS / 2];
    assert_true(count == TEXTS / 4 && width == 2);
    assert_ok(brn_text_learner_answer(learner, BRN_ANSWER_OUTPUTS, plain));
    for (int64_t i = 0; i < count * width; i++) assert_close(outputs[i], plain[i], 1e-5);
    assert_ok(brn_text_learner_answer(learner, BRN_ANSWER_LOG_PROBABILITIES, logs));
    for (int64_t i = 0; i < count; i++) assert_close(logs[2 * i] - logs[2 * i + 1], plain[2 * i] - plain[2 * i + 1], 1e-4);
    char path[256];
    snprintf(path, sizeof path, "%s/reviews.safetensors", test_scratch_folder());
    assert_ok(brn_text_learner_save(learner, path));
    brn_text_learner *fresh;
    assert_ok(brn_text_learner_new(&o, &fresh));
    assert_ok(brn_text_learner_load(fresh, path));
    assert_ok(brn_text_learner_answer(fresh, BRN_ANSWER_LOG_PROBABILITIES, plain));
    assert_memory_equal(plain, logs, sizeof plain);
    brn_text_learner_free(fresh);
    brn_text_learner_free(learner);
}
