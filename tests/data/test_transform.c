/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "data/image/gather.h"
#include "data/image/transform.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 32, PLANE = SIZE * SIZE, VALUES = 3 * PLANE };

/* A transform without normalisation: the result is in [0, 1]. */
static brn__image_transform plain_transform(int size)
{
    brn__image_transform transform = brn__image_transform_defaults(size);
    for (int i = 0; i < 3; i++) transform.mean[i] = 0, transform.deviation[i] = 1;
    return transform;
}

static brn__picture noise_picture(int width, int height)
{
    brn__picture picture;
    assert_ok(brn__picture_new(width, height, "noise", &picture));
    brn__random random = brn__random_new(brn__philox_key(5, "noise"), 0, 0, 0);
    for (int i = 0; i < width * height * 3; i++)
        picture.pixels[i] = (uint8_t)brn__random_word(&random);
    return picture;
}

static brn__picture copy_picture(const brn__picture *picture)
{
    brn__picture copy;
    assert_ok(brn__picture_new(picture->width, picture->height, "copy", &copy));
    memcpy(copy.pixels, picture->pixels, (size_t)picture->width * (size_t)picture->height * 3);
    return copy;
}

static void apply(const brn__image_transform *transform, const brn__picture *picture,
                  const brn__augment *drawn, float *out)
{
    brn__picture copy = copy_picture(picture);
    assert_ok(brn__image_transform_apply_drawn(transform, &copy, drawn, out));
    brn__picture_free(&copy);
}

static float pixel(const brn__picture *picture, int x, int y, int channel)
{
    return (float)picture->pixels[(y * picture->width + x) * 3 + channel] / 255;
}

TEST(identity_gives_the_plain_centre_crop_normalised)
{
    brn__image_transform transform = brn__image_transform_defaults(SIZE);
    brn__picture picture = noise_picture(45, SIZE);
    brn__augment drawn = brn__augment_identity();
    float out[VALUES];
    apply(&transform, &picture, &drawn, out);
    for (int channel = 0; channel < 3; channel++)
        for (int y = 0; y < SIZE; y++)
            for (int x = 0; x < SIZE; x++) {
                float expected = (pixel(&picture, x + 6, y, channel) - transform.mean[channel]) /
                                 transform.deviation[channel];
                assert_close((double)out[channel * PLANE + y * SIZE + x], (double)expected, 1e-5);
            }
    brn__picture_free(&picture);
}

TEST(crop_position_moves_the_crop_by_whole_pixels)
{
    brn__image_transform transform = plain_transform(SIZE);
    brn__picture picture = noise_picture(45, SIZE);
    brn__augment drawn = brn__augment_identity();
    drawn.across = 0.99;
    float out[VALUES];
    apply(&transform, &picture, &drawn, out);
    for (int x = 0; x < SIZE; x++)
        assert_close((double)out[5 * SIZE + x], (double)pixel(&picture, x + 12, 5, 0), 1e-6);
    brn__picture_free(&picture);
}

TEST(flip_is_the_exact_mirror_and_four_turns_are_none)
{
    brn__image_transform transform = plain_transform(SIZE);
    brn__picture picture = noise_picture(SIZE, 40);
    brn__augment drawn = brn__augment_identity();
    float straight[VALUES], flipped[VALUES], turned[VALUES];
    apply(&transform, &picture, &drawn, straight);
    drawn.flip = true;
    apply(&transform, &picture, &drawn, flipped);
    drawn.flip = false;
    drawn.quarter_turns = 1;
    apply(&transform, &picture, &drawn, turned);
    for (int i = 0; i < VALUES; i++) {
        int channel = i / PLANE, y = i % PLANE / SIZE, x = i % SIZE;
        assert_true(flipped[i] == straight[channel * PLANE + y * SIZE + SIZE - 1 - x]);
        /* counter-clockwise: the right column becomes the top row */
        assert_true(turned[i] == straight[channel * PLANE + x * SIZE + SIZE - 1 - y]);
    }
    brn__picture_free(&picture);
}

