/* SPDX-License-Identifier: Apache-2.0
 * Training on a table step by step. */
#include "burnish/table_learner.h"
#include "base/files.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300 };

/* y = effect(word) + x / 10, class = y > 2; the third of each five rows validates. Static buffers. */
static const char *write_rows(const char *name, double factor)
{
    static const double effects[] = {0, 3, 1, 2};
    static char paths[4][256], text[48 * (ROWS + 1)];
    static int turn;
    char *path = paths[turn++ % 4];
    size_t length = (size_t)sprintf(text, "word,x,y,class,is_valid\n");
    for (int i = 0; i < ROWS; i++) {
        const int word = i * 7 % 4, x = i * 11 % 20;
        const double y = factor * (effects[word] + x / 10.0) + 1;
        length += (size_t)sprintf(text + length, "w%d,%d.5,%.2f,%s,%d\n", word, x, y,
                                  y > 3 ? "high" : "low", i % 5 == 2);
    }
    snprintf(path, sizeof paths[0], "%s/%s", test_scratch_folder(), name);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static brn_table_train_options options_of(const char *data, const char *target)
{
    static const char *const words[] = {"word"}, *const numbers[] = {"x"};
    brn_table_train_options o = brn_table_train_defaults();
    o.data = data;
    o.target = target;
    o.categories = words;
    o.numbers = numbers;
    o.category_count = o.number_count = 1;
    o.only_named = true;
    o.threads = 1;
    o.batch_size = 32;
    o.hidden_count = 1;
    o.hidden[0] = 16;
    o.dropout[0] = .1;
    o.embedding_dropout = .05;
    return o;
}

static brn_table_learner *make(const brn_table_train_options *options)
{
    brn_table_learner *learner;
    assert_ok(brn_table_learner_new(options, &learner));
    return learner;
}

static brn_hand_fit adam(const brn_table_learner *learner, int epochs)
{
    brn_hand_fit fit = brn_hand_fit_defaults(brn_table_learner_groups(learner), 1e-2);
    fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    fit.epochs = epochs;
    return fit;
}

/* All values of the store; free. */
static float *values_of(brn_table_learner *learner, int64_t *count)
{
    brn_parameters *parameters = brn_table_learner_parameters(learner);
    *count = brn_parameters_elements(parameters);
    float *copy = malloc((size_t)*count * sizeof *copy);
    memcpy(copy, brn_parameters_values(parameters), (size_t)*count * sizeof *copy);
    return copy;
}

/* ------------------------------------------------------------------ as the job */

TEST(one_fit_of_a_table_learner_makes_the_bits_of_the_job)
{
    char run[256];
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    snprintf(run, sizeof run, "%s/run", test_scratch_folder());
    o.out = run;
    o.epochs = 3;
    o.weight_decay = .2;
    assert_ok(brn_table_train(&o, NULL));
    brn_table_learner *learner = make(&o);
    brn_hand_fit fit = adam(learner, 3);
    const brn_schedule rate = brn_schedule_one_cycle(1, .25, 25, 1e5), momentum = brn_schedule_cosine_dip(.95, .85, .95, .25);
    fit.rate = &rate;
    fit.momentum = &momentum;
    for (int g = 0; g < 3; g++) fit.decays[g] = o.weight_decay;
    assert_ok(brn_table_learner_fit(learner, &fit));
    brn_table_model *model;
    brn_table_answers *job, *ours;
    assert_ok(brn_table_model_open(run, 1, &model));
    assert_ok(brn_table_predict(model, o.data, &job));
    assert_ok(brn_table_learner_answer(learner, o.data, BRN_ANSWER_PROBABILITIES, &ours));
    assert_int_equal(brn_table_answers_count(ours), ROWS);
    for (int64_t i = 0; i < ROWS; i++)
        assert_memory_equal(brn_table_answers_values(ours, i), brn_table_answers_values(job, i), sizeof(float));
    brn_table_answers_free(job);
    brn_table_answers_free(ours);
    brn_table_model_close(model);
    brn_table_learner_free(learner);
}

TEST(a_table_learner_outlives_the_options_it_was_made_of)
{
    char target[8] = "y", word[8] = "word", *categories[] = {word};
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), target);
    o.categories = (const char *const *)categories;
    brn_table_learner *learner = make(&o);
    memset(target, 'z', 7);
    memset(word, 'z', 7);
    memset(&o, 0xff, sizeof o);
    char path[256];
    snprintf(path, sizeof path, "%s/kept.safetensors", test_scratch_folder());
    assert_ok(brn_table_learner_save(learner, path));
    brn_table_model *model;
    assert_ok(brn_table_model_open(path, 1, &model));
    assert_string_equal(brn_table_model_target(model), "y");
    brn_table_model_close(model);
    brn_table_learner_free(learner);
}

