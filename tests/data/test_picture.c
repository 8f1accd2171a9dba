/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "base/philox.h"
#include "data/image/picture.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *golden_path(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/golden/resize/%s", name);
    return test_source_path(path);
}

static char *golden_bytes(const char *name, size_t *length)
{
    char *bytes;
    assert_ok(brn__read_file(golden_path(name), 1 << 20, &bytes, length));
    return bytes;
}

static void expect_same_picture(const char *name, const char *expected_name, int tolerance)
{
    brn__picture got, expected;
    assert_ok(brn__picture_read(golden_path(name), 0, &got));
    assert_ok(brn__picture_read(golden_path(expected_name), 0, &expected));
    assert_int_equal(got.width, expected.width);
    assert_int_equal(got.height, expected.height);
    int largest = 0;
    for (int i = 0; i < got.width * got.height * 3; i++)
        if (abs(got.pixels[i] - expected.pixels[i]) > largest)
            largest = abs(got.pixels[i] - expected.pixels[i]);
    if (largest > tolerance) print_error("%s differs by %d\n", name, largest);
    assert_in_range(largest, 0, tolerance);
    brn__picture_free(&got);
    brn__picture_free(&expected);
}

TEST(every_form_of_png_and_jpeg_reads_as_pillow_reads_it)
{
    expect_same_picture("form-palette.png", "form-palette-expected.png", 0);
    expect_same_picture("form-grey.png", "form-grey-expected.png", 0);
    expect_same_picture("form-alpha.png", "form-alpha-expected.png", 0);
    expect_same_picture("form-greyalpha.png", "form-greyalpha-expected.png", 0);
    expect_same_picture("form-clear.png", "form-clear-expected.png", 0);
    expect_same_picture("form-bits.png", "form-bits-expected.png", 0);
    expect_same_picture("form-deep.png", "form-deep-expected.png", 0);
    expect_same_picture("form-greyjpeg.jpg", "form-greyjpeg-expected.png", 2);
    expect_same_picture("form-progressive.jpg", "form-progressive-expected.png", 2);
    expect_same_picture("form-cmyk.jpg", "form-cmyk-expected.png", 2);
}

TEST(every_form_of_webp_reads_as_pillow_reads_it)
{
    expect_same_picture("form-lossless.webp", "form-lossless-expected.png", 0);
    expect_same_picture("form-lossless-alpha.webp", "form-lossless-alpha-expected.png", 0);
    expect_same_picture("form-lossy.webp", "form-lossy-expected.png", 2);
    expect_same_picture("form-lossy-alpha.webp", "form-lossy-alpha-expected.png", 2);
    brn__picture picture; /* whatever is asked for, at full size */
    assert_ok(brn__picture_read(golden_path("form-lossy.webp"), 8, &picture));
    assert_int_equal(picture.height, 30);
    brn__picture_free(&picture);
    assert_fails(brn__picture_read(golden_path("animated.webp"), 0, &picture), BRN_ERROR_INPUT,
                 "animated.webp: an animated WebP; expected a still picture");
}

/* The stored picture is 40 x 30. */
static void expect_upright_size(const char *name, int expected_width)
{
    size_t length;
    char *bytes = golden_bytes(name, &length);
    int width, height;
    assert_ok(brn__picture_size(bytes, length, name, &width, &height));
    assert_int_equal(width, expected_width);
    assert_int_equal(height, 70 - expected_width);
    brn__free(bytes);
}

TEST(png_and_webp_are_made_upright_too)
{
    expect_same_picture("exif-5.png", "exif-5-png-expected.png", 0);
    expect_upright_size("exif-5.png", 30);
    expect_same_picture("exif-6.webp", "exif-6-webp-expected.png", 0);
    expect_upright_size("exif-6.webp", 30);
    expect_same_picture("exif-3.webp", "exif-3-webp-expected.png", 2);
    expect_upright_size("exif-3.webp", 40);
}

TEST(exif_orientation_makes_the_picture_upright)
{
    for (int orientation = 1; orientation <= 8; orientation++) {
        char name[64], expected[64];
        snprintf(name, sizeof name, "exif-%d.jpg", orientation);
        snprintf(expected, sizeof expected, "exif-%d-expected.png", orientation);
        expect_same_picture(name, expected, 2);
        expect_upright_size(name, orientation >= 5 ? 30 : 40);
    }
}

TEST(jpeg_is_decoded_at_the_smallest_scale_that_covers)
{
    static const int covers[][2] = {{0, 30}, {31, 30}, {30, 30}, {16, 30}, {15, 15},
                                    {9, 15}, {8, 8},   {5, 8},   {4, 4},   {1, 4}};
    for (size_t i = 0; i < sizeof covers / sizeof *covers; i++) {
        brn__picture picture;
        assert_ok(brn__picture_read(golden_path("form-progressive.jpg"), covers[i][0], &picture));
        assert_int_equal(picture.height, covers[i][1]);
        brn__picture_free(&picture);
    }
}

