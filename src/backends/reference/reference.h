/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference backend: every op as plain loops on row-major float64 arrays. It is written to be
 * read: it is the definition of each op and the oracle of the other backends. It is never tuned.
 *
 * A kernel is one run function over step->inputs and step->outputs (doubles, or int64 for indices);
 * an output that nobody reads is NULL. */
#ifndef BRN__BACKENDS_REFERENCE_REFERENCE_H
#define BRN__BACKENDS_REFERENCE_REFERENCE_H

#include "graph/backend.h"
#include "ops/attributes.h"
#include "ops/op_list.h"

brn_status brn__reference_prepare(brn__step *step);

#define X(name) extern const brn__kernel brn__reference_##name;
BRN__KERNEL_OP_LIST(X)
#undef X

/* Defines the kernel of op `name` from the function run_`name`. */
#define REFERENCE_KERNEL(name)                                                                     \
    const brn__kernel brn__reference_##name = {.prepare = brn__reference_prepare, .run = run_##name}

static inline int64_t output_elements(const brn__step *step, int output)
{
    return brn_shape_elements(step->node->outputs[output].shape);
}

/* Row-major strides of `shape` seen as a part of `full` (aligned at the last dimension): 0 where
 * the part has 1 element and is repeated. */
typedef struct brn__strides {
    int64_t of[BRN_RANK_MAX];
} brn__strides;
brn__strides brn__reference_strides(brn_shape shape, brn_shape full);
/* Where the `index`-th element (row-major) of `full` lies under these strides. */
int64_t brn__reference_offset(brn_shape full, int64_t index, const brn__strides *strides);

/* A factor of a product as the step's precision has it. */
double brn__reference_factor(const brn__step *step, double x);

double brn__reference_activate(brn_activation kind, double x);
/* dy times the derivative; s is the output y, except for silu: the input x. */
double brn__reference_activate_grad(brn_activation kind, double dy, double s);

#endif
