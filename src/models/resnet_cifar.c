/* SPDX-License-Identifier: Apache-2.0
 *
 * The residual networks for CIFAR-10's 32x32 pictures (He et al. 2015, section 4.2): 6 n + 2 layers
 * in three stages of n basic blocks.
 *
 *     conv1 3x3 to 16, bn1, ReLU | layer1 (16), layer2 (32, /2), layer3 (64, /2) | average, linear
 *
 * Shortcuts have no parameters (option A): where a stage begins, x is sampled at every second pixel
 * and lies in the middle half of the block's channels, with zeros around. Names are those of
 * akamaster/pytorch_resnet_cifar10. The body splits after layer2, as in all our ResNets.
 */
#include "models/model_list.h"

static brn_node *conv_norm(brn_node *x, const char *conv_name, const char *norm_name, int64_t width,
                           int stride, brn_activation activation)
{
    return brn_nn_conv_norm(
        x, &(brn_nn_conv_norm_options){
               .conv_name = conv_name,
               .norm_name = norm_name,
               .conv = {.channels = width, .kernel = 3, .stride = stride, .padding = 1},
               .activation = activation});
}

/* y + x where y has twice the channels and half the size: the outer channels, to which zeros would
 * be added, stay as they are. A pool of one pixel is the sampling. */
static brn_node *add_to_middle(brn_node *y, brn_node *x)
{
    const int64_t width = brn_node_shape(y).dims[1], begin = width / 4, end = width - begin;
    x = brn_pool2d(
        x, &(brn_pool2d_options){.kind = BRN_POOL_AVERAGE, .kernel = {1, 1}, .stride = {2, 2}});
    brn_node *parts[] = {
        brn_slice(y, 1, 0, begin),
        brn_add(brn_slice(y, 1, begin, end), x),
        brn_slice(y, 1, end, width),
    };
    return brn_concat(parts, 3, 1);
}

static brn_node *block(brn_node *x, int64_t width, int stride)
{
    brn_node *y = conv_norm(x, "conv1", "bn1", width, stride, BRN_ACTIVATION_RELU);
    y = conv_norm(y, "conv2", "bn2", width, 1, BRN_ACTIVATION_NONE);
    return brn_relu(stride == 1 ? brn_add(y, x) : add_to_middle(y, x));
}

static brn_node *cifar_body(const brn_model *model, brn_node *x)
{
    const int blocks = *(const int *)model->recipe;
    brn_graph *graph = brn_node_graph(x);
    x = conv_norm(x, "conv1", "bn1", 16, 1, BRN_ACTIVATION_RELU);
    for (int layer = 0; layer < 3; layer++) {
        brn_graph_set_group(graph, layer < 2 ? 0 : 1);
        for (int i = 0; i < blocks; i++) {
            brn_scope_push(graph, "layer%d.%d", layer + 1, i);
            x = block(x, 16 << layer, layer > 0 && i == 0 ? 2 : 1);
            brn_scope_pop(graph);
        }
    }
    return x;
}

static brn_node *cifar_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    return brn_nn_linear(brn_global_pool(features, BRN_POOL_AVERAGE), "linear", classes, true,
                         (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
}

/* RESNET_CIFAR(name, blocks of a stage) */
#define RESNET_CIFAR(id, count)                                                                    \
    const brn_model brn__model_##id = {                                                            \
        .name = #id,                                                                               \
        .features = 64,                                                                            \
        .input_size = 32,                                                                          \
        BRN__IMAGENET_PIXELS,                                                                      \
        .body_groups = 2,                                                                          \
        .classifier = "linear.",                                                                   \
        .recipe = &(const int){count},                                                             \
        .body = cifar_body,                                                                        \
        .classifier_of = cifar_classifier,                                                         \
    };

RESNET_CIFAR(resnet20_cifar, 3)
RESNET_CIFAR(resnet56_cifar, 9)
