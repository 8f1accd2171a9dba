/* SPDX-License-Identifier: Apache-2.0
 * What turns a picture into a network's input (3, S, S): the augmented view for training, the plain
 * one for validation and prediction. */
#ifndef BRN__DATA_IMAGE_TRANSFORM_H
#define BRN__DATA_IMAGE_TRANSFORM_H

#include "data/image/augment.h"
#include "data/image/picture.h"
#include "data/image/resize.h"

/* A change of somebody's own, ahead of all others: of the pixels, or of the whole picture. A pure function; several
 * threads call it at once. */
typedef struct brn__image_changer {
    brn_status (*change)(void *context, const char *path, bool training, uint64_t seed, brn__picture *picture);
    void *context;
} brn__image_changer;

typedef struct brn__image_transform {
    int size;   /* S: side of the result */
    int resize; /* validation: the shorter side becomes this, then the centre S x S is cut out; a picture
                   of S x S pixels is taken as it is. Where training squashes, both sides become this;
                   where it shows the whole picture, the longer side becomes S */
    brn__interpolation interpolation; /* of that resize */
    float mean[3], deviation[3];      /* of pixels in [0, 1], per channel */
    brn__augment_options training;
    brn__image_changer changer; /* of pictures that are read from files; no function: none */
    uint64_t changer_seed;      /* of the picture in hand, where it is changed for training */
} brn__image_transform;

/* resize = size, bilinear, ImageNet's mean and deviation, brn__augment_defaults(). */
brn__image_transform brn__image_transform_defaults(int size);
/* Fails with a sentence when a value makes no sense. */
brn_status brn__image_transform_check(const brn__image_transform *transform);

/* out: (3, S, S). `random` is used when `training` (else it may be NULL). The picture's pixels are
 * worked on in place and mean nothing afterwards. The result is a pure function of the arguments.
 */
brn_status brn__image_transform_apply(const brn__image_transform *transform, brn__picture *picture,
                                      bool training, brn__random *random, float *out);

/* The same with what was drawn given. */
brn_status brn__image_transform_apply_drawn(const brn__image_transform *transform,
                                            brn__picture *picture, const brn__augment *drawn,
                                            float *out);

/* Reads a file and applies the transform; a JPEG is decoded at a reduced size where that loses
 * nothing: for training while it covers the crop, for validation while its shorter side is at least
 * twice `resize`. */
brn_status brn__image_transform_read(const brn__image_transform *transform, const char *path,
                                     bool training, brn__random *random, float *out);

#endif
