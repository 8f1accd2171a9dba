/* SPDX-License-Identifier: Apache-2.0
 * The table job end to end on made tables, whose target follows from the columns. */
#include "base/alloc.h"
#include "base/files.h"
#include "jobs/table_job.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 600 };

static uint32_t draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

/* y = effect(word) + x / 10, class = y > 3; some gaps. Static buffer. */
static const char *write_table(const char *folder, const char *name, int rows, uint32_t seed)
{
    static char path[256], text[64 * (ROWS + 1)];
    static const double effects[] = {0, 5, 1, 4, 2, 3};
    uint32_t state = seed;
    size_t length = (size_t)sprintf(text, "word,x,noise,y,class\n");
    for (int i = 0; i < rows; i++) {
        uint32_t word = draw(&state, 6), x = draw(&state, 20);
        double y = effects[word] + x / 10.0;
        bool gap = draw(&state, 20) == 0;
        length +=
            (size_t)sprintf(text + length, "w%u,%s%.0u,%u,%.1f,%s\n", word, gap ? "" : "1",
                            gap ? 0 : x + 10, draw(&state, 1000), y + 1, y > 3 ? "high" : "low");
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static brn_table_train_options quick_options(const char *data, const char *target)
{
    static char out[256];
    brn_table_train_options o = brn_table_train_defaults();
    snprintf(out, sizeof out, "%s/run", test_scratch_folder());
    o.data = data;
    o.target = target;
    o.threads = 1;
    o.batch_size = 32;
    o.out = out;
    o.hidden_count = 1;
    o.hidden[0] = 32;
    o.dropout[0] = .05;
    o.embedding_dropout = .02;
    o.epochs = 12;
    o.checkpoint_seconds = 0;
    return o;
}

TEST(table_job_learns_classes_and_answers_alike)
{
    const char *data = write_table(test_scratch_folder(), "t.csv", ROWS, 1);
    brn_table_train_options o = quick_options(data, "class");
    const char *ignored[] = {"y"};
    o.ignored = ignored;
    o.ignored_count = 1;
    brn_table_result result;
    assert_ok(brn_table_train(&o, &result));
    assert_int_equal(result.train_count, 480);
    assert_int_equal(result.score.count, 120);
    assert_true(result.score.accuracy > .93 && result.score.loss < .25);
    assert_true(isnan(result.score.rmse));
    brn_table_model *model;
    assert_ok(brn_table_model_open(result.run, 1, &model));
    assert_int_equal(brn_table_model_class_count(model), 2);
    assert_string_equal(brn_table_model_class(model, 0), "high");
    assert_string_equal(brn_table_model_target(model), "class");
    assert_int_equal(brn_table_model_embedding_count(model), 2); /* word, and the gaps of x */
    brn_table_embedding embedding = brn_table_model_embedding(model, 0);
    assert_string_equal(embedding.column, "word");
    assert_int_equal(embedding.count, 7);
    assert_int_equal(embedding.width, 5);
    assert_string_equal(brn_table_model_embedding_value(model, 0, 0), "#na#");
    assert_string_equal(brn_table_model_embedding_value(model, 0, 6), "w5");
    /* w1 (effect 5) lies farther from w0 (effect 0) than from w3 (effect 4). */
    double far = 0, near = 0;
    for (int64_t i = 0; i < embedding.width; i++) {
        const float *v = embedding.vectors + i;
        far += pow(v[2 * embedding.width] - v[1 * embedding.width], 2);
        near += pow(v[2 * embedding.width] - v[4 * embedding.width], 2);
    }
    assert_true(near < far);
    brn_table_score score;
    assert_ok(brn_table_evaluate(model, data, &score));
    assert_true(score.count == ROWS && score.accuracy > .93);
    brn_table_answers *answers;
    assert_ok(brn_table_predict(model, data, &answers));
    assert_int_equal(brn_table_answers_count(answers), ROWS);
    for (int64_t i = 0; i < ROWS; i++) {
        const float *p = brn_table_answers_values(answers, i);
        assert_close(p[0] + p[1], 1, 1e-6);
    }
    brn_table_answers_free(answers);
    brn_table_model_close(model);
}

TEST(table_job_learns_numbers_and_meets_new_tables)
{
    char folder[128];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    const char *data = write_table(folder, "t.csv", ROWS, 2);
    brn_table_train_options o = quick_options(data, "y");
    const char *words[] = {"word"}, *numbers[] = {"x"};
    o.categories = words;
    o.numbers = numbers;
    o.category_count = o.number_count = 1;
    o.only_named = true;
    o.target_log = true;
    o.has_range = true;
    o.low = -.5;
    o.high = 2.6;
    brn_table_result result;
    assert_ok(brn_table_train(&o, &result));
    assert_true(result.score.exp_rmspe < .25 && result.score.rmse < 1);
    assert_true(isnan(result.score.accuracy));
    brn_table_model *model;
    assert_ok(brn_table_model_open(result.run, 1, &model));
    char path[256];
    snprintf(path, sizeof path, "%s/new.csv", folder);
    static const char news[] = "x,word\n110,w0\n129,w1\n120,never seen\n,\n";
    assert_ok(brn__replace_file(path, news, sizeof news - 1));
    brn_table_answers *answers;
    assert_ok(brn_table_predict(model, path, &answers));
    assert_int_equal(brn_table_answers_count(answers), 4);
    for (int64_t i = 0; i < 4; i++) {
        float y = *brn_table_answers_values(answers, i);
        assert_true(y > expf(-.5f) && y < expf(2.6f));
    }
    assert_int_equal(brn_table_model_column_count(model), 2);
    assert_string_equal(brn_table_model_column(model, 0), "word");
    static const char *const rows[][2] = {
        {"w0", "110"}, {"w1", "129"}, {"never seen", "120"}, {NULL, ""}};
    for (int64_t i = 0; i < 4; i++) {
        const float *alone;
        assert_ok(brn_table_predict_row(model, rows[i], &alone));
        assert_close(*alone, *brn_table_answers_values(answers, i), 1e-5);
    }
    const float *none;
    assert_fails(brn_table_predict_row(model, (const char *const[]){"w0", "ten"}, &none),
                 BRN_ERROR_INPUT, "column \"x\": \"ten\"; expected a number");
    assert_true(*brn_table_answers_values(answers, 0) < 2.5f);
    assert_true(*brn_table_answers_values(answers, 1) > 5.f);
    brn_table_answers_free(answers);
    assert_ok(brn__replace_file(path, "x,name\n1,w0\n", 12));
    assert_fails(brn_table_predict(model, path, &answers), BRN_ERROR_INPUT, "no column \"word\"");
    assert_null(answers);
    assert_ok(brn__replace_file(path, "x,word\n1,w0\n", 12));
    brn_table_score score;
    assert_fails(brn_table_evaluate(model, path, &score), BRN_ERROR_INPUT, "no column \"y\"");
    brn_table_model_close(model);
}

typedef struct stopper {
    int64_t batches_left;
} stopper;

static int stop_after(void *context, const brn_event *event)
{
    stopper *s = context;
    return event->kind == BRN_EVENT_BATCH && s->batches_left-- <= 0;
}

static void read_model(const char *run, char **bytes, size_t *length)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/model.safetensors", run);
    assert_ok(brn__read_file(path, 1 << 24, bytes, length));
}

TEST(table_job_goes_on_to_the_same_bits)
{
    const char *data = write_table(test_scratch_folder(), "t.csv", ROWS, 3);
    brn_table_train_options o = quick_options(data, "class");
    char whole_run[4096];
    o.epochs = 3;
    brn_table_result result;
    assert_ok(brn_table_train(&o, &result));
    snprintf(whole_run, sizeof whole_run, "%s", result.run);
    double loss = result.score.loss;
    for (int64_t batches = 1; batches < 60; batches += 26) {
        brn_table_train_options again = quick_options(data, "class");
        stopper s = {batches};
        again.epochs = 3;
        again.on_event = stop_after;
        again.context = &s;
        assert_fails(brn_table_train(&again, &result), BRN_ERROR_INTERRUPTED,
                     "can be gone on with");
        brn_table_result resumed;
        assert_ok(brn_table_resume(result.run, NULL, NULL, &resumed));
        assert_true(resumed.score.loss == loss);
        char *a, *b;
        size_t a_length, b_length;
        read_model(whole_run, &a, &a_length);
        read_model(resumed.run, &b, &b_length);
        assert_int_equal(a_length, b_length);
        assert_memory_equal(a, b, a_length);
        brn__free(a);
        brn__free(b);
    }
    assert_fails(brn_table_resume("/nowhere", NULL, NULL, &result), BRN_ERROR_INPUT, "/nowhere");
}

TEST(table_job_refuses_another_table_on_resume)
{
    char folder[128];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder()); /* whose buffer is used again */
    const char *data = write_table(folder, "t.csv", ROWS, 4);
    brn_table_train_options o = quick_options(data, "class");
    stopper s = {2};
    o.on_event = stop_after;
    o.context = &s;
    brn_table_result result;
    assert_fails(brn_table_train(&o, &result), BRN_ERROR_INTERRUPTED, "interrupted after 0 of 12");
    write_table(folder, "t.csv", ROWS, 5);
    assert_fails(brn_table_resume(result.run, NULL, NULL, NULL), BRN_ERROR_INPUT,
                 "is not the table that the run was begun on");
}

