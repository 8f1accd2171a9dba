/* SPDX-License-Identifier: Apache-2.0
 * Augmentation in pure steps: options + random numbers -> what was drawn (augment.c) -> one mapping of
 * places (augment_geometry.c), one change of tone (tone.c), and what is painted over the result
 * (retouch.c). The pixels of the picture are sampled once, by gather.h.
 *
 * A further transform is a field of brn__augment_options, numbers in brn__augment that are drawn at the
 * end of brn__augment_draw, a factor in brn__augment_projection, and a line in augment_words.c. */
#ifndef BRN__DATA_IMAGE_AUGMENT_H
#define BRN__DATA_IMAGE_AUGMENT_H

#include "base/philox.h"
#include <stdbool.h>

/* Which part of the picture becomes the result. */
typedef enum brn__crop {
    BRN__CROP_RANDOM,    /* a square as large as fits, at a random place */
    BRN__CROP_CENTRE,
    BRN__CROP_SQUASH,    /* all of it, its sides made equal */
    BRN__CROP_WHOLE,     /* all of it, the shorter side padded */
    BRN__CROP_GOOGLENET, /* a random area and aspect, as fast.ai 0.7's GoogleNetResize */
} brn__crop;

/* What is seen beyond the picture's edge: of pixels a b c at a left edge */
typedef enum brn__pad_mode {
    BRN__PAD_REFLECT, /* c b a | a b c   OpenCV's BORDER_REFLECT */
    BRN__PAD_MIRROR,  /*   c b | a b c   OpenCV's BORDER_REFLECT_101, PyTorch's reflection */
    BRN__PAD_EDGE,    /* a a a | a b c */
    BRN__PAD_ZEROS,   /* 0 0 0 | a b c   black, before normalisation */
} brn__pad_mode;

/* How a place between pixels is sampled. */
typedef enum brn__sample_mode {
    BRN__SAMPLE_BILINEAR,
    BRN__SAMPLE_NEAREST,
    BRN__SAMPLE_BICUBIC, /* of 16 pixels, with PyTorch's a = -0.75 */
} brn__sample_mode;

enum { BRN__AUGMENT_TRIES = 10, BRN__AUGMENT_HOLES = 16, BRN__AUGMENT_PATCHES = 8 };

/* Probabilities are those that a transform happens at all; names in parentheses are fast.ai's. */
typedef struct brn__augment_options {
    double min_zoom, max_zoom;   /* RandomScale, Zoom: uniform in between */
    double zoom_probability;     /* else 1 */
    double max_rotation;         /* degrees either way */
    double rotation_probability; /* else 0 */
    double flip_probability;     /* left-right */
    bool dihedral;               /* one of four quarter turns too: pictures from above */
    double max_balance;          /* added brightness, either way, of a range of 1 */
    double max_contrast;
    double min_scale; /* below 1: a crop of random area (this fraction of the picture to all of
                         it) and aspect instead of zoom and crop (RandomResizedCrop) */
    double min_aspect, max_aspect;

    brn__crop crop;
    double googlenet_area, googlenet_low, googlenet_high, googlenet_swap; /* least area, aspects */
    int pad; /* pixels of the result that a random crop may reach beyond the scaled picture */
    brn__pad_mode pad_mode;
    brn__sample_mode sample_mode;

    double max_stretch, stretch_probability; /* RandomStretch: one axis by 1 .. 1 + this */
    double min_enlarge, max_enlarge, enlarge_probability; /* RandomZoom: 1 + these, about the centre */
    double choice_rotation, choice_enlarge, choice_stretch; /* RandomRotateZoom: at most one of them, */
    double choice_shares[3];                                /* with these probabilities */

    /* fast.ai 2: the picture is cut to a square first, and all else happens inside it. */
    bool square_first;
    int item_size;    /* pixels of that square; 0: those of the result. More is presizing */
    double crop_scale; /* below 1: a square of random area in it (aug_transforms' min_scale) */
    double symmetry_probability; /* one of the eight symmetries of a square (flip_vert) */
    double max_warp, warp_probability; /* perspective, of half a side, for each direction */
    double max_lighting, lighting_probability; /* brightness and contrast, each, of logits */

    int blur_strength; /* RandomBlur: a Gaussian of 2 strength - 1 pixels; 0 and 1 are none */
    double blur_probability;
    int cutout_holes, cutout_length; /* Cutout: black squares, pixels of the result */
    double cutout_probability;
    double erase_probability; /* RandomErasing: normal noise in rectangles, after normalisation */
    double erase_min, erase_max, erase_aspect; /* share of the result's area; least aspect */
    int erase_count;                           /* at most so many */
} brn__augment_options;

