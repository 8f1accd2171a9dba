/* SPDX-License-Identifier: Apache-2.0
 * Learners on arrays: they learn classes, tags and numbers, answer about other items, and their files are whole. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/array_learner.h"
#include "burnish/image.h"
#include "io/model_file.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 400, VALID = 100, WIDTH = 3 };

static float inputs[ITEMS + VALID][WIDTH]; /* two numbers in [-1, 1], a code below 4 */
static int64_t labels[ITEMS + VALID];      /* is the product of the numbers positive, flipped by code 2? */
static float targets[ITEMS + VALID][2];

static void draw(void)
{
    uint32_t state = 7;
    for (int i = 0; i < ITEMS + VALID; i++) {
        for (int k = 0; k < 2; k++) {
            state = state * 1664525u + 1013904223u;
            inputs[i][k] = (float)(state >> 8) / (float)(1 << 23) - 1;
        }
        state = state * 1664525u + 1013904223u;
        inputs[i][2] = (float)(state >> 30);
        labels[i] = (inputs[i][0] * inputs[i][1] > 0) != (inputs[i][2] == 2);
        targets[i][0] = inputs[i][0] - 2 * inputs[i][1];
        targets[i][1] = inputs[i][2] * .5f;
    }
}

static brn_array_data data_of(brn_target_kind target, int64_t outputs)
{
    draw();
    brn_array_data data = {.rank = 1, .dims = {WIDTH}, .target = target, .outputs = outputs};
    data.parts[BRN_SPLIT_TRAIN] = (brn_array_part){ITEMS, &inputs[0][0], labels, &targets[0][0]};
    data.parts[BRN_SPLIT_VALID] = (brn_array_part){VALID, &inputs[ITEMS][0], labels + ITEMS, &targets[ITEMS][0]};
    return data;
}

static const char network[] =
    "{\"format\": 1, \"name\": \"rows\", \"layers\": [{\"layer\": \"branches\", \"layers\": [{\"layer\": \"columns\", \"begin\": 0, "
    "\"end\": 2}, {\"layer\": \"embedding\", \"rows\": 4, \"width\": 3, \"column\": 2}]}, "
    "{\"layer\": \"linear\", \"outputs\": 32}, {\"layer\": \"batch_norm\"}, {\"layer\": \"relu\"}, {\"layer\": \"linear\", \"outputs\": 32}, "
    "{\"layer\": \"relu\"}, {\"layer\": \"linear\", \"outputs\": \"classes\"}]}";

static brn_image_learner *make(const brn_array_data *data)
{
    brn_image_learner *learner;
    brn_image_learner_options o = brn_image_learner_defaults();
    o.network = network;
    o.batch_size = 20;
    o.threads = 1;
    assert_ok(brn_array_learner_new(data, &o, &learner));
    return learner;
}

static void fit(brn_image_learner *learner, int epochs)
{
    brn_image_fit f = brn_image_fit_defaults(learner, 1e-2);
    f.epochs = epochs;
    f.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
    assert_ok(brn_image_learner_fit(learner, &f));
}

static int right(const float *answers)
{
    int count = 0;
    for (int i = 0; i < VALID; i++) count += (answers[2 * i + 1] > answers[2 * i]) == labels[ITEMS + i];
    return count;
}