/* The centre of mass of a channel: where a dot on black is, to a fraction of a pixel. */
static void find_dot(const float *plane, int size, double *x, double *y)
{
    double sum = 0, sum_x = 0, sum_y = 0;
    for (int i = 0; i < size * size; i++) {
        sum += (double)plane[i];
        sum_x += (double)plane[i] * (i % size);
        sum_y += (double)plane[i] * (i / size);
    }
    assert_true(sum > 0.05);
    *x = sum_x / sum;
    *y = sum_y / sum;
}

static brn__picture dot_picture(int width, int height, int x, int y)
{
    brn__picture picture;
    assert_ok(brn__picture_new(width, height, "dot", &picture));
    memset(picture.pixels, 0, (size_t)(width * height * 3));
    for (int dy = -1; dy <= 1; dy++) /* a soft spot, so that sampling keeps its centre */
        for (int dx = -1; dx <= 1; dx++)
            memset(picture.pixels + ((y + dy) * width + x + dx) * 3, 240 >> (abs(dx) + abs(dy)), 3);
    return picture;
}

TEST(rotation_moves_a_dot_counter_clockwise_to_the_computed_place)
{
    enum { S = 64 };
    static float out[3 * S * S];
    brn__image_transform transform = plain_transform(S);
    brn__picture picture = dot_picture(S, S, 50, 26);
    for (double angle = -20; angle <= 20; angle += 5) {
        brn__augment drawn = brn__augment_identity();
        drawn.angle = angle;
        apply(&transform, &picture, &drawn, out);
        double radians = angle * 3.14159265358979 / 180, centre = (S - 1) / 2.0;
        double dx = 50 - centre, dy = 26 - centre, x, y;
        find_dot(out, S, &x, &y);
        assert_in_range((int)(100 * fabs(x - (centre + cos(radians) * dx + sin(radians) * dy))), 0,
                        10);
        assert_in_range((int)(100 * fabs(y - (centre - sin(radians) * dx + cos(radians) * dy))), 0,
                        10);
    }
    brn__picture_free(&picture);
}

TEST(zoom_and_crop_move_a_dot_to_the_computed_place)
{
    enum { S = 64 };
    static float out[3 * S * S];
    brn__image_transform transform = plain_transform(S);
    static const int sides[][2] = {{64, 64}, {100, 70}, {90, 128}, {300, 280}, {40, 50}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        int width = sides[i][0], height = sides[i][1], dot_x = width / 2 + 3,
            dot_y = height / 2 - 5;
        brn__picture picture = dot_picture(width, height, dot_x, dot_y);
        brn__augment drawn = brn__augment_identity();
        drawn.zoom = 1.3; /* the shorter side becomes floor(83.2) */
        drawn.across = 0.4;
        apply(&transform, &picture, &drawn, out);
        double ratio = 83.0 / (width < height ? width : height);
        double scaled_width = fmax(floor(width * ratio), 83);
        double scaled_height = fmax(floor(height * ratio), 83);
        double x, y;
        find_dot(out, S, &x, &y);
        double expected_x =
            (dot_x + 0.5) * scaled_width / width - 0.5 - floor(0.4 * (scaled_width - S));
        double expected_y =
            (dot_y + 0.5) * scaled_height / height - 0.5 - floor(0.5 * (scaled_height - S));
        assert_in_range((int)(100 * fabs(x - expected_x)), 0, 10);
        assert_in_range((int)(100 * fabs(y - expected_y)), 0, 10);
        brn__picture_free(&picture);
    }
}

