/* SPDX-License-Identifier: Apache-2.0
 * Bars and heat maps. */
#include "report/svg.h"
#include "base/alloc.h"
#include "report/html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BAR_WIDTH = 400, BAR_ROW = 20, BAR_LEFT = 116, BAR_RIGHT = 44, LETTER = 6 };
enum { SHADES = 8, NOTE_WIDTH = 210 }; /* of the line below a heat map */
static const double LARGEST = 1.5;      /* few classes are not blown up to fill the card */

static void begin(brn__text *out, const char *title, int width, int height, const char *kind)
{
    brn__text_printf(out,
                     "<svg class=\"plot %s\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
                     "viewBox=\"0 0 %d %d\" style=\"max-width:%.0fpx\"><title>",
                     kind, width, height, fmin(LARGEST * width, 600));
    brn__html_escape(out, title ? title : "");
    brn__text_add(out, "</title>");
}

/* ------------------------------------------------------------------ bars */

/* From the axis's low end, which is 0 but for dots, to its high end. */
static void bar_range(const brn__svg_bars *bars, double *low, double *high)
{
    *low = bars->dots ? INFINITY : 0;
    *high = bars->most > 0 ? bars->most : -INFINITY;
    for (int i = 0; i < bars->count; i++) {
        if (!isfinite(bars->values[i])) continue;
        const double reach = bars->deviations ? bars->deviations[i] : 0;
        if (bars->dots) *low = fmin(*low, bars->values[i] - reach);
        if (bars->most <= 0) *high = fmax(*high, bars->values[i] + reach);
    }
    if (!(*low < INFINITY)) *low = 0;
    if (!(*high > *low)) *high = *low + 1;
    const double room = bars->dots ? .05 * (*high - *low) : 0; /* dots are round */
    *low -= room, *high += room;
}

static void draw_bar(brn__text *out, const brn__svg_bars *bars, double from, double to, double y)
{
    if (bars->dots) {
        brn__text_printf(out, "<circle class=\"dot s0\" cx=\"%.1f\" cy=\"%.0f\" r=\"4\"/>", to, y + 10);
        return;
    }
    brn__text_printf(out, "<rect class=\"fill s0\" x=\"%.0f\" y=\"%.0f\" width=\"%.1f\" height=\"12\" rx=\"2\"/>",
                     from, y + 4, to - from);
}

static void value_text(brn__text *out, double value, bool percent)
{
    const double size = fabs(value);
    if (!isfinite(value)) brn__text_add(out, "\xe2\x80\x93");
    else if (percent) brn__text_printf(out, "%.0f %%", 100 * value);
    else if (value != 0 && (size < 1e-3 || size >= 1e6)) brn__text_printf(out, "%.1e", value);
    else brn__text_printf(out, size >= 1000 ? "%.0f" : size < .01 ? "%.2g" : "%.3g", value);
}

