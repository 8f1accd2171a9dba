/* SPDX-License-Identifier: Apache-2.0 */
#include "data/image/transform.h"
#include "base/alloc.h"
#include "base/files.h"
#include "data/image/augment_words.h"
#include "data/image/gather.h"
#include "data/image/retouch.h"

#include <math.h>

brn__image_transform brn__image_transform_defaults(int size)
{
    return (brn__image_transform){
        .size = size,
        .resize = size,
        .interpolation = BRN__INTERPOLATION_BILINEAR,
        .mean = {0.485f, 0.456f, 0.406f},
        .deviation = {0.229f, 0.224f, 0.225f},
        .training = brn__augment_defaults(),
    };
}

brn_status brn__image_transform_check(const brn__image_transform *transform)
{
    if (transform->size < 1 || transform->size > 4096)
        return brn__fail(BRN_ERROR_USAGE, "image size %d; expected 1 to 4096", transform->size);
    if (transform->resize < transform->size || transform->resize > 8192)
        return brn__fail(BRN_ERROR_USAGE,
                         "resize %d; expected at least the size, %d, and at most 8192",
                         transform->resize, transform->size);
    for (int channel = 0; channel < 3; channel++)
        if (!(transform->deviation[channel] > 0))
            return brn__fail(BRN_ERROR_USAGE, "deviation %g of channel %d; expected more than 0",
                             (double)transform->deviation[channel], channel);
    return brn__augment_check(&transform->training);
}

/* Sampled with a margin that the blur uses up. */
static brn_status gather_blurred(const brn__picture *picture, const brn__projection *projection,
                                 const brn__augment *drawn, int size, const brn__tone *tone,
                                 float *out)
{
    const int radius = drawn->blur_radius, side = size + 2 * radius;
    const size_t values = 3 * (size_t)side * (size_t)side;
    float *wide = brn__alloc_array(values + (size_t)side, sizeof *wide);
    if (!wide) return BRN_ERROR_NO_MEMORY;
    brn__gather(picture, projection, (brn__sampling){drawn->pad_mode, drawn->sample_mode}, side, tone, wide);
    brn__blur(wide, size, radius, wide + values, out);
    brn__free(wide);
    return BRN_OK;
}

static brn_status gather(brn__picture *picture, const brn__augment *drawn, int size,
                         const brn__tone *tone, float *out)
{
    const int radius = drawn->blur_radius;
    brn__projection projection = brn__augment_projection(drawn, picture->width, picture->height, size);
    if (radius > 0) {
        const brn__projection margin = {{{1, 0, -radius}, {0, 1, -radius}}};
        projection = brn__projection_then(margin, projection);
    }
    BRN__TRY(brn__picture_prefilter(picture, &projection, size + 2 * radius));
    if (radius > 0) return gather_blurred(picture, &projection, drawn, size, tone, out);
    brn__gather(picture, &projection, (brn__sampling){drawn->pad_mode, drawn->sample_mode}, size, tone, out);
    return BRN_OK;
}

brn_status brn__image_transform_apply_drawn(const brn__image_transform *transform,
                                            brn__picture *picture, const brn__augment *drawn,
                                            float *out)
{
    double mean = drawn->contrast != 0 ? brn__picture_mean(picture) / 255 : 0;
    brn__tone tone =
        brn__tone_new(brn__augment_lighting(drawn, mean), transform->mean, transform->deviation);
    brn__tone_light(&tone, drawn);
    BRN__TRY(gather(picture, drawn, transform->size, &tone, out));
    brn__cut_out(drawn, tone.offset, transform->size, out);
    brn__erase(drawn, transform->size, out);
    return BRN_OK;
}

/* torchvision's CenterCrop: Python's round, which takes halves to the even number. */
static int centre_start(int side, int size)
{
    return (int)nearbyint((side - size) / 2.0);
}

/* What the picture is resized to before its middle is taken. torchvision's Resize(R): the longer side is
 * R * longer / shorter, rounded down. As in fast.ai, a picture that training squashes or shows whole is
 * treated so here too. */
