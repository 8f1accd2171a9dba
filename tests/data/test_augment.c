/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/sha256.h"
#include "data/image/gather.h"
#include "data/image/retouch.h"
#include "data/image/transform.h"
#include "golden/golden.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static brn__picture noise_picture(int width, int height)
{
    brn__picture picture;
    assert_ok(brn__picture_new(width, height, "noise", &picture));
    brn__random random = brn__random_new(brn__philox_key(5, "noise"), 0, 0, 0);
    for (int i = 0; i < width * height * 3; i++)
        picture.pixels[i] = (uint8_t)brn__random_word(&random);
    return picture;
}

/* A transform without normalisation: the result is in [0, 1]. */
static brn__image_transform plain_transform(int size)
{
    brn__image_transform transform = brn__image_transform_defaults(size);
    for (int i = 0; i < 3; i++) transform.mean[i] = 0, transform.deviation[i] = 1;
    return transform;
}

/* Runs that are repeated or resumed see the same pictures, also after a transform is added: what the
 * default draws and how it samples stays as it is to the bit. (Samples are whole 64ths of a grey level;
 * lighting, which rounds in floating point, is tested by its formula.) */
TEST(the_default_view_keeps_its_bits)
{
    enum { S = 48, VALUES = 3 * S * S };
    static const int sides[][2] = {{60, 50}, {48, 48}, {90, 200}, {333, 150}, {40, 31}, {120, 97}};
    static float out[VALUES];
    static int16_t samples[VALUES];
    const brn__image_transform transform = plain_transform(S);
    brn__sha256 *sha;
    assert_ok(brn__sha256_new(&sha));
    for (uint32_t i = 0; i < 24; i++) {
        brn__picture picture = noise_picture(sides[i % 6][0], sides[i % 6][1]);
        brn__random random = brn__random_new(brn__philox_key(7, "augment"), 1, i, 0);
        brn__augment drawn = brn__augment_draw(&transform.training, &random);
        const int64_t light[] = {llround(drawn.balance * 1e9), llround(drawn.contrast * 1e9)};
        assert_ok(brn__sha256_add(sha, light, sizeof light));
        drawn.balance = drawn.contrast = 0;
        assert_ok(brn__image_transform_apply_drawn(&transform, &picture, &drawn, out));
        for (int k = 0; k < VALUES; k++) samples[k] = (int16_t)lroundf(out[k] * (64 * 255));
        assert_ok(brn__sha256_add(sha, samples, sizeof samples));
        brn__picture_free(&picture);
    }
    char hex[65];
    assert_ok(brn__sha256_hex(sha, hex));
    brn__sha256_free(sha);
    assert_string_equal(hex, "056352c49b3e80c563e32d35a3ae820830189990716f3574e6ec858e0d50fa68");
}

/* ------------------------------------------------------------------ geometry */

static bool golden_flag(const json_t *root, const char *path)
{
    return json_is_true(golden_at(root, path));
}

/* The nine places of a golden case, to `tolerance` pixels. */
static void check_places(const json_t *golden, size_t number, const brn__augment *drawn,
                         double tolerance)
{
    int size = (int)golden_number(golden, "size");
    const brn__projection projection =
        brn__augment_projection(drawn, (int)golden_number(golden, "width"),
                                (int)golden_number(golden, "height"), size);
    const json_t *places = golden_at(golden, "places");
    const int at[3] = {0, (size - 1) / 2, size - 1};
    assert_int_equal(json_array_size(places), 18);
    for (size_t i = 0; i < 9; i++) {
        double place[2];
        brn__projection_at(&projection, at[i % 3], at[i / 3], place);
        for (size_t axis = 0; axis < 2; axis++) {
            double want = json_number_value(json_array_get(places, 2 * i + axis));
            if (fabs(place[axis] - want) > tolerance)
                fail_msg("case %zu, place %zu, axis %zu: %g for %g", number, i, axis, place[axis],
                         want);
        }
    }
}

