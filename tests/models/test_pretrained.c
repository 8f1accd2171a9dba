/* SPDX-License-Identifier: Apache-2.0
 * The real weights of EfficientNet-Lite0 on 16 pictures, against the stored logits. */
#include "burnish/model_zoo.h"
#include "burnish/runner.h"
#include "data/image/picture.h"
#include "io/state.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURES = 16, SIDE = 224, CLASSES = 1000 };

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

static void load(const brn_model *model, brn_parameters *store)
{
    brn__state *state;
    const char *path =
        test_data_path("pretrained/efficientnet_lite0/efficientnet-lite0-57934424.pth");
    assert_ok(brn__state_open(path, &state));
    const brn_model_source source = {.context = state,
                                     .name = path,
                                     .count = (int)brn__state_count(state),
                                     .describe = describe,
                                     .read = read_tensor};
    assert_ok(brn_model_load(model, store, &source, BRN_MODEL_WHOLE));
    brn__state_close(state);
}

/* One picture as (3, 224, 224), normalised as the model wants it. */
static void read_picture(const brn_model *model, const char *name, float *out)
{
    char part[128];
    snprintf(part, sizeof part, "pretrained/check/%s", name);
    brn__picture picture;
    assert_ok(brn__picture_read(test_data_path(part), 0, &picture));
    assert_int_equal(picture.width, SIDE);
    assert_int_equal(picture.height, SIDE);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < SIDE * SIDE; i++)
            out[c * SIDE * SIDE + i] =
                (float)((picture.pixels[3 * i + c] / 255. - model->mean[c]) / model->deviation[c]);
    brn__picture_free(&picture);
}

/* The pictures of expected.csv in its order; the class that it expects of each. */
static void read_pictures(const brn_model *model, float *pixels, int expected[PICTURES])
{
    FILE *list = fopen(test_data_path("pretrained/check/expected.csv"), "r");
    assert_non_null(list);
    char line[256], name[128];
    assert_non_null(fgets(line, sizeof line, list));
    for (int i = 0; i < PICTURES; i++) {
        assert_non_null(fgets(line, sizeof line, list));
        assert_int_equal(sscanf(line, "%127[^,],%*d,%d", name, &expected[i]), 2);
        read_picture(model, name, pixels + (size_t)i * 3 * SIDE * SIDE);
    }
    fclose(list);
}

static void check_logits(const float *logits, const int expected[PICTURES])
{
    static float stored[PICTURES * CLASSES];
    FILE *file =
        fopen(test_data_path("pretrained/check/logits_efficientnet_lite0_16x1000_f32.bin"), "rb");
    assert_non_null(file);
    assert_int_equal(fread(stored, sizeof *stored, PICTURES * CLASSES, file), PICTURES * CLASSES);
    fclose(file);
    double worst = 0;
    for (int i = 0; i < PICTURES; i++) {
        int best = 0;
        for (int k = 0; k < CLASSES; k++) {
            const int at = i * CLASSES + k;
            worst = fmax(worst, fabs((double)logits[at] - (double)stored[at]));
            if (logits[at] > logits[i * CLASSES + best]) best = k;
        }
        assert_int_equal(best, expected[i]);
    }
    print_message("efficientnet_lite0: largest difference of a logit %.2g\n", worst);
    assert_true(worst < 2e-3);
}

TEST(efficientnet_lite0_with_its_real_weights_gives_the_stored_logits)
{
    const brn_model *model = brn_model_find("efficientnet_lite0");
    float *pixels = malloc((size_t)PICTURES * 3 * SIDE * SIDE * sizeof *pixels);
    int expected[PICTURES];
    assert_non_null(pixels);
    read_pictures(model, pixels, expected);
    brn_graph *graph;
    assert_ok(brn_graph_new(&graph));
    brn_node *x = brn_input(graph, "image", BRN_DTYPE_F32, (int64_t[]){PICTURES, 3, SIDE, SIDE}, 4);
    x = brn_model_classifier(model, brn_model_body(model, x), CLASSES);
    brn_parameters *store;
    assert_ok(brn_parameters_new(graph, BRN_DTYPE_F32, &store));
    load(model, store);
    brn_runner *runner;
    assert_ok(brn_runner_new(store, "cpu", 0, &runner));
    brn_plan_options options = brn_plan_defaults();
    options.outputs[options.output_count++] = x;
    brn_plan *plan;
    assert_ok(brn_runner_plan(runner, &options, &plan));
    assert_ok(brn_plan_bind(plan, "image", pixels));
    assert_ok(brn_plan_run(plan, &(brn_run){.seed = 0}));
    check_logits(brn_plan_output(plan, 0), expected);
    brn_runner_free(runner);
    brn_parameters_free(store);
    brn_graph_free(graph);
    free(pixels);
}
