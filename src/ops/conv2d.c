/* SPDX-License-Identifier: Apache-2.0
 * conv2d, conv2d_grad_input, conv2d_grad_weight: two-dimensional cross-correlation with strides,
 * dilation, zero padding and groups.
 *
 *     y[n,o,i,j] = sum over c, p, q of  w[o,c,p,q] x[n, g C/G + c, i s - b + p d, j s - b + q d]
 *
 * (g = the group of o, b = the padding before, x = 0 outside). y is linear in x and in w, so dx and
 * dw are the two transposed sums over the same index set; a fused activation masks dy before them,
 * a fused residual passes the masked dy on, and db is its sum. */
#include "ops/rules.h"

static void same_padding(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                         int64_t *begin, int64_t *end)
{
    int64_t outputs = (size + stride - 1) / stride;
    int64_t total = (outputs - 1) * stride + (kernel - 1) * dilation + 1 - size;
    if (total < 0) total = 0;
    *begin = total / 2;
    *end = total - *begin;
}

brn__conv2d_geometry brn__conv2d_geometry_of(const brn__conv2d_attributes *attributes,
                                             brn_shape x_shape, brn_shape w_shape)
{
    brn__conv2d_geometry geometry = {.n = x_shape.dims[0],
                                     .c = x_shape.dims[1],
                                     .h = x_shape.dims[2],
                                     .w = x_shape.dims[3],
                                     .o = w_shape.dims[0],
                                     .kh = w_shape.dims[2],
                                     .kw = w_shape.dims[3],
                                     .groups = attributes->groups};
    const int64_t size[2] = {geometry.h, geometry.w}, kernel[2] = {geometry.kh, geometry.kw};
    int64_t outputs[2];
    for (int i = 0; i < 2; i++) {
        int64_t stride = attributes->stride[i], dilation = attributes->dilation[i];
        int64_t *begin = &geometry.pad_begin[i], *end = &geometry.pad_end[i];
        *begin = *end = attributes->padding[i];
        if (attributes->same) same_padding(size[i], kernel[i], stride, dilation, begin, end);
        int64_t room = size[i] + *begin + *end - (kernel[i] - 1) * dilation - 1;
        outputs[i] = room < 0 ? 0 : room / stride + 1;
        geometry.stride[i] = stride;
        geometry.dilation[i] = dilation;
    }
    geometry.oh = outputs[0], geometry.ow = outputs[1];
    return geometry;
}

static brn_status expect_options(const brn_node *node)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    for (int i = 0; i < 2; i++)
        if (attributes->stride[i] < 1 || attributes->dilation[i] < 1 || attributes->padding[i] < 0)
            return brn__fail(BRN_ERROR_USAGE,
                             "%s: stride and dilation must be positive and padding not negative, "
                             "got stride %d, dilation %d, padding %d",
                             node->op->name, attributes->stride[i], attributes->dilation[i],
                             attributes->padding[i]);
    if (attributes->activation > BRN_ACTIVATION_RELU6)
        return brn__fail(BRN_ERROR_USAGE, "%s: %s can't be fused", node->op->name,
                         brn__activation_name(attributes->activation));
    return BRN_OK;
}

/* x and w fit each other and give at least one output pixel. */
static brn_status expect_fit(const brn_node *node, brn_shape x, brn_shape w)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    const char *name = node->op->name;
    int64_t groups = attributes->groups;
    if (groups < 1 || w.dims[0] % groups)
        return brn__fail(BRN_ERROR_INPUT,
                         "%s: %lld groups must divide the output channels of weight %s", name,
                         (long long)groups, BRN__SHAPE(w));
    if (w.dims[1] * groups != x.dims[1])
        return brn__fail(BRN_ERROR_INPUT, "%s: weight %s needs %lld input channels%s, got x %s",
                         name, BRN__SHAPE(w), (long long)(w.dims[1] * groups),
                         groups > 1 ? " in its groups" : "", BRN__SHAPE(x));
    brn__conv2d_geometry geometry = brn__conv2d_geometry_of(attributes, x, w);
    if (geometry.oh < 1 || geometry.ow < 1)
        return brn__fail(
            BRN_ERROR_INPUT, "%s: weight %s with dilation %dx%d is larger than the padded x %s",
            name, BRN__SHAPE(w), attributes->dilation[0], attributes->dilation[1], BRN__SHAPE(x));
    return BRN_OK;
}

