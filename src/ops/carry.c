/* SPDX-License-Identifier: Apache-2.0
 * State that is carried from run to run. The value is copied by a node of its own, which comes last in a
 * plan: what made it may go on being read, and so may the state before, by gradients. */
#include "ops/rules.h"

static brn_status expect_buffer(const brn_graph *graph, const brn_node *state, brn__value value)
{
    if (state->parameter < 0 || graph->parameters[state->parameter].kind != BRN_PARAMETER_BUFFER)
        return brn__fail(BRN_ERROR_USAGE, "carry: %s is not a buffer", state->name);
    if (value.node->graph != graph)
        return brn__fail(BRN_ERROR_USAGE, "carry: the value of %s belongs to another graph", state->name);
    if (!brn_shape_equal(state->outputs[0].shape, brn__type_of(value)->shape))
        return brn__fail(BRN_ERROR_INPUT, "carry: %s %s can't take a value of shape %s", state->name,
                         BRN__SHAPE(state->outputs[0].shape), BRN__SHAPE(brn__type_of(value)->shape));
    return BRN_OK;
}

void brn_carry(brn_node *state, brn_node *value)
{
    brn_graph *graph = state->graph;
    if (graph->status != BRN_OK || brn__is_poison(value)) return;
    brn__value from = brn__value_of(value);
    brn_status status = expect_buffer(graph, state, from);
    if (status == BRN_OK) {
        brn__scale_attributes same = {1, 0};
        brn_node *copy = brn__node_new(graph, &brn__op_scale, &same, &from, 1, state->name);
        if (brn__is_poison(copy)) return;
        status = brn__graph_add_update(graph, state, (brn__value){copy, 0});
    }
    if (status != BRN_OK) brn__graph_fail(graph, status);
}
