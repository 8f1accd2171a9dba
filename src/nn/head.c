/* SPDX-License-Identifier: Apache-2.0
 * The head that fast.ai puts on a pretrained body. Pooling to both the maximum and the average
 * gives the classifier the strength of the best match and its extent; 0.7's order is maximum first.
 */
#include "burnish/nn.h"
#include "graph/graph.h"

#include <stdio.h>

brn_nn_head_options brn_nn_head_defaults(int64_t outputs)
{
    return (brn_nn_head_options){
        .outputs = outputs, .hidden_count = 1, .hidden = {512}, .dropout = {.25, .5}};
}

/* Batch norm -> dropout -> linear, the `number`-th of the head. */
static brn_node *block(brn_node *x, int number, double dropout, int64_t outputs)
{
    char norm[32], drop[32], linear[32];
    snprintf(norm, sizeof norm, "head.bn%d", number);
    snprintf(drop, sizeof drop, "head.dropout%d", number);
    snprintf(linear, sizeof linear, "head.linear%d", number);
    x = brn_nn_batch_norm(x, norm, NULL);
    x = brn_nn_dropout(x, drop, dropout);
    return brn_nn_linear(x, linear, outputs, true, (brn_init){.kind = BRN_INIT_KAIMING_NORMAL});
}

brn_node *brn_nn_head(brn_node *features, const brn_nn_head_options *options)
{
    if (brn__is_poison(features)) return features;
    const int hidden_count = options->hidden_count;
    if (hidden_count < 0 || hidden_count > BRN_NN_HEAD_HIDDEN_MAX)
        return brn__graph_fail(features->graph,
                               brn__fail(BRN_ERROR_INPUT, "head: 0 to %d hidden layers, got %d",
                                         BRN_NN_HEAD_HIDDEN_MAX, hidden_count));
    brn_node *x = brn_node_shape(features).rank == 2 ? features : brn_concat_pool(features);
    for (int i = 0; i < hidden_count; i++)
        x = brn_relu(block(x, i + 1, options->dropout[i], options->hidden[i]));
    return block(x, hidden_count + 1, options->dropout[hidden_count], options->outputs);
}
