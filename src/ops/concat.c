/* SPDX-License-Identifier: Apache-2.0
 * concat (along one axis), slice (a range of one axis) and slice_grad (the range put back, zeros
 * elsewhere). The gradient of concat is its slices. */
#include "ops/rules.h"

static brn_status expect_axis(const brn_node *node, int axis, brn_shape shape)
{
    if (axis >= 0 && axis < shape.rank) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s: there is no axis %d in %s", node->op->name, axis,
                     BRN__SHAPE(shape));
}

static brn_status infer_concat(brn_node *node)
{
    const brn__slice_attributes *attributes = node->attributes;
    int axis = attributes->axis;
    brn_shape first = brn__input_shape(node, 0), y = first;
    BRN__TRY(expect_axis(node, axis, first));
    for (int i = 0; i < node->input_count; i++) {
        brn_shape part = brn__input_shape(node, i), expected = first;
        BRN__TRY(brn__expect_real(node, i, "part"));
        if (part.rank == first.rank) expected.dims[axis] = part.dims[axis];
        if (!brn_shape_equal(part, expected))
            return brn__fail(BRN_ERROR_INPUT,
                             "concat: parts must agree outside axis %d, got x0 %s and x%d %s", axis,
                             BRN__SHAPE(first), i, BRN__SHAPE(part));
        if (i) y.dims[axis] += part.dims[axis];
    }
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn_status gradient_concat(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    brn__slice_attributes attributes = *(const brn__slice_attributes *)node->attributes;
    for (int i = 0; i < node->input_count; i++) {
        attributes.begin = attributes.end;
        attributes.end += brn__input_shape(node, i).dims[attributes.axis];
        if (gradient->needed[i])
            gradient->dx[i] =
                brn__rule_node(gradient, &brn__op_slice, &attributes, &gradient->dy[0], 1);
    }
    return brn__rule_status(gradient);
}

static brn_status expect_range(const brn_node *node, brn_shape x)
{
    const brn__slice_attributes *attributes = node->attributes;
    BRN__TRY(expect_axis(node, attributes->axis, x));
    if (attributes->begin >= 0 && attributes->begin < attributes->end &&
        attributes->end <= x.dims[attributes->axis])
        return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s: [%lld, %lld) is no range of axis %d of x %s",
                     node->op->name, (long long)attributes->begin, (long long)attributes->end,
                     attributes->axis, BRN__SHAPE(x));
}

static brn_status infer_slice(brn_node *node)
{
    const brn__slice_attributes *attributes = node->attributes;
    brn_shape y = brn__input_shape(node, 0);
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(expect_range(node, y));
    y.dims[attributes->axis] = attributes->end - attributes->begin;
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn_status gradient_slice(brn__gradient *gradient)
{
    brn__slice_attributes attributes = *(const brn__slice_attributes *)gradient->node->attributes;
    attributes.x_shape = brn__input_shape(gradient->node, 0);
    gradient->dx[0] =
        brn__rule_backward(gradient, &brn__op_slice_grad, &attributes, &gradient->dy[0], 1);
    return brn__rule_status(gradient);
}

static brn_status infer_slice_grad(brn_node *node)
{
    const brn__slice_attributes *attributes = node->attributes;
    brn_shape expected = attributes->x_shape, dy = brn__input_shape(node, 0);
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(expect_range(node, attributes->x_shape));
    expected.dims[attributes->axis] = attributes->end - attributes->begin;
    if (!brn_shape_equal(dy, expected))
        return brn__fail(BRN_ERROR_INPUT, "slice_grad: dy must be %s, got %s", BRN__SHAPE(expected),
                         BRN__SHAPE(dy));
    brn__set_output(node, 0, BRN_DTYPE_F32, attributes->x_shape);
    return BRN_OK;
}

static void describe_concat(const brn_node *node, brn__text *out)
{
    const brn__slice_attributes *attributes = node->attributes;
    brn__text_printf(out, "axis %d", attributes->axis);
}

static void describe_slice(const brn_node *node, brn__text *out)
{
    const brn__slice_attributes *attributes = node->attributes;
    brn__text_printf(out, "axis %d [%lld, %lld)", attributes->axis, (long long)attributes->begin,
                     (long long)attributes->end);
}

const brn__op brn__op_concat = {.name = "concat",
                                .id = BRN__OP_concat,
                                .inputs_min = 1,
                                .inputs_max = BRN__INPUTS_MAX,
                                .output_count = 1,
                                .attributes_size = sizeof(brn__slice_attributes),
                                .infer = infer_concat,
                                .gradient = gradient_concat,
                                .describe = describe_concat};
const brn__op brn__op_slice = {.name = "slice",
                               .id = BRN__OP_slice,
                               .inputs_min = 1,
                               .inputs_max = 1,
                               .output_count = 1,
                               .attributes_size = sizeof(brn__slice_attributes),
                               .infer = infer_slice,
                               .gradient = gradient_slice,
                               .describe = describe_slice};
const brn__op brn__op_slice_grad = {.name = "slice_grad",
                                    .id = BRN__OP_slice_grad,
                                    .inputs_min = 1,
                                    .inputs_max = 1,
                                    .output_count = 1,
                                    .attributes_size = sizeof(brn__slice_attributes),
                                    .infer = infer_slice_grad,
                                    .describe = describe_slice};

brn_node *brn_concat(brn_node **parts, int count, int axis)
{
    brn__slice_attributes attributes = {.axis = axis};
    if (count < 1 || count > BRN__INPUTS_MAX)
        return brn__graph_fail(brn_node_graph(parts[0]),
                               brn__fail(BRN_ERROR_USAGE, "concat: takes 1..%d parts, got %d",
                                         BRN__INPUTS_MAX, count));
    return brn__apply(&brn__op_concat, &attributes, parts, count);
}

brn_node *brn_slice(brn_node *x, int axis, int64_t begin, int64_t end)
{
    brn__slice_attributes attributes = {.axis = axis, .begin = begin, .end = end};
    return brn__apply(&brn__op_slice, &attributes, &x, 1);
}