/* fast.ai 0.7's transforms_side_on with max_zoom=1.1. */
brn__augment_options brn__augment_defaults(void);

/* What was drawn for one picture; does not depend on its size. Zero of the later ones is none. */
typedef struct brn__augment {
    double zoom;
    double across, down; /* where the crop is, 0 (left, top) to 1 (right, bottom) */
    double angle;        /* degrees counter-clockwise */
    bool flip;
    int quarter_turns; /* counter-clockwise, before the flip */
    double balance, contrast;
    bool area_crop; /* use the first of the tries below that fits, not the zoom */
    double area[BRN__AUGMENT_TRIES], aspect[BRN__AUGMENT_TRIES];

    brn__crop crop;
    int pad;
    brn__pad_mode pad_mode;
    brn__sample_mode sample_mode;

    double stretch_across, stretch_down, enlarge; /* by 1 + these */
    bool square_first;
    int item_size;
    double zoom_across, zoom_down;             /* where the zoom of a square is, 0 to 1 */
    double crop_area, crop_across, crop_down;  /* of the square in the square; area 0: none */
    double warp_across, warp_down;             /* fast.ai 2's x_t and y_t */
    double brightness, log_contrast;           /* logits become exp(log_contrast) (l + brightness) */

    int blur_radius; /* pixels of the result */
    int hole_count, hole_length;
    double hole_x[BRN__AUGMENT_HOLES], hole_y[BRN__AUGMENT_HOLES]; /* centres, 0 to 1 */
    int patch_count;
    double patch_area[BRN__AUGMENT_PATCHES], patch_aspect[BRN__AUGMENT_PATCHES];
    double patch_x[BRN__AUGMENT_PATCHES], patch_y[BRN__AUGMENT_PATCHES]; /* of the room there is */
    uint64_t noise_key;
} brn__augment;

/* The draw that changes nothing: the centre crop. */
brn__augment brn__augment_identity(void);
/* Always uses the same count of random numbers, so that an option never moves another's draw. */
brn__augment brn__augment_draw(const brn__augment_options *options, brn__random *random);

/* Maps a pixel (x, y) of the result to a place in the source; pixel centres are whole numbers.
 *     source x = (m[0][0] x + m[0][1] y + m[0][2]) / w,  source y = (m[1][0] x + ...) / w,
 *     w = w[0] x + w[1] y + 1
 * It is affine when w[0] and w[1] are 0, else a perspective. */
typedef struct brn__projection {
    double m[2][3];
    double w[2];
} brn__projection;

static inline bool brn__projection_is_affine(const brn__projection *mapping)
{
    return mapping->w[0] == 0 && mapping->w[1] == 0;
}

brn__projection brn__projection_then(brn__projection first, brn__projection second); /* second(first(x, y)) */
/* A w below this is beyond a perspective's horizon, and is taken for this. */
#define BRN__HORIZON 1e-3
/* Where (x, y) comes from. */
void brn__projection_at(const brn__projection *mapping, double x, double y, double place[2]);
/* How the source's x and y change from there to the next pixel: slope[0] = (dx/dx, dx/dy). */
void brn__projection_slope(const brn__projection *mapping, double x, double y, double slope[2][2]);

/* The mapping for a (size, size) result from a width x height picture.
 *
 * In fast.ai 0.7's form the shorter side becomes floor(zoom * size), the scaled picture is rotated,
 * enlarged and stretched about its centre, the crop begins at floor(position * room), and what was cut
 * out is warped, flipped and turned. GoogleNet's crop is cut from the rotated picture. An area crop is
 * torchvision's RandomResizedCrop, rotated about its own centre.
 *
 * With square_first it is fast.ai 2's: Resize (or RandomResizedCrop) to item_size, then zoom, rotation,
 * symmetry and warp as aug_transforms composes them, on a grid whose corners are pixel centres. Beyond
 * the square the picture goes on, where there is one. */
brn__projection brn__augment_projection(const brn__augment *drawn, int width, int height, int size);

/* Whether the next needs the picture's size (else give it 1 x 1). */
bool brn__augment_cover_needs_size(const brn__augment *drawn);
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
