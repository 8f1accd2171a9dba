/* SPDX-License-Identifier: Apache-2.0
 * Epochs that the options leave to the data. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/image.h"
#include "jobs/image_job.h"
#include "test.h"

#include <png.h>
#include <stdio.h>
#include <unistd.h>

enum { SIDE = 32, VALID = 3 };

/* A list in a folder of its own that names `count` training pictures, one picture under many names. */
static const char *list_of(int count)
{
    static char list[512];
    static const uint8_t pixels[SIDE * SIDE * 3];
    char folder[256], first[512], picture[512];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    snprintf(first, sizeof first, "%s/0.png", folder);
    png_image image = {.version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, first, 0, pixels, 0, NULL));
    snprintf(list, sizeof list, "%s/list.csv", folder);
    FILE *file = fopen(list, "w");
    assert_non_null(file);
    fprintf(file, "name,label,is_valid\n");
    for (int i = 0; i < count + VALID; i++) {
        snprintf(picture, sizeof picture, "%s/%d.png", folder, i);
        if (i > 0) assert_int_equal(link(first, picture), 0);
        fprintf(file, "%d.png,%s,%d\n", i, i % 2 ? "odd" : "even", i >= count);
    }
    fclose(file);
    return list;
}

static brn_image_options options_of(const char *list)
{
    brn_image_options o = brn_image_defaults();
    o.data = list;
    return o;
}

/* As a training of these options would have them. */
static int epochs_of(const brn_image_options *o)
{
    brn__image_plan plan;
    brn_image_data *data;
    const int64_t live = brn__alloc_live();
    assert_ok(brn__image_plan_make(o, &plan));
    assert_ok(brn__image_data_of(&plan.options, &data, NULL));
    assert_ok(brn__image_plan_for(o, data, &plan));
    brn_image_data_close(data);
    const int epochs = plan.options.epochs;
    brn__image_plan_free(&plan);
    assert_int_equal(brn__alloc_live(), live);
    return epochs;
}

TEST(some_hundred_pictures_get_twice_the_epochs)
{
    static const int counts[][2] = {{499, 10}, {500, 20}, {5000, 20}, {5001, 10}};
    for (int i = 0; i < 4; i++) {
        const brn_image_options o = options_of(list_of(counts[i][0]));
        assert_int_equal(epochs_of(&o), counts[i][1]);
    }
}

TEST(only_a_recipe_that_tunes_all_layers_leaves_epochs_to_the_data)
{
    const char *list = list_of(500);
    brn_image_options o = options_of(list);
    o.epochs = 7;
    assert_int_equal(epochs_of(&o), 7);
    o = options_of(list);
    o.pretrained = false;
    assert_int_equal(epochs_of(&o), 10);
    o = options_of(list);
    o.network = "{\"format\": 1, \"layers\": [{\"layer\": \"flatten\"}, {\"layer\": \"linear\", \"outputs\": 4}]}";
    assert_int_equal(epochs_of(&o), 10); /* nothing of it is pretrained */
    o = options_of(list);
    o.recipe = BRN_RECIPE_SCRATCH;
    assert_int_equal(epochs_of(&o), 10);
    o = options_of(list);
    o.epochs = -2;
    assert_fails(brn_image_train(&o, NULL), BRN_ERROR_USAGE, "epochs: 1 frozen and -2");
}

/* What depends on the number of epochs is checked against that of the data. */
TEST(the_first_epoch_of_an_average_is_within_those_that_the_data_ask_for)
{
    brn__image_plan plan;
    brn_image_data *data;
    brn_image_options o = options_of(list_of(20));
    o.swa = 15;
    assert_ok(brn__image_plan_make(&o, &plan));
    assert_ok(brn__image_data_of(&plan.options, &data, NULL));
    assert_fails(brn__image_plan_for(&o, data, &plan), BRN_ERROR_USAGE, "swa: from epoch 15 on; expected 1 to 11");
    brn_image_data_close(data);
}