TEST(places_are_those_of_fastai_2)
{
    json_t *golden = golden_open("tests/golden/augment.json");
    size_t number;
    json_t *k;
    json_array_foreach(golden_at(golden, "fastai2"), number, k)
    {
        brn__augment drawn = brn__augment_identity();
        const char *method = golden_string(k, "method");
        drawn.square_first = true;
        drawn.item_size = (int)golden_number(k, "side");
        drawn.crop = strcmp(method, "squish") == 0 ? BRN__CROP_SQUASH
                     : strcmp(method, "pad") == 0  ? BRN__CROP_WHOLE
                                                   : BRN__CROP_RANDOM;
        drawn.across = golden_number(k, "across"), drawn.down = golden_number(k, "down");
        drawn.flip = golden_flag(k, "flip");
        drawn.quarter_turns = (int)golden_number(k, "turns");
        drawn.angle = golden_number(k, "angle");
        drawn.zoom = golden_number(k, "zoom");
        drawn.zoom_across = golden_number(k, "zoom_across");
        drawn.zoom_down = golden_number(k, "zoom_down");
        drawn.warp_across = golden_number(k, "warp_across");
        drawn.warp_down = golden_number(k, "warp_down");
        if (!json_is_null(golden_at(k, "crop"))) {
            drawn.crop_area = golden_number(k, "crop/area");
            drawn.crop_across = golden_number(k, "crop/across");
            drawn.crop_down = golden_number(k, "crop/down");
        }
        check_places(k, number, &drawn, 0.01);
    }
    assert_int_equal(number, 23);
    json_decref(golden);
}

static brn__crop old_crop(const char *name)
{
    if (strcmp(name, "centre") == 0) return BRN__CROP_CENTRE;
    if (strcmp(name, "squash") == 0) return BRN__CROP_SQUASH;
    return strcmp(name, "googlenet") == 0 ? BRN__CROP_GOOGLENET : BRN__CROP_RANDOM;
}

TEST(places_are_those_of_the_old_transforms)
{
    json_t *golden = golden_open("tests/golden/augment.json");
    size_t number;
    json_t *k;
    json_array_foreach(golden_at(golden, "old"), number, k)
    {
        brn__augment drawn = brn__augment_identity();
        drawn.zoom = golden_number(k, "zoom");
        drawn.crop = old_crop(golden_string(k, "crop"));
        drawn.across = golden_number(k, "across"), drawn.down = golden_number(k, "down");
        drawn.pad = (int)golden_number(k, "pad");
        drawn.angle = golden_number(k, "angle");
        drawn.enlarge = golden_number(k, "enlarge");
        drawn.stretch_across = golden_number(k, "stretch_across");
        drawn.stretch_down = golden_number(k, "stretch_down");
        drawn.flip = golden_flag(k, "flip");
        drawn.area[0] = golden_number(k, "area");
        drawn.aspect[0] = golden_number(k, "aspect");
        check_places(k, number, &drawn, 1e-3);
    }
    assert_int_equal(number, 14);
    json_decref(golden);
}

/* Whatever is composed, the picture is sampled through one mapping: a dot comes out where it says. */
TEST(a_perspective_moves_a_dot_to_the_computed_place)
{
    enum { S = 96 };
    static float out[3 * S * S];
    const brn__image_transform transform = plain_transform(S);
    for (int n = 0; n < 4; n++) {
        brn__augment drawn = brn__augment_identity();
        drawn.square_first = n % 2;
        drawn.warp_across = 0.2, drawn.warp_down = n < 2 ? -0.1 : 0.15;
        drawn.zoom_across = drawn.zoom_down = 0.5;
        drawn.angle = 5;
        const brn__projection projection = brn__augment_projection(&drawn, 120, S, S);
        double place[2];
        brn__projection_at(&projection, 60, 30, place);
        brn__picture picture;
        assert_ok(brn__picture_new(120, S, "dot", &picture));
        memset(picture.pixels, 0, 120 * S * 3);
        for (int y = 0; y < S; y++)
            for (int x = 0; x < 120; x++) {
                double far = hypot(x - place[0], y - place[1]);
                memset(picture.pixels + (y * 120 + x) * 3, (int)(250 * exp(-far * far / 4)), 3);
            }
        assert_ok(brn__image_transform_apply_drawn(&transform, &picture, &drawn, out));
        double sum = 0, sum_x = 0, sum_y = 0;
        for (int i = 0; i < S * S; i++) {
            sum += (double)out[i];
            sum_x += (double)out[i] * (i % S), sum_y += (double)out[i] * (i / S);
        }
        assert_true(sum > 1);
        assert_true(fabs(sum_x / sum - 60) < 0.1 && fabs(sum_y / sum - 30) < 0.1);
        brn__picture_free(&picture);
    }
}

