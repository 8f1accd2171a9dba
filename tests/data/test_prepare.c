/* SPDX-License-Identifier: Apache-2.0
 * Preparation against fastai 2 and pandas (tests/golden/make_tables.py), and by hand. */
#include "base/alloc.h"
#include "data/table/date_parts.h"
#include "data/table/row_reader.h"
#include "data/table/split.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn_table *read_text(const char *text)
{
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    assert_ok(brn__table_read("t.csv", text, strlen(text), &options, 0, &table));
    return table;
}

static brn_table *read_file(const char *path)
{
    brn_table *table;
    brn_table_options options = brn_table_defaults();
    assert_ok(brn_table_open(path, &options, &table));
    return table;
}

/* Rows whose number is no multiple of `period` train. */
static bool *training_rows(const brn_table *table, int64_t period)
{
    bool *training = malloc((size_t)table->row_count);
    assert_non_null(training);
    for (int64_t row = 0; row < table->row_count; row++) training[row] = row % period != 0;
    return training;
}

static double *column_of(const brn__prepared *prepared, int64_t column)
{
    double *values = malloc((size_t)prepared->rows * sizeof *values);
    assert_non_null(values);
    int64_t width = prepared->category_count + prepared->number_count;
    for (int64_t row = 0; row < prepared->rows; row++)
        values[row] = prepared->inputs[row * width + column];
    return values;
}

/* The JSON must say all: the preparation is applied after a way through it. */
static brn__preparation *through_json(brn__preparation *preparation)
{
    char *json;
    brn__preparation *again;
    assert_ok(brn__preparation_write(preparation, &json));
    brn__preparation_free(preparation);
    assert_ok(brn__preparation_read(json, &again));
    brn__free(json);
    return again;
}

TEST(prepare_equals_fastai_row_by_row)
{
    json_t *golden = golden_open("tests/golden/tables/mixed.json");
    brn_table *table = read_file(test_source_path("tests/golden/tables/mixed.csv"));
    bool *training = training_rows(table, 4);
    const char *ignored[] = {"SaleDate", "stamp"};
    brn__prepare_options options = brn__prepare_defaults();
    options.target = "price";
    options.ignored = ignored;
    options.ignored_count = 2;
    brn__preparation *p;
    assert_ok(brn__prepare_learn(table, training, &options, &p));
    p = through_json(p);
    brn__prepared prepared;
    assert_ok(brn__prepare_apply(p, table, true, &prepared));
    const json_t *categories = golden_at(golden, "categories"),
                 *numbers = golden_at(golden, "numbers");
    assert_int_equal(p->category_count, (int64_t)json_object_size(categories));
    assert_int_equal(p->number_count, (int64_t)json_object_size(numbers));
    for (int64_t i = 0; i < p->category_count + p->number_count; i++) {
        bool number = i >= p->category_count;
        const char *name = number ? p->numbers[i - p->category_count].name : p->categories[i].name;
        const json_t *want = json_object_get(number ? numbers : categories, name);
        assert_non_null(want);
        double *values = column_of(&prepared, i);
        double error = golden_check_array(want, name, values, prepared.rows, number ? 1e-6 : 0);
        assert_true(error <= (number ? 1e-6 : 0));
        free(values);
    }
    brn__prepared_free(&prepared);
    brn__preparation_free(p);
    brn_table_close(table);
    free(training);
    json_decref(golden);
}

