/* SPDX-License-Identifier: Apache-2.0
 * Maps: named points in a plane. A name is tried at eight sides of its point, then farther away with a line
 * that leads to it, and written at the first place where it covers nothing. */
#include "report/svg.h"
#include "base/glibc.h"
#include "base/alloc.h"
#include "report/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 720, LEAST_HEIGHT = 300, MOST_HEIGHT = 620, MARGIN = 44, BOTTOM = 34 };
enum { LETTERS = 26, NAMES_MAX = 400 };       /* of a name; of a map */
enum { SIDES = 8, STEPS = 7, LEADS_FROM = 2 }; /* steps away from the point; the first that has a line */
static const double LETTER = 5.6, NAME_HEIGHT = 11; /* at 10 units a letter */
static const double SMALLEST_DOT = 2.4, LARGEST_DOT = 6;

typedef struct box {
    double left, top, right, bottom;
} box;

typedef struct placed {
    const brn__svg_place *place;
    double x, y, radius; /* of the dot, in units of the view box */
    bool named, leads, ends; /* has a name; a line leads to it; it ends at its place */
    double name_x, name_y;
} placed;

typedef struct canvas {
    placed *dots; /* (count), heaviest first */
    int64_t count;
    box *boxes; /* (box_count): of names */
    int64_t box_count;
    double width, height;
    double low, high; /* of the values */
} canvas;

/* ------------------------------------------------------------------ where things are */

static double radius_of(double weight, double heaviest)
{
    if (!(heaviest > 0)) return 3.2;
    return SMALLEST_DOT + (LARGEST_DOT - SMALLEST_DOT) * sqrt(fmax(weight, 0) / heaviest);
}

static bool is_drawn(const brn__svg_place *place)
{
    return isfinite(place->x) && isfinite(place->y);
}

/* Both directions get one scale, so that distances can be compared; the height follows. */
static void lay_out(const brn__svg_map *map, canvas *c)
{
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, heaviest = 0, lightest = INFINITY;
    for (int64_t i = 0; i < map->count; i++) {
        const brn__svg_place *p = &map->places[i];
        if (!is_drawn(p)) continue;
        low[0] = fmin(low[0], p->x), high[0] = fmax(high[0], p->x);
        low[1] = fmin(low[1], p->y), high[1] = fmax(high[1], p->y);
        heaviest = fmax(heaviest, p->weight), lightest = fmin(lightest, p->weight);
        if (isfinite(p->value)) c->low = fmin(c->low, p->value), c->high = fmax(c->high, p->value);
    }
    const double inside = WIDTH - 2 * MARGIN, most = MOST_HEIGHT - MARGIN - BOTTOM;
    double across = fmax(high[0] - low[0], 1e-30), down = fmax(high[1] - low[1], 0);
    const double scale = fmin(inside / across, most / fmax(down, 1e-30));
    c->width = WIDTH;
    c->height = fmax(LEAST_HEIGHT, scale * down + MARGIN + BOTTOM);
    for (int64_t i = 0; i < map->count; i++) {
        const brn__svg_place *p = &map->places[i];
        if (!is_drawn(p)) continue;
        c->dots[c->count++] = (placed){
            .place = p,
            .x = WIDTH / 2. + scale * (p->x - (low[0] + high[0]) / 2),
            .y = (c->height - BOTTOM + MARGIN * .5) / 2 - scale * (p->y - (low[1] + high[1]) / 2),
            .radius = radius_of(lightest < heaviest ? p->weight : 0, lightest < heaviest ? heaviest : 0)};
    }
}

static double from_middle(const placed *dot)
{
    return hypot(dot->place->x, dot->place->y);
}

/* Heaviest first; among equals those that stand out. */
static int by_weight(const void *a, const void *b)
{
    const placed *p = a, *q = b;
    if (p->place->weight != q->place->weight) return p->place->weight > q->place->weight ? -1 : 1;
    const double far = from_middle(p) - from_middle(q);
    if (far != 0) return far > 0 ? -1 : 1;
    return p->place < q->place ? -1 : 1;
}