/* ------------------------------------------------------------------ sampling */

static double obvious_sample(const brn__picture *picture, double x, double y)
{
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        int at_x = (int)floor(x) + k % 2, at_y = (int)floor(y) + k / 2;
        double weight = (k % 2 ? x - floor(x) : 1 - x + floor(x)) *
                        (k / 2 ? y - floor(y) : 1 - y + floor(y));
        at_x = at_x < 0 ? 0 : at_x >= picture->width ? picture->width - 1 : at_x;
        at_y = at_y < 0 ? 0 : at_y >= picture->height ? picture->height - 1 : at_y;
        sum += weight * picture->pixels[(at_y * picture->width + at_x) * 3] / 255;
    }
    return sum;
}

TEST(a_perspective_is_sampled_as_the_obvious_sampler_does)
{
    enum { S = 70 }; /* more than a chunk */
    static float out[3 * S * S];
    const brn__image_transform transform = plain_transform(S);
    const brn__tone tone =
        brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    brn__random random = brn__random_new(brn__philox_key(2, "perspective"), 0, 0, 0);
    for (int round = 0; round < 20; round++) {
        brn__picture picture = noise_picture(1 + (int)brn__random_below(&random, 90),
                                             1 + (int)brn__random_below(&random, 90));
        brn__projection projection = {0};
        for (int i = 0; i < 6; i++)
            projection.m[i / 3][i % 3] = i % 3 == 2 ? brn__random_between(&random, -20, 60)
                                                    : brn__random_between(&random, -1, 1);
        projection.w[0] = brn__random_between(&random, -0.006, 0.006);
        projection.w[1] = brn__random_between(&random, -0.006, 0.006);
        brn__gather(&picture, &projection, (brn__sampling){.pad_mode = BRN__PAD_EDGE}, S, &tone,
                    out);
        for (int i = 0; i < S * S; i++) {
            double place[2];
            brn__projection_at(&projection, i % S, i / S, place);
            assert_close((double)out[i], obvious_sample(&picture, place[0], place[1]), 2e-4);
        }
        brn__picture_free(&picture);
    }
}

/* A perspective whose horizon crosses the result: no overflow, no read outside (the sanitizers see). */
TEST(what_lies_beyond_the_horizon_does_no_harm)
{
    enum { S = 40 };
    static float out[3 * S * S];
    const brn__image_transform transform = plain_transform(S);
    const brn__tone tone =
        brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    brn__picture picture = noise_picture(30, 20);
    const brn__projection wild[] = {{{{1e9, 0, 0}, {0, 1, 0}}, {-1, 0}},
                                    {{{1, 0, 0}, {-3e7, 1e9, 5}}, {0.3, -0.2}},
                                    {{{1, 0, 0}, {0, 1, 0}}, {-0.05, -0.05}}};
    for (size_t n = 0; n < sizeof wild / sizeof *wild; n++)
        for (int mode = 0; mode < 4; mode++) {
            brn__sampling sampling = {(brn__pad_mode)mode, (brn__sample_mode)n};
            brn__gather(&picture, &wild[n], sampling, S, &tone, out);
            for (int i = 0; i < 3 * S * S; i++) assert_true(out[i] >= 0 && out[i] <= 1);
        }
    brn__picture_free(&picture);
    double place[2]; /* nothing comes back from behind: far away, on the side it was going to */
    brn__projection_at(&wild[2], 39, 39, place);
    assert_close(place[0], 39 / BRN__HORIZON, 1e-9);
}