TEST(date_parts_equal_pandas)
{
    json_t *golden = golden_open("tests/golden/tables/mixed.json");
    brn_table *table = read_file(test_source_path("tests/golden/tables/mixed.csv"));
    int64_t before = table->column_count;
    assert_ok(brn__table_add_date_parts(table, "SaleDate", false));
    assert_ok(brn__table_add_date_parts(table, "stamp", true));
    const json_t *dates = golden_at(golden, "dates");
    assert_int_equal(table->column_count - before, (int64_t)json_object_size(dates));
    for (int64_t c = before; c < table->column_count; c++) {
        const brn__column *column = &table->columns[c];
        const json_t *want = json_object_get(dates, column->name);
        if (!want) fail_msg("pandas has no %s", column->name);
        for (int64_t row = 0; row < table->row_count; row++) {
            bool truth = column->type == BRN_COLUMN_BOOLEAN;
            int64_t got = truth ? column->codes[row] : column->integers[row];
            int64_t expected = json_integer_value(json_array_get(want, (size_t)row));
            if (got != expected)
                fail_msg("%s of row %lld: %lld, expected %lld", column->name, (long long)row,
                         (long long)got, (long long)expected);
        }
    }
    assert_fails(brn__table_add_date_parts(table, "word", false), BRN_ERROR_INPUT,
                 "column \"word\" is text; expected dates");
    brn_table_close(table);
    json_decref(golden);
}

TEST(prepare_equals_fastai_on_adult)
{
    brn_table *table = read_file(test_data_path("tabular/adult/adult.csv"));
    json_t *golden = golden_open("tests/golden/tables/adult.json");
    bool *training = training_rows(table, 5);
    brn__prepare_options options = brn__prepare_defaults();
    options.target = "salary";
    const char *numbers[] = {"education-num"};
    options.numbers = numbers;
    options.number_count = 1;
    brn__preparation *p;
    assert_ok(brn__prepare_learn(table, training, &options, &p));
    assert_int_equal(p->category_count, 9);
    assert_int_equal(p->number_count, 6);
    brn__prepared prepared;
    assert_ok(brn__prepare_apply(p, table, true, &prepared));
    for (int64_t i = 0; i < 15; i++) {
        bool number = i >= p->category_count;
        const char *name = number ? p->numbers[i - p->category_count].name : p->categories[i].name;
        double *values = column_of(&prepared, i);
        assert_summary(golden, number ? "numbers" : "categories", name, values, prepared.rows,
                       number ? 1e-7 : 1e-14);
        free(values);
    }
    double *classes = malloc((size_t)prepared.rows * sizeof *classes);
    for (int64_t row = 0; row < prepared.rows; row++) classes[row] = (double)prepared.classes[row];
    const json_t *target = golden_at(golden, "target");
    assert_true(golden_check_summary(target, "salary", classes, prepared.rows, 1e-14) <= 1e-14);
    free(classes);
    brn__prepared_free(&prepared);
    brn__preparation_free(p);
    brn_table_close(table);
    free(training);
    json_decref(golden);
}

/* Row by row from texts, the same as from the table. */
TEST(rows_of_texts_are_prepared_as_tables_are)
{
    brn_table *table = read_file(test_source_path("tests/golden/tables/mixed.csv"));
    bool *training = training_rows(table, 4);
    brn__prepare_options options = brn__prepare_defaults();
    options.target = "price";
    brn__preparation *p;
    assert_ok(brn__prepare_learn(table, training, &options, &p));
    brn__prepared prepared;
    assert_ok(brn__prepare_apply(p, table, false, &prepared));
    const brn__field_rules rules = {.point = '.'};
    brn__row_reader *reader;
    assert_ok(brn__row_reader_new(p, &rules, &reader));
    assert_int_equal(brn__row_reader_count(reader), 8);
    brn__csv_options csv_options = brn__csv_defaults();
    brn__csv *csv;
    assert_ok(brn__csv_open(test_source_path("tests/golden/tables/mixed.csv"), &csv_options, &csv));
    int64_t width = prepared.category_count + prepared.number_count;
    float *inputs = malloc((size_t)width * sizeof *inputs);
    for (int64_t row = 0; row < prepared.rows; row++) {
        char texts[8][64];
        const char *values[8];
        brn__csv_row fields;
        assert_ok(brn__csv_next(csv, &fields));
        for (int64_t i = 0; i < 8; i++) {
            int64_t column = brn__csv_column_find(csv, brn__row_reader_column(reader, i));
            snprintf(texts[i], 64, "%.*s", (int)fields.fields[column].length,
                     fields.fields[column].bytes);
            values[i] = *texts[i] ? texts[i] : NULL;
        }
        assert_ok(brn__row_reader_read(reader, values, inputs));
        assert_memory_equal(inputs, prepared.inputs + row * width, (size_t)width * sizeof *inputs);
    }
    const char *wrong[8] = {NULL};
    for (int64_t i = 0; i < 8; i++)
        if (!strcmp(brn__row_reader_column(reader, i), "stamp")) wrong[i] = "yesterday";
    assert_fails(brn__row_reader_read(reader, wrong, inputs), BRN_ERROR_INPUT,
                 "column \"stamp\": \"yesterday\"; expected a date");
    free(inputs);
    brn__csv_close(csv);
    brn__row_reader_free(reader);
    brn__prepared_free(&prepared);
    brn__preparation_free(p);
    brn_table_close(table);
    free(training);
}

