/* SPDX-License-Identifier: Apache-2.0
 * What the gradient rules and shape rules of several ops share. */
#include "ops/rules.h"

brn__value brn__rule_node(brn__gradient *gradient, const brn__op *op, const void *attributes,
                          const brn__value *inputs, int input_count)
{
    return brn__output(
        brn__node_new(gradient->graph, op, attributes, inputs, input_count, gradient->node->name),
        0);
}

brn__value brn__rule_backward(brn__gradient *gradient, const brn__op *op, const void *attributes,
                              const brn__value *inputs, int input_count)
{
    brn__value value = brn__rule_node(gradient, op, attributes, inputs, input_count);
    value.node->forward = gradient->node;
    return value;
}

brn__value brn__rule_output(const brn__gradient *gradient, int index)
{
    return brn__output((brn_node *)gradient->node, index);
}

brn__value brn__rule_activation(brn__gradient *gradient, brn_activation kind, brn__value dy)
{
    if (kind == BRN_ACTIVATION_NONE) return dy;
    brn__activation_attributes attributes = {kind};
    return brn__rule_node(gradient, &brn__op_activation_grad, &attributes,
                          (brn__value[]){dy, brn__rule_output(gradient, 0)}, 2);
}

brn__value brn__rule_scale(brn__gradient *gradient, brn__value x, double a)
{
    brn__scale_attributes attributes = {a, 0};
    return a == 1 ? x : brn__rule_node(gradient, &brn__op_scale, &attributes, &x, 1);
}

brn__value brn__rule_reshape(brn__gradient *gradient, brn__value x, brn_shape shape)
{
    if (brn_shape_equal(brn__type_of(x)->shape, shape)) return x;
    brn__dims_attributes attributes = {.rank = shape.rank};
    for (int i = 0; i < shape.rank; i++) attributes.dims[i] = shape.dims[i];
    return brn__rule_node(gradient, &brn__op_reshape, &attributes, &x, 1);
}

brn__value brn__rule_reduce_to(brn__gradient *gradient, brn__value x, brn_shape shape)
{
    brn_shape full = brn__type_of(x)->shape;
    brn__reduce_attributes attributes = {.kind = BRN_REDUCE_SUM};
    int leading = full.rank - shape.rank;
    for (int i = 0; i < full.rank; i++)
        if (i < leading || shape.dims[i - leading] != full.dims[i]) attributes.axes |= 1u << i;
    if (attributes.axes) x = brn__rule_node(gradient, &brn__op_reduce, &attributes, &x, 1);
    return brn__rule_reshape(gradient, x, shape);
}

brn_status brn__rule_refuse_output(const brn__gradient *gradient, int index, const char *what)
{
    if (!gradient->dy[index].node) return BRN_OK;
    return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: %s of %s can't be differentiated",
                     gradient->node->op->name, what, gradient->node->name);
}

brn_status brn__rule_refuse_input(const brn__gradient *gradient, int index, const char *what)
{
    if (index >= gradient->node->input_count || !gradient->needed[index]) return BRN_OK;
    return brn__fail(BRN_ERROR_UNSUPPORTED, "%s: there is no gradient for %s of %s",
                     gradient->node->op->name, what, gradient->node->name);
}

brn_status brn__rule_status(const brn__gradient *gradient)
{
    return gradient->graph->status;
}

brn_status brn__expect_indices(const brn_node *node, int input, const char *what)
{
    if (brn__input_dtype(node, input) == BRN_DTYPE_I64) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must be int64, got %s %s", node->op->name, what,
                     brn_dtype_name(brn__input_dtype(node, input)),
                     BRN__SHAPE(brn__input_shape(node, input)));
}

brn_status brn__expect_same_shape(const brn_node *node, int a, const char *name_a, int b,
                                  const char *name_b)
{
    if (brn_shape_equal(brn__input_shape(node, a), brn__input_shape(node, b))) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s %s must have the shape of %s %s", node->op->name,
                     name_b, BRN__SHAPE(brn__input_shape(node, b)), name_a,
                     BRN__SHAPE(brn__input_shape(node, a)));
}

brn_status brn__expect_vector(const brn_node *node, int input, const char *what, int64_t length,
                              const char *meaning)
{
    brn_shape shape = brn__input_shape(node, input);
    BRN__TRY(brn__expect_real(node, input, what));
    if (shape.rank == 1 && shape.dims[0] == length) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must be (%s) = (%lld), got %s", node->op->name, what,
                     meaning, (long long)length, BRN__SHAPE(shape));
}
