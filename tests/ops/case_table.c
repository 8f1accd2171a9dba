/* SPDX-License-Identifier: Apache-2.0
 * column_indices, read by an embedding as in a table's network. */
#include "ops/cases.h"

static brn_node *build_column(case_builder *b, const void *argument)
{
    const int64_t *size = argument; /* columns, column */
    brn_node *x = case_input(b, "x", DIMS(9, size[0]));
    case_range(b, 0, 5, 0);
    case_fix(b);
    brn_node *weight = case_parameter(b, "weight", DIMS(6, 5));
    return brn_embedding(weight, size[1] < 0 ? brn_all_indices(x) : brn_column_indices(x, size[1]));
}

static const int64_t columns[][2] = {{1, 0}, {4, 0}, {4, 3}, {3, -1}};

static const op_case table_cases[] = {
    {"column_indices", "the only column", build_column, &columns[0]},
    {"column_indices", "the first of four", build_column, &columns[1]},
    {"column_indices", "the last of four", build_column, &columns[2]},
    {"column_indices", "all of three", build_column, &columns[3]},
};
OP_CASES(table_cases)
