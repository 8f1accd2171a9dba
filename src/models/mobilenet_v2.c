/* SPDX-License-Identifier: Apache-2.0
 *
 * MobileNetV2 (Sandler et al. 2018): inverted residual blocks with ReLU6 and linear bottlenecks.
 * Names are torchvision's.
 *
 *     features.0 3x3/2 to 32 | features.1 .. 17, blocks | features.18 1x1 to 1280 |
 *     average, dropout, classifier.1
 *
 * A block: 1x1 to 6 x inputs (not in the first), ReLU6, depthwise 3x3 (stride), ReLU6, 1x1 to the
 * outputs, no activation; plus x where stride and width let it. The body splits after features.6.
 */
#include "models/model_list.h"

#include <stdio.h>

typedef struct mobile_stage {
    int expansion, outputs, blocks, stride; /* stride: of the first block */
} mobile_stage;

static const mobile_stage stages[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2},  {6, 64, 4, 2},
    {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
};
enum { STAGES = sizeof stages / sizeof *stages, FIRST_GROUP_END = 7 };

static brn_node *conv_norm(brn_node *x, const char *conv_name, const char *norm_name,
                           brn_nn_conv2d_options conv, brn_activation activation)
{
    conv.padding = conv.kernel / 2;
    return brn_nn_conv_norm(x, &(brn_nn_conv_norm_options){.conv_name = conv_name,
                                                           .norm_name = norm_name,
                                                           .conv = conv,
                                                           .activation = activation});
}

/* Convolution `number` of a block, with norm and ReLU6: conv.NUMBER.0 and conv.NUMBER.1. */
static brn_node *inner(brn_node *x, int number, brn_nn_conv2d_options conv)
{
    brn_scope_push(brn_node_graph(x), "conv.%d", number);
    x = conv_norm(x, "0", "1", conv, BRN_ACTIVATION_RELU6);
    brn_scope_pop(brn_node_graph(x));
    return x;
}

static brn_node *block(brn_node *x, const mobile_stage *stage, int stride)
{
    const int64_t inputs = brn_node_shape(x).dims[1], width = inputs * stage->expansion;
    char conv[16], norm[16];
    int number = 0;
    brn_node *y = x;
    if (stage->expansion != 1) y = inner(y, number++, (brn_nn_conv2d_options){width, .kernel = 1});
    y = inner(y, number++,
              (brn_nn_conv2d_options){width, .kernel = 3, .stride = stride, .groups = (int)width});
    snprintf(conv, sizeof conv, "conv.%d", number);
    snprintf(norm, sizeof norm, "conv.%d", number + 1);
    y = conv_norm(y, conv, norm, (brn_nn_conv2d_options){stage->outputs, .kernel = 1},
                  BRN_ACTIVATION_NONE);
    return stride == 1 && inputs == stage->outputs ? brn_add(y, x) : y;
}

static brn_node *mobile_body(const brn_model *model, brn_node *x)
{
    brn_graph *graph = brn_node_graph(x);
    x = conv_norm(x, "features.0.0", "features.0.1",
                  (brn_nn_conv2d_options){32, .kernel = 3, .stride = 2}, BRN_ACTIVATION_RELU6);
    int layer = 1;
    for (int stage = 0; stage < STAGES; stage++) {
        for (int i = 0; i < stages[stage].blocks; i++, layer++) {
            brn_graph_set_group(graph, layer < FIRST_GROUP_END ? 0 : 1);
            brn_scope_push(graph, "features.%d", layer);
            x = block(x, &stages[stage], i == 0 ? stages[stage].stride : 1);
            brn_scope_pop(graph);
        }
    }
    return conv_norm(x, "features.18.0", "features.18.1",
                     (brn_nn_conv2d_options){model->features, .kernel = 1}, BRN_ACTIVATION_RELU6);
}

static brn_node *mobile_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    brn_node *x = brn_global_pool(features, BRN_POOL_AVERAGE);
    x = brn_nn_dropout(x, "classifier.0", .2);
    return brn_nn_linear(x, "classifier.1", classes, true,
                         (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
}

const brn_model brn__model_mobilenet_v2 = {
    .name = "mobilenet_v2",
    .features = 1280,
    .input_size = 224,
    BRN__IMAGENET_PIXELS,
    .body_groups = 2,
    .classifier = "classifier.",
    .body = mobile_body,
    .classifier_of = mobile_classifier,
};
