/* SPDX-License-Identifier: Apache-2.0
 * lstm: one step, one item, odd widths, without biases, read at some outputs only. */
#include "ops/cases.h"

typedef struct lstm_case {
    int64_t steps, items, inputs, hidden;
    bool no_bias, no_b_hh;
} lstm_case;

static brn_node *build_lstm(case_builder *b, const void *argument)
{
    const lstm_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, k->inputs));
    brn_node *h0 = case_input(b, "h0", DIMS(k->items, k->hidden));
    brn_node *c0 = case_input(b, "c0", DIMS(k->items, k->hidden));
    brn_lstm_weights w = {.w_ih = case_parameter(b, "w_ih", DIMS(4 * k->hidden, k->inputs)),
                          .w_hh = case_parameter(b, "w_hh", DIMS(4 * k->hidden, k->hidden))};
    if (!k->no_bias) w.b_ih = case_parameter(b, "b_ih", DIMS(4 * k->hidden));
    if (!k->no_bias && !k->no_b_hh) w.b_hh = case_parameter(b, "b_hh", DIMS(4 * k->hidden));
    return brn_lstm(x, h0, c0, &w);
}

/* Two layers, the second begun with the first's last state: gradients reach h_n and c_n. */
static brn_node *build_chain(case_builder *b, const void *argument)
{
    const lstm_case *k = argument;
    brn_node *first = build_lstm(b, argument);
    brn_lstm_weights w = {.w_ih = case_parameter(b, "w2_ih", DIMS(4 * k->hidden, k->hidden)),
                          .w_hh = case_parameter(b, "w2_hh", DIMS(4 * k->hidden, k->hidden))};
    return brn_lstm(first, brn_node_output(first, 1), brn_node_output(first, 2), &w);
}

/* Only the state after the last step is read: no dy. */
static brn_node *build_last(case_builder *b, const void *argument)
{
    brn_node *y = build_lstm(b, argument);
    return brn_add(brn_node_output(y, 1), brn_scale(brn_node_output(y, 2), .5, 0));
}

/* The matrix and the input are given: what a frozen layer leaves to be built. */
static brn_node *build_frozen(case_builder *b, const void *argument)
{
    const lstm_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, k->inputs));
    case_fix(b);
    brn_node *h0 = case_buffer(b, "h0", -1, 1, DIMS(k->items, k->hidden));
    brn_node *c0 = case_buffer(b, "c0", -1, 1, DIMS(k->items, k->hidden));
    brn_lstm_weights w = {.w_ih = case_buffer(b, "w_ih", -1, 1, DIMS(4 * k->hidden, k->inputs)),
                          .w_hh = case_parameter(b, "w_hh", DIMS(4 * k->hidden, k->hidden))};
    return brn_lstm(x, h0, c0, &w);
}

/* DropConnect: the layer sees the dropped matrix, the raw one learns. */
static brn_node *build_dropped(case_builder *b, const void *argument)
{
    const lstm_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, k->inputs));
    brn_node *h0 = case_input(b, "h0", DIMS(k->items, k->hidden));
    brn_node *c0 = case_input(b, "c0", DIMS(k->items, k->hidden));
    brn_node *raw = case_parameter(b, "w_hh", DIMS(4 * k->hidden, k->hidden));
    brn_lstm_weights w = {.w_ih = case_parameter(b, "w_ih", DIMS(4 * k->hidden, k->inputs)),
                          .w_hh = brn_dropout(raw, brn_scalar(b->graph, "p", .4))};
    return brn_lstm(x, h0, c0, &w);
}

#define LSTM(title, ...) {"lstm", title, build_lstm, &(const lstm_case){__VA_ARGS__}, .outputs = 3}

static const op_case lstm_cases[] = {
    LSTM("lstm", 4, 3, 5, 7),
    LSTM("lstm of one step", 1, 3, 5, 6),
    LSTM("lstm of one item", 5, 1, 3, 16),
    LSTM("lstm of one step, one item, one unit", 1, 1, 1, 1),
    LSTM("lstm without biases", 3, 2, 4, 5, .no_bias = true),
    LSTM("lstm with one bias", 3, 2, 4, 5, .no_b_hh = true),
    LSTM("lstm of 33 units", 2, 2, 17, 33),
    {"lstm_grad", "lstm layers in a chain", build_chain, &(const lstm_case){3, 2, 4, 5}, .outputs = 3},
    {"lstm_grad", "last state of an lstm", build_last, &(const lstm_case){3, 2, 4, 5}},
    {"lstm_grad", "lstm with one learning matrix", build_frozen, &(const lstm_case){3, 2, 4, 5}},
    {"lstm_grad", "lstm under weight drop", build_dropped, &(const lstm_case){3, 2, 4, 6}, .training = true},
};
OP_CASES(lstm_cases)
