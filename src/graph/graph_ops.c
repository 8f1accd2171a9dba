/* SPDX-License-Identifier: Apache-2.0
 * Records of the ops that the graph layer itself needs. Ids come from the op list through the
 * numbers below, which a test holds against it: the graph layer may not include ops/. */
#include "graph/graph.h"

enum { OP_INPUT, OP_PARAMETER, OP_PICK, OP_REORDER, OP_SUM, OP_FILL };

static brn_status infer_given(brn_node *node)
{
    (void)node; /* the builder set the type */
    return BRN_OK;
}

static brn_status infer_pick(brn_node *node)
{
    (void)node;
    return BRN_OK;
}

static brn_status infer_same(brn_node *node)
{
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status infer_sum(brn_node *node)
{
    for (int i = 1; i < node->input_count; i++)
        if (!brn_shape_equal(brn__input_shape(node, 0), brn__input_shape(node, i)))
            return brn__fail(BRN_ERROR_INPUT, "sum: x%d %s must have the shape of x0 %s", i,
                             BRN__SHAPE(brn__input_shape(node, i)),
                             BRN__SHAPE(brn__input_shape(node, 0)));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_sum(brn__gradient *gradient)
{
    for (int i = 0; i < gradient->node->input_count; i++)
        if (gradient->needed[i]) gradient->dx[i] = gradient->dy[0];
    return BRN_OK;
}

static brn_status infer_fill(brn_node *node)
{
    const brn__fill_attributes *attributes = node->attributes;
    brn__set_output(node, 0, BRN_DTYPE_F32, attributes->shape);
    return BRN_OK;
}

const brn__op brn__op_input = {
    .name = "input", .id = OP_INPUT, .output_count = 1, .infer = infer_given};
const brn__op brn__op_parameter = {
    .name = "parameter", .id = OP_PARAMETER, .output_count = 1, .infer = infer_given};
const brn__op brn__op_pick = {.name = "pick",
                              .id = OP_PICK,
                              .inputs_min = 1,
                              .inputs_max = 1,
                              .output_count = 1,
                              .infer = infer_pick};
const brn__op brn__op_reorder = {.name = "reorder",
                                 .id = OP_REORDER,
                                 .inputs_min = 1,
                                 .inputs_max = 1,
                                 .output_count = 1,
                                 .infer = infer_same};
const brn__op brn__op_sum = {.name = "sum",
                             .id = OP_SUM,
                             .inputs_min = 1,
                             .inputs_max = BRN__INPUTS_MAX,
                             .output_count = 1,
                             .infer = infer_sum,
                             .gradient = gradient_sum};
const brn__op brn__op_fill = {.name = "fill",
                              .id = OP_FILL,
                              .output_count = 1,
                              .attributes_size = sizeof(brn__fill_attributes),
                              .infer = infer_fill};