static void plain_sides(const brn__image_transform *transform, const brn__picture *picture,
                        int sides[2])
{
    const int64_t width = picture->width, height = picture->height;
    const bool is_high = width < height;
    const int64_t shorter = is_high ? width : height, longer = is_high ? height : width;
    int64_t to_shorter = transform->resize, to_longer = transform->resize;
    if (transform->training.crop == BRN__CROP_WHOLE) {
        to_longer = transform->size;
        to_shorter = transform->size * shorter / longer;
        if (to_shorter < 1) to_shorter = 1;
    } else if (transform->training.crop != BRN__CROP_SQUASH) {
        to_longer = transform->resize * longer / shorter;
    }
    sides[0] = (int)(is_high ? to_shorter : to_longer);
    sides[1] = (int)(is_high ? to_longer : to_shorter);
}

/* All of a picture of at most S x S pixels, in the middle; beyond its edge what training pads with. */
static void put_in_the_middle(const brn__image_transform *transform, const brn__picture *picture,
                              const brn__tone *tone, float *out)
{
    const int size = transform->size;
    const brn__projection shift = {{{1, 0, -((size - picture->width) / 2)},
                                    {0, 1, -((size - picture->height) / 2)}}};
    brn__gather(picture, &shift, (brn__sampling){.pad_mode = transform->training.pad_mode}, size,
                tone, out);
}

static brn_status apply_plain(const brn__image_transform *transform, const brn__picture *picture,
                              float *out)
{
    const int size = transform->size;
    const brn__tone tone =
        brn__tone_new((brn__lighting){1, 0}, transform->mean, transform->deviation);
    if (picture->width == size && picture->height == size) {
        brn__tone_apply(picture, &tone, out);
        return BRN_OK;
    }
    int sides[2];
    plain_sides(transform, picture, sides);
    const bool whole = transform->training.crop == BRN__CROP_WHOLE;
    brn__rectangle part = {centre_start(sides[0], size), centre_start(sides[1], size), size, size};
    if (whole) part = (brn__rectangle){0, 0, sides[0], sides[1]};
    brn__picture cropped;
    BRN__TRY(brn__picture_resize(picture, sides[0], sides[1], part, transform->interpolation,
                                 &cropped));
    if (whole)
        put_in_the_middle(transform, &cropped, &tone, out);
    else
        brn__tone_apply(&cropped, &tone, out);
    brn__picture_free(&cropped);
    return BRN_OK;
}

brn_status brn__image_transform_apply(const brn__image_transform *transform, brn__picture *picture,
                                      bool training, brn__random *random, float *out)
{
    if (!training) return apply_plain(transform, picture, out);
    brn__augment drawn = brn__augment_draw(&transform->training, random);
    return brn__image_transform_apply_drawn(transform, picture, &drawn, out);
}

/* The shorter side that the decoded picture must have; for most crops this needs the header. */
static brn_status choose_cover(const brn__image_transform *transform, const char *bytes,
                               size_t length, const char *path, const brn__augment *drawn,
                               int *cover)
{
    int width = 1, height = 1;
    if (brn__augment_cover_needs_size(drawn))
        BRN__TRY(brn__picture_size(bytes, length, path, &width, &height));
    *cover = brn__augment_cover(drawn, width, height, transform->size);
    return BRN_OK;
}

brn_status brn__image_transform_read(const brn__image_transform *transform, const char *path,
                                     bool training, brn__random *random, float *out)
{
    char *bytes;
    size_t length;
    BRN__TRY(brn__read_file(path, BRN__PICTURE_FILE_MAX, &bytes, &length));
    brn__picture picture = {0};
    brn__augment drawn = {0};
    int cover = 2 * transform->resize;
    brn_status status = BRN_OK;
    if (training) {
        drawn = brn__augment_draw(&transform->training, random);
        status = choose_cover(transform, bytes, length, path, &drawn, &cover);
    }
    if (status == BRN_OK) status = brn__picture_decode(bytes, length, path, cover, &picture);
    brn__free(bytes);
    if (status == BRN_OK && transform->changer.change)
        status = transform->changer.change(transform->changer.context, path, training, transform->changer_seed, &picture);
    if (status == BRN_OK)
        status = training ? brn__image_transform_apply_drawn(transform, &picture, &drawn, out)
                          : apply_plain(transform, &picture, out);
    brn__picture_free(&picture);
    return status;
}
