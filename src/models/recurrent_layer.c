/* SPDX-License-Identifier: Apache-2.0 */
#include "models/recurrent_layer.h"
#include "graph/graph.h"

#include <math.h>
#include <stdio.h>

brn__recurrent_layer brn__recurrent_layer_of(bool qrnn, int number, int layers, int64_t embedding, int64_t hidden)
{
    return (brn__recurrent_layer){.qrnn = qrnn,
                                  .number = number,
                                  .inputs = number ? hidden : embedding,
                                  .width = number + 1 == layers ? embedding : hidden};
}

/* Of a QRNN: how many steps its linear layer sees. */
static int64_t window_of(const brn__recurrent_layer *layer)
{
    return layer->number == 0 ? 2 : 1;
}

int brn__recurrent_parts(const brn__recurrent_layer *layer, brn__recurrent_part *out)
{
    if (!layer->qrnn) {
        out[0] = (brn__recurrent_part){"h", layer->width};
        out[1] = (brn__recurrent_part){"c", layer->width};
        return 2;
    }
    out[0] = (brn__recurrent_part){"c", layer->width};
    out[1] = (brn__recurrent_part){"x", layer->inputs};
    return (int)window_of(layer);
}

double brn__recurrent_weights(const brn__recurrent_layer *layer)
{
    const double inputs = (double)layer->inputs, width = (double)layer->width;
    return layer->qrnn ? 3 * width * (double)window_of(layer) * inputs : 4 * width * (inputs + width);
}

void brn__recurrent_matrix(bool qrnn, int number, char name[BRN__RECURRENT_NAME])
{
    const char *rest = qrnn ? "layers.0.linear.weight_raw" : "weight_hh_l0_raw";
    snprintf(name, BRN__RECURRENT_NAME, "0.rnns.%d.%s", number, rest);
}

int64_t brn__recurrent_width(bool qrnn, brn_shape matrix)
{
    return qrnn ? matrix.dims[0] / 3 : matrix.dims[1];
}

static brn_node *run_lstm(brn_node *x, const brn__recurrent_layer *layer, int drop_slot, brn_node *const *state,
                          brn_node **next)
{
    brn_graph *graph = brn_node_graph(x);
    const brn_init init = {BRN_INIT_UNIFORM, 1 / sqrt((double)layer->width)};
    const int64_t recurrent[] = {4 * layer->width, layer->width}, projection[] = {4 * layer->width, layer->inputs};
    brn_lstm_weights w;
    brn_scope_push(graph, "0.rnns.%d", layer->number);
    w.w_hh = brn_parameter(graph, "weight_hh_l0_raw", recurrent, 2, BRN_PARAMETER_WEIGHT, init);
    if (drop_slot >= 0) w.w_hh = brn_dropout(w.w_hh, drop_slot);
    brn_scope_push(graph, "module");
    w.w_ih = brn_parameter(graph, "weight_ih_l0", projection, 2, BRN_PARAMETER_WEIGHT, init);
    w.b_ih = brn_parameter(graph, "bias_ih_l0", recurrent, 1, BRN_PARAMETER_BIAS, init);
    w.b_hh = brn_parameter(graph, "bias_hh_l0", recurrent, 1, BRN_PARAMETER_BIAS, init);
    brn_scope_pop(graph);
    brn_scope_pop(graph);
    brn_node *y = brn_lstm(x, state[0], state[1], &w);
    next[0] = brn_node_output(y, 1);
    next[1] = brn_node_output(y, 2);
    return y;
}

static brn_node *run_qrnn(brn_node *x, const brn__recurrent_layer *layer, int drop_slot, brn_node *const *state,
                          brn_node **next)
{
    brn_graph *graph = brn_node_graph(x);
    const int64_t window = window_of(layer), dims[] = {3 * layer->width, window * layer->inputs};
    const brn_init init = {BRN_INIT_UNIFORM, 1 / sqrt((double)dims[1])};
    brn_scope_push(graph, "0.rnns.%d.layers.0.linear", layer->number);
    brn_node *w = brn_parameter(graph, "weight_raw", dims, 2, BRN_PARAMETER_WEIGHT, init);
    if (drop_slot >= 0) w = brn_dropout(w, drop_slot);
    brn_node *bias = brn_parameter(graph, "module.bias", dims, 1, BRN_PARAMETER_BIAS, init);
    brn_scope_pop(graph);
    if (window == 2) {
        x = brn_time_window(x, state[1], false);
        next[1] = brn_node_output(x, 1);
    }
    brn_node *y = brn_qrnn(brn_linear(x, w, bias), state[0], NULL, false);
    next[0] = brn_node_output(y, 2);
    return y;
}

brn_node *brn__recurrent_run(brn_node *x, const brn__recurrent_layer *layer, int drop_slot, brn_node *const *state,
                             brn_node **next)
{
    return layer->qrnn ? run_qrnn(x, layer, drop_slot, state, next) : run_lstm(x, layer, drop_slot, state, next);
}
