/* SPDX-License-Identifier: Apache-2.0
 * Ratings as columns of codes: reading, merging, splitting, what is seen, and samples. */
#include "data/ratings/ratings.h"
#include "base/alloc.h"
#include "data/loader.h"
#include "data/ratings/dataset.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const brn__ratings_columns columns = {"user", "item", "rating", "time"};

/* A table of text in memory. The caller closes. */
static brn_table *table_of(const char *text, const brn__ratings_columns *c)
{
    brn_table *table;
    brn_column_choice types[2];
    brn_table_options options = brn_table_defaults();
    brn__ratings_types(c, types);
    options.types = types;
    options.type_count = 2;
    options.threads = 1;
    assert_ok(brn__table_read("made.csv", text, strlen(text), &options, 0, &table));
    return table;
}

static void read_text(const char *text, const brn__ratings_columns *c, brn__ratings *out)
{
    brn_table *table = table_of(text, c);
    assert_ok(brn__ratings_read(table, c, NULL, out));
    brn_table_close(table);
}

static void refuse_text(const char *text, const char *part)
{
    brn__ratings ratings = {0};
    brn_table *table = table_of(text, &columns);
    assert_fails(brn__ratings_read(table, &columns, NULL, &ratings), BRN_ERROR_INPUT, part);
    brn_table_close(table);
    brn__ratings_free(&ratings);
}

TEST(ratings_number_ids_of_any_text_in_the_order_in_which_they_appear)
{
    brn__ratings r = {0};
    read_text("user,item,rating,time\n"
              "007,a b,1,5\n"
              "7,\"say \"\"hi\"\", you\",2.5,6\n"
              "Ünü 木,a b,3,7\n"
              " 7,'a b',-4,8\n"
              "007,\"two\nlines\",5,9\n",
              &columns, &r);
    static const int32_t users[] = {1, 2, 3, 4, 1}, items[] = {1, 2, 1, 3, 4};
    assert_int_equal(r.count, 5);
    assert_memory_equal(r.users, users, sizeof users);
    assert_memory_equal(r.items, items, sizeof items);
    assert_true(r.values[1] == 2.5f && r.values[3] == -4 && r.times[4] == 9);
    assert_int_equal(brn__ratings_code(&r.user_ids, "Ünü 木"), 3);
    assert_int_equal(brn__ratings_code(&r.user_ids, " 7"), 4);
    assert_int_equal(brn__ratings_code(&r.item_ids, "say \"hi\", you"), 2);
    assert_int_equal(brn__ratings_code(&r.item_ids, "two\nlines"), 4);
    assert_int_equal(brn__ratings_code(&r.item_ids, "A b"), 0);
    brn__ratings_free(&r);
}

TEST(ratings_name_the_row_that_lacks_something)
{
    refuse_text("user,item,rating,time\na,b,1,1\n,b,1,1\n", "row 2 has no user");
    refuse_text("user,item,rating,time\na,,1,1\n", "row 1 has no item");
    refuse_text("user,item,rating,time\na,b,1,1\na,c,,1\n", "row 2 has no rating");
    refuse_text("user,item,rating,time\na,b,1,\na,c,1,2\n", "row 1 has no time");
    refuse_text("user,item,rating,time\na,b,good,1\n", "is text; expected numbers");
    refuse_text("user,item,rating,when\na,b,1,1\n", "no column \"time\"");
    refuse_text("user,item,rating,time\na,b,1e31,1\n", "too large");
}

TEST(ratings_of_two_tables_share_their_ids)
{
    brn__ratings r = {0};
    read_text("user,item,rating,time\na,x,1,1\nb,y,2,2\n", &columns, &r);
    read_text("user,item,rating,time\nb,x,3,3\nc,x,4,4\n", &columns, &r);
    static const int32_t users[] = {1, 2, 2, 3}, items[] = {1, 2, 1, 1};
    assert_int_equal(r.count, 4);
    assert_memory_equal(r.users, users, sizeof users);
    assert_memory_equal(r.items, items, sizeof items);
    brn__ratings_free(&r);
}

