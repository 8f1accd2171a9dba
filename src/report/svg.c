/* SPDX-License-Identifier: Apache-2.0
 * Line plots: axes with round ticks, a logarithmic form, a legend. */
#include "report/svg.h"
#include "report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* In units of the view box. Style sheets choose the size of letters; ~7 units a letter. */
enum { WIDTH = 400, HEIGHT = 224, LEFT = 52, RIGHT = 10, TOP = 10, BOTTOM = 36, LETTER = 7 };
enum { LEGEND_ROW = 17, TICKS_MAX = 16 };

static const double VALUE_MAX = 1e100; /* beyond lies nothing that a plot could show */

/* One direction of a plot: values low .. high onto units from .. to. */
typedef struct axis {
    double low, high; /* logarithms when `logarithmic` */
    double from, to;
    bool logarithmic;
} axis;

static double place(const axis *a, double value)
{
    if (a->logarithmic) value = log10(value);
    return a->from + (value - a->low) / (a->high - a->low) * (a->to - a->from);
}

static bool is_drawn(const brn__svg_plot *plot, double x, double y)
{
    return fabs(x) < VALUE_MAX && fabs(y) < VALUE_MAX && (!plot->log_x || x > 1 / VALUE_MAX) &&
           (!plot->log_y || y > 1 / VALUE_MAX);
}

/* ------------------------------------------------------------------ axes */

static bool find_range(const brn__svg_plot *plot, axis *x, axis *y)
{
    x->low = y->low = INFINITY;
    x->high = y->high = -INFINITY;
    for (int s = 0; s < plot->series_count; s++)
        for (int64_t i = 0; i < plot->series[s].count; i++) {
            double at = plot->series[s].x[i], value = plot->series[s].y[i];
            if (!is_drawn(plot, at, value)) continue;
            if (plot->log_x) at = log10(at);
            if (plot->log_y) value = log10(value);
            x->low = fmin(x->low, at), x->high = fmax(x->high, at);
            y->low = fmin(y->low, value), y->high = fmax(y->high, value);
        }
    return x->low <= x->high;
}

/* Room around a range; never an empty one. */
static void widen(axis *a, bool from_zero)
{
    if (from_zero && a->low > 0) a->low = 0;
    double room = (a->high - a->low) * .05;
    if (room <= 0) room = fmax(fabs(a->high) * .1, a->logarithmic ? .3 : 1e-12);
    if (!a->logarithmic) room = fmax(room, fabs(a->high) * .01); /* ticks have few digits */
    a->high += room;
    if (!from_zero) a->low -= room;
}

/* 1, 2 or 5 times a power of ten, with at most `most` steps in the range. */
static double round_step(double range, int most)
{
    double power = pow(10, floor(log10(range / most)));
    static const double steps[] = {1, 2, 5, 10};
    for (int i = 0; i < 4; i++)
        if (range / (steps[i] * power) <= most) return steps[i] * power;
    return 10 * power;
}

static int linear_ticks(const axis *a, int most, bool whole, double *ticks)
{
    double step = round_step(a->high - a->low, most);
    if (whole && step < 1) step = 1;
    double first = ceil(a->low / step - 1e-9);
    int count = 0;
    for (; count < TICKS_MAX && (first + count) * step <= a->high + step * 1e-9; count++)
        ticks[count] = (first + count) * step;
    return count;
}

/* Powers of ten, thinned out; within less than two decades 2 and 5 too. */
static int log_ticks(const axis *a, double *ticks)
{
    static const double fine[] = {1, 2, 5};
    double decades = a->high - a->low;
    int parts = decades < 2.2 ? 3 : 1, every = (int)ceil(decades / 6), count = 0;
    for (int d = (int)floor(a->low); d <= (int)ceil(a->high); d++)
        for (int i = 0; i < parts && count < TICKS_MAX; i++) {
            double at = d + log10(fine[i]);
            if (at < a->low - 1e-9 || at > a->high + 1e-9 || d % every != 0) continue;
            ticks[count++] = fine[i] * pow(10, d);
        }
    return count;
}

/* "6.02e-4" for 0.000602: what fits beside the axis. */
static void short_exponent(double value, char *out, size_t size)
{
    int exponent = (int)floor(log10(fabs(value)));
    snprintf(out, size, "%.3ge%d", value / pow(10, exponent), exponent);
}

static const char *tick_text(double value, double step, char *out, size_t size)
{
    if (fabs(value) < step * 1e-6) value = 0;
    snprintf(out, size, fabs(value) >= 1e4 && fabs(value) < 1e6 ? "%.0f" : "%.4g", value);
    if (strlen(out) > 7) short_exponent(value, out, size);
    return out;
}

static void draw_axes(brn__text *out, const brn__svg_plot *plot, const axis *x, const axis *y)
{
    double ticks[TICKS_MAX];
    char text[32];
    int count = y->logarithmic ? log_ticks(y, ticks) : linear_ticks(y, 6, false, ticks);
    for (int i = 0; i < count; i++) {
        double at = place(y, ticks[i]), step = i ? ticks[i] - ticks[i - 1] : fabs(ticks[i]);
        brn__text_printf(out, "<path class=\"rule\" d=\"M%d %.1fH%d\"/>", LEFT, at, WIDTH - RIGHT);
        brn__text_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", LEFT - 6,
                         at + 3.5, tick_text(ticks[i], step, text, sizeof text));
    }
    count = x->logarithmic ? log_ticks(x, ticks) : linear_ticks(x, 7, !plot->real_x, ticks);
    for (int i = 0; i < count; i++) {
        double at = place(x, ticks[i]), step = i ? ticks[i] - ticks[i - 1] : fabs(ticks[i]);
        brn__text_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fv4\"/>", at, y->from);
        brn__text_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", at,
                         y->from + 16, tick_text(ticks[i], x->logarithmic ? 0 : step, text, sizeof text));
    }
    brn__text_printf(out, "<path class=\"axis\" d=\"M%d %.1fH%d\"/>", LEFT, y->from, WIDTH - RIGHT);
    if (!plot->x_label) return;
    brn__text_printf(out, "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                     WIDTH - RIGHT, HEIGHT - 4);
    brn__svg_name(out, plot->x_label, 60);
    brn__text_add(out, "</text>");
}

