/* SPDX-License-Identifier: Apache-2.0
 * Batch norm as a layer: two learned vectors and two buffers. */
#include "burnish/nn.h"
#include "graph/graph.h"

brn_node *brn_nn_batch_norm(brn_node *x, const char *name, const brn_batch_norm_options *options)
{
    if (brn__is_poison(x)) return x;
    brn_graph *graph = x->graph;
    const brn_shape shape = brn_node_shape(x);
    if (shape.rank < 2)
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_INPUT,
                                                "batch_norm %s: x needs (N, C, ...), got %s", name,
                                                BRN__SHAPE(shape)));
    const int64_t *channels = &shape.dims[1];
    const brn_init zeros = {.kind = BRN_INIT_ZEROS}, ones = {.kind = BRN_INIT_ONES};
    brn_scope_push(graph, "%s", name);
    brn_node *gamma = brn_parameter(graph, "weight", channels, 1, BRN_PARAMETER_NORM, ones);
    brn_node *beta = brn_parameter(graph, "bias", channels, 1, BRN_PARAMETER_NORM, zeros);
    brn_node *mean = brn_parameter(graph, "running_mean", channels, 1, BRN_PARAMETER_BUFFER, zeros);
    brn_node *variance =
        brn_parameter(graph, "running_var", channels, 1, BRN_PARAMETER_BUFFER, ones);
    const brn_batch_norm_options usual = {.epsilon = 1e-5, .momentum = .1};
    brn_node *y = brn_batch_norm(x, gamma, beta, mean, variance, options ? options : &usual);
    brn_scope_pop(graph);
    return y;
}
