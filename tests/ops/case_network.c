/* SPDX-License-Identifier: Apache-2.0
 * Small networks: ops in the order in which backends let blocked layouts flow and fuse. With 24
 * channels, blocks of 16 have padded lanes, which must stay out of every sum. */
#include "ops/cases.h"

static brn_node *conv(case_builder *b, brn_node *x, const char *name, int64_t out, int64_t kernel)
{
    int64_t in = brn_node_shape(x).dims[1];
    int padding = (int)kernel / 2;
    brn_node *weight = case_parameter(b, name, DIMS(out, in, kernel, kernel));
    case_range(b, -.4, .4, 0);
    return brn_conv2d(x, weight, NULL, &(brn_conv2d_options){.padding = {padding, padding}});
}

static brn_node *norm(case_builder *b, brn_node *x)
{
    int64_t channels = brn_node_shape(x).dims[1];
    brn_node *gamma = case_parameter(b, "gamma", DIMS(channels));
    case_range(b, -1, 1, .5);
    brn_node *beta = case_parameter(b, "beta", DIMS(channels));
    brn_node *mean = case_buffer(b, "mean", -.5, .5, DIMS(channels));
    brn_node *var = case_buffer(b, "var", .5, 2, DIMS(channels));
    return brn_batch_norm(x, gamma, beta, mean, var, NULL);
}

static brn_node *pool(brn_node *x, brn_pool_kind kind)
{
    return brn_pool2d(x, &(brn_pool2d_options){
                             .kind = kind, .kernel = {3, 3}, .stride = {2, 2}, .padding = {1, 1}});
}

/* conv, norm, relu, pool, conv, add, relu, global pool, linear. */
static brn_node *build_residual(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 3, 6, 6));
    brn_node *y = pool(brn_relu(norm(b, conv(b, x, "w1", channels, 3))), BRN_POOL_MAX);
    y = brn_relu(brn_add(conv(b, y, "w2", channels, 3), y));
    brn_node *weight = case_parameter(b, "head", DIMS(5, 2 * channels));
    return brn_linear(brn_concat_pool(y), weight, case_parameter(b, "bias", DIMS(5)));
}

/* conv, norm, add, relu: the norm takes the addition in; its input is read by two branches. */
static brn_node *build_norm_add(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = conv(b, case_input(b, "x", DIMS(2, 3, 4, 4)), "w1", channels, 1);
    brn_node *y = norm(b, conv(b, x, "w2", channels, 3));
    return brn_global_pool(brn_relu(brn_add(y, x)), BRN_POOL_AVERAGE);
}

/* The norm's output is read twice: two contributions to its dy. */
static brn_node *build_norm_read_twice(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 3, 4, 4));
    brn_node *y = brn_relu(norm(b, conv(b, x, "w1", channels, 3)));
    return brn_add(conv(b, y, "w2", channels, 1), brn_relu6(conv(b, y, "w3", channels, 3)));
}

/* A norm under its own names, at its initial values: it takes none of the case's tensors. */
static brn_node *grouped_norm(case_builder *b, brn_node *x, const char *scope)
{
    brn_scope_push(b->graph, "%s", scope);
    int64_t channels = brn_node_shape(x).dims[1];
    brn_init zeros = {BRN_INIT_ZEROS, 0};
    brn_node *gamma = brn_parameter(b->graph, "gamma", DIMS(channels), BRN_PARAMETER_NORM,
                                    (brn_init){BRN_INIT_ONES, 0});
    brn_node *beta = brn_parameter(b->graph, "beta", DIMS(channels), BRN_PARAMETER_NORM, zeros);
    brn_node *mean = brn_parameter(b->graph, "mean", DIMS(channels), BRN_PARAMETER_BUFFER, zeros);
    brn_node *var = brn_parameter(b->graph, "var", DIMS(channels), BRN_PARAMETER_BUFFER,
                                  (brn_init){BRN_INIT_ONES, 0});
    brn_scope_pop(b->graph);
    return brn_batch_norm(x, gamma, beta, mean, var, NULL);
}

/* ResNeXt's block: 1x1, grouped 3x3, 1x1, each with its own norm, and the way around. */
static brn_node *build_next(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = brn_relu(conv(b, case_input(b, "x", DIMS(2, 3, 4, 4)), "w0", channels, 3));
    brn_node *y = brn_relu(grouped_norm(b, conv(b, x, "w1", channels, 1), "n1"));
    brn_node *w2 = case_parameter(b, "w2", DIMS(channels, 4, 3, 3));
    brn_conv2d_options options = {.padding = {1, 1}, .groups = (int)channels / 4};
    y = brn_relu(grouped_norm(b, brn_conv2d(y, w2, NULL, &options), "n2"));
    y = grouped_norm(b, conv(b, y, "w3", channels, 1), "n3");
    return brn_global_pool(brn_relu(brn_add(y, x)), BRN_POOL_AVERAGE);
}