/* ------------------------------------------------------------------ what learns */

static float value_of(brn_table_learner *learner, const char *name)
{
    brn_parameters *parameters = brn_table_learner_parameters(learner);
    const float *values = brn_parameters_values(parameters);
    return values[brn_parameters_info(parameters, brn_parameters_find(parameters, name)).offset];
}

static bool group_changed(brn_table_learner *learner, const float *before, int group)
{
    int64_t begin, middle, end;
    brn_parameters *parameters = brn_table_learner_parameters(learner);
    brn_parameters_group(parameters, group, &begin, &middle, &end);
    const float *now = brn_parameters_values(parameters);
    return memcmp(now + begin, before + begin, (size_t)(end - begin) * sizeof *now) != 0;
}

TEST(a_table_learner_trains_the_groups_that_are_not_frozen)
{
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    brn_table_learner *learner = make(&o);
    int64_t count;
    float *before = values_of(learner, &count);
    assert_int_equal(brn_table_learner_groups(learner), 3);
    assert_ok(brn_table_learner_freeze_to(learner, -2));
    assert_false(brn_table_learner_learns(learner, 0));
    assert_true(brn_table_learner_learns(learner, 1));
    brn_hand_fit fit = adam(learner, 1);
    assert_ok(brn_table_learner_fit(learner, &fit));
    assert_false(group_changed(learner, before, 0));
    assert_true(value_of(learner, "bn_cont.running_mean") == 0); /* nor does what the norm of numbers has seen */
    assert_true(group_changed(learner, before, 1));
    assert_true(group_changed(learner, before, 2));
    assert_fails(brn_table_learner_freeze_to(learner, -4), BRN_ERROR_USAGE, "layer group from -3 to 2");
    assert_ok(brn_table_learner_freeze_to(learner, 0));
    assert_ok(brn_table_learner_fit(learner, &fit));
    assert_true(value_of(learner, "bn_cont.running_mean") != 0);
    fit.optimizer.lazy = true;
    assert_fails(brn_table_learner_fit(learner, &fit), BRN_ERROR_USAGE, "made with `lazy`");
    fit.optimizer.lazy = false;
    fit.clip_norm = -1;
    assert_fails(brn_table_learner_fit(learner, &fit), BRN_ERROR_USAGE, "clip_norm -1");
    fit.clip_norm = 0;
    fit.rates[2] = -1;
    assert_fails(brn_table_learner_fit(learner, &fit), BRN_ERROR_USAGE, "rate -1 of layer group 2");
    free(before);
    brn_table_learner_free(learner);
}

TEST(a_rate_finder_leaves_a_table_learner_as_it_was)
{
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    brn_table_learner *learner = make(&o), *other = make(&o);
    brn_hand_fit fit = adam(learner, 2);
    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND);
    brn_lr_curve curve;
    assert_ok(brn_table_learner_lr_find(learner, &fit, &finder, &curve));
    assert_true(curve.count > 0);
    brn_lr_curve_free(&curve);
    assert_ok(brn_table_learner_fit(learner, &fit));
    assert_ok(brn_table_learner_fit(other, &fit));
    int64_t count;
    float *one = values_of(learner, &count), *two = values_of(other, &count);
    assert_memory_equal(one, two, (size_t)count * sizeof *one);
    free(one);
    free(two);
    brn_table_learner_free(learner);
    brn_table_learner_free(other);
}

