/* SPDX-License-Identifier: Apache-2.0
 * From what was drawn to one mapping: a product of matrices, read from the result back to the picture. */
#include "data/image/augment.h"
#include "base/glibc.h"

#include <math.h>

static const brn__projection nothing = {{{1, 0, 0}, {0, 1, 0}}, {0, 0}};

brn__projection brn__projection_then(brn__projection first, brn__projection second)
{
    const double last[3] = {first.w[0], first.w[1], 1};
    double product[3][3];
    for (int row = 0; row < 3; row++) {
        double s[3] = {row < 2 ? second.m[row][0] : second.w[0],
                       row < 2 ? second.m[row][1] : second.w[1], row < 2 ? second.m[row][2] : 1};
        for (int column = 0; column < 3; column++) {
            product[row][column] = s[0] * first.m[0][column] + s[1] * first.m[1][column];
            product[row][column] += s[2] * last[column];
        }
    }
    double scale = product[2][2]; /* 1 when both are affine: then nothing is rounded below */
    brn__projection out;
    for (int column = 0; column < 3; column++) {
        out.m[0][column] = product[0][column] / scale;
        out.m[1][column] = product[1][column] / scale;
        if (column < 2) out.w[column] = product[2][column] / scale;
    }
    return out;
}

/* Beyond the horizon of a perspective, where w is 0 or less, nothing is seen that makes sense. */
static double horizon(const brn__projection *mapping, double x, double y)
{
    return fmax(mapping->w[0] * x + mapping->w[1] * y + 1, BRN__HORIZON);
}

void brn__projection_at(const brn__projection *mapping, double x, double y, double place[2])
{
    double w = horizon(mapping, x, y);
    for (int axis = 0; axis < 2; axis++) {
        const double *row = mapping->m[axis];
        place[axis] = (row[0] * x + row[1] * y + row[2]) / w;
    }
}

void brn__projection_slope(const brn__projection *mapping, double x, double y, double slope[2][2])
{
    double w = horizon(mapping, x, y), place[2];
    brn__projection_at(mapping, x, y, place);
    for (int axis = 0; axis < 2; axis++)
        for (int along = 0; along < 2; along++)
            slope[axis][along] = (mapping->m[axis][along] - place[axis] * mapping->w[along]) / w;
}

/* Flip and quarter turns of a square of `size` pixels. They are exact: no cosine of 90 degrees. */
static brn__projection square_symmetry(const brn__augment *drawn, int size)
{
    double last = size - 1;
    brn__projection symmetry = nothing;
    if (drawn->flip) symmetry = (brn__projection){{{-1, 0, last}, {0, 1, 0}}};
    const brn__projection turn = {{{0, -1, last}, {1, 0, 0}}};
    for (int i = 0; i < drawn->quarter_turns; i++) symmetry = brn__projection_then(symmetry, turn);
    return symmetry;
}

/* Where a pixel comes from when the picture is turned by `degrees` counter-clockwise about a
 * centre. */
static brn__projection rotation(double degrees, double x, double y)
{
    if (degrees == 0) return nothing;
    double radians = degrees * (3.14159265358979323846 / 180);
    double c = cos(radians), s = sin(radians);
    return (brn__projection){{{c, -s, x - c * x + s * y}, {s, c, y - s * x - c * y}}};
}

/* From a grid that is `x` by `y` times as fine, whose corner lies at (left, top) in the source. */
static brn__projection scaling(double x, double y, double left, double top)
{
    return (brn__projection){{{x, 0, left + 0.5 * x - 0.5}, {0, y, top + 0.5 * y - 0.5}}};
}

/* Multiplication about a place that stays. */
static brn__projection about(double x, double y, double centre_x, double centre_y)
{
    return (brn__projection){
        {{x, 0, centre_x - x * centre_x}, {0, y, centre_y - y * centre_y}}};
}

/* The perspective of fast.ai 2 in a square of `size` pixels whose corners' centres are (+-1, +-1): what
 * is seen at corner (p, q) moves to (p - y p q, q - x p q), x and y being the two draws. The projective
 * matrix that does this to four corners is symmetric,
 *     1 - y y   -x y     x
 *     -x y     1 - x x   y
 *      x          y      1
 * and what is needed is its inverse: where a place of the result comes from. */
static brn__projection warp(const brn__augment *drawn, int size)
{
    double x = drawn->warp_across, y = drawn->warp_down;
    if (x == 0 && y == 0) return nothing;
    double d = 1 - x * x - y * y, both = 2 * x * y / d;
    double to_x = -x * (1 - x * x + y * y) / d, to_y = -y * (1 - y * y + x * x) / d;
    double half = size > 1 ? (size - 1) / 2.0 : 0.5, centre = (size - 1) / 2.0;
    const brn__projection to_unit = {{{1 / half, 0, -centre / half}, {0, 1 / half, -centre / half}}};
    const brn__projection perspective = {{{1, both, to_x}, {both, 1, to_y}}, {to_x, to_y}};
    const brn__projection to_pixels = {{{half, 0, centre}, {0, half, centre}}};
    return brn__projection_then(brn__projection_then(to_unit, perspective), to_pixels);
}