TEST(table_job_splits_by_an_is_valid_column)
{
    char path[256], text[8192] = "a,is_valid,y\n";
    for (int i = 0; i < 100; i++)
        sprintf(text + strlen(text), "%d,%s,%d.5\n", i % 7, i % 4 == 0 ? "True" : "False", i % 7);
    snprintf(path, sizeof path, "%s/t.csv", test_scratch_folder());
    assert_ok(brn__replace_file(path, text, strlen(text)));
    brn_table_train_options o = quick_options(path, "y");
    brn_table_result result;
    assert_ok(brn_table_train(&o, &result));
    assert_int_equal(result.train_count, 75);
    assert_int_equal(result.valid_count, 25);
}

/* All that the class depends on stands in a second table. */
TEST(table_job_joins_tables_in_training_and_after)
{
    char folder[128], first[256], second[256], text[64 * 300];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    snprintf(first, sizeof first, "%s/rows.csv", folder);
    snprintf(second, sizeof second, "%s/stores.csv", folder);
    size_t length = (size_t)sprintf(text, "Store,y\n");
    for (int i = 0; i < 300; i++)
        length += (size_t)sprintf(text + length, "%d,%s\n", i % 40, i % 40 % 3 ? "a" : "b");
    assert_ok(brn__replace_file(first, text, length));
    length = (size_t)sprintf(text, "Store,kind\n");
    for (int i = 0; i < 40; i++) length += (size_t)sprintf(text + length, "%d,k%d\n", i, i % 3);
    assert_ok(brn__replace_file(second, text, length));
    const char *keys[] = {"Store"}, *ignored[] = {"Store"};
    const brn_table_join join = {second, keys, 1};
    brn_table_train_options o = quick_options(first, "y");
    o.joins = &join;
    o.join_count = 1;
    o.ignored = ignored;
    o.ignored_count = 1;
    brn_table_result result;
    assert_ok(brn_table_train(&o, &result));
    assert_true(result.score.accuracy == 1);
    brn_table_model *model;
    assert_ok(brn_table_model_open(result.run, 1, &model));
    brn_table_score score;
    assert_ok(brn_table_evaluate(model, first, &score));
    assert_true(score.accuracy == 1);
    assert_ok(brn__replace_file(second, "Store,sort\n1,k1\n", 16));
    assert_fails(brn_table_evaluate(model, first, &score), BRN_ERROR_INPUT, "no column \"kind\"");
    brn_table_model_close(model);
}