/* ------------------------------------------------------------------ names */

static int64_t letters_of(const char *name)
{
    int64_t letters = 0;
    for (; *name && letters < LETTERS; name++) letters += ((unsigned char)*name & 0xc0) != 0x80;
    return letters;
}

static bool boxes_touch(box a, box b)
{
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

static bool covers_dot(box b, const placed *dot)
{
    const double x = fmax(b.left, fmin(dot->x, b.right)), y = fmax(b.top, fmin(dot->y, b.bottom));
    return hypot(x - dot->x, y - dot->y) < dot->radius + .5;
}

static bool is_free(const canvas *c, box b)
{
    if (b.left < 2 || b.right > c->width - 2 || b.top < 2 || b.bottom > c->height - BOTTOM + 12) return false;
    for (int64_t i = 0; i < c->box_count; i++)
        if (boxes_touch(b, c->boxes[i])) return false;
    for (int64_t i = 0; i < c->count; i++)
        if (covers_dot(b, &c->dots[i])) return false;
    return true;
}

/* The box of a name at a side of its dot: right, left, the four corners, above, below. */
static box box_at(const placed *dot, double length, int side, double distance)
{
    static const double across[SIDES] = {1, -1, .7, .7, -.7, -.7, 0, 0};
    static const double down[SIDES] = {0, 0, -.7, .7, -.7, .7, -1, 1};
    const double reach = dot->radius + distance;
    const double x = dot->x + across[side] * reach, y = dot->y + down[side] * (reach + NAME_HEIGHT / 2);
    const double left = across[side] > 0 ? x : across[side] < 0 ? x - length : x - length / 2;
    return (box){left, y - NAME_HEIGHT / 2, left + length, y + NAME_HEIGHT / 2};
}

static bool try_name(canvas *c, placed *dot, int side, int step)
{
    static const double distances[STEPS] = {2, 5, 12, 20, 30, 42, 58};
    const double length = LETTER * (double)letters_of(dot->place->name);
    const box b = box_at(dot, length, side, distances[step]);
    if (!is_free(c, b)) return false;
    c->boxes[c->box_count++] = b;
    dot->named = true;
    dot->leads = step >= LEADS_FROM;
    dot->ends = b.right < dot->x;
    dot->name_x = dot->ends ? b.right : b.left;
    dot->name_y = b.bottom - 2.5;
    return true;
}

static void place_names(canvas *c)
{
    for (int64_t i = 0; i < c->count && c->box_count < NAMES_MAX; i++)
        for (int step = 0; step < STEPS && !c->dots[i].named; step++)
            for (int side = 0; side < SIDES && !c->dots[i].named; side++)
                try_name(c, &c->dots[i], side, step);
}

/* ------------------------------------------------------------------ drawing */

/* Blue over grey to orange: apart for those who see colours alike, and fit for both schemes. */
static void colour(brn__text *out, double share)
{
    static const double ends[3][3] = {{43, 108, 176}, {176, 176, 168}, {204, 92, 26}};
    const int from = share < .5 ? 0 : 1;
    const double part = share < .5 ? 2 * share : 2 * share - 1;
    int rgb[3];
    for (int i = 0; i < 3; i++) rgb[i] = (int)lround(ends[from][i] + part * (ends[from + 1][i] - ends[from][i]));
    brn__text_printf(out, "#%02x%02x%02x", rgb[0], rgb[1], rgb[2]);
}

static double share_of(const canvas *c, double value)
{
    return c->high > c->low ? (value - c->low) / (c->high - c->low) : .5;
}

static void draw_dot(brn__text *out, const canvas *c, const placed *dot, bool coloured)
{
    brn__text_printf(out, "<circle class=\"dot s0\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill-opacity=\".85\"", dot->x, dot->y,
                     dot->radius);
    if (coloured && isfinite(dot->place->value)) {
        brn__text_add(out, " style=\"fill:");
        colour(out, share_of(c, dot->place->value));
        brn__text_add(out, "\"");
    } else if (coloured) {
        brn__text_add(out, " style=\"fill:var(--soft);fill-opacity:.35\"");
    }
    brn__text_add(out, "><title>");
    brn__html_escape(out, dot->place->name);
    if (coloured && isfinite(dot->place->value)) brn__text_printf(out, ": %.5g", dot->place->value);
    brn__text_add(out, "</title></circle>");
}

static void draw_name(brn__text *out, const placed *dot)
{
    if (dot->leads)
        brn__text_printf(out, "<path class=\"rule\" d=\"M%.1f %.1fL%.1f %.1f\"/>", dot->x, dot->y, dot->name_x,
                         dot->name_y - 3);
    brn__text_printf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\"%s>", dot->name_x, dot->name_y,
                     dot->ends ? " text-anchor=\"end\"" : "");
    brn__svg_name(out, dot->place->name, LETTERS);
    brn__text_add(out, "</text>");
}

