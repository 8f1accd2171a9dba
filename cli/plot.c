/* SPDX-License-Identifier: Apache-2.0
 * The plot is a grid of dots, 2 by 4 in a braille character or one in an ASCII one. Neighbouring points
 * are joined by a line, so that a steep part is not a gap. */
#include "plot.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COLUMNS_MAX = 200, ROWS_MAX = 60, LABEL = 9, MARKS_MAX = 8 };

typedef struct canvas {
    char *out;
    size_t size, used;
} canvas;

typedef struct grid {
    double low_x, high_x, low_y, high_y; /* low_x, high_x: logarithms with log_x */
    int columns, rows;                   /* characters */
    int across, down;                    /* dots of a character */
    unsigned char cells[ROWS_MAX][COLUMNS_MAX]; /* dots as bits: column * 4 + row */
} grid;

bool cli_speaks_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
    }
    return false;
}

static void put(canvas *c, const char *format, ...)
{
    if (c->used + 1 >= c->size) return;
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(c->out + c->used, c->size - c->used, format, arguments);
    va_end(arguments);
    c->used += length > 0 ? (size_t)length : 0;
    if (c->used >= c->size) c->used = c->size - 1;
}

static bool is_drawn(const cli_plot *plot, int64_t i)
{
    return isfinite(plot->x[i]) && isfinite(plot->y[i]) && (!plot->log_x || plot->x[i] > 0);
}

static double along(const cli_plot *plot, double x) { return plot->log_x ? log10(x) : x; }

static bool find_range(const cli_plot *plot, grid *g)
{
    g->low_x = g->low_y = INFINITY;
    g->high_x = g->high_y = -INFINITY;
    for (int64_t i = 0; i < plot->count; i++) {
        if (!is_drawn(plot, i)) continue;
        const double x = along(plot, plot->x[i]);
        g->low_x = fmin(g->low_x, x), g->high_x = fmax(g->high_x, x);
        g->low_y = fmin(g->low_y, plot->y[i]), g->high_y = fmax(g->high_y, plot->y[i]);
    }
    if (!(g->low_x <= g->high_x)) return false;
    if (g->high_x - g->low_x <= 0) g->low_x -= .5, g->high_x += .5;
    if (g->high_y - g->low_y <= 0) g->low_y -= .5, g->high_y += .5;
    return true;
}

static int bounded(double value, int most)
{
    return value < 0 ? 0 : value > most ? most : (int)value;
}

static int dot_across(const grid *g, double x)
{
    const int last = g->columns * g->across - 1;
    return bounded((x - g->low_x) / (g->high_x - g->low_x) * last + .5, last);
}

static int dot_down(const grid *g, double y)
{
    const int last = g->rows * g->down - 1;
    return bounded((g->high_y - y) / (g->high_y - g->low_y) * last + .5, last);
}

static void set_dot(grid *g, int across, int down)
{
    const int bit = across % g->across * 4 + down % g->down;
    g->cells[down / g->down][across / g->across] |= (unsigned char)(1 << bit);
}

static void draw_line(grid *g, int x0, int y0, int x1, int y1)
{
    const int steps = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0);
    for (int i = 0; i <= steps; i++) {
        const double f = steps ? (double)i / steps : 0;
        set_dot(g, x0 + (int)lround(f * (x1 - x0)), y0 + (int)lround(f * (y1 - y0)));
    }
}

static void draw_points(const cli_plot *plot, grid *g)
{
    int last_across = -1, last_down = -1;
    for (int64_t i = 0; i < plot->count; i++) {
        if (!is_drawn(plot, i)) {
            last_across = -1;
            continue;
        }
        const int across = dot_across(g, along(plot, plot->x[i])), down = dot_down(g, plot->y[i]);
        if (last_across < 0) set_dot(g, across, down);
        else draw_line(g, last_across, last_down, across, down);
        last_across = across, last_down = down;
    }
}

/* U+2800 and the dots: bits 0, 1, 2, 6 go down the left column, 3, 4, 5, 7 down the right one. */
static void put_braille(canvas *c, unsigned char cell)
{
    static const unsigned char bits[8] = {0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80};
    unsigned code = 0x2800;
    for (int i = 0; i < 8; i++)
        if (cell >> i & 1) code |= bits[i];
    put(c, "%c%c%c", (int)(0xe0 | code >> 12), (int)(0x80 | (code >> 6 & 0x3f)),
        (int)(0x80 | (code & 0x3f)));
}

static void put_rows(canvas *c, const cli_plot *plot, const grid *g)
{
    for (int row = 0; row < g->rows; row++) {
        if (row == 0 || row == g->rows - 1 || row == g->rows / 2) {
            const double f = (double)row / (g->rows - 1);
            put(c, "%*.4g ", LABEL - 1, g->high_y + f * (g->low_y - g->high_y));
        } else {
            put(c, "%*s", LABEL, "");
        }
        put(c, "%s", plot->unicode ? "\xe2\x94\x82" : "|");
        int end = g->columns; /* nothing after the last dot */
        while (end > 0 && !g->cells[row][end - 1]) end--;
        for (int column = 0; column < end; column++) {
            const unsigned char cell = g->cells[row][column];
            if (!cell) put(c, " ");
            else if (plot->unicode) put_braille(c, cell);
            else put(c, "*");
        }
        put(c, "\n");
    }
}

/* The axis, the letters of the marks below it, and the numbers at its ends. */
static void put_axis(canvas *c, const cli_plot *plot, const grid *g)
{
    char below[COLUMNS_MAX + 1];
    memset(below, ' ', sizeof below);
    int end = 0;
    for (int i = plot->mark_count - 1; i >= 0; i--) {
        if (!isfinite(plot->marks[i]) || (plot->log_x && !(plot->marks[i] > 0))) continue;
        const int at = dot_across(g, along(plot, plot->marks[i])) / g->across;
        below[at] = plot->letters[i];
        if (at + 1 > end) end = at + 1;
    }
    put(c, "%*s%s", LABEL, "", plot->unicode ? "\xe2\x94\x94" : "+");
    for (int i = 0; i < g->columns; i++) put(c, "%s", plot->unicode ? "\xe2\x94\x80" : "-");
    put(c, "\n");
    if (end > 0) put(c, "%*s%.*s\n", LABEL + 1, "", end, below);
    const double low = plot->log_x ? pow(10, g->low_x) : g->low_x;
    const double high = plot->log_x ? pow(10, g->high_x) : g->high_x;
    char left[32], right[32];
    snprintf(left, sizeof left, "%.3g", low);
    snprintf(right, sizeof right, "%.3g", high);
    put(c, "%*s%-*s%s\n", LABEL + 1, "", g->columns - (int)strlen(right), left, right);
}

void cli_plot_draw(const cli_plot *plot, char *out, size_t size)
{
    canvas c = {out, size, 0};
    if (size > 0) out[0] = '\0';
    grid g = {.columns = bounded(plot->columns, COLUMNS_MAX),
              .rows = bounded(plot->rows, ROWS_MAX),
              .across = plot->unicode ? 2 : 1,
              .down = plot->unicode ? 4 : 1};
    if (g.columns < 8) g.columns = 8;
    if (g.rows < 2) g.rows = 2;
    if (!find_range(plot, &g)) {
        put(&c, "(nothing to draw)\n");
        return;
    }
    draw_points(plot, &g);
    put_rows(&c, plot, &g);
    put_axis(&c, plot, &g);
}