TEST(lighting_follows_the_formula)
{
    brn__image_transform transform = plain_transform(SIZE);
    brn__picture picture = noise_picture(SIZE, SIZE);
    double mean = 0;
    for (int i = 0; i < VALUES; i++) mean += picture.pixels[i] / 255.0 / VALUES;
    assert_close(brn__picture_mean(&picture), mean * 255, 1e-9);
    static const double lightings[][2] = {{0.05, 0.05}, {-0.05, -0.04}, {0.3, -0.5}, {-0.3, 0.5}};
    for (size_t n = 0; n < sizeof lightings / sizeof *lightings; n++) {
        brn__augment drawn = brn__augment_identity();
        drawn.balance = lightings[n][0], drawn.contrast = lightings[n][1];
        double gain = drawn.contrast >= 0 ? 1 + drawn.contrast : 1 / (1 - drawn.contrast);
        float out[VALUES];
        apply(&transform, &picture, &drawn, out);
        for (int i = 0; i < VALUES; i++) {
            double v = (double)pixel(&picture, i % SIZE, i % PLANE / SIZE, i / PLANE);
            double expected = fmin(1, fmax(0, (v - mean) * gain + mean + drawn.balance));
            assert_close((double)out[i], expected, 1e-5);
        }
    }
    brn__picture_free(&picture);
}

/* Where the picture is seen beyond its edge, its mirror image appears; a picture of one colour
 * stays so. */
TEST(borders_are_mirrored)
{
    brn__image_transform transform = plain_transform(SIZE);
    brn__picture picture = noise_picture(SIZE, SIZE);
    brn__projection shifted = {{{1, 0, -5}, {0, 1, SIZE - 3}}};
    brn__tone tone = brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    float out[VALUES];
    brn__gather(&picture, &shifted, (brn__sampling){0}, SIZE, &tone, out);
    for (int x = 0; x < SIZE; x++) {
        int from_x = x < 5 ? 4 - x : x - 5;
        assert_close((double)out[2 * SIZE + x], (double)pixel(&picture, from_x, SIZE - 1, 0), 1e-6);
        assert_close((double)out[3 * SIZE + x], (double)pixel(&picture, from_x, SIZE - 1, 0), 1e-6);
        assert_close((double)out[4 * SIZE + x], (double)pixel(&picture, from_x, SIZE - 2, 0), 1e-6);
    }
    memset(picture.pixels, 100, VALUES);
    brn__augment drawn = brn__augment_identity();
    drawn.angle = 33;
    apply(&transform, &picture, &drawn, out);
    for (int i = 0; i < VALUES; i++) assert_close((double)out[i], 100 / 255.0, 1e-5);
    brn__picture_free(&picture);
}

/* The slow, obvious sampler: what brn__gather must give for any matrix. */
static double sample(const brn__picture *picture, double x, double y, int channel)
{
    double sum = 0;
    for (int dy = 0; dy < 2; dy++)
        for (int dx = 0; dx < 2; dx++) {
            int at_x = (int)floor(x) + dx, at_y = (int)floor(y) + dy;
            double weight =
                (dx ? x - floor(x) : 1 - x + floor(x)) * (dy ? y - floor(y) : 1 - y + floor(y));
            while (at_x < 0 || at_x >= picture->width)
                at_x = at_x < 0 ? -1 - at_x : 2 * picture->width - 1 - at_x;
            while (at_y < 0 || at_y >= picture->height)
                at_y = at_y < 0 ? -1 - at_y : 2 * picture->height - 1 - at_y;
            sum += weight * (double)pixel(picture, at_x, at_y, channel);
        }
    return sum;
}

