/* SPDX-License-Identifier: Apache-2.0
 * What is drawn, in an order that never changes: later transforms draw after earlier ones. */
#include "data/image/augment.h"

#include <math.h>

brn__augment_options brn__augment_defaults(void)
{
    return (brn__augment_options){
        .min_zoom = 1,
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
        .googlenet_area = 0.08,
        .googlenet_low = 0.75,
        .googlenet_high = 1.333,
        .googlenet_swap = 0.5,
        .stretch_probability = 1,
        .enlarge_probability = 1,
        .choice_shares = {0.25, 0.25, 0.25},
        .crop_scale = 1,
        .warp_probability = 0.75,
        .lighting_probability = 0.75,
        .blur_probability = 0.5,
        .cutout_probability = 0.5,
        .erase_max = 0.3,
        .erase_aspect = 0.3,
        .erase_count = 1,
    };
}

brn__augment brn__augment_identity(void)
{
    return (brn__augment){.zoom = 1, .across = 0.5, .down = 0.5};
}

/* Two numbers, whatever becomes of them: whether, and how much (else `none`). */
static double draw_amount(brn__random *random, double probability, double low, double high,
                          double none)
{
    bool happens = brn__random_uniform(random) < probability;
    double amount = brn__random_between(random, low, high);
    return happens ? amount : none;
}

/* fast.ai 0.7's side-on and top-down pictures, and RandomResizedCrop. */
static void draw_common(const brn__augment_options *options, brn__random *random,
                        brn__augment *drawn)
{
    drawn->zoom =
        draw_amount(random, options->zoom_probability, options->min_zoom, options->max_zoom, 1);
    drawn->across = brn__random_uniform(random);
    drawn->down = brn__random_uniform(random);
    drawn->angle = draw_amount(random, options->rotation_probability, -options->max_rotation,
                               options->max_rotation, 0);
    drawn->flip = brn__random_uniform(random) < options->flip_probability;
    int turns = (int)(brn__random_word(random) >> 30);
    if (options->dihedral) drawn->quarter_turns = turns;
    drawn->balance = brn__random_between(random, -options->max_balance, options->max_balance);
    drawn->contrast = brn__random_between(random, -options->max_contrast, options->max_contrast);
    double low = log(options->min_aspect), high = log(options->max_aspect);
    for (int i = 0; i < BRN__AUGMENT_TRIES; i++) {
        drawn->area[i] = brn__random_between(random, options->min_scale, 1);
        drawn->aspect[i] = exp(brn__random_between(random, low, high));
    }
}

/* On one axis, either with the same probability. */
static void add_stretch(brn__augment *drawn, double amount, uint32_t axis)
{
    if (axis >> 31)
        drawn->stretch_down = (1 + drawn->stretch_down) * (1 + amount) - 1;
    else
        drawn->stretch_across = (1 + drawn->stretch_across) * (1 + amount) - 1;
}

static void draw_stretch(const brn__augment_options *options, brn__random *random,
                         brn__augment *drawn)
{
    double stretch =
        draw_amount(random, options->stretch_probability, 0, options->max_stretch, 0);
    add_stretch(drawn, stretch, brn__random_word(random));
    drawn->enlarge = draw_amount(random, options->enlarge_probability, options->min_enlarge,
                                 options->max_enlarge, 0);
}

/* RandomRotateZoom. */
static void draw_choice(const brn__augment_options *options, brn__random *random,
                        brn__augment *drawn)
{
    double choice = brn__random_uniform(random);
    double angle =
        brn__random_between(random, -options->choice_rotation, options->choice_rotation);
    double enlarge = brn__random_between(random, 0, options->choice_enlarge);
    double stretch = brn__random_between(random, 0, options->choice_stretch);
    uint32_t axis = brn__random_word(random);
    const double *shares = options->choice_shares;
    if (choice < shares[0])
        drawn->angle += angle;
    else if (choice < shares[0] + shares[1])
        drawn->enlarge = (1 + drawn->enlarge) * (1 + enlarge) - 1;
    else if (choice < shares[0] + shares[1] + shares[2])
        add_stretch(drawn, stretch, axis);
}