static brn_shape output_shape(const brn__conv2d_geometry *geometry)
{
    return brn_shape_of(4, (int64_t[]){geometry->n, geometry->o, geometry->oh, geometry->ow});
}

static brn_status infer_conv2d(brn_node *node)
{
    BRN__TRY(expect_options(node));
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 4, 4));
    BRN__TRY(brn__expect_real(node, 1, "weight"));
    BRN__TRY(brn__expect_rank(node, 1, "weight", 4, 4));
    brn_shape x = brn__input_shape(node, 0), w = brn__input_shape(node, 1);
    BRN__TRY(expect_fit(node, x, w));
    brn__conv2d_geometry geometry = brn__conv2d_geometry_of(node->attributes, x, w);
    brn_shape y = output_shape(&geometry);
    if (brn__has(node, 2)) BRN__TRY(brn__expect_vector(node, 2, "bias", geometry.o, "O"));
    if (brn__has(node, 3) && !brn_shape_equal(brn__input_shape(node, 3), y))
        return brn__fail(BRN_ERROR_INPUT,
                         "conv2d: residual %s must have the shape of the output %s",
                         BRN__SHAPE(brn__input_shape(node, 3)), BRN__SHAPE(y));
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

/* db where dw, which makes it on the way, is not needed. */
static brn__value sum_pixels(brn__gradient *gradient, brn__value dz)
{
    brn__reduce_attributes attributes = {.kind = BRN_REDUCE_SUM,
                                         .axes = 1u << 0 | 1u << 2 | 1u << 3};
    return brn__rule_node(gradient, &brn__op_reduce, &attributes, &dz, 1);
}

static brn_status gradient_conv2d(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    const bool *needed = gradient->needed;
    brn__conv2d_attributes attributes = *(const brn__conv2d_attributes *)node->attributes;
    brn__value dz = brn__rule_activation(gradient, attributes.activation, gradient->dy[0]);
    attributes.activation = BRN_ACTIVATION_NONE;
    attributes.x_shape = brn__input_shape(node, 0);
    attributes.w_shape = brn__input_shape(node, 1);
    if (needed[0])
        gradient->dx[0] = brn__rule_backward(gradient, &brn__op_conv2d_grad_input, &attributes,
                                             (brn__value[]){dz, node->inputs[1]}, 2);
    if (needed[1])
        gradient->dx[1] = brn__rule_backward(gradient, &brn__op_conv2d_grad_weight, &attributes,
                                             (brn__value[]){node->inputs[0], dz}, 2);
    if (needed[2])
        gradient->dx[2] =
            needed[1] ? brn__output(gradient->dx[1].node, 1) : sum_pixels(gradient, dz);
    if (needed[3]) gradient->dx[3] = dz;
    return brn__rule_status(gradient);
}

static brn_status expect_dy(const brn_node *node, int input, brn_shape x, brn_shape w)
{
    BRN__TRY(brn__expect_real(node, input, "dy"));
    BRN__TRY(expect_fit(node, x, w));
    brn__conv2d_geometry geometry = brn__conv2d_geometry_of(node->attributes, x, w);
    if (brn_shape_equal(brn__input_shape(node, input), output_shape(&geometry))) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: dy must be %s, got %s", node->op->name,
                     BRN__SHAPE(output_shape(&geometry)),
                     BRN__SHAPE(brn__input_shape(node, input)));
}

static brn_status infer_grad_input(brn_node *node)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    BRN__TRY(expect_options(node));
    BRN__TRY(brn__expect_real(node, 1, "weight"));
    BRN__TRY(brn__expect_rank(node, 1, "weight", 4, 4));
    BRN__TRY(expect_dy(node, 0, attributes->x_shape, brn__input_shape(node, 1)));
    brn__set_output(node, 0, BRN_DTYPE_F32, attributes->x_shape);
    return BRN_OK;
}

