/* SPDX-License-Identifier: Apache-2.0
 * The ratings job end to end on made ratings, whose structure is known. */
#include "base/alloc.h"
#include "base/files.h"
#include "jobs/ratings_job.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 60, ITEMS = 40, TEXT = 1 << 17 };

static uint32_t draw(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

static const char *write_text(const char *folder, const char *name, const char *text)
{
    static char path[4][256];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    assert_ok(brn__replace_file(path[next], text, strlen(text)));
    return path[next];
}

/* The metric `name` of the last epoch that was told of. */
typedef struct last_metric {
    const char *name;
    double value;
} last_metric;

static int keep_metric(void *context, const brn_event *event)
{
    last_metric *last = context;
    for (int i = 0; event->kind == BRN_EVENT_EPOCH && i < event->metric_count; i++)
        if (strcmp(event->metrics[i].name, last->name) == 0) last->value = event->metrics[i].value;
    return 0;
}

/* Two kinds of users like two kinds of items; users and items have biases of their own. */
static double taste(int user, int item)
{
    double agree = (user % 2) == (item % 2) ? .9 : -.9;
    double value = 3 + agree + ((user * 5) % 7 - 3) / 6.0 + ((item * 3) % 5 - 2) / 5.0;
    return fmin(5, fmax(1, round(2 * value) / 2));
}

/* Each user rates about half of the items. */
static const char *write_ratings(const char *folder, const char *name, uint32_t seed)
{
    static char text[TEXT];
    size_t length = (size_t)sprintf(text, "user,item,rating,time\n");
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if (draw(&seed, 2))
                length += (size_t)sprintf(text + length, "u%d,i%d,%g,%u\n", u, i, taste(u, i),
                                          draw(&seed, 1000));
    return write_text(folder, name, text);
}

static brn_ratings_options quick_options(const char *data, const char *run)
{
    static char out[4][300];
    static int next;
    next = (next + 1) % 4;
    brn_ratings_options o = brn_ratings_defaults();
    snprintf(out[next], sizeof out[next], "%s", run);
    o.data = data;
    o.out = out[next];
    o.threads = 1;
    o.factors = 8;
    o.epochs = 15;
    o.batch_size = 16;
    o.learning_rate = .02;
    o.weight_decay = .01;
    o.checkpoint_seconds = 1e9;
    return o;
}

static const char *in(const char *folder, const char *name)
{
    static char path[8][300];
    static int next;
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

/* One trained run for the tests that only read it. */
static const char *kept_run(void)
{
    static char run[300];
    if (*run) return run;
    const char *folder = test_scratch_folder();
    brn_ratings_options o = quick_options(write_ratings(folder, "ratings.csv", 1), in(folder, "run"));
    brn_ratings_result result;
    o.titles = write_text(folder, "titles.csv", "id;name\ni3;Film \xfc" "ber 3\ni4;\ni4;Four\ni99;None\n");
    o.titles_source.separator = ';';
    o.titles_source.latin1 = true;
    o.title_id = "id";
    o.title_name = "name";
    assert_ok(brn_ratings_train(&o, &result));
    snprintf(run, sizeof run, "%s", o.out);
    return run;
}

static brn_ratings_model *open_kept(void)
{
    brn_ratings_model *model;
    assert_ok(brn_ratings_model_open(kept_run(), 1, &model));
    return model;
}

/* ------------------------------------------------------------------ training */

TEST(ratings_job_learns_more_than_item_means_and_evaluates_alike)
{
    const char *folder = test_scratch_folder();
    brn_ratings_options o = quick_options(write_ratings(folder, "r.csv", 1), in(folder, "run"));
    brn_ratings_result result;
    assert_ok(brn_ratings_train(&o, &result));
    const brn_ratings_score *s = &result.score;
    assert_true(s->errors[BRN_RATINGS_MODEL].mse < .25 * s->errors[BRN_RATINGS_ITEM_MEAN].mse);
    assert_true(s->ranks[BRN_RATINGS_MODEL].ndcg > s->ranks[BRN_RATINGS_POPULARITY].ndcg);
    assert_close(result.valid_loss, s->errors[BRN_RATINGS_MODEL].mse, 1e-5);
    assert_close(s->errors[0].rmse * s->errors[0].rmse, s->errors[0].mse, 1e-9);
    assert_int_equal(result.user_count, USERS);
    assert_int_equal(result.train_count + result.valid_count > 1000, 1);

    brn_ratings_model *model;
    brn_ratings_score again;
    assert_ok(brn_ratings_model_open(result.run, 1, &model));
    assert_ok(brn_ratings_evaluate(model, NULL, &again));
    assert_memory_equal(&again.errors, &s->errors, sizeof again.errors[0]);
    assert_true(again.ranks[0].ndcg == s->ranks[0].ndcg && again.ranked == s->ranked);
    brn_ratings_model_close(model);
    assert_ok(brn_ratings_model_open(in(result.run, "model.safetensors"), 1, &model));
    assert_fails(brn_ratings_evaluate(model, NULL, &again), BRN_ERROR_INPUT, "expected a table");
    brn_ratings_model_close(model);
}

TEST(ratings_job_evaluates_a_table_of_its_own)
{
    const char *folder = test_scratch_folder();
    brn_ratings_model *model = open_kept();
    brn_ratings_score score;
    const char *data = write_text(folder, "t.csv", "rating,item,user\n4,i2,u1\n2,i0,new\n3,new,u1\n4.5,i2,u1\n");
    assert_ok(brn_ratings_evaluate(model, data, &score));
    assert_int_equal(score.count, 3); /* the last rating of u1 for i2 counts */
    int64_t u1 = brn_ratings_model_user(model, "u1"), users[] = {0, u1, u1},
            items[] = {brn_ratings_model_item(model, "i0"), 0, brn_ratings_model_item(model, "i2")};
    double answers[3], want = 0;
    static const double truth[] = {2, 3, 4.5};
    assert_ok(brn_ratings_predict(model, 3, users, items, answers));
    for (int k = 0; k < 3; k++) want += (answers[k] - truth[k]) * (answers[k] - truth[k]) / 3;
    assert_close(score.errors[BRN_RATINGS_MODEL].mse, want, 1e-6);
    assert_fails(brn_ratings_evaluate(model, write_text(folder, "u.csv", "user,item\nu1,i1\n"), &score),
                 BRN_ERROR_INPUT, "no column \"rating\"");
    brn_ratings_model_close(model);
}

/* Without waiting for the disk: written many times. */
static void overwrite(const char *path, const char *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

/* Stops after so many batches. */
static int stop_after(void *context, const brn_event *event)
{
    int *left = context;
    return event->kind == BRN_EVENT_BATCH && --*left == 0;
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    char *left, *right;
    size_t left_length, right_length, head[2];
    assert_ok(brn__read_file(in(a, name), 1 << 26, &left, &left_length));
    assert_ok(brn__read_file(in(b, name), 1 << 26, &right, &right_length));
    memcpy(&head[0], left, 8);
    memcpy(&head[1], right, 8);
    assert_int_equal(left_length - head[0], right_length - head[1]);
    assert_memory_equal(left + 8 + head[0], right + 8 + head[1], left_length - 8 - head[0]);
    brn__free(left);
    brn__free(right);
}

TEST(ratings_runs_that_were_stopped_go_on_to_the_same_bits)
{
    const char *folder = test_scratch_folder(), *data = write_ratings(folder, "r.csv", 4);
    for (int kind = 0; kind < 5; kind++) {
        char whole[300], broken[300];
        snprintf(whole, sizeof whole, "%s/whole-%d", folder, kind);
        snprintf(broken, sizeof broken, "%s/broken-%d", folder, kind);
        brn_ratings_options o = quick_options(data, whole);
        int left = 100;
        o.epochs = 3;
        o.network = kind == 1 ? BRN_RATINGS_NEURAL : BRN_RATINGS_DOT;
        o.form = kind == 1 ? BRN_RATINGS_FORM_COURSE : BRN_RATINGS_FORM_FASTAI2; /* with dropout */
        o.lazy = kind == 2 || kind == 4;
        o.loss = kind >= 3 ? BRN_RATINGS_LOSS_BPR : BRN_RATINGS_LOSS_MSE;
        assert_ok(brn_ratings_train(&o, NULL));
        o.out = broken;
        o.on_event = stop_after;
        o.context = &left;
        assert_fails(brn_ratings_train(&o, NULL), BRN_ERROR_INTERRUPTED, "can be gone on with");
        assert_ok(brn_ratings_resume(broken, NULL, NULL, NULL));
        assert_same_file(whole, broken, "model.safetensors");
    }
    assert_ok(brn__replace_file(in(folder, "broken-0/ratings.safetensors"), "other", 5));
    assert_fails(brn_ratings_resume(in(folder, "broken-0"), NULL, NULL, NULL), BRN_ERROR_INPUT,
                 "is not the file that the run was begun on");
}

TEST(the_same_seed_gives_the_same_bits_and_another_seed_others)
{
    const char *folder = test_scratch_folder(), *data = write_ratings(folder, "r.csv", 6);
    static const char *const runs[] = {"a", "b", "c"};
    double losses[3];
    for (int i = 0; i < 3; i++) {
        brn_ratings_result result;
        brn_ratings_options o = quick_options(data, in(folder, runs[i]));
        o.epochs = 2;
        o.threads = 2;
        o.factors = 1000; /* enough for the optimizer to take both threads */
        o.seed = i == 2 ? 43 : 42;
        assert_ok(brn_ratings_train(&o, &result));
        losses[i] = result.valid_loss;
    }
    assert_same_file(in(folder, "a"), in(folder, "b"), "model.safetensors");
    assert_true(losses[0] == losses[1] && losses[0] != losses[2]);
}

TEST(lazy_and_dense_training_differ_but_both_learn)
{
    const char *folder = test_scratch_folder(), *data = write_ratings(folder, "r.csv", 2);
    brn_ratings_result dense, lazy;
    brn_ratings_options o = quick_options(data, in(folder, "dense"));
    assert_ok(brn_ratings_train(&o, &dense));
    o = quick_options(data, in(folder, "lazy"));
    o.lazy = true;
    assert_ok(brn_ratings_train(&o, &lazy));
    assert_true(dense.valid_loss != lazy.valid_loss);
    assert_true(lazy.score.errors[BRN_RATINGS_MODEL].mse <
                .4 * lazy.score.errors[BRN_RATINGS_ITEM_MEAN].mse);
}

TEST(clicks_are_learned_by_both_losses)
{
    const char *folder = test_scratch_folder();
    static char text[TEXT];
    uint32_t seed = 3;
    size_t length = (size_t)sprintf(text, "who,what\n");
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if (u % 2 == i % 2 && draw(&seed, 4))
                length += (size_t)sprintf(text + length, "u%d,i%d\nu%d,i%d\n", u, i, u, i);
    const char *data = write_text(folder, "clicks.csv", text);
    for (int loss = BRN_RATINGS_LOSS_BPR; loss <= BRN_RATINGS_LOSS_WEIGHTED; loss++) {
        brn_ratings_result result;
        brn_ratings_options o =
            quick_options(data, in(folder, loss == BRN_RATINGS_LOSS_BPR ? "bpr" : "weighted"));
        o.user = "who";
        o.item = "what";
        o.rating = NULL;
        o.loss = (brn_ratings_loss)loss;
        o.rank_at = 5;
        last_metric area = {"auc", 0};
        o.on_event = keep_metric;
        o.context = &area;
        assert_ok(brn_ratings_train(&o, &result));
        const brn_ratings_score *s = &result.score;
        if (loss == BRN_RATINGS_LOSS_BPR) assert_true(area.value > .85 && area.value <= 1);
        /* Half of the unseen items are of the other kind, and popular as well. */
        assert_true(s->ranks[BRN_RATINGS_MODEL].recall > 1.5 * s->ranks[BRN_RATINGS_POPULARITY].recall);
        assert_true(isnan(s->errors[0].mse) && isnan(s->relevant));
        brn_ratings_model *model;
        brn_ratings_item best[8];
        int64_t count;
        assert_ok(brn_ratings_model_open(result.run, 1, &model));
        assert_true(brn_ratings_model_is_click(model));
        assert_ok(brn_ratings_recommend(model, brn_ratings_model_user(model, "u4"), NULL, 4, best, &count));
        for (int64_t k = 0; k < count; k++)
            assert_int_equal(atoi(brn_ratings_model_item_id(model, best[k].item) + 1) % 2, 0);
        float vector[16];
        assert_fails(brn_ratings_fold_user(model, 0, NULL, NULL, vector), BRN_ERROR_UNSUPPORTED,
                     "not clicks");
        brn_ratings_model_close(model);
    }
}

TEST(neural_models_learn_and_answer_too)
{
    const char *folder = test_scratch_folder(), *data = write_ratings(folder, "r.csv", 5);
    for (int form = BRN_RATINGS_FORM_FASTAI2; form <= BRN_RATINGS_FORM_COURSE; form++) {
        brn_ratings_result result;
        brn_ratings_options o = quick_options(data, in(folder, form ? "course" : "fastai2"));
        o.network = BRN_RATINGS_NEURAL;
        o.form = (brn_ratings_form)form;
        o.hidden_count = 1;
        o.hidden[0] = 16;
        assert_ok(brn_ratings_train(&o, &result));
        assert_true(result.score.errors[0].mse < .6 * result.score.errors[BRN_RATINGS_ITEM_MEAN].mse);
        brn_ratings_model *model;
        brn_ratings_item best[3], alike[3];
        int64_t count, item;
        double answer;
        assert_ok(brn_ratings_model_open(result.run, 1, &model));
        assert_ok(brn_ratings_recommend(model, 1, NULL, 3, best, &count));
        item = best[0].item;
        assert_ok(brn_ratings_predict(model, 1, (int64_t[]){1}, &item, &answer));
        assert_close(answer, best[0].value, 1e-5);
        assert_ok(brn_ratings_similar(model, 2, NULL, 3, alike, &count));
        assert_int_equal(count, 3);
        assert_true(isnan(brn_ratings_model_item_bias(model, 1)));
        brn_ratings_model_close(model);
    }
}

static double dot(const float *a, const float *b, int64_t width)
{
    double sum = 0;
    for (int64_t k = 0; k < width; k++) sum += (double)a[k] * (double)b[k];
    return sum;
}

/* Cosines of a dot model's vectors and of a neural one's are those that it finds items alike by. */
TEST(ratings_models_show_the_vectors_and_means_of_their_items)
{
    const char *folder = test_scratch_folder();
    const char *data = write_text(folder, "r.csv", "user,item,rating\na,x,1\nb,x,2\nc,x,4\na,y,3\nb,z,5\nc,y,4\na,z,2\n");
    for (int network = BRN_RATINGS_DOT; network <= BRN_RATINGS_NEURAL; network++) {
        brn_ratings_options o = quick_options(data, in(folder, network ? "neural" : "dot"));
        o.network = (brn_ratings_network)network;
        o.split = BRN_RATINGS_SPLIT_FILE;
        o.valid_data = write_text(folder, "v.csv", "user,item,rating\nb,y,1\nc,w,5\n");
        o.epochs = 1;
        assert_ok(brn_ratings_train(&o, NULL));
        brn_ratings_model *model;
        int64_t width, count;
        brn_ratings_item alike[2];
        assert_ok(brn_ratings_model_open(o.out, 1, &model));
        const float *vectors = brn_ratings_model_item_vectors(model, &width);
        if (network == BRN_RATINGS_DOT) assert_int_equal(width, brn_ratings_model_factors(model));
        const int64_t x = brn_ratings_model_item(model, "x");
        assert_ok(brn_ratings_similar(model, x, NULL, 2, alike, &count));
        assert_int_equal(count, 2);
        for (int64_t k = 0; k < count; k++) {
            const float *a = vectors + x * width, *b = vectors + alike[k].item * width;
            assert_close(alike[k].value, dot(a, b, width) / sqrt(dot(a, a, width) * dot(b, b, width)), 1e-6);
        }
        assert_close(brn_ratings_model_item_mean(model, x), 7. / 3, 1e-6);
        assert_close(brn_ratings_model_item_mean(model, brn_ratings_model_item(model, "y")), 3.5, 1e-6);
        assert_close(brn_ratings_model_item_mean(model, 0), 3, 1e-6); /* of all in training */
        assert_true(isnan(brn_ratings_model_item_mean(model, -1)) && isnan(brn_ratings_model_item_mean(model, 99)));
        brn_ratings_model_close(model);
    }
}

/* ------------------------------------------------------------------ splits */

static brn_ratings_result train_small(const char *text, brn_ratings_options o)
{
    const char *folder = test_scratch_folder();
    brn_ratings_result result;
    brn_ratings_options quick = quick_options(write_text(folder, "small.csv", text), in(folder, "run"));
    quick.split = o.split;
    quick.time = o.time;
    quick.valid = o.valid;
    quick.valid_data = o.valid_data ? write_text(folder, "valid.csv", o.valid_data) : NULL;
    quick.epochs = 2;
    assert_ok(brn_ratings_train(&quick, &result));
    return result;
}

TEST(ratings_split_by_time_last_column_and_file)
{
    brn_ratings_options o = brn_ratings_defaults();
    const char *text = "user,item,rating,time\na,x,1,1\na,y,5,9\nb,x,2,2\nb,y,4,8\nc,x,3,3\nd,x,3,4\nd,y,1,5\n";
    o.split = BRN_RATINGS_SPLIT_TIME;
    o.time = "time";
    o.valid = .3;
    assert_int_equal(train_small(text, o).valid_count, 2);
    o.split = BRN_RATINGS_SPLIT_LAST;
    brn_ratings_result result = train_small(text, o);
    assert_int_equal(result.valid_count, 3); /* c has one */
    o.split = BRN_RATINGS_SPLIT_FILE;
    o.valid_data = "user,item,rating,time\na,z,4,10\nnew,x,4,10\n";
    result = train_small(text, o);
    assert_int_equal(result.valid_count, 2);
    assert_int_equal(result.user_count, 5);
    o.split = BRN_RATINGS_SPLIT_RANDOM;
    o.valid_data = NULL;
    o.time = NULL;
    text = "user,item,rating,is_valid\na,x,1,True\na,y,5,False\nb,x,2,False\nb,y,4,False\n";
    result = train_small(text, o);
    assert_int_equal(result.valid_count, 1);
    assert_true(result.score.count == 1 && result.train_count == 3);
}

TEST(odd_ratings_are_sound_or_refused_by_name)
{
    const char *folder = test_scratch_folder();
    brn_ratings_options defaults = brn_ratings_defaults();
    /* All ratings alike. */
    brn_ratings_result result =
        train_small("user,item,rating\na,x,3\na,y,3\nb,x,3\nb,y,3\nc,x,3\n", defaults);
    assert_true(result.score.errors[0].mse < .01);
    /* Nobody rates twice. */
    result = train_small("user,item,rating\na,x,1\nb,x,2\nc,y,3\nd,y,4\ne,x,5\n", defaults);
    assert_true(isfinite(result.score.errors[0].mse));
    defaults.split = BRN_RATINGS_SPLIT_LAST;
    result = train_small("user,item,rating\na,x,1\nb,x,2\nc,y,3\n", defaults); /* nothing validates */
    assert_true(result.valid_count == 0 && isnan(result.score.errors[0].mse));

    struct {
        const char *text, *part;
    } bad[] = {{"user,item,rating\na,x,1\n", "expected two or more"},
               {"user,item,rating\n", ""},
               {"user,item,stars\na,x,1\nb,x,2\n", "no column \"rating\""},
               {"user,item,rating\na,x,1\nb,x,\n", "row 2 has no rating"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        brn_ratings_options o =
            quick_options(write_text(folder, "bad.csv", bad[i].text), in(folder, "bad"));
        o.split = BRN_RATINGS_SPLIT_LAST;
        assert_fails(brn_ratings_train(&o, NULL), BRN_ERROR_INPUT, bad[i].part);
        assert_false(brn__is_folder(o.out));
    }
}

TEST(ratings_options_out_of_range_are_named)
{
    brn_ratings_options o = quick_options("x.csv", "run");
    struct {
        const char *part;
        brn_ratings_options o;
    } bad[13];
    int count = 0;
#define BAD(field, value, text) (bad[count].o = o, bad[count].o.field = (value), bad[count++].part = text)
    BAD(data, NULL, "data");
    BAD(factors, 0, "factors 0; expected 1 to 4096");
    BAD(rating, NULL, "clicks without one");
    BAD(item, "user", "can't be two of the columns");
    BAD(valid, 1, "valid 1;");
    BAD(batch_size, 0, "batch size");
    BAD(split, BRN_RATINGS_SPLIT_TIME, "column of times");
    BAD(split, BRN_RATINGS_SPLIT_FILE, "expected the table");
    BAD(valid_data, "y.csv", "only the split file");
    BAD(rank_at, 0, "rank at");
    BAD(learning_rate, 0, "learning rate");
    BAD(weight_decay, -1, "weight decay");
    BAD(batch_size, 1, "neural model needs 2");
    bad[count - 1].o.network = BRN_RATINGS_NEURAL;
#undef BAD
    for (int i = 0; i < count; i++)
        assert_fails(brn_ratings_train(&bad[i].o, NULL), BRN_ERROR_USAGE, bad[i].part);
    assert_fails(brn__ratings_check_size(&o, 16000000, 16000000 * 5), BRN_ERROR_INPUT,
                 "choose fewer factors");
}

/* ------------------------------------------------------------------ use */

TEST(recommendations_are_the_best_unseen_items)
{
    brn_ratings_model *model = open_kept();
    int64_t user = brn_ratings_model_user(model, "u7"), count, all;
    brn_ratings_item best[ITEMS], every[ITEMS + 5];
    assert_ok(brn_ratings_recommend(model, user, NULL, 10, best, &count));
    assert_int_equal(count, 10);
    const brn_ratings_filter with_seen = {.with_seen = true};
    assert_ok(brn_ratings_recommend(model, user, &with_seen, ITEMS + 5, every, &all));
    assert_int_equal(all, ITEMS);
    /* By hand: all predictions, without what is seen, in order. */
    int64_t place = 0;
    for (int64_t k = 0; k < all; k++) {
        double answer;
        if (k) assert_true(every[k].value <= every[k - 1].value);
        assert_ok(brn_ratings_predict(model, 1, &user, &every[k].item, &answer));
        assert_close(answer, every[k].value, 1e-5);
        if (brn__seen_has(&model->seen, user, (int32_t)every[k].item)) continue;
        if (place < 10) assert_int_equal(best[place++].item, every[k].item);
    }
    assert_int_equal(place, 10);
    brn_ratings_model_close(model);
}

TEST(filters_leave_out_what_they_say)
{
    brn_ratings_model *model = open_kept();
    brn_ratings_item best[ITEMS];
    int64_t count, among[] = {2, 5, 9};
    brn_ratings_filter filter = {.with_seen = true, .among = among, .among_count = 3};
    assert_ok(brn_ratings_recommend(model, 1, &filter, ITEMS, best, &count));
    assert_int_equal(count, 3);
    for (int64_t k = 0; k < 3; k++)
        assert_true(best[k].item == 2 || best[k].item == 5 || best[k].item == 9);
    int64_t least = brn_ratings_model_rating_count(model, 5);
    filter = (brn_ratings_filter){.with_seen = true, .rated_by = least};
    assert_ok(brn_ratings_recommend(model, 1, &filter, ITEMS, best, &count));
    int64_t many = 0;
    for (int64_t i = 1; i <= ITEMS; i++) many += brn_ratings_model_rating_count(model, i) >= least;
    assert_int_equal(count, many);
    assert_ok(brn_ratings_recommend(model, 1, NULL, 0, best, &count));
    assert_int_equal(count, 0);
    assert_fails(brn_ratings_recommend(model, USERS + 1, NULL, 1, best, &count), BRN_ERROR_USAGE,
                 "expected 0 to 60");
    among[0] = 99;
    filter = (brn_ratings_filter){.among = among, .among_count = 3};
    assert_fails(brn_ratings_recommend(model, 1, &filter, 1, best, &count), BRN_ERROR_USAGE, "item 99");
    brn_ratings_model_close(model);
}

TEST(similar_items_are_of_the_same_kind)
{
    brn_ratings_model *model = open_kept();
    brn_ratings_item alike[6];
    int64_t count, item = brn_ratings_model_item(model, "i3");
    assert_ok(brn_ratings_similar(model, item, NULL, 6, alike, &count));
    assert_int_equal(count, 6);
    for (int64_t k = 0; k < count; k++) {
        assert_true(alike[k].item != item && alike[k].value <= 1.000001);
        assert_int_equal(atoi(brn_ratings_model_item_id(model, alike[k].item) + 1) % 2, 1);
    }
    brn_ratings_model_close(model);
}

TEST(titles_stand_for_items_that_have_one)
{
    brn_ratings_model *model = open_kept();
    assert_string_equal(brn_ratings_model_title(model, brn_ratings_model_item(model, "i3")),
                        "Film \xc3\xbc" "ber 3");
    assert_string_equal(brn_ratings_model_title(model, brn_ratings_model_item(model, "i4")), "Four");
    assert_string_equal(brn_ratings_model_title(model, brn_ratings_model_item(model, "i5")), "i5");
    assert_null(brn_ratings_model_title(model, 0));
    assert_int_equal(brn_ratings_model_item(model, "i99"), 0);
    brn_ratings_model_close(model);
    const char *folder = test_scratch_folder();
    brn_ratings_options o = quick_options(write_ratings(folder, "r.csv", 1), in(folder, "run"));
    o.titles = write_text(folder, "titles.csv", "item,title\nother,Other\n");
    assert_fails(brn_ratings_train(&o, NULL), BRN_ERROR_INPUT, "has none of the 40 items");
}

/* ------------------------------------------------------------------ folding in */

/* What the closed form minimises, times the noise. */
static double objective(const brn_ratings_model *m, const double *precision, const double *mean,
                        int64_t count, const int64_t *items, const double *ratings, const float *x)
{
    const brn__ratings_tables t = brn__ratings_tables_of(&m->network);
    int64_t factors = m->network.factors, size = factors + 1;
    double sum = 0;
    for (int64_t k = 0; k < count; k++) {
        double z = (double)x[factors] + (double)t.i_bias[items[k]];
        for (int64_t f = 0; f < factors; f++)
            z += (double)x[f] * (double)t.i[items[k] * factors + f];
        double error = ratings[k] - brn__ratings_finish(&m->network, z);
        sum += error * error / m->noise;
    }
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < size; j++)
            sum += ((double)x[i] - mean[i]) * precision[i * size + j] * ((double)x[j] - mean[j]);
    return sum;
}

/* Mean and inverse covariance of the trained users, by Gauss and Jordan. */
static void describe(const brn_ratings_model *m, double *mean, double *inverse)
{
    const brn__ratings_tables t = brn__ratings_tables_of(&m->network);
    enum { SIZE = 9 };
    double a[SIZE][2 * SIZE] = {{0}}, trace = 0;
    int64_t users = m->network.users;
    for (int i = 0; i < SIZE; i++) mean[i] = 0;
    for (int64_t u = 1; u < users; u++)
        for (int i = 0; i < SIZE; i++)
            mean[i] += (double)(i < 8 ? t.u[u * 8 + i] : t.u_bias[u]) / (double)(users - 1);
    for (int64_t u = 1; u < users; u++)
        for (int i = 0; i < SIZE; i++)
            for (int j = 0; j < SIZE; j++)
                a[i][j] += ((double)(i < 8 ? t.u[u * 8 + i] : t.u_bias[u]) - mean[i]) *
                           ((double)(j < 8 ? t.u[u * 8 + j] : t.u_bias[u]) - mean[j]) /
                           (double)(users - 1);
    for (int i = 0; i < SIZE; i++) trace += a[i][i];
    for (int i = 0; i < SIZE; i++) a[i][i] += 1e-3 * trace / SIZE + 1e-9, a[i][SIZE + i] = 1;
    for (int i = 0; i < SIZE; i++) {
        double pivot = a[i][i];
        for (int j = 0; j < 2 * SIZE; j++) a[i][j] /= pivot;
        for (int k = 0; k < SIZE; k++) {
            double factor = a[k][i];
            if (k == i) continue;
            for (int j = 0; j < 2 * SIZE; j++) a[k][j] -= factor * a[i][j];
        }
    }
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) inverse[i * SIZE + j] = a[i][SIZE + j];
}

TEST(a_folded_user_is_the_most_probable_one)
{
    brn_ratings_model *model = open_kept();
    double mean[9], precision[81];
    float x[9];
    int64_t items[] = {1, 2, 3, 4, 9, 12};
    double ratings[] = {4.5, 1.5, 4, 2, 5, 1};
    describe(model, mean, precision);
    assert_ok(brn_ratings_fold_user(model, 6, items, ratings, x));
    double least = objective(model, precision, mean, 6, items, ratings, x);
    for (int i = 0; i < 9; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
            float moved[9];
            memcpy(moved, x, sizeof x);
            moved[i] += (float)sign * .01f;
            assert_true(objective(model, precision, mean, 6, items, ratings, moved) > least);
        }
    /* Nothing is known: the mean. */
    assert_ok(brn_ratings_fold_user(model, 0, NULL, NULL, x));
    for (int i = 0; i < 9; i++) assert_close((double)x[i], mean[i], 1e-5);
    assert_fails(brn_ratings_fold_user(model, 1, (int64_t[]){0}, ratings, x), BRN_ERROR_USAGE, "item 0");
    assert_fails(brn_ratings_fold_user(model, 1, items, (double[]){NAN}, x), BRN_ERROR_INPUT,
                 "is not a number");
    brn_ratings_model_close(model);
}

TEST(folding_in_comes_near_to_training)
{
    brn_ratings_model *model = open_kept();
    brn_ratings_folding folding;
    assert_ok(brn_ratings_evaluate_folding(model, &folding));
    assert_true(folding.users > USERS / 2 && folding.count >= folding.users);
    assert_true(folding.folded_mse < folding.trained_mse + .1 * folding.item_mean_mse);
    brn_ratings_model_close(model);
}

TEST(folded_users_and_items_find_their_kind)
{
    brn_ratings_model *model = open_kept();
    const char *folder = test_scratch_folder();
    brn_ratings_pairs rated, raters;
    float vector[9];
    brn_ratings_item best[5];
    int64_t count;
    const char *data = write_text(folder, "me.csv", "item,rating\ni1,5\ni3,5\ni2,1\ni4,1\nnone,3\ni1,4.5\n");
    assert_ok(brn_ratings_pairs_read(model, data, true, true, &rated));
    assert_true(rated.count == 4 && rated.unknown == 1);
    for (int64_t k = 1; k < rated.count; k++) assert_true(rated.codes[k] > rated.codes[k - 1]);
    assert_ok(brn_ratings_fold_user(model, rated.count, rated.codes, rated.values, vector));
    assert_ok(brn_ratings_recommend_to(model, vector, rated.codes, rated.count, NULL, 5, best, &count));
    for (int64_t k = 0; k < count; k++) {
        const char *id = brn_ratings_model_item_id(model, best[k].item);
        assert_int_equal(atoi(id + 1) % 2, 1);
        assert_true(strcmp(id, "i1") != 0 && strcmp(id, "i3") != 0);
    }
    data = write_text(folder, "it.csv", "user,rating\nu1,5\nu3,4.5\nu2,1\nu4,1.5\nu6,1\nu7,5\n");
    assert_ok(brn_ratings_pairs_read(model, data, false, true, &raters));
    assert_ok(brn_ratings_fold_item(model, raters.count, raters.codes, raters.values, vector));
    assert_ok(brn_ratings_similar_to(model, vector, NULL, 5, best, &count));
    for (int64_t k = 0; k < count; k++)
        assert_int_equal(atoi(brn_ratings_model_item_id(model, best[k].item) + 1) % 2, 1);
    brn_ratings_pairs_free(&rated);
    brn_ratings_pairs_free(&raters);
    brn_ratings_model_close(model);
}

/* ------------------------------------------------------------------ measuring */

TEST(ranking_metrics_are_those_of_a_case_by_hand)
{
    /* One factor: user k's score of item i is u_k v_i. Items 1 .. 5, v = 5, 4, 3, 2, 1. */
    brn_ratings_options o = quick_options("x", "run");
    brn__ratings_network n;
    o.factors = 1;
    o.rank_at = 2;
    o.has_relevant = true;
    o.relevant = 4;
    assert_ok(brn__ratings_options_settle(&o));
    assert_ok(brn__ratings_network_new(&o, 3, 5, &n));
    const brn__ratings_tables t = brn__ratings_tables_of(&n);
    memset(brn_parameters_values(n.parameters), 0,
           (size_t)brn_parameters_elements(n.parameters) * sizeof(float));
    for (int i = 1; i <= 5; i++) ((float *)(uintptr_t)t.i)[i] = (float)(6 - i);
    for (int u = 1; u <= 3; u++) ((float *)(uintptr_t)t.u)[u] = u == 3 ? -1 : 1;
    static const int64_t counts[] = {0, 1, 2, 5, 4, 3};
    static const float means[] = {3, 5, 1, 2, 4, 3};
    const brn__ratings_facts facts = {counts, means, 3};
    /* User 1 has seen item 1 in training; tests on 2 (relevant) and 5 (not).
     * User 2 tests on 3 (relevant) and 4 (relevant). User 3 tests on 1, which is not relevant. */
    static const int64_t starts[] = {0, 0, 3, 5, 6};
    static const int32_t items[] = {1, 2, 5, 3, 4, 1};
    const brn__seen seen = {4, starts, items, true};
    const brn__ratings_test test = {.count = 5,
                                    .users = (int32_t[]){1, 1, 2, 2, 3},
                                    .items = (int32_t[]){2, 5, 4, 3, 1},
                                    .values = (float[]){5, 1, 4, 4, 2},
                                    .seen = &seen,
                                    .facts = &facts,
                                    .options = &o};
    brn_ratings_score s;
    assert_ok(brn__ratings_measure(&n, &test, &s));
    assert_int_equal(s.ranked, 2); /* user 3 would like nothing */
    /* Model: user 1 is shown 2, 3 -> a hit at place 1; user 2 is shown 1, 2 -> none. */
    assert_close(s.ranks[0].precision, (.5 + 0) / 2, 1e-12);
    assert_close(s.ranks[0].recall, (1. + 0) / 2, 1e-12);
    assert_close(s.ranks[0].ndcg, .5, 1e-12);
    assert_close(s.ranks[0].mrr, .5, 1e-12);
    assert_close(s.ranks[0].coverage, 3 / 5., 1e-12);
    /* Popularity: 3, 4 for both; user 2 likes both. */
    assert_close(s.ranks[BRN_RATINGS_POPULARITY].precision, (0 + 1.) / 2, 1e-12);
    assert_close(s.ranks[BRN_RATINGS_POPULARITY].ndcg, .5, 1e-12);
    assert_close(s.ranks[BRN_RATINGS_POPULARITY].coverage, 2 / 5., 1e-12);
    /* Means: user 1 is shown 4, 5; user 2 1, 4 -> a hit at place 2. */
    double best = 1 + 1 / log2(3);
    assert_close(s.ranks[BRN_RATINGS_ITEM_MEAN].recall, .25, 1e-12);
    assert_close(s.ranks[BRN_RATINGS_ITEM_MEAN].ndcg, 1 / log2(3) / best / 2, 1e-12);
    assert_close(s.ranks[BRN_RATINGS_ITEM_MEAN].mrr, .25, 1e-12);
    double mse = (16 + 4 + 0 + 4 + 9) / 5.; /* means 1, 3, 4, 2, 5 */
    assert_close(s.errors[BRN_RATINGS_ITEM_MEAN].mse, mse, 1e-6);
    assert_close(s.errors[BRN_RATINGS_ITEM_MEAN].mae, (4 + 2 + 0 + 2 + 3) / 5., 1e-6);
    brn__ratings_network_free(&n);
}

TEST(the_best_of_scores_are_those_of_a_full_sort)
{
    enum { COUNT = 500 };
    float scores[COUNT];
    uint8_t out[COUNT];
    brn_ratings_item best[COUNT];
    uint32_t seed = 8;
    for (int i = 0; i < COUNT; i++) scores[i] = (float)draw(&seed, 60), out[i] = draw(&seed, 4) == 0;
    for (int64_t most = 0; most <= COUNT; most += 71) {
        int64_t count = brn__ratings_best(scores, out, COUNT, most, best), left = 0;
        for (int i = 1; i < COUNT; i++) left += !out[i];
        assert_int_equal(count, most < left ? most : left);
        for (int64_t k = 0; k < count; k++) {
            int64_t ahead = 0; /* those that stand before it */
            for (int64_t i = 1; i < COUNT; i++)
                ahead += !out[i] && ((double)scores[i] > best[k].value ||
                                     ((double)scores[i] == best[k].value && i < best[k].item));
            assert_int_equal(ahead, k);
        }
    }
}

/* ------------------------------------------------------------------ files that are not what they seem */

TEST(damaged_models_of_ratings_are_refused)
{
    const char *folder = test_scratch_folder();
    char *bytes, path[300];
    size_t length, head;
    brn_ratings_model *model;
    assert_ok(brn__read_file(in(kept_run(), "model.safetensors"), 1 << 24, &bytes, &length));
    memcpy(&head, bytes, 8);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    /* Any byte of it: the model opens, or is refused; what opens can be used. */
    int refused = 0, opened = 0;
    uint32_t seed = 11;
    for (int i = 0; i < 400; i++) {
        size_t at = 8 + (i % 2 ? head + draw(&seed, (uint32_t)(length - head - 8))
                               : draw(&seed, (uint32_t)head));
        char kept = bytes[at];
        bytes[at] = (char)(kept ^ (1 << draw(&seed, 8)));
        overwrite(path, bytes, length);
        brn_status status = brn_ratings_model_open(path, 1, &model);
        if (status == BRN_OK) {
            brn_ratings_item best[5];
            int64_t count;
            opened++;
            assert_ok(brn_ratings_recommend(model, 1, NULL, 5, best, &count));
            for (int64_t k = 0; k < count; k++)
                assert_non_null(brn_ratings_model_title(model, best[k].item));
            brn_ratings_model_close(model);
        } else {
            refused++;
            assert_true(status == BRN_ERROR_INPUT || status == BRN_ERROR_USAGE ||
                        status == BRN_ERROR_UNSUPPORTED);
        }
        bytes[at] = kept;
    }
    assert_true(refused > 100 && opened > 0);
    for (size_t cut = 0; cut < length; cut += length / 23) {
        overwrite(path, bytes, cut);
        assert_fails(brn_ratings_model_open(path, 1, &model), BRN_ERROR_INPUT, "");
    }
    brn__free(bytes);
    assert_fails(brn_ratings_model_open(in(folder, "none"), 1, &model), BRN_ERROR_INPUT, "none");
}
