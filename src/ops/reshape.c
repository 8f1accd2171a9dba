/* SPDX-License-Identifier: Apache-2.0
 * reshape (a view of the same row-major memory) and transpose (any order of the dimensions). */
#include "ops/rules.h"

static brn_status infer_reshape(brn_node *node)
{
    const brn__dims_attributes *attributes = node->attributes;
    brn_shape x = brn__input_shape(node, 0), y = {.rank = attributes->rank};
    int inferred = -1;
    int64_t known = 1, elements = brn_shape_elements(x);
    for (int i = 0; i < y.rank; i++) {
        int64_t size = attributes->dims[i];
        if (size == 0 && i < x.rank) size = x.dims[i];
        if (size == -1 && inferred < 0) {
            inferred = i;
            continue;
        }
        if (size < 1)
            return brn__fail(
                BRN_ERROR_USAGE,
                "reshape: dimension %d is %lld: it must be positive, 0 (as in x %s) or "
                "once -1",
                i, (long long)attributes->dims[i], BRN__SHAPE(x));
        y.dims[i] = size;
        known *= size;
    }
    if (inferred >= 0) y.dims[inferred] = elements / known;
    if (brn_shape_elements(y) != elements)
        return brn__fail(BRN_ERROR_INPUT, "reshape: x %s has %lld elements, %s has not",
                         BRN__SHAPE(x), (long long)elements,
                         BRN__SHAPE(brn_shape_of(attributes->rank, attributes->dims)));
    brn__set_output(node, 0, brn__input_dtype(node, 0), y);
    return BRN_OK;
}

static brn_status gradient_reshape(brn__gradient *gradient)
{
    gradient->dx[0] =
        brn__rule_reshape(gradient, gradient->dy[0], brn__input_shape(gradient->node, 0));
    return brn__rule_status(gradient);
}

static brn_status infer_transpose(brn_node *node)
{
    const brn__dims_attributes *attributes = node->attributes;
    brn_shape x = brn__input_shape(node, 0), y = x;
    unsigned seen = 0;
    for (int i = 0; i < attributes->rank; i++)
        if (attributes->dims[i] >= 0 && attributes->dims[i] < x.rank) {
            seen |= 1u << attributes->dims[i];
            y.dims[i] = x.dims[attributes->dims[i]];
        }
    if (attributes->rank != x.rank || seen != (1u << x.rank) - 1)
        return brn__fail(
            BRN_ERROR_USAGE, "transpose: the order %s must name each dimension of x %s once",
            BRN__SHAPE(brn_shape_of(attributes->rank, attributes->dims)), BRN__SHAPE(x));
    brn__set_output(node, 0, brn__input_dtype(node, 0), y);
    return BRN_OK;
}

static brn_status gradient_transpose(brn__gradient *gradient)
{
    const brn__dims_attributes *attributes = gradient->node->attributes;
    brn__dims_attributes inverse = {.rank = attributes->rank};
    for (int i = 0; i < attributes->rank; i++) inverse.dims[attributes->dims[i]] = i;
    gradient->dx[0] = brn__rule_node(gradient, &brn__op_transpose, &inverse, &gradient->dy[0], 1);
    return brn__rule_status(gradient);
}

static void describe_transpose(const brn_node *node, brn__text *out)
{
    const brn__dims_attributes *attributes = node->attributes;
    brn__text_printf(out, "order %s", BRN__SHAPE(brn_shape_of(attributes->rank, attributes->dims)));
}

const brn__op brn__op_reshape = {.name = "reshape",
                                 .id = BRN__OP_reshape,
                                 .inputs_min = 1,
                                 .inputs_max = 1,
                                 .output_count = 1,
                                 .attributes_size = sizeof(brn__dims_attributes),
                                 .infer = infer_reshape,
                                 .gradient = gradient_reshape};
const brn__op brn__op_transpose = {.name = "transpose",
                                   .id = BRN__OP_transpose,
                                   .inputs_min = 1,
                                   .inputs_max = 1,
                                   .output_count = 1,
                                   .attributes_size = sizeof(brn__dims_attributes),
                                   .infer = infer_transpose,
                                   .gradient = gradient_transpose,
                                   .describe = describe_transpose};

static brn_node *refuse_rank(brn_node *x, const char *op, int rank)
{
    return brn__graph_fail(
        brn_node_graph(x),
        brn__fail(BRN_ERROR_USAGE, "%s: the rank must be 0..%d, got %d", op, BRN_RANK_MAX, rank));
}

brn_node *brn_reshape(brn_node *x, const int64_t *dims, int rank)
{
    brn__dims_attributes attributes = {.rank = rank};
    if (rank < 0 || rank > BRN_RANK_MAX) return refuse_rank(x, "reshape", rank);
    for (int i = 0; i < rank; i++) attributes.dims[i] = dims[i];
    return brn__apply(&brn__op_reshape, &attributes, &x, 1);
}

brn_node *brn_flatten(brn_node *x)
{
    return brn_reshape(x, (int64_t[]){0, -1}, 2);
}

brn_node *brn_transpose(brn_node *x, const int *order, int rank)
{
    brn__dims_attributes attributes = {.rank = rank};
    if (rank < 0 || rank > BRN_RANK_MAX) return refuse_rank(x, "transpose", rank);
    for (int i = 0; i < rank; i++) attributes.dims[i] = order[i];
    return brn__apply(&brn__op_transpose, &attributes, &x, 1);
}
