/* SPDX-License-Identifier: Apache-2.0
 * Profiles: what was counted agrees with the formula, and parts add up to the whole. */
#include "burnish/profile.h"
#include "test.h"

#include <math.h>
#include <string.h>

/* The step `op` of the layer `name`. */
static const brn_profile_step *find(const brn_profile *profile, const char *op, const char *name)
{
    for (int i = 0; i < profile->count; i++)
        if (!strcmp(profile->steps[i].op, op) && !strcmp(profile->steps[i].name, name)) return &profile->steps[i];
    print_error("no step %s of %s\n", op, name);
    fail();
    return NULL;
}

typedef struct layer {
    const char *name;
    double n, o, i, groups, side, pixels; /* output channels, input channels, kernel side, output height x width */
} layer;

static void check_convolution(const brn_profile *profile, const layer *l, const char *op)
{
    const brn_profile_step *step = find(profile, op, l->name);
    double weights = l->o * l->i / l->groups * l->side * l->side;
    assert_close(step->flops, 2 * l->n * l->pixels * weights, 0);
    assert_true(step->bytes >= 4 * (weights + l->n * l->o * l->pixels));
    assert_close(step->roof * step->seconds, fmax(step->flops / profile->peak.flops_per_second,
                                                  step->bytes / profile->peak.bytes_per_second), 1e-12);
}

static void check_sums(const brn_profile *profile)
{
    double seconds = 0, share = 0;
    assert_true(profile->count > 0 && profile->peak.flops_per_second > 0 && profile->peak.bytes_per_second > 0);
    for (int i = 0; i < profile->count; i++) {
        const brn_profile_step *step = &profile->steps[i];
        assert_true(step->seconds > 0 && isfinite(step->seconds) && step->flops >= 0 && step->bytes >= 0);
        assert_true(step->implementation[0] != '\0');
        assert_close(step->share, step->seconds / profile->seconds, 1e-12);
        seconds += step->seconds, share += step->share;
    }
    assert_close(seconds, profile->seconds, 1e-12);
    assert_close(share, 1, 1e-12);
}

static brn_status profile_of(const char *architecture, bool training, int batch_size, int size, int rounds, double *seconds,
                             brn_profile *profile)
{
    brn_image_bench_options options = brn_image_bench_defaults();
    options.architecture = architecture;
    options.training = training;
    options.batch_size = batch_size;
    options.size = size;
    options.threads = 1;
    options.rounds = rounds;
    return brn_image_profile(&options, seconds, profile);
}

TEST(a_profile_of_training_counts_what_the_formula_says_and_adds_up)
{
    static const layer layers[] = {
        {"conv1.conv2d", 2, 64, 3, 1, 7, 16 * 16},          {"layer1.0.conv1.conv2d", 2, 64, 64, 1, 3, 8 * 8},
        {"layer2.0.conv1.conv2d", 2, 128, 64, 1, 3, 4 * 4}, {"layer2.0.downsample.0.conv2d", 2, 128, 64, 1, 1, 4 * 4},
        {"layer4.1.conv2.conv2d", 2, 512, 512, 1, 3, 1},
    };
    double seconds[3] = {0};
    brn_profile profile;
    assert_ok(profile_of("resnet18", true, 2, 32, 3, seconds, &profile));
    for (int i = 0; i < 3; i++) assert_true(seconds[i] > 0);
    check_sums(&profile);
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        check_convolution(&profile, &layers[i], "conv2d");
        check_convolution(&profile, &layers[i], "conv2d_grad_weight");
        if (i > 0) check_convolution(&profile, &layers[i], "conv2d_grad_input"); /* nobody asks for the pictures' */
    }
    double flops = 0;
    for (int i = 0; i < profile.count; i++)
        if (!strcmp(profile.steps[i].op, "conv2d")) flops += profile.steps[i].flops;
    /* all of resnet18's convolutions, by stage: (weights) x pixels, for each picture and multiply-add */
    double stages = 64 * 3 * 49 * 256. + 4 * 64 * 64 * 9 * 64.;
    stages += (128 * 64 * 9 + 3 * 128 * 128 * 9 + 128 * 64) * 16.;
    stages += (256 * 128 * 9 + 3 * 256 * 256 * 9 + 256 * 128) * 4.;
    stages += 512 * 256 * 9 + 3 * 512 * 512 * 9 + 512 * 256;
    assert_close(flops, 2 * 2 * stages, 0);
    brn_profile_free(&profile);
    assert_true(profile.count == 0 && profile.steps == NULL);
}

TEST(a_profile_of_inference_leaves_out_what_does_not_run)
{
    static const layer grouped = {"layer1.0.conv2.conv2d", 1, 128, 128, 32, 3, 8 * 8};
    double seconds[2];
    brn_profile profile;
    assert_ok(profile_of("resnext50_32x4d", false, 1, 32, 2, seconds, &profile));
    check_sums(&profile);
    check_convolution(&profile, &grouped, "conv2d");
    for (int i = 0; i < profile.count; i++) assert_null(strstr(profile.steps[i].name, ".weight"));
    brn_profile_free(&profile);
}

TEST(a_profile_refuses_what_makes_no_sense)
{
    double seconds[1];
    brn_profile profile;
    assert_fails(profile_of("resnet0", true, 2, 32, 1, seconds, &profile), BRN_ERROR_USAGE, "resnet0");
    assert_fails(profile_of("resnet18", true, 2, 16, 1, seconds, &profile), BRN_ERROR_USAGE, "size 16");
    assert_true(profile.count == 0 && profile.steps == NULL);
    brn_profile_free(&profile);
}
