/* SPDX-License-Identifier: Apache-2.0
 *
 * Cases of the op suite. A case builds one op (or a small network) from inputs and parameters whose
 * values the suite draws; it is then differentiated on the reference backend and compared between
 * backends (suite.c). A file of cases registers a table:
 *
 *     static brn_node *build_relu(case_builder *b, const void *argument) {
 *         return brn_relu(case_input(b, "x", DIMS(3, 5)));
 *     }
 *     static const op_case relu_cases[] = {{"activation", "relu", build_relu}};
 *     OP_CASES(relu_cases)
 */
#ifndef BRN_TESTS_OPS_CASES_H
#define BRN_TESTS_OPS_CASES_H

#include "burnish/ops.h"
#include "burnish/runner.h"
#include "graph/graph.h"
#include "ops/attributes.h"
#include "ops/op_list.h"

enum { CASE_TENSORS_MAX = 12 };

typedef struct case_tensor {
    brn_node *node;
    const char *name;
    bool parameter, indices, fixed; /* fixed: its gradient is not asked for */
    double low, high, gap;          /* values in [low, high], at least `gap` away from 0 */
    int64_t limit;                  /* indices in 0..limit-1 */
} case_tensor;

typedef struct case_builder {
    brn_graph *graph;
    case_tensor tensors[CASE_TENSORS_MAX];
    int tensor_count;
} case_builder;

typedef struct op_case {
    const char *op, *name; /* op: a name of the op list, or "network" */
    brn_node *(*build)(case_builder *builder, const void *argument);
    const void *argument;
    bool training;           /* the plan's behaviour */
    brn_norm_form norm_form; /* used when training */
    int outputs;             /* of the node, compared between backends; 0 counts as 1 */
    bool not_differentiable;
    brn_precision precision; /* of the plans */
} op_case;

void op_cases_register(const op_case *cases, size_t count);
#define OP_CASES(table)                                                                            \
    __attribute__((constructor)) static void register_##table(void)                                \
    {                                                                                              \
        op_cases_register(table, sizeof table / sizeof *(table));                                  \
    }
const op_case *op_cases_all(int *count);

/* DIMS(2, 3) gives the arguments `dims, rank`. */
#define DIMS(...)                                                                                  \
    (const int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

/* A value bound at every run / a learnable parameter, in [-1, 1]. */
brn_node *case_input(case_builder *builder, const char *name, const int64_t *dims, int rank);
brn_node *case_parameter(case_builder *builder, const char *name, const int64_t *dims, int rank);
/* A state buffer in [low, high]: no gradient. */
brn_node *case_buffer(case_builder *builder, const char *name, double low, double high,
                      const int64_t *dims, int rank);
brn_node *case_indices(case_builder *builder, const char *name, int64_t limit, const int64_t *dims,
                       int rank);
/* Changes what the latest tensor holds. */
void case_range(case_builder *builder, double low, double high, double gap);
void case_fix(case_builder *builder);

/* The op built from public nodes with attributes given directly (fused forms). */
brn_node *case_apply(const brn__op *op, const void *attributes, brn_node **inputs, int count);

#endif
