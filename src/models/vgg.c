/* SPDX-License-Identifier: Apache-2.0
 *
 * Simonyan and Zisserman 2014: five stages of 3x3 convolutions, each closed by a max pool 2x2/2,
 * with or without batch norm. Names are torchvision's: a layer's number in `features`, where
 * convolution, batch norm, ReLU and pool all count.
 *
 *     features | pool to 7x7, flatten, 4096, ReLU, dropout, 4096, ReLU, dropout, classes
 *
 * The body splits before layer 22 of the form with batch norm, fast.ai's number; without batch norm
 * at the same place.
 */
#include "models/model_list.h"

#include <stdio.h>

typedef struct vgg_recipe {
    bool norm;
    int convolutions[5]; /* by stage */
} vgg_recipe;

enum { SPLIT = 22, POOLED = 7, HIDDEN = 4096 };

typedef struct vgg_build {
    brn_node *x;
    bool norm;
    int layer;      /* of `features` */
    int norm_layer; /* the same place, counted in the form with batch norm */
} vgg_build;

/* Names the next layer, in its group. `counts`: it is a layer of this form. */
static void next_layer(vgg_build *build, bool counts, char name[32])
{
    brn_graph_set_group(brn_node_graph(build->x), build->norm_layer++ < SPLIT ? 0 : 1);
    snprintf(name, 32, "features.%d", build->layer);
    if (counts) build->layer++;
}

static void convolution(vgg_build *build, int64_t width)
{
    char name[32];
    next_layer(build, true, name);
    build->x = brn_nn_conv2d(
        build->x, name,
        &(brn_nn_conv2d_options){.channels = width, .kernel = 3, .padding = 1, .bias = true});
    next_layer(build, build->norm, name);
    if (build->norm) build->x = brn_nn_batch_norm(build->x, name, NULL);
    next_layer(build, true, name);
    build->x = brn_relu(build->x);
}

static brn_node *vgg_body(const brn_model *model, brn_node *x)
{
    static const int64_t widths[] = {64, 128, 256, 512, 512};
    const vgg_recipe *recipe = model->recipe;
    vgg_build build = {.x = x, .norm = recipe->norm};
    for (int stage = 0; stage < 5; stage++) {
        char name[32];
        for (int i = 0; i < recipe->convolutions[stage]; i++) convolution(&build, widths[stage]);
        next_layer(&build, true, name);
        build.x = brn_pool2d(
            build.x,
            &(brn_pool2d_options){.kind = BRN_POOL_MAX, .kernel = {2, 2}, .stride = {2, 2}});
    }
    return build.x;
}

/* Averages over POOLED ranges of height (axis 2) or width (axis 3), as PyTorch's adaptive pooling:
 * range i is from i size / POOLED, rounded down, to (i + 1) size / POOLED, rounded up. At 224
 * pixels there are POOLED values to begin with. */
static brn_node *adaptive_pool(brn_node *x, int axis)
{
    const brn_shape shape = brn_node_shape(x);
    if (shape.rank != 4 || shape.dims[axis] == POOLED) return x;
    const int64_t size = shape.dims[axis];
    brn_node *parts[POOLED];
    for (int64_t i = 0; i < POOLED; i++) {
        const int64_t begin = i * size / POOLED, end = ((i + 1) * size + POOLED - 1) / POOLED;
        parts[i] = brn_slice(x, axis, begin, end);
        brn_pool2d_options average = {.kind = BRN_POOL_AVERAGE, .kernel = {1, 1}};
        average.kernel[axis - 2] = (int)(end - begin);
        if (end - begin > 1) parts[i] = brn_pool2d(parts[i], &average);
    }
    return brn_concat(parts, POOLED, axis);
}

static brn_node *vgg_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    const brn_init init = {.kind = BRN_INIT_LINEAR_UNIFORM};
    brn_node *x = brn_flatten(adaptive_pool(adaptive_pool(features, 2), 3));
    x = brn_relu(brn_nn_linear(x, "classifier.0", HIDDEN, true, init));
    x = brn_nn_dropout(x, "classifier.2", .5);
    x = brn_relu(brn_nn_linear(x, "classifier.3", HIDDEN, true, init));
    x = brn_nn_dropout(x, "classifier.5", .5);
    return brn_nn_linear(x, "classifier.6", classes, true, init);
}

/* VGG(name, with batch norm, {convolutions of each stage}) */
#define VGG(id, ...)                                                                               \
    const brn_model brn__model_##id = {                                                            \
        .name = #id,                                                                               \
        .features = 512,                                                                           \
        .input_size = 224,                                                                         \
        BRN__IMAGENET_PIXELS,                                                                      \
        .body_groups = 2,                                                                          \
        .classifier = "classifier.",                                                               \
        .recipe = &(const vgg_recipe){__VA_ARGS__},                                                \
        .body = vgg_body,                                                                          \
        .classifier_of = vgg_classifier,                                                           \
    };

VGG(vgg11, false, {1, 1, 2, 2, 2})
VGG(vgg11_bn, true, {1, 1, 2, 2, 2})
VGG(vgg13, false, {2, 2, 2, 2, 2})
VGG(vgg13_bn, true, {2, 2, 2, 2, 2})
VGG(vgg16, false, {2, 2, 3, 3, 3})
VGG(vgg16_bn, true, {2, 2, 3, 3, 3})
VGG(vgg19, false, {2, 2, 4, 4, 4})
VGG(vgg19_bn, true, {2, 2, 4, 4, 4})
