/* SPDX-License-Identifier: Apache-2.0
 * log_softmax, cross_entropy, pointwise_loss, embedding. */
#include "ops/cases.h"

static brn_node *build_log_softmax(case_builder *b, const void *argument)
{
    const brn_shape *shape = argument;
    brn_node *x = case_input(b, "x", shape->dims, shape->rank);
    case_range(b, -4, 4, 0);
    return brn_log_softmax(x);
}

static const brn_shape softmax_shapes[] = {{2, {3, 5}}, {2, {1, 17}}, {3, {2, 3, 40}}, {1, {6}}};

typedef struct entropy_case {
    int64_t items, classes;
    bool soft;
    double smoothing; /* < 0: no slot */
} entropy_case;

static brn_node *build_cross_entropy(case_builder *b, const void *argument)
{
    const entropy_case *k = argument;
    brn_node *logits = case_input(b, "logits", DIMS(k->items, k->classes)), *target;
    case_range(b, -4, 4, 0);
    int slot = k->smoothing < 0 ? -1 : brn_scalar(b->graph, "smoothing", k->smoothing);
    if (k->soft) {
        target = case_input(b, "target", DIMS(k->items, k->classes));
        case_range(b, 0, .5, .1); /* rows need not add up to 1 */
        case_fix(b);
    } else {
        target = case_indices(b, "target", k->classes, DIMS(k->items));
    }
    return brn_cross_entropy(logits, target, slot);
}

/* In the middle of a network: dloss is not 1. */
static brn_node *build_weighted_entropy(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *logits = case_input(b, "logits", DIMS(4, 5));
    brn_node *target = case_indices(b, "target", 5, DIMS(4));
    brn_node *loss = brn_cross_entropy(logits, target, -1);
    return brn_mul(loss, brn_scale(loss, -3, 1));
}

typedef struct pointwise_case {
    brn_pointwise_loss kind;
    bool target_learns;
} pointwise_case;

static brn_node *build_pointwise(case_builder *b, const void *argument)
{
    const pointwise_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(3, 17));
    case_range(b, -3, 3, 0);
    brn_node *target = case_input(b, "target", DIMS(3, 17));
    case_range(b, 0, 1, 0);
    if (!k->target_learns) case_fix(b);
    return brn_loss(x, target, k->kind);
}

static brn_node *build_embedding(case_builder *b, const void *argument)
{
    const brn_shape *indices = argument;
    brn_node *weight = case_parameter(b, "weight", DIMS(6, 5));
    return brn_embedding(weight, case_indices(b, "indices", 6, indices->dims, indices->rank));
}

static const brn_shape index_shapes[] = {{1, {9}}, {2, {3, 7}}, {0, {0}}, {1, {1}}};

#define ENTROPY(title, ...)                                                                        \
    {"cross_entropy", title, build_cross_entropy, &(const entropy_case){__VA_ARGS__}, .outputs = 2}
#define POINTWISE(title, ...)                                                                      \
    {"pointwise_loss", title, build_pointwise, &(const pointwise_case){__VA_ARGS__}}

static const op_case loss_cases[] = {
    {"log_softmax", "log softmax of rows", build_log_softmax, &softmax_shapes[0]},
    {"log_softmax", "log softmax of one row", build_log_softmax, &softmax_shapes[1]},
    {"log_softmax", "log softmax of a stack", build_log_softmax, &softmax_shapes[2]},
    {"log_softmax", "log softmax of a vector", build_log_softmax, &softmax_shapes[3]},
    ENTROPY("of indices", 5, 7, false, -1),
    ENTROPY("of one item", 1, 17, false, -1),
    ENTROPY("of indices, smoothed", 5, 7, false, .1),
    ENTROPY("of soft targets", 3, 17, true, -1),
    ENTROPY("of soft targets, smoothed", 3, 5, true, .2),
    {"cross_entropy", "of a loss used twice", build_weighted_entropy},
    POINTWISE("binary cross-entropy", BRN_LOSS_BCE_WITH_LOGITS),
    POINTWISE("absolute difference", BRN_LOSS_L1),
    POINTWISE("squared difference", BRN_LOSS_MSE),
    POINTWISE("binary cross-entropy, target too", BRN_LOSS_BCE_WITH_LOGITS, true),
    POINTWISE("absolute difference, target too", BRN_LOSS_L1, true),
    POINTWISE("squared difference, target too", BRN_LOSS_MSE, true),
    {"embedding", "rows with repetitions", build_embedding, &index_shapes[0]},
    {"embedding", "rows for a matrix of indices", build_embedding, &index_shapes[1]},
    {"embedding", "one row", build_embedding, &index_shapes[2]},
    {"embedding", "one row in a batch", build_embedding, &index_shapes[3]},
};
OP_CASES(loss_cases)
