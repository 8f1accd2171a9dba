/* SPDX-License-Identifier: Apache-2.0
 * conv2d: awkward channels, pictures and kernels; groups and depthwise; the fused forms. */
#include "ops/cases.h"

typedef struct conv_case {
    int64_t n, c, h, w, o, kh, kw;
    int stride, dilation, padding, groups;
    bool same, bias, residual;
    brn_activation activation;
    double reach; /* of x; 0: 1 */
} conv_case;

static brn_node *build_conv(case_builder *b, const void *argument)
{
    const conv_case *k = argument;
    brn__conv2d_attributes attributes = {
        .stride = {k->stride ? k->stride : 1, k->stride ? k->stride : 1},
        .dilation = {k->dilation ? k->dilation : 1, k->dilation ? k->dilation : 1},
        .padding = {k->padding, k->padding},
        .groups = k->groups ? k->groups : 1,
        .same = k->same,
        .activation = k->activation};
    brn_node *inputs[4] = {case_input(b, "x", DIMS(k->n, k->c, k->h, k->w))};
    if (k->reach > 0) case_range(b, -k->reach, k->reach, 0);
    inputs[1] = case_parameter(b, "weight", DIMS(k->o, k->c / attributes.groups, k->kh, k->kw));
    brn__conv2d_geometry g = brn__conv2d_geometry_of(&attributes, brn_node_shape(inputs[0]),
                                                     brn_node_shape(inputs[1]));
    if (k->bias) inputs[2] = case_parameter(b, "bias", DIMS(k->o));
    if (k->residual) inputs[3] = case_input(b, "residual", DIMS(k->n, k->o, g.oh, g.ow));
    return case_apply(&brn__op_conv2d, &attributes, inputs, 4);
}

/* Through the public builder, heights and widths different. */
static brn_node *build_public(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 4, 9, 6));
    brn_node *weight = case_parameter(b, "weight", DIMS(6, 2, 3, 2));
    brn_node *bias = case_parameter(b, "bias", DIMS(6));
    brn_conv2d_options options = {
        .stride = {2, 1}, .dilation = {1, 2}, .padding = {0, 1}, .groups = 2};
    return brn_conv2d(x, weight, bias, &options);
}

/* x is data: its gradient is never built. */
static brn_node *build_weight_only(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(3, 3, 9, 9));
    case_fix(b);
    brn_node *weight = case_parameter(b, "weight", DIMS(16, 3, 3, 3));
    return brn_conv2d(x, weight, NULL, &(brn_conv2d_options){.stride = {2, 2}, .padding = {1, 1}});
}

static brn_node *build_bias_only(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 5, 4, 4));
    case_fix(b);
    brn_node *weight = case_input(b, "weight", DIMS(24, 5, 1, 1));
    case_fix(b);
    return brn_conv2d(x, weight, case_parameter(b, "bias", DIMS(24)), NULL);
}

/* Weights that another convolution made do not lie in memory as parameters do. */
static brn_node *build_made_weights(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(1, 32, 16, 20));
    brn_node *z = case_input(b, "z", DIMS(32, 32, 3, 3)), *k = case_parameter(b, "k", DIMS(32, 32, 1, 1));
    return brn_conv2d(x, brn_conv2d(z, k, NULL, NULL), NULL, &(brn_conv2d_options){.padding = {1, 1}});
}

#define CONV(title, ...) {"conv2d", title, build_conv, &(const conv_case){__VA_ARGS__}}

