/* SPDX-License-Identifier: Apache-2.0
 * pool2d, pool2d_grad: the maximum or the average over windows.
 *
 * Output 1 (the workspace) is a backend's own note of where each maximum was found; only the
 * gradient of MAX reads it. The divisor of AVERAGE is the number of window elements inside the
 * picture, or with count_padding inside the padded picture. */
#include "ops/rules.h"

int64_t brn__pool2d_size(const brn_pool2d_options *options, int axis, int64_t size)
{
    int64_t kernel = options->kernel[axis], stride = options->stride[axis];
    int64_t padding = options->padding[axis];
    int64_t room = size + 2 * padding - kernel;
    if (room < 0) return options->ceil && room > -stride && size + padding > 0 ? 1 : 0;
    int64_t outputs = (room + (options->ceil ? stride - 1 : 0)) / stride + 1;
    /* As PyTorch: the last window must start inside the picture or the padding before it. */
    if (options->ceil && (outputs - 1) * stride >= size + padding) outputs--;
    return outputs;
}

static brn_status expect_options(const brn_node *node)
{
    const brn__pool2d_attributes *attributes = node->attributes;
    const brn_pool2d_options *options = &attributes->options;
    for (int i = 0; i < 2; i++)
        if (options->kernel[i] < 1 || options->stride[i] < 1 || options->padding[i] < 0 ||
            2 * options->padding[i] > options->kernel[i])
            return brn__fail(BRN_ERROR_USAGE,
                             "%s: kernel and stride must be positive and padding at most half the "
                             "kernel, got kernel %d, stride %d, padding %d",
                             node->op->name, options->kernel[i], options->stride[i],
                             options->padding[i]);
    return BRN_OK;
}

static brn_status output_shape(const brn_node *node, brn_shape x, brn_shape *y)
{
    const brn__pool2d_attributes *attributes = node->attributes;
    const brn_pool2d_options *options = &attributes->options;
    bool overhangs = false;
    *y = x;
    for (int i = 0; i < 2; i++) {
        int64_t outputs = brn__pool2d_size(options, i, x.dims[2 + i]);
        int64_t end = (outputs - 1) * options->stride[i] + options->kernel[i];
        overhangs |= end > x.dims[2 + i] + 2 * options->padding[i];
        y->dims[2 + i] = outputs;
    }
    if (y->dims[2] < 1 || y->dims[3] < 1)
        return brn__fail(BRN_ERROR_INPUT, "%s: a %dx%d window is larger than the padded x %s",
                         node->op->name, options->kernel[0], options->kernel[1], BRN__SHAPE(x));
    if (overhangs && options->count_padding && options->kind == BRN_POOL_AVERAGE)
        return brn__fail(
            BRN_ERROR_UNSUPPORTED,
            "%s: an average that counts padding can't round up past the padding of x %s",
            node->op->name, BRN__SHAPE(x));
    return BRN_OK;
}

static brn_status infer_pool2d(brn_node *node)
{
    brn_shape y;
    BRN__TRY(expect_options(node));
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 4, 4));
    BRN__TRY(output_shape(node, brn__input_shape(node, 0), &y));
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    brn__set_output(node, 1, BRN_DTYPE_I64, y);
    return BRN_OK;
}

static brn_status gradient_pool2d(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    brn__pool2d_attributes attributes = *(const brn__pool2d_attributes *)node->attributes;
    attributes.x_shape = brn__input_shape(node, 0);
    bool maximum = attributes.options.kind == BRN_POOL_MAX;
    brn__value inputs[] = {gradient->dy[0], brn__rule_output(gradient, 1)};
    BRN__TRY(brn__rule_refuse_output(gradient, 1, "the workspace"));
    gradient->dx[0] =
        brn__rule_backward(gradient, &brn__op_pool2d_grad, &attributes, inputs, maximum ? 2 : 1);
    return brn__rule_status(gradient);
}

static brn_status infer_pool2d_grad(brn_node *node)
{
    const brn__pool2d_attributes *attributes = node->attributes;
    brn_shape y;
    BRN__TRY(expect_options(node));
    BRN__TRY(output_shape(node, attributes->x_shape, &y));
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    if (!brn_shape_equal(brn__input_shape(node, 0), y))
        return brn__fail(BRN_ERROR_INPUT, "pool2d_grad: dy must be %s, got %s", BRN__SHAPE(y),
                         BRN__SHAPE(brn__input_shape(node, 0)));
    if (attributes->options.kind == BRN_POOL_MAX && !brn__has(node, 1))
        return brn__fail(BRN_ERROR_INTERNAL,
                         "pool2d_grad: the workspace of the maximum is missing");
    brn__set_output(node, 0, BRN_DTYPE_F32, attributes->x_shape);
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__pool2d_attributes *attributes = node->attributes;
    const brn_pool2d_options *options = &attributes->options;
    brn__text_printf(out, "%s %dx%d stride %dx%d",
                     options->kind == BRN_POOL_MAX ? "max" : "average", options->kernel[0],
                     options->kernel[1], options->stride[0], options->stride[1]);
    if (options->padding[0] || options->padding[1])
        brn__text_printf(out, " padding %dx%d", options->padding[0], options->padding[1]);
    if (options->ceil) brn__text_add(out, " ceil");
}

const brn__op brn__op_pool2d = {.name = "pool2d",
                                .id = BRN__OP_pool2d,
                                .inputs_min = 1,
                                .inputs_max = 1,
                                .output_count = 2,
                                .attributes_size = sizeof(brn__pool2d_attributes),
                                .infer = infer_pool2d,
                                .gradient = gradient_pool2d,
                                .describe = describe};
const brn__op brn__op_pool2d_grad = {.name = "pool2d_grad",
                                     .id = BRN__OP_pool2d_grad,
                                     .inputs_min = 1,
                                     .inputs_max = 2,
                                     .output_count = 1,
                                     .attributes_size = sizeof(brn__pool2d_attributes),
                                     .infer = infer_pool2d_grad,
                                     .describe = describe};

brn_node *brn_pool2d(brn_node *x, const brn_pool2d_options *options)
{
    brn__pool2d_attributes attributes = {.options = *options};
    for (int i = 0; i < 2; i++)
        if (!options->stride[i]) attributes.options.stride[i] = options->kernel[i];
    return brn__apply(&brn__op_pool2d, &attributes, &x, 1);
}
