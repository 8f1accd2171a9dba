/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/files.h"
#include "data/image/augment_words.h"
#include "data/image/transform.h"
#include "test.h"

#include <string.h>

static brn__augment_options parsed(const char *text)
{
    brn__augment_options options;
    assert_ok(brn__augment_parse(text, &options));
    return options;
}

/* Parses, prints, parses again: the same options, and the printed line is `canonical`. */
static void check_line(const char *text, const char *canonical)
{
    brn__augment_options options = parsed(text), again;
    brn__text line = {0};
    brn__augment_print(&options, &line);
    assert_ok(brn__text_finish(&line));
    assert_string_equal(line.bytes, canonical);
    again = parsed(line.bytes);
    assert_memory_equal(&options, &again, sizeof options);
    brn__text_free(&line);
}

TEST(side_on_is_the_default)
{
    brn__augment_options side_on = parsed("side-on"), defaults = brn__augment_defaults();
    assert_memory_equal(&side_on, &defaults, sizeof defaults);
}

TEST(the_sets_are_fastais)
{
    brn__augment_options o = parsed("basic");
    assert_true(o.max_rotation == 10 && o.max_balance == .05 && o.max_contrast == .05);
    assert_true(o.flip_probability == 0 && !o.dihedral && o.max_zoom == 1.1);
    o = parsed("top-down");
    assert_true(o.dihedral && o.flip_probability == .5 && o.max_rotation == 10);
    o = parsed("fastai2");
    assert_true(o.square_first && o.item_size == 0 && o.flip_probability == .5);
    assert_true(o.max_rotation == 10 && o.rotation_probability == .75);
    assert_true(o.min_zoom == 1 && o.max_zoom == 1.1 && o.zoom_probability == .75);
    assert_true(o.max_lighting == .2 && o.lighting_probability == .75 && o.max_balance == 0);
    assert_true(o.max_warp == .2 && o.warp_probability == .75 && o.crop_scale == 1);
    assert_int_equal(o.pad_mode, BRN__PAD_MIRROR);
    assert_true(o.symmetry_probability == 0 && o.erase_probability == 0);
}

TEST(none_changes_nothing)
{
    brn__augment_options o = parsed("none");
    for (uint32_t i = 0; i < 50; i++) {
        brn__random random = brn__random_new(brn__philox_key(3, "augment"), 1, i, 0);
        brn__augment d = brn__augment_draw(&o, &random);
        assert_true(d.zoom == 1 && d.angle == 0 && !d.flip && d.quarter_turns == 0);
        assert_true(d.balance == 0 && d.contrast == 0 && !d.area_crop);
    }
}

TEST(words_set_their_numbers)
{
    brn__augment_options o = parsed("side-on,zoom:1.3,0.9,0.5,cutout:2,16,erase:0.25,0.1,0.2");
    assert_true(o.max_zoom == 1.3 && o.min_zoom == .9 && o.zoom_probability == .5);
    assert_true(o.cutout_holes == 2 && o.cutout_length == 16 && o.cutout_probability == .5);
    assert_true(o.erase_probability == .25 && o.erase_min == .1 && o.erase_max == .2);
    assert_true(o.max_rotation == 10);
    o = parsed("flip,dihedral,rotate:45,warp:0.3,lighting:0.2,0.1,googlenet:0.2,zeros");
    assert_true(o.flip_probability == .5 && o.dihedral && o.max_rotation == 45);
    assert_true(o.max_warp == .3 && o.max_balance == .2 && o.max_contrast == .1);
    assert_true(o.crop == BRN__CROP_GOOGLENET && o.googlenet_area == .2);
    assert_true(o.pad_mode == BRN__PAD_ZEROS && o.max_zoom == 1);
    o = parsed("fastai2,presize:460,min-scale:0.75,mult:1.5, erase");
    assert_true(o.square_first && o.item_size == 460 && o.crop_scale == .75);
    assert_true(o.max_rotation == 15 && o.erase_probability == .5);
    assert_close(o.max_lighting, .3, 1e-12);
    assert_close(o.max_warp, .3, 1e-12);
}

TEST(lines_print_in_their_shortest_form)
{
    check_line("side-on", "side-on");
    check_line("none", "none");
    check_line("none,zoom:1.1,rotate:10,flip:0.5,lighting:0.05,0.05", "side-on");
    check_line("flip,zoom,rotate,lighting,quarter-turns", "top-down");
    check_line("side-on,cutout:2,16", "side-on,cutout:2");
    check_line("side-on,cutout:2,8,0.75", "side-on,cutout:2,8,0.75");
    check_line("rotate:20,flip", "none,rotate:20,flip");
    check_line("side-on,flip:0", "basic");
    check_line("side-on,zoom:1", "side-on,zoom:1");
    check_line("fastai2,presize:460,min-scale:0.75", "fastai2,presize:460,min-scale");
    check_line("fastai2,symmetry,erase", "fastai2,symmetry,erase");
    check_line("side-on,squash,edge", "side-on,squash,edge");
    check_line("fastai2,bicubic", "fastai2,bicubic");
    check_line("none,googlenet:0.3", "none,googlenet:0.3");
    check_line("none,resized-crop:0.35,0.5,2", "none,resized-crop:0.35,0.5,2");
    check_line("none,rotate:0.1", "none,rotate:0.1");
    check_line("none,rotate:33.333333333333336", "none,rotate:33.333333333333336");
    check_line("none,rotate-zoom:5,0.2,0.3,0.5,0.25,0", "none,rotate-zoom:5,0.2,0.3,0.5,0.25,0");
}