TEST(what_is_not_a_picture_is_named_with_its_first_bytes)
{
    brn__picture picture;
    assert_fails(brn__picture_decode("GIF89a\1\2", 8, "a.jpg", 0, &picture), BRN_ERROR_INPUT,
                 "a.jpg: not a JPEG, PNG or WebP picture but a GIF picture (it begins with "
                 "\"GIF89a\\x01\\x02\")");
    assert_fails(brn__picture_decode("", 0, "b.png", 0, &picture), BRN_ERROR_INPUT, "it is empty");
    assert_fails(brn__picture_decode("hello, this is text", 19, "c.png", 0, &picture),
                 BRN_ERROR_INPUT, "(it begins with \"hello, this \")");
    assert_fails(brn__picture_read("/nonexistent/x.jpg", 0, &picture), BRN_ERROR_INPUT,
                 "/nonexistent/x.jpg");
}

TEST(what_is_not_a_picture_is_named_by_what_it_seems_to_be)
{
#define BYTES(text) text, sizeof text - 1
    static const struct {
        const char *bytes;
        size_t length;
        const char *kind;
    } files[] = {
        {BYTES("GIF87a\1\0\1\0"), "a GIF picture"},
        {BYTES("BM\x36\1\0\0\0\0\0\0\x36\0"), "a BMP picture"},
        {BYTES("II*\0\x08\0\0\0"), "a TIFF picture"},
        {BYTES("MM\0*\0\0\0\x08"), "a TIFF picture"},
        {BYTES("\0\0\0\x18"
               "ftypheic\0\0\0\0"),
         "a HEIC picture"},
        {BYTES("\0\0\0\x18"
               "ftypmif1\0\0\0\0"),
         "a HEIC picture"},
        {BYTES("\0\0\0\x20"
               "ftypavif\0\0\0\0"),
         "an AVIF picture"},
        {BYTES("\0\0\0\x20"
               "ftypisom\0\0\0\0"),
         "a video"},
        {BYTES("RIFF\x10\0\0\0AVI LIST"), "a video"},
        {BYTES("RIFF\x10\0\0\0WAVEfmt "), "a sound"},
        {BYTES("%PDF-1.4\n"), "a PDF document"},
        {BYTES("PK\3\4\x14\0"), "a zip archive"},
        {BYTES("<!DOCTYPE html>\n<title>404</title>"), "an HTML page"},
        {BYTES("\xEF\xBB\xBF \r\n<HTML lang=en>"), "an HTML page"},
        {BYTES("<svg xmlns='http://www.w3.org/2000/svg'/>"), "an SVG drawing"},
        {BYTES("caf\xC3\xA9 au lait\n"), "a text"},
        {BYTES("BMW and other cars"), "a text"},
        {BYTES("\1\2\3\4\5\6\7\x08"), NULL},
        {BYTES("RIFF"), "a text"},
        {BYTES("G"), "a text"},
    };
#undef BYTES
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char expected[128];
        const char *kind = files[i].kind;
        snprintf(expected, sizeof expected, "x.jpg: not a JPEG, PNG or WebP picture%s%s (it begins",
                 kind ? " but " : "", kind ? kind : "");
        char *copy = brn__alloc(files[i].length);
        memcpy(copy, files[i].bytes, files[i].length);
        brn__picture picture;
        assert_fails(brn__picture_decode(copy, files[i].length, "x.jpg", 0, &picture),
                     BRN_ERROR_INPUT, expected);
        brn__free(copy);
    }
}

/* Every prefix is an error that names the file, never a crash. */
static void truncate_everywhere(const char *name)
{
    size_t length;
    char *bytes = golden_bytes(name, &length);
    for (size_t keep = 0; keep < length; keep++) {
        char *copy = brn__alloc(keep); /* exact size: reading past the end shows under ASan */
        memcpy(copy, bytes, keep);
        brn__picture picture;
        assert_fails(brn__picture_decode(copy, keep, name, 0, &picture), BRN_ERROR_INPUT, name);
        if (keep > length / 2) test_assert_message("truncated", __FILE__, __LINE__);
        assert_null(picture.pixels);
        brn__free(copy);
    }
    brn__free(bytes);
}

TEST(a_truncated_jpeg_is_an_error_wherever_it_ends)
{
    truncate_everywhere("form-greyjpeg.jpg");
    truncate_everywhere("form-progressive.jpg");
    truncate_everywhere("exif-6.jpg");
}

