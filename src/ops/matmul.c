/* SPDX-License-Identifier: Apache-2.0
 * matmul: products of (stacks of) matrices, with an optional bias and activation; linear layers are
 * matmul(x, w, bias) with w transposed.
 *
 * With Y = A B, A = op(a), B = op(b): dA = dY B^T and dB = A^T dY, each again one matmul. Where an
 * operand was given transposed, its gradient is the transposed product: da = B dY^T, db = dY^T A.
 * Where b is one matrix for a whole stack, the stack is first laid out as rows. */
#include "ops/rules.h"

static brn_status expect_operands(const brn_node *node)
{
    brn_shape a = brn__input_shape(node, 0), b = brn__input_shape(node, 1);
    BRN__TRY(brn__expect_real(node, 0, "a"));
    BRN__TRY(brn__expect_real(node, 1, "b"));
    BRN__TRY(brn__expect_rank(node, 0, "a", 2, BRN_RANK_MAX));
    BRN__TRY(brn__expect_rank(node, 1, "b", 2, BRN_RANK_MAX));
    bool rows = b.rank == 2 && a.rank > 2, equal = a.rank == b.rank;
    for (int i = 0; equal && i < a.rank - 2; i++) equal = a.dims[i] == b.dims[i];
    if (!rows && !equal)
        return brn__fail(BRN_ERROR_INPUT,
                         "matmul: leading dimensions must be equal, got a %s and b %s",
                         BRN__SHAPE(a), BRN__SHAPE(b));
    const brn__matmul_attributes *attributes = node->attributes;
    if (rows && attributes->transpose_a)
        return brn__fail(BRN_ERROR_INPUT,
                         "matmul: a stack of transposed a %s needs as many b, got b %s",
                         BRN__SHAPE(a), BRN__SHAPE(b));
    return BRN_OK;
}

static brn_status infer(brn_node *node)
{
    const brn__matmul_attributes *attributes = node->attributes;
    if (attributes->activation > BRN_ACTIVATION_RELU6)
        return brn__fail(BRN_ERROR_USAGE, "matmul: %s can't be fused",
                         brn__activation_name(attributes->activation));
    BRN__TRY(expect_operands(node));
    brn_shape a = brn__input_shape(node, 0), b = brn__input_shape(node, 1), y = a;
    int64_t m = a.dims[a.rank - (attributes->transpose_a ? 1 : 2)];
    int64_t k = a.dims[a.rank - (attributes->transpose_a ? 2 : 1)];
    int64_t k_of_b = b.dims[b.rank - (attributes->transpose_b ? 1 : 2)];
    int64_t n = b.dims[b.rank - (attributes->transpose_b ? 2 : 1)];
    if (k != k_of_b)
        return brn__fail(BRN_ERROR_INPUT,
                         "matmul: inner dimensions must be equal, got a %s%s and b %s%s",
                         BRN__SHAPE(a), attributes->transpose_a ? " transposed" : "", BRN__SHAPE(b),
                         attributes->transpose_b ? " transposed" : "");
    if (brn__has(node, 2)) BRN__TRY(brn__expect_vector(node, 2, "bias", n, "N"));
    y.dims[y.rank - 2] = m;
    y.dims[y.rank - 1] = n;
    brn__set_output(node, 0, BRN_DTYPE_F32, y);
    return BRN_OK;
}

static brn__value product(brn__gradient *gradient, brn__value a, brn__value b, bool transpose_a,
                          bool transpose_b)
{
    brn__matmul_attributes attributes = {.transpose_a = transpose_a, .transpose_b = transpose_b};
    return brn__rule_node(gradient, &brn__op_matmul, &attributes, (brn__value[]){a, b}, 2);
}

/* (..., F) -> (rows, F) */
static brn__value as_rows(brn__gradient *gradient, brn__value x)
{
    brn_shape shape = brn__type_of(x)->shape;
    int64_t rows = 1, columns = shape.dims[shape.rank - 1];
    for (int i = 0; i < shape.rank - 1; i++) rows *= shape.dims[i];
    return brn__rule_reshape(gradient, x, brn_shape_of(2, (int64_t[]){rows, columns}));
}

static brn_status gradient_matmul(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    const bool *needed = gradient->needed;
    const brn__matmul_attributes *attributes = node->attributes;
    bool ta = attributes->transpose_a, tb = attributes->transpose_b;
    brn__value a = node->inputs[0], b = node->inputs[1];
    brn__value dz = brn__rule_activation(gradient, attributes->activation, gradient->dy[0]);
    if (needed[0])
        gradient->dx[0] =
            ta ? product(gradient, b, dz, tb, true) : product(gradient, dz, b, false, !tb);
    if (needed[1]) {
        bool rows = brn__type_of(a)->shape.rank != brn__type_of(b)->shape.rank;
        brn__value dy = rows ? as_rows(gradient, dz) : dz, x = rows ? as_rows(gradient, a) : a;
        gradient->dx[1] =
            tb ? product(gradient, dy, x, true, ta) : product(gradient, x, dy, !ta, false);
    }
    if (brn__has(node, 2) && needed[2])
        gradient->dx[2] = brn__rule_reduce_to(gradient, dz, brn__input_shape(node, 2));
    return brn__rule_status(gradient);
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__matmul_attributes *attributes = node->attributes;
    brn__text_printf(out, "%s%s", attributes->transpose_a ? "a^T " : "a ",
                     attributes->transpose_b ? "b^T" : "b");
    if (brn__has(node, 2)) brn__text_add(out, " + bias");
    if (attributes->activation)
        brn__text_printf(out, " + %s", brn__activation_name(attributes->activation));
}

static double flops(const brn_node *node)
{
    const brn__matmul_attributes *attributes = node->attributes;
    brn_shape a = brn__input_shape(node, 0);
    int64_t k = a.dims[a.rank - (attributes->transpose_a ? 2 : 1)];
    return 2.0 * (double)brn_shape_elements(node->outputs[0].shape) * (double)k;
}

const brn__op brn__op_matmul = {.name = "matmul",
                                .id = BRN__OP_matmul,
                                .inputs_min = 2,
                                .inputs_max = 3,
                                .output_count = 1,
                                .attributes_size = sizeof(brn__matmul_attributes),
                                .infer = infer,
                                .gradient = gradient_matmul,
                                .describe = describe,
                                .flops = flops};

brn_node *brn_linear(brn_node *x, brn_node *weight, brn_node *bias)
{
    brn__matmul_attributes attributes = {.transpose_b = true};
    return brn__apply(&brn__op_matmul, &attributes, (brn_node *[]){x, weight, bias}, bias ? 3 : 2);
}

brn_node *brn_matmul(brn_node *a, brn_node *b, bool transpose_a, bool transpose_b)
{
    brn__matmul_attributes attributes = {.transpose_a = transpose_a, .transpose_b = transpose_b};
    return brn__apply(&brn__op_matmul, &attributes, (brn_node *[]){a, b}, 2);
}
