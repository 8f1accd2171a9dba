/* SPDX-License-Identifier: Apache-2.0
 * add, mul (with NumPy's broadcasting), scale (a x + b with constants).
 *
 * Where an input was repeated, its gradient is the sum over the repetitions. */
#include "ops/rules.h"

static brn_status infer_broadcasting(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "a"));
    BRN__TRY(brn__expect_real(node, 1, "b"));
    brn_shape a = brn__input_shape(node, 0), b = brn__input_shape(node, 1);
    brn_shape y = {.rank = a.rank > b.rank ? a.rank : b.rank};
    for (int back = 1; back <= y.rank; back++) {
        int64_t in_a = back <= a.rank ? a.dims[a.rank - back] : 1;
        int64_t in_b = back <= b.rank ? b.dims[b.rank - back] : 1;
        if (in_a != in_b && in_a != 1 && in_b != 1)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: trailing dimensions must be equal or 1, got a %s and b %s",
                             node->op->name, BRN__SHAPE(a), BRN__SHAPE(b));
        y.dims[y.rank - back] = in_a == 1 ? in_b : in_a;
    }
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn_status gradient_add(brn__gradient *gradient)
{
    for (int i = 0; i < 2; i++)
        if (gradient->needed[i])
            gradient->dx[i] =
                brn__rule_reduce_to(gradient, gradient->dy[0], brn__input_shape(gradient->node, i));
    return brn__rule_status(gradient);
}

static brn_status gradient_mul(brn__gradient *gradient)
{
    for (int i = 0; i < 2; i++) {
        if (!gradient->needed[i]) continue;
        brn__value other = gradient->node->inputs[1 - i];
        brn__value product =
            brn__rule_node(gradient, &brn__op_mul, NULL, (brn__value[]){gradient->dy[0], other}, 2);
        gradient->dx[i] =
            brn__rule_reduce_to(gradient, product, brn__input_shape(gradient->node, i));
    }
    return brn__rule_status(gradient);
}

static brn_status infer_scale(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_scale(brn__gradient *gradient)
{
    const brn__scale_attributes *attributes = gradient->node->attributes;
    gradient->dx[0] = brn__rule_scale(gradient, gradient->dy[0], attributes->a);
    return brn__rule_status(gradient);
}

static void describe_scale(const brn_node *node, brn__text *out)
{
    const brn__scale_attributes *attributes = node->attributes;
    brn__text_printf(out, "%g x + %g", attributes->a, attributes->b);
}

const brn__op brn__op_add = {.name = "add",
                             .id = BRN__OP_add,
                             .inputs_min = 2,
                             .inputs_max = 2,
                             .output_count = 1,
                             .infer = infer_broadcasting,
                             .gradient = gradient_add};
const brn__op brn__op_mul = {.name = "mul",
                             .id = BRN__OP_mul,
                             .inputs_min = 2,
                             .inputs_max = 2,
                             .output_count = 1,
                             .infer = infer_broadcasting,
                             .gradient = gradient_mul};
const brn__op brn__op_scale = {.name = "scale",
                               .id = BRN__OP_scale,
                               .inputs_min = 1,
                               .inputs_max = 1,
                               .output_count = 1,
                               .attributes_size = sizeof(brn__scale_attributes),
                               .infer = infer_scale,
                               .gradient = gradient_scale,
                               .describe = describe_scale};

brn_node *brn_add(brn_node *a, brn_node *b)
{
    return brn__apply(&brn__op_add, NULL, (brn_node *[]){a, b}, 2);
}

brn_node *brn_mul(brn_node *a, brn_node *b)
{
    return brn__apply(&brn__op_mul, NULL, (brn_node *[]){a, b}, 2);
}

brn_node *brn_scale(brn_node *x, double a, double b)
{
    brn__scale_attributes attributes = {a, b};
    return brn__apply(&brn__op_scale, &attributes, &x, 1);
}
