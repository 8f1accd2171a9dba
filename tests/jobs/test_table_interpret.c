/* SPDX-License-Identifier: Apache-2.0
 * Interpretation of models of made tables, whose target follows from the columns. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/table_interpret.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 400 };

static uint32_t draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

/* y = effect(word) + x / 10 + month / 4; some gaps of x; `word` and `x` may be set in all rows. */
static const char *write_table(const char *name, const char *word, const char *x)
{
    static char path[256], text[96 * (ROWS + 1)];
    static const double effects[] = {0, 5, 1, 4, 2, 3};
    uint32_t state = 7;
    size_t length = (size_t)sprintf(text, "word,x,day,noise,y,class\n");
    for (int i = 0; i < ROWS; i++) {
        uint32_t value = draw(&state, 6), number = 10 + draw(&state, 25), month = draw(&state, 12);
        const bool gap = draw(&state, 20) == 0;
        const double y = effects[value] + number / 10.0 + month / 4.0;
        char own[2][16];
        snprintf(own[0], sizeof own[0], "w%u", value);
        snprintf(own[1], sizeof own[1], gap ? "" : "%u", number);
        length += (size_t)sprintf(text + length, "%s,%s,2015-%02u-%02u,%u,%.2f,%s\n", word ? word : own[0],
                                  x ? x : own[1], month + 1, 1 + draw(&state, 28), draw(&state, 1000), y,
                                  y > 5 ? "high" : "low");
    }
    snprintf(path, sizeof path, "%s/%s", test_scratch_folder(), name);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static brn_table_model *train(const char *data, const char *target, const char *where)
{
    char out[256];
    const char *const ignored[] = {strcmp(target, "y") == 0 ? "class" : "y"};
    brn_table_train_options o = brn_table_train_defaults();
    snprintf(out, sizeof out, "%s/run-%s", test_scratch_folder(), target);
    o.data = data;
    o.target = target;
    o.where = where;
    o.ignored = ignored;
    o.ignored_count = 1;
    o.threads = 1;
    o.batch_size = 32;
    o.out = out;
    o.hidden_count = 1;
    o.hidden[0] = 32;
    o.epochs = 15;
    o.checkpoint_seconds = 1e9;
    assert_ok(brn_table_train(&o, NULL));
    brn_table_model *model;
    assert_ok(brn_table_model_open(out, 1, &model));
    return model;
}

static const brn_table_importance *importance_of(const brn_table_interpretation *found, const char *column)
{
    for (int64_t i = 0; i < found->importance_count; i++)
        if (strcmp(found->importance[i].column, column) == 0) return &found->importance[i];
    fail_msg("no importance of %s", column);
    return NULL;
}

static const brn_table_dependence *dependence_of(const brn_table_interpretation *found, const char *column)
{
    for (int64_t i = 0; i < found->dependence_count; i++)
        if (strcmp(found->dependence[i].column, column) == 0) return &found->dependence[i];
    fail_msg("no dependence on %s", column);
    return NULL;
}

static double mean_answer(brn_table_model *model, const char *data, int64_t k)
{
    brn_table_answers *answers;
    double sum = 0;
    assert_ok(brn_table_predict(model, data, &answers));
    for (int64_t i = 0; i < ROWS; i++) sum += (double)brn_table_answers_values(answers, i)[k];
    brn_table_answers_free(answers);
    return sum / ROWS;
}

TEST(table_importance_finds_the_columns_that_matter)
{
    brn_table_model *model = train(write_table("t.csv", NULL, NULL), "y", NULL);
    brn_table_interpret_options o = brn_table_interpret_defaults();
    brn_table_interpretation found, again;
    assert_ok(brn_table_interpret(model, NULL, &o, &found));
    assert_int_equal(found.count, ROWS / 5); /* the rows that validated */
    assert_int_equal(found.importance_count, 4);
    assert_string_equal(found.importance[0].column, "word");
    assert_string_equal(found.importance[3].column, "noise");
    /* The variance of y by a column, twice, is what shuffling it adds to the squared error: 2 * 2.9 for the
     * words, 2 * .74 for the months, 2 * .33 for x. */
    assert_true(fabs(found.importance[0].mean - 5.8) < 2);
    assert_true(fabs(importance_of(&found, "day")->mean - 1.5) < .7);
    assert_true(importance_of(&found, "x")->mean > .2);
    assert_true(fabs(found.importance[3].mean) < .1);
    assert_true(found.importance[0].metric > 1 && found.importance[0].deviation > 0);
    assert_ok(brn_table_interpret(model, NULL, &o, &again));
    for (int64_t i = 0; i < 4; i++)
        assert_memory_equal(&found.importance[i].mean, &again.importance[i].mean, 4 * sizeof(double));
    brn_table_interpretation_free(&again);
    o.seed = 43;
    o.repeats = 1;
    assert_ok(brn_table_interpret(model, NULL, &o, &again));
    assert_true(again.importance[0].mean != found.importance[0].mean);
    assert_true(again.importance[0].deviation == 0);
    brn_table_interpretation_free(&again);
    brn_table_interpretation_free(&found);
    brn_table_model_close(model);
}

/* The definition, by files in which a column is set. */
TEST(table_dependence_is_the_mean_answer_with_a_column_set)
{
    const char *data = write_table("t.csv", NULL, NULL);
    char all[256];
    snprintf(all, sizeof all, "%s", data);
    brn_table_model *model = train(all, "y", NULL);
    brn_table_interpret_options o = brn_table_interpret_defaults();
    brn_table_interpretation found;
    o.points = 25;
    assert_ok(brn_table_interpret(model, all, &o, &found));
    assert_int_equal(found.count, ROWS);
    const brn_table_dependence *word = dependence_of(&found, "word"), *x = dependence_of(&found, "x");
    assert_true(word->category && word->count == 6 && word->width == 1 && !x->category);
    double shares = 0;
    for (int64_t i = 0; i < word->count; i++) {
        assert_close(word->answers[i], mean_answer(model, write_table("set.csv", word->values[i], NULL), 0), 1e-4);
        assert_true(i == 0 || word->shares[i] <= word->shares[i - 1]);
        shares += word->shares[i];
    }
    assert_close(shares, 1, 1e-12);
    assert_int_equal(x->count, 25); /* all values: 10 to 34 */
    for (int64_t i = 0; i < x->count; i += 6) {
        char text[32];
        assert_close(x->at[i], 10 + (double)i, 1e-4);
        snprintf(text, sizeof text, "%.0f", x->at[i]);
        assert_close(x->answers[i], mean_answer(model, write_table("set.csv", NULL, text), 0), 1e-4);
    }
    const brn_table_dependence *month = dependence_of(&found, "dayMonth"); /* a category by its few values */
    assert_true(month->category && month->count == 12);
    assert_string_equal(month->values[1], "2");
    assert_true(month->answers[11] > month->answers[0]);
    const brn_table_dependence *noise = dependence_of(&found, "noise");
    assert_true(noise->count == 25 && noise->at[0] > 10 && noise->at[24] < 990);
    brn_table_interpretation_free(&found);
    brn_table_model_close(model);
}

static const char *value_of(const brn_table_interpretation *found, const brn_table_worst *worst, const char *column)
{
    for (int64_t i = 0; i < found->column_count; i++)
        if (strcmp(found->columns[i], column) == 0) return worst->values[i];
    fail_msg("no column %s", column);
    return NULL;
}

TEST(table_interpretation_shows_the_worst_rows)
{
    const char *data = write_table("t.csv", NULL, NULL);
    brn_table_model *model = train(data, "class", "x>14");
    brn_table_interpret_options o = brn_table_interpret_defaults();
    brn_table_interpretation found;
    o.worst = 1000;
    o.rows = 50;
    assert_ok(brn_table_interpret(model, NULL, &o, &found));
    assert_true(found.count > 40 && found.count < ROWS / 5 && found.worst_count == found.count);
    assert_int_equal(found.class_count, 2);
    assert_int_equal(found.confusion[0] + found.confusion[1] + found.confusion[2] + found.confusion[3], found.count);
    assert_close((double)(found.confusion[0] + found.confusion[3]) / (double)found.count, found.score.accuracy, 1e-12);
    double loss = 0;
    FILE *file = fopen(data, "r");
    char lines[ROWS + 1][96];
    for (int i = 0; i <= ROWS; i++) assert_non_null(fgets(lines[i], sizeof lines[i], file));
    fclose(file);
    for (int64_t i = 0; i < found.worst_count; i++) {
        const brn_table_worst *w = &found.worst[i];
        char begin[96];
        assert_true(i == 0 || w->loss <= w[-1].loss);
        loss += w->loss;
        snprintf(begin, sizeof begin, "%s,%s,%s,%s,", value_of(&found, w, "word"), value_of(&found, w, "x"),
                 value_of(&found, w, "day"), value_of(&found, w, "noise"));
        assert_memory_equal(lines[w->row], begin, strlen(begin)); /* the row's own number in the file */
        const char *class = strrchr(lines[w->row], ',') + 1;
        assert_memory_equal(class, found.classes[w->label], strlen(found.classes[w->label]));
        assert_true((w->guess == w->label) == (w->probability == w->label_probability));
    }
    assert_close(loss / (double)found.count, found.score.loss, 1e-5);
    brn_table_interpretation_free(&found);
    brn_table_model_close(model);
}

/* ------------------------------------------------------------------ several targets */

/* `first` and `odd` follow from the word alone, `second` and `high` from x alone. */
static const char *write_pairs(void)
{
    static char path[256], text[64 * (ROWS + 1)];
    uint32_t state = 3;
    size_t length = (size_t)sprintf(text, "word,x,first,second,odd,high\n");
    for (int i = 0; i < ROWS; i++) {
        const uint32_t word = draw(&state, 4), x = draw(&state, 100);
        length += (size_t)sprintf(text + length, "w%u,%u.5,%u.25,%u,%u,%u\n", word, x, word, 5000 + 100 * x, word % 2, x >= 50);
    }
    snprintf(path, sizeof path, "%s/pairs.csv", test_scratch_folder());
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static brn_table_model *train_two(const char *data, const char *first, const char *second, const char *const ignored[2])
{
    char out[256];
    brn_table_train_options o = brn_table_train_defaults();
    snprintf(out, sizeof out, "%s/run-%s", test_scratch_folder(), first);
    o.data = data;
    o.target = first;
    o.more_targets = &second, o.more_target_count = 1;
    o.ignored = ignored, o.ignored_count = 2;
    o.threads = 1;
    o.batch_size = 32;
    o.out = out;
    o.hidden_count = 1;
    o.hidden[0] = 32;
    o.epochs = 20;
    o.checkpoint_seconds = 1e9;
    assert_ok(brn_table_train(&o, NULL));
    brn_table_model *model;
    assert_ok(brn_table_model_open(out, 1, &model));
    return model;
}

TEST(table_interpretation_looks_at_one_of_several_numbers)
{
    const char *data = write_pairs(), *const ignored[] = {"odd", "high"};
    brn_table_model *model = train_two(data, "first", "second", ignored);
    brn_table_interpret_options o = brn_table_interpret_defaults();
    brn_table_interpretation first, second;
    assert_ok(brn_table_interpret(model, data, &o, &first));
    assert_string_equal(first.target, "first");
    assert_string_equal(first.importance[0].column, "word");
    o.target = "second";
    assert_ok(brn_table_interpret(model, data, &o, &second));
    assert_string_equal(second.target, "second");
    assert_string_equal(second.importance[0].column, "x");
    assert_true(importance_of(&second, "word")->mean < .1 * second.importance[0].mean);
    assert_true(importance_of(&first, "x")->mean < .1 * first.importance[0].mean);
    assert_int_equal(second.unused_count, 2);
    /* All in the target's own units: 100 for a step of x. */
    const brn_table_dependence *x = dependence_of(&second, "x");
    assert_int_equal(x->width, 1);
    assert_close((x->answers[x->count - 1] - x->answers[0]) / (x->at[x->count - 1] - x->at[0]), 100, .15);
    brn_table_answers *answers;
    assert_ok(brn_table_predict(model, data, &answers));
    double squares = 0, size = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        assert_close(second.answers[i], (double)brn_table_answers_values(answers, i)[1], 1e-6);
        assert_close(first.answers[i], (double)brn_table_answers_values(answers, i)[0], 1e-6);
        assert_true(fmod(second.truths[i] + .5, 100) < 1 && fabs(fmod(first.truths[i], 1) - .25) < 1e-3);
        squares += pow(second.answers[i] - second.truths[i], 2) / ROWS;
        size += fabs(second.answers[i] - second.truths[i]) / ROWS;
    }
    assert_close(second.score.rmse, sqrt(squares), 1e-4);
    assert_close(second.score.mae, size, 1e-4);
    assert_close(second.worst[0].loss, fabs(second.worst[0].answer - second.worst[0].truth), 1e-9);
    brn_table_answers_free(answers);
    brn_table_interpretation_free(&first);
    brn_table_interpretation_free(&second);
    o.target = "third";
    assert_fails(brn_table_interpret(model, data, &o, &first), BRN_ERROR_USAGE,
                 "the model has no target \"third\"; it has first, second");
    brn_table_model_close(model);
}

TEST(table_interpretation_looks_at_one_of_several_truths)
{
    const char *data = write_pairs(), *const ignored[] = {"first", "second"};
    brn_table_model *model = train_two(data, "odd", "high", ignored);
    brn_table_interpret_options o = brn_table_interpret_defaults();
    brn_table_interpretation found;
    o.target = "high";
    assert_ok(brn_table_interpret(model, data, &o, &found));
    assert_string_equal(found.importance[0].column, "x");
    assert_true(found.importance[0].metric > .2 && importance_of(&found, "word")->metric < .1);
    const brn_table_dependence *x = dependence_of(&found, "x");
    assert_true(x->answers[0] < .1 && x->answers[x->count - 1] > .9);
    double right = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        assert_true(found.truths[i] == 0 || found.truths[i] == 1);
        right += (found.answers[i] > .5) == (found.truths[i] > .5);
    }
    assert_close(found.score.accuracy, right / ROWS, 1e-9);
    brn_table_interpretation_free(&found);
    brn_table_model_close(model);
}