/* ------------------------------------------------------------------ series */

static int name_length(const char *name)
{
    size_t length = strlen(name ? name : "");
    return length > 24 ? 24 : (int)length;
}

/* Rows of the legend; draws it when `out` is given. */
static int legend(brn__text *out, const brn__svg_plot *plot)
{
    int x = LEFT, row = 0;
    if (plot->series_count < 2) return 0;
    for (int s = 0; s < plot->series_count; s++) {
        int width = 30 + LETTER * name_length(plot->series[s].name);
        if (x > LEFT && x + width > WIDTH) x = LEFT, row++;
        if (out) {
            int y = TOP + LEGEND_ROW * row;
            brn__text_printf(out, "<path class=\"line s%d\" d=\"M%d %dh14\"/>", s, x, y);
            brn__text_printf(out, "<text x=\"%d\" y=\"%d\">", x + 18, y + 4);
            brn__svg_name(out, plot->series[s].name, 24);
            brn__text_add(out, "</text>");
        }
        x += width;
    }
    return row + 1;
}

/* Lines of no length with round ends: a few bytes a point. */
static void draw_cloud(brn__text *out, const brn__svg_plot *plot, int number, const axis *x, const axis *y)
{
    const brn__svg_series *s = &plot->series[number];
    const int64_t stride = (s->count + BRN__SVG_CLOUD_MAX - 1) / BRN__SVG_CLOUD_MAX;
    brn__text_printf(out, "<path class=\"line cloud s%d\" d=\"", number);
    for (int64_t i = 0; i < s->count; i += stride)
        if (is_drawn(plot, s->x[i], s->y[i]))
            brn__text_printf(out, "M%.1f %.1fh0", place(x, s->x[i]), place(y, s->y[i]));
    brn__text_add(out, "\"/>");
}

static void draw_series(brn__text *out, const brn__svg_plot *plot, int number, const axis *x,
                        const axis *y)
{
    const brn__svg_series *s = &plot->series[number];
    const int64_t stride = (s->count + BRN__SVG_POINTS_MAX - 1) / BRN__SVG_POINTS_MAX;
    bool broken = true;
    brn__text_printf(out, "<path class=\"line s%d\" d=\"", number);
    for (int64_t i = 0; i < s->count; i += stride) {
        if (s->count - i <= stride) i = s->count - 1; /* the end is always there */
        bool drawn = is_drawn(plot, s->x[i], s->y[i]);
        if (drawn)
            brn__text_printf(out, "%c%.1f %.1f", broken ? 'M' : 'L', place(x, s->x[i]),
                             place(y, s->y[i]));
        broken = !drawn;
    }
    brn__text_add(out, "\"/>");
    for (int64_t i = 0; s->dots && i < s->count && s->count <= BRN__SVG_POINTS_MAX / 10; i++)
        if (is_drawn(plot, s->x[i], s->y[i]))
            brn__text_printf(out, "<circle class=\"dot s%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\"/>",
                             number, place(x, s->x[i]), place(y, s->y[i]));
}

static void begin(brn__text *out, const char *title, int width, int height)
{
    brn__text_printf(out,
                     "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\""
                     "0 0 %d %d\"><title>",
                     width, height);
    brn__html_escape(out, title ? title : "");
    brn__text_add(out, "</title>");
}

void brn__svg_lines(brn__text *out, const brn__svg_plot *plot)
{
    axis x = {.from = LEFT, .to = WIDTH - RIGHT, .logarithmic = plot->log_x};
    axis y = {.from = HEIGHT - BOTTOM, .logarithmic = plot->log_y};
    begin(out, plot->title, WIDTH, HEIGHT);
    if (find_range(plot, &x, &y)) {
        if (x.high <= x.low || plot->real_x) widen(&x, false);
        widen(&y, plot->from_zero && !plot->log_y);
        y.to = TOP + LEGEND_ROW * legend(NULL, plot);
        draw_axes(out, plot, &x, &y);
        for (int s = 0; s < plot->series_count; s++)
            (plot->series[s].cloud ? draw_cloud : draw_series)(out, plot, s, &x, &y);
        legend(out, plot);
    } else {
        brn__text_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">no numbers yet</text>",
                         WIDTH / 2, HEIGHT / 2);
    }
    brn__text_add(out, "</svg>\n");
}

void brn__svg_name(brn__text *out, const char *name, int length)
{
    char part[512];
    size_t bytes = 0;
    int characters = 0;
    name = name ? name : "";
    while (bytes < sizeof part - 8 && name[bytes]) {
        bool starts = ((unsigned char)name[bytes] & 0xc0) != 0x80;
        if (starts && characters == length) break;
        characters += starts;
        part[bytes] = name[bytes];
        bytes++;
    }
    if (name[bytes]) { /* cut: the last character gives way to an ellipsis */
        while (bytes > 0 && ((unsigned char)part[--bytes] & 0xc0) == 0x80) continue;
        memcpy(part + bytes, "\xe2\x80\xa6", 3);
        bytes += 3;
    }
    part[bytes] = '\0';
    brn__html_escape(out, part);
}
