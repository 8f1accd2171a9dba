/* SPDX-License-Identifier: Apache-2.0
 * activation, add, mul, scale, sum, dropout. Kinks (0; 6 for relu6) are kept out of the inputs. */
#include "ops/cases.h"

static const brn_activation kinds[] = {BRN_ACTIVATION_RELU, BRN_ACTIVATION_RELU6,
                                       BRN_ACTIVATION_SIGMOID, BRN_ACTIVATION_TANH,
                                       BRN_ACTIVATION_SILU};

static brn_node *build_activation(case_builder *b, const void *argument)
{
    brn_node *x = case_input(b, "x", DIMS(3, 17, 5));
    case_range(b, -8, 8, .02);
    return brn_activate(x, *(const brn_activation *)argument);
}

/* The public builder gives x itself. */
static brn_node *build_no_activation(case_builder *b, const void *argument)
{
    brn__activation_attributes attributes = {BRN_ACTIVATION_NONE};
    brn_node *x = case_input(b, "x", DIMS(3, 5));
    (void)argument;
    return case_apply(&brn__op_activation, &attributes, &x, 1);
}

static brn_node *build_activation_of_image(case_builder *b, const void *argument)
{
    brn_node *x = case_input(b, "x", DIMS(1, 3, 7, 7));
    case_range(b, -2, 2, .02);
    return brn_activate(x, *(const brn_activation *)argument);
}

static brn_node *build_activation_of_one(case_builder *b, const void *argument)
{
    brn_node *x = case_input(b, "x", DIMS(1));
    case_range(b, .5, 1, 0);
    return brn_activate(x, *(const brn_activation *)argument);
}

/* relu(x) read twice: two contributions, one sum. */
static brn_node *build_two_uses(case_builder *b, const void *argument)
{
    brn_node *x = case_input(b, "x", DIMS(2, 16, 3, 3));
    case_range(b, -2, 2, .02);
    brn_node *y = brn_activate(x, *(const brn_activation *)argument);
    return brn_add(brn_mul(y, y), brn_tanh(y));
}

typedef struct shapes {
    brn_shape a, b;
} shapes;

static const shapes broadcasts[] = {
    {{2, {5, 7}}, {2, {5, 7}}},
    {{4, {2, 24, 3, 3}}, {4, {2, 24, 3, 3}}},
    {{4, {3, 17, 1, 1}}, {4, {3, 17, 5, 4}}},
    {{4, {2, 16, 5, 4}}, {4, {1, 16, 1, 1}}},
    {{2, {6, 5}}, {1, {5}}},
    {{1, {5}}, {3, {2, 6, 5}}},
    {{2, {6, 1}}, {2, {1, 5}}},
    {{0, {0}}, {3, {2, 3, 4}}},
    {{3, {2, 3, 4}}, {0, {0}}},
    {{4, {2, 1, 3, 1}}, {3, {5, 1, 4}}},
};

static brn_node *build_add(case_builder *b, const void *argument)
{
    const shapes *s = argument;
    brn_node *x = case_input(b, "a", s->a.dims, s->a.rank);
    return brn_add(x, case_input(b, "b", s->b.dims, s->b.rank));
}

static brn_node *build_mul(case_builder *b, const void *argument)
{
    const shapes *s = argument;
    brn_node *x = case_input(b, "a", s->a.dims, s->a.rank);
    return brn_mul(x, case_input(b, "b", s->b.dims, s->b.rank));
}

static brn_node *build_add_twice(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_parameter(b, "x", DIMS(4, 6));
    return brn_add(x, x);
}

static brn_node *build_square(case_builder *b, const void *argument)
{
    (void)argument;
    brn_node *x = case_parameter(b, "x", DIMS(4, 6));
    return brn_mul(x, x);
}

static brn_node *build_scale(case_builder *b, const void *argument)
{
    (void)argument;
    return brn_scale(case_input(b, "x", DIMS(3, 5)), -2.5, .75);
}

