/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/preview.h"
#include "data/image/augment_words.h"
#include "data/image/transform.h"
#include "report/png_write.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static brn__picture noise_picture(int width, int height, uint32_t number)
{
    brn__picture picture;
    assert_ok(brn__picture_new(width, height, "noise", &picture));
    brn__random random = brn__random_new(brn__philox_key(5, "noise"), number, 0, 0);
    for (int i = 0; i < width * height * 3; i++)
        picture.pixels[i] = (uint8_t)brn__random_word(&random);
    return picture;
}

TEST(a_png_that_is_written_reads_back_the_same)
{
    static const int sides[][2] = {{1, 1}, {3, 5}, {200, 7}, {33, 64}};
    for (uint32_t i = 0; i < 4; i++) {
        brn__picture picture = noise_picture(sides[i][0], sides[i][1], i), back;
        brn__text png = {0};
        assert_ok(brn__png_encode(&picture, &png));
        assert_ok(brn__picture_decode(png.bytes, png.length, "written", 0, &back));
        assert_int_equal(back.width, picture.width);
        assert_int_equal(back.height, picture.height);
        assert_memory_equal(back.pixels, picture.pixels,
                            (size_t)(picture.width * picture.height * 3));
        brn__text_free(&png);
        brn__picture_free(&picture);
        brn__picture_free(&back);
    }
}

/* Two classes of three noisy pictures each, and a file that is none. */
static const char *make_folder(void)
{
    static char root[512], path[640];
    snprintf(root, sizeof root, "%s/pictures", test_scratch_folder());
    assert_int_equal(mkdir(root, 0777), 0);
    for (uint32_t i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "%s/class-%u", root, i % 2);
        assert_true(mkdir(path, 0777) == 0 || i > 1);
        snprintf(path, sizeof path, "%s/class-%u/%u.png", root, i % 2, i);
        brn__picture picture = noise_picture(40 + (int)i, 30, i);
        brn__text png = {0};
        assert_ok(brn__png_encode(&picture, &png));
        assert_ok(brn__replace_file(path, png.bytes, png.length));
        brn__text_free(&png);
        brn__picture_free(&picture);
    }
    snprintf(path, sizeof path, "%s/class-0/bad.png", root);
    assert_ok(brn__replace_file(path, "no picture", 10));
    return root;
}

static brn_preview_options options_of(const char *folder, const char *name)
{
    static char out[640];
    snprintf(out, sizeof out, "%s/../%s", folder, name);
    brn_preview_options options = brn_preview_defaults();
    options.data = folder;
    options.out = out;
    options.size = 24;
    options.copies = 3;
    options.pictures = 20;
    return options;
}

/* Pixel (x, y) of the tile in a column and row. */
static const uint8_t *tile_at(const brn__picture *sheet, int column, int row, int x, int y)
{
    return sheet->pixels + 3 * ((size_t)(row * 28 + y) * (size_t)sheet->width +
                                (size_t)(column * 28 + x));
}

