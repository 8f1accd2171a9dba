/* SPDX-License-Identifier: Apache-2.0
 * Architectures opened by name with real weights: each answers with its own classes, on pictures
 * prepared its own way. */
#include "burnish/image.h"
#include "burnish/weights.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens an architecture whose weights are imported into a cache of its own; skips without `file`. */
static brn_image_model *opened(const char *name, const char *file)
{
    char path[4096];
    brn_image_model *model;
    snprintf(path, sizeof path, "%s", test_data_path(file));
    setenv("BURNISH_CACHE", test_scratch_folder(), 1);
    assert_ok(brn_weights_import(name, path));
    assert_ok(brn_image_model_open(name, 1, &model));
    unsetenv("BURNISH_CACHE");
    return model;
}

TEST(squeezenet_by_name_gives_the_stored_logits)
{
    enum { CLASSES = 1000, PICTURES = 16 };
    static float stored[PICTURES * CLASSES];
    char line[256], path[4096], folder[2048];
    snprintf(folder, sizeof folder, "%s", test_data_path("pretrained/check"));
    brn_image_model *model =
        opened("squeezenet1_0", "pretrained/squeezenet1_0/squeezenet1_0_rgb.safetensors");
    assert_int_equal(brn_image_model_classes(model), CLASSES);
    assert_string_equal(brn_image_model_class(model, 340), "zebra");
    snprintf(path, sizeof path, "%s/logits_squeezenet1_0_rgb_16x1000_f32.bin", folder);
    FILE *file = fopen(path, "rb");
    snprintf(path, sizeof path, "%s/expected.csv", folder);
    FILE *list = fopen(path, "r");
    assert_true(file && list && fgets(line, sizeof line, list));
    assert_int_equal(fread(stored, sizeof *stored, PICTURES * CLASSES, file), PICTURES * CLASSES);
    for (int i = 0; i < PICTURES; i++) {
        const float *p, *expected = stored + i * CLASSES;
        assert_non_null(fgets(line, sizeof line, list));
        line[strcspn(line, ",")] = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, line);
        assert_ok(brn_image_predict_file(model, path, &p));
        assert_int_equal(brn_image_best(p, CLASSES), brn_image_best(expected, CLASSES));
        for (int k = 0; k < CLASSES; k++)
            assert_true(fabsf(brn_image_logits(model)[k] - expected[k]) <= 2e-3f);
    }
    fclose(file);
    fclose(list);
    brn_image_model_close(model);
}

/* Accuracy on the sample's 1,000 validation pictures: PyTorch's, see tests/golden/cifar10.json. */
TEST(a_cifar_network_by_name_knows_ten_classes)
{
    char command[8192], folder[1024];
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    snprintf(command, sizeof command, "python3 -m zipfile -e '%s' '%s' 2>/dev/null",
             test_data_path("images/cifar10_sample.zip"), folder);
    if (system(command) != 0) skip();
    brn_image_model *model =
        opened("resnet20_cifar", "pretrained/resnet_cifar10/resnet20-12fca82f.th");
    assert_int_equal(brn_image_model_classes(model), 10);
    assert_string_equal(brn_image_model_class(model, 0), "airplane");
    assert_string_equal(brn_image_model_class(model, 9), "truck");
    assert_null(brn_image_model_class(model, 10));
    assert_int_equal(brn_image_model_size(model), 32);
    strcat(folder, "/cifar10");
    brn_image_evaluation result;
    assert_ok(brn_image_evaluate(model, folder, 100, 0, 0, false, NULL, NULL, &result));
    assert_int_equal(result.count, 1000);
    assert_int_equal(result.bad_count, 0);
    assert_close(result.accuracy, .825, 1e-12);
    brn_image_model_close(model);
}
