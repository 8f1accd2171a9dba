/* SPDX-License-Identifier: Apache-2.0
 * lstm, lstm_grad: a whole sequence at once. Hochreiter and Schmidhuber 1997, with the forget gate of
 * Gers et al. 2000; gates in PyTorch's order i f g o.
 *
 * Backwards through time, with z the four gates before their functions: lstm_grad gives dz of every
 * step and what goes on to the initial state. The rest is one product over all steps: dx = dz w_ih,
 * dw_ih = dz^T x, dw_hh = dz^T (h of the step before), db = the sum of dz. */
#include "ops/rules.h"

/* (T, N, H) of a node whose recurrent matrix (4H, H) is input `matrix`; `sequence` is (T, N, ...). */
static brn_status expect_recurrent(const brn_node *node, int matrix, int sequence, const char *what,
                                   int64_t dims[3])
{
    BRN__TRY(brn__expect_real(node, sequence, what));
    BRN__TRY(brn__expect_rank(node, sequence, what, 3, 3));
    BRN__TRY(brn__expect_real(node, matrix, "w_hh"));
    BRN__TRY(brn__expect_rank(node, matrix, "w_hh", 2, 2));
    brn_shape x = brn__input_shape(node, sequence), w = brn__input_shape(node, matrix);
    if (w.dims[0] != 4 * w.dims[1] || w.dims[1] < 1)
        return brn__fail(BRN_ERROR_INPUT, "%s: w_hh must be (4 H, H), got %s", node->op->name, BRN__SHAPE(w));
    if (x.dims[0] < 1)
        return brn__fail(BRN_ERROR_INPUT, "%s: %s %s has no time step", node->op->name, what, BRN__SHAPE(x));
    dims[0] = x.dims[0], dims[1] = x.dims[1], dims[2] = w.dims[1];
    return BRN_OK;
}

static brn_status expect_state(const brn_node *node, int input, const char *what, const int64_t dims[3])
{
    if (!brn__has(node, input)) return BRN_OK;
    brn_shape got = brn__input_shape(node, input), expected = brn_shape_of(2, dims + 1);
    BRN__TRY(brn__expect_real(node, input, what));
    if (brn_shape_equal(got, expected)) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must be (N, H) = %s, got %s", node->op->name, what,
                     BRN__SHAPE(expected), BRN__SHAPE(got));
}

static brn_status infer_lstm(brn_node *node)
{
    int64_t dims[3];
    BRN__TRY(expect_recurrent(node, 4, 0, "x", dims));
    BRN__TRY(expect_state(node, 1, "h0", dims));
    BRN__TRY(expect_state(node, 2, "c0", dims));
    brn_shape x = brn__input_shape(node, 0), w = brn__input_shape(node, 3);
    BRN__TRY(brn__expect_real(node, 3, "w_ih"));
    if (w.rank != 2 || w.dims[0] != 4 * dims[2] || w.dims[1] != x.dims[2])
        return brn__fail(BRN_ERROR_INPUT, "lstm: w_ih must be (4 H, I) = (%lld, %lld) for x %s, got %s",
                         (long long)(4 * dims[2]), (long long)x.dims[2], BRN__SHAPE(x), BRN__SHAPE(w));
    if (brn__has(node, 5)) BRN__TRY(brn__expect_vector(node, 5, "b_ih", 4 * dims[2], "4 H"));
    if (brn__has(node, 6)) BRN__TRY(brn__expect_vector(node, 6, "b_hh", 4 * dims[2], "4 H"));
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(3, dims));
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(2, dims + 1));
    brn__set_output(node, 2, BRN_DTYPE_F32, brn_shape_of(2, dims + 1));
    int64_t record[3] = {dims[0], dims[1], 5 * dims[2]};
    brn__set_output(node, 3, BRN_DTYPE_F32, brn_shape_of(3, record));
    return BRN_OK;
}

static brn__value product(brn__gradient *gradient, brn__value a, brn__value b, bool transpose_a)
{
    brn__matmul_attributes attributes = {.transpose_a = transpose_a};
    return brn__rule_node(gradient, &brn__op_matmul, &attributes, (brn__value[]){a, b}, 2);
}

/* (T, N, F) -> (T N, F) */
static brn__value as_rows(brn__gradient *gradient, brn__value x)
{
    brn_shape shape = brn__type_of(x)->shape;
    int64_t dims[] = {shape.dims[0] * shape.dims[1], shape.dims[2]};
    return brn__rule_reshape(gradient, x, brn_shape_of(2, dims));
}