static const op_case conv_cases[] = {
    CONV("1x1 of one pixel", 1, 1, 1, 1, 1, 1, 1),
    CONV("1x1, 3 to 5 channels", 3, 3, 7, 7, 5, 1, 1, .bias = true),
    CONV("1x1, 16 to 32 channels, one pixel", 3, 16, 1, 1, 32, 1, 1),
    CONV("1x1, 17 to 24 channels", 1, 17, 7, 7, 24, 1, 1, .bias = true),
    CONV("1x1, 40 to 17 channels, stride 2", 1, 40, 7, 7, 17, 1, 1, .stride = 2),
    CONV("3x3, 3 to 16 channels", 1, 3, 7, 7, 16, 3, 3, .padding = 1, .bias = true),
    CONV("3x3, 16 to 24 channels", 1, 16, 5, 5, 24, 3, 3, .padding = 1),
    CONV("3x3, 24 to 17 channels, stride 2", 1, 24, 7, 7, 17, 3, 3, .stride = 2, .padding = 1),
    CONV("3x3 without padding", 3, 5, 7, 7, 3, 3, 3),
    CONV("3x3 of one pixel", 3, 16, 1, 1, 16, 3, 3, .padding = 1, .bias = true),
    CONV("3x3, dilation 2", 1, 5, 9, 9, 16, 3, 3, .dilation = 2, .padding = 2),
    CONV("3x3, dilation 2, stride 2", 1, 16, 9, 8, 5, 3, 3, .stride = 2, .dilation = 2, .padding = 1),
    CONV("5x5, 1 to 5 channels", 3, 1, 7, 7, 5, 5, 5, .padding = 2, .bias = true),
    CONV("5x5, 3 to 17 channels, stride 2", 1, 3, 9, 9, 17, 5, 5, .stride = 2, .padding = 2),
    CONV("7x7, stride 2", 1, 3, 15, 14, 16, 7, 7, .stride = 2, .padding = 3),
    CONV("11x11, stride 4", 1, 3, 19, 19, 8, 11, 11, .stride = 4, .padding = 2),
    CONV("1x3", 2, 5, 6, 6, 4, 1, 3),
    CONV("same, odd, stride 2", 1, 3, 7, 7, 16, 3, 3, .stride = 2, .same = true),
    CONV("same, even, stride 2", 1, 3, 8, 8, 16, 3, 3, .stride = 2, .same = true, .bias = true),
    CONV("same, 5x5, even, stride 2", 1, 5, 8, 6, 5, 5, 5, .stride = 2, .same = true),
    CONV("same, stride 1", 3, 5, 7, 6, 3, 3, 3, .same = true),
    CONV("same, 1x1, stride 2", 1, 16, 7, 7, 24, 1, 1, .stride = 2, .same = true),
    CONV("same, 2x2", 1, 3, 5, 5, 4, 2, 2, .same = true),
    CONV("2 groups", 1, 6, 5, 5, 10, 3, 3, .padding = 1, .groups = 2, .bias = true),
    CONV("4 groups of 4", 3, 16, 7, 7, 16, 3, 3, .padding = 1, .groups = 4),
    CONV("8 groups of 4", 1, 32, 5, 5, 32, 3, 3, .padding = 1, .groups = 8),
    CONV("4 groups of 8, stride 2", 1, 32, 7, 7, 32, 3, 3, .stride = 2, .padding = 1, .groups = 4),
    CONV("4 groups of 4, stride 2, even", 3, 16, 6, 8, 16, 3, 3, .stride = 2, .padding = 1,
         .groups = 4, .bias = true),
    CONV("8 groups of 4 of one pixel", 3, 32, 1, 1, 32, 3, 3, .padding = 1, .groups = 8),
    CONV("2 groups of 8, wide", 1, 16, 3, 37, 16, 3, 3, .padding = 1, .groups = 2),
    CONV("6 groups of 4, 24 channels", 1, 24, 5, 5, 24, 3, 3, .padding = 1, .groups = 6),
    CONV("4 groups of 4, same, odd, stride 2", 1, 16, 7, 7, 16, 3, 3, .stride = 2, .same = true,
         .groups = 4),
    CONV("4 groups of 4, same, even, stride 2", 1, 16, 6, 6, 16, 3, 3, .stride = 2, .same = true,
         .groups = 4),
    CONV("32 groups of 4", 1, 128, 4, 4, 128, 3, 3, .padding = 1, .groups = 32),
    CONV("2 groups of 16", 1, 32, 4, 4, 32, 3, 3, .padding = 1, .groups = 2),
    CONV("3 groups, 1x1", 2, 9, 4, 4, 6, 1, 1, .groups = 3),
    CONV("depthwise, 1 channel", 1, 1, 7, 7, 1, 3, 3, .padding = 1, .groups = 1),
    CONV("depthwise, 16 channels", 3, 16, 7, 7, 16, 3, 3, .padding = 1, .groups = 16),
    CONV("depthwise, 24 channels, stride 2", 1, 24, 7, 7, 24, 3, 3, .stride = 2, .padding = 1,
         .groups = 24),
    CONV("depthwise, 17 channels, 5x5", 1, 17, 7, 7, 17, 5, 5, .padding = 2, .groups = 17),
    CONV("depthwise, 40 channels, same, stride 2", 1, 40, 8, 8, 40, 3, 3, .stride = 2, .same = true,
         .groups = 40),
    CONV("depthwise, 32 channels, 5x5, same, even", 1, 32, 6, 6, 32, 5, 5, .stride = 2,
         .same = true, .groups = 32, .bias = true),
    CONV("depthwise, dilation 2", 1, 5, 7, 7, 5, 3, 3, .dilation = 2, .padding = 2, .groups = 5),
    CONV("depthwise with multiplier 2", 1, 3, 5, 5, 6, 3, 3, .padding = 1, .groups = 3),
    CONV("fused relu", 1, 3, 7, 7, 16, 3, 3, .padding = 1, .activation = BRN_ACTIVATION_RELU),
    CONV("fused bias and relu", 3, 5, 4, 4, 24, 1, 1, .bias = true,
         .activation = BRN_ACTIVATION_RELU),
    CONV("fused bias and relu6", 1, 16, 5, 5, 17, 3, 3, .padding = 1, .bias = true,
         .activation = BRN_ACTIVATION_RELU6, .reach = 2),
    CONV("fused residual", 3, 5, 5, 5, 24, 1, 1, .residual = true),
    CONV("fused bias, residual and relu", 1, 24, 4, 4, 24, 3, 3, .padding = 1, .bias = true,
         .residual = true, .activation = BRN_ACTIVATION_RELU),
    CONV("fused bias, relu6 and residual", 1, 16, 7, 7, 24, 1, 1, .bias = true, .residual = true,
         .activation = BRN_ACTIVATION_RELU6, .reach = 3),
    CONV("fused depthwise and relu6", 1, 24, 7, 7, 24, 3, 3, .padding = 1, .groups = 24,
         .bias = true, .activation = BRN_ACTIVATION_RELU6, .reach = 4),
    CONV("fused depthwise, residual and relu", 1, 17, 5, 5, 17, 3, 3, .padding = 1, .groups = 17,
         .bias = true, .residual = true, .activation = BRN_ACTIVATION_RELU),
    CONV("fused groups, residual and relu", 1, 32, 4, 4, 32, 3, 3, .padding = 1, .groups = 8,
         .bias = true, .residual = true, .activation = BRN_ACTIVATION_RELU),
    CONV("fused groups of 8, residual and relu6, stride 2", 3, 32, 7, 7, 32, 3, 3, .stride = 2,
         .padding = 1, .groups = 4, .bias = true, .residual = true,
         .activation = BRN_ACTIVATION_RELU6, .reach = 2),
    {"conv2d", "weights that a convolution made", build_made_weights},
    {"conv2d", "unequal height and width options", build_public},
    {"conv2d", "only the weight learns", build_weight_only},
    {"conv2d", "only the bias learns", build_bias_only},
};
OP_CASES(conv_cases)