void brn__svg_bars_draw(brn__text *out, const brn__svg_bars *bars)
{
    const int letters = bars->letters ? bars->letters : 18;
    const double left = bars->letters ? LETTER * letters + 12 : BAR_LEFT, room = BAR_WIDTH - left - BAR_RIGHT;
    double low, high;
    bar_range(bars, &low, &high);
    const double scale = room / (high - low);
    begin(out, bars->title, BAR_WIDTH, BAR_ROW * (bars->count ? bars->count : 1), "bars");
    for (int i = 0; i < bars->count; i++) {
        const double value = bars->values[i], y = BAR_ROW * i;
        const double end = left + fmin(fmax((value - low) * scale, 0), room);
        brn__text_printf(out, "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">", left - 6, y + 14);
        brn__svg_name(out, bars->names[i], letters);
        brn__text_printf(out, "</text><rect class=\"track\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%d\" rx=\"2\"/>",
                         left, y + (bars->dots ? 9 : 4), room, bars->dots ? 2 : 12);
        if (isfinite(value)) draw_bar(out, bars, left, end, y);
        if (isfinite(value) && bars->deviations && bars->deviations[i] > 0)
            brn__text_printf(out, "<path class=\"whisker\" d=\"M%.1f %.0fH%.1f\"/>",
                             fmax(left, left + (value - bars->deviations[i] - low) * scale), y + 10,
                             fmax(left, left + (value + bars->deviations[i] - low) * scale));
        brn__text_printf(out, "<text x=\"%d\" y=\"%.0f\">", BAR_WIDTH - BAR_RIGHT + 5, y + 14);
        value_text(out, value, bars->percent);
        brn__text_add(out, "</text>");
    }
    brn__text_add(out, "</svg>\n");
}

/* ------------------------------------------------------------------ heat maps with names */

static int64_t row_sum(const brn__svg_heat *heat, int64_t row)
{
    int64_t sum = 0;
    for (int64_t k = 0; k < heat->count; k++) sum += heat->cells[row * heat->count + k];
    return sum;
}

/* Letters of the longest name, within limits. */
static int name_room(const brn__svg_heat *heat)
{
    size_t longest = 4;
    for (int64_t k = 0; k < heat->count; k++)
        if (strlen(heat->names[k]) > longest) longest = strlen(heat->names[k]);
    return longest > 16 ? 16 : (int)longest;
}

static void named_cell(brn__text *out, int64_t count, double share, bool right, double x, double y,
                       int cell)
{
    brn__text_printf(out,
                     "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"%d\" rx=\"2\" "
                     "fill-opacity=\"%.2f\"/>",
                     right ? "good" : "bad", x, y, cell - 1, cell - 1, .12 + .88 * share);
    brn__text_printf(out, "<text%s x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%lld</text>",
                     share > .45 ? " class=\"on\"" : " class=\"cell\"", x + (cell - 1) / 2., y + cell / 2. + 3.5,
                     (long long)count);
}

static void named_heat(brn__text *out, const brn__svg_heat *heat)
{
    const int letters = name_room(heat), left = 12 + LETTER * letters, count = (int)heat->count;
    const int cell = count <= 6 ? 40 : count <= 12 ? 26 : 21, side = cell * count;
    const int width = left + side + 4 < NOTE_WIDTH ? NOTE_WIDTH : left + side + 4;
    const int height = left + side + 18;
    begin(out, heat->title, width, height, "heat");
    for (int k = 0; k < count; k++) {
        double middle = cell * (k + .5);
        brn__text_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", left - 5,
                         left + middle + 3);
        brn__svg_name(out, heat->names[k], letters);
        brn__text_printf(out, "</text><text transform=\"translate(%.1f %d) rotate(-90)\">",
                         left + middle + 3, left - 5);
        brn__svg_name(out, heat->names[k], letters);
        brn__text_add(out, "</text>");
    }
    for (int row = 0; row < count; row++) {
        int64_t sum = row_sum(heat, row);
        for (int column = 0; column < count; column++) {
            int64_t found = heat->cells[(int64_t)row * count + column];
            double x = left + cell * column, y = left + cell * row;
            if (found)
                named_cell(out, found, (double)found / (double)sum, row == column, x, y, cell);
            else
                brn__text_printf(out, "<rect class=\"none\" x=\"%.0f\" y=\"%.0f\" width=\"%d\" "
                                 "height=\"%d\" rx=\"2\"/>", x, y, cell - 1, cell - 1);
        }
    }
    brn__text_printf(out, "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">rows: the label, "
                     "columns: the answer</text></svg>\n", width - 4, height - 4);
}

/* ------------------------------------------------------------------ heat maps of many classes */

/* 0: nothing; 1 .. SHADES: the share of the row. */
static int shade(int64_t count, int64_t sum)
{
    if (count == 0) return 0;
    int level = (int)ceil((double)count / (double)sum * SHADES);
    return level < 1 ? 1 : level > SHADES ? SHADES : level;
}

