/* SPDX-License-Identifier: Apache-2.0
 *
 * SqueezeNet (Iandola et al. 2016). A fire module squeezes by a 1x1 convolution to few channels and
 * expands them by a 1x1 and a 3x3 convolution side by side. Names are torchvision's: the number in
 * `features`, where the ReLU after the first convolution and the pools count. Pools round up.
 *
 *     conv 3x3 or 7x7 /2, ReLU, max pool | fire modules with two more max pools |
 *     dropout, 1x1 convolution to the classes, ReLU, average
 *
 * The body splits after features.4.
 */
#include "models/model_list.h"

typedef struct squeezenet_recipe {
    int kernel, width; /* of the first convolution */
    int squeeze[10];   /* features.3 .. features.12: a fire module's width, or a pool */
} squeezenet_recipe;

enum { POOL = 0, FIRST_FIRE = 3, FIRES = 10, FIRST_GROUP_END = 5 };

static brn_node *pool(brn_node *x)
{
    return brn_pool2d(x,
                      &(brn_pool2d_options){
                          .kind = BRN_POOL_MAX, .kernel = {3, 3}, .stride = {2, 2}, .ceil = true});
}

static brn_node *convolution(brn_node *x, const char *name, brn_nn_conv2d_options conv)
{
    conv.bias = true;
    return brn_relu(brn_nn_conv2d(x, name, &conv));
}

/* To 4 + 4 times the squeezed width. */
static brn_node *fire(brn_node *x, int width)
{
    x = convolution(x, "squeeze", (brn_nn_conv2d_options){width, .kernel = 1});
    brn_node *parts[] = {
        convolution(x, "expand1x1", (brn_nn_conv2d_options){4 * width, .kernel = 1}),
        convolution(x, "expand3x3", (brn_nn_conv2d_options){4 * width, .kernel = 3, .padding = 1}),
    };
    return brn_concat(parts, 2, 1);
}

static brn_node *squeezenet_body(const brn_model *model, brn_node *x)
{
    const squeezenet_recipe *recipe = model->recipe;
    brn_graph *graph = brn_node_graph(x);
    x = convolution(x, "features.0",
                    (brn_nn_conv2d_options){recipe->width, .kernel = recipe->kernel, .stride = 2});
    x = pool(x);
    for (int i = 0; i < FIRES; i++) {
        const int layer = FIRST_FIRE + i;
        brn_graph_set_group(graph, layer < FIRST_GROUP_END ? 0 : 1);
        brn_scope_push(graph, "features.%d", layer);
        x = recipe->squeeze[i] == POOL ? pool(x) : fire(x, recipe->squeeze[i]);
        brn_scope_pop(graph);
    }
    return x;
}

static brn_node *squeezenet_classifier(const brn_model *model, brn_node *features, int64_t classes)
{
    (void)model;
    brn_node *x = brn_nn_dropout(features, "classifier.0", .5);
    x = convolution(x, "classifier.1", (brn_nn_conv2d_options){classes, .kernel = 1});
    return brn_global_pool(x, BRN_POOL_AVERAGE);
}

/* SQUEEZENET(name, kernel and width of the first convolution, {fire modules and pools}) */
#define SQUEEZENET(id, ...)                                                                        \
    const brn_model brn__model_##id = {                                                            \
        .name = #id,                                                                               \
        .features = 512,                                                                           \
        .input_size = 224,                                                                         \
        BRN__IMAGENET_PIXELS,                                                                      \
        .body_groups = 2,                                                                          \
        .classifier = "classifier.",                                                               \
        .recipe = &(const squeezenet_recipe){__VA_ARGS__},                                         \
        .body = squeezenet_body,                                                                   \
        .classifier_of = squeezenet_classifier,                                                    \
    };

SQUEEZENET(squeezenet1_0, 7, 96, {16, 16, 32, POOL, 32, 48, 48, 64, POOL, 64})
SQUEEZENET(squeezenet1_1, 3, 64, {16, 16, POOL, 32, 32, POOL, 48, 48, 64, 64})
