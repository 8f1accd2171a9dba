/* SPDX-License-Identifier: Apache-2.0
 * activation_penalty: AR and TAR of Merity, McCann and Socher 2017, "Revisiting Activation Regularization
 * for Language RNNs". */
#include "ops/rules.h"

static brn_status expect_states(const brn_node *node, int first)
{
    BRN__TRY(brn__expect_real(node, first, "raw"));
    BRN__TRY(brn__expect_rank(node, first, "raw", 3, 3));
    BRN__TRY(brn__expect_real(node, first + 1, "dropped"));
    return brn__expect_same_shape(node, first, "raw", first + 1, "dropped");
}

static brn_status infer_activation_penalty(brn_node *node)
{
    BRN__TRY(expect_states(node, 0));
    brn__set_output(node, 0, BRN_DTYPE_F32, (brn_shape){0});
    return BRN_OK;
}

static brn_status infer_activation_penalty_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dloss"));
    BRN__TRY(brn__expect_rank(node, 0, "dloss", 0, 0));
    BRN__TRY(expect_states(node, 1));
    brn__same_as_input(node, 0, 1);
    brn__same_as_input(node, 1, 2);
    return BRN_OK;
}

static brn_status gradient_activation_penalty(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    brn__value inputs[] = {gradient->dy[0], node->inputs[0], node->inputs[1]};
    brn__value back =
        brn__rule_backward(gradient, &brn__op_activation_penalty_grad, node->attributes, inputs, 3);
    if (gradient->needed[0]) gradient->dx[0] = back;
    if (gradient->needed[1]) gradient->dx[1] = brn__output(back.node, 1);
    return brn__rule_status(gradient);
}

const brn__op brn__op_activation_penalty = {.name = "activation_penalty",
                                            .id = BRN__OP_activation_penalty,
                                            .inputs_min = 2,
                                            .inputs_max = 2,
                                            .output_count = 1,
                                            .attributes_size = sizeof(brn__activation_penalty_attributes),
                                            .infer = infer_activation_penalty,
                                            .gradient = gradient_activation_penalty};
const brn__op brn__op_activation_penalty_grad = {.name = "activation_penalty_grad",
                                                 .id = BRN__OP_activation_penalty_grad,
                                                 .inputs_min = 3,
                                                 .inputs_max = 3,
                                                 .output_count = 2,
                                                 .attributes_size =
                                                     sizeof(brn__activation_penalty_attributes),
                                                 .infer = infer_activation_penalty_grad};

brn_node *brn_activation_penalty(brn_node *raw, brn_node *dropped, int alpha_slot, int beta_slot)
{
    brn_graph *graph = brn_node_graph(raw);
    brn__activation_penalty_attributes attributes = {alpha_slot, beta_slot};
    if (graph->status != BRN_OK) return &graph->poison;
    if (alpha_slot < 0 || alpha_slot >= graph->scalar_count || beta_slot < 0 || beta_slot >= graph->scalar_count)
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE,
                                                "activation_penalty: there are no scalar slots %d and %d",
                                                alpha_slot, beta_slot));
    return brn__apply(&brn__op_activation_penalty, &attributes, (brn_node *[]){raw, dropped}, 2);
}