TEST(gather_equals_the_obvious_sampler_for_any_matrix)
{
    brn__random random = brn__random_new(brn__philox_key(9, "matrix"), 0, 0, 0);
    brn__image_transform transform = plain_transform(SIZE);
    brn__tone tone = brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    for (int round = 0; round < 60; round++) {
        brn__picture picture = noise_picture(1 + (int)brn__random_below(&random, 60),
                                             1 + (int)brn__random_below(&random, 60));
        int size = 1 + (int)brn__random_below(&random, SIZE);
        brn__projection matrix = {0};
        for (int i = 0; i < 6; i++)
            matrix.m[i / 3][i % 3] = i % 3 == 2 ? brn__random_between(&random, -20, 60)
                                                : brn__random_between(&random, -1.5, 1.5);
        float *out = brn__alloc_array((size_t)(3 * size * size), sizeof *out); /* exact, for ASan */
        brn__gather(&picture, &matrix, (brn__sampling){0}, size, &tone, out);
        for (int i = 0; i < 3 * size * size; i++) {
            int channel = i / (size * size), y = i / size % size, x = i % size;
            double expected =
                sample(&picture, matrix.m[0][0] * x + matrix.m[0][1] * y + matrix.m[0][2],
                       matrix.m[1][0] * x + matrix.m[1][1] * y + matrix.m[1][2], channel);
            assert_close((double)out[i], expected, 2e-4);
        }
        brn__free(out);
        brn__picture_free(&picture);
    }
}

/* The wide loop of the inside and the plain one of the border must round alike: both are this. */
static int sample_in_integers(const brn__picture *picture, int64_t x, int64_t y, int channel)
{
    int across = (int)((uint32_t)x >> 17), down = (int)((uint32_t)y >> 17), side[2];
    const uint8_t *at = picture->pixels + ((y >> 32) * picture->width + (x >> 32)) * 3 + channel;
    for (int i = 0; i < 2; i++) {
        int upper = at[3 * i] << 6, lower = at[3 * (picture->width + i)] << 6;
        side[i] = upper + (((lower - upper) * down + 0x4000) >> 15);
    }
    return side[0] + (((side[1] - side[0]) * across + 0x4000) >> 15);
}

TEST(gather_inside_rounds_as_the_plain_arithmetic)
{
    brn__image_transform transform = plain_transform(SIZE);
    brn__tone tone = brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    brn__picture picture = noise_picture(70, 60);
    brn__random random = brn__random_new(brn__philox_key(4, "matrix"), 0, 0, 0);
    float out[VALUES];
    for (int round = 0; round < 20; round++) {
        int64_t m[6]; /* 32.32 fixed point */
        for (int i = 0; i < 6; i++)
            m[i] = i % 3 == 2 ? (int64_t)brn__random_word(&random) + (20LL << 32)
                              : (int64_t)brn__random_word(&random) / 3;
        m[1] = -m[1] / 2;
        brn__projection matrix = {0};
        for (int i = 0; i < 6; i++) matrix.m[i / 3][i % 3] = (double)m[i] / 4294967296.0;
        brn__gather(&picture, &matrix, (brn__sampling){0}, SIZE, &tone, out);
        for (int i = 0; i < VALUES; i++) {
            int64_t x = i % SIZE, y = i % PLANE / SIZE;
            int expected = sample_in_integers(&picture, m[0] * x + m[1] * y + m[2],
                                              m[3] * x + m[4] * y + m[5], i / PLANE);
            assert_close((double)out[i] * 64 * 255, expected, 1e-6);
        }
    }
    brn__picture_free(&picture);
}

/* Stripes too fine for the result must become grey, not broad stripes. */
TEST(a_reduction_does_not_alias)
{
    enum { S = 64 };
    static float out[3 * S * S];
    brn__image_transform transform = plain_transform(S);
    static const int sides[] = {112, 120, 128, 192, 250, 500};
    for (size_t n = 0; n < sizeof sides / sizeof *sides; n++) {
        brn__picture picture;
        assert_ok(brn__picture_new(sides[n], sides[n], "stripes", &picture));
        for (int i = 0; i < sides[n] * sides[n]; i++)
            memset(picture.pixels + 3 * i, i % sides[n] % 2 ? 255 : 0, 3);
        brn__augment drawn = brn__augment_identity();
        drawn.angle = 3;
        apply(&transform, &picture, &drawn, out);
        double low = 1, high = 0;
        for (int y = 8; y < S - 8; y++)
            for (int x = 8; x < S - 8; x++) {
                low = fmin(low, (double)out[y * S + x]);
                high = fmax(high, (double)out[y * S + x]);
            }
        if (high - low >= 0.35) print_error("side %d: %g to %g\n", sides[n], low, high);
        assert_true(high - low < 0.35);
        brn__picture_free(&picture);
    }
}

