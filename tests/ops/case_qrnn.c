/* SPDX-License-Identifier: Apache-2.0
 * qrnn and time_window: one step, one item, odd widths, both directions, zoneout, read at some outputs only. */
#include "ops/cases.h"

typedef struct qrnn_case {
    int64_t steps, items, hidden;
    bool backward, keep;
} qrnn_case;

static brn_node *build_qrnn(case_builder *b, const void *argument)
{
    const qrnn_case *k = argument;
    brn_node *keep = NULL, *gates = case_input(b, "gates", DIMS(k->steps, k->items, 3 * k->hidden));
    case_range(b, -3, 3, 0);
    brn_node *c0 = case_input(b, "c0", DIMS(k->items, k->hidden));
    if (k->keep) {
        keep = case_input(b, "keep", DIMS(k->steps, k->items, k->hidden));
        case_range(b, 0, 1.4, 0);
        case_fix(b);
    }
    return brn_qrnn(gates, c0, keep, k->backward);
}

/* A whole layer of window 2 and one of window 1 behind it, each begun with a state of the first, as weights that are
 * dropped make them. */
static brn_node *build_layers(case_builder *b, const void *argument)
{
    const qrnn_case *k = argument;
    const int64_t inputs = k->hidden + 2;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, inputs));
    brn_node *before = case_input(b, "before", DIMS(k->items, inputs)), *c0 = case_input(b, "c0", DIMS(k->items, k->hidden));
    brn_node *raw = case_parameter(b, "w", DIMS(3 * k->hidden, 2 * inputs)), *bias = case_parameter(b, "b", DIMS(3 * k->hidden));
    brn_node *second = case_parameter(b, "w2", DIMS(3 * k->hidden, k->hidden));
    brn_node *source = brn_time_window(x, before, k->backward);
    brn_node *gates = brn_linear(source, brn_dropout(raw, brn_scalar(b->graph, "p", .4)), bias);
    brn_node *keep = brn_zoneout(gates, brn_scalar(b->graph, "zoneout", .3));
    brn_node *y = brn_qrnn(gates, c0, keep, k->backward);
    brn_node *width = brn_slice(brn_node_output(source, 1), 1, 0, k->hidden);
    return brn_qrnn(brn_linear(y, second, NULL), brn_add(width, brn_node_output(y, 2)), NULL, k->backward);
}

/* Only the state after the last step is read: no dy. */
static brn_node *build_last(case_builder *b, const void *argument)
{
    brn_node *y = build_qrnn(b, argument);
    return brn_add(brn_node_output(y, 1), brn_scale(brn_node_output(y, 2), .5, 0));
}

/* The gates are given: the state before alone learns. */
static brn_node *build_given(case_builder *b, const void *argument)
{
    const qrnn_case *k = argument;
    brn_node *gates = case_buffer(b, "gates", -2, 2, DIMS(k->steps, k->items, 3 * k->hidden));
    return brn_qrnn(gates, case_parameter(b, "c0", DIMS(k->items, k->hidden)), NULL, k->backward);
}

static brn_node *build_window(case_builder *b, const void *argument)
{
    const qrnn_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, k->hidden));
    return brn_time_window(x, case_input(b, "before", DIMS(k->items, k->hidden)), k->backward);
}

/* Both outputs at once, and the last step alone. */
static brn_node *build_window_and_last(case_builder *b, const void *argument)
{
    brn_node *y = build_window(b, argument), *last = brn_node_output(y, 1);
    const int64_t width = brn_node_shape(last).dims[1];
    return brn_add(brn_slice(y, 2, 2, width + 2), last); /* parts of both steps */
}

static brn_node *build_window_last(case_builder *b, const void *argument)
{
    const qrnn_case *k = argument;
    brn_node *x = case_input(b, "x", DIMS(k->steps, k->items, k->hidden));
    brn_node *before = case_buffer(b, "before", -1, 1, DIMS(k->items, k->hidden));
    return brn_scale(brn_node_output(brn_time_window(x, before, k->backward), 1), 2, 0);
}

#define QRNN(title, ...) {"qrnn", title, build_qrnn, &(const qrnn_case){__VA_ARGS__}, .outputs = 3}
#define WINDOW(title, ...) {"time_window", title, build_window, &(const qrnn_case){__VA_ARGS__}, .outputs = 2}

static const op_case qrnn_cases[] = {
    QRNN("qrnn", 4, 3, 7),
    QRNN("qrnn backward", 4, 3, 7, .backward = true),
    QRNN("qrnn of one step", 1, 3, 6),
    QRNN("qrnn of one step backward", 1, 2, 5, .backward = true),
    QRNN("qrnn of one item", 5, 1, 16),
    QRNN("qrnn of one of all", 1, 1, 1),
    QRNN("qrnn of 33 units", 2, 2, 33),
    QRNN("qrnn of 300 units", 3, 1, 300),
    QRNN("qrnn under a mask", 4, 2, 9, .keep = true),
    QRNN("qrnn under a mask backward", 3, 2, 17, .keep = true, .backward = true),
    {"qrnn_grad", "last state of a qrnn", build_last, &(const qrnn_case){3, 2, 5}},
    {"qrnn_grad", "last state of a qrnn backward", build_last, &(const qrnn_case){3, 2, 5, .backward = true}},
    {"qrnn_grad", "qrnn of given gates", build_given, &(const qrnn_case){3, 2, 5}},
    {"qrnn_grad", "qrnn layers", build_layers, &(const qrnn_case){4, 2, 5}, .training = true, .outputs = 3},
    {"qrnn_grad", "qrnn layers backward", build_layers, &(const qrnn_case){4, 2, 5, .backward = true}, .training = true,
     .outputs = 3},
    {"qrnn_grad", "qrnn layers in inference", build_layers, &(const qrnn_case){2, 3, 4}, .outputs = 3},
    WINDOW("time window", 4, 3, 7),
    WINDOW("time window backward", 4, 3, 7, .backward = true),
    WINDOW("time window of one step", 1, 3, 17),
    WINDOW("time window of one step backward", 1, 1, 1, .backward = true),
    {"time_window_grad", "time window and its last step", build_window_and_last, &(const qrnn_case){3, 2, 5}},
    {"time_window_grad", "time window and its last step backward", build_window_and_last,
     &(const qrnn_case){3, 2, 5, .backward = true}},
    {"time_window_grad", "last step of a time window", build_window_last, &(const qrnn_case){3, 2, 5}},
    {"time_window_grad", "last step of a time window backward", build_window_last,
     &(const qrnn_case){3, 2, 5, .backward = true}},
};
OP_CASES(qrnn_cases)