TEST(a_truncated_png_is_an_error_wherever_it_ends)
{
    truncate_everywhere("form-alpha.png");
    truncate_everywhere("form-palette.png");
}

TEST(a_truncated_webp_is_an_error_wherever_it_ends)
{
    truncate_everywhere("form-lossy.webp");
    truncate_everywhere("form-lossless.webp");
    truncate_everywhere("form-lossy-alpha.webp");
    truncate_everywhere("exif-6.webp");
    truncate_everywhere("animated.webp");
}

TEST(random_damage_never_crashes)
{
    static const char *const names[] = {
        "form-greyjpeg.jpg", "form-progressive.jpg", "form-cmyk.jpg",      "exif-7.jpg",
        "form-alpha.png",    "form-palette.png",     "form-lossless.webp", "form-lossy-alpha.webp"};
    int failed = 0;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        size_t length;
        char *bytes = golden_bytes(names[n], &length), *copy = brn__alloc(length);
        brn__random random = brn__random_new(brn__philox_key(1, "damage"), (uint32_t)n, 0, 0);
        for (int round = 0; round < 200; round++) {
            memcpy(copy, bytes, length);
            uint32_t flips = 1 + brn__random_below(&random, 8);
            for (uint32_t i = 0; i < flips; i++)
                copy[brn__random_below(&random, (uint32_t)length)] ^=
                    (char)brn__random_word(&random);
            brn__picture picture;
            brn_status status =
                brn__picture_decode(copy, length, names[n], round % 3 * 5, &picture);
            if (status != BRN_OK) {
                failed++;
                assert_null(picture.pixels);
                assert_int_equal(status, BRN_ERROR_INPUT);
            }
            brn__picture_free(&picture);
        }
        brn__free(copy);
        brn__free(bytes);
    }
    assert_in_range(failed, 400, 1600);
}

TEST(huge_dimensions_are_refused_before_memory_is_spent)
{
    size_t length;
    char *bytes = golden_bytes("form-greyjpeg.jpg", &length);
    size_t frame = 0; /* the SOF0 marker: FF C0, length, precision, height, width */
    for (size_t i = 0; i + 1 < length && !frame; i++)
        if ((uint8_t)bytes[i] == 0xFF && (uint8_t)bytes[i + 1] == 0xC0) frame = i;
    memcpy(bytes + frame + 5, "\xFF\xDC\xFF\xDC", 4);
    brn__picture picture;
    assert_fails(brn__picture_decode(bytes, length, "bomb.jpg", 0, &picture), BRN_ERROR_INPUT,
                 "bomb.jpg: ");
    memcpy(bytes + frame + 5, "\x3F\x00\x3F\x00", 4);
    assert_fails(brn__picture_decode(bytes, length, "bomb.jpg", 0, &picture), BRN_ERROR_INPUT,
                 "bomb.jpg: 16128 x 16128 pixels; expected at most 16384 a side and 89.5 million");
    brn__free(bytes);
    /* A PNG header with its right CRC: 2^31 - 1 pixels a side, then 20,000 x 4. */
    static const char signature[] = "\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR";
    static const char tails[2][17] = {
        "\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF\x08\x02\0\0\0\x9B\xAB\x9C\x31",
        "\0\0\x4E\x20\0\0\0\x04\x08\x02\0\0\0\xE4\x1B\x98\x6A"};
    for (int i = 0; i < 2; i++) {
        char header[41];
        memcpy(header, signature, 16);
        memcpy(header + 16, tails[i], 17);
        memcpy(header + 33, "\0\0\0\1IDAT", 8);
        assert_fails(brn__picture_decode(header, sizeof header, "bomb.png", 0, &picture),
                     BRN_ERROR_INPUT,
                     i ? "bomb.png: 20000 x 4 pixels; expected at most"
                       : "bomb.png: 2147483647 x 2147483647 pixels; expected");
    }
}

/* "RIFF", length, "WEBP", one chunk. */
static void webp_of_one_chunk(char out[40], const char *name, const char payload[10])
{
    memset(out, 0, 40);
    memcpy(out, "RIFF\x20\0\0\0WEBP", 12);
    memcpy(out + 12, name, 4);
    out[16] = name[3] == 'X' ? 10 : 20;
    memcpy(out + 20, payload, 10);
}