TEST(sampling_and_padding_are_pytorchs)
{
    json_t *golden = golden_open("tests/golden/augment.json");
    const json_t *padding = golden_at(golden, "padding");
    static const char *const names[] = {"modes/reflect", "modes/mirror", "modes/edge",
                                        "modes/zeros", "modes/bicubic"};
    int size = (int)golden_number(padding, "size");
    brn__picture picture;
    assert_ok(brn__picture_new((int)golden_number(padding, "width"),
                               (int)golden_number(padding, "height"), "golden", &picture));
    for (size_t i = 0; i < json_array_size(golden_at(padding, "picture")); i++)
        picture.pixels[i] =
            (uint8_t)json_integer_value(json_array_get(golden_at(padding, "picture"), i));
    brn__projection projection = {0};
    for (size_t i = 0; i < 6; i++)
        projection.m[i / 3][i % 3] =
            json_number_value(json_array_get(golden_at(padding, "matrix"), i));
    const brn__image_transform transform = plain_transform(size);
    const brn__tone tone =
        brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    float *out = brn__alloc_array((size_t)(3 * size * size), sizeof *out);
    assert_non_null(out);
    for (int mode = 0; mode < 5; mode++)
        for (int any = 0; any < 2; any++) { /* through the general loop too */
            projection.w[0] = any ? 1e-15 : 0;
            brn__sampling sampling = {.pad_mode = (brn__pad_mode)mode};
            if (mode == 4) sampling = (brn__sampling){BRN__PAD_ZEROS, BRN__SAMPLE_BICUBIC};
            brn__gather(&picture, &projection, sampling, size, &tone, out);
            const json_t *want = golden_at(padding, names[mode]);
            assert_int_equal(json_array_size(want), size * size);
            for (int i = 0; i < size * size; i++)
                assert_close((double)out[i], json_number_value(json_array_get(want, (size_t)i)),
                             2e-4);
        }
    brn__free(out);
    brn__picture_free(&picture);
    json_decref(golden);
}

TEST(the_nearest_pixel_is_taken_whole)
{
    enum { S = 30 };
    static float out[3 * S * S];
    const brn__image_transform transform = plain_transform(S);
    const brn__tone tone =
        brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
    brn__picture picture = noise_picture(20, 20);
    const brn__projection projection = {{{0.6103, 0.1007, -1.2711}, {0.0301, 0.6007, 2.1013}}};
    brn__gather(&picture, &projection, (brn__sampling){BRN__PAD_ZEROS, BRN__SAMPLE_NEAREST}, S, &tone, out);
    int black = 0;
    for (int i = 0; i < S * S; i++) {
        double place[2];
        brn__projection_at(&projection, i % S, i / S, place);
        int x = (int)floor(place[0] + 0.5), y = (int)floor(place[1] + 0.5);
        bool inside = x >= 0 && y >= 0 && x < 20 && y < 20;
        double want = inside ? picture.pixels[(y * 20 + x) * 3] / 255.0 : 0;
        assert_close((double)out[i], want, 1e-6);
        black += !inside;
    }
    assert_in_range(black, 20, 400);
    brn__picture_free(&picture);
}

/* ------------------------------------------------------------------ tone */

TEST(logit_lighting_is_fastais)
{
    json_t *golden = golden_open("tests/golden/augment.json");
    size_t number;
    json_t *k;
    json_array_foreach(golden_at(golden, "lighting"), number, k)
    {
        brn__augment drawn = brn__augment_identity();
        drawn.brightness = golden_number(k, "brightness");
        drawn.log_contrast = golden_number(k, "log_contrast");
        const json_t *levels = golden_at(k, "levels"), *values = golden_at(k, "values");
        for (size_t i = 0; i < json_array_size(levels); i++) {
            double level = json_number_value(json_array_get(levels, i));
            /* a picture of two columns, between which the level lies */
            brn__picture picture;
            assert_ok(brn__picture_new(2, 1, "levels", &picture));
            memset(picture.pixels, (int)floor(level), 3);
            memset(picture.pixels + 3, (int)ceil(level), 3);
            brn__image_transform transform = plain_transform(1);
            brn__tone tone =
                brn__tone_new((brn__lighting){1, 0}, transform.mean, transform.deviation);
            brn__tone_light(&tone, &drawn);
            const brn__projection at = {{{1, 0, level - floor(level)}, {0, 1, 0}}};
            float out[3];
            brn__gather(&picture, &at, (brn__sampling){0}, 1, &tone, out);
            for (int channel = 0; channel < 3; channel++)
                assert_close((double)out[channel], json_number_value(json_array_get(values, i)),
                             5e-6);
            brn__picture_free(&picture);
        }
    }
    assert_int_equal(number, 6);
    json_decref(golden);
}

/* ------------------------------------------------------------------ retouch */