/* Shades (side, side) of the blocks of classes. */
static unsigned char *block_shades(const brn__svg_heat *heat, int64_t side)
{
    unsigned char *shades = brn__alloc_zero((size_t)(side * side), 1);
    int64_t *blocks = brn__alloc_zero((size_t)(side * side), sizeof *blocks);
    for (int64_t row = 0; shades && blocks && row < heat->count; row++)
        for (int64_t k = 0; k < heat->count; k++)
            blocks[row * side / heat->count * side + k * side / heat->count] +=
                heat->cells[row * heat->count + k];
    for (int64_t row = 0; shades && blocks && row < side; row++) {
        int64_t sum = 0;
        for (int64_t k = 0; k < side; k++) sum += blocks[row * side + k];
        for (int64_t k = 0; k < side; k++)
            shades[row * side + k] = (unsigned char)shade(blocks[row * side + k], sum);
    }
    if (!blocks) brn__free(shades), shades = NULL;
    brn__free(blocks);
    return shades;
}

/* All cells of one colour and shade in one path; neighbours in a row join. */
static void shade_path(brn__text *out, const unsigned char *shades, int64_t side, int level,
                       bool right)
{
    brn__text_printf(out, "<path class=\"%s\" fill-opacity=\"%.2f\" d=\"", right ? "good" : "bad",
                     .2 + .8 * level / SHADES);
    for (int64_t row = 0; row < side; row++)
        for (int64_t k = 0; k < side; k++) {
            int64_t first = k;
            while (k < side && shades[row * side + k] == level && (row == k) == right) k++;
            if (k > first)
                brn__text_printf(out, "M%lld %lldh%lldv1h-%lldz", (long long)first, (long long)row,
                                 (long long)(k - first), (long long)(k - first));
        }
    brn__text_add(out, "\"/>");
}

static void class_numbers(brn__text *out, int64_t classes, int left, double size)
{
    int64_t step = classes > 500 ? 200 : classes > 200 ? 100 : classes > 100 ? 50 : classes > 40 ? 20 : 10;
    for (int64_t k = 0; k < classes; k += step) {
        double at = left + size * ((double)k + .5) / (double)classes;
        brn__text_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%lld</text>", left - 5,
                         at + 4, (long long)k + 1);
        brn__text_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%lld</text>", at, left - 6,
                         k ? "middle" : "start", (long long)k + 1);
    }
}

static void dense_heat(brn__text *out, const brn__svg_heat *heat)
{
    enum { SIZE = 360, MARGIN = 34 };
    const int64_t side = heat->count < BRN__SVG_CELLS_MAX ? heat->count : BRN__SVG_CELLS_MAX;
    unsigned char *shades = block_shades(heat, side);
    begin(out, heat->title, SIZE + MARGIN + 4, SIZE + MARGIN + 20, "heat");
    brn__text_printf(out, "<rect class=\"none\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", MARGIN,
                     MARGIN, SIZE, SIZE);
    brn__text_printf(out, "<g transform=\"translate(%d %d) scale(%.5f)\">", MARGIN, MARGIN,
                     (double)SIZE / (double)side);
    for (int level = 1; shades && level <= SHADES; level++) {
        shade_path(out, shades, side, level, true);
        shade_path(out, shades, side, level, false);
    }
    brn__text_add(out, "</g>");
    class_numbers(out, heat->count, MARGIN, SIZE);
    brn__text_printf(out, "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"end\">rows: the label, "
                     "columns: the answer, by class number</text></svg>\n", SIZE + MARGIN,
                     SIZE + MARGIN + 16);
    if (!shades) out->failed = 1;
    brn__free(shades);
}

void brn__svg_heat_draw(brn__text *out, const brn__svg_heat *heat)
{
    if (heat->count <= BRN__SVG_NAMED_MAX) named_heat(out, heat);
    else dense_heat(out, heat);
}
