/* SPDX-License-Identifier: Apache-2.0
 *
 * Residual networks. He, Zhang, Ren, Sun 2015 (ResNet); Xie et al. 2016 (ResNeXt: the middle
 * convolution in groups); in torchvision's form, where a bottleneck's stride sits on its 3x3
 * convolution ("V1.5").
 *
 *     conv1 7x7/2, bn1, ReLU, max pool 3x3/2 | layer1 .. layer4 of residual blocks | average, fc
 *
 * A block computes relu(f(x) + shortcut(x)). The shortcut is x itself, or a 1x1 convolution with a
 * batch norm where the shape changes. fast.ai splits the body after layer2.
 *
 *     basic       f = conv 3x3 (stride), ReLU, conv 3x3
 *     bottleneck  f = conv 1x1, ReLU, conv 3x3 (stride, groups), ReLU, conv 1x1 to 4 x width
 */
#include "models/model_list.h"

typedef struct resnet_recipe {
    bool bottleneck;
    int blocks[4];       /* in layer1 .. layer4 */
    int groups;          /* of the bottleneck's 3x3 convolution */
    int width_per_group; /* its channels in layer1 = groups * width_per_group */
} resnet_recipe;

/* conv{number} and bn{number} of a block, padded to keep the size. */
static brn_node *conv_norm(brn_node *x, int number, brn_nn_conv2d_options conv,
                           brn_activation activation)
{
    static const char *const conv_names[] = {"conv1", "conv2", "conv3"};
    static const char *const norm_names[] = {"bn1", "bn2", "bn3"};
    conv.padding = conv.kernel / 2;
    return brn_nn_conv_norm(x, &(brn_nn_conv_norm_options){.conv_name = conv_names[number - 1],
                                                           .norm_name = norm_names[number - 1],
                                                           .conv = conv,
                                                           .activation = activation});
}

static brn_node *basic(brn_node *x, int64_t width, int stride)
{
    x = conv_norm(x, 1, (brn_nn_conv2d_options){width, .kernel = 3, .stride = stride},
                  BRN_ACTIVATION_RELU);
    return conv_norm(x, 2, (brn_nn_conv2d_options){width, .kernel = 3}, BRN_ACTIVATION_NONE);
}

/* `width` is that of the plain network: 64 in layer1. */
static brn_node *bottleneck(brn_node *x, const resnet_recipe *recipe, int64_t width, int stride)
{
    const int64_t middle = width * recipe->width_per_group / 64 * recipe->groups;
    x = conv_norm(x, 1, (brn_nn_conv2d_options){middle, .kernel = 1}, BRN_ACTIVATION_RELU);
    x = conv_norm(
        x, 2,
        (brn_nn_conv2d_options){middle, .kernel = 3, .stride = stride, .groups = recipe->groups},
        BRN_ACTIVATION_RELU);
    return conv_norm(x, 3, (brn_nn_conv2d_options){4 * width, .kernel = 1}, BRN_ACTIVATION_NONE);
}

static brn_node *block(brn_node *x, const resnet_recipe *recipe, int64_t width, int stride)
{
    const int64_t outputs = recipe->bottleneck ? 4 * width : width;
    brn_node *y =
        recipe->bottleneck ? bottleneck(x, recipe, width, stride) : basic(x, width, stride);
    if (stride != 1 || brn_node_shape(x).dims[1] != outputs)
        x = brn_nn_conv_norm(
            x, &(brn_nn_conv_norm_options){.conv_name = "downsample.0",
                                           .norm_name = "downsample.1",
                                           .conv = {outputs, .kernel = 1, .stride = stride}});
    return brn_relu(brn_add(y, x));
}

static brn_node *resnet_body(const brn_model *model, brn_node *x)
{
    const resnet_recipe *recipe = model->recipe;
    brn_graph *graph = brn_node_graph(x);
    x = conv_norm(x, 1, (brn_nn_conv2d_options){64, .kernel = 7, .stride = 2}, BRN_ACTIVATION_RELU);
    x = brn_pool2d(
        x, &(brn_pool2d_options){
               .kind = BRN_POOL_MAX, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
    for (int layer = 0; layer < 4; layer++) {
        brn_graph_set_group(graph, layer < 2 ? 0 : 1);
        for (int i = 0; i < recipe->blocks[layer]; i++) {
            brn_scope_push(graph, "layer%d.%d", layer + 1, i);
            x = block(x, recipe, 64 << layer, layer > 0 && i == 0 ? 2 : 1);
            brn_scope_pop(graph);
        }
    }
    return x;
}

static brn_node *resnet_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    return brn_nn_linear(brn_global_pool(features, BRN_POOL_AVERAGE), "fc", classes, true,
                         (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
}

/* RESNET(name, alias, features, bottleneck, {blocks}, groups, width_per_group) */
#define RESNET(id, alias, width, ...)                                                              \
    const brn_model brn__model_##id = {                                                            \
        .name = #id,                                                                               \
        .aliases = {alias},                                                                        \
        .features = width,                                                                         \
        .input_size = 224,                                                                         \
        BRN__IMAGENET_PIXELS,                                                                      \
        .body_groups = 2,                                                                          \
        .classifier = "fc.",                                                                       \
        .recipe = &(const resnet_recipe){__VA_ARGS__},                                             \
        .body = resnet_body,                                                                       \
        .classifier_of = resnet_classifier,                                                        \
    };

RESNET(resnet18, NULL, 512, false, {2, 2, 2, 2}, 1, 64)
RESNET(resnet34, NULL, 512, false, {3, 4, 6, 3}, 1, 64)
RESNET(resnet50, NULL, 2048, true, {3, 4, 6, 3}, 1, 64)
RESNET(resnet101, NULL, 2048, true, {3, 4, 23, 3}, 1, 64)
RESNET(resnet152, NULL, 2048, true, {3, 8, 36, 3}, 1, 64)
RESNET(resnext50_32x4d, "resnext50", 2048, true, {3, 4, 6, 3}, 32, 4)
RESNET(resnext101_32x8d, "resnext101", 2048, true, {3, 4, 23, 3}, 32, 8)
RESNET(wide_resnet50_2, "wrn", 2048, true, {3, 4, 6, 3}, 1, 128)
