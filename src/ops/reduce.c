/* SPDX-License-Identifier: Apache-2.0
 * reduce (sum, mean, maximum over some axes), reduce_max_grad, broadcast.
 *
 * Summing and repeating are each other's gradients; a mean is a scaled sum; the gradient of a
 * maximum goes to the (first) element that was the maximum. */
#include "ops/rules.h"

/* x with the reduced axes left out, or kept as 1. */
static brn_shape reduced_shape(brn_shape x, unsigned axes, bool keep_dims)
{
    brn_shape y = {0};
    for (int i = 0; i < x.rank; i++) {
        bool reduced = axes >> i & 1;
        if (!reduced || keep_dims) y.dims[y.rank++] = reduced ? 1 : x.dims[i];
    }
    return y;
}

static brn_status expect_axes(const brn_node *node, brn_shape x)
{
    const brn__reduce_attributes *attributes = node->attributes;
    if (!(attributes->axes >> x.rank)) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s: the axes (bits 0x%x) are not all in x %s",
                     node->op->name, attributes->axes, BRN__SHAPE(x));
}

static brn_status infer_reduce(brn_node *node)
{
    const brn__reduce_attributes *attributes = node->attributes;
    brn_shape x = brn__input_shape(node, 0);
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(expect_axes(node, x));
    brn__set_output(node, 0, BRN_DTYPE_F32,
                    reduced_shape(x, attributes->axes, attributes->keep_dims));
    return BRN_OK;
}

static brn__value broadcast_to(brn__gradient *gradient, brn__value x, brn_shape shape)
{
    if (brn_shape_equal(brn__type_of(x)->shape, shape)) return x;
    brn__dims_attributes attributes = {.rank = shape.rank};
    for (int i = 0; i < shape.rank; i++) attributes.dims[i] = shape.dims[i];
    return brn__rule_node(gradient, &brn__op_broadcast, &attributes, &x, 1);
}

static brn_status gradient_reduce(brn__gradient *gradient)
{
    const brn__reduce_attributes *attributes = gradient->node->attributes;
    brn_shape x = brn__input_shape(gradient->node, 0);
    if (attributes->kind == BRN_REDUCE_MAX) {
        brn__value inputs[] = {gradient->dy[0], gradient->node->inputs[0]};
        gradient->dx[0] =
            brn__rule_backward(gradient, &brn__op_reduce_max_grad, attributes, inputs, 2);
        return brn__rule_status(gradient);
    }
    brn_shape kept = reduced_shape(x, attributes->axes, true);
    double count = (double)brn_shape_elements(x) / (double)brn_shape_elements(kept);
    double factor = attributes->kind == BRN_REDUCE_MEAN ? 1 / count : 1;
    brn__value dy = brn__rule_scale(gradient, gradient->dy[0], factor);
    gradient->dx[0] = broadcast_to(gradient, brn__rule_reshape(gradient, dy, kept), x);
    return brn__rule_status(gradient);
}

static brn_status infer_reduce_max_grad(brn_node *node)
{
    const brn__reduce_attributes *attributes = node->attributes;
    brn_shape x = brn__input_shape(node, 1);
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(brn__expect_real(node, 1, "x"));
    BRN__TRY(expect_axes(node, x));
    brn_shape expected = reduced_shape(x, attributes->axes, attributes->keep_dims);
    if (!brn_shape_equal(brn__input_shape(node, 0), expected))
        return brn__fail(BRN_ERROR_INPUT, "reduce_max_grad: dy must be %s, got %s",
                         BRN__SHAPE(expected), BRN__SHAPE(brn__input_shape(node, 0)));
    brn__same_as_input(node, 0, 1);
    return BRN_OK;
}

static brn_status infer_broadcast(brn_node *node)
{
    const brn__dims_attributes *attributes = node->attributes;
    brn_shape x = brn__input_shape(node, 0), y = brn_shape_of(attributes->rank, attributes->dims);
    BRN__TRY(brn__expect_real(node, 0, "x"));
    bool fits = y.rank >= x.rank;
    for (int i = 0; fits && i < x.rank; i++) {
        int64_t target = y.dims[y.rank - x.rank + i];
        fits = x.dims[i] == target || x.dims[i] == 1;
    }
    for (int i = 0; i < y.rank; i++) fits = fits && y.dims[i] > 0;
    if (!fits)
        return brn__fail(BRN_ERROR_INPUT, "broadcast: x %s can't be repeated to %s", BRN__SHAPE(x),
                         BRN__SHAPE(y));
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn_status gradient_broadcast(brn__gradient *gradient)
{
    gradient->dx[0] =
        brn__rule_reduce_to(gradient, gradient->dy[0], brn__input_shape(gradient->node, 0));
    return brn__rule_status(gradient);
}

static void describe_reduce(const brn_node *node, brn__text *out)
{
    static const char *const kinds[] = {
        [BRN_REDUCE_SUM] = "sum", [BRN_REDUCE_MEAN] = "mean", [BRN_REDUCE_MAX] = "max"};
    const brn__reduce_attributes *attributes = node->attributes;
    brn__text_printf(out, "%s over", kinds[attributes->kind]);
    for (int i = 0; i < BRN_RANK_MAX; i++)
        if (attributes->axes >> i & 1) brn__text_printf(out, " %d", i);
}

const brn__op brn__op_reduce = {.name = "reduce",
                                .id = BRN__OP_reduce,
                                .inputs_min = 1,
                                .inputs_max = 1,
                                .output_count = 1,
                                .attributes_size = sizeof(brn__reduce_attributes),
                                .infer = infer_reduce,
                                .gradient = gradient_reduce,
                                .describe = describe_reduce};
const brn__op brn__op_reduce_max_grad = {.name = "reduce_max_grad",
                                         .id = BRN__OP_reduce_max_grad,
                                         .inputs_min = 2,
                                         .inputs_max = 2,
                                         .output_count = 1,
                                         .attributes_size = sizeof(brn__reduce_attributes),
                                         .infer = infer_reduce_max_grad,
                                         .describe = describe_reduce};
const brn__op brn__op_broadcast = {.name = "broadcast",
                                   .id = BRN__OP_broadcast,
                                   .inputs_min = 1,
                                   .inputs_max = 1,
                                   .output_count = 1,
                                   .attributes_size = sizeof(brn__dims_attributes),
                                   .infer = infer_broadcast,
                                   .gradient = gradient_broadcast};

brn_node *brn_reduce(brn_node *x, brn_reduction kind, unsigned axes, bool keep_dims)
{
    brn__reduce_attributes attributes = {.kind = kind, .axes = axes, .keep_dims = keep_dims};
    return brn__apply(&brn__op_reduce, &attributes, &x, 1);
}

brn_node *brn_broadcast(brn_node *x, const int64_t *dims, int rank)
{
    brn__dims_attributes attributes = {.rank = rank};
    if (rank < 0 || rank > BRN_RANK_MAX)
        return brn__graph_fail(brn_node_graph(x),
                               brn__fail(BRN_ERROR_USAGE,
                                         "broadcast: the rank must be 0..%d, got %d", BRN_RANK_MAX,
                                         rank));
    for (int i = 0; i < rank; i++) attributes.dims[i] = dims[i];
    return brn__apply(&brn__op_broadcast, &attributes, &x, 1);
}
