/* SPDX-License-Identifier: Apache-2.0
 * dropout. Srivastava et al. 2014; kept elements are scaled by 1 / (1 - p), so inference needs no
 * scaling.
 *
 * The mask is a pure function of (seed, stream, step, sample, element): the gradient applies the
 * same op to dy and gets the same mask, so no mask is ever stored. */
#include "ops/rules.h"

#include <string.h>

static brn_status infer(brn_node *node)
{
    BRN__TRY(brn__expect_real(node, 0, "x"));
    BRN__TRY(brn__expect_rank(node, 0, "x", 1, BRN_RANK_MAX));
    brn__same_as_input(node, 0, 0);
    return BRN_OK;
}

static brn_status gradient_dropout(brn__gradient *gradient)
{
    gradient->dx[0] = brn__rule_backward(gradient, &brn__op_dropout, gradient->node->attributes,
                                         &gradient->dy[0], 1);
    return brn__rule_status(gradient);
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__dropout_attributes *attributes = node->attributes;
    brn__text_printf(out, "stream %s", attributes->stream);
}

const brn__op brn__op_dropout = {.name = "dropout",
                                 .id = BRN__OP_dropout,
                                 .inputs_min = 1,
                                 .inputs_max = 1,
                                 .output_count = 1,
                                 .attributes_size = sizeof(brn__dropout_attributes),
                                 .infer = infer,
                                 .gradient = gradient_dropout,
                                 .describe = describe,
                                 .varies = true,
                                 .training_only = true};

static bool stream_is_taken(const brn_graph *graph, const char *stream)
{
    for (int i = 0; i < graph->node_count; i++) {
        if (!graph->nodes[i]->op->training_only) continue;
        const brn__dropout_attributes *attributes = graph->nodes[i]->attributes;
        if (!strcmp(attributes->stream, stream)) return true;
    }
    return false;
}

/* "scope.dropout", then "scope.dropout2": two layers of one scope must not share a mask. */
static const char *new_stream(brn_graph *graph)
{
    const char *scope = graph->scope.length ? graph->scope.bytes : "";
    const char *stream = brn__arena_printf(&graph->arena, "%sdropout", scope);
    for (int i = 2; stream && stream_is_taken(graph, stream); i++)
        stream = brn__arena_printf(&graph->arena, "%sdropout%d", scope, i);
    return stream;
}

brn_node *brn__dropout_of(const brn__op *op, brn_node *const *inputs, int input_count, int probability_slot)
{
    brn_graph *graph = brn_node_graph(inputs[0]);
    brn__value values[BRN__INPUTS_MAX];
    for (int i = 0; i < input_count; i++) {
        if (brn_node_graph(inputs[i]) != graph) return brn__apply(op, NULL, inputs, input_count);
        values[i] = brn__value_of(inputs[i]);
    }
    if (graph->status != BRN_OK) return &graph->poison;
    if (probability_slot < 0 || probability_slot >= graph->scalar_count)
        return brn__graph_fail(
            graph,
            brn__fail(BRN_ERROR_USAGE, "dropout: there is no scalar slot %d", probability_slot));
    brn__dropout_attributes attributes = {.slot = probability_slot, .stream = new_stream(graph)};
    if (!attributes.stream) return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    return brn__node_new(graph, op, &attributes, values, input_count, attributes.stream);
}

brn_node *brn_dropout(brn_node *x, int probability_slot)
{
    return brn__dropout_of(&brn__op_dropout, &x, 1, probability_slot);
}
