/* SPDX-License-Identifier: Apache-2.0
 * Losses that are made of operations. */
#include "graph/graph.h"
#include "burnish/nn.h"

/* With d = target - x: max(q d, (q - 1) d) = q d + max(0, -d). */
brn_node *brn_nn_quantile_loss(brn_node *x, brn_node *target, double quantile)
{
    if (brn__is_poison(x)) return x;
    if (!(quantile > 0 && quantile < 1))
        return brn__graph_fail(brn_node_graph(x),
                               brn__fail(BRN_ERROR_USAGE,
                                         "quantile loss: quantile %g; expected above 0 and below 1",
                                         quantile));
    brn_node *above = brn_add(x, brn_scale(target, -1, 0)); /* -d */
    brn_node *loss = brn_add(brn_scale(above, -quantile, 0), brn_relu(above));
    if (brn__is_poison(loss)) return loss;
    unsigned all = (1u << brn_node_shape(loss).rank) - 1;
    return brn_reduce(loss, BRN_REDUCE_MEAN, all, false);
}