typedef struct crop {
    double left, top, width, height; /* in source pixels */
} crop;

/* The first of the tries that fits, else the largest centred crop of a bearable aspect. */
static crop area_crop(const brn__augment *drawn, int width, int height)
{
    crop box = {0};
    for (int i = 0; i < BRN__AUGMENT_TRIES; i++) {
        double area = drawn->area[i] * width * height;
        box.width = nearbyint(sqrt(area * drawn->aspect[i]));
        box.height = nearbyint(sqrt(area / drawn->aspect[i]));
        if (box.width < 1 || box.height < 1 || box.width > width || box.height > height) continue;
        box.left = floor(drawn->across * (width - box.width + 1));
        box.top = floor(drawn->down * (height - box.height + 1));
        return box;
    }
    double shorter = width < height ? width : height;
    box.width = fmin(width, nearbyint(shorter * 4 / 3));
    box.height = fmin(height, nearbyint(shorter * 4 / 3));
    box.left = floor((width - box.width) / 2);
    box.top = floor((height - box.height) / 2);
    return box;
}

/* The largest square at a place (`centre`: in the middle). */
static crop square_crop(const brn__augment *drawn, double side, int width, int height, bool centre)
{
    return (crop){.left = centre ? ceil((width - side) / 2) : trunc(drawn->across * (width - side)),
                  .top = centre ? ceil((height - side) / 2) : trunc(drawn->down * (height - side)),
                  .width = side,
                  .height = side};
}

/* GoogleNetResize rounds sides down, and has one place less to be at. */
static crop googlenet_crop(const brn__augment *drawn, int width, int height)
{
    crop box = {0};
    for (int i = 0; i < BRN__AUGMENT_TRIES; i++) {
        double area = drawn->area[i] * width * height;
        box.width = floor(sqrt(area * drawn->aspect[i]));
        box.height = floor(sqrt(area / drawn->aspect[i]));
        if (box.width < 1 || box.height < 1 || box.width > width || box.height > height) continue;
        box.left = floor(drawn->across * (width - box.width));
        box.top = floor(drawn->down * (height - box.height));
        return box;
    }
    return square_crop(drawn, width < height ? width : height, width, height, true);
}

/* ------------------------------------------------------------------ fast.ai 2 */

/* The part of the picture that becomes the square: fast.ai 2's Resize or RandomResizedCrop. */
static crop item_crop(const brn__augment *drawn, int width, int height)
{
    double shorter = width < height ? width : height, longer = width < height ? height : width;
    if (drawn->area_crop) return area_crop(drawn, width, height);
    switch (drawn->crop) {
    case BRN__CROP_SQUASH: return (crop){.width = width, .height = height};
    case BRN__CROP_WHOLE: return square_crop(drawn, longer, width, height, false);
    case BRN__CROP_GOOGLENET: return googlenet_crop(drawn, width, height);
    case BRN__CROP_CENTRE: return square_crop(drawn, shorter, width, height, true);
    case BRN__CROP_RANDOM: break;
    }
    return square_crop(drawn, shorter, width, height, false);
}

/* From the result's grid to the square's, corner to corner. */
static brn__projection enter_square(const brn__augment *drawn, int side, int size)
{
    double part = side, left = 0, top = 0;
    if (drawn->crop_area > 0) {
        part = fmax(1, nearbyint(sqrt(drawn->crop_area * side * side)));
        left = floor(drawn->crop_across * (side - part + 1));
        top = floor(drawn->crop_down * (side - part + 1));
    }
    double step = size > 1 ? (part - 1) / (size - 1) : 1;
    if (size == 1) left += (part - 1) / 2, top += (part - 1) / 2;
    return (brn__projection){{{step, 0, left}, {0, step, top}}};
}

static brn__projection in_square(const brn__augment *drawn, int width, int height, int size)
{
    int side = drawn->item_size ? drawn->item_size : size;
    double half = (side - 1) / 2.0, inverse = 1 / drawn->zoom;
    double centre_x = half + half * (2 * drawn->zoom_across - 1);
    double centre_y = half + half * (2 * drawn->zoom_down - 1);
    brn__projection mapping = enter_square(drawn, side, size);
    mapping = brn__projection_then(mapping, about(inverse, inverse, centre_x, centre_y));
    double enlarge = 1 / (1 + drawn->enlarge);
    mapping = brn__projection_then(mapping, about(enlarge / (1 + drawn->stretch_across),
                                               enlarge / (1 + drawn->stretch_down), half, half));
    mapping = brn__projection_then(mapping, rotation(drawn->angle, half, half));
    mapping = brn__projection_then(mapping, square_symmetry(drawn, side));
    mapping = brn__projection_then(mapping, warp(drawn, side));
    crop box = item_crop(drawn, width, height);
    return brn__projection_then(mapping,
                             scaling(box.width / side, box.height / side, box.left, box.top));
}

