/* SPDX-License-Identifier: Apache-2.0
 * The rate finder's plot. */
#include "base/alloc.h"
#include "base/files.h"
#include "burnish/lr_plot.h"
#include "report/svg.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* x of the first point of the first line in an SVG, and of its last. */
static void ends_of(const char *svg, double *first, double *last)
{
    const char *path = strstr(svg, "class=\"line s0\" d=\"M");
    assert_non_null(path);
    path += strlen("class=\"line s0\" d=\"M");
    *first = *last = strtod(path, NULL);
    for (const char *p = path; *p != '"'; p++)
        if (*p == 'L') *last = strtod(p + 1, NULL);
}

TEST(a_logarithmic_axis_puts_equal_factors_at_equal_distances)
{
    const double x[3] = {1e-4, 1e-3, 1e-1}, y[3] = {1, 2, 3};
    brn__svg_plot plot = {.title = "t", .log_x = true, .series_count = 1};
    plot.series[0] = (brn__svg_series){.x = x, .y = y, .count = 3};
    brn__text text = {0};
    brn__svg_lines(&text, &plot);
    double first, last;
    ends_of(text.bytes, &first, &last);
    const double middle = strtod(strchr(strstr(text.bytes, "d=\"M"), 'L') + 1, NULL);
    assert_close((middle - first) * 3, last - first, .01);
    assert_non_null(strstr(text.bytes, ">0.001</text>"));
    assert_non_null(strstr(text.bytes, ">0.1</text>"));
    brn__text_free(&text);
    /* a rate of 0, as linear rates begin with, is left out */
    const double from_zero[3] = {0, 1e-3, 1e-1};
    plot.series[0].x = from_zero;
    brn__svg_lines(&text, &plot);
    ends_of(text.bytes, &first, &last);
    assert_true(isfinite(first) && last > first);
    assert_null(strstr(text.bytes, "nan"));
    assert_null(strstr(text.bytes, "inf"));
    brn__text_free(&text);
}

static char *svg_of(const brn_lr_curve *curve)
{
    char path[256], *text;
    snprintf(path, sizeof path, "%s/plot.svg", test_scratch_folder());
    assert_ok(brn_lr_curve_svg(curve, path));
    assert_ok(brn__read_file(path, 1 << 20, &text, NULL));
    return text;
}

TEST(the_plot_of_a_finder_stands_alone_and_marks_its_suggestions)
{
    brn_lr_point points[100];
    for (int i = 0; i < 100; i++) {
        const double rate = 1e-7 * pow(1e8, i / 100.);
        points[i] = (brn_lr_point){rate, 2.5 - 1.6 / (1 + 1e-3 / rate) + rate, 0, NAN};
    }
    brn_lr_curve curve = {.points = points, .count = 100, .iterations = 100};
    char *text = svg_of(&curve);
    assert_int_equal(strncmp(text, "<svg ", 5), 0);
    assert_non_null(strstr(text, "xmlns=\"http://www.w3.org/2000/svg\""));
    assert_non_null(strstr(text, "<style>"));
    assert_non_null(strstr(text, ".line.s0{stroke:"));
    static const char *const names[] = {"valley ", "slide ", "steep ", "minimum "};
    for (int i = 0; i < 4; i++) assert_non_null(strstr(text, names[i]));
    assert_non_null(strstr(text, "<circle class=\"dot s4\""));
    assert_null(strstr(text, "validation"));
    brn__free(text);
    for (int i = 0; i < 100; i++) points[i].valid_loss = 1;
    text = svg_of(&curve);
    assert_non_null(strstr(text, "validation loss"));
    brn__free(text);
}

TEST(the_plot_of_nothing_is_a_plot)
{
    brn_lr_curve curve = {.iterations = 100};
    char *text = svg_of(&curve);
    assert_non_null(strstr(text, "no numbers yet"));
    brn__free(text);
    assert_int_equal(brn_lr_curve_svg(&curve, "/nowhere/at/all.svg"), BRN_ERROR_IO);
}