TEST(blur_spreads_a_dot_as_a_gaussian)
{
    json_t *golden = golden_open("tests/golden/augment.json");
    size_t number;
    json_t *k;
    json_array_foreach(golden_at(golden, "blur"), number, k)
    {
        int radius = (int)golden_number(k, "strength") - 1, size = 2 * (2 * radius + 1) + 1;
        brn__picture picture;
        assert_ok(brn__picture_new(size, size, "dot", &picture));
        memset(picture.pixels, 0, (size_t)(size * size * 3));
        memset(picture.pixels + 3 * (size / 2 * size + size / 2), 255, 3);
        const brn__image_transform transform = plain_transform(size);
        brn__augment drawn = brn__augment_identity();
        drawn.blur_radius = radius;
        float *out = brn__alloc_array((size_t)(3 * size * size), sizeof *out);
        assert_ok(brn__image_transform_apply_drawn(&transform, &picture, &drawn, out));
        const float *row = out + 2 * size * size + size / 2 * size;
        for (int x = 0; x < size; x++)
            assert_close(
                (double)row[x],
                json_number_value(json_array_get(golden_at(k, "middle_row"), (size_t)x)), 2e-6);
        brn__free(out);
        brn__picture_free(&picture);
    }
    assert_int_equal(number, 3);
    json_decref(golden);
}

/* What lies beside the crop is blurred into it: the picture, not its mirror image. */
TEST(blur_sees_beyond_the_crop)
{
    enum { S = 16 };
    const brn__image_transform transform = plain_transform(S);
    brn__picture picture;
    assert_ok(brn__picture_new(S + 8, S, "halves", &picture));
    for (int i = 0; i < (S + 8) * S; i++)
        memset(picture.pixels + 3 * i, i % (S + 8) < 4 ? 255 : 0, 3);
    brn__augment drawn = brn__augment_identity(); /* the crop begins at column 4, where it is black */
    drawn.blur_radius = 1;
    float out[3 * S * S];
    assert_ok(brn__image_transform_apply_drawn(&transform, &picture, &drawn, out));
    assert_close((double)out[S * 5], 0.25, 1e-6);
    assert_close((double)out[S * 5 + 1], 0, 1e-6);
    brn__picture_free(&picture);
}

TEST(erased_rectangles_are_fastais_and_hold_normal_noise)
{
    json_t *golden = golden_open("tests/golden/augment.json");
    size_t number;
    json_t *k;
    double sum = 0, squares = 0, count = 0;
    json_array_foreach(golden_at(golden, "erase"), number, k)
    {
        enum { S = 40 };
        assert_int_equal((int)golden_number(k, "size"), S);
        brn__augment drawn = brn__augment_identity();
        drawn.patch_count = 1;
        drawn.noise_key = 5 + number;
        drawn.patch_area[0] = golden_number(k, "area");
        drawn.patch_aspect[0] = golden_number(k, "aspect");
        drawn.patch_x[0] = golden_number(k, "x"), drawn.patch_y[0] = golden_number(k, "y");
        int bounds[4];
        for (size_t i = 0; i < 4; i++)
            bounds[i] = (int)json_integer_value(json_array_get(golden_at(k, "bounds"), i));
        static float out[3 * S * S];
        for (int i = 0; i < 3 * S * S; i++) out[i] = 100;
        brn__erase(&drawn, S, out);
        for (int i = 0; i < 3 * S * S; i++) {
            int y = i / S % S, x = i % S;
            bool inside = y >= bounds[0] && y < bounds[1] && x >= bounds[2] && x < bounds[3];
            assert_int_equal(out[i] != 100, inside);
            if (!inside) continue;
            sum += (double)out[i], squares += (double)out[i] * (double)out[i], count++;
        }
    }
    assert_int_equal(number, 5);
    assert_true(count > 1500);
    assert_true(fabs(sum / count) < 0.1 && fabs(squares / count - 1) < 0.15);
    json_decref(golden);
}

TEST(cutout_is_black_before_normalisation_and_clipped_at_the_border)
{
    enum { S = 32 };
    brn__image_transform transform = brn__image_transform_defaults(S);
    brn__picture picture = noise_picture(S, S);
    memset(picture.pixels, 200, S * S * 3);
    brn__augment drawn = brn__augment_identity();
    drawn.hole_count = 2, drawn.hole_length = 7; /* 3.5 either way, ends rounded down */
    drawn.hole_x[0] = 0.5, drawn.hole_y[0] = 0.25;
    drawn.hole_x[1] = 0, drawn.hole_y[1] = 0.999;
    static float out[3 * S * S];
    assert_ok(brn__image_transform_apply_drawn(&transform, &picture, &drawn, out));
    for (int i = 0; i < 3 * S * S; i++) {
        int channel = i / (S * S), y = i / S % S, x = i % S;
        bool first = x >= 12 && x < 19 && y >= 4 && y < 11, second = x < 3 && y >= 27;
        double value = first || second ? 0 : 200 / 255.0;
        assert_close((double)out[i], (value - (double)transform.mean[channel]) /
                                         (double)transform.deviation[channel], 1e-5);
    }
    brn__picture_free(&picture);
}

