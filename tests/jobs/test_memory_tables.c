/* SPDX-License-Identifier: Apache-2.0
 * Jobs on tables that a program keeps in memory: the same models as from files. */
#include "base/files.h"
#include "base/sha256.h"
#include "burnish/ratings.h"
#include "burnish/table.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/* town,day,sunny,rooms,price in rows that follow from their number. Static buffer. */
static const char *write_houses(const char *folder)
{
    static char path[300];
    char text[12000];
    size_t length = (size_t)sprintf(text, "town,day,sunny,rooms,price\n");
    for (int i = 0; i < 200; i++)
        length += (size_t)sprintf(text + length, "%s,2020-%02d-%02d,%s,%s%.0d,%.2f\n", (const char *[]){"Ulm", "Köln", "Bonn"}[i % 3],
                                  1 + i % 12, 1 + i % 28, i % 4 ? "True" : "False", i % 9 ? "1" : "", i % 9 ? i % 5 + 1 : 0, 10.5 * (i % 3) + i % 7);
    snprintf(path, sizeof path, "%s/houses.csv", folder);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static const char *write_ratings(const char *folder)
{
    static char path[300];
    char text[8000];
    size_t length = (size_t)sprintf(text, "user,item,rating\n");
    for (int i = 0; i < 400; i++)
        length += (size_t)sprintf(text + length, "u%d,film %d,%d\n", i % 23, (i * 7) % 17, 1 + (i * 3) % 5);
    snprintf(path, sizeof path, "%s/ratings.csv", folder);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static void keep(const char *name, const char *path)
{
    brn_table *table;
    const brn_table_options options = brn_table_defaults();
    assert_ok(brn_table_open(path, &options, &table));
    assert_ok(brn_table_keep(name, table));
}

/* The tensors of a run's model: what lies behind the header, which names the source. sha256, static buffers. */
static const char *tensors_of(const char *run, int which)
{
    static char digests[2][65], bytes[1 << 20];
    char path[400];
    uint64_t header;
    snprintf(path, sizeof path, "%s/model.safetensors", run);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(&header, sizeof header, 1, file), 1);
    assert_int_equal(fseek(file, (long)header, SEEK_CUR), 0);
    const size_t count = fread(bytes, 1, sizeof bytes, file);
    assert_true(count > 1000 && count < sizeof bytes);
    fclose(file);
    assert_ok(brn__sha256_of(bytes, count, digests[which]));
    return digests[which];
}

static void assert_same_model(const char *a, const char *b)
{
    assert_string_equal(tensors_of(a, 0), tensors_of(b, 1));
}

static int stop_at_once(void *context, const brn_event *event)
{
    int *batches = context;
    *batches += event->kind == BRN_EVENT_BATCH;
    return *batches == 3;
}

static brn_table_train_options on_table(const char *data, const char *out)
{
    brn_table_train_options o = brn_table_train_defaults();
    o.data = data;
    o.target = "price";
    o.out = out;
    o.epochs = 2;
    o.threads = 1;
    o.batch_size = 16;
    o.checkpoint_seconds = 0;
    return o;
}

TEST(a_table_in_memory_trains_the_model_of_its_file_and_a_stopped_run_goes_on)
{
    char folder[128], file[200], memory[200];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(memory, sizeof memory, "%s/memory", folder);
    const char *path = write_houses(folder);
    keep("houses", path);
    brn_table_train_options o = on_table(path, file);
    assert_ok(brn_table_train(&o, NULL));
    int batches = 0;
    o = on_table("memory:houses", memory);
    o.on_event = stop_at_once;
    o.context = &batches;
    assert_int_equal(brn_table_train(&o, NULL), BRN_ERROR_INTERRUPTED);
    assert_ok(brn_table_resume(memory, NULL, NULL, NULL));
    assert_same_model(file, memory);

    brn_table_model *model;
    brn_table_answers *answers[2];
    assert_ok(brn_table_model_open(memory, 1, &model));
    assert_ok(brn_table_predict(model, path, &answers[0]));
    assert_ok(brn_table_predict(model, "memory:houses", &answers[1]));
    assert_int_equal(brn_table_answers_count(answers[1]), 200);
    for (int64_t i = 0; i < 200; i++)
        assert_true(brn_table_answers_values(answers[0], i)[0] == brn_table_answers_values(answers[1], i)[0]);
    brn_table_answers_free(answers[0]);
    brn_table_answers_free(answers[1]);
    assert_ok(brn_table_keep("houses", NULL));
    assert_fails(brn_table_evaluate(model, "memory:houses", &(brn_table_score){0}), BRN_ERROR_INPUT,
                 "memory:houses: no table of that name is kept");
    brn_table_model_close(model);
}

TEST(another_table_under_the_name_is_not_the_one_that_a_run_was_begun_on)
{
    char folder[128], out[200];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    snprintf(out, sizeof out, "%s/run", folder);
    int batches = 0;
    keep("mine", write_houses(folder));
    brn_table_train_options o = on_table("memory:mine", out);
    o.on_event = stop_at_once;
    o.context = &batches;
    assert_int_equal(brn_table_train(&o, NULL), BRN_ERROR_INTERRUPTED);
    keep("mine", write_ratings(folder));
    assert_fails(brn_table_resume(out, NULL, NULL, NULL), BRN_ERROR_INPUT, "memory:mine");
    assert_ok(brn_table_keep("mine", NULL));
    assert_ok(brn_table_keep("never kept", NULL));
    assert_fails(brn_table_keep("", NULL), BRN_ERROR_USAGE, "a name");
}

TEST(ratings_in_memory_train_the_model_of_their_file)
{
    char folder[128], runs[2][200];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    const char *path = write_ratings(folder);
    keep("ratings", path);
    for (int i = 0; i < 2; i++) {
        snprintf(runs[i], sizeof runs[i], "%s/run-%d", folder, i);
        brn_ratings_options o = brn_ratings_defaults();
        o.data = i ? "memory:ratings" : path;
        o.out = runs[i];
        o.epochs = 1;
        o.factors = 8;
        o.threads = 1;
        assert_ok(brn_ratings_train(&o, NULL));
    }
    assert_same_model(runs[0], runs[1]);
    assert_ok(brn_table_keep("ratings", NULL));
}