/* ------------------------------------------------------------------ epochs */

typedef struct listener {
    brn_table_learner *learner;
    int epochs, stop_after;
    int64_t count, width;
    float outputs[ROWS];
    double rmse;
} listener;

static int listen(void *context, const brn_event *event)
{
    listener *l = context;
    if (event->kind != BRN_EVENT_EPOCH) return 0;
    const float *outputs = brn_table_learner_validated(l->learner, &l->count, &l->width);
    memcpy(l->outputs, outputs, (size_t)l->count * sizeof *outputs);
    for (int i = 0; i < event->metric_count; i++)
        if (strcmp(event->metrics[i].name, "rmse") == 0) l->rmse = event->metrics[i].value;
    return ++l->epochs == l->stop_after;
}

TEST(each_epoch_of_a_table_learner_has_its_outputs_and_figures)
{
    listener hears = {.rmse = NAN};
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    o.on_event = listen;
    o.context = &hears;
    brn_table_learner *learner = hears.learner = make(&o);
    int64_t count, width;
    assert_null(brn_table_learner_validated(learner, &count, &width));
    brn_hand_fit fit = adam(learner, 2);
    assert_ok(brn_table_learner_fit(learner, &fit));
    assert_int_equal(hears.epochs, 2);
    assert_int_equal(hears.count, brn_table_learner_count(learner, true));
    assert_int_equal(hears.count, ROWS / 5);
    assert_int_equal(hears.width, 1);
    brn_table_answers *answers;
    brn_table_score score;
    assert_ok(brn_table_learner_answer(learner, NULL, BRN_ANSWER_OUTPUTS, &answers));
    for (int64_t i = 0; i < hears.count; i++)
        assert_close(brn_table_answers_values(answers, i)[0], hears.outputs[i], 1e-5);
    assert_ok(brn_table_learner_validate(learner, &score));
    assert_close(score.rmse, hears.rmse, 1e-6);
    brn_table_answers_free(answers);
    hears.epochs = 0;
    hears.stop_after = 1;
    fit.epochs = 3;
    assert_int_equal(brn_table_learner_fit(learner, &fit), BRN_ERROR_INTERRUPTED);
    assert_int_equal(hears.epochs, 1);
    brn_table_learner_free(learner);
}

TEST(answers_of_a_table_learner_are_outputs_probabilities_or_their_logarithms)
{
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "class");
    brn_table_learner *learner = make(&o);
    brn_hand_fit fit = adam(learner, 2);
    assert_ok(brn_table_learner_fit(learner, &fit));
    assert_int_equal(brn_table_learner_class_count(learner), 2);
    assert_int_equal(brn_table_learner_outputs(learner), 2);
    assert_string_equal(brn_table_learner_class(learner, 1), "low");
    assert_null(brn_table_learner_class(learner, 2));
    brn_table_answers *forms[3];
    for (int form = 0; form < 3; form++)
        assert_ok(brn_table_learner_answer(learner, NULL, (brn_answer_form)form, &forms[form]));
    for (int64_t i = 0; i < ROWS / 5; i++) {
        const float *outputs = brn_table_answers_values(forms[0], i), *p = brn_table_answers_values(forms[1], i),
                    *logs = brn_table_answers_values(forms[2], i);
        assert_close(p[0] + p[1], 1, 1e-6);
        assert_close(log(p[0] / p[1]), outputs[0] - outputs[1], 1e-4);
        assert_close(exp(logs[0]), p[0], 1e-6);
        assert_close(exp(logs[1]), p[1], 1e-6);
    }
    for (int form = 0; form < 3; form++) brn_table_answers_free(forms[form]);
    brn_table_learner_free(learner);
}

/* ------------------------------------------------------------------ files */