/* ------------------------------------------------------------------ drawing */

static brn__augment draw(const brn__augment_options *options, uint32_t item)
{
    brn__random random = brn__random_new(brn__philox_key(3, "augment"), 1, item, 0);
    return brn__augment_draw(options, &random);
}

/* Every option on: all it draws must be in range, and happen as often as it should. */
TEST(draws_follow_their_ranges_and_probabilities)
{
    brn__augment_options o = brn__augment_defaults();
    o.max_stretch = 0.2, o.stretch_probability = 0.5, o.choice_shares[2] = 0;
    o.min_enlarge = 0.1, o.max_enlarge = 0.3, o.enlarge_probability = 0.25;
    o.max_warp = 0.2, o.warp_probability = 0.75;
    o.max_lighting = 0.2, o.lighting_probability = 0.5;
    o.crop_scale = 0.6, o.symmetry_probability = 1;
    o.blur_strength = 4, o.cutout_holes = 3, o.cutout_length = 9;
    o.erase_probability = 0.5, o.erase_min = 0.1, o.erase_count = 4;
    int across = 0, down = 0, enlarged = 0, warped = 0, bright = 0, contrast = 0, blurred = 0;
    int cut = 0, erased = 0, symmetries[8] = {0}, patches[5] = {0};
    enum { N = 4000 };
    for (uint32_t i = 0; i < N; i++) {
        brn__augment d = draw(&o, i);
        assert_true(d.stretch_across >= 0 && d.stretch_across < 0.2 && d.stretch_down < 0.2);
        assert_true(d.stretch_across == 0 || d.stretch_down == 0);
        across += d.stretch_across > 0, down += d.stretch_down > 0;
        assert_true(d.enlarge == 0 || (d.enlarge >= 0.1 && d.enlarge < 0.3));
        enlarged += d.enlarge > 0;
        assert_true(fabs(d.warp_across) <= 0.2 && fabs(d.warp_down) <= 0.2);
        warped += d.warp_across != 0;
        assert_true(fabs(d.brightness) <= log(0.6 / 0.4) + 1e-12);
        assert_true(fabs(d.log_contrast) <= -log(0.8) + 1e-12);
        bright += d.brightness != 0, contrast += d.log_contrast != 0;
        assert_true(d.crop_area >= 0.6 && d.crop_area < 1);
        symmetries[2 * d.quarter_turns + d.flip]++;
        blurred += d.blur_radius == 3;
        cut += d.hole_count == 3;
        erased += d.patch_count > 0;
        patches[d.patch_count]++;
        if (d.patch_count)
            assert_true(d.patch_area[0] * d.patch_count >= 0.1 - 1e-12 &&
                        d.patch_area[0] * d.patch_count < 0.3 && d.patch_aspect[0] > 0.29 &&
                        d.patch_aspect[0] < 3.4);
    }
    assert_in_range(across, 900, 1100);
    assert_in_range(down, 900, 1100);
    assert_in_range(enlarged, 900, 1100);
    assert_in_range(warped, 2900, 3100);
    assert_in_range(bright, 1900, 2100);
    assert_in_range(contrast, 1900, 2100);
    assert_in_range(blurred, 1900, 2100);
    assert_in_range(cut, 1900, 2100);
    assert_in_range(erased, 1900, 2100);
    for (int i = 0; i < 8; i++) assert_in_range(symmetries[i], 420, 580);
    for (int i = 1; i < 5; i++) assert_in_range(patches[i], 420, 580);
}

TEST(rotate_zoom_does_one_thing_at_a_time)
{
    brn__augment_options o = brn__augment_defaults();
    o.rotation_probability = 0;
    o.choice_rotation = 20, o.choice_enlarge = 0.5, o.choice_stretch = 0.3;
    int turned = 0, enlarged = 0, stretched = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        brn__augment d = draw(&o, i);
        bool stretches = d.stretch_across > 0 || d.stretch_down > 0;
        assert_true((d.angle != 0) + (d.enlarge > 0) + stretches <= 1);
        assert_true(fabs(d.angle) <= 20 && d.enlarge < 0.5);
        turned += d.angle != 0, enlarged += d.enlarge > 0, stretched += stretches;
    }
    assert_in_range(turned, 900, 1100);
    assert_in_range(enlarged, 900, 1100);
    assert_in_range(stretched, 900, 1100);
}

