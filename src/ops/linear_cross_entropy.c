/* SPDX-License-Identifier: Apache-2.0
 * linear_cross_entropy: a linear layer and its cross-entropy in one, so that logits of a large vocabulary
 * are never stored.
 *
 * With p = softmax(z) and M targets that count, d loss / d z_v = (p_v - [v = t]) / M. A chunk of rows makes
 * its logits, turns them into that gradient in their place, and adds its part of dx = dz w, dw = dz^T x and
 * db; all of it in the forward pass, for a gradient of the loss of 1, which is what a loss mostly has. */
#include "ops/rules.h"

static brn_status expect_targets(const brn_node *node)
{
    brn_shape x = brn__input_shape(node, 0), target = brn__input_shape(node, 2), expected = x;
    BRN__TRY(brn__expect_indices(node, 2, "target"));
    expected.rank--;
    expected = brn_shape_of(expected.rank, expected.dims);
    if (brn_shape_equal(target, expected)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "linear_cross_entropy: target must be %s for x %s, got %s",
                     BRN__SHAPE(expected), BRN__SHAPE(x), BRN__SHAPE(target));
}

static brn_status infer(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 2, BRN_RANK_MAX));
    BRN__TRY(brn__expect_real(node, 1, "weight"));
    BRN__TRY(brn__expect_rank(node, 1, "weight", 2, 2));
    brn_shape x = brn__input_shape(node, 0), w = brn__input_shape(node, 1);
    if (w.dims[1] != x.dims[x.rank - 1] || w.dims[0] < 1)
        return brn__fail(BRN_ERROR_INPUT, "linear_cross_entropy: weight must be (V, E) with E = %lld for x %s, got %s",
                         (long long)x.dims[x.rank - 1], BRN__SHAPE(x), BRN__SHAPE(w));
    BRN__TRY(expect_targets(node));
    if (brn__has(node, 3)) BRN__TRY(brn__expect_vector(node, 3, "bias", w.dims[0], "V"));
    brn__set_output(node, 0, BRN_DTYPE_F32, (brn_shape){0});
    brn__set_output(node, 1, BRN_DTYPE_F32, (brn_shape){0});
    brn__same_as_input(node, 2, 0);
    brn__same_as_input(node, 3, 1);
    brn__set_output(node, 4, BRN_DTYPE_F32, brn_shape_of(1, w.dims));
    return BRN_OK;
}

/* Output `index` times the gradient of the loss; as it is where that is the constant 1. */
static brn__value scaled(brn__gradient *gradient, int index)
{
    brn__value dloss = gradient->dy[0], value = brn__rule_output(gradient, index);
    const brn__fill_attributes *fill = dloss.node->attributes;
    if (dloss.node->op == &brn__op_fill && fill->value == 1) return value;
    return brn__rule_node(gradient, &brn__op_mul, NULL, (brn__value[]){value, dloss}, 2);
}

static brn_status gradient_linear_cross_entropy(brn__gradient *gradient)
{
    BRN__TRY(brn__rule_refuse_output(gradient, 1, "the share of hits"));
    for (int i = 2; i <= 4; i++) BRN__TRY(brn__rule_refuse_output(gradient, i, "a gradient"));
    BRN__TRY(brn__rule_refuse_input(gradient, 2, "the target"));
    if (gradient->needed[0]) gradient->dx[0] = scaled(gradient, 2);
    if (gradient->needed[1]) gradient->dx[1] = scaled(gradient, 3);
    if (gradient->needed[3]) gradient->dx[3] = scaled(gradient, 4);
    return brn__rule_status(gradient);
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__linear_cross_entropy_attributes *attributes = node->attributes;
    if (attributes->ignored >= 0) brn__text_printf(out, "ignored %lld", (long long)attributes->ignored);
}

/* Of the logits alone; each gradient but the bias's is as much again. */
static double flops(const brn_node *node)
{
    return 2.0 * (double)brn_shape_elements(brn__input_shape(node, 0)) * (double)brn__input_shape(node, 1).dims[0];
}

const brn__op brn__op_linear_cross_entropy = {.name = "linear_cross_entropy",
                                              .id = BRN__OP_linear_cross_entropy,
                                              .inputs_min = 3,
                                              .inputs_max = 4,
                                              .output_count = 5,
                                              .attributes_size =
                                                  sizeof(brn__linear_cross_entropy_attributes),
                                              .infer = infer,
                                              .gradient = gradient_linear_cross_entropy,
                                              .describe = describe,
                                              .flops = flops};

brn_node *brn_linear_cross_entropy(brn_node *x, brn_node *weight, brn_node *bias, brn_node *target,
                                   int64_t ignored)
{
    brn__linear_cross_entropy_attributes attributes = {.ignored = ignored};
    return brn__apply(&brn__op_linear_cross_entropy, &attributes, (brn_node *[]){x, weight, target, bias}, 4);
}