static brn__preparation *learn_text(const char *text, const brn__prepare_options *options)
{
    brn_table *table = read_text(text);
    bool *training = training_rows(table, table->row_count + 1);
    training[0] = true;
    brn__preparation *p;
    assert_ok(brn__prepare_learn(table, training, options, &p));
    free(training);
    brn_table_close(table);
    return through_json(p);
}

static brn_status apply_text(const brn__preparation *p, const char *text, bool with_target,
                             brn__prepared *out)
{
    brn_table *table = read_text(text);
    brn_status status = brn__prepare_apply(p, table, with_target, out);
    brn_table_close(table);
    return status;
}

/* Categories are matched by value, whatever type the new table has. */
TEST(prepare_matches_values_across_types)
{
    brn__prepare_options options = brn__prepare_defaults();
    brn__preparation *p = learn_text("n,t\n7,a\n10,b\n-3,a\n", &options);
    assert_int_equal(p->category_count, 2);
    assert_string_equal(p->categories[0].values[0], "-3");
    assert_string_equal(p->categories[0].values[2], "10");
    brn__prepared out;
    assert_ok(apply_text(p, "t,n\nb,7.0\nc,x\n,10\na,-3.5\n", false, &out));
    const float expected[] = {2, 2, 0, 0, 3, 0, 0, 1};
    assert_memory_equal(out.inputs, expected, sizeof expected);
    brn__prepared_free(&out);
    assert_ok(apply_text(p, "t,n\nb,7.0\nc,8.5\n", false, &out));
    assert_true(out.inputs[0] == 2 && out.inputs[2] == 0);
    brn__prepared_free(&out);
    assert_fails(apply_text(p, "t,m\nb,7\n", false, &out), BRN_ERROR_INPUT,
                 "no column \"n\"; it has t, m");
    assert_null(out.inputs);
    brn__preparation_free(p);
}

TEST(prepare_has_sound_defaults_for_odd_columns)
{
    char text[4096] = "id,name,flat,gone,odd,day\n";
    for (int i = 0; i < 30; i++)
        sprintf(text + strlen(text), "%d,n%d,5.5,,%s,2015-07-%02d\n", i, i,
                i == 3   ? "inf"
                : i == 4 ? "-0.0"
                         : "0.0",
                i + 1);
    brn__prepare_options options = brn__prepare_defaults();
    brn__preparation *p = learn_text(text, &options);
    const char *numbers[] = {"id", "flat", "gone", "odd", "dayDay", "dayDayofyear", "dayElapsed"};
    assert_int_equal(p->number_count, 7);
    for (int i = 0; i < 7; i++) assert_string_equal(p->numbers[i].name, numbers[i]);
    assert_string_equal(p->categories[p->category_count - 2].name, "gone_na");
    assert_string_equal(p->categories[p->category_count - 1].name, "odd_na");
    assert_true(p->numbers[1].deviation == 1 && p->numbers[2].fill == 0);
    assert_int_equal(p->date_count, 1);
    brn__prepared out;
    assert_ok(apply_text(p, text, false, &out));
    int64_t width = p->category_count + 7;
    for (int64_t i = 0; i < 30 * width; i++) assert_true(isfinite(out.inputs[i]));
    assert_true(out.inputs[p->category_count - 2] == 2 && out.inputs[p->category_count + 1] == 0);
    assert_true(out.inputs[3 * width + p->category_count - 1] == 2 &&
                out.inputs[p->category_count - 1] == 1);
    brn__prepared_free(&out);
    assert_fails(apply_text(p, "id,flat,gone,odd,day\n1,x,1,1,2015-01-01\n", false, &out),
                 BRN_ERROR_INPUT, "column \"flat\" holds text (\"x\"); expected numbers");
    assert_fails(apply_text(p, "id,flat,gone,odd,day\n1,1,1,1,1\n", false, &out), BRN_ERROR_INPUT,
                 "column \"day\" is integer; expected dates");
    brn__preparation_free(p);
}

