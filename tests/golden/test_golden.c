/* SPDX-License-Identifier: Apache-2.0
 * The golden files' readers must go red for what is wrong, and the generator must be PyTorch's
 * side's. */
#include "burnish/model_zoo.h"
#include "golden/generator.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double *new_values(int64_t count)
{
    double *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    return values;
}

TEST(golden_generator_gives_the_same_bits_as_python)
{
    json_t *golden = golden_open("tests/golden/generator.json");
    const char *stream;
    const json_t *want;
    json_object_foreach((json_t *)golden_at(golden, "uniform"), stream, want)
    {
        double values[9];
        golden_uniform(stream, 9, values);
        for (size_t i = 0; i < 9; i++)
            if (values[i] != json_number_value(json_array_get(want, i)))
                fail_msg("stream \"%s\", value %zu: %.17g", stream, i, values[i]);
    }
    json_decref(golden);
}

TEST(golden_fill_gives_the_same_bits_as_python)
{
    json_t *golden = golden_open("tests/golden/generator.json");
    size_t at;
    const json_t *entry;
    json_array_foreach(golden_at(golden, "fill"), at, entry)
    {
        const json_t *dims = golden_at(entry, "shape");
        int rank = (int)json_array_size(dims);
        int64_t shape[4], count = 1;
        for (int i = 0; i < rank; i++) {
            shape[i] = json_integer_value(json_array_get(dims, (size_t)i));
            count *= shape[i];
        }
        double *values = new_values(count);
        const char *name = golden_string(entry, "name");
        golden_fill(golden_string(entry, "architecture"), name, rank, shape, values);
        for (size_t i = 0; i < 5; i++)
            if (values[i] != json_number_value(json_array_get(golden_at(entry, "first"), i)))
                fail_msg("%s[%zu]: %.17g", name, i, values[i]);
        if (values[count - 1] != golden_number(entry, "last"))
            fail_msg("%s[last]: %.17g", name, values[count - 1]);
        free(values);
    }
    json_decref(golden);
}

TEST(golden_targets_are_spread)
{
    int64_t targets[4];
    golden_targets(4, 10, targets);
    assert_int_equal(targets[0], 3);
    assert_int_equal(targets[1], 0);
    assert_int_equal(targets[3], 4);
}

/* ---------------------------------------------------------------- a summary made here */

enum { ROWS = 48, COLUMNS = 48, COUNT = ROWS * COLUMNS };

/* The summary as make_models.py writes it, of a (ROWS, COLUMNS) tensor. */
static json_t *new_summary(const char *name, const double *values)
{
    char stream[64];
    snprintf(stream, sizeof stream, "dot:%s", name);
    double d[COUNT], norm = 0, dot = 0;
    golden_uniform(stream, COUNT, d);
    for (int i = 0; i < COUNT; i++) norm += values[i] * values[i], dot += values[i] * d[i];
    json_t *samples = json_array();
    for (int k = 0; k < 8; k++)
        json_array_append_new(samples, json_real(values[k * (COUNT - 1) / 7]));
    return json_pack("{s:[i,i],s:f,s:f,s:o}", "shape", ROWS, COLUMNS, "norm", sqrt(norm), "dot",
                     dot, "samples", samples);
}

/* A gradient-like tensor: rows of very different sizes. */
static void make_tensor(double *values)
{
    golden_uniform("a tensor", COUNT, values);
    for (int i = 0; i < COUNT; i++) values[i] *= exp2(-(i / COLUMNS) % 7);
}

static double check(const double *values, double tolerance)
{
    double original[COUNT];
    make_tensor(original);
    json_t *summary = new_summary("w", original);
    double error = golden_check_summary(summary, "w", values, COUNT, tolerance);
    json_decref(summary);
    return error;
}

TEST(golden_summary_is_exact_for_the_tensor_itself)
{
    double values[COUNT];
    make_tensor(values);
    assert_true(check(values, 1e-15) <= 1e-15);
}

TEST(golden_summary_passes_an_error_of_the_tolerance)
{
    double values[COUNT], noise[COUNT], norm = 0, noise_norm = 0;
    make_tensor(values);
    for (int trial = 0; trial < 20; trial++) {
        char stream[32];
        snprintf(stream, sizeof stream, "noise %d", trial);
        golden_uniform(stream, COUNT, noise);
        norm = noise_norm = 0;
        for (int i = 0; i < COUNT; i++)
            norm += values[i] * values[i], noise_norm += noise[i] * noise[i];
        double scale = 1e-4 * sqrt(norm / noise_norm);
        for (int i = 0; i < COUNT; i++) noise[i] = values[i] + scale * noise[i];
        double error = check(noise, 1e-4);
        assert_true(error <= 1e-4);
        assert_true(error >= 1e-6); /* and it is seen */
    }
}

