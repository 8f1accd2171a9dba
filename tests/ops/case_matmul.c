/* SPDX-License-Identifier: Apache-2.0
 * matmul: the transpose combinations, stacks, linear layers, fused activations. */
#include "ops/cases.h"

typedef struct matmul_case {
    brn_shape a, b;
    bool transpose_a, transpose_b, bias;
    brn_activation activation;
} matmul_case;

static brn_node *build_matmul(case_builder *b, const void *argument)
{
    const matmul_case *k = argument;
    brn__matmul_attributes attributes = {k->transpose_a, k->transpose_b, k->activation};
    int64_t columns = k->b.dims[k->b.rank - (k->transpose_b ? 2 : 1)];
    brn_node *inputs[3] = {case_input(b, "a", k->a.dims, k->a.rank),
                           case_parameter(b, "b", k->b.dims, k->b.rank),
                           k->bias ? case_parameter(b, "bias", DIMS(columns)) : NULL};
    return case_apply(&brn__op_matmul, &attributes, inputs, 3);
}

static brn_node *build_linear(case_builder *b, const void *argument)
{
    const brn_shape *shape = argument;
    brn_node *x = case_input(b, "x", shape->dims, shape->rank);
    brn_node *weight = case_parameter(b, "weight", DIMS(17, shape->dims[shape->rank - 1]));
    return brn_linear(x, weight, case_parameter(b, "bias", DIMS(17)));
}

static brn_node *build_between_inputs(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(3, 4, 5)), *y = case_input(b, "y", DIMS(3, 6, 5));
    return brn_matmul(x, y, false, true);
}

static brn_node *build_gram(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_parameter(b, "x", DIMS(5, 7));
    return brn_matmul(x, x, true, false);
}

static const brn_shape rows = {2, {3, 40}}, one = {2, {1, 1}}, sequence = {3, {2, 5, 24}};

#define MATMUL(title, ...) {"matmul", title, build_matmul, &(const matmul_case){__VA_ARGS__}}

static const op_case matmul_cases[] = {
    MATMUL("a b", {2, {5, 7}}, {2, {7, 3}}),
    MATMUL("a^T b", {2, {7, 5}}, {2, {7, 3}}, true, false),
    MATMUL("a b^T", {2, {5, 7}}, {2, {3, 7}}, false, true),
    MATMUL("a^T b^T", {2, {7, 5}}, {2, {3, 7}}, true, true),
    MATMUL("stack a b", {3, {3, 5, 7}}, {3, {3, 7, 2}}),
    MATMUL("stack a^T b", {3, {3, 7, 5}}, {3, {3, 7, 2}}, true, false),
    MATMUL("stack a b^T", {3, {3, 5, 7}}, {3, {3, 2, 7}}, false, true),
    MATMUL("stack a^T b^T", {4, {2, 3, 7, 5}}, {4, {2, 3, 2, 7}}, true, true),
    MATMUL("rows of a stack times b", {3, {3, 4, 5}}, {2, {5, 6}}),
    MATMUL("rows of a stack times b^T", {4, {2, 3, 4, 5}}, {2, {6, 5}}, false, true, true),
    MATMUL("stack with bias", {3, {2, 4, 5}}, {3, {2, 5, 6}}, false, false, true),
    MATMUL("17 to 33 with bias", {2, {3, 17}}, {2, {33, 17}}, false, true, true),
    MATMUL("one row", {2, {1, 40}}, {2, {5, 40}}, false, true, true),
    MATMUL("one column", {2, {16, 24}}, {2, {1, 24}}, false, true, true),
    MATMUL("fused relu", {2, {5, 16}}, {2, {24, 16}}, false, true, true, BRN_ACTIVATION_RELU),
    MATMUL("fused relu of a stack's rows", {3, {2, 3, 8}}, {2, {5, 8}}, false, true, true,
           BRN_ACTIVATION_RELU),
    MATMUL("fused relu6", {2, {5, 40}}, {2, {40, 3}}, false, false, false, BRN_ACTIVATION_RELU6),
    {"matmul", "linear layer", build_linear, &rows},
    {"matmul", "linear layer of one number", build_linear, &one},
    {"matmul", "linear layer of a sequence", build_linear, &sequence},
    {"matmul", "product of two inputs", build_between_inputs},
    {"matmul", "x^T x", build_gram},
};
OP_CASES(matmul_cases)