/* ------------------------------------------------------------------ fast.ai 0.7 */

/* The scaled picture, or for GoogleNet's crop the picture itself. */
typedef struct frame {
    double width, height;
} frame;

static frame scaled_frame(const brn__augment *drawn, int width, int height, int size)
{
    if (drawn->crop == BRN__CROP_GOOGLENET) return (frame){width, height};
    double target = floor(drawn->zoom * size), least = target;
    double side = width < height ? width : height;
    if (drawn->crop == BRN__CROP_WHOLE) side = width < height ? height : width, least = 1;
    double ratio = target / side;
    return (frame){fmax(floor(width * ratio), least), fmax(floor(height * ratio), least)};
}

/* From the result's grid to the frame's. */
static brn__projection enter_frame(const brn__augment *drawn, frame in, int size)
{
    if (drawn->crop == BRN__CROP_SQUASH) return scaling(in.width / size, in.height / size, 0, 0);
    if (drawn->crop == BRN__CROP_GOOGLENET) {
        crop box = googlenet_crop(drawn, (int)in.width, (int)in.height);
        return scaling(box.width / size, box.height / size, box.left, box.top);
    }
    double room_x = in.width - size, room_y = in.height - size, pad = drawn->pad;
    if (drawn->crop == BRN__CROP_CENTRE)
        return (brn__projection){{{1, 0, ceil(room_x / 2)}, {0, 1, ceil(room_y / 2)}}};
    return (brn__projection){{{1, 0, floor(drawn->across * (room_x + 2 * pad)) - pad},
                           {0, 1, floor(drawn->down * (room_y + 2 * pad)) - pad}}};
}

/* RandomStretch cuts the middle out of the stretched picture at a whole pixel; RandomZoom enlarges
 * about the centre. */
static brn__projection stretch_frame(const brn__augment *drawn, frame in)
{
    double x = 1 + drawn->stretch_across, y = 1 + drawn->stretch_down;
    double left = floor((nearbyint(in.width * x) - in.width) / 2);
    double top = floor((nearbyint(in.height * y) - in.height) / 2);
    brn__projection mapping = {{{1, 0, left}, {0, 1, top}}};
    mapping = brn__projection_then(mapping, scaling(1 / x, 1 / y, 0, 0));
    double enlarge = 1 / (1 + drawn->enlarge);
    return brn__projection_then(
        mapping, about(enlarge, enlarge, (in.width - 1) / 2, (in.height - 1) / 2));
}

static bool stretches(const brn__augment *drawn)
{
    return drawn->stretch_across != 0 || drawn->stretch_down != 0 || drawn->enlarge != 0;
}

brn__projection brn__augment_projection(const brn__augment *drawn, int width, int height, int size)
{
    if (drawn->square_first) return in_square(drawn, width, height, size);
    brn__projection mapping = brn__projection_then(square_symmetry(drawn, size), warp(drawn, size));
    frame in = {size, size};
    if (!drawn->area_crop) {
        in = scaled_frame(drawn, width, height, size);
        mapping = brn__projection_then(mapping, enter_frame(drawn, in, size));
    }
    if (stretches(drawn)) mapping = brn__projection_then(mapping, stretch_frame(drawn, in));
    mapping = brn__projection_then(mapping,
                                rotation(drawn->angle, (in.width - 1) / 2, (in.height - 1) / 2));
    if (drawn->area_crop) {
        crop box = area_crop(drawn, width, height);
        return brn__projection_then(mapping,
                                 scaling(box.width / size, box.height / size, box.left, box.top));
    }
    return brn__projection_then(mapping, scaling(width / in.width, height / in.height, 0, 0));
}

bool brn__augment_cover_needs_size(const brn__augment *drawn)
{
    return drawn->area_crop || drawn->square_first || drawn->crop > BRN__CROP_CENTRE ||
           stretches(drawn) || drawn->warp_across != 0 || drawn->warp_down != 0;
}

int brn__augment_cover(const brn__augment *drawn, int width, int height, int size)
{
    if (!brn__augment_cover_needs_size(drawn)) return (int)floor(drawn->zoom * size);
    brn__projection mapping = brn__augment_projection(drawn, width, height, size);
    double finest = INFINITY; /* source pixels from one pixel of the result to the next */
    for (int corner = 0; corner < 4; corner++) {
        double slope[2][2];
        brn__projection_slope(&mapping, corner & 1 ? size - 1 : 0, corner & 2 ? size - 1 : 0, slope);
        for (int axis = 0; axis < 2; axis++)
            finest = fmin(finest, hypot(slope[axis][0], slope[axis][1]));
    }
    double shorter = width < height ? width : height;
    return (int)ceil(shorter / fmax(finest, shorter / 1e6) - 1e-9);
}
