/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/augment.h"

#include <math.h>

brn__augment_options brn__augment_defaults(void)
{
    return (brn__augment_options){
        .max_zoom = 1.1,
        .zoom_probability = 0.75,
        .max_rotation = 10,
        .rotation_probability = 0.75,
        .flip_probability = 0.5,
        .max_balance = 0.05,
        .max_contrast = 0.05,
        .min_scale = 1,
        .min_aspect = 3.0 / 4,
        .max_aspect = 4.0 / 3,
    };
}

brn__augment brn__augment_identity(void)
{
    return (brn__augment){.zoom = 1, .across = 0.5, .down = 0.5};
}

brn__augment brn__augment_draw(const brn__augment_options *options, brn__random *random)
{
    brn__augment drawn = brn__augment_identity();
    bool zooms = brn__random_uniform(random) < options->zoom_probability;
    double zoom = brn__random_between(random, 1, options->max_zoom);
    if (zooms) drawn.zoom = zoom;
    drawn.across = brn__random_uniform(random);
    drawn.down = brn__random_uniform(random);
    bool rotates = brn__random_uniform(random) < options->rotation_probability;
    double angle = brn__random_between(random, -options->max_rotation, options->max_rotation);
    if (rotates) drawn.angle = angle;
    drawn.flip = brn__random_uniform(random) < options->flip_probability;
    int turns = (int)(brn__random_word(random) >> 30);
    if (options->dihedral) drawn.quarter_turns = turns;
    drawn.balance = brn__random_between(random, -options->max_balance, options->max_balance);
    drawn.contrast = brn__random_between(random, -options->max_contrast, options->max_contrast);
    drawn.area_crop = options->min_scale < 1;
    double low = log(options->min_aspect), high = log(options->max_aspect);
    for (int i = 0; i < BRN__AUGMENT_TRIES; i++) {
        drawn.area[i] = brn__random_between(random, options->min_scale, 1);
        drawn.aspect[i] = exp(brn__random_between(random, low, high));
    }
    return drawn;
}

brn__affine brn__affine_then(brn__affine first, brn__affine second)
{
    brn__affine out;
    for (int row = 0; row < 2; row++) {
        const double *s = second.m[row];
        for (int column = 0; column < 3; column++)
            out.m[row][column] = s[0] * first.m[0][column] + s[1] * first.m[1][column];
        out.m[row][2] += s[2];
    }
    return out;
}

/* Flip and quarter turns of a square of `size` pixels. They are exact: no cosine of 90 degrees. */
static brn__affine square_symmetry(const brn__augment *drawn, int size)
{
    double last = size - 1;
    brn__affine symmetry = {{{1, 0, 0}, {0, 1, 0}}};
    if (drawn->flip) symmetry = (brn__affine){{{-1, 0, last}, {0, 1, 0}}};
    const brn__affine turn = {{{0, -1, last}, {1, 0, 0}}};
    for (int i = 0; i < drawn->quarter_turns; i++) symmetry = brn__affine_then(symmetry, turn);
    return symmetry;
}

/* Where a pixel comes from when the picture is turned by `degrees` counter-clockwise about a
 * centre. */
static brn__affine rotation(double degrees, double x, double y)
{
    if (degrees == 0) return (brn__affine){{{1, 0, 0}, {0, 1, 0}}};
    double radians = degrees * (3.14159265358979323846 / 180);
    double c = cos(radians), s = sin(radians);
    return (brn__affine){{{c, -s, x - c * x + s * y}, {s, c, y - s * x - c * y}}};
}

/* From a grid that is `x` by `y` times as fine, whose corner lies at (left, top) in the source. */
static brn__affine scaling(double x, double y, double left, double top)
{
    return (brn__affine){{{x, 0, left + 0.5 * x - 0.5}, {0, y, top + 0.5 * y - 0.5}}};
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

brn__affine brn__augment_matrix(const brn__augment *drawn, int width, int height, int size)
{
    brn__affine matrix = square_symmetry(drawn, size);
    if (drawn->area_crop) {
        crop box = area_crop(drawn, width, height);
        double centre = (size - 1) / 2.0;
        matrix = brn__affine_then(matrix, rotation(drawn->angle, centre, centre));
        return brn__affine_then(matrix,
                                scaling(box.width / size, box.height / size, box.left, box.top));
    }
    double target = floor(drawn->zoom * size), shorter = width < height ? width : height;
    double ratio = target / shorter;
    double scaled_width = fmax(floor(width * ratio), target);
    double scaled_height = fmax(floor(height * ratio), target);
    brn__affine shift = {{{1, 0, floor(drawn->across * (scaled_width - size))},
                          {0, 1, floor(drawn->down * (scaled_height - size))}}};
    matrix = brn__affine_then(matrix, shift);
    matrix = brn__affine_then(
        matrix, rotation(drawn->angle, (scaled_width - 1) / 2, (scaled_height - 1) / 2));
    return brn__affine_then(matrix, scaling(width / scaled_width, height / scaled_height, 0, 0));
}

int brn__augment_cover(const brn__augment *drawn, int width, int height, int size)
{
    double target = floor(drawn->zoom * size);
    if (!drawn->area_crop) return (int)target;
    crop box = area_crop(drawn, width, height);
    double shorter = width < height ? width : height;
    return (int)ceil(shorter * size / fmin(box.width, box.height));
}

brn__lighting brn__augment_lighting(const brn__augment *drawn, double mean)
{
    double contrast = drawn->contrast;
    double gain = contrast >= 0 ? 1 + contrast : 1 / (1 - contrast);
    return (brn__lighting){.gain = gain, .bias = mean - mean * gain + drawn->balance};
}
