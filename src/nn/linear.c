/* SPDX-License-Identifier: Apache-2.0
 * Linear layer and dropout. */
#include "burnish/nn.h"
#include "graph/graph.h"

brn_node *brn_nn_linear(brn_node *x, const char *name, int64_t outputs, bool bias, brn_init init)
{
    if (brn__is_poison(x)) return x;
    brn_graph *graph = x->graph;
    const brn_shape shape = brn_node_shape(x);
    if (shape.rank < 1 || outputs < 1)
        return brn__graph_fail(
            graph, brn__fail(BRN_ERROR_INPUT, "linear %s: %lld outputs from x %s are not possible",
                             name, (long long)outputs, BRN__SHAPE(shape)));
    const int64_t dims[] = {outputs, shape.dims[shape.rank - 1]};
    brn_scope_push(graph, "%s", name);
    brn_node *weight = brn_parameter(graph, "weight", dims, 2, BRN_PARAMETER_WEIGHT, init);
    brn_node *b = NULL;
    if (bias)
        b = brn_parameter(graph, "bias", dims, 1, BRN_PARAMETER_BIAS,
                          (brn_init){.kind = BRN_INIT_ZEROS});
    brn_node *y = brn_linear(x, weight, b);
    brn_scope_pop(graph);
    return y;
}

brn_node *brn_nn_dropout(brn_node *x, const char *name, double probability)
{
    if (brn__is_poison(x)) return x;
    brn_graph *graph = x->graph;
    if (!(probability >= 0 && probability < 1))
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_INPUT,
                                                "dropout %s: the probability must be in [0, 1), "
                                                "got %g",
                                                name, probability));
    if (probability == 0) return x;
    const int slot = brn_scalar(graph, name, probability);
    /* The node's name names the random stream, so each layer needs its own. */
    brn_scope_push(graph, "%s", name);
    x = brn_dropout(x, slot);
    brn_scope_pop(graph);
    return x;
}
