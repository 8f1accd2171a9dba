/* SPDX-License-Identifier: Apache-2.0
 * The three forms of batch norm (DESIGN of the engine, runner.h: brn_norm_form). In form (a) the
 * running statistics are updated after the step: mean with the batch mean, variance with the
 * unbiased batch variance, as PyTorch does. */
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "ops/passes/passes.h"

static brn_status add_running_update(brn_graph *graph, const brn_node *norm, int input, int output,
                                     double momentum, double correction)
{
    if (norm->inputs[input].node->op != &brn__op_parameter) return BRN_OK; /* not ours to change */
    brn__running_update_attributes attributes = {momentum, correction};
    brn__value inputs[2] = {norm->inputs[input], {(brn_node *)(uintptr_t)norm, output}};
    brn_node *update = brn__node_new(graph, &brn__op_running_update, &attributes, inputs, 2, norm->name);
    BRN__TRY(brn_graph_status(graph));
    return brn__graph_add_update(graph, norm->inputs[input].node, (brn__value){update, 0});
}

static brn_status set_form(brn__pass_context *context, brn_node *node)
{
    brn_graph *graph = context->graph;
    brn__batch_norm_attributes *attributes = brn__arena_copy(&graph->arena, node->attributes, sizeof *attributes);
    if (!attributes) return BRN_ERROR_NO_MEMORY;
    attributes->form = context->training ? (brn_norm_form)context->norm_form[node->group] : BRN_NORM_FIXED;
    attributes->resolved = true;
    node->attributes = attributes;
    if (attributes->form != BRN_NORM_BATCH) return BRN_OK;
    brn_shape x = brn__input_shape(node, 0);
    double items = (double)brn_shape_elements(x) / (double)x.dims[1];
    if (items < 2)
        return brn__fail(BRN_ERROR_INPUT,
                         "batch_norm %s: training needs more than one value per channel, got x %s",
                         node->name, BRN__SHAPE(x));
    BRN__TRY(add_running_update(graph, node, 3, 1, attributes->momentum, 1));
    return add_running_update(graph, node, 4, 2, attributes->momentum, items / (items - 1));
}

static brn_status run_form(brn__pass_context *context)
{
    int count = context->graph->node_count; /* updates are appended while we walk */
    for (int id = 0; id < count; id++)
        if (context->graph->nodes[id]->op == &brn__op_batch_norm)
            BRN__TRY(set_form(context, context->graph->nodes[id]));
    return BRN_OK;
}

const brn__pass brn__pass_batch_norm_form = {"batch_norm_form", run_form};

static brn_status run_dropout_off(brn__pass_context *context)
{
    for (int id = 0; !context->training && id < context->graph->node_count; id++) {
        brn_node *node = context->graph->nodes[id];
        if (node->op->training_only) brn__pass_replace(context, (brn__value){node, 0}, node->inputs[0]);
    }
    return BRN_OK;
}

const brn__pass brn__pass_dropout_off = {"dropout_off", run_dropout_off};