/* Squeeze and excite: a scale of one number a channel. */
static brn_node *build_excite(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = brn_silu(conv(b, case_input(b, "x", DIMS(2, 3, 4, 4)), "w1", channels, 3));
    brn_node *pooled = brn_global_pool(x, BRN_POOL_AVERAGE);
    brn_node *weight = case_parameter(b, "excite", DIMS(channels, channels));
    brn_node *gate = brn_sigmoid(brn_linear(pooled, weight, NULL));
    gate = brn_reshape(gate, (int64_t[]){0, 0, 1, 1}, 4);
    return brn_mul(x, gate);
}

/* Blocks of channels side by side, cut again, pooled by average. */
static brn_node *build_concat(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = case_input(b, "x", DIMS(2, 3, 5, 5));
    brn_node *left = brn_relu(conv(b, x, "w1", channels, 1));
    brn_node *right = brn_relu(conv(b, x, "w2", channels, 3));
    brn_node *y = brn_concat((brn_node *[]){left, right, x}, 3, 1);
    y = pool(brn_slice(conv(b, y, "w3", channels + 8, 1), 1, 3, channels + 3), BRN_POOL_AVERAGE);
    return brn_log_softmax(brn_flatten(y));
}

/* A head: dropout, linear, norm of rows, cross-entropy. */
static brn_node *build_head(case_builder *b, const void *argument)
{
    int64_t features = *(const int64_t *)argument;
    int slot = brn_scalar(b->graph, "p", .25);
    brn_node *x = norm(b, case_input(b, "x", DIMS(6, features)));
    brn_node *w1 = case_parameter(b, "w1", DIMS(17, features));
    brn_node *bias = case_parameter(b, "bias", DIMS(17));
    brn_node *w2 = case_parameter(b, "w2", DIMS(5, 17));
    x = brn_relu(brn_linear(brn_dropout(x, slot), w1, bias));
    x = brn_linear(brn_dropout(x, slot), w2, NULL);
    return brn_cross_entropy(x, case_indices(b, "target", 5, DIMS(6)), -1);
}

/* Ratings: two embeddings, their dot product, a sigmoid. */
static brn_node *build_dot(case_builder *b, const void *argument)
{
    int64_t factors = *(const int64_t *)argument;
    brn_node *users = case_parameter(b, "users", DIMS(5, factors));
    brn_node *items = case_parameter(b, "items", DIMS(4, factors));
    brn_node *u = brn_embedding(users, case_indices(b, "user", 5, DIMS(9)));
    brn_node *i = brn_embedding(items, case_indices(b, "item", 4, DIMS(9)));
    brn_node *y = brn_sigmoid(brn_reduce(brn_mul(u, i), BRN_REDUCE_SUM, 2, false));
    brn_node *target = case_input(b, "rating", DIMS(9));
    case_fix(b);
    return brn_loss(brn_scale(y, 5, .5), target, BRN_LOSS_MSE);
}

/* One weight in two places. */
static brn_node *build_shared(case_builder *b, const void *argument)
{
    int64_t channels = *(const int64_t *)argument;
    brn_node *x = case_input(b, "x", DIMS(1, channels, 4, 4));
    brn_node *weight = case_parameter(b, "weight", DIMS(channels, channels, 1, 1));
    case_range(b, -.4, .4, 0);
    brn_node *y = brn_tanh(brn_conv2d(x, weight, NULL, NULL));
    return brn_conv2d(y, weight, NULL, NULL);
}

static const int64_t sizes[] = {16, 17, 24, 40, 32};

#define NETWORK(title, build, size)                                                                \
    {"network", title ", batch", build, size, .training = true, .norm_form = BRN_NORM_BATCH},      \
        {"network", title ", fixed", build, size, .training = true, .norm_form = BRN_NORM_FIXED},  \
        {"network", title ", affine", build, size, .training = true,                               \
         .norm_form = BRN_NORM_AFFINE},                                                            \
        {"network", title ", inference", build, size}

static const op_case network_cases[] = {
    NETWORK("residual, 16 channels", build_residual, &sizes[0]),
    NETWORK("residual, 24 channels", build_residual, &sizes[2]),
    NETWORK("norm and add, 17 channels", build_norm_add, &sizes[1]),
    NETWORK("norm and add, 24 channels", build_norm_add, &sizes[2]),
    NETWORK("norm read twice, 24 channels", build_norm_read_twice, &sizes[2]),
    NETWORK("grouped block, 32 channels", build_next, &sizes[4]),
    NETWORK("grouped block, 24 channels", build_next, &sizes[2]),
    NETWORK("head of 40", build_head, &sizes[3]),
    {"network", "excite, 24 channels", build_excite, &sizes[2]},
    {"network", "excite, 16 channels", build_excite, &sizes[0]},
    {"network", "concat, 24 channels", build_concat, &sizes[2]},
    {"network", "concat, 17 channels", build_concat, &sizes[1]},
    {"network", "dot product of 24", build_dot, &sizes[2]},
    {"network", "shared weight, 24 channels", build_shared, &sizes[2]},
};
OP_CASES(network_cases)
