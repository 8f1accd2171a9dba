/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/bars.h"
#include "base/files.h"
#include "base/philox.h"
#include "test.h"

#include <png.h>
#include <stdio.h>

void bars_paint(uint8_t *pixels, int label, uint32_t number)
{
    brn__random random = brn__random_new(brn__philox_key(9, "bars"), number, (uint32_t)label, 0);
    int place = 6 + (int)brn__random_below(&random, BARS_SIDE - 14);
    for (int y = 0; y < BARS_SIDE; y++)
        for (int x = 0; x < BARS_SIDE; x++) {
            int along = label ? x : y;
            for (int c = 0; c < 3; c++)
                pixels[(y * BARS_SIDE + x) * 3 + c] = (uint8_t)(
                    brn__random_below(&random, 60) + (along >= place && along < place + 6) * 180);
        }
}

void bars_write(const char *path, int label, uint32_t number)
{
    uint8_t pixels[BARS_SIDE * BARS_SIDE * 3];
    bars_paint(pixels, label, number);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = BARS_SIDE,
                       .height = BARS_SIDE,
                       .format = PNG_FORMAT_RGB};
    assert_true(png_image_write_to_file(&image, path, 0, pixels, 0, NULL));
}

const char *bars_make_folder(int train, int valid)
{
    static char folder[128];
    static const char *const names[] = {"lying", "upright"};
    snprintf(folder, sizeof folder, "%s", test_scratch_folder());
    for (int split = 0; split < 2; split++)
        for (int label = 0; label < 2; label++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s/%s", folder, split ? "valid" : "train", names[label]);
            assert_ok(brn__make_folders(path));
            for (int i = 0; i < (split ? valid : train); i++) {
                snprintf(path, sizeof path, "%s/%s/%s/%02d.png", folder, split ? "valid" : "train",
                         names[label], i);
                bars_write(path, label, (uint32_t)(split * 1000 + i));
            }
        }
    return folder;
}