/* An option that is switched on leaves every other draw where it was. */
TEST(options_do_not_move_the_draws_of_others)
{
    const brn__augment_options off = brn__augment_defaults();
    brn__augment_options on = off;
    on.max_stretch = 0.2, on.max_warp = 0.3, on.max_lighting = 0.4, on.blur_strength = 5;
    on.cutout_holes = 4, on.erase_probability = 1, on.crop_scale = 0.5, on.pad = 5;
    for (uint32_t i = 0; i < 200; i++) {
        brn__augment a = draw(&off, i), b = draw(&on, i);
        assert_true(a.zoom == b.zoom && a.across == b.across && a.down == b.down &&
                    a.angle == b.angle && a.flip == b.flip && a.balance == b.balance &&
                    a.contrast == b.contrast);
        assert_memory_equal(a.area, b.area, sizeof a.area);
        assert_memory_equal(a.hole_x, b.hole_x, sizeof a.hole_x);
        assert_memory_equal(a.patch_x, b.patch_x, sizeof a.patch_x);
        assert_true(a.noise_key == b.noise_key && a.crop_across == b.crop_across);
        assert_true(a.stretch_across == 0 && a.warp_across == 0 && a.brightness == 0 &&
                    a.blur_radius == 0 && a.hole_count == 0 && a.patch_count == 0 &&
                    a.crop_area == 0 && a.log_contrast == 0 && a.enlarge == 0);
    }
}

TEST(googlenet_crops_stay_inside)
{
    enum { S = 32 };
    brn__augment_options o = brn__augment_defaults();
    o.crop = BRN__CROP_GOOGLENET;
    o.rotation_probability = o.flip_probability = 0;
    double least = 1, most = 0;
    for (uint32_t i = 0; i < 400; i++) {
        brn__augment d = draw(&o, i);
        int width = 90 + (int)(i % 5) * 60, height = 130;
        brn__projection p = brn__augment_projection(&d, width, height, S);
        double across = p.m[0][0] * S, down = p.m[1][1] * S, area = across * down / width / height;
        least = fmin(least, area), most = fmax(most, area);
        assert_true(p.m[0][2] + 0.5 - 0.5 * p.m[0][0] >= -1e-9);
        assert_true(p.m[0][2] + 0.5 - 0.5 * p.m[0][0] + across <= width + 1e-9);
        assert_true(p.m[1][2] + 0.5 - 0.5 * p.m[1][1] + down <= height + 1e-9);
        int shorter = width < height ? width : height;
        int cover = brn__augment_cover(&d, width, height, S);
        assert_true(fmin(across, down) * cover / shorter >= S - 1e-6);
    }
    assert_true(least < 0.11 && most > 0.85);
}

/* Reduced decoding must not lose detail, and must be used where it can be. */
TEST(the_cover_of_a_presized_view_is_what_it_samples)
{
    brn__augment drawn = brn__augment_identity();
    drawn.square_first = true;
    drawn.item_size = 100;
    assert_in_range(brn__augment_cover(&drawn, 1000, 800, 50), 49, 51);
    drawn.crop_area = 0.25; /* half of the side: twice as fine */
    assert_in_range(brn__augment_cover(&drawn, 1000, 800, 50), 98, 101);
    drawn.warp_across = 0.2;
    assert_true(brn__augment_cover(&drawn, 1000, 800, 50) > 110);
}

