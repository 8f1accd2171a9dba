/* SPDX-License-Identifier: Apache-2.0
 *
 * DenseNet (Huang et al. 2016). Every layer of a block reads all that came before it and adds 32
 * channels; a transition between blocks halves channels and size. Batch norm and ReLU come before
 * the convolution. Names are torchvision's, inside `features`.
 *
 *     conv0 7x7/2, norm0, ReLU, max pool 3x3/2, denseblock1, transition1, denseblock2 |
 *     transition2, denseblock3, transition3, denseblock4, norm5 | ReLU, average, classifier
 *
 * As in fast.ai the body ends with norm5, so that a head of its own sees the features before their
 * last ReLU; and it splits after denseblock2.
 */
#include "models/model_list.h"

#include <string.h>

typedef struct densenet_recipe {
    int64_t first; /* channels of conv0 */
    int layers[4]; /* of each block */
} densenet_recipe;

enum { GROWTH = 32, BOTTLENECK = 4 * GROWTH };

static brn_node *norm_relu_conv(brn_node *x, const char *norm, const char *name, int64_t channels,
                                int kernel)
{
    x = brn_relu(brn_nn_batch_norm(x, norm, NULL));
    return brn_nn_conv2d(
        x, name,
        &(brn_nn_conv2d_options){.channels = channels, .kernel = kernel, .padding = kernel / 2});
}

static brn_node *dense_block(brn_node *x, int layers)
{
    for (int i = 1; i <= layers; i++) {
        brn_scope_push(brn_node_graph(x), "denselayer%d", i);
        brn_node *y = norm_relu_conv(x, "norm1", "conv1", BOTTLENECK, 1);
        y = norm_relu_conv(y, "norm2", "conv2", GROWTH, 3);
        brn_scope_pop(brn_node_graph(x));
        x = brn_concat((brn_node *[]){x, y}, 2, 1);
    }
    return x;
}

static brn_node *transition(brn_node *x)
{
    x = norm_relu_conv(x, "norm", "conv", brn_node_shape(x).dims[1] / 2, 1);
    return brn_pool2d(
        x, &(brn_pool2d_options){.kind = BRN_POOL_AVERAGE, .kernel = {2, 2}, .stride = {2, 2}});
}

static brn_node *densenet_body(const brn_model *model, brn_node *x)
{
    const densenet_recipe *recipe = model->recipe;
    brn_graph *graph = brn_node_graph(x);
    brn_scope_push(graph, "features");
    x = brn_nn_conv_norm(
        x, &(brn_nn_conv_norm_options){
               .conv_name = "conv0",
               .norm_name = "norm0",
               .conv = {.channels = recipe->first, .kernel = 7, .stride = 2, .padding = 3},
               .activation = BRN_ACTIVATION_RELU});
    x = brn_pool2d(
        x, &(brn_pool2d_options){
               .kind = BRN_POOL_MAX, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
    for (int block = 1; block <= 4; block++) {
        brn_scope_push(graph, "denseblock%d", block);
        x = dense_block(x, recipe->layers[block - 1]);
        brn_scope_pop(graph);
        if (block == 4) break;
        brn_graph_set_group(graph, block < 2 ? 0 : 1);
        brn_scope_push(graph, "transition%d", block);
        x = transition(x);
        brn_scope_pop(graph);
    }
    x = brn_nn_batch_norm(x, "norm5", NULL);
    brn_scope_pop(graph);
    return x;
}

static brn_node *densenet_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    return brn_nn_linear(brn_global_pool(brn_relu(features), BRN_POOL_AVERAGE), "classifier",
                         classes, true, (brn_init){.kind = BRN_INIT_LINEAR_UNIFORM});
}

/* Files from before PyTorch 0.4 say denselayer1.norm.1.weight for denselayer1.norm1.weight, and
 * conv.2 for conv2; torchvision still publishes them. */
static void new_name(char *name)
{
    char *at = strstr(name, ".denselayer");
    if (!at) return;
    at = strchr(at + 1, '.');
    if (!at || (strncmp(at, ".norm.", 6) != 0 && strncmp(at, ".conv.", 6) != 0)) return;
    memmove(at + 5, at + 6, strlen(at + 6) + 1);
}

const brn_model brn__model_densenet121 = {
    .name = "densenet121",
    .aliases = {"dn121"},
    .features = 1024,
    .input_size = 224,
    BRN__IMAGENET_PIXELS,
    .body_groups = 2,
    .classifier = "classifier.",
    .recipe = &(const densenet_recipe){64, {6, 12, 24, 16}},
    .body = densenet_body,
    .classifier_of = densenet_classifier,
    .new_name = new_name,
};