TEST(lines_that_make_no_sense_are_refused)
{
    brn__augment_options o = brn__augment_defaults(), before = o;
    static const char *const wrong[][2] = {
        {"flop", "there is no \"flop\"; known are side-on, top-down, basic"},
        {"side-on,flop:2", "there is no \"flop\""},
        {"", "expected a word before \"the end\""},
        {"side-on,", "expected a word before \"the end\""},
        {",flip", "expected a word before \",flip\""},
        {"flip,,rotate", "expected a word"},
        {"flip,side-on", "side-on is a set of transforms: it can only come first"},
        {"side-on:3", "side-on takes no number, got \"3\""},
        {"rotate:", "rotate: nothing after the colon"},
        {"rotate:10,", "expected a word before \"the end\""},
        {"flip:0.5,nan", "there is no \"nan\""},
        {"flip:nan", "flip: probability nan; expected"},
        {"flip,rotate,10", "\"rotate,10\": numbers follow a word after a colon, as in rotate:10,0.5"},
        {"rotate:x", "rotate: \"x\" is not a number"},
        {"rotate:10x", "rotate: \"10x\" is not a number"},
        {"rotate:1,0.5,3", "rotate: more than 2 numbers"},
        {"flip:0.5,0.5", "flip: more than 1 number"},
        {"rotate:200", "rotate: degrees 200; expected 0 to 180"},
        {"flip:-0.1", "flip: probability -0.1; expected 0 to 1"},
        {"cutout:1.5", "cutout: holes 1.5; expected a whole number from 0 to 16"},
        {"cutout:17", "cutout: holes 17"},
        {"zeros:1", "zeros: more than 0 numbers"},
        {"warp:0.5", "warp: most 0.5; expected 0 to 0.35"},
        {"zoom:1.1,1.2", "zoom: the least is 1.2 and the most 1.1"},
        {"resized-crop:0.5,2,1", "aspect: the least is 2 and the most 1"},
        {"rotate-zoom:1,1,1,0.5,0.5,0.5", "probabilities that add up to 1.5"},
        {"mult:2,side-on", "it can only come first"},
        {"side-on,mult", "mult: expected one number"},
        {"fastai2,mult:4", "warp: most 0.8"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "is too long for a word"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_fails(brn__augment_parse(wrong[i][0], &o), BRN_ERROR_USAGE, wrong[i][1]);
    assert_memory_equal(&o, &before, sizeof o);
}

TEST(a_transform_with_options_out_of_range_is_refused)
{
    brn__image_transform transform = brn__image_transform_defaults(224);
    transform.training.max_zoom = 11;
    assert_fails(brn__image_transform_check(&transform), BRN_ERROR_USAGE,
                 "zoom: most 11; expected 0.1 to 10");
    transform = brn__image_transform_defaults(224);
    transform.training.erase_min = .5;
    assert_fails(brn__image_transform_check(&transform), BRN_ERROR_USAGE,
                 "erase: area: the least is 0.5 and the most 0.3");
}

TEST(what_was_drawn_is_told_in_words)
{
    brn__augment drawn = brn__augment_identity();
    brn__text text = {0};
    brn__augment_tell(&drawn, &text);
    assert_string_equal(text.bytes, "as it is");
    text.length = 0;
    drawn.zoom = 1.0625, drawn.angle = -3.5, drawn.flip = true, drawn.warp_down = .125;
    drawn.blur_radius = 4, drawn.hole_count = 2;
    brn__augment_tell(&drawn, &text);
    assert_ok(brn__text_finish(&text));
    assert_string_equal(text.bytes, "zoom 1.06, rotated -3.5 degrees, flipped, warped down 0.125, "
                                    "blurred over 9 pixels, holes 2");
    brn__text_free(&text);
}

TEST(the_help_names_every_word)
{
    brn__text help = {0};
    brn__augment_help(&help);
    assert_ok(brn__text_finish(&help));
    static const char *const some[] = {"side-on", "fastai2", "cutout", "presize", "nearest",
                                       "erase", "probability = 0.75"};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        assert_non_null(strstr(help.bytes, some[i]));
    brn__text_free(&help);
}

/* docs/augment.md writes every number out: it must be what the bare word gives. */
TEST(the_page_on_augmentation_gives_the_true_defaults)
{
    char *page;
    size_t length;
    assert_ok(brn__read_file(test_source_path("docs/augment.md"), 1 << 20, &page, &length));
    int checked = 0;
    for (const char *line = strstr(page, "\n| `"); line; line = strstr(line + 1, "\n| `")) {
        char word[80], bare[80];
        size_t end = strcspn(line + 4, "`");
        assert_true(end < sizeof word);
        memcpy(word, line + 4, end);
        word[end] = 0;
        if (!strchr(word, ':') || strncmp(word, "mult", 4) == 0) continue;
        strcpy(bare, word);
        *strchr(bare, ':') = 0;
        brn__augment_options full = parsed(word), alone = parsed(bare);
        if (memcmp(&full, &alone, sizeof full) != 0) fail_msg("%s is not %s", word, bare);
        checked++;
    }
    assert_int_equal(checked, 18);

    brn__text help = {0};
    brn__augment_help(&help);
    assert_ok(brn__text_finish(&help));
    for (char *line = strtok(help.bytes, "\n"); line; line = strtok(NULL, "\n")) {
        char quoted[80] = "`";
        strncat(quoted, line, strcspn(line, " "));
        if (!strstr(page, quoted)) fail_msg("%s is not on the page", quoted);
    }
    brn__text_free(&help);
    brn__free(page);
}