static brn_status gradient_lstm(brn__gradient *gradient)
{
    const brn_node *node = gradient->node;
    const bool *needed = gradient->needed;
    BRN__TRY(brn__rule_refuse_output(gradient, 3, "the record"));
    brn__value inputs[] = {gradient->dy[0],
                           gradient->dy[1],
                           gradient->dy[2],
                           brn__rule_output(gradient, 3),
                           node->inputs[2],
                           node->inputs[4],
                           brn__rule_output(gradient, 0),
                           node->inputs[1]};
    brn__value dz = brn__rule_backward(gradient, &brn__op_lstm_grad, NULL, inputs, 8);
    if (needed[0]) gradient->dx[0] = product(gradient, dz, node->inputs[3], false);
    if (needed[1]) gradient->dx[1] = brn__output(dz.node, 1);
    if (needed[2]) gradient->dx[2] = brn__output(dz.node, 2);
    if (needed[3])
        gradient->dx[3] = product(gradient, as_rows(gradient, dz), as_rows(gradient, node->inputs[0]), true);
    if (needed[4]) gradient->dx[4] = brn__output(dz.node, 3);
    brn__value db = {0}; /* both biases are added at one place */
    for (int i = 5; i <= 6; i++) {
        if (!brn__has(node, i) || !needed[i]) continue;
        if (!db.node) db = brn__rule_reduce_to(gradient, dz, brn__input_shape(node, i));
        gradient->dx[i] = db;
    }
    return brn__rule_status(gradient);
}

static brn_status infer_lstm_grad(brn_node *node)
{
    int64_t dims[3];
    BRN__TRY(expect_recurrent(node, 5, 3, "the record", dims));
    brn_shape record = brn__input_shape(node, 3), y = brn_shape_of(3, dims);
    if (record.dims[2] != 5 * dims[2])
        return brn__fail(BRN_ERROR_INPUT, "lstm_grad: the record must be (T, N, 5 H), got %s", BRN__SHAPE(record));
    static const int sequences[] = {0, 6};
    for (int i = 0; i < 2; i++) {
        if (!brn__has(node, sequences[i])) continue;
        BRN__TRY(brn__expect_real(node, sequences[i], i ? "y" : "dy"));
        if (!brn_shape_equal(brn__input_shape(node, sequences[i]), y))
            return brn__fail(BRN_ERROR_INPUT, "lstm_grad: %s must be (T, N, H) = %s, got %s", i ? "y" : "dy",
                             BRN__SHAPE(y), BRN__SHAPE(brn__input_shape(node, sequences[i])));
    }
    BRN__TRY(expect_state(node, 1, "dh_n", dims));
    BRN__TRY(expect_state(node, 2, "dc_n", dims));
    BRN__TRY(expect_state(node, 4, "c0", dims));
    BRN__TRY(expect_state(node, 7, "h0", dims));
    int64_t gates[3] = {dims[0], dims[1], 4 * dims[2]};
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(3, gates));
    brn__set_output(node, 1, BRN_DTYPE_F32, brn_shape_of(2, dims + 1));
    brn__set_output(node, 2, BRN_DTYPE_F32, brn_shape_of(2, dims + 1));
    brn__set_output(node, 3, BRN_DTYPE_F32, brn__input_shape(node, 5));
    return BRN_OK;
}

/* Products of every step with the recurrent matrix; forward also those with w_ih, backward those of
 * dw_hh (both are (4 H, ...)). */
static double flops_of(const brn_node *node, int sequence, int64_t width, int matrix)
{
    brn_shape x = brn__input_shape(node, sequence), w = brn__input_shape(node, matrix);
    return 2.0 * (double)(x.dims[0] * x.dims[1]) * (double)(w.dims[0] * (w.dims[1] + width));
}

static double flops_lstm(const brn_node *node)
{
    return flops_of(node, 0, brn__input_shape(node, 0).dims[2], 4);
}

static double flops_lstm_grad(const brn_node *node)
{
    return flops_of(node, 3, brn__input_shape(node, 5).dims[1], 5);
}

const brn__op brn__op_lstm = {.name = "lstm",
                              .id = BRN__OP_lstm,
                              .inputs_min = 5,
                              .inputs_max = 7,
                              .output_count = 4,
                              .infer = infer_lstm,
                              .gradient = gradient_lstm,
                              .flops = flops_lstm};
const brn__op brn__op_lstm_grad = {.name = "lstm_grad",
                                   .id = BRN__OP_lstm_grad,
                                   .inputs_min = 8,
                                   .inputs_max = 8,
                                   .output_count = 4,
                                   .infer = infer_lstm_grad,
                                   .flops = flops_lstm_grad};

brn_node *brn_lstm(brn_node *x, brn_node *h0, brn_node *c0, const brn_lstm_weights *w)
{
    return brn__apply(&brn__op_lstm, NULL, (brn_node *[]){x, h0, c0, w->w_ih, w->w_hh, w->b_ih, w->b_hh}, 7);
}