/* The sheet's rows are the readable pictures, and its columns what training sees in each epoch. */
TEST(a_sheet_shows_what_epochs_of_training_see)
{
    const char *folder = make_folder();
    brn_preview_options options = options_of(folder, "sheet.png");
    brn_preview_result result;
    options.augment = "side-on,rotate:0";
    assert_ok(brn_preview_write(&options, &result));
    assert_int_equal(result.pictures, 6);
    assert_int_equal(result.bad_count, 1);
    assert_string_equal(result.augment, "side-on,rotate:0");
    brn__picture sheet;
    assert_ok(brn__picture_read(options.out, 0, &sheet));
    assert_int_equal(sheet.width, 4 * 28 - 4);
    assert_int_equal(sheet.height, 6 * 28 - 4);
    for (int y = 0; y < sheet.height; y++) /* the gap between two columns is white */
        assert_memory_equal(sheet.pixels + 3 * (y * sheet.width + 24), "\xff\xff\xff\xff\xff\xff", 6);

    brn__image_transform transform = brn__image_transform_defaults(24);
    assert_ok(brn__augment_parse(options.augment, &transform.training));
    static const char *const files[] = {"class-0/0.png", "class-0/2.png", "class-0/4.png",
                                        "class-1/1.png", "class-1/3.png", "class-1/5.png"};
    static const uint32_t numbers[] = {0, 1, 2, 4, 5, 6}; /* bad.png is item 3 */
    int found = 0;
    for (int i = 0; i < 6; i++) {
        char path[640];
        float view[3 * 24 * 24];
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        brn__random random =
            brn__random_new(brn__philox_key(42, "augment"), 2, numbers[i], 0); /* column 3 */
        assert_ok(brn__image_transform_read(&transform, path, true, &random, view));
        for (int row = 0; row < 6; row++) {
            int alike = 0;
            for (int k = 0; k < 24 * 24; k++) {
                double v = (double)(view[k] * transform.deviation[0] + transform.mean[0]) * 255;
                alike += abs((int)(v + .5) - *tile_at(&sheet, 3, row, k % 24, k / 24)) <= 1;
            }
            found += alike == 24 * 24;
        }
    }
    assert_int_equal(found, 6);
    brn__picture_free(&sheet);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part)) count++;
    return count;
}

TEST(a_page_tells_what_was_drawn)
{
    brn_preview_options options = options_of(make_folder(), "sheet.html");
    options.pictures = 2;
    options.augment = "none,rotate:45,1,flip:1";
    assert_ok(brn_preview_write(&options, NULL));
    char *page;
    size_t length;
    assert_ok(brn__read_file(options.out, 1 << 24, &page, &length));
    assert_int_equal(count_of(page, "<img "), 2 * 4);
    assert_int_equal(count_of(page, "<figcaption>plain<"), 2);
    assert_int_equal(count_of(page, " degrees, flipped</figcaption>"), 2 * 3);
    assert_non_null(strstr(page, "--augment none,rotate:45,1,flip:1"));
    assert_non_null(strstr(page, "class-"));
    brn__free(page);
}

TEST(a_sheet_that_makes_no_sense_is_refused)
{
    const char *folder = make_folder();
    brn_preview_options options = options_of(folder, "sheet.gif");
    assert_fails(brn_preview_write(&options, NULL), BRN_ERROR_USAGE, "expected NAME.png or NAME.html");
    options = options_of(folder, "sheet.png");
    options.augment = "side-on,flop";
    assert_fails(brn_preview_write(&options, NULL), BRN_ERROR_USAGE, "there is no \"flop\"");
    options.augment = NULL;
    options.size = 8;
    assert_fails(brn_preview_write(&options, NULL), BRN_ERROR_USAGE, "size 8; expected 16 to 1024");
    options.size = 24, options.copies = 0;
    assert_fails(brn_preview_write(&options, NULL), BRN_ERROR_USAGE, "copies 0; expected 1 to 50");
    options.copies = 2;
    options.data = "/no/such/folder";
    assert_fails(brn_preview_write(&options, NULL), BRN_ERROR_IO, "/no/such/folder");
    assert_true(access(options.out, F_OK) != 0); /* nothing was written */
}

TEST(a_sheet_survives_every_failed_allocation)
{
    const char *folder = make_folder();
    for (int kind = 0; kind < 2; kind++) {
        brn_preview_options options = options_of(folder, kind ? "small.html" : "small.png");
        options.pictures = options.copies = 1;
        brn_status status = BRN_ERROR_INTERNAL;
        uint64_t n = 1;
        for (; status != BRN_OK && n < 3000; n++) {
            brn__alloc_fail_after(n, 0);
            status = brn_preview_write(&options, NULL);
            brn__alloc_fail_after(0, 0);
            if (status != BRN_OK && status != BRN_ERROR_NO_MEMORY) assert_ok(status);
        }
        assert_ok(status);
        assert_true(n > 20);
    }
}