TEST(table_job_refuses_embeddings_without_end)
{
    brn__category_column categories[] = {{.name = "word", .count = 30},
                                         {.name = "id", .count = 9000000}};
    brn__preparation preparation = {.categories = categories, .category_count = 2};
    brn_table_train_options o = quick_options("t.csv", "y");
    brn__table_network network;
    assert_fails(brn__table_network_new(&o, &preparation, &network), BRN_ERROR_INPUT,
                 "those of column \"id\" alone 5.4e+09 (9000000 categories)");
    assert_null(network.graph);
}

TEST(table_job_checks_its_options)
{
    const char *data = write_table(test_scratch_folder(), "t.csv", 50, 6);
    brn_table_train_options o = quick_options(data, "z");
    assert_fails(brn_table_train(&o, NULL), BRN_ERROR_INPUT, "no column \"z\"");
    assert_false(brn__is_folder(o.out));
    o = quick_options(data, NULL);
    assert_fails(brn_table_train(&o, NULL), BRN_ERROR_USAGE, "target: expected");
    o = quick_options(data, "y");
    o.batch_size = 1;
    assert_fails(brn_table_train(&o, NULL), BRN_ERROR_USAGE, "batch size 1; expected 2");
    o = quick_options(data, "y");
    o.dropout[0] = 1;
    assert_fails(brn_table_train(&o, NULL), BRN_ERROR_USAGE, "dropout 1");
    o = quick_options(data, "y");
    o.split = BRN_TABLE_SPLIT_TIME;
    assert_fails(brn_table_train(&o, NULL), BRN_ERROR_USAGE, "expected the column that splits");
    brn_table_model *model;
    assert_fails(brn_table_model_open(data, 1, &model), BRN_ERROR_INPUT, "");
    assert_null(model);
}