static brn_status learn_status(const char *text, brn__prepare_options options)
{
    brn_table *table = read_text(text);
    bool *training = training_rows(table, 100);
    brn__preparation *p;
    brn_status status = brn__prepare_learn(table, training, &options, &p);
    assert_true(status == BRN_OK || !p);
    brn__preparation_free(p);
    free(training);
    brn_table_close(table);
    return status;
}

TEST(prepare_checks_targets)
{
    brn__prepare_options options = brn__prepare_defaults();
    options.target = "y";
    assert_fails(learn_status("x,y\n1,2\n1,3.5\n1,\n", options), BRN_ERROR_INPUT,
                 "row 3: the target \"y\" is missing");
    assert_fails(learn_status("x,y\n1,a\n1,a\n1,a\n", options), BRN_ERROR_INPUT,
                 "has 1 different value in the training rows");
    assert_fails(learn_status("x,z\n1,a\n1,b\n", options), BRN_ERROR_INPUT, "no column \"y\"");
    assert_fails(learn_status("x,y\n1,2\n", options), BRN_ERROR_INPUT, "no rows to learn from");
    options.target_log = true;
    assert_fails(learn_status("x,y\n1,2\n1,3.5\n1,0\n", options), BRN_ERROR_INPUT,
                 "row 3: the target \"y\" is not above 0");
    assert_fails(learn_status("x,y\n1,a\n1,b\n", options), BRN_ERROR_USAGE, "has no logarithm");
    brn__preparation *p = learn_text("x,y\n1,1\n2,20\n3,10.5\n", &options);
    assert_int_equal(p->target_kind, BRN__TARGET_NUMBER);
    assert_close(p->target_high, log(20), 1e-15);
    brn__prepared out;
    assert_ok(apply_text(p, "y,x\n2.5,1\n", true, &out));
    assert_true(out.numbers[0] == (float)log(2.5));
    brn__prepared_free(&out);
    assert_ok(apply_text(p, "x\n1\n", false, &out));
    assert_null(out.numbers);
    brn__prepared_free(&out);
    assert_fails(apply_text(p, "x\n1\n", true, &out), BRN_ERROR_INPUT, "no column \"y\"");
    assert_fails(apply_text(p, "x,y\n1,-2\n", true, &out), BRN_ERROR_INPUT, "row 1");
    brn__preparation_free(p);
    options.target_log = false;
    p = learn_text("x,y\n1,1\n2,0\n3,1\n", &options);
    assert_int_equal(p->target_kind, BRN__TARGET_CLASS);
    assert_ok(apply_text(p, "x,y\n1,0\n1,1.0\n", true, &out));
    assert_true(out.classes[0] == 0 && out.classes[1] == 1);
    brn__prepared_free(&out);
    assert_fails(apply_text(p, "x,y\n1,0\n1,2\n", true, &out), BRN_ERROR_INPUT,
                 "row 2: the target \"y\" is a class that no training row has");
    brn__preparation_free(p);
}