TEST(a_huge_webp_is_refused_by_its_header)
{
    char bytes[40];
    brn__picture picture;
    webp_of_one_chunk(bytes, "VP8X", "\0\0\0\0\xFF\xFF\0\xFF\xFF\0");
    assert_fails(brn__picture_decode(bytes, sizeof bytes, "bomb.webp", 0, &picture),
                 BRN_ERROR_INPUT,
                 "bomb.webp: damaged WebP"); /* no chunk can hold 65536 x 65536 pixels */
    /* Lossless: 14 bits each of width - 1 and height - 1, then alpha and version. */
    webp_of_one_chunk(bytes, "VP8L", "\x2F\xFF\xFF\xFF\x0F\0\0\0\0\0");
    assert_fails(brn__picture_decode(bytes, sizeof bytes, "bomb.webp", 0, &picture),
                 BRN_ERROR_INPUT,
                 "bomb.webp: 16384 x 16384 pixels; expected at most 16384 a side and 89.5 million");
    int32_t sides = 9399 | 9399 << 14;
    char payload[10] = "\x2F";
    memcpy(payload + 1, &sides, 4);
    webp_of_one_chunk(bytes, "VP8L", payload);
    assert_fails(brn__picture_decode(bytes, sizeof bytes, "bomb.webp", 0, &picture),
                 BRN_ERROR_INPUT,
                 "bomb.webp: 9400 x 9400 pixels that take 589 MiB to decode; expected at most 512");
}

/* A progressive picture is kept as coefficients until its last scan: two bytes each. */
TEST(a_progressive_jpeg_that_takes_too_much_memory_is_refused)
{
    size_t length, frame = 0; /* SOF2: marker, length, precision, height, width, 3, id, sampling */
    char *bytes = golden_bytes("form-progressive.jpg", &length);
    for (size_t i = 0; i + 1 < length && !frame; i++)
        if ((uint8_t)bytes[i] == 0xFF && (uint8_t)bytes[i + 1] == 0xC2) frame = i;
    memcpy(bytes + frame + 5, "\x24\xB8\x24\xB8", 4);
    bytes[frame + 11] = 0x11; /* luma no finer than chroma */
    brn__picture picture;
    assert_fails(brn__picture_decode(bytes, length, "bomb.jpg", 0, &picture), BRN_ERROR_INPUT,
                 "bomb.jpg: 9400 x 9400 pixels that take 758 MiB to decode; expected at most 512");
    brn__free(bytes);
}

/* A few kilobytes of scans, each a pass over the whole picture: the last one of a file, many times.
 */
TEST(a_jpeg_of_too_many_scans_is_refused)
{
    size_t length, scan = 0;
    char *bytes = golden_bytes("form-progressive.jpg", &length);
    for (size_t i = 0; i + 1 < length; i++)
        if ((uint8_t)bytes[i] == 0xFF && (uint8_t)bytes[i + 1] == 0xDA) scan = i;
    size_t scan_bytes = length - 2 - scan;
    for (int copies = 100; copies <= 600; copies += 500) {
        char *many = brn__alloc(length + (size_t)copies * scan_bytes);
        memcpy(many, bytes, length - 2);
        for (int i = 0; i < copies; i++)
            memcpy(many + length - 2 + (size_t)i * scan_bytes, bytes + scan, scan_bytes);
        memcpy(many + length - 2 + (size_t)copies * scan_bytes, bytes + length - 2, 2);
        brn__picture picture;
        brn_status status = brn__picture_decode(many, length + (size_t)copies * scan_bytes,
                                                "scans.jpg", 0, &picture);
        if (copies == 100)
            assert_ok(status);
        else
            assert_fails(status, BRN_ERROR_INPUT, "scans.jpg: a JPEG of more than 500 scans");
        brn__picture_free(&picture);
        brn__free(many);
    }
    brn__free(bytes);
}

TEST(a_png_decode_survives_every_failed_allocation)
{
    size_t length;
    char *bytes = golden_bytes("form-palette.png", &length);
    brn_status status = BRN_ERROR_INTERNAL;
    int points = 0;
    for (uint64_t n = 1; status != BRN_OK && n < 200; n++, points++) {
        brn__picture picture;
        brn__alloc_fail_after(n, 0);
        status = brn__picture_decode(bytes, length, "p.png", 0, &picture);
        brn__alloc_fail_after(0, 0);
        if (status != BRN_OK) assert_null(picture.pixels);
        brn__picture_free(&picture);
    }
    assert_int_equal(status, BRN_OK);
    assert_in_range(points, 4, 200);
    brn__free(bytes);
}

TEST(real_photographs_decode)
{
    brn__name_list list;
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", test_data_path("images/ants_bees/valid/bees"));
    assert_ok(brn__list_folder(folder, &list));
    for (int64_t i = 0; i < list.count; i += 10) {
        char *path = brn__path_join(folder, list.names[i]);
        brn__picture picture;
        assert_ok(brn__picture_read(path, 0, &picture));
        assert_in_range(picture.width, 100, 1000);
        brn__picture_free(&picture);
        brn__free(path);
    }
    brn__name_list_free(&list);
}
