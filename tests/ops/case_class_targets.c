/* SPDX-License-Identifier: Apache-2.0
 * class_targets, under the loss that it is made for. */
#include "ops/cases.h"

typedef struct weighted_case {
    int64_t items, classes;
    double smoothing; /* < 0: no slot */
} weighted_case;

static brn_node *build_weighted(case_builder *b, const void *argument)
{
    static const float weights[] = {.5f, 2, 0, 1.25f, 3, .1f, 1};
    const weighted_case *k = argument;
    brn_node *logits = case_input(b, "logits", DIMS(k->items, k->classes));
    case_range(b, -4, 4, 0);
    brn_node *labels = case_indices(b, "labels", k->classes, DIMS(k->items));
    const int slot = k->smoothing < 0 ? -1 : brn_scalar(b->graph, "smoothing", k->smoothing);
    return brn_cross_entropy(logits, brn_class_targets(labels, weights, k->classes, slot), -1);
}

#define WEIGHTED(title, ...)                                                                       \
    {"class_targets", title, build_weighted, &(const weighted_case){__VA_ARGS__}}

static const op_case weighted_cases[] = {
    WEIGHTED("weighted classes", 9, 7, -1),
    WEIGHTED("weighted classes, smoothed", 9, 7, .1),
    WEIGHTED("one weighted item", 1, 2, .2),
};
OP_CASES(weighted_cases)
