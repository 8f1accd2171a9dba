/* SPDX-License-Identifier: Apache-2.0
 * reshape, transpose, concat, slice, reduce, broadcast. */
#include "ops/cases.h"

static brn_node *build_reshape(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = brn_tanh(case_input(b, "x", DIMS(2, 3, 4)));
    return brn_tanh(brn_reshape(x, (int64_t[]){0, -1, 2, 1}, 4));
}

static brn_node *build_flatten(case_builder *b, const void *argument)
{
    (void)argument;
    return brn_flatten(case_input(b, "x", DIMS(2, 17, 2, 3)));
}

static brn_node *build_reshape_parameter(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_parameter(b, "x", DIMS(6));
    return brn_mul(brn_reshape(x, (int64_t[]){2, 3}, 2), case_input(b, "y", DIMS(2, 3)));
}

typedef struct order_case {
    brn_shape x;
    int order[BRN_RANK_MAX];
} order_case;

static brn_node *build_transpose(case_builder *b, const void *argument)
{
    const order_case *k = argument;
    return brn_transpose(case_input(b, "x", k->x.dims, k->x.rank), k->order, k->x.rank);
}

typedef struct concat_case {
    brn_shape x; /* part i has sizes[i] along the axis */
    int axis, count;
    int64_t sizes[BRN__INPUTS_MAX];
} concat_case;

static brn_node *build_concat(case_builder *b, const void *argument)
{
    static const char *const names[] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"};
    const concat_case *k = argument;
    brn_node *parts[BRN__INPUTS_MAX];
    for (int i = 0; i < k->count; i++) {
        brn_shape shape = k->x;
        shape.dims[k->axis] = k->sizes[i];
        parts[i] = case_input(b, names[i], shape.dims, shape.rank);
    }
    return brn_concat(parts, k->count, k->axis);
}

static brn_node *build_concat_with_itself(case_builder *b, const void *argument)
{
    brn_node *x = case_input(b, "x", DIMS(2, 24, 3, 3));
    (void)argument;
    return brn_concat((brn_node *[]){x, x}, 2, 1);
}

typedef struct slice_case {
    brn_shape x;
    int axis;
    int64_t begin, end;
} slice_case;

static brn_node *build_slice(case_builder *b, const void *argument)
{
    const slice_case *k = argument;
    return brn_slice(case_input(b, "x", k->x.dims, k->x.rank), k->axis, k->begin, k->end);
}

typedef struct reduce_case {
    brn_shape x;
    brn_reduction kind;
    unsigned axes;
    bool keep_dims;
} reduce_case;

static brn_node *build_reduce(case_builder *b, const void *argument)
{
    const reduce_case *k = argument;
    return brn_reduce(case_input(b, "x", k->x.dims, k->x.rank), k->kind, k->axes, k->keep_dims);
}

typedef struct broadcast_case {
    brn_shape x, y;
} broadcast_case;

static brn_node *build_broadcast(case_builder *b, const void *argument)
{
    const broadcast_case *k = argument;
    return brn_broadcast(case_parameter(b, "x", k->x.dims, k->x.rank), k->y.dims, k->y.rank);
}

#define TRANSPOSE(title, ...)                                                                      \
    {"transpose", "transpose " title, build_transpose, &(const order_case){__VA_ARGS__}}
#define CONCAT(title, ...)                                                                         \
    {"concat", "concat " title, build_concat, &(const concat_case){__VA_ARGS__}}
#define SLICE(title, ...) {"slice", "slice " title, build_slice, &(const slice_case){__VA_ARGS__}}
#define REDUCE(title, ...)                                                                         \
    {"reduce", "reduce " title, build_reduce, &(const reduce_case){__VA_ARGS__}}
#define BROADCAST(title, ...)                                                                      \
    {"broadcast", "broadcast " title, build_broadcast, &(const broadcast_case){__VA_ARGS__}}

static const op_case shape_cases[] = {
    {"reshape", "reshape with 0 and -1", build_reshape},
    {"reshape", "flatten", build_flatten},
    {"reshape", "reshape of a parameter", build_reshape_parameter},
    TRANSPOSE("of a matrix", {2, {5, 7}}, {1, 0}),
    TRANSPOSE("by a cycle", {3, {2, 3, 5}}, {2, 0, 1}),
    TRANSPOSE("to channels last", {4, {2, 17, 3, 4}}, {0, 2, 3, 1}),
    TRANSPOSE("by a cycle of four", {4, {2, 3, 4, 5}}, {1, 2, 3, 0}),
    TRANSPOSE("that changes nothing", {2, {3, 4}}, {0, 1}),
    CONCAT("of two images", {4, {2, 0, 3, 3}}, 1, 2, {3, 5}),
    CONCAT("of 16 and 24 channels", {4, {2, 0, 2, 2}}, 1, 2, {16, 24}),
    CONCAT("of eight", {2, {3, 0}}, 1, 8, {1, 2, 3, 4, 5, 6, 7, 8}),
    CONCAT("of items", {2, {0, 5}}, 0, 3, {1, 2, 3}),
    CONCAT("of one", {3, {2, 0, 4}}, 1, 1, {3}),
    {"concat", "concat of x with itself", build_concat_with_itself},
    SLICE("of channels", {4, {2, 24, 3, 3}}, 1, 5, 17),
    SLICE("of items", {2, {5, 4}}, 0, 1, 3),
    SLICE("of the last axis", {3, {2, 3, 7}}, 2, 6, 7),
    SLICE("of everything", {2, {3, 4}}, 1, 0, 4),
    REDUCE("sum of all", {3, {2, 3, 4}}, BRN_REDUCE_SUM, 7, false),
    REDUCE("sum of rows, kept", {2, {5, 7}}, BRN_REDUCE_SUM, 1, true),
    REDUCE("sum of pixels and items", {4, {2, 17, 3, 4}}, BRN_REDUCE_SUM, 13, false),
    REDUCE("mean of all", {2, {5, 7}}, BRN_REDUCE_MEAN, 3, false),
    REDUCE("mean of columns", {3, {2, 5, 7}}, BRN_REDUCE_MEAN, 4, false),
    REDUCE("mean of the middle, kept", {3, {2, 5, 7}}, BRN_REDUCE_MEAN, 2, true),
    REDUCE("mean of pixels", {4, {2, 24, 3, 3}}, BRN_REDUCE_MEAN, 12, true),
    REDUCE("max of all", {2, {5, 7}}, BRN_REDUCE_MAX, 3, false),
    REDUCE("max of columns", {2, {5, 7}}, BRN_REDUCE_MAX, 2, false),
    REDUCE("max of time, kept", {3, {3, 4, 17}}, BRN_REDUCE_MAX, 2, true),
    REDUCE("of nothing", {2, {3, 4}}, BRN_REDUCE_SUM, 0, false),
    BROADCAST("of a row", {1, {5}}, {2, {4, 5}}),
    BROADCAST("of a column", {2, {4, 1}}, {2, {4, 5}}),
    BROADCAST("of a scalar", {0, {0}}, {3, {2, 3, 4}}),
    BROADCAST("of channels", {4, {1, 17, 1, 1}}, {4, {2, 17, 3, 3}}),
    BROADCAST("to the same shape", {2, {3, 4}}, {2, {3, 4}}),
};
OP_CASES(shape_cases)
