/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/resize.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static brn__picture read_golden(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/resize/%s", name);
    brn__picture picture;
    assert_ok(brn__picture_read(test_source_path(path), 0, &picture));
    return picture;
}

/* The largest difference between `got` and the part of `expected` that begins at (left, top). */
static int largest_difference(const brn__picture *got, const brn__picture *expected, int left,
                              int top)
{
    int largest = 0;
    for (int y = 0; y < got->height; y++) {
        for (int i = 0; i < got->width * 3; i++) {
            int a = got->pixels[y * got->width * 3 + i];
            int b = expected->pixels[((y + top) * expected->width + left) * 3 + i];
            if (abs(a - b) > largest) largest = abs(a - b);
        }
    }
    return largest;
}

TEST(resize_equals_pillow)
{
    static const int sizes[][2] = {{32, 24}, {83, 17}, {40, 61}, {97, 130},
                                   {11, 9},  {82, 60}, {1, 1}};
    static const char *const methods[] = {"bilinear", "bicubic", "box"};
    brn__picture source = read_golden("source.png");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int method = 0; method < 3; method++) {
            char name[64];
            snprintf(name, sizeof name, "%dx%d-%s.png", sizes[i][0], sizes[i][1], methods[method]);
            brn__picture expected = read_golden(name), got;
            brn__rectangle all = {0, 0, sizes[i][0], sizes[i][1]};
            assert_ok(brn__picture_resize(&source, all.width, all.height, all,
                                          (brn__interpolation)method, &got));
            assert_int_equal(got.width, expected.width);
            assert_int_equal(got.height, expected.height);
            int difference = largest_difference(&got, &expected, 0, 0);
            if (difference > 1) print_error("%s differs by %d\n", name, difference);
            assert_in_range(difference, 0, 0);
            brn__picture_free(&expected);
            brn__picture_free(&got);
        }
    }
    brn__picture_free(&source);
}

TEST(resize_of_a_part_is_the_part_of_the_resize)
{
    brn__picture source = read_golden("source.png"), whole, part;
    assert_ok(brn__picture_resize(&source, 40, 30, (brn__rectangle){0, 0, 40, 30},
                                  BRN__INTERPOLATION_BICUBIC, &whole));
    assert_ok(brn__picture_resize(&source, 40, 30, (brn__rectangle){7, 11, 20, 13},
                                  BRN__INTERPOLATION_BICUBIC, &part));
    assert_int_equal(part.width, 20);
    assert_int_equal(part.height, 13);
    assert_int_equal(largest_difference(&part, &whole, 7, 11), 0);
    brn__picture_free(&part);
    assert_ok(brn__picture_resize(&source, source.width, source.height,
                                  (brn__rectangle){3, 4, 5, 6}, BRN__INTERPOLATION_BILINEAR,
                                  &part));
    assert_int_equal(largest_difference(&part, &source, 3, 4), 0);
    brn__picture_free(&part);
    brn__picture_free(&whole);
    brn__picture_free(&source);
}

TEST(resize_refuses_a_part_outside)
{
    brn__picture source = read_golden("source.png"), out;
    assert_fails(brn__picture_resize(&source, 40, 30, (brn__rectangle){30, 0, 11, 10},
                                     BRN__INTERPOLATION_BOX, &out),
                 BRN_ERROR_USAGE, "part 11 x 10 at (30, 0)");
    assert_null(out.pixels);
    brn__picture_free(&source);
}
