/* SPDX-License-Identifier: Apache-2.0
 * Training on ratings step by step. */
#include "burnish/ratings_learner.h"
#include "base/alloc.h"
#include "base/files.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USERS = 20, ITEMS = 12 };

/* Even users like even items. Static buffers. */
static const char *write_ratings(const char *name, const char *prefix)
{
    static char paths[4][256], text[32 * USERS * ITEMS];
    static int turn;
    char *path = paths[turn++ % 4];
    size_t length = (size_t)sprintf(text, "user,item,rating\n");
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i < ITEMS; i++)
            if ((u * 5 + i * 3) % 4)
                length += (size_t)sprintf(text + length, "%s%d,i%d,%d\n", prefix, u, i, u % 2 == i % 2 ? 5 : 1 + i % 2);
    snprintf(path, sizeof paths[0], "%s/%s", test_scratch_folder(), name);
    assert_ok(brn__replace_file(path, text, length));
    return path;
}

static brn_ratings_options options_of(const char *data)
{
    brn_ratings_options o = brn_ratings_defaults();
    o.data = data;
    o.factors = 4;
    o.batch_size = 16;
    o.threads = 1;
    return o;
}

static brn_hand_fit adam(const brn_ratings_learner *learner, int epochs, double decay)
{
    brn_hand_fit fit = brn_hand_fit_defaults(brn_ratings_learner_groups(learner), 1e-2);
    fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    fit.epochs = epochs;
    for (int g = 0; g < brn_ratings_learner_groups(learner); g++) fit.decays[g] = decay;
    return fit;
}

TEST(one_fit_of_a_ratings_learner_makes_the_bits_of_the_job)
{
    char run[256];
    brn_ratings_options o = options_of(write_ratings("ratings.csv", "u"));
    brn_ratings_learner *learner;
    brn_ratings_model *model;
    snprintf(run, sizeof run, "%s/run", test_scratch_folder());
    o.out = run;
    o.epochs = 3;
    o.learning_rate = 1e-2;
    assert_ok(brn_ratings_train(&o, NULL));
    assert_ok(brn_ratings_learner_new(&o, &learner));
    brn_hand_fit fit = adam(learner, 3, o.weight_decay);
    const brn_schedule rate = brn_schedule_one_cycle(1, .25, 25, 1e5), momentum = brn_schedule_cosine_dip(.95, .85, .95, .25);
    fit.rate = &rate;
    fit.momentum = &momentum;
    assert_ok(brn_ratings_learner_fit(learner, &fit));
    assert_ok(brn_ratings_model_open(run, 1, &model));
    int64_t users[USERS * ITEMS], items[USERS * ITEMS];
    double job[USERS * ITEMS], ours[USERS * ITEMS];
    for (int k = 0; k < USERS * ITEMS; k++) users[k] = k / ITEMS, items[k] = k % ITEMS;
    assert_ok(brn_ratings_predict(model, USERS * ITEMS, users, items, job));
    assert_ok(brn_ratings_learner_predict(learner, USERS * ITEMS, users, items, ours));
    assert_memory_equal(ours, job, sizeof job);
    users[3] = USERS + 1;
    assert_fails(brn_ratings_learner_predict(learner, 4, users, items, ours), BRN_ERROR_USAGE, "user 21; expected 0 to 20");
    brn_ratings_model_close(model);
    brn_ratings_learner_free(learner);
}

TEST(a_ratings_learner_has_its_ids_rows_and_outputs)
{
    brn_ratings_options o = options_of(write_ratings("ratings.csv", "u"));
    brn_ratings_learner *learner;
    assert_ok(brn_ratings_learner_new(&o, &learner));
    assert_int_equal(brn_ratings_learner_user_count(learner), USERS);
    assert_int_equal(brn_ratings_learner_item_count(learner), ITEMS);
    assert_string_equal(brn_ratings_learner_user_id(learner, 1), "u0");
    assert_null(brn_ratings_learner_user_id(learner, 0));
    assert_null(brn_ratings_learner_item_id(learner, ITEMS + 1));
    int64_t count, width;
    assert_null(brn_ratings_learner_validated(learner, &count, &width));
    brn_hand_fit fit = adam(learner, 1, 0);
    assert_ok(brn_ratings_learner_fit(learner, &fit));
    const int32_t *users, *items;
    const float *values, *outputs = brn_ratings_learner_validated(learner, &count, &width);
    assert_int_equal(brn_ratings_learner_valid_rows(learner, &users, &items, &values), count);
    assert_int_equal(count, brn_ratings_learner_count(learner, true));
    assert_int_equal(width, 1);
    for (int64_t k = 0; k < count; k++) {
        const int64_t user = users[k], item = items[k];
        double answer;
        assert_ok(brn_ratings_learner_predict(learner, 1, &user, &item, &answer));
        assert_close(outputs[k], answer, 1e-5);
        const int u = atoi(brn_ratings_learner_user_id(learner, user) + 1);
        const int i = atoi(brn_ratings_learner_item_id(learner, item) + 1);
        assert_true((double)values[k] == (u % 2 == i % 2 ? 5 : 1 + i % 2));
    }
    brn_ratings_learner_free(learner);
}

TEST(a_ratings_learner_loads_what_knows_the_same_users)
{
    char path[256];
    brn_ratings_options o = options_of(write_ratings("ratings.csv", "u"));
    brn_ratings_learner *learner, *other;
    brn_ratings_model *model;
    assert_ok(brn_ratings_learner_new(&o, &learner));
    brn_hand_fit fit = adam(learner, 1, 0);
    assert_ok(brn_ratings_learner_fit(learner, &fit));
    snprintf(path, sizeof path, "%s/saved.safetensors", test_scratch_folder());
    assert_ok(brn_ratings_learner_save(learner, path));
    char *bytes;
    size_t length;
    assert_ok(brn__read_file(path, 1 << 20, &bytes, &length));
    assert_null(memmem(bytes, length, "rmse", 4)); /* nobody has measured it */
    brn__free(bytes);
    assert_ok(brn_ratings_model_open(path, 1, &model));
    assert_int_equal(brn_ratings_model_user_count(model), USERS);
    brn_ratings_model_close(model);
    assert_ok(brn_ratings_learner_new(&o, &other));
    assert_ok(brn_ratings_learner_load(other, path));
    const int64_t elements = brn_parameters_elements(brn_ratings_learner_parameters(learner));
    assert_memory_equal(brn_parameters_values(brn_ratings_learner_parameters(other)),
                        brn_parameters_values(brn_ratings_learner_parameters(learner)), (size_t)elements * sizeof(float));
    brn_ratings_learner_free(other);
    o.data = write_ratings("others.csv", "v");
    assert_ok(brn_ratings_learner_new(&o, &other));
    assert_fails(brn_ratings_learner_load(other, path), BRN_ERROR_INPUT, "user 1 is u0; expected v0");
    brn_ratings_learner_free(other);
    brn_ratings_learner_free(learner);
}
