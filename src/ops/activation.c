/* SPDX-License-Identifier: Apache-2.0
 * activation, activation_grad.
 *
 * The gradient reads what is kept anyway: with y = relu(x), y > 0 says what x > 0 says; sigmoid' =
 * y (1 - y) and tanh' = 1 - y^2. Only silu, which is not monotone, has to read x. */
#include "ops/rules.h"

const char *brn__activation_name(brn_activation kind)
{
    static const char *const names[BRN_ACTIVATION_COUNT] = {
        [BRN_ACTIVATION_NONE] = "none",   [BRN_ACTIVATION_RELU] = "relu",
        [BRN_ACTIVATION_RELU6] = "relu6", [BRN_ACTIVATION_SIGMOID] = "sigmoid",
        [BRN_ACTIVATION_TANH] = "tanh",   [BRN_ACTIVATION_SILU] = "silu"};
    return (unsigned)kind < BRN_ACTIVATION_COUNT ? names[kind] : "unknown";
}

static brn_status expect_kind(const brn_node *node)
{
    const brn__activation_attributes *attributes = node->attributes;
    if ((unsigned)attributes->kind < BRN_ACTIVATION_COUNT) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "%s: there is no activation %d", node->op->name,
                     (int)attributes->kind);
}

static brn_status infer_activation(brn_node *node)
{
    BRN__TRY(expect_kind(node));
    BRN__TRY(brn__expect_real(node, 0, "x"));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_activation(brn__gradient *gradient)
{
    const brn__activation_attributes *attributes = gradient->node->attributes;
    if (attributes->kind == BRN_ACTIVATION_NONE) {
        gradient->dx[0] = gradient->dy[0];
        return BRN_OK;
    }
    brn__value kept = attributes->kind == BRN_ACTIVATION_SILU ? gradient->node->inputs[0]
                                                              : brn__rule_output(gradient, 0);
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_activation_grad, attributes,
                                         (brn__value[]){gradient->dy[0], kept}, 2);
    return brn__rule_status(gradient);
}

static brn_status infer_activation_grad(brn_node *node)
{
    BRN__TRY(expect_kind(node));
    BRN__TRY(brn__expect_real(node, 0, "dy"));
    BRN__TRY(brn__expect_real(node, 1, "s"));
    BRN__TRY(brn__expect_same_shape(node, 0, "dy", 1, "s"));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__activation_attributes *attributes = node->attributes;
    brn__text_add(out, brn__activation_name(attributes->kind));
}

const brn__op brn__op_activation = {.name = "activation",
                                    .id = BRN__OP_activation,
                                    .inputs_min = 1,
                                    .inputs_max = 1,
                                    .output_count = 1,
                                    .attributes_size = sizeof(brn__activation_attributes),
                                    .infer = infer_activation,
                                    .gradient = gradient_activation,
                                    .describe = describe};
const brn__op brn__op_activation_grad = {.name = "activation_grad",
                                         .id = BRN__OP_activation_grad,
                                         .inputs_min = 2,
                                         .inputs_max = 2,
                                         .output_count = 1,
                                         .attributes_size = sizeof(brn__activation_attributes),
                                         .infer = infer_activation_grad,
                                         .describe = describe};

brn_node *brn_activate(brn_node *x, brn_activation kind)
{
    if (kind == BRN_ACTIVATION_NONE) return x;
    brn__activation_attributes attributes = {kind};
    return brn__apply(&brn__op_activation, &attributes, &x, 1);
}

brn_node *brn_relu(brn_node *x)
{
    return brn_activate(x, BRN_ACTIVATION_RELU);
}
brn_node *brn_relu6(brn_node *x)
{
    return brn_activate(x, BRN_ACTIVATION_RELU6);
}
brn_node *brn_sigmoid(brn_node *x)
{
    return brn_activate(x, BRN_ACTIVATION_SIGMOID);
}
brn_node *brn_tanh(brn_node *x)
{
    return brn_activate(x, BRN_ACTIVATION_TANH);
}
brn_node *brn_silu(brn_node *x)
{
    return brn_activate(x, BRN_ACTIVATION_SILU);
}