TEST(classes_of_arrays_are_learned_and_answered)
{
    char path[512];
    static float answers[2 * VALID], others[2 * VALID];
    static bool seen[VALID];
    const brn_array_data data = data_of(BRN_TARGET_LABEL, 2);
    brn_image_learner *learner = make(&data), *opened;
    fit(learner, 30);
    const brn_image_pass pass = {.split = BRN_SPLIT_VALID, .form = BRN_ANSWER_PROBABILITIES};
    assert_ok(brn_image_learner_answer(learner, &pass, answers, seen));
    assert_true(right(answers) >= 90);
    assert_true(seen[VALID - 1]);
    assert_ok(brn_array_learner_answer(learner, &inputs[ITEMS][0], VALID, BRN_ANSWER_PROBABILITIES, others));
    for (int i = 0; i < 2 * VALID; i++) assert_close(others[i], answers[i], 1e-5); /* batches of another size */
    snprintf(path, sizeof path, "%s/rows.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(learner, path));
    assert_ok(brn_array_learner_open(path, 1, &opened));
    int64_t dims[3];
    assert_int_equal(brn_array_learner_shape(opened, dims), 1);
    assert_int_equal(dims[0], WIDTH);
    assert_string_equal(brn_image_learner_output_name(opened, 1), "1");
    static float again[2 * VALID];
    assert_ok(brn_array_learner_answer(opened, &inputs[ITEMS][0], VALID, BRN_ANSWER_PROBABILITIES, again));
    assert_memory_equal(again, others, sizeof again);
    brn_image_fit f = brn_image_fit_defaults(opened, 1e-2);
    assert_fails(brn_image_learner_fit(opened, &f), BRN_ERROR_USAGE, "nothing to learn from");
    brn_image_model *model;
    assert_fails(brn_image_model_open(path, 1, &model), BRN_ERROR_INPUT, "\"job\": expected \"image\"");
    brn_image_learner_free(opened);
    brn_image_learner_free(learner);
}

TEST(numbers_of_arrays_are_learned)
{
    static float answers[2 * VALID];
    const brn_array_data data = data_of(BRN_TARGET_NUMBERS, 2);
    brn_image_learner *learner = make(&data);
    fit(learner, 40);
    assert_ok(brn_array_learner_answer(learner, &inputs[ITEMS][0], VALID, BRN_ANSWER_OUTPUTS, answers));
    double error = 0, spread = 0;
    for (int i = 0; i < VALID; i++) {
        error += pow(answers[2 * i] - targets[ITEMS + i][0], 2);
        spread += pow(targets[ITEMS + i][0], 2);
    }
    assert_true(error < .05 * spread);
    brn_image_learner_free(learner);
}

TEST(tags_of_arrays_are_learned)
{
    static float answers[VALID];
    brn_array_data data = data_of(BRN_TARGET_TAGS, 1);
    static float tags[ITEMS + VALID];
    for (int i = 0; i < ITEMS + VALID; i++) tags[i] = inputs[i][0] > 0;
    data.parts[BRN_SPLIT_TRAIN].targets = tags;
    data.parts[BRN_SPLIT_VALID].targets = tags + ITEMS;
    brn_image_learner *learner = make(&data);
    fit(learner, 20);
    assert_ok(brn_array_learner_answer(learner, &inputs[ITEMS][0], VALID, BRN_ANSWER_PROBABILITIES, answers));
    int good = 0;
    for (int i = 0; i < VALID; i++) good += (answers[i] > .5f) == (tags[ITEMS + i] == 1);
    assert_true(good >= 95);
    brn_image_learner_free(learner);
}

TEST(a_learner_of_arrays_goes_on_to_the_same_bits)
{
    char path[512];
    const brn_array_data data = data_of(BRN_TARGET_LABEL, 2);
    brn_image_learner *whole = make(&data), *second = make(&data);
    fit(whole, 2);
    snprintf(path, sizeof path, "%s/half.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(whole, path));
    fit(whole, 2);
    assert_ok(brn_image_learner_resume(second, path));
    fit(second, 2);
    brn_parameters *a = brn_image_learner_parameters(whole), *b = brn_image_learner_parameters(second);
    assert_memory_equal(brn_parameters_values(a), brn_parameters_values(b),
                        (size_t)brn_parameters_elements(a) * sizeof(float));
    brn_image_learner_free(second);
    brn_image_learner_free(whole);
}

TEST(arrays_that_make_no_sense_are_refused)
{
    brn_array_data data = data_of(BRN_TARGET_LABEL, 2);
    brn_image_learner *learner;
    brn_image_learner_options o = brn_image_learner_defaults();
#define REFUSED(code, message) assert_fails(brn_array_learner_new(&data, &o, &learner), code, message)
    REFUSED(BRN_ERROR_USAGE, "expected a network");
    o.network = network;
    labels[ITEMS + 3] = 2;
    REFUSED(BRN_ERROR_INPUT, "validation arrays: label 2 of item 3; expected 0 to 1");
    data = data_of(BRN_TARGET_LABEL, 2);
    data.parts[0].labels = NULL;
    REFUSED(BRN_ERROR_USAGE, "training arrays: expected inputs and labels");
    data = data_of(BRN_TARGET_LABEL, 2);
    data.parts[0].count = 1;
    REFUSED(BRN_ERROR_INPUT, "two training items");
    data = data_of(BRN_TARGET_LABEL, 1);
    REFUSED(BRN_ERROR_INPUT, "1 outputs; expected 2");
    data = data_of(BRN_TARGET_LABEL, 2);
    data.dims[0] = 2;
    REFUSED(BRN_ERROR_INPUT, "layer 0.1 (embedding) on x (64, 2)");
    data.rank = 4;
    REFUSED(BRN_ERROR_USAGE, "items of rank 4");
#undef REFUSED
    data = data_of(BRN_TARGET_LABEL, 2);
    learner = make(&data);
    assert_fails(brn_image_learner_set_data(learner, NULL, 0, NULL), BRN_ERROR_USAGE, "a learner of arrays");
    inputs[5][2] = 9; /* a code that the embedding does not have */
    brn_image_fit f = brn_image_fit_defaults(learner, 1e-2);
    assert_fails(brn_image_learner_fit(learner, &f), BRN_ERROR_INPUT, "9");
    brn_image_learner_free(learner);
}

TEST(failing_allocations_of_learners_of_arrays_are_told)
{
    char path[512];
    const brn_array_data data = data_of(BRN_TARGET_LABEL, 2);
    brn_image_learner *learner = make(&data);
    snprintf(path, sizeof path, "%s/rows.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(learner, path));
    brn_image_learner_free(learner);
    brn_image_learner_options o = brn_image_learner_defaults();
    o.network = network;
    o.threads = 1;
    for (int form = 0; form < 2; form++)
        for (uint64_t n = 1;; n++) {
            const int64_t live = brn__alloc_live();
            brn__alloc_fail_after(n, 0);
            const brn_status status =
                form ? brn_array_learner_open(path, 1, &learner) : brn_array_learner_new(&data, &o, &learner);
            brn__alloc_fail_after(0, 0);
            if (status == BRN_OK) {
                brn_image_learner_free(learner);
                break;
            }
            assert_int_equal(status, BRN_ERROR_NO_MEMORY);
            assert_null(learner);
            assert_int_equal(brn__alloc_live(), live);
        }
}

/* A file of another kind, and one that says more than it holds. */
TEST(files_of_arrays_are_looked_at_before_room_is_made)
{
    char path[512], *text;
    size_t length;
    const brn_array_data data = data_of(BRN_TARGET_LABEL, 2);
    brn_image_learner *learner = make(&data), *opened;
    snprintf(path, sizeof path, "%s/rows.safetensors", test_scratch_folder());
    assert_ok(brn_image_learner_save(learner, path));
    brn_image_learner_free(learner);
    static const char *const changes[][2] = {{"\\\"outputs\\\":32", "\\\"outputs\\\":99"}, {"\\\"input\\\":[3]", "\\\"input\\\":[0]"},
                                             {"\\\"arrays\\\"", "\\\"images\\\""}, {"\\\"layers\\\"", "\\\"liyers\\\""}};
    static const char *const messages[] = {"the file holds", "\"input\": expected", "\"job\": expected", "there is no \"liyers\""};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char other[600];
        assert_ok(brn__read_file(path, 1 << 24, &text, &length));
        char *at = memmem(text, length, changes[i][0], strlen(changes[i][0]));
        assert_non_null(at);
        memcpy(at, changes[i][1], strlen(changes[i][1]));
        snprintf(other, sizeof other, "%s.%zu", path, i);
        assert_ok(brn__replace_file(other, text, length));
        assert_fails(brn_array_learner_open(other, 1, &opened), BRN_ERROR_INPUT, messages[i]);
        test_assert_message(other, __FILE__, __LINE__);
        brn__free(text);
    }
}
