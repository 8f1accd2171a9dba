/* SPDX-License-Identifier: Apache-2.0
 * locked_dropout and embedding_dropout: dropout's masks, one for all of the time and one for each word.
 * Merity, Keskar and Socher 2017, "Regularizing and Optimizing LSTM Language Models". */
#include "ops/rules.h"

static brn_status infer_locked_dropout(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 2, BRN_RANK_MAX));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_locked_dropout(brn__gradient *gradient)
{
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_locked_dropout, gradient->node->attributes,
                                         &gradient->dy[0], 1);
    return brn__rule_status(gradient);
}

static brn_status infer_embedding_dropout(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_indices(node, 1, "indices"));
    brn_shape x = brn__input_shape(node, 0), expected = brn__input_shape(node, 1);
    const bool fits = x.rank == expected.rank + 1;
    if (fits) expected.dims[expected.rank++] = x.dims[x.rank - 1];
    if (!fits || !brn_shape_equal(x, expected))
        return brn__fail(BRN_ERROR_INPUT, "embedding_dropout: x %s does not fit indices %s", BRN__SHAPE(x),
                         BRN__SHAPE(brn__input_shape(node, 1)));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_embedding_dropout(brn__gradient *gradient)
{
    brn__value inputs[] = {gradient->dy[0], gradient->node->inputs[1]};
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_embedding_dropout, gradient->node->attributes,
                                         inputs, 2);
    return brn__rule_status(gradient);
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__dropout_attributes *attributes = node->attributes;
    brn__text_printf(out, "stream %s", attributes->stream);
}

const brn__op brn__op_locked_dropout = {.name = "locked_dropout",
                                        .id = BRN__OP_locked_dropout,
                                        .inputs_min = 1,
                                        .inputs_max = 1,
                                        .output_count = 1,
                                        .attributes_size = sizeof(brn__dropout_attributes),
                                        .infer = infer_locked_dropout,
                                        .gradient = gradient_locked_dropout,
                                        .describe = describe,
                                        .varies = true,
                                        .training_only = true};
const brn__op brn__op_embedding_dropout = {.name = "embedding_dropout",
                                           .id = BRN__OP_embedding_dropout,
                                           .inputs_min = 2,
                                           .inputs_max = 2,
                                           .output_count = 1,
                                           .attributes_size = sizeof(brn__dropout_attributes),
                                           .infer = infer_embedding_dropout,
                                           .gradient = gradient_embedding_dropout,
                                           .describe = describe,
                                           .varies = true,
                                           .training_only = true};

brn_node *brn_locked_dropout(brn_node *x, int probability_slot)
{
    return brn__dropout_of(&brn__op_locked_dropout, &x, 1, probability_slot);
}

brn_node *brn_embedding_dropout(brn_node *x, brn_node *indices, int probability_slot)
{
    return brn__dropout_of(&brn__op_embedding_dropout, (brn_node *[]){x, indices}, 2, probability_slot);
}