/* y is 1 for most rows and 9 for some: means, medians and quantiles differ. */
TEST(table_job_learns_from_the_loss_that_is_asked_for)
{
    char path[256], text[16384] = "a,y,c\n";
    for (int i = 0; i < 400; i++)
        sprintf(text + strlen(text), "%d,%d.5,%s\n", i % 3, i % 5 == 0 ? 9 : 1, i % 5 ? "o" : "x");
    snprintf(path, sizeof path, "%s/t.csv", test_scratch_folder());
    assert_ok(brn__replace_file(path, text, strlen(text)));
    static const struct {
        brn_table_loss loss;
        double quantile, low, high;
    } cases[] = {{BRN_TABLE_LOSS_MSE, .5, 2.6, 3.6},
                 {BRN_TABLE_LOSS_MAE, .5, 1.2, 1.8},
                 {BRN_TABLE_LOSS_QUANTILE, .9, 8, 10},
                 {BRN_TABLE_LOSS_QUANTILE, .2, 1.2, 1.8}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        brn_table_train_options o = quick_options(path, "y");
        const char *words[] = {"a"};
        brn_table_result result;
        brn_table_model *model;
        brn_table_answers *answers;
        o.categories = words, o.category_count = 1, o.only_named = true;
        o.loss = cases[i].loss;
        o.quantile = cases[i].quantile;
        o.learning_rate = .05;
        o.epochs = 25;
        o.dropout[0] = 0;
        assert_ok(brn_table_train(&o, &result));
        assert_ok(brn_table_model_open(result.run, 1, &model));
        assert_int_equal(model->options.loss, cases[i].loss);
        assert_ok(brn_table_predict(model, path, &answers));
        double answer = *brn_table_answers_values(answers, 0), loss = 0;
        assert_true(answer > cases[i].low && answer < cases[i].high);
        brn_table_answers_free(answers);
        brn_table_score score;
        assert_ok(brn_table_evaluate(model, path, &score));
        for (int row = 0; row < 400; row++) {
            double d = (row % 5 == 0 ? 9.5 : 1.5) - answer, q = cases[i].quantile;
            loss += (cases[i].loss == BRN_TABLE_LOSS_MSE   ? d * d
                     : cases[i].loss == BRN_TABLE_LOSS_MAE ? fabs(d)
                                                           : fmax(q * d, (q - 1) * d)) /
                    400;
        }
        assert_close(score.loss, loss, .2); /* rows have three different answers */
        brn_table_model_close(model);
    }
    brn_table_train_options o = quick_options(path, "c");
    brn_table_result result;
    o.loss = BRN_TABLE_LOSS_MAE;
    assert_fails(brn_table_train(&o, &result), BRN_ERROR_USAGE,
                 "the target \"c\" is a class, which the loss \"mae\" is not for");
    o.loss = BRN_TABLE_LOSS_FOCAL;
    assert_ok(brn_table_train(&o, &result));
    assert_true(result.score.accuracy > .95 && result.score.loss < .05);
}