static brn_status infer_grad_weight(brn_node *node)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    BRN__TRY(expect_options(node));
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 4, 4));
    BRN__TRY(expect_dy(node, 1, brn__input_shape(node, 0), attributes->w_shape));
    brn__set_output(node, 0, BRN_DTYPE_F32, attributes->w_shape);
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(1, &attributes->w_shape.dims[0]));
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    brn_shape w = node->op->id == BRN__OP_conv2d_grad_weight ? attributes->w_shape
                                                             : brn__input_shape(node, 1);
    brn__text_printf(out, "%lldx%lld", (long long)w.dims[2], (long long)w.dims[3]);
    if (attributes->stride[0] != 1 || attributes->stride[1] != 1)
        brn__text_printf(out, " stride %dx%d", attributes->stride[0], attributes->stride[1]);
    if (attributes->dilation[0] != 1 || attributes->dilation[1] != 1)
        brn__text_printf(out, " dilation %dx%d", attributes->dilation[0], attributes->dilation[1]);
    if (attributes->same)
        brn__text_add(out, " same");
    else if (attributes->padding[0] || attributes->padding[1])
        brn__text_printf(out, " padding %dx%d", attributes->padding[0], attributes->padding[1]);
    if (attributes->groups != 1) brn__text_printf(out, " groups %d", attributes->groups);
    if (node->op->id == BRN__OP_conv2d && brn__has(node, 3)) brn__text_add(out, " + residual");
    if (attributes->activation)
        brn__text_printf(out, " + %s", brn__activation_name(attributes->activation));
}

/* Two operations for each output pixel, output channel, kernel element and input channel of a
 * group: the same number for the two gradients. */
static double flops(const brn_node *node)
{
    const brn__conv2d_attributes *attributes = node->attributes;
    int op = node->op->id;
    brn_shape x = op == BRN__OP_conv2d_grad_input ? attributes->x_shape : brn__input_shape(node, 0);
    brn_shape w =
        op == BRN__OP_conv2d_grad_weight ? attributes->w_shape : brn__input_shape(node, 1);
    brn__conv2d_geometry geometry = brn__conv2d_geometry_of(attributes, x, w);
    return 2.0 * (double)brn_shape_elements(w) * (double)(geometry.n * geometry.oh * geometry.ow);
}

const brn__op brn__op_conv2d = {.name = "conv2d",
                                .id = BRN__OP_conv2d,
                                .inputs_min = 2,
                                .inputs_max = 4,
                                .output_count = 1,
                                .attributes_size = sizeof(brn__conv2d_attributes),
                                .infer = infer_conv2d,
                                .gradient = gradient_conv2d,
                                .describe = describe,
                                .flops = flops};
const brn__op brn__op_conv2d_grad_input = {.name = "conv2d_grad_input",
                                           .id = BRN__OP_conv2d_grad_input,
                                           .inputs_min = 2,
                                           .inputs_max = 2,
                                           .output_count = 1,
                                           .attributes_size = sizeof(brn__conv2d_attributes),
                                           .infer = infer_grad_input,
                                           .describe = describe,
                                           .flops = flops};
const brn__op brn__op_conv2d_grad_weight = {.name = "conv2d_grad_weight",
                                            .id = BRN__OP_conv2d_grad_weight,
                                            .inputs_min = 2,
                                            .inputs_max = 2,
                                            .output_count = 2,
                                            .attributes_size = sizeof(brn__conv2d_attributes),
                                            .infer = infer_grad_weight,
                                            .describe = describe,
                                            .flops = flops};

brn_node *brn_conv2d(brn_node *x, brn_node *weight, brn_node *bias,
                     const brn_conv2d_options *options)
{
    brn_conv2d_options given = options ? *options : (brn_conv2d_options){.groups = 1};
    brn__conv2d_attributes attributes = {.groups = given.groups ? given.groups : 1,
                                         .same = given.same};
    for (int i = 0; i < 2; i++) {
        attributes.stride[i] = given.stride[i] ? given.stride[i] : 1;
        attributes.dilation[i] = given.dilation[i] ? given.dilation[i] : 1;
        attributes.padding[i] = given.same ? 0 : given.padding[i];
    }
    return brn__apply(&brn__op_conv2d, &attributes, (brn_node *[]){x, weight, bias}, bias ? 3 : 2);
}