static int stop(void *context, const brn_event *event)
{
    *(int64_t *)context = event->batch;
    return event->batch == 3;
}

TEST(table_interpretation_can_be_stopped_and_refuses_what_it_cannot_use)
{
    const char *data = write_table("t.csv", NULL, NULL);
    brn_table_model *model = train(data, "y", NULL);
    brn_table_interpret_options o = brn_table_interpret_defaults();
    brn_table_interpretation found;
    int64_t steps = 0;
    o.on_event = stop;
    o.context = &steps;
    assert_fails(brn_table_interpret(model, NULL, &o, &found), BRN_ERROR_INTERRUPTED, "");
    const int64_t live = brn__alloc_live(); /* with the plans that the model keeps */
    assert_fails(brn_table_interpret(model, NULL, &o, &found), BRN_ERROR_INTERRUPTED, "");
    assert_int_equal(steps, 3);
    assert_null(found.kept);
    o.on_event = NULL;
    o.repeats = 0;
    assert_fails(brn_table_interpret(model, NULL, &o, &found), BRN_ERROR_USAGE, "repeats 0; expected 1 to 1000");
    o.repeats = 1;
    assert_fails(brn_table_interpret(model, "nowhere.csv", &o, &found), BRN_ERROR_INPUT, "nowhere.csv");
    char path[256];
    snprintf(path, sizeof path, "%s/short.csv", test_scratch_folder());
    const char text[] = "word,x,day,y\nw1,12,2015-01-01,3\n";
    assert_ok(brn__replace_file(path, text, strlen(text)));
    assert_fails(brn_table_interpret(model, path, &o, &found), BRN_ERROR_INPUT, "no column \"noise\"");
    assert_ok(remove(data) == 0 ? BRN_OK : BRN_ERROR_IO);
    assert_fails(brn_table_interpret(model, NULL, &o, &found), BRN_ERROR_INPUT, "t.csv");
    assert_int_equal(brn__alloc_live(), live);
    brn_table_model_close(model);
}
