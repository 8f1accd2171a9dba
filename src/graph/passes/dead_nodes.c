/* SPDX-License-Identifier: Apache-2.0
 * Removes the nodes of a work graph that nothing wanted reads, and puts the rest into topological
 * order (inputs before users), which passes may have disturbed. Ids are places in the new order;
 * removed nodes get id -1. */
#include "base/alloc.h"
#include "graph/graph.h"

typedef struct sorter {
    brn_node **order;
    int count;
    bool *seen; /* by old id */
} sorter;

static void visit(sorter *state, brn_node *node)
{
    if (state->seen[node->id]) return;
    state->seen[node->id] = true;
    for (int i = 0; i < node->input_count; i++)
        if (brn__has(node, i)) visit(state, node->inputs[i].node);
    state->order[state->count++] = node;
}

brn_status brn__graph_sort(brn_graph *graph, const brn__value *roots, int root_count)
{
    sorter state = {0};
    state.order = brn__alloc_array((size_t)graph->node_count + 1, sizeof *state.order);
    state.seen = brn__alloc_zero((size_t)graph->node_count + 1, sizeof *state.seen);
    if (!state.order || !state.seen) {
        brn__free(state.order);
        brn__free(state.seen);
        return BRN_ERROR_NO_MEMORY;
    }
    for (int i = 0; i < graph->input_count; i++) visit(&state, graph->inputs[i]);
    for (int i = 0; i < graph->parameter_count; i++) visit(&state, graph->parameters[i].node);
    for (int i = 0; i < root_count; i++)
        if (roots[i].node) visit(&state, roots[i].node);
    for (int i = 0; i < graph->update_count; i++) visit(&state, graph->updates[i].value.node);
    for (int i = 0; i < graph->node_count; i++)
        if (!state.seen[i]) graph->nodes[i]->id = -1;
    for (int i = 0; i < state.count; i++) {
        graph->nodes[i] = state.order[i];
        graph->nodes[i]->id = i;
    }
    graph->node_count = state.count;
    brn__free(state.order);
    brn__free(state.seen);
    return BRN_OK;
}
