/* SPDX-License-Identifier: Apache-2.0
 * Several threads ask one model. Under the thread sanitizer (make tsan) this is the test of races. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/image.h"
#include "test.h"

#include <png.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = 36, PICTURES = 6, THREADS = 4, ROUNDS = 3 };

static void paint(uint8_t *pixels, int number)
{
    uint32_t state = (uint32_t)number * 7919u + 1;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = (uint8_t)((number % 2 ? i % 97 : 96 - i % 97) + (state >> 26));
    }
}

static const char *train_small(void)
{
    static char run[200];
    static const char *const classes[] = {"a", "b"};
    char data[160], path[256];
    uint8_t pixels[SIDE * SIDE * 3];
    snprintf(data, sizeof data, "%s", test_scratch_folder());
    for (int i = 0; i < 8; i++) {
        snprintf(path, sizeof path, "%s/%s", data, classes[i % 2]);
        assert_ok(brn__make_folders(path));
        snprintf(path, sizeof path, "%s/%s/%d.png", data, classes[i % 2], i);
        png_image image = {
            .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
        paint(pixels, i);
        assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
    }
    snprintf(run, sizeof run, "%s/run", test_scratch_folder());
    brn_image_options o = brn_image_defaults();
    o.data = data, o.out = run, o.architecture = "resnet20_cifar", o.recipe = BRN_RECIPE_SCRATCH;
    o.pretrained = false, o.freeze_epochs = 0, o.epochs = 1, o.batch_size = 4, o.size = 32, o.tta = 0;
    o.threads = 1, o.loaders = 1;
    assert_ok(brn_image_train(&o, NULL));
    return run;
}

typedef struct asker {
    brn_image_model *model;
    float answers[ROUNDS][PICTURES][2];
    brn_status status;
} asker;

static void *ask(void *argument)
{
    asker *a = argument;
    uint8_t pixels[SIDE * SIDE * 3];
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < PICTURES && a->status == BRN_OK; i++) {
            const float *p;
            paint(pixels, i);
            a->status = brn_image_predict_pixels(a->model, pixels, SIDE, SIDE, &p);
            if (a->status == BRN_OK) memcpy(a->answers[round][i], p, sizeof a->answers[round][i]);
        }
    return NULL;
}

TEST(threads_with_handles_on_one_model_get_the_answers_of_one)
{
    brn_image_model *model;
    static asker alone, askers[THREADS];
    pthread_t threads[THREADS];
    const int64_t blocks = brn__alloc_live();
    assert_ok(brn_image_model_open(train_small(), 1, &model));
    alone.model = model;
    ask(&alone);
    assert_ok(alone.status);
    assert_true(alone.answers[0][0][0] != alone.answers[0][1][0]);
    for (int i = 0; i < THREADS; i++) assert_ok(brn_image_model_share(model, 1, &askers[i].model));
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask, &askers[i]), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_ok(askers[i].status);
        assert_memory_equal(askers[i].answers, alone.answers, sizeof alone.answers);
        brn_image_model_close(askers[i].model);
    }
    brn_image_model_close(model);
    assert_int_equal(brn__alloc_live(), blocks);
}

static void *share_and_ask(void *argument)
{
    brn_image_model *mine;
    asker *a = argument;
    a->status = brn_image_model_share(a->model, 1, &mine);
    if (a->status != BRN_OK) return NULL;
    a->model = mine;
    ask(a);
    brn_image_model_close(mine);
    return NULL;
}

TEST(handles_are_made_and_closed_by_any_thread_in_any_order)
{
    brn_image_model *model, *second, *third;
    static asker askers[THREADS];
    pthread_t threads[THREADS];
    const int64_t blocks = brn__alloc_live();
    assert_ok(brn_image_model_open(train_small(), 1, &model));
    assert_ok(brn_image_model_share(model, 1, &second));
    assert_ok(brn_image_model_share(second, 1, &third));
    brn_image_model_close(model); /* the opened one first */
    brn_image_model_close(second);
    assert_int_equal(brn_image_model_classes(third), 2);
    assert_string_equal(brn_image_model_class(third, 1), "b");
    assert_string_equal(brn_image_model_architecture(third), "resnet20_cifar");
    for (int i = 0; i < THREADS; i++) {
        askers[i].model = third;
        assert_int_equal(pthread_create(&threads[i], NULL, share_and_ask, &askers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_ok(askers[i].status);
        assert_memory_equal(askers[i].answers, askers[0].answers, sizeof askers[0].answers);
    }
    brn_image_model_close(third);
    assert_int_equal(brn__alloc_live(), blocks);
}

TEST(sharing_survives_every_failing_allocation)
{
    brn_image_model *model, *other;
    assert_ok(brn_image_model_open(train_small(), 1, &model));
    const int64_t blocks = brn__alloc_live();
    for (uint64_t n = 1;; n++) {
        assert_in_range(n, 1, 100);
        brn__alloc_fail_after(n, 0);
        brn_status status = brn_image_model_share(model, 1, &other);
        brn__alloc_fail_after(0, 0);
        if (status == BRN_OK) break;
        assert_int_equal(status, BRN_ERROR_NO_MEMORY);
        assert_null(other);
        assert_int_equal(brn__alloc_live(), blocks);
    }
    brn_image_model_close(other);
    brn_image_model_close(model);
}
