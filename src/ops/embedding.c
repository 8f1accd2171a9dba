/* SPDX-License-Identifier: Apache-2.0
 * embedding (rows of a table) and embedding_grad (rows' gradients summed into a dense table). */
#include "ops/rules.h"

static brn_status infer_embedding(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "weight"));
    BRN__TRY(brn__expect_rank(node, 0, "weight", 2, 2));
    BRN__TRY(brn__expect_indices(node, 1, "indices"));
    BRN__TRY(brn__expect_rank(node, 1, "indices", 0, BRN_RANK_MAX - 1));
    brn_shape y = brn__input_shape(node, 1);
    y.dims[y.rank++] = brn__input_shape(node, 0).dims[1];
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn_status gradient_embedding(brn__gradient *gradient)
{
    brn__embedding_attributes attributes = {brn__input_shape(gradient->node, 0).dims[0]};
    brn__value inputs[] = {gradient->dy[0], gradient->node->inputs[1]};
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_embedding_grad, &attributes, inputs, 2);
    return brn__rule_status(gradient);
}

static brn_status infer_embedding_grad(brn_node *node)
{
    const brn__embedding_attributes *attributes = node->attributes;
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(brn__expect_indices(node, 1, "indices"));
    brn_shape dy = brn__input_shape(node, 0), expected = brn__input_shape(node, 1);
    bool fits = dy.rank == expected.rank + 1;
    if (fits) expected.dims[expected.rank++] = dy.dims[dy.rank - 1];
    if (!fits || !brn_shape_equal(dy, expected))
        return brn__fail(BRN_ERROR_INPUT, "embedding_grad: dy %s does not fit indices %s",
                         BRN__SHAPE(dy), BRN__SHAPE(brn__input_shape(node, 1)));
    int64_t dims[] = {attributes->rows, dy.dims[dy.rank - 1]};
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(2, dims));
    return BRN_OK;
}

const brn__op brn__op_embedding = {.name = "embedding",
                                   .id = BRN__OP_embedding,
                                   .inputs_min = 2,
                                   .inputs_max = 2,
                                   .output_count = 1,
                                   .attributes_size = sizeof(brn__embedding_attributes),
                                   .infer = infer_embedding,
                                   .gradient = gradient_embedding};
const brn__op brn__op_embedding_grad = {.name = "embedding_grad",
                                        .id = BRN__OP_embedding_grad,
                                        .inputs_min = 2,
                                        .inputs_max = 2,
                                        .output_count = 1,
                                        .attributes_size = sizeof(brn__embedding_attributes),
                                        .infer = infer_embedding_grad,
                                        .lists_rows = true};

brn_node *brn_embedding(brn_node *weight, brn_node *indices)
{
    brn__embedding_attributes attributes = {0};
    return brn__apply(&brn__op_embedding, &attributes, (brn_node *[]){weight, indices}, 2);
}