static void draw_labels(brn__text *out, const brn__svg_map *map, const canvas *c)
{
    brn__text_printf(out, "<text class=\"label\" x=\"%d\" y=\"%.0f\">", MARGIN / 2, c->height - 8);
    brn__svg_name(out, map->x_label, 60);
    brn__text_printf(out, "</text><text class=\"label\" transform=\"translate(12 %.0f) rotate(-90)\">",
                     c->height - BOTTOM);
    brn__svg_name(out, map->y_label, 60);
    brn__text_add(out, "</text>");
    if (!map->value_label || !(c->low <= c->high)) return;
    enum { TILES = 7, TILE = 12 };
    const double left = c->width - 66 - TILES * TILE, top = c->height - 17;
    brn__text_printf(out, "<text class=\"label\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">", left - 6, c->height - 8);
    brn__svg_name(out, map->value_label, 34);
    brn__text_printf(out, " %.4g</text>", c->low);
    for (int i = 0; i < TILES; i++) {
        brn__text_printf(out, "<rect x=\"%.0f\" y=\"%.0f\" width=\"%d\" height=\"10\" style=\"fill:", left + i * TILE, top,
                         TILE);
        colour(out, i / (double)(TILES - 1));
        brn__text_add(out, "\"/>");
    }
    brn__text_printf(out, "<text class=\"label\" x=\"%.0f\" y=\"%.0f\">%.4g</text>", left + TILES * TILE + 5,
                     c->height - 8, c->high);
}

static void draw(brn__text *out, const brn__svg_map *map, const canvas *c)
{
    brn__text_printf(out,
                     "<svg class=\"plot map\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 %.0f "
                     "%.0f\"><title>",
                     c->width, c->height);
    brn__html_escape(out, map->title ? map->title : "");
    brn__text_add(out, "</title>");
    for (int64_t i = c->count; i-- > 0;) /* names over lines over dots, heavy dots over light ones */
        draw_dot(out, c, &c->dots[i], map->value_label != NULL);
    for (int64_t i = 0; i < c->count; i++)
        if (c->dots[i].named) draw_name(out, &c->dots[i]);
    draw_labels(out, map, c);
    brn__text_add(out, "</svg>\n");
}

int64_t brn__svg_map_draw(brn__text *out, const brn__svg_map *map)
{
    canvas c = {.low = INFINITY, .high = -INFINITY, .width = WIDTH, .height = LEAST_HEIGHT};
    c.dots = brn__alloc_array((size_t)map->count + 1, sizeof *c.dots);
    c.boxes = brn__alloc_array(NAMES_MAX, sizeof *c.boxes);
    if (c.dots && c.boxes) {
        lay_out(map, &c);
        qsort(c.dots, (size_t)c.count, sizeof *c.dots, by_weight);
        place_names(&c);
        draw(out, map, &c);
    } else {
        out->failed = 1;
    }
    const int64_t named = c.box_count;
    brn__free(c.dots);
    brn__free(c.boxes);
    return named;
}