/* Beside the antialiased resize the training view of the same crop is nearly the same. */
TEST(training_and_plain_views_agree_on_a_smooth_picture)
{
    brn__image_transform transform = plain_transform(SIZE);
    static const int sides[][2] = {{52, 45}, {90, 70}, {150, 200}, {31, 20}};
    for (size_t n = 0; n < sizeof sides / sizeof *sides; n++) {
        int width = sides[n][0], height = sides[n][1];
        brn__picture picture;
        assert_ok(brn__picture_new(width, height, "smooth", &picture));
        for (int i = 0; i < width * height * 3; i++) {
            double x = (double)(i / 3 % width) / width, y = (double)(i / 3 / width) / height;
            picture.pixels[i] = (uint8_t)(127 + 60 * sin(7 * x + i % 3) + 60 * cos(5 * y));
        }
        float plain[VALUES], training[VALUES];
        brn__augment drawn = brn__augment_identity();
        apply(&transform, &picture, &drawn, training);
        assert_ok(brn__image_transform_apply(&transform, &picture, false, NULL, plain));
        for (int i = 0; i < VALUES; i++)
            assert_in_range((int)(1000 * fabs((double)(plain[i] - training[i]))), 0, 20);
        brn__picture_free(&picture);
    }
}

TEST(area_crop_stays_inside_and_covers_the_asked_area)
{
    brn__augment_options options = brn__augment_defaults();
    options.min_scale = 0.08;
    double least = 1, most = 0;
    for (uint32_t i = 0; i < 500; i++) {
        brn__random random = brn__random_new(brn__philox_key(2, "augment"), 0, i, 0);
        brn__augment drawn = brn__augment_draw(&options, &random);
        drawn.angle = 0;
        int width = 300 - (int)(i % 7) * 40, height = 200;
        brn__projection matrix = brn__augment_projection(&drawn, width, height, SIZE);
        double across = fabs(matrix.m[0][0]) * SIZE, down = matrix.m[1][1] * SIZE;
        double area = across * down / (width * height), aspect = across / down;
        least = fmin(least, area), most = fmax(most, area);
        assert_true(area > 0.075 && area <= 1 && aspect > 0.7 && aspect < 1.45);
        double left =
            matrix.m[0][0] < 0 ? matrix.m[0][2] + matrix.m[0][0] * (SIZE - 1) : matrix.m[0][2];
        double edge = 0.5 * across / SIZE - 0.5;
        assert_true(left >= edge - 1e-9);
        assert_true(left + across * (SIZE - 1) / SIZE <= width - 1 - edge + 1e-9);
        int cover = brn__augment_cover(&drawn, width, height, SIZE);
        int shorter = width < height ? width : height;
        assert_true(fmin(across, down) * cover / shorter >= SIZE - 1e-6);
    }
    assert_true(least < 0.12 && most > 0.9);
}

TEST(draws_follow_the_options_and_the_counter)
{
    brn__augment_options options = brn__augment_defaults();
    int zooms = 0, rotates = 0, flips = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        brn__random random = brn__random_new(brn__philox_key(3, "augment"), 1, i, 0),
                    again = random;
        brn__augment drawn = brn__augment_draw(&options, &random);
        brn__augment second = brn__augment_draw(&options, &again);
        assert_memory_equal(&drawn.area, &second.area, sizeof drawn.area);
        assert_true(drawn.angle == second.angle && drawn.across == second.across);
        zooms += drawn.zoom > 1, rotates += drawn.angle != 0, flips += drawn.flip;
        assert_true(drawn.zoom >= 1 && drawn.zoom < 1.1 && fabs(drawn.angle) <= 10);
        assert_true(fabs(drawn.balance) <= 0.05 && fabs(drawn.contrast) <= 0.05);
        assert_int_equal(drawn.quarter_turns, 0);
    }
    assert_in_range(zooms, 1420, 1580);
    assert_in_range(rotates, 1420, 1580);
    assert_in_range(flips, 920, 1080);
}