TEST(ratings_that_are_repeated_leave_the_latest)
{
    brn__ratings r = {0};
    read_text("user,item,rating,time\na,x,1,9\nb,x,2,1\na,x,3,5\na,y,4,1\nb,x,5,2\na,x,6,9\n", &columns,
              &r);
    assert_ok(brn__ratings_merge(&r, false));
    assert_int_equal(r.count, 3);
    assert_int_equal(r.merged, 3);
    /* a x: times 9, 5 and 9: the last of the latest; b x: time 2 */
    assert_true(r.values[0] == 4 && r.values[1] == 5 && r.values[2] == 6);
    brn__ratings_free(&r);

    const brn__ratings_columns clicks = {"user", "item", NULL, NULL};
    read_text("user,item\na,x\nb,x\na,x\na,x\n", &clicks, &r);
    assert_ok(brn__ratings_merge(&r, true));
    assert_int_equal(r.count, 2);
    assert_true(r.values[0] == 1 && r.values[1] == 3 && !r.times);
    assert_int_equal(r.users[1], 1);
    brn__ratings_free(&r);
}

TEST(the_last_rating_of_each_user_with_two_is_held_out)
{
    brn__ratings r = {0};
    read_text("user,item,rating,time\na,x,1,9\na,y,1,5\nb,x,1,1\nc,x,1,4\nc,y,1,4\n", &columns, &r);
    assert_ok(brn__ratings_hold_out_last(&r));
    static const uint8_t valid[] = {1, 0, 0, 0, 1};
    assert_memory_equal(r.valid, valid, sizeof valid);
    brn__ratings_free(&r);
}

/* ------------------------------------------------------------------ seen */

enum { USERS = 20, ITEMS = 30 };

/* Every user has about half of the items; user 1 has all. A fifth validates. */
static void fill(brn__ratings *r)
{
    static char text[USERS * ITEMS * 16];
    size_t length = (size_t)sprintf(text, "user,item,rating,time\n");
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if (u == 0 || (u * 7 + i * 13) % 11 < 5)
                length += (size_t)sprintf(text + length, "u%d,i%d,%d,1\n", u, i, 1 + (u + i) % 5);
    read_text(text, &columns, r);
    for (int64_t row = 0; row < r->count; row++) r->valid[row] = row % 5 == 0;
}

static bool has_row(const brn__ratings *r, int64_t user, int32_t item, brn__seen_rows which)
{
    for (int64_t row = 0; row < r->count; row++)
        if (r->users[row] == user && r->items[row] == item &&
            (which == BRN__SEEN_ALL || r->valid[row] == (which == BRN__SEEN_VALID)))
            return true;
    return false;
}

TEST(seen_items_are_those_of_the_rows)
{
    brn__ratings r = {0};
    fill(&r);
    for (int which = BRN__SEEN_ALL; which <= BRN__SEEN_VALID; which++) {
        brn__seen seen;
        assert_ok(brn__seen_build(&r, (brn__seen_rows)which, &seen));
        for (int64_t user = 0; user <= USERS; user++) {
            int64_t count;
            const int32_t *items = brn__seen_of(&seen, user, &count);
            for (int64_t k = 1; k < count; k++) assert_true(items[k] > items[k - 1]);
            for (int32_t item = 0; item <= ITEMS; item++)
                assert_int_equal(brn__seen_has(&seen, user, item),
                                 has_row(&r, user, item, (brn__seen_rows)which));
        }
        brn__seen_free(&seen);
    }
    brn__ratings_free(&r);
}

/* ------------------------------------------------------------------ samples */

typedef struct samples {
    brn__ratings ratings;
    brn__seen train, all;
    brn__dataset *dataset;
} samples;

static void open_samples(samples *s, brn__ratings_loss loss)
{
    *s = (samples){0};
    fill(&s->ratings);
    const brn__ratings_samples how = {.loss = loss, .negatives = 3, .confidence = 2, .seed = 9};
    assert_ok(brn__seen_build(&s->ratings, BRN__SEEN_TRAIN, &s->train));
    assert_ok(brn__seen_build(&s->ratings, BRN__SEEN_ALL, &s->all));
    assert_ok(brn__ratings_dataset_new(&s->ratings, &s->train, &s->all, &how, &s->dataset));
}

static void close_samples(samples *s)
{
    brn__dataset_free(s->dataset);
    brn__seen_free(&s->train);
    brn__seen_free(&s->all);
    brn__ratings_free(&s->ratings);
}

