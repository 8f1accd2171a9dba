/* SPDX-License-Identifier: Apache-2.0
 * focal_loss. */
#include "ops/cases.h"

typedef struct focal_case {
    int64_t items, classes;
    double gamma;
} focal_case;

/* Used twice, so that dloss is not 1. */
static brn_node *build_focal(case_builder *b, const void *argument)
{
    const focal_case *k = argument;
    brn_node *logits = case_input(b, "logits", DIMS(k->items, k->classes));
    case_range(b, -4, 4, 0);
    brn_node *loss =
        brn_focal_loss(logits, case_indices(b, "labels", k->classes, DIMS(k->items)), k->gamma);
    return brn_mul(loss, brn_scale(loss, -3, 1));
}

#define FOCAL(title, ...)                                                                          \
    {                                                                                              \
        "focal_loss", title, build_focal, &(const focal_case)                                      \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const op_case focal_cases[] = {
    FOCAL("focal loss, gamma 2", 5, 7, 2),
    FOCAL("focal loss, gamma a half", 6, 3, .5),
    FOCAL("focal loss, gamma 0", 4, 5, 0),
    FOCAL("focal loss of one item", 1, 17, 2),
};
OP_CASES(focal_cases)