TEST(validation_crop_rounds_as_torchvision)
{
    brn__image_transform transform = plain_transform(SIZE);
    brn__picture picture = noise_picture(SIZE + 3, SIZE); /* (3) / 2 = 1.5 -> 2 */
    float out[VALUES];
    assert_ok(brn__image_transform_apply(&transform, &picture, false, NULL, out));
    for (int i = 0; i < VALUES; i++)
        assert_close((double)out[i],
                     (double)pixel(&picture, i % SIZE + 2, i % PLANE / SIZE, i / PLANE), 1e-6);
    brn__picture_free(&picture);
    picture = noise_picture(SIZE, SIZE + 1); /* 0.5 -> 0, to even */
    assert_ok(brn__image_transform_apply(&transform, &picture, false, NULL, out));
    for (int i = 0; i < VALUES; i++)
        assert_close((double)out[i], (double)pixel(&picture, i % SIZE, i % PLANE / SIZE, i / PLANE),
                     1e-6);
    brn__picture_free(&picture);
}

TEST(pictures_of_extreme_shape_pass)
{
    brn__image_transform transform = plain_transform(SIZE);
    static const int sides[][2] = {{1, 1}, {1, 900}, {16384, 1}, {2, 3}, {5000, 7}};
    for (size_t n = 0; n < sizeof sides / sizeof *sides; n++) {
        for (uint32_t i = 0; i < 20; i++) {
            transform.training.min_scale = i % 2 ? 0.1 : 1;
            brn__picture picture = noise_picture(sides[n][0], sides[n][1]);
            brn__random random = brn__random_new(brn__philox_key(3, "augment"), 1, i, 0);
            float out[VALUES];
            assert_ok(brn__image_transform_apply(&transform, &picture, i % 4 != 0, &random, out));
            for (int k = 0; k < VALUES; k++) assert_true(out[k] >= 0 && out[k] <= 1);
            brn__picture_free(&picture);
        }
    }
}

TEST(reading_a_picture_survives_every_failed_allocation)
{
    brn__image_transform transform = plain_transform(SIZE);
    transform.size = 16, transform.resize = 20;
    static const char *const files[] = {"tests/golden/resize/exif-6.jpg",
                                        "tests/golden/resize/form-cmyk.jpg",
                                        "tests/golden/resize/source.png"};
    for (int i = 0; i < 6; i++) {
        brn_status status = BRN_ERROR_INTERNAL;
        uint64_t n = 1;
        for (; status != BRN_OK && n < 200; n++) {
            brn__random random = brn__random_new(brn__philox_key(3, "augment"), 1, 0, 0);
            float out[VALUES];
            brn__alloc_fail_after(n, 0);
            status = brn__image_transform_read(&transform, test_source_path(files[i / 2]), i % 2,
                                               &random, out);
            brn__alloc_fail_after(0, 0);
            if (status != BRN_OK && status != BRN_ERROR_NO_MEMORY)
                assert_ok(status); /* prints what it was taken for */
        }
        assert_int_equal(status, BRN_OK);
        assert_true(n > 3);
    }
}

TEST(transform_options_that_make_no_sense_are_refused)
{
    brn__image_transform transform = brn__image_transform_defaults(224);
    assert_ok(brn__image_transform_check(&transform));
    transform.resize = 200;
    assert_fails(brn__image_transform_check(&transform), BRN_ERROR_USAGE, "resize 200; expected");
    transform = brn__image_transform_defaults(0);
    assert_fails(brn__image_transform_check(&transform), BRN_ERROR_USAGE, "image size 0");
    transform = brn__image_transform_defaults(224);
    transform.deviation[1] = 0;
    assert_fails(brn__image_transform_check(&transform), BRN_ERROR_USAGE,
                 "deviation 0 of channel 1");
}