TEST(a_table_learner_is_saved_as_a_model_and_loads_it)
{
    char path[256];
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    brn_table_learner *learner = make(&o), *fresh = make(&o);
    brn_hand_fit fit = adam(learner, 2);
    assert_ok(brn_table_learner_fit(learner, &fit));
    snprintf(path, sizeof path, "%s/saved.safetensors", test_scratch_folder());
    assert_ok(brn_table_learner_save(learner, path));
    assert_ok(brn_table_learner_load(fresh, path));
    int64_t count;
    float *one = values_of(learner, &count), *two = values_of(fresh, &count);
    assert_memory_equal(one, two, (size_t)count * sizeof *one);
    free(one);
    free(two);
    brn_table_learner_free(fresh);
    o.hidden[0] = 8;
    fresh = make(&o);
    assert_fails(brn_table_learner_load(fresh, path), BRN_ERROR_INPUT, "another one");
    brn_table_learner_free(fresh);
    o.data = write_rows("others.csv", 1);
    o.target = "class";
    fresh = make(&o);
    assert_fails(brn_table_learner_load(fresh, path), BRN_ERROR_INPUT, "prepared otherwise");
    brn_table_learner_free(fresh);
    brn_table_learner_free(learner);
}

TEST(snapshots_of_a_table_learner_are_saved_at_the_ends_of_cycles)
{
    char path[256], prefix[256];
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    brn_table_learner *learner = make(&o);
    brn_hand_fit fit = adam(learner, 2);
    const brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .multiplier = 1};
    snprintf(prefix, sizeof prefix, "%s/snap", test_scratch_folder());
    fit.cycles = &cycles;
    fit.snapshots = prefix;
    assert_ok(brn_table_learner_fit(learner, &fit));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s_cyc_%d.safetensors", prefix, i);
        assert_ok(brn_table_learner_load(learner, path));
    }
    brn_table_learner_free(learner);
}

/* ------------------------------------------------------------------ the network's widths */

static int64_t rows_of(brn_table_learner *learner, const char *name, int dimension)
{
    brn_parameters *parameters = brn_table_learner_parameters(learner);
    const int place = brn_parameters_find(parameters, name);
    return place < 0 ? -1 : brn_parameters_info(parameters, place).shape.dims[dimension];
}

TEST(embeddings_are_as_wide_as_the_options_say)
{
    char path[256];
    static const int64_t widths[] = {7}, too_wide[] = {4097};
    brn_table_train_options o = options_of(write_rows("rows.csv", 1), "y");
    o.form = BRN_TABLE_FORM_COURSE;
    brn_table_learner *learner = make(&o);
    assert_int_equal(rows_of(learner, "embeds.0.weight", 1), 3); /* four words and #na# */
    assert_int_equal(rows_of(learner, "layers.0.2.weight", 0), -1);
    brn_table_learner_free(learner);
    o.embedding_widths = widths;
    o.embedding_width_count = 1;
    o.hidden_norms = true;
    learner = make(&o);
    assert_int_equal(rows_of(learner, "embeds.0.weight", 1), 7);
    assert_int_equal(rows_of(learner, "layers.0.2.weight", 0), 16);
    snprintf(path, sizeof path, "%s/wide.safetensors", test_scratch_folder());
    assert_ok(brn_table_learner_save(learner, path));
    brn_table_model *model;
    assert_ok(brn_table_model_open(path, 1, &model));
    assert_int_equal(brn_table_model_embedding(model, 0).width, 7);
    brn_table_model_close(model);
    brn_table_learner_free(learner);
    o.embedding_widths = too_wide;
    assert_fails(brn_table_learner_new(&o, &learner), BRN_ERROR_USAGE, "embedding width 4097");
    o.embedding_width_count = 2;
    assert_fails(brn_table_learner_new(&o, &learner), BRN_ERROR_USAGE, "embedding widths 2");
    o = options_of(o.data, "y");
    o.folds = 3;
    assert_fails(brn_table_learner_new(&o, &learner), BRN_ERROR_USAGE, "folds");
}
