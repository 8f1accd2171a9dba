/* SPDX-License-Identifier: Apache-2.0 */
#include "data/pictures.h"
#include "base/files.h"
#include "base/philox.h"
#include "report/thumbnail.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void make_jpeg(int seed, int width, int height, int quality, brn__text *out)
{
    brn__picture picture;
    brn__random random = brn__random_new(brn__philox_key((uint64_t)seed, "picture"), 0, 0, 0);
    double wave[3][4];
    for (int c = 0; c < 3; c++)
        for (int k = 0; k < 4; k++) wave[c][k] = brn__random_between(&random, -12, 12);
    assert_ok(brn__picture_new(width, height, "test", &picture));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                const double u = (x + .5) / width, v = (y + .5) / height;
                const double level = sin(wave[c][0] * u + wave[c][1] * v + wave[c][2]) +
                                     sin(wave[c][3] * u * v);
                picture.pixels[(y * width + x) * 3 + c] = (uint8_t)(128 + 60 * level);
            }
    assert_ok(brn__jpeg_encode(&picture, quality, out));
    brn__picture_free(&picture);
}

void put_bytes(const char *root, const char *name, const void *bytes, size_t length)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    assert_ok(brn__make_folders(path));
    *slash = '/';
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

void put_text(const char *root, const char *name, const char *text)
{
    put_bytes(root, name, text, strlen(text));
}

void put_jpeg(const char *root, const char *name, int seed, int width, int height, int quality)
{
    brn__text jpeg = {0};
    make_jpeg(seed, width, height, quality, &jpeg);
    put_bytes(root, name, jpeg.bytes, jpeg.length);
    brn__text_free(&jpeg);
}

bool is_there(const char *root, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return brn__is_file(path);
}