/* Two numbers of very different size, and two truths; each follows from the columns. */
static const char *write_several(void)
{
    static char path[256], text[64 * 500];
    uint32_t state = 9;
    size_t length = (size_t)sprintf(text, "word,x,small,large,odd,high\n");
    for (int i = 0; i < 480; i++) {
        uint32_t word = draw(&state, 4), x = draw(&state, 100);
        length += (size_t)sprintf(text + length, "w%u,%u.5,%.3f,%u.5,%u,%s\n", word, x, word / 100.0,
                                  100000 + 9000 * x, word % 2, x >= 50 ? "True" : "False");
    }
    snprintf(path, sizeof path, "%s/several.csv", test_scratch_folder());
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

TEST(table_job_learns_several_numbers_at_once)
{
    const char *data = write_several(), *more[] = {"large"}, *ignored[] = {"odd", "high"};
    brn_table_train_options o = quick_options(data, "small");
    brn_table_result result;
    o.more_targets = more, o.more_target_count = 1;
    o.ignored = ignored, o.ignored_count = 2;
    o.epochs = 40;
    o.dropout[0] = 0;
    assert_ok(brn_table_train(&o, &result));
    assert_true(result.score.loss < .1 && isnan(result.score.accuracy));
    brn_table_model *model;
    brn_table_answers *answers;
    assert_ok(brn_table_model_open(result.run, 1, &model));
    assert_int_equal(brn_table_model_target_count(model), 2);
    assert_string_equal(brn_table_model_target_name(model, 1), "large");
    assert_null(brn_table_model_target_name(model, 2));
    assert_false(brn_table_model_has_truths(model));
    assert_ok(brn_table_predict(model, data, &answers));
    brn_table *table;
    const brn_table_options options = brn_table_defaults();
    assert_ok(brn_table_open(data, &options, &table));
    double small = 0, large = 0;
    for (int64_t i = 0; i < 480; i++) {
        const float *values = brn_table_answers_values(answers, i);
        small += fabs(values[0] - table->columns[2].reals[i]) / 480;
        large += fabs(values[1] - table->columns[3].reals[i]) / 480;
    }
    assert_true(small < .004 && large < 90000); /* of .03 and 900,000 that they range over */
    brn_table_score score;
    assert_ok(brn_table_evaluate(model, data, &score));
    assert_close(score.mae, (small + large) / 2, 1e-3);
    const float *alone;
    const char *row[3];
    assert_int_equal(brn_table_model_column_count(model), 2);
    for (int64_t i = 0; i < 2; i++)
        row[i] = !strcmp(brn_table_model_column(model, i), "word") ? "w3" : "20.5";
    assert_ok(brn_table_predict_row(model, row, &alone));
    assert_true(fabsf(alone[0] - .03f) < .01f && fabsf(alone[1] - 280000) < 150000);
    brn_table_answers_free(answers);
    brn_table_close(table);
    brn_table_model_close(model);
}

TEST(table_job_learns_several_truths_at_once)
{
    const char *data = write_several(), *more[] = {"high"}, *ignored[] = {"small", "large"};
    brn_table_train_options o = quick_options(data, "odd");
    brn_table_result result;
    o.more_targets = more, o.more_target_count = 1;
    o.ignored = ignored, o.ignored_count = 2;
    o.folds = 2;
    o.epochs = 30;
    assert_ok(brn_table_train(&o, &result));
    assert_true(result.score.accuracy > .93 && result.score.loss < .25 && isnan(result.score.rmse));
    assert_int_equal(result.fold_count, 2);
    brn_table_model *model;
    brn_table_answers *answers;
    brn_table_score score;
    assert_ok(brn_table_model_open(result.run, 1, &model));
    assert_true(brn_table_model_has_truths(model));
    assert_ok(brn_table_evaluate(model, data, &score));
    assert_true(score.accuracy > .95);
    assert_ok(brn_table_predict(model, data, &answers));
    for (int64_t i = 0; i < 480; i++)
        for (int k = 0; k < 2; k++) {
            float p = brn_table_answers_values(answers, i)[k];
            assert_true(p >= 0 && p <= 1);
        }
    brn_table_answers_free(answers);
    brn_table_model_close(model);
    char path[4200], *oof;
    snprintf(path, sizeof path, "%s/oof.csv", result.run);
    assert_ok(brn__read_file(path, 1 << 20, &oof, NULL));
    assert_memory_equal(oof, "row,odd,high,fold,p_odd,p_high\n", 31);
    brn__free(oof);
    const char *words[] = {"word"};
    o = quick_options(data, "odd");
    o.more_targets = words, o.more_target_count = 1;
    assert_fails(brn_table_train(&o, &result), BRN_ERROR_INPUT,
                 "the target \"word\" is text; several targets are numbers or truths");
    o = quick_options(data, "odd");
    o.more_targets = more, o.more_target_count = 1;
    o.loss = BRN_TABLE_LOSS_MAE;
    assert_fails(brn_table_train(&o, &result), BRN_ERROR_USAGE, "expected no other loss");
}

/* The vector of #na#, which no row has, before and after training. */
static void vector_of_none(bool lazy, int epochs, float out[5])
{
    brn_table_train_options o = quick_options(write_table(test_scratch_folder(), "t.csv", ROWS, 3), "class");
    brn_table_model *model;
    brn_table_result result;
    o.lazy = lazy;
    o.epochs = epochs;
    o.weight_decay = .1;
    assert_ok(brn_table_train(&o, &result));
    assert_true(epochs < 5 || result.score.accuracy > .9);
    assert_ok(brn_table_model_open(result.run, 1, &model));
    brn_table_embedding embedding = brn_table_model_embedding(model, 0);
    assert_int_equal(embedding.width, 5);
    memcpy(out, embedding.vectors, 5 * sizeof *out);
    brn_table_model_close(model);
}

TEST(table_job_may_leave_rows_of_embeddings_that_batches_lack)
{
    float begin[5], lazy[5], dense[5];
    vector_of_none(false, 0, begin);
    vector_of_none(true, 8, lazy);
    vector_of_none(false, 8, dense);
    assert_memory_equal(begin, lazy, sizeof begin);
    for (int i = 0; i < 5; i++) assert_true(dense[i] != begin[i]); /* weight decay */
}