static void run_all(const brn__image_transform *transform, const brn__picture *picture,
                    uint32_t item)
{
    brn__random random = brn__random_new(brn__philox_key(8, "augment"), 0, item, 0);
    brn__picture copy;
    assert_ok(brn__picture_new(picture->width, picture->height, "copy", &copy));
    memcpy(copy.pixels, picture->pixels, (size_t)picture->width * (size_t)picture->height * 3);
    size_t values = 3 * (size_t)transform->size * (size_t)transform->size;
    float *out = brn__alloc_array(values, sizeof *out); /* exact, for the address sanitizer */
    assert_non_null(out);
    assert_ok(brn__image_transform_apply(transform, &copy, true, &random, out));
    for (size_t i = 0; i < values; i++) assert_true(isfinite(out[i]));
    brn__picture_free(&copy); /* once more: nothing but the arguments counts */
    assert_ok(brn__picture_new(picture->width, picture->height, "copy", &copy));
    memcpy(copy.pixels, picture->pixels, (size_t)picture->width * (size_t)picture->height * 3);
    float *again = brn__alloc_array(values, sizeof *again);
    assert_non_null(again);
    random = brn__random_new(brn__philox_key(8, "augment"), 0, item, 0);
    assert_ok(brn__image_transform_apply(transform, &copy, true, &random, again));
    assert_memory_equal(again, out, values * sizeof *out);
    brn__free(again);
    brn__free(out);
    brn__picture_free(&copy);
}

TEST(everything_at_once_passes_on_any_shape)
{
    static const int sides[][2] = {{1, 1}, {1, 300}, {700, 2}, {3, 2}, {64, 64}, {200, 150}};
    brn__image_transform transform = plain_transform(24);
    brn__augment_options *o = &transform.training;
    o->max_stretch = 1, o->max_enlarge = 2, o->max_warp = 0.35, o->warp_probability = 1;
    o->max_lighting = 0.9, o->symmetry_probability = 0.5, o->crop_scale = 0.01;
    o->min_zoom = 0.3, o->max_zoom = 3, o->max_rotation = 180, o->pad = 30;
    o->blur_strength = 8, o->cutout_holes = 16, o->cutout_length = 50;
    o->erase_probability = 1, o->erase_max = 1, o->erase_count = 8, o->erase_aspect = 0.01;
    for (uint32_t i = 0; i < 240; i++) {
        o->crop = (brn__crop)(i / 6 % 5);
        o->pad_mode = (brn__pad_mode)(i / 30 % 4);
        o->square_first = i / 120, o->item_size = i % 3 ? 0 : 40;
        o->sample_mode = i % 7 ? BRN__SAMPLE_BILINEAR : (brn__sample_mode)(i % 3);
        o->min_scale = i % 11 ? 1 : 0.1;
        transform.size = transform.resize = i % 13 ? 24 : 1;
        brn__picture picture = noise_picture(sides[i % 6][0], sides[i % 6][1]);
        run_all(&transform, &picture, i);
        brn__picture_free(&picture);
    }
}

/* ------------------------------------------------------------------ the plain view */

/* As fast.ai: what training squashes or shows whole is so in validation. */
TEST(the_plain_view_shows_what_training_shows)
{
    enum { S = 20 };
    float out[3 * S * S];
    brn__image_transform transform = plain_transform(S);
    brn__picture picture;
    assert_ok(brn__picture_new(60, 30, "thirds", &picture));
    for (int i = 0; i < 60 * 30; i++) memset(picture.pixels + 3 * i, i % 60 / 20 * 100, 3);
    static const int rows[][5] = {
        /* grey levels at columns 1, 5, 10, 15, 18 */
        [BRN__CROP_RANDOM] = {100, 100, 100, 100, 100}, /* the middle third and some */
        [BRN__CROP_CENTRE] = {100, 100, 100, 100, 100},
        [BRN__CROP_SQUASH] = {0, 0, 100, 200, 200},
        [BRN__CROP_WHOLE] = {0, 0, 100, 200, 200},
    };
    static const int columns[5] = {1, 5, 10, 15, 18};
    for (int crop = 0; crop < 4; crop++) {
        transform.training.crop = (brn__crop)crop;
        transform.training.pad_mode = BRN__PAD_ZEROS;
        assert_ok(brn__image_transform_apply(&transform, &picture, false, NULL, out));
        for (int i = 0; i < 5; i++) {
            if (crop < 2 && (i == 0 || i == 4)) continue; /* beyond the third */
            assert_close((double)out[10 * S + columns[i]] * 255, rows[crop][i], 1e-3);
        }
        double above = crop == BRN__CROP_WHOLE ? 0 : (double)out[10 * S + 18];
        assert_close((double)out[1 * S + 18], above, 1e-5);
    }
    brn__picture_free(&picture);
    picture = noise_picture(1, 900);
    assert_ok(brn__image_transform_apply(&transform, &picture, false, NULL, out));
    for (int i = 0; i < 3 * S * S; i++) assert_true(out[i] >= 0 && out[i] <= 1);
    brn__picture_free(&picture);
}