TEST(samples_of_ratings_are_the_rows)
{
    samples s;
    float input[2], target;
    open_samples(&s, BRN__RATINGS_MSE);
    assert_int_equal(s.dataset->count, s.ratings.count);
    for (int64_t row = 0; row < s.ratings.count; row++) {
        const brn__sample_context context = {.training = true};
        assert_ok(s.dataset->load(s.dataset, row, &context, input, &target));
        assert_true(input[0] == (float)s.ratings.users[row]);
        assert_true(input[1] == (float)s.ratings.items[row] && target == s.ratings.values[row]);
    }
    close_samples(&s);
}

TEST(drawn_items_are_none_that_the_user_has)
{
    samples s;
    int64_t drawn[ITEMS + 1] = {0}, changed = 0;
    open_samples(&s, BRN__RATINGS_BPR);
    for (uint32_t epoch = 0; epoch < 20; epoch++)
        for (int64_t row = 0; row < s.ratings.count; row++) {
            float input[4], again[4], later[4], target;
            brn__sample_context context = {.epoch = epoch, .training = epoch % 2 == 0};
            assert_ok(s.dataset->load(s.dataset, row, &context, input, &target));
            assert_ok(s.dataset->load(s.dataset, row, &context, again, &target));
            context.epoch++;
            assert_ok(s.dataset->load(s.dataset, row, &context, later, &target));
            assert_memory_equal(input, again, sizeof input);
            changed += context.training && input[3] != later[3];
            assert_true(target == 1 && input[2] == input[0] && input[3] >= 1 && input[3] <= ITEMS);
            if (!context.training) assert_true(input[3] == later[3]); /* one validation for all */
            if (s.ratings.users[row] == 1) continue; /* has all: gets any */
            assert_false(has_row(&s.ratings, s.ratings.users[row], (int32_t)input[3],
                                 context.training ? BRN__SEEN_TRAIN : BRN__SEEN_ALL));
            drawn[(int)input[3]]++;
        }
    for (int i = 1; i <= ITEMS; i++) assert_true(drawn[i] > 0);
    assert_true(changed > 5 * s.ratings.count);
    close_samples(&s);
}

TEST(weighted_samples_are_a_click_and_then_what_is_drawn)
{
    samples s;
    open_samples(&s, BRN__RATINGS_WEIGHTED);
    assert_int_equal(s.dataset->count, 4 * s.ratings.count);
    for (int64_t k = 0; k < s.dataset->count; k++) {
        float input[3], target;
        int64_t row = k / 4;
        const brn__sample_context context = {.epoch = 3, .training = true};
        assert_ok(s.dataset->load(s.dataset, k, &context, input, &target));
        assert_true(input[0] == (float)s.ratings.users[row]);
        if (k % 4 == 0) {
            double weight = sqrt(1 + 2 * (double)s.ratings.values[row]);
            assert_true(input[1] == (float)s.ratings.items[row] && input[2] == target);
            assert_close(target, weight, 1e-6);
        } else {
            assert_true(input[2] == 1 && target == 0);
        }
    }
    close_samples(&s);
}

TEST(batches_of_ratings_do_not_depend_on_loader_threads)
{
    samples s;
    open_samples(&s, BRN__RATINGS_BPR);
    brn__loader *loaders[3];
    for (int i = 0; i < 3; i++) {
        brn__loader_options options = brn__loader_defaults(true);
        options.batch_size = 16;
        options.workers = i * 2;
        options.seed = 5;
        assert_ok(brn__loader_new(s.dataset, NULL, 0, &options, &loaders[i]));
        assert_ok(brn__loader_start_epoch(loaders[i], 2));
    }
    for (;;) {
        brn__batch batches[3];
        for (int i = 0; i < 3; i++) assert_ok(brn__loader_next(loaders[i], &batches[i]));
        for (int i = 1; i < 3; i++) {
            assert_int_equal(batches[i].count, batches[0].count);
            if (!batches[0].count) continue;
            assert_memory_equal(batches[i].inputs, batches[0].inputs,
                                (size_t)batches[0].count * 4 * sizeof(float));
        }
        if (!batches[0].count) break;
    }
    for (int i = 0; i < 3; i++) brn__loader_free(loaders[i]);
    close_samples(&s);
}
