/* SPDX-License-Identifier: Apache-2.0
 * Augmentation in three pure steps: options + random numbers -> what was drawn -> one affine matrix
 * (and one lighting). The pixels are touched once, by gather.h.
 *
 * A further geometric transform is a field of brn__augment_options, a number in brn__augment that
 * is drawn at the end of brn__augment_draw, and a factor in brn__augment_matrix. */
#ifndef BRN__DATA_IMAGE_AUGMENT_H
#define BRN__DATA_IMAGE_AUGMENT_H

#include "base/philox.h"
#include <stdbool.h>

typedef struct brn__augment_options {
    double max_zoom;             /* zoom is uniform in 1 .. max_zoom */
    double zoom_probability;     /* else 1 */
    double max_rotation;         /* degrees either way */
    double rotation_probability; /* else 0 */
    double flip_probability;     /* left-right */
    bool dihedral;               /* one of four quarter turns too: pictures from above */
    double max_balance;          /* added brightness, either way, of a range of 1 */
    double max_contrast;
    double min_scale; /* below 1: a crop of random area (this fraction of the picture to all of
                         it) and aspect instead of zoom and crop */
    double min_aspect, max_aspect;
} brn__augment_options;

/* fast.ai 0.7's transforms_side_on with max_zoom=1.1. */
brn__augment_options brn__augment_defaults(void);

enum { BRN__AUGMENT_TRIES = 10 };

/* What was drawn for one picture; does not depend on its size. */
typedef struct brn__augment {
    double zoom;
    double across, down; /* where the crop is, 0 (left, top) to 1 (right, bottom) */
    double angle;        /* degrees counter-clockwise */
    bool flip;
    int quarter_turns; /* counter-clockwise, before the flip */
    double balance, contrast;
    bool area_crop; /* use the first of the tries below that fits, not the zoom */
    double area[BRN__AUGMENT_TRIES], aspect[BRN__AUGMENT_TRIES];
} brn__augment;

/* The draw that changes nothing: the centre crop. */
brn__augment brn__augment_identity(void);
/* Always uses the same count of random numbers, so that an option never moves another's draw. */
brn__augment brn__augment_draw(const brn__augment_options *options, brn__random *random);

/* Maps a pixel (x, y) of the result to a place in the source; pixel centres are whole numbers.
 *     source x = m[0][0] x + m[0][1] y + m[0][2],  source y = m[1][0] x + m[1][1] y + m[1][2] */
typedef struct brn__affine {
    double m[2][3];
} brn__affine;

brn__affine brn__affine_then(brn__affine first, brn__affine second); /* second(first(x, y)) */

/* The matrix for a (size, size) result from a width x height picture. Scaling and crop follow
 * fast.ai 0.7: the shorter side becomes floor(zoom * size), rotation is about the picture's centre,
 * and the crop begins at floor(position * room). An area crop is torchvision's RandomResizedCrop,
 * rotated about its own centre. */
brn__affine brn__augment_matrix(const brn__augment *drawn, int width, int height, int size);

/* The shorter side that a reduced decoding of the picture must have not to lose detail. */
int brn__augment_cover(const brn__augment *drawn, int width, int height, int size);

/* x -> clip(gain * x + bias, 0, 1) for pixels in [0, 1]; `mean` is over all pixels and channels.
 * fast.ai's RandomLighting: (x - mean) * gain + mean + balance, gain = 1 + contrast for a contrast
 * >= 0, else 1 / (1 - contrast). */
typedef struct brn__lighting {
    double gain, bias;
} brn__lighting;
brn__lighting brn__augment_lighting(const brn__augment *drawn, double mean);

#endif