TEST(golden_summary_is_red_for_a_transposed_tensor)
{
    double values[COUNT], transposed[COUNT];
    make_tensor(values);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) transposed[j * ROWS + i] = values[i * COLUMNS + j];
    assert_true(check(transposed, INFINITY) > .05);
}

TEST(golden_summary_is_red_for_a_flipped_sign)
{
    double values[COUNT];
    make_tensor(values);
    for (int i = 0; i < COUNT; i++) values[i] = -values[i];
    assert_true(check(values, INFINITY) > .05);
}

TEST(golden_summary_is_red_for_a_tensor_shifted_by_one)
{
    double values[COUNT + 1];
    make_tensor(values + 1);
    values[0] = values[COUNT];
    assert_true(check(values, INFINITY) > .05);
}

TEST(golden_summary_is_red_for_a_factor)
{
    double values[COUNT];
    make_tensor(values);
    for (int i = 0; i < COUNT; i++) values[i] *= 1 + 1e-3;
    assert_true(check(values, INFINITY) > 9e-4);
}

TEST(golden_summary_is_red_for_one_wrong_sample)
{
    for (int k = 0; k < 8; k++) {
        double values[COUNT];
        make_tensor(values);
        values[k * (COUNT - 1) / 7] *= -1;
        assert_true(check(values, INFINITY) > 1e-4);
    }
}

TEST(golden_summary_sees_one_wrong_value_outside_the_samples)
{
    double values[COUNT];
    make_tensor(values);
    values[777] = -values[777];
    assert_true(check(values, INFINITY) > 1e-6);
}

TEST(golden_summary_is_red_for_not_a_number)
{
    double values[COUNT];
    make_tensor(values);
    values[5] = NAN;
    assert_true(isinf(check(values, INFINITY)));
}

TEST(golden_summary_is_red_for_a_wrong_count)
{
    double values[COUNT];
    make_tensor(values);
    json_t *summary = new_summary("w", values);
    assert_true(isinf(golden_check_summary(summary, "w", values, COUNT - 1, INFINITY)));
    json_decref(summary);
}

TEST(golden_zero_is_judged_by_its_scale)
{
    json_t *summary =
        json_pack("{s:[i],s:f,s:f,s:[f,f,f,f,f,f,f,f],s:f}", "shape", 2, "norm", 0.0, "dot", 0.0,
                  "samples", 0., 0., 0., 0., 0., 0., 0., 0., "scale", 10.);
    assert_close(golden_check_summary(summary, "b", (double[]){3e-6, 4e-6}, 2, 1), 5e-7, 1e-12);
    json_decref(summary);
}

TEST(golden_array_is_judged_by_the_larger_of_one_and_the_value)
{
    json_t *array = json_pack("[f,f]", 100., .01);
    assert_close(golden_check_array(array, "a", (double[]){101, .01}, 2, 1), .01, 1e-12);
    assert_close(golden_check_array(array, "a", (double[]){100, .02}, 2, 1), .01, 1e-12);
    assert_true(isinf(golden_check_array(array, "a", (double[]){100, NAN}, 2, INFINITY)));
    json_decref(array);
}

static void check_form(const json_t *golden, const char *form, double loss_most)
{
    const json_t *step = golden_at(golden, form);
    const int64_t count = golden_input_count(golden, form);
    assert_true(count >= 100 && count <= 4 * 3 * 64 * 64);
    assert_true(golden_number(step, "loss") > 1 && golden_number(step, "loss") < loss_most);
    assert_true(golden_number(step, "logits/norm") > 0);
    assert_true(json_object_size(golden_at(step, "gradients")) >= 6);
    assert_false(golden_has(step, "gradients/nothing"));
    assert_true(golden_has(golden_at(golden_at(golden, "tolerance"), form), "outputs"));
}

/* A file with both forms, or only the one without batch statistics. */
static void check_complete(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/models/%s.json", name);
    json_t *golden = golden_open(path);
    assert_string_equal(golden_string(golden, "model"), name);
    check_form(golden, "fixed", 20);
    if (golden_has(golden, "train")) {
        check_form(golden, "train", 10);
        assert_true(json_object_size(golden_at(golden, "train/buffers")) >= 4);
        assert_int_equal(json_object_size(golden_at(golden, "train/gradients")),
                         json_object_size(golden_at(golden, "fixed/gradients")));
    }
    json_decref(golden);
}

TEST(golden_models_are_complete)
{
    for (int i = 0; i < brn_model_count(); i++) check_complete(brn_model_at(i)->name);
    check_complete("resnet18_head");
    check_complete("vgg_classifier");
}
