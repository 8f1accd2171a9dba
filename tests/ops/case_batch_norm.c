/* SPDX-License-Identifier: Apache-2.0
 * batch_norm in its three forms, with the fused residual and activation; batch_norm_fold. */
#include "ops/cases.h"

typedef struct norm_case {
    brn_shape x;
    bool residual;
    brn_activation activation;
} norm_case;

static brn_node *normalise(case_builder *b, brn_node *x, brn_node *residual,
                           brn_activation activation)
{
    int64_t channels = brn_node_shape(x).dims[1];
    brn__batch_norm_attributes attributes = {
        .epsilon = 1e-3, .momentum = .1, .form = BRN_NORM_FIXED, .activation = activation};
    brn_node *inputs[6] = {x};
    inputs[1] = case_parameter(b, "gamma", DIMS(channels));
    case_range(b, -1, 1, .5);
    inputs[2] = case_parameter(b, "beta", DIMS(channels));
    inputs[3] = case_buffer(b, "mean", -.5, .5, DIMS(channels));
    inputs[4] = case_buffer(b, "var", .5, 2, DIMS(channels));
    inputs[5] = residual;
    return case_apply(&brn__op_batch_norm, &attributes, inputs, 6);
}

static brn_node *build_norm(case_builder *b, const void *argument)
{
    const norm_case *k = argument;
    brn_node *x = case_input(b, "x", k->x.dims, k->x.rank), *residual = NULL;
    case_range(b, -3, 3, 0);
    if (k->residual) residual = case_input(b, "residual", k->x.dims, k->x.rank);
    return normalise(b, x, residual, k->activation);
}

static brn_node *build_public(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_input(b, "x", DIMS(4, 5, 3, 3));
    brn_node *gamma = case_parameter(b, "gamma", DIMS(5)), *beta = case_parameter(b, "beta", DIMS(5));
    brn_node *mean = case_buffer(b, "mean", -.5, .5, DIMS(5));
    brn_node *var = case_buffer(b, "var", .5, 2, DIMS(5));
    return brn_batch_norm(x, gamma, beta, mean, var, NULL);
}

/* Only the residual's gradient is asked for. */
static brn_node *build_residual_only(case_builder *b, const void *argument)
{
    const norm_case *k = argument;
    brn_node *x = case_input(b, "x", k->x.dims, k->x.rank);
    case_fix(b);
    brn_node *residual = case_input(b, "residual", k->x.dims, k->x.rank);
    return normalise(b, x, residual, k->activation);
}

static const brn__batch_norm_attributes fold_attributes = {.epsilon = 1e-3};

static brn_node *build_fold(case_builder *b, const void *argument)
{
    bool bias = *(const bool *)argument;
    brn_node *inputs[6] = {case_parameter(b, "weight", DIMS(17, 3, 3, 3)),
                           case_parameter(b, "gamma", DIMS(17)),
                           case_parameter(b, "beta", DIMS(17)),
                           case_buffer(b, "mean", -.5, .5, DIMS(17)),
                           case_buffer(b, "var", .5, 2, DIMS(17)),
                           bias ? case_parameter(b, "bias", DIMS(17)) : NULL};
    return case_apply(&brn__op_batch_norm_fold, &fold_attributes, inputs, 6);
}

static brn_node *build_running_update(case_builder *b, const void *argument)
{
    brn__running_update_attributes attributes = {.momentum = .1, .correction = 8. / 7};
    brn_node *inputs[2] = {case_buffer(b, "running", -1, 1, DIMS(17)),
                           case_input(b, "batch", DIMS(17))};
    (void)argument;
    return case_apply(&brn__op_running_update, &attributes, inputs, 2);
}

static const bool yes = true, no = false;

#define NORM(title, ...)                                                                           \
    {"batch_norm", title ", batch", build_norm, &(const norm_case){__VA_ARGS__}, .training = true, \
     .norm_form = BRN_NORM_BATCH, .outputs = 3},                                                   \
        {"batch_norm", title ", affine", build_norm, &(const norm_case){__VA_ARGS__},              \
         .training = true, .norm_form = BRN_NORM_AFFINE},                                          \
        {"batch_norm", title ", fixed", build_norm, &(const norm_case){__VA_ARGS__},               \
         .training = true, .norm_form = BRN_NORM_FIXED},                                           \
        {"batch_norm", title ", inference", build_norm, &(const norm_case){__VA_ARGS__}}

static const op_case norm_cases[] = {
    NORM("rows", {2, {6, 5}}),
    NORM("images of 1 channel", {4, {3, 1, 7, 7}}),
    NORM("images of 3 channels", {4, {1, 3, 7, 7}}),
    NORM("images of 16 channels", {4, {3, 16, 4, 4}}),
    NORM("images of 24 channels", {4, {2, 24, 3, 3}}),
    NORM("images of one pixel, 17 channels", {4, {3, 17, 1, 1}}),
    NORM("images of 40 channels", {4, {2, 40, 2, 3}}),
    NORM("relu", {4, {3, 5, 4, 4}}, .activation = BRN_ACTIVATION_RELU),
    NORM("relu, 24 channels", {4, {2, 24, 3, 3}}, .activation = BRN_ACTIVATION_RELU),
    NORM("relu6, 32 channels", {4, {2, 32, 3, 3}}, .activation = BRN_ACTIVATION_RELU6),
    NORM("residual", {4, {2, 16, 3, 3}}, true),
    NORM("residual and relu, 24 channels", {4, {2, 24, 3, 3}}, true, BRN_ACTIVATION_RELU),
    NORM("residual and relu, 17 channels", {4, {3, 17, 1, 4}}, true, BRN_ACTIVATION_RELU),
    NORM("residual and relu6 of rows", {2, {6, 5}}, true, BRN_ACTIVATION_RELU6),
    {"batch_norm", "default options", build_public, .training = true},
    {"batch_norm", "only the residual and what learns", build_residual_only,
     &(const norm_case){{4, {2, 24, 3, 3}}, true, BRN_ACTIVATION_RELU}, .training = true},
    {"batch_norm_fold", "fold without bias", build_fold, &no, .outputs = 2,
     .not_differentiable = true},
    {"batch_norm_fold", "fold with bias", build_fold, &yes, .outputs = 2,
     .not_differentiable = true},
    {"running_update", "update of a variance", build_running_update, .not_differentiable = true},
};
OP_CASES(norm_cases)
