/* SPDX-License-Identifier: Apache-2.0
 * What passes share. A node that nothing reads any more counts as no reader. */
#include "ops/passes/passes.h"

static bool same(brn__value a, brn__value b) { return a.node == b.node && a.output == b.output; }

int brn__pass_uses(const brn__pass_context *context, brn__value value)
{
    int uses = 0;
    for (int id = 0; id < context->graph->node_count; id++) {
        const brn_node *node = context->graph->nodes[id];
        for (int i = 0; i < node->input_count; i++) uses += same(node->inputs[i], value);
    }
    for (int i = 0; i < context->root_count; i++) uses += same(context->roots[i], value);
    for (int i = 0; i < context->graph->update_count; i++)
        uses += same(context->graph->updates[i].value, value);
    return uses;
}

void brn__pass_replace(brn__pass_context *context, brn__value from, brn__value to)
{
    brn__graph_replace(context->graph, from, to);
    for (int i = 0; i < context->root_count; i++)
        if (same(context->roots[i], from)) context->roots[i] = to;
}