TEST(prepare_refuses_other_json)
{
    static const char *const texts[][2] = {
        {"", "expected a JSON object"},
        {"[]", "expected a JSON object"},
        {"{}", "\"dates\": expected a list"},
        {"{\"dates\":[],\"categories\":[],\"numbers\":[]}", "\"categories\": expected a column"},
        {"{\"dates\":[{\"name\":\"d\",\"time\":1}],\"categories\":[],\"numbers\":[]}", "\"time\""},
        {"{\"dates\":[],\"categories\":[{\"name\":\"a\",\"type\":\"blue\",\"values\":[]}],"
         "\"numbers\":[]}",
         "\"type\": expected integer"},
        {"{\"dates\":[],\"categories\":[{\"name\":\"a\",\"type\":\"text\",\"values\":[1]}],"
         "\"numbers\":[]}",
         "\"values\": expected texts"},
        {"{\"dates\":[],\"categories\":[],\"numbers\":[{\"name\":\"a\",\"fill\":0,\"mean\":0,"
         "\"deviation\":0}]}",
         "\"deviation\": expected a number above 0"},
        {"{\"dates\":[],\"categories\":[],\"numbers\":[{\"name\":\"\",\"fill\":0}]}", "\"name\""},
    };
    brn__preparation *p;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_fails(brn__preparation_read(texts[i][0], &p), BRN_ERROR_INPUT, texts[i][1]);
        assert_null(p);
    }
}

static int64_t split_count(const brn_table *table, brn__split_options options, bool *valid)
{
    int64_t count = 0;
    assert_ok(brn__table_split(table, &options, valid));
    for (int64_t row = 0; row < table->row_count; row++) count += valid[row];
    return count;
}

static brn_table *split_table(void)
{
    static const char text[] = "day,group,part,gap\n2015-01-03,a,train,1\n2015-01-01,b,valid,2\n"
                               "2015-01-02,a,train,\n2015-01-03,c,valid,1\n2015-01-04,b,train,2\n";
    return read_text(text);
}

TEST(splits_are_seeded_and_complete)
{
    brn_table *table = split_table();
    bool valid[5], again[5];
    int64_t total = 0;
    brn__split_options random = {.kind = BRN__SPLIT_RANDOM, .share = .4, .seed = 1};
    assert_int_equal(split_count(table, random, valid), 2);
    assert_int_equal(split_count(table, random, again), 2);
    assert_memory_equal(valid, again, sizeof valid);
    int different = 0;
    for (random.seed = 2; random.seed < 20; random.seed++) {
        split_count(table, random, again);
        different += memcmp(valid, again, sizeof valid) != 0;
    }
    assert_in_range(different, 10, 18);
    int folds_of_row[5] = {0};
    for (int fold = 1; fold <= 3; fold++) {
        brn__split_options k = {.fold = fold, .folds = 3, .seed = 4};
        total += split_count(table, k, valid);
        for (int row = 0; row < 5; row++) folds_of_row[row] += valid[row];
    }
    assert_int_equal(total, 5);
    for (int row = 0; row < 5; row++) assert_int_equal(folds_of_row[row], 1);
    brn_table_close(table);
}

TEST(splits_follow_time_columns_and_groups)
{
    brn_table *table = split_table();
    bool valid[5];
    static const bool latest[] = {true, false, false, true, true},
                      part[] = {false, true, false, true, false};
    assert_int_equal(
        split_count(table,
                    (brn__split_options){.kind = BRN__SPLIT_TIME, .column = "day", .share = .4},
                    valid),
        3);
    assert_memory_equal(valid, latest, sizeof valid);
    assert_int_equal(
        split_count(
            table,
            (brn__split_options){.kind = BRN__SPLIT_TIME, .column = "day", .from = "2015-01-04"},
            valid),
        1);
    assert_true(valid[4]);
    split_count(table, (brn__split_options){.kind = BRN__SPLIT_COLUMN, .column = "part"}, valid);
    assert_memory_equal(valid, part, sizeof valid);
    for (uint64_t seed = 0; seed < 10; seed++) {
        split_count(table,
                    (brn__split_options){
                        .kind = BRN__SPLIT_GROUP, .column = "group", .share = .4, .seed = seed},
                    valid);
        assert_true(valid[0] == valid[2] && valid[1] == valid[4]);
    }
    brn_table_close(table);
}

