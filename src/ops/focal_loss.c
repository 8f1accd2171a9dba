/* SPDX-License-Identifier: Apache-2.0
 * focal_loss, focal_loss_grad (Lin et al. 2017): cross-entropy in which an item that is answered
 * well counts little, for classes of which some are rare. With p = softmax(x) at the label and L =
 * log p, one item's loss is f = -(1 - p)^g L. As dp / dx_k = p ([k = label] - p_k),
 *
 *     df / dx_k = ([k = label] - p_k) (g p (1 - p)^(g - 1) L - (1 - p)^g) */
#include "ops/rules.h"

#include <math.h>

/* logits (N, K) and labels int64 (N), as inputs `first` and `first` + 1. */
static brn_status expect_labels(const brn_node *node, int first)
{
    BRN__TRY(brn__expect_real(node, first, "logits"));
    BRN__TRY(brn__expect_rank(node, first, "logits", 2, 2));
    BRN__TRY(brn__expect_indices(node, first + 1, "labels"));
    brn_shape logits = brn__input_shape(node, first), labels = brn__input_shape(node, first + 1);
    if (labels.rank == 1 && labels.dims[0] == logits.dims[0]) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: labels must be (N) for logits %s, got %s",
                     node->op->name, BRN__SHAPE(logits), BRN__SHAPE(labels));
}

static brn_status infer(brn_node *node)
{
    BRN__TRY(expect_labels(node, 0));
    brn__set_output(node, 0, BRN_DTYPE_F32, (brn_shape){0});
    return BRN_OK;
}

static brn_status gradient(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    brn__value inputs[] = {gradient->dy[0], node->inputs[0], node->inputs[1]};
    gradient->dx[0] =
        brn__rule_backward(gradient, &brn__op_focal_loss_grad, node->attributes, inputs, 3);
    return brn__rule_status(gradient);
}

static brn_status infer_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dloss"));
    BRN__TRY(brn__expect_rank(node, 0, "dloss", 0, 0));
    BRN__TRY(expect_labels(node, 1));
    brn__same_as_input(node, 0, 1);
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__focal_loss_attributes *attributes = node->attributes;
    brn__text_printf(out, "gamma %g", attributes->gamma);
}

const brn__op brn__op_focal_loss = {.name = "focal_loss",
                                    .id = BRN__OP_focal_loss,
                                    .inputs_min = 2,
                                    .inputs_max = 2,
                                    .output_count = 1,
                                    .attributes_size = sizeof(brn__focal_loss_attributes),
                                    .infer = infer,
                                    .gradient = gradient,
                                    .describe = describe};
const brn__op brn__op_focal_loss_grad = {.name = "focal_loss_grad",
                                         .id = BRN__OP_focal_loss_grad,
                                         .inputs_min = 3,
                                         .inputs_max = 3,
                                         .output_count = 1,
                                         .attributes_size = sizeof(brn__focal_loss_attributes),
                                         .infer = infer_grad,
                                         .describe = describe};

brn_node *brn_focal_loss(brn_node *logits, brn_node *labels, double gamma)
{
    brn__focal_loss_attributes attributes = {gamma};
    if (brn__is_poison(logits)) return logits;
    if (!(gamma >= 0) || !isfinite(gamma))
        return brn__graph_fail(
            brn_node_graph(logits),
            brn__fail(BRN_ERROR_USAGE, "focal_loss: gamma %g; expected 0 or more", gamma));
    return brn__apply(&brn__op_focal_loss, &attributes, (brn_node *[]){logits, labels}, 2);
}
