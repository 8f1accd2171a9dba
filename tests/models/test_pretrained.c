/* SPDX-License-Identifier: Apache-2.0
 * Real weights: EfficientNet-Lite0 and SqueezeNet 1.0 on 16 pictures against the stored logits, the
 * CIFAR ResNets on 1,000 pictures against PyTorch's answers (tests/golden/make_cifar10.py). */
#include "burnish/model_zoo.h"
#include "burnish/runner.h"
#include "burnish/weights.h"
#include "data/image/picture.h"
#include "golden/golden.h"
#include "io/state.h"
#include "test.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES = 16, CLASSES = 1000, CIFAR_PICTURES = 1000, CIFAR_CLASSES = 10, BATCH = 250 };

static brn_status describe(void *context, int index, const char **name, brn_shape *shape)
{
    const brn__entry *entry = brn__state_entry(context, index);
    *name = entry->name;
    *shape = entry->shape;
    return BRN_OK;
}

static brn_status read_tensor(void *context, int index, brn_dtype dtype, void *out, int64_t count)
{
    (void)count;
    return brn__state_read(brn__state_entry(context, index), dtype, out);
}

static void load(const brn_model *model, brn_parameters *store, const char *file)
{
    brn__state *state;
    const char *path = test_data_path(file);
    assert_ok(brn__state_open(path, &state));
    const brn_model_source source = {.context = state,
                                     .name = path,
                                     .count = (int)brn__state_count(state),
                                     .describe = describe,
                                     .read = read_tensor};
    assert_ok(brn_model_load(model, store, &source, BRN_MODEL_WHOLE));
    brn__state_close(state);
}

/* ------------------------------------------------------------------ inference */

typedef struct classifier {
    const brn_model *model;
    brn_graph *graph;
    brn_parameters *store;
    brn_runner *runner;
    brn_plan *plan;
} classifier;

static classifier new_classifier(const char *model, const char *file, int64_t items)
{
    classifier c = {.model = brn_model_find(model)};
    const int64_t classes = brn_weights_find(model)->classes->count;
    const int64_t side = c.model->input_size;
    assert_ok(brn_graph_new(&c.graph));
    brn_node *x = brn_input(c.graph, "image", BRN_DTYPE_F32, (int64_t[]){items, 3, side, side}, 4);
    x = brn_model_classifier(c.model, brn_model_body(c.model, x), classes);
    assert_ok(brn_parameters_new(c.graph, BRN_DTYPE_F32, &c.store));
    load(c.model, c.store, file);
    assert_ok(brn_runner_new(c.store, "cpu", 0, &c.runner));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = x;
    assert_ok(brn_runner_plan(c.runner, &options, &c.plan));
    return c;
}

static void free_classifier(classifier *c)
{
    brn_runner_free(c->runner);
    brn_parameters_free(c->store);
    brn_graph_free(c->graph);
}

static const float *logits_of(const classifier *c, const float *pixels)
{
    assert_ok(brn_plan_bind(c->plan, "image", pixels));
    assert_ok(brn_plan_run(c->plan, &(brn_run){.seed = 0}));
    return brn_plan_output(c->plan, 0);
}

static int top(const float *logits, int count)
{
    int best = 0;
    for (int k = 1; k < count; k++)
        if (logits[k] > logits[best]) best = k;
    return best;
}

/* One picture as (3, side, side), normalised as the model wants it. */
static void read_picture(const brn_model *model, const char *path, float *out)
{
    const int side = model->input_size;
    brn__picture picture;
    assert_ok(brn__picture_read(path, 0, &picture));
    assert_int_equal(picture.width, side);
    assert_int_equal(picture.height, side);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < side * side; i++)
            out[c * side * side + i] =
                (float)((picture.pixels[3 * i + c] / 255. - model->mean[c]) / model->deviation[c]);
    brn__picture_free(&picture);
}

static float *new_pixels(int64_t items, int side)
{
    float *pixels = malloc((size_t)(items * 3 * side * side) * sizeof *pixels);
    assert_non_null(pixels);
    return pixels;
}

/* ------------------------------------------------------------------ stored logits */

/* The pictures of expected.csv in its order; the class that column `column` expects of each. */
static void read_pictures(const brn_model *model, int column, float *pixels, int expected[PICTURES])
{
    enum { SIDE = 224 };
    FILE *list = fopen(test_data_path("pretrained/check/expected.csv"), "r");
    assert_non_null(list);
    char line[256], name[128], part[256];
    assert_non_null(fgets(line, sizeof line, list));
    for (int i = 0; i < PICTURES; i++) {
        int top_of[2];
        assert_non_null(fgets(line, sizeof line, list));
        assert_int_equal(sscanf(line, "%127[^,],%*d,%d,%*f,%d", name, &top_of[0], &top_of[1]), 3);
        expected[i] = top_of[column];
        snprintf(part, sizeof part, "pretrained/check/%s", name);
        read_picture(model, test_data_path(part), pixels + (size_t)i * 3 * SIDE * SIDE);
    }
    fclose(list);
}

static void check_logits(const char *name, const char *file_name, const float *logits,
                         const int expected[PICTURES])
{
    static float stored[PICTURES * CLASSES];
    FILE *file = fopen(test_data_path(file_name), "rb");
    assert_non_null(file);
    assert_int_equal(fread(stored, sizeof *stored, PICTURES * CLASSES, file), PICTURES * CLASSES);
    fclose(file);
    double worst = 0;
    for (int i = 0; i < PICTURES * CLASSES; i++)
        worst = fmax(worst, fabs((double)logits[i] - (double)stored[i]));
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(top(logits + (size_t)i * CLASSES, CLASSES), expected[i]);
    print_message("%s: largest difference of a logit %.2g\n", name, worst);
    assert_true(worst < 2e-3);
}

