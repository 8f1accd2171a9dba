/* SPDX-License-Identifier: Apache-2.0
 * Against aliasing when a picture is sampled more coarsely than its pixels lie.
 *
 * An antialiased reduction by r widens the triangle of bilinear interpolation, whose variance is
 * 1/6, to r * r / 6. The sampling itself is bilinear and gives 1/6 of that; the rest, (r * r - 1) /
 * 6, must be in the picture before. A filter (w, 1 - 2w, w) has variance 2w, so w = (r * r - 1) /
 * 12: for r = 2 this is (1 2 1) / 4. Where r is 2 or more, pairs of pixels are averaged first and r
 * is halved. */
#include "base/alloc.h"
#include "data/image/gather.h"
#include "data/image/lanes.h"

#include <math.h>

/* Averages pairs along the axes that are asked for; an odd last one is averaged with itself. In
 * place: what is written lies before what is still to be read. */
static void halve(brn__picture *picture, bool across, bool down)
{
    int width = picture->width, height = picture->height;
    int step_x = across ? 2 : 1, step_y = down ? 2 : 1;
    uint8_t *to = picture->pixels;
    for (int y = 0; y < height; y += step_y) {
        const uint8_t *upper = picture->pixels + (size_t)y * (size_t)width * 3;
        const uint8_t *lower = down && y + 1 < height ? upper + (size_t)width * 3 : upper;
        for (int x = 0; x < width; x += step_x) {
            int left = 3 * x, right = across && x + 1 < width ? left + 3 : left;
            for (int channel = 0; channel < 3; channel++, left++, right++)
                *to++ =
                    (uint8_t)((upper[left] + upper[right] + lower[left] + lower[right] + 2) >> 2);
        }
    }
    picture->width = (width + step_x - 1) / step_x;
    picture->height = (height + step_y - 1) / step_y;
}

/* to[i] = (w a[i] + (256 - 2w) b[i] + w c[i]) / 256, w <= 64. */
BRN__CLONES
static void blend_three(const uint8_t *a, const uint8_t *b, const uint8_t *c, size_t bytes,
                        unsigned weight, uint8_t *restrict to)
{
    const uint16_t side = (uint16_t)weight, middle = (uint16_t)(256 - 2 * weight);
    for (size_t i = 0; i < bytes; i++) {
        uint16_t sum = (uint16_t)((uint16_t)(a[i] + c[i]) * side + b[i] * middle + 128);
        to[i] = (uint8_t)(sum >> 8);
    }
}

/* The filter along a row; beyond its ends the edge pixel is repeated. */
static void blur_row(const uint8_t *from, size_t bytes, unsigned weight, uint8_t *to)
{
    if (bytes <= 6 || !weight) {
        memcpy(to, from, bytes);
        return;
    }
    blend_three(from, from, from + 3, 3, weight, to);
    blend_three(from, from + 3, from + 6, bytes - 6, weight, to + 3);
    blend_three(from + bytes - 6, from + bytes - 3, from + bytes - 3, 3, weight, to + bytes - 3);
}

/* Blurs rows top .. bottom - 1, in place: `rows` holds three rows, blurred along x only. */
static void blur(brn__picture *picture, int top, int bottom, unsigned across, unsigned down,
                 uint8_t *rows)
{
    size_t bytes = (size_t)picture->width * 3;
    uint8_t *ring[3] = {rows, rows + bytes, rows + 2 * bytes};
    uint8_t *row = picture->pixels + (size_t)top * bytes;
    blur_row(row, bytes, across, ring[1]);
    memcpy(ring[0], ring[1], bytes);
    for (int y = top; y < bottom; y++, row += bytes) {
        if (y + 1 < bottom)
            blur_row(row + bytes, bytes, across, ring[2]);
        else
            memcpy(ring[2], ring[1], bytes);
        blend_three(ring[0], ring[1], ring[2], bytes, down, row);
        uint8_t *oldest = ring[0];
        ring[0] = ring[1], ring[1] = ring[2], ring[2] = oldest;
    }
}

/* How many source pixels of each axis one step in the result covers. */
static void find_reductions(const brn__projection *projection, int size, double out[2])
{
    double slope[2][2], middle = (size - 1) / 2.0;
    brn__projection_slope(projection, middle, middle, slope);
    for (int axis = 0; axis < 2; axis++)
        out[axis] = sqrt(slope[axis][0] * slope[axis][0] + slope[axis][1] * slope[axis][1]);
}

static unsigned blur_weight(double r)
{
    if (r <= 1) return 0;
    double weight = 256 * (r * r - 1) / 12;
    return weight > 64 ? 64 : (unsigned)(weight + 0.5);
}

/* Rows of the picture that the result can see: all when it sees over the edge. */
static void seen_rows(const brn__picture *picture, const brn__projection *projection, int size, int *top,
                      int *bottom)
{
    double low = INFINITY, high = -INFINITY, last = size - 1;
    for (int corner = 0; corner < 4; corner++) {
        double place[2];
        brn__projection_at(projection, corner & 1 ? last : 0, corner & 2 ? last : 0, place);
        low = fmin(low, place[1]);
        high = fmax(high, place[1]);
    }
    *top = 0, *bottom = picture->height;
    if (low < 0 || high > picture->height - 1) return;
    if (low > 2) *top = (int)low - 2;
    if (high + 3 < picture->height) *bottom = (int)high + 3;
}

/* Halves the axes of which it leaves no detail out; false when there are none. */
static bool halve_once(brn__picture *picture, brn__projection *projection, int size)
{
    double reductions[2];
    find_reductions(projection, size, reductions);
    bool across = reductions[0] >= 2 && picture->width > 1;
    bool down = reductions[1] >= 2 && picture->height > 1;
    if (!across && !down) return false;
    halve(picture, across, down);
    const brn__projection half = {
        {{across ? 0.5 : 1, 0, across ? -0.25 : 0}, {0, down ? 0.5 : 1, down ? -0.25 : 0}}};
    *projection = brn__projection_then(*projection, half);
    return true;
}

brn_status brn__picture_prefilter(brn__picture *picture, brn__projection *projection, int size)
{
    while (halve_once(picture, projection, size)) continue;
    double reductions[2];
    find_reductions(projection, size, reductions);
    unsigned across = blur_weight(reductions[0]), down = blur_weight(reductions[1]);
    if (!across && !down) return BRN_OK;
    uint8_t *rows = brn__alloc_array((size_t)picture->width, 9);
    if (!rows) return BRN_ERROR_NO_MEMORY;
    int top, bottom;
    seen_rows(picture, projection, size, &top, &bottom);
    blur(picture, top, bottom, across, down, rows);
    brn__free(rows);
    return BRN_OK;
}