static brn_node *build_shift(case_builder *b, const void *argument)
{
    (void)argument;
    return brn_scale(case_input(b, "x", DIMS(2, 3, 4, 5)), 1, -4);
}

static brn_node *build_sum(case_builder *b, const void *argument)
{
    brn_node *parts[BRN__INPUTS_MAX];
    static const char *const names[] = {"x0", "x1", "x2", "x3", "x4"};
    (void)argument;
    for (int i = 0; i < 5; i++) parts[i] = case_input(b, names[i], DIMS(2, 17, 3));
    return case_apply(&brn__op_sum, NULL, parts, 5);
}

static brn_node *build_dropout(case_builder *b, const void *argument)
{
    const brn_shape *shape = argument;
    int slot = brn_scalar(b->graph, "p", .4);
    return brn_dropout(case_input(b, "x", shape->dims, shape->rank), slot);
}

/* Two layers of one scope have different masks. */
static brn_node *build_two_dropouts(case_builder *b, const void *argument)
{
    int slot = brn_scalar(b->graph, "p", .5);
    brn_node *x = case_input(b, "x", DIMS(4, 33));
    (void)argument;
    return brn_add(brn_dropout(x, slot), brn_dropout(brn_tanh(x), slot));
}

static const brn_shape dropout_shapes[] = {{2, {5, 33}}, {4, {3, 17, 7, 7}}, {1, {9}}};

#define BROADCASTS(op)                                                                             \
    {#op, #op " equal matrices", build_##op, &broadcasts[0]},                                      \
        {#op, #op " equal images of 24 channels", build_##op, &broadcasts[1]},                     \
        {#op, #op " repeats a over pixels", build_##op, &broadcasts[2]},                           \
        {#op, #op " repeats b over items and pixels", build_##op, &broadcasts[3]},                 \
        {#op, #op " repeats b over rows", build_##op, &broadcasts[4]},                             \
        {#op, #op " repeats a over new dimensions", build_##op, &broadcasts[5]},                   \
        {#op, #op " repeats both", build_##op, &broadcasts[6]},                                    \
        {#op, #op " repeats a scalar a", build_##op, &broadcasts[7]},                              \
        {#op, #op " repeats a scalar b", build_##op, &broadcasts[8]},                              \
        {#op, #op " repeats both in four dimensions", build_##op, &broadcasts[9]}

static const op_case elementwise_cases[] = {
    {"activation", "relu", build_activation, &kinds[0]},
    {"activation", "relu6", build_activation, &kinds[1]},
    {"activation", "sigmoid", build_activation, &kinds[2]},
    {"activation", "tanh", build_activation, &kinds[3]},
    {"activation", "silu", build_activation, &kinds[4]},
    {"activation", "no activation", build_no_activation},
    {"activation", "relu of an image", build_activation_of_image, &kinds[0]},
    {"activation", "silu of an image", build_activation_of_image, &kinds[4]},
    {"activation", "relu of one number", build_activation_of_one, &kinds[0]},
    {"activation", "silu of one number", build_activation_of_one, &kinds[4]},
    {"activation", "relu read twice", build_two_uses, &kinds[0]},
    {"activation", "silu read twice", build_two_uses, &kinds[4]},
    BROADCASTS(add),
    {"add", "x + x", build_add_twice},
    BROADCASTS(mul),
    {"mul", "x x", build_square},
    {"scale", "scale and shift", build_scale},
    {"scale", "shift only", build_shift},
    {"sum", "sum of five", build_sum},
    {"dropout", "dropout of rows", build_dropout, &dropout_shapes[0], .training = true},
    {"dropout", "dropout of images", build_dropout, &dropout_shapes[1], .training = true},
    {"dropout", "dropout of a vector", build_dropout, &dropout_shapes[2], .training = true},
    {"dropout", "two dropouts", build_two_dropouts, .training = true},
    {"dropout", "dropout when not training", build_dropout, &dropout_shapes[0]},
};
OP_CASES(elementwise_cases)