/* What fast.ai 2's batch transforms draw beside zoom, rotation and flip. */
static void draw_in_square(const brn__augment_options *options, brn__random *random,
                           brn__augment *drawn)
{
    drawn->zoom_across = brn__random_uniform(random);
    drawn->zoom_down = brn__random_uniform(random);
    double area = brn__random_between(random, options->crop_scale, 1);
    if (options->crop_scale < 1) drawn->crop_area = area;
    drawn->crop_across = brn__random_uniform(random);
    drawn->crop_down = brn__random_uniform(random);
    bool turns = brn__random_uniform(random) < options->symmetry_probability;
    uint32_t symmetry = brn__random_word(random) >> 29;
    if (turns) drawn->flip = symmetry & 1, drawn->quarter_turns = (int)(symmetry >> 1);
    drawn->warp_across = draw_amount(random, options->warp_probability, -options->max_warp,
                                     options->max_warp, 0);
    drawn->warp_down = draw_amount(random, options->warp_probability, -options->max_warp,
                                   options->max_warp, 0);
}

/* Brightness moves grey to .5 (1 +- max), contrast multiplies logits by (1 - max) .. 1 / (1 - max). */
static void draw_lighting(const brn__augment_options *options, brn__random *random,
                          brn__augment *drawn)
{
    double most = options->max_lighting, most_log = log(1 - most);
    double grey = draw_amount(random, options->lighting_probability, 0.5 * (1 - most),
                              0.5 * (1 + most), 0.5);
    drawn->brightness = log(grey / (1 - grey));
    drawn->log_contrast =
        draw_amount(random, options->lighting_probability, most_log, -most_log, 0);
}

/* GoogleNetResize: aspects are uniform, and sides are exchanged by a coin. */
static void draw_googlenet(const brn__augment_options *options, brn__random *random,
                           brn__augment *drawn)
{
    for (int i = 0; i < BRN__AUGMENT_TRIES; i++) {
        double area = brn__random_between(random, options->googlenet_area, 1);
        double aspect =
            brn__random_between(random, options->googlenet_low, options->googlenet_high);
        bool swaps = brn__random_uniform(random) < options->googlenet_swap;
        if (options->crop != BRN__CROP_GOOGLENET) continue;
        drawn->area[i] = area;
        drawn->aspect[i] = swaps ? 1 / aspect : aspect;
    }
}

static void draw_retouch(const brn__augment_options *options, brn__random *random,
                         brn__augment *drawn)
{
    bool blurs = brn__random_uniform(random) < options->blur_probability;
    if (blurs && options->blur_strength > 1) drawn->blur_radius = options->blur_strength - 1;
    bool cuts = brn__random_uniform(random) < options->cutout_probability;
    if (cuts) drawn->hole_count = options->cutout_holes;
    drawn->hole_length = options->cutout_length;
    for (int i = 0; i < BRN__AUGMENT_HOLES; i++) {
        drawn->hole_x[i] = brn__random_uniform(random);
        drawn->hole_y[i] = brn__random_uniform(random);
    }
    bool erases = brn__random_uniform(random) < options->erase_probability;
    double most = log(1 / options->erase_aspect);
    int count = 1 + (int)(brn__random_uniform(random) * options->erase_count);
    if (erases) drawn->patch_count = count;
    for (int i = 0; i < BRN__AUGMENT_PATCHES; i++) {
        drawn->patch_area[i] =
            brn__random_between(random, options->erase_min, options->erase_max) / count;
        drawn->patch_aspect[i] = exp(brn__random_between(random, -most, most));
        drawn->patch_y[i] = brn__random_uniform(random);
        drawn->patch_x[i] = brn__random_uniform(random);
    }
    uint64_t high = brn__random_word(random);
    drawn->noise_key = high << 32 | brn__random_word(random);
}

brn__augment brn__augment_draw(const brn__augment_options *options, brn__random *random)
{
    brn__augment drawn = brn__augment_identity();
    drawn.area_crop = options->min_scale < 1 && options->crop != BRN__CROP_GOOGLENET;
    drawn.crop = options->crop;
    drawn.pad = options->pad;
    drawn.pad_mode = options->pad_mode;
    drawn.sample_mode = options->sample_mode;
    drawn.square_first = options->square_first;
    drawn.item_size = options->item_size;
    draw_common(options, random, &drawn);
    draw_stretch(options, random, &drawn);
    draw_choice(options, random, &drawn);
    draw_in_square(options, random, &drawn);
    draw_lighting(options, random, &drawn);
    draw_googlenet(options, random, &drawn);
    draw_retouch(options, random, &drawn);
    return drawn;
}

brn__lighting brn__augment_lighting(const brn__augment *drawn, double mean)
{
    double contrast = drawn->contrast;
    double gain = contrast >= 0 ? 1 + contrast : 1 / (1 - contrast);
    return (brn__lighting){.gain = gain, .bias = mean - mean * gain + drawn->balance};
}
