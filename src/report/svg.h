/* SPDX-License-Identifier: Apache-2.0
 *
 * Plots as inline SVG, written into a text. No scripts, no external resources, well-formed XML; what
 * someone else named (classes) is escaped. Colours are CSS classes, so that a page can turn them with
 * its scheme: s0 .. s5 the series, rule, axis, good and bad for cells (style.c).
 *
 *     brn__svg_plot plot = {.title = "Loss", .x_label = "epoch", .series_count = 1};
 *     plot.series[0] = (brn__svg_series){.name = "training", .x = x, .y = y, .count = n};
 *     brn__svg_lines(&text, &plot);
 */
#ifndef BRN__REPORT_SVG_H
#define BRN__REPORT_SVG_H

#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

enum {
    BRN__SVG_SERIES_MAX = 6,
    BRN__SVG_POINTS_MAX = 500,  /* of a series that are drawn */
    BRN__SVG_CLOUD_MAX = 3000,
    BRN__SVG_NAMED_MAX = 20,    /* classes of a heat map with names and numbers */
    BRN__SVG_CELLS_MAX = 200,   /* rows of a heat map: more are added up in blocks */
};

typedef struct brn__svg_series {
    const char *name;
    const double *x, *y; /* (count); a point that is not finite breaks the line */
    int64_t count;
    bool dots;           /* mark the points: few of them */
    bool cloud;          /* points without a line: up to BRN__SVG_CLOUD_MAX are drawn */
} brn__svg_series;

typedef struct brn__svg_plot {
    const char *title; /* for those who hear the page */
    const char *x_label;
    bool log_x, log_y; /* values <= 0 are not drawn */
    bool from_zero;    /* the y axis starts at 0 */
    bool real_x;       /* x is no count: its ticks may be fractions */
    brn__svg_series series[BRN__SVG_SERIES_MAX];
    int series_count;  /* a legend from two on */
} brn__svg_plot;

void brn__svg_lines(brn__text *out, const brn__svg_plot *plot);

typedef struct brn__svg_bars {
    const char *title;
    const char *const *names; /* (count) */
    const double *values;     /* (count), >= 0; NaN: no bar */
    int count;
    double most;              /* end of the axis; 0: the largest value */
    bool percent;             /* values are shares of 1 */
    const double *deviations; /* (count): whiskers to both sides; NULL: none */
    bool dots;                /* dots on an axis from the smallest to the largest value, which need not hold 0 */
    int letters;              /* of the names, 4 to 40; 0: 18 */
} brn__svg_bars;

/* Lying bars, one a row, with their values. */
void brn__svg_bars_draw(brn__text *out, const brn__svg_bars *bars);

typedef struct brn__svg_heat {
    const char *title;
    const int64_t *cells;     /* (K, K): row = truth, column = answer */
    const char *const *names; /* (K) */
    int64_t count;            /* K */
} brn__svg_heat;

/* A confusion matrix; the shade is the share of the row. Up to BRN__SVG_NAMED_MAX classes with names and
 * numbers; more as a picture of cells with the classes' numbers on the axes. */
void brn__svg_heat_draw(brn__text *out, const brn__svg_heat *heat);

/* svg_map.c: named points in a plane, as on a map: both directions have one scale. */
typedef struct brn__svg_place {
    const char *name;
    double x, y;
    double weight; /* >= 0: of the largest dots, and of the names that are written first */
    double value;  /* gives the colour; NaN: none */
} brn__svg_place;

typedef struct brn__svg_map {
    const char *title;
    const char *x_label, *y_label;
    const char *value_label; /* what colours mean; NULL: they mean nothing */
    const brn__svg_place *places; /* (count); those that are not finite are left out */
    int64_t count;
} brn__svg_map;

/* Names are written beside their points where they cover neither points nor other names, heaviest first; those
 * that find no room can be read by pointing at them. Returns how many were written. */
int64_t brn__svg_map_draw(brn__text *out, const brn__svg_map *map);

/* svg_write.c: a picture as a file that needs nothing else. The file appears whole or not at all. */
brn_status brn__svg_write(const char *path, brn__text *picture);

/* Text of a file or class name inside an SVG, cut to `length` characters, escaped. */
void brn__svg_name(brn__text *out, const char *name, int length);

#endif