/* `column`: of the model's classes in expected.csv. */
static void check_stored(const char *model, const char *weights, int column, const char *stored)
{
    classifier c = new_classifier(model, weights, PICTURES);
    float *pixels = new_pixels(PICTURES, c.model->input_size);
    int expected[PICTURES];
    read_pictures(c.model, column, pixels, expected);
    check_logits(model, stored, logits_of(&c, pixels), expected);
    free_classifier(&c);
    free(pixels);
}

TEST(efficientnet_lite0_with_its_real_weights_gives_the_stored_logits)
{
    check_stored("efficientnet_lite0",
                 "pretrained/efficientnet_lite0/efficientnet-lite0-57934424.pth", 0,
                 "pretrained/check/logits_efficientnet_lite0_16x1000_f32.bin");
}

/* Made for BGR bytes; the file's first convolution is changed to take what torchvision's does. */
TEST(squeezenet1_0_with_its_real_weights_gives_the_stored_logits)
{
    check_stored("squeezenet1_0", "pretrained/squeezenet1_0/squeezenet1_0_rgb.safetensors", 1,
                 "pretrained/check/logits_squeezenet1_0_rgb_16x1000_f32.bin");
}

/* ------------------------------------------------------------------ answers on CIFAR-10 */

/* The sample's valid part, unpacked; skips the test where no python3 is there to unpack it. */
static const char *unpacked_cifar(void)
{
    const char *folder = test_scratch_folder();
    char command[1024];
    snprintf(command, sizeof command, "python3 -m zipfile -e '%s' '%s' 2>/dev/null",
             test_data_path("images/cifar10_sample.zip"), folder);
    if (system(command) != 0) skip();
    return folder;
}

static int is_jpeg(const struct dirent *entry)
{
    return strstr(entry->d_name, ".jpg") != NULL;
}

/* The pictures of each class, in CIFAR-10's order. */
static void read_cifar(const brn_model *model, float *pixels)
{
    enum { SIDE = 32, OF_EACH = CIFAR_PICTURES / CIFAR_CLASSES };
    const brn_weights_classes *classes = brn_weights_find(model->name)->classes;
    const char *root = unpacked_cifar();
    assert_int_equal(classes->count, CIFAR_CLASSES);
    for (int k = 0; k < CIFAR_CLASSES; k++) {
        char folder[512], path[1024];
        snprintf(folder, sizeof folder, "%s/cifar10/valid/%s", root, classes->names[k]);
        struct dirent **files;
        assert_int_equal(scandir(folder, &files, is_jpeg, alphasort), OF_EACH);
        for (int i = 0; i < OF_EACH; i++) {
            snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
            read_picture(model, path, pixels + (size_t)(k * OF_EACH + i) * 3 * SIDE * SIDE);
            free(files[i]);
        }
        free(files);
    }
}

/* Whether PyTorch's two best logits of the picture are so close that rounding may turn them round. */
static bool is_close(const json_t *golden, int picture)
{
    const json_t *close = golden_at(golden, "close");
    for (size_t i = 0; i < json_array_size(close); i++)
        if (json_integer_value(json_array_get(close, i)) == picture) return true;
    return false;
}

/* Every answer is PyTorch's. */
static void check_answers(const char *model, const char *file)
{
    json_t *all = golden_open("tests/golden/cifar10.json");
    const json_t *golden = golden_at(all, model);
    const char *answers = golden_string(golden, "answers");
    classifier c = new_classifier(model, file, BATCH);
    float *pixels = new_pixels(CIFAR_PICTURES, 32);
    int right = 0, differing = 0;
    read_cifar(c.model, pixels);
    assert_int_equal(strlen(answers), CIFAR_PICTURES);
    for (int first = 0; first < CIFAR_PICTURES; first += BATCH) {
        const float *logits = logits_of(&c, pixels + (size_t)first * 3 * 32 * 32);
        for (int i = 0; i < BATCH; i++) {
            const int answer = top(logits + (size_t)i * CIFAR_CLASSES, CIFAR_CLASSES);
            right += answer == (first + i) / (CIFAR_PICTURES / CIFAR_CLASSES);
            differing += answer != answers[first + i] - '0' && !is_close(golden, first + i);
        }
    }
    print_message("%s: %d of %d right\n", model, right, CIFAR_PICTURES);
    assert_int_equal(differing, 0);
    assert_true(abs(right - (int)golden_number(golden, "right")) <=
                (int)json_array_size(golden_at(golden, "close")));
    free_classifier(&c);
    free(pixels);
    json_decref(all);
}

/* 82.5 and 84.1 %. The networks reach 91.8 and 93.6 % on lossless pictures, these are JPEGs of
 * quality 75. */
TEST(resnet20_cifar_with_its_real_weights_answers_as_pytorch)
{
    check_answers("resnet20_cifar", "pretrained/resnet_cifar10/resnet20-12fca82f.th");
}

TEST(resnet56_cifar_with_its_real_weights_answers_as_pytorch)
{
    check_answers("resnet56_cifar", "pretrained/resnet_cifar10/resnet56-4bfd9763.th");
}
