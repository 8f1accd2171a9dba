/* SPDX-License-Identifier: Apache-2.0
 * sequence_pool: the last step, the maximum and the mean over time, of what is not padding. */
#include "ops/rules.h"

/* x (T,N,E) and perhaps tokens (T,N), as inputs `first` and `first` + 1. */
static brn_status expect_sequence(const brn_node *node, int first)
{
    BRN__TRY(brn__expect_real(node, first, "x"));
    BRN__TRY(brn__expect_rank(node, first, "x", 3, 3));
    brn_shape x = brn__input_shape(node, first);
    if (x.dims[0] < 1)
        return brn__fail(BRN_ERROR_INPUT, "%s: x %s has no time step", node->op->name, BRN__SHAPE(x));
    if (!brn__has(node, first + 1)) return BRN_OK;
    BRN__TRY(brn__expect_indices(node, first + 1, "tokens"));
    if (brn_shape_equal(brn__input_shape(node, first + 1), brn_shape_of(2, x.dims))) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: tokens must be (T, N) = %s for x %s, got %s", node->op->name,
                     BRN__SHAPE(brn_shape_of(2, x.dims)), BRN__SHAPE(x),
                     BRN__SHAPE(brn__input_shape(node, first + 1)));
}

static brn_shape pooled_shape(brn_shape x)
{
    int64_t dims[] = {x.dims[1], 3 * x.dims[2]};
    return brn_shape_of(2, dims);
}

static brn_status infer_sequence_pool(brn_node *node)
{
    BRN__TRY(expect_sequence(node, 0));
    brn__set_output(node, 0, BRN_DTYPE_F32, pooled_shape(brn__input_shape(node, 0)));
    return BRN_OK;
}

static brn_status infer_sequence_pool_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(expect_sequence(node, 1));
    brn_shape expected = pooled_shape(brn__input_shape(node, 1));
    if (!brn_shape_equal(brn__input_shape(node, 0), expected))
        return brn__fail(BRN_ERROR_INPUT, "sequence_pool_grad: dy must be %s, got %s", BRN__SHAPE(expected),
                         BRN__SHAPE(brn__input_shape(node, 0)));
    brn__same_as_input(node, 0, 1);
    return BRN_OK;
}

static brn_status gradient_sequence_pool(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    brn__value inputs[] = {gradient->dy[0], node->inputs[0], node->inputs[1]};
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_sequence_pool_grad, node->attributes, inputs,
                                         brn__has(node, 1) ? 3 : 2);
    return brn__rule_status(gradient);
}

const brn__op brn__op_sequence_pool = {.name = "sequence_pool",
                                     .id = BRN__OP_sequence_pool,
                                     .inputs_min = 1,
                                     .inputs_max = 2,
                                     .output_count = 1,
                                     .attributes_size = sizeof(brn__sequence_pool_attributes),
                                     .infer = infer_sequence_pool,
                                     .gradient = gradient_sequence_pool};
const brn__op brn__op_sequence_pool_grad = {.name = "sequence_pool_grad",
                                          .id = BRN__OP_sequence_pool_grad,
                                          .inputs_min = 2,
                                          .inputs_max = 3,
                                          .output_count = 1,
                                          .attributes_size = sizeof(brn__sequence_pool_attributes),
                                          .infer = infer_sequence_pool_grad};

brn_node *brn_sequence_pool(brn_node *x, brn_node *tokens, int64_t padding)
{
    brn__sequence_pool_attributes attributes = {padding};
    return brn__apply(&brn__op_sequence_pool, &attributes, (brn_node *[]){x, tokens}, tokens ? 2 : 1);
}
