/* SPDX-License-Identifier: Apache-2.0
 *
 * EfficientNet-Lite0 (Tan and Le 2019; the Lite form, Google 2020): inverted residual blocks with
 * ReLU6, without squeeze-and-excitation. It came from TensorFlow, hence SAME padding (on stride 2
 * the odd pixel is below and right), batch norms with epsilon 1e-3 and PyTorch's momentum .01, and
 * inputs (byte - 127) / 128. Names are those of its weights file.
 *
 *     _conv_stem 3x3/2 | 16 blocks | _conv_head 1x1 to 1280 | average, _fc
 *
 * A block: 1x1 to 6 x inputs (not in the first), ReLU6, depthwise (stride), ReLU6, 1x1 to the
 * outputs, no activation; plus x where stride and width let it. The body splits after _blocks.4.
 */
#include "models/model_list.h"

typedef struct lite_stage {
    int kernel, stride, expansion, outputs, blocks; /* stride: of the first block */
} lite_stage;

static const lite_stage lite0_stages[] = {
    {3, 1, 1, 16, 1},  {3, 2, 6, 24, 2},  {5, 2, 6, 40, 2},  {3, 2, 6, 80, 3},
    {5, 1, 6, 112, 3}, {5, 2, 6, 192, 4}, {3, 1, 6, 320, 1},
};
enum { STAGES = sizeof lite0_stages / sizeof *lite0_stages, FIRST_GROUP_BLOCKS = 5 };

static brn_node *conv_norm(brn_node *x, const char *conv_name, const char *norm_name,
                           brn_nn_conv2d_options conv, brn_activation activation)
{
    conv.same = true;
    return brn_nn_conv_norm(
        x, &(brn_nn_conv_norm_options){.conv_name = conv_name,
                                       .norm_name = norm_name,
                                       .conv = conv,
                                       .norm = &(brn_batch_norm_options){1e-3, .01},
                                       .activation = activation});
}

static brn_node *block(brn_node *x, const lite_stage *stage, int stride)
{
    const int64_t inputs = brn_node_shape(x).dims[1], width = inputs * stage->expansion;
    brn_node *y = x;
    if (stage->expansion != 1)
        y = conv_norm(y, "_expand_conv", "_bn0", (brn_nn_conv2d_options){width, .kernel = 1},
                      BRN_ACTIVATION_RELU6);
    y = conv_norm(y, "_depthwise_conv", "_bn1",
                  (brn_nn_conv2d_options){width, .kernel = stage->kernel, .stride = stride,
                                          .groups = (int)width},
                  BRN_ACTIVATION_RELU6);
    y = conv_norm(y, "_project_conv", "_bn2", (brn_nn_conv2d_options){stage->outputs, .kernel = 1},
                  BRN_ACTIVATION_NONE);
    return stride == 1 && inputs == stage->outputs ? brn_add(y, x) : y;
}

static brn_node *lite_body(const brn_model *model, brn_node *x)
{
    const lite_stage *stages = model->recipe;
    brn_graph *graph = brn_node_graph(x);
    x = conv_norm(x, "_conv_stem", "_bn0", (brn_nn_conv2d_options){32, .kernel = 3, .stride = 2},
                  BRN_ACTIVATION_RELU6);
    for (int stage = 0, number = 0; stage < STAGES; stage++) {
        for (int i = 0; i < stages[stage].blocks; i++, number++) {
            brn_graph_set_group(graph, number < FIRST_GROUP_BLOCKS ? 0 : 1);
            brn_scope_push(graph, "_blocks.%d", number);
            x = block(x, &stages[stage], i == 0 ? stages[stage].stride : 1);
            brn_scope_pop(graph);
        }
    }
    return conv_norm(x, "_conv_head", "_bn1", (brn_nn_conv2d_options){model->features, .kernel = 1},
                     BRN_ACTIVATION_RELU6);
}

static brn_node *lite_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    return brn_nn_linear(brn_global_pool(features, BRN_POOL_AVERAGE), "_fc", classes, true,
                         (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
}

#define BYTE(value) ((value) / 255.)
const brn_model brn__model_efficientnet_lite0 = {
    .name = "efficientnet_lite0",
    .aliases = {"efficientnet-lite0"},
    .features = 1280,
    .input_size = 224,
    .mean = {BYTE(127), BYTE(127), BYTE(127)},
    .deviation = {BYTE(128), BYTE(128), BYTE(128)},
    .body_groups = 2,
    .classifier = "_fc.",
    .recipe = lite0_stages,
    .body = lite_body,
    .classifier_of = lite_classifier,
};
