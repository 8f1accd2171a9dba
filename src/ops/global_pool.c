/* SPDX-License-Identifier: Apache-2.0
 * global_pool, global_pool_grad: the maximum, the average, or both side by side, over a picture. */
#include "ops/rules.h"

static brn_status output_shape(const brn_node *node, brn_shape x, brn_shape *y)
{
    const brn__global_pool_attributes *attributes = node->attributes;
    if (!attributes->maximum && !attributes->average)
        return brn__fail(BRN_ERROR_USAGE, "%s: neither maximum nor average is asked for",
                         node->op->name);
    int64_t parts = attributes->maximum + attributes->average;
    *y = brn_shape_of(2, (int64_t[]){x.dims[0], parts * x.dims[1]});
    return BRN_OK;
}

static brn_status infer_global_pool(brn_node *node)
{
    brn_shape y;
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 4, 4));
    BRN__TRY(output_shape(node, brn__input_shape(node, 0), &y));
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn_status gradient_global_pool(brn__gradient *gradient)
{
    brn__value inputs[] = {gradient->dy[0], gradient->node->inputs[0]};
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_global_pool_grad,
                                         gradient->node->attributes, inputs, 2);
    return brn__rule_status(gradient);
}

static brn_status infer_global_pool_grad(brn_node *node)
{
    brn_shape y;
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(brn__expect_real(node, 1, "x"));
    BRN__TRY(brn__expect_rank(node, 1, "x", 4, 4));
    BRN__TRY(output_shape(node, brn__input_shape(node, 1), &y));
    if (!brn_shape_equal(brn__input_shape(node, 0), y))
        return brn__fail(BRN_ERROR_INPUT, "global_pool_grad: dy must be %s for x %s, got %s",
                         BRN__SHAPE(y), BRN__SHAPE(brn__input_shape(node, 1)),
                         BRN__SHAPE(brn__input_shape(node, 0)));
    brn__same_as_input(node, 0, 1);
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__global_pool_attributes *attributes = node->attributes;
    brn__text_add(out, !attributes->average   ? "max"
                       : !attributes->maximum ? "average"
                                              : "max and average");
}

const brn__op brn__op_global_pool = {.name = "global_pool",
                                     .id = BRN__OP_global_pool,
                                     .inputs_min = 1,
                                     .inputs_max = 1,
                                     .output_count = 1,
                                     .attributes_size = sizeof(brn__global_pool_attributes),
                                     .infer = infer_global_pool,
                                     .gradient = gradient_global_pool,
                                     .describe = describe};
const brn__op brn__op_global_pool_grad = {.name = "global_pool_grad",
                                          .id = BRN__OP_global_pool_grad,
                                          .inputs_min = 2,
                                          .inputs_max = 2,
                                          .output_count = 1,
                                          .attributes_size = sizeof(brn__global_pool_attributes),
                                          .infer = infer_global_pool_grad,
                                          .describe = describe};

brn_node *brn_global_pool(brn_node *x, brn_pool_kind kind)
{
    brn__global_pool_attributes attributes = {.maximum = kind == BRN_POOL_MAX,
                                              .average = kind == BRN_POOL_AVERAGE};
    return brn__apply(&brn__op_global_pool, &attributes, &x, 1);
}

brn_node *brn_concat_pool(brn_node *x)
{
    brn__global_pool_attributes attributes = {.maximum = true, .average = true};
    return brn__apply(&brn__op_global_pool, &attributes, &x, 1);
}