TEST(folds_keep_groups_together_and_mix_labels)
{
    char text[4096] = "group,fold,label\n";
    for (int i = 0; i < 120; i++)
        snprintf(text + strlen(text), 32, "g%d,%d,%s\n", i * i % 17, i % 4 + 1, i % 3 ? "a" : "b");
    brn_table_options options = brn_table_defaults();
    brn_table *table;
    assert_ok(brn__table_read("t", text, strlen(text), &options, 0, &table));
    int64_t folds[120];
    brn__split_options o = {.kind = BRN__SPLIT_GROUP, .column = "group", .folds = 4, .seed = 3};
    assert_ok(brn__table_folds(table, &o, folds));
    int sizes[4] = {0};
    for (int i = 0; i < 120; i++) {
        assert_in_range(folds[i], 1, 4);
        sizes[folds[i] - 1]++;
        for (int j = 0; j < i; j++)
            if (i * i % 17 == j * j % 17) assert_int_equal(folds[i], folds[j]);
    }
    for (int k = 0; k < 4; k++) assert_in_range(sizes[k], 20, 40);
    o = (brn__split_options){.kind = BRN__SPLIT_COLUMN, .column = "fold", .folds = 4};
    assert_ok(brn__table_folds(table, &o, folds));
    for (int i = 0; i < 120; i++) assert_int_equal(folds[i], i % 4 + 1);
    o = (brn__split_options){.label = "label", .folds = 4, .seed = 3};
    assert_ok(brn__table_folds(table, &o, folds));
    int rare[4] = {0};
    for (int i = 0; i < 120; i += 3) rare[folds[i] - 1]++;
    for (int k = 0; k < 4; k++) assert_int_equal(rare[k], 10);
    brn_table_close(table);
}

TEST(splits_refuse_what_cannot_be_split)
{
    brn_table *table = split_table();
    bool valid[5];
    brn__split_options o = {.kind = BRN__SPLIT_TIME, .column = "gap", .share = .4};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_INPUT,
                 "\"gap\" has 1 missing values");
    o.column = "group";
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_INPUT, "expected dates or numbers");
    o = (brn__split_options){.kind = BRN__SPLIT_TIME, .column = "day", .from = "never"};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_USAGE, "\"never\" is no value");
    o.from = "2016-01-01";
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_INPUT, "0 of 5 rows validate");
    o = (brn__split_options){.kind = BRN__SPLIT_RANDOM, .share = 1};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_USAGE, "share 1");
    o = (brn__split_options){.fold = 4, .folds = 3};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_USAGE, "fold 4 of 3");
    o = (brn__split_options){.kind = BRN__SPLIT_TIME, .column = "day", .fold = 1, .folds = 3};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_USAGE, "judged by its future");
    o.kind = BRN__SPLIT_COLUMN;
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_INPUT, "no fold from 1 to 3");
    o = (brn__split_options){.kind = BRN__SPLIT_GROUP, .column = "group", .fold = 1, .folds = 4};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_INPUT, "has 3 groups; expected one");
    o = (brn__split_options){.kind = BRN__SPLIT_COLUMN, .column = "gone"};
    assert_fails(brn__table_split(table, &o, valid), BRN_ERROR_INPUT, "no column \"gone\"");
    brn_table_close(table);
}

TEST(prepare_fails_cleanly_without_memory)
{
    brn__prepare_options options = brn__prepare_defaults();
    options.target = "y";
    brn_status status = BRN_ERROR_NO_MEMORY;
    int faults = 0;
    for (uint64_t n = 1; status != BRN_OK; n++, faults++) {
        brn_table *table = read_text("x,t,d,y\n1.5,a,2015-01-01,u\n,b,2015-01-02,v\n2,a,,u\n");
        bool training[] = {true, true, false};
        brn__preparation *p;
        brn__prepared out = {0};
        brn__alloc_fail_after(n, 0);
        status = brn__prepare_learn(table, training, &options, &p);
        if (status == BRN_OK) status = brn__prepare_apply(p, table, true, &out);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        brn__prepared_free(&out);
        brn__preparation_free(p);
        brn_table_close(table);
    }
    assert_in_range(faults, 80, 1000);
}
