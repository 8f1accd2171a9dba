/* SPDX-License-Identifier: Apache-2.0
 * log_softmax, log_softmax_grad, over the last axis.
 *
 * y = x - log sum exp x, so dx = dy - softmax(x) sum dy, and softmax(x) = exp y is kept in y. */
#include "ops/rules.h"

static brn_status infer_log_softmax(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 1, BRN_RANK_MAX));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_log_softmax(brn__gradient *gradient)
{
    brn__value inputs[] = {gradient->dy[0], brn__rule_output(gradient, 0)};
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_log_softmax_grad, NULL, inputs, 2);
    return brn__rule_status(gradient);
}

static brn_status infer_log_softmax_grad(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(brn__expect_rank(node, 0, "dy", 1, BRN_RANK_MAX));
    BRN__TRY(brn__expect_real(node, 1, "y"));
    BRN__TRY(brn__expect_same_shape(node, 0, "dy", 1, "y"));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

const brn__op brn__op_log_softmax = {.name = "log_softmax",
                                     .id = BRN__OP_log_softmax,
                                     .inputs_min = 1,
                                     .inputs_max = 1,
                                     .output_count = 1,
                                     .infer = infer_log_softmax,
                                     .gradient = gradient_log_softmax};
const brn__op brn__op_log_softmax_grad = {.name = "log_softmax_grad",
                                          .id = BRN__OP_log_softmax_grad,
                                          .inputs_min = 2,
                                          .inputs_max = 2,
                                          .output_count = 1,
                                          .infer = infer_log_softmax_grad};

brn_node *brn_log_softmax(brn_node *x)
{
    return brn__apply(&brn__op_log_softmax, NULL, &x, 1);
}
