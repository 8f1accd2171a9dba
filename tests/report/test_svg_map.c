/* SPDX-License-Identifier: Apache-2.0 */
#include "base/files.h"
#include "report/svg.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 60 };

typedef struct name {
    double left, right, bottom;
    char text[64];
} name;

/* The names of a map, by what is written. */
static int read_names(const char *svg, name *out)
{
    int count = 0;
    for (const char *at = svg; (at = strstr(at, "<text class=\"name\" x=\"")) != NULL; at++, count++) {
        double x, y;
        assert_int_equal(sscanf(at, "<text class=\"name\" x=\"%lf\" y=\"%lf\"", &x, &y), 2);
        const char *begin = strchr(at, '>') + 1, *end = strchr(begin, '<');
        const bool ends = memmem(at, (size_t)(begin - at), "anchor=\"end\"", 12) != NULL;
        const double length = 5.6 * (double)(end - begin);
        snprintf(out[count].text, sizeof out[count].text, "%.*s", (int)(end - begin), begin);
        out[count].left = ends ? x - length : x;
        out[count].right = ends ? x : x + length;
        out[count].bottom = y;
    }
    return count;
}

static double noise(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (double)(*state >> 8) / (1 << 24) - .5;
}

/* Two heaps, one of them narrow, and a point far off. */
static void crowd(brn__svg_place *places, char names[POINTS][16])
{
    uint32_t state = 3;
    for (int i = 0; i < POINTS; i++) {
        snprintf(names[i], 16, "place %c%c%d", 'a' + i % 26, 'z' - i % 7, i);
        const double size = i % 2 ? 1 : .05;
        places[i] = (brn__svg_place){.name = names[i],
                                     .x = (i % 2 ? -2 : 2) + size * noise(&state),
                                     .y = 2 * size * noise(&state),
                                     .weight = i,
                                     .value = NAN};
    }
    places[7].x = 9;
    places[7].weight = 1000;
}

TEST(maps_write_names_that_cover_neither_each_other_nor_points)
{
    brn__svg_place places[POINTS];
    char names[POINTS][16];
    name written[POINTS];
    crowd(places, names);
    brn__text text = {0};
    const brn__svg_map map = {.title = "Stores", .x_label = "1", .y_label = "2", .places = places, .count = POINTS};
    const int64_t named = brn__svg_map_draw(&text, &map);
    assert_ok(brn__text_finish(&text));
    assert_int_equal(read_names(text.bytes, written), named);
    assert_in_range(named, 25, POINTS);
    assert_non_null(strstr(text.bytes, ">place hz7</text>")); /* the heaviest */
    for (int i = 0; i < named; i++)
        for (int j = 0; j < i; j++) {
            const bool apart = written[i].right <= written[j].left + .1 || written[j].right <= written[i].left + .1 ||
                               fabs(written[i].bottom - written[j].bottom) >= 10.9;
            if (!apart) fail_msg("%s lies over %s", written[i].text, written[j].text);
        }
    int dots = 0;
    for (const char *at = text.bytes; (at = strstr(at, "<circle")) != NULL; at++, dots++) {
        double x, y, r;
        assert_int_equal(sscanf(strstr(at, "cx="), "cx=\"%lf\" cy=\"%lf\" r=\"%lf\"", &x, &y, &r), 3);
        for (int i = 0; i < named; i++)
            assert_false(x > written[i].left && x < written[i].right && y > written[i].bottom - 8 && y < written[i].bottom);
    }
    assert_int_equal(dots, POINTS);
    brn__text_free(&text);
}

/* One scale: a square stays one. */
TEST(maps_keep_distances)
{
    const brn__svg_place places[] = {{"a", 0, 0, 1, 1}, {"b", 1, 0, 1, 2}, {"c", 1, 1, 1, 3}, {"d<&", NAN, 1, 1, 1}};
    brn__text text = {0};
    const brn__svg_map map = {.title = "t", .value_label = "price", .places = places, .count = 4};
    assert_int_equal(brn__svg_map_draw(&text, &map), 3);
    assert_ok(brn__text_finish(&text));
    double x[3], y[3];
    const char *at = text.bytes;
    for (int i = 0; i < 3; i++, at++) {
        at = strstr(at, "<circle");
        assert_non_null(at);
        const char *title = strstr(at, "<title>");
        assert_int_equal(sscanf(strstr(at, "cx="), "cx=\"%lf\" cy=\"%lf\"", &x[title[7] - 'a'], &y[title[7] - 'a']), 2);
    }
    assert_close(x[1] - x[0], y[1] - y[2], .2 / 300);
    assert_close(y[0], y[1], 1e-6);
    assert_true(y[2] < y[1]); /* up is up */
    assert_non_null(strstr(text.bytes, "#2b6cb0"));
    assert_non_null(strstr(text.bytes, "price 1</text>"));
    assert_null(strstr(text.bytes, "d<&"));
    brn__text_free(&text);
    const brn__svg_map empty = {.title = "t", .places = NULL, .count = 0};
    assert_int_equal(brn__svg_map_draw(&text, &empty), 0);
    assert_ok(brn__text_finish(&text));
    brn__text_free(&text);
}
