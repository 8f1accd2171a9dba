/* SPDX-License-Identifier: Apache-2.0
 * time_window: every step of a sequence beside the one before it, which at a border is given. So a linear layer is a
 * convolution of width 2 over time that goes on where it stopped. */
#include "ops/rules.h"

static brn_status infer_time_window(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 3, 3));
    BRN__TRY(brn__expect_real(node, 1, "before"));
    const brn_shape x = brn__input_shape(node, 0), step = brn_shape_of(2, x.dims + 1);
    if (x.dims[0] < 1) return brn__fail(BRN_ERROR_INPUT, "time_window: x %s has no time step", BRN__SHAPE(x));
    if (!brn_shape_equal(brn__input_shape(node, 1), step))
        return brn__fail(BRN_ERROR_INPUT, "time_window: before must be (N, I) = %s for x %s, got %s", BRN__SHAPE(step),
                         BRN__SHAPE(x), BRN__SHAPE(brn__input_shape(node, 1)));
    const int64_t dims[] = {x.dims[0], x.dims[1], 2 * x.dims[2]};
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(3, dims));
    brn__set_output(node, 1, BRN_DTYPE_F32, step);
    return BRN_OK;
}

static brn_status gradient_time_window(brn__gradient *gradient)
{
    brn__time_window_attributes attributes = *(const brn__time_window_attributes *)gradient->node->attributes;
    attributes.x_shape = brn__input_shape(gradient->node, 0);
    brn__value inputs[] = {gradient->dy[0], gradient->dy[1]};
    brn__value dx = brn__rule_backward(gradient, &brn__op_time_window_grad, &attributes, inputs, 2);
    if (gradient->needed[0]) gradient->dx[0] = dx;
    if (gradient->needed[1]) gradient->dx[1] = brn__output(dx.node, 1);
    return brn__rule_status(gradient);
}

static brn_status expect_gradient(const brn_node *node, int input, const char *what, brn_shape expected)
{
    if (!brn__has(node, input)) return BRN_OK;
    BRN__TRY(brn__expect_real(node, input, what));
    if (brn_shape_equal(brn__input_shape(node, input), expected)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "time_window_grad: %s must be %s, got %s", what, BRN__SHAPE(expected),
                     BRN__SHAPE(brn__input_shape(node, input)));
}

static brn_status infer_time_window_grad(brn_node *node)
{
    const brn__time_window_attributes *attributes = node->attributes;
    const brn_shape x = attributes->x_shape, step = brn_shape_of(2, x.dims + 1);
    const int64_t dims[] = {x.dims[0], x.dims[1], 2 * x.dims[2]};
    BRN__TRY(expect_gradient(node, 0, "dy", brn_shape_of(3, dims)));
    BRN__TRY(expect_gradient(node, 1, "dlast", step));
    brn__set_output(node, 0, BRN_DTYPE_F32, x);
    brn__set_output(node, 1, BRN_DTYPE_F32, step);
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__time_window_attributes *attributes = node->attributes;
    if (attributes->backward) brn__text_printf(out, "backward");
}

const brn__op brn__op_time_window = {.name = "time_window",
                                     .id = BRN__OP_time_window,
                                     .inputs_min = 2,
                                     .inputs_max = 2,
                                     .output_count = 2,
                                     .attributes_size = sizeof(brn__time_window_attributes),
                                     .infer = infer_time_window,
                                     .gradient = gradient_time_window,
                                     .describe = describe};
const brn__op brn__op_time_window_grad = {.name = "time_window_grad",
                                          .id = BRN__OP_time_window_grad,
                                          .inputs_min = 1,
                                          .inputs_max = 2,
                                          .output_count = 2,
                                          .attributes_size = sizeof(brn__time_window_attributes),
                                          .infer = infer_time_window_grad,
                                          .describe = describe};

brn_node *brn_time_window(brn_node *x, brn_node *before, bool backward)
{
    const brn__time_window_attributes attributes = {.backward = backward};
    return brn__apply(&brn__op_time_window, &attributes, (brn_node *[]){x, before}, 2);
}
