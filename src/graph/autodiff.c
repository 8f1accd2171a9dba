/* SPDX-License-Identifier: Apache-2.0
 *
 * Reverse-mode differentiation as a rewriting of the graph: nodes between a wanted value and the
 * loss are walked from the loss backwards; each op's rule appends ordinary nodes. Several uses of a
 * value give several contributions, which one `sum` node adds. What nobody asked for is not built.
 */
#include "base/alloc.h"
#include "graph/graph.h"

#include <string.h>

typedef struct contributions {
    brn__value values[BRN__INPUTS_MAX];
    int count;
} contributions;

typedef struct autodiff {
    brn_graph *graph;
    int node_count;       /* forward nodes: ids below this */
    bool *needed;         /* by id: lies on a path from a wanted value */
    contributions *sums;  /* by id * BRN__OUTPUTS_MAX + output */
} autodiff;

static contributions *sums_of(autodiff *state, brn__value value)
{
    return &state->sums[(size_t)value.node->id * BRN__OUTPUTS_MAX + (size_t)value.output];
}

/* The gradient of a value as one value; absent when nothing contributed. */
static brn__value collect(autodiff *state, brn__value value)
{
    contributions *sums = sums_of(state, value);
    if (sums->count == 0) return (brn__value){0};
    if (sums->count > 1) {
        brn_node *sum = brn__node_new(state->graph, &brn__op_sum, NULL, sums->values, sums->count,
                                      value.node->name);
        sums->values[0] = (brn__value){sum, 0};
        sums->count = 1;
    }
    return sums->values[0];
}

static void contribute(autodiff *state, brn__value to, brn__value gradient)
{
    contributions *sums = sums_of(state, to);
    if (sums->count == BRN__INPUTS_MAX) collect(state, to); /* full: add up what is there */
    sums->values[sums->count++] = gradient;
}

static brn_status check_shapes(const brn_node *node, int input, brn__value dx)
{
    if (brn__is_poison(dx.node)) return brn_graph_status(node->graph);
    if (brn_shape_equal(brn__type_of(dx)->shape, brn__input_shape(node, input))) return BRN_OK;
    return brn__fail(BRN_ERROR_INTERNAL, "%s: the gradient of input %d %s has shape %s",
                     node->op->name, input, BRN__SHAPE(brn__input_shape(node, input)),
                     BRN__SHAPE(brn__type_of(dx)->shape));
}

static brn_status differentiate(autodiff *state, const brn_node *node)
{
    brn__value dy[BRN__OUTPUTS_MAX] = {0}, dx[BRN__INPUTS_MAX] = {0};
    bool needed[BRN__INPUTS_MAX] = {0}, any_dy = false, any_needed = false;
    for (int i = 0; i < node->output_count; i++) {
        dy[i] = collect(state, (brn__value){(brn_node *)(uintptr_t)node, i});
        any_dy |= dy[i].node != NULL;
    }
    for (int i = 0; i < node->input_count; i++) {
        needed[i] = brn__has(node, i) && state->needed[node->inputs[i].node->id];
        any_needed |= needed[i];
    }
    if (!any_dy || !any_needed) return BRN_OK;
    if (!node->op->gradient)
        return brn__fail(BRN_ERROR_UNSUPPORTED, "%s (%s): this op has no gradient", node->name,
                         node->op->name);
    state->graph->group = node->group;
    brn__gradient gradient = {state->graph, node, dy, needed, dx};
    BRN__TRY(node->op->gradient(&gradient));
    for (int i = 0; i < node->input_count; i++) {
        if (!needed[i] || !dx[i].node) continue;
        BRN__TRY(check_shapes(node, i, dx[i]));
        contribute(state, node->inputs[i], dx[i]);
    }
    return BRN_OK;
}

static brn_status walk(autodiff *state, brn__value loss, const brn__value *wanted, int count,
                       brn__value *out)
{
    brn_graph *graph = state->graph;
    for (int i = 0; i < count; i++) state->needed[wanted[i].node->id] = true;
    for (int id = 0; id < state->node_count; id++) {
        const brn_node *node = graph->nodes[id];
        for (int i = 0; i < node->input_count; i++)
            if (brn__has(node, i) && state->needed[node->inputs[i].node->id])
                state->needed[id] = true;
    }
    brn__fill_attributes one = {1, brn__type_of(loss)->shape};
    brn_node *seed = brn__node_new(graph, &brn__op_fill, &one, NULL, 0, "loss.grad");
    BRN__TRY(brn_graph_status(graph));
    contribute(state, loss, (brn__value){seed, 0});
    for (int id = loss.node->id; id >= 0; id--) {
        if (state->needed[id]) BRN__TRY(differentiate(state, graph->nodes[id]));
        BRN__TRY(brn_graph_status(graph));
    }
    for (int i = 0; i < count; i++) out[i] = collect(state, wanted[i]);
    return brn_graph_status(graph);
}

brn_status brn__autodiff(brn_graph *graph, brn__value loss, const brn__value *wanted, int count,
                         brn__value *out)
{
    brn_shape shape = brn__type_of(loss)->shape;
    if (shape.rank != 0)
        return brn__fail(BRN_ERROR_INPUT, "loss %s: must be a scalar, got %s", loss.node->name,
                         BRN__SHAPE(shape));
    autodiff state = {.graph = graph, .node_count = graph->node_count};
    size_t nodes = (size_t)graph->node_count;
    state.needed = brn__alloc_zero(nodes, sizeof *state.needed);
    state.sums = brn__alloc_zero(nodes * BRN__OUTPUTS_MAX, sizeof *state.sums);
    brn_status status = state.needed && state.sums ? walk(&state, loss, wanted, count, out)
                                                   : BRN_ERROR_NO_MEMORY;
    brn__free(state.needed);
    brn__free(state.sums);
    return status;
}
