/* SPDX-License-Identifier: Apache-2.0
 * y = gamma (conv(x, w) - mean) / sqrt(var + eps) + beta is a convolution with scaled weights and a
 * bias. Folded where the statistics are fixed and neither the weights nor scale and shift learn. */
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "ops/passes/passes.h"

static bool group_learns(const brn__pass_context *context, const brn_node *node)
{
    return context->learning_groups >> node->group & 1;
}

static bool can_fold(const brn__pass_context *context, const brn_node *norm)
{
    const brn__batch_norm_attributes *attributes = norm->attributes;
    if (norm->op != &brn__op_batch_norm || attributes->form == BRN_NORM_BATCH) return false;
    const brn_node *conv = norm->inputs[0].node;
    if (conv->op != &brn__op_conv2d || brn__has(conv, 3)) return false;
    if (((const brn__conv2d_attributes *)conv->attributes)->activation != BRN_ACTIVATION_NONE) return false;
    if (group_learns(context, conv) || group_learns(context, norm)) return false;
    return brn__pass_uses(context, norm->inputs[0]) == 1;
}

static brn_status fold(brn__pass_context *context, brn_node *norm)
{
    const brn_node *conv = norm->inputs[0].node;
    brn__value fold_inputs[6] = {conv->inputs[1], norm->inputs[1], norm->inputs[2],
                                 norm->inputs[3], norm->inputs[4]};
    if (brn__has(conv, 2)) fold_inputs[5] = conv->inputs[2];
    context->graph->group = norm->group;
    brn_node *folded = brn__node_new(context->graph, &brn__op_batch_norm_fold, norm->attributes, fold_inputs, 6,
                                     norm->name);
    brn__value inputs[4] = {conv->inputs[0], {folded, 0}, {folded, 1}};
    brn__conv2d_attributes attributes = *(const brn__conv2d_attributes *)conv->attributes;
    attributes.activation = ((const brn__batch_norm_attributes *)norm->attributes)->activation;
    if (brn__has(norm, 5)) inputs[3] = norm->inputs[5];
    brn_node *merged = brn__node_new(context->graph, &brn__op_conv2d, &attributes, inputs, 4, conv->name);
    BRN__TRY(brn_graph_status(context->graph));
    brn__pass_replace(context, (brn__value){norm, 0}, (brn__value){merged, 0});
    norm->inputs[0].node->input_count = norm->input_count = 0; /* dead: they read nothing any more */
    return BRN_OK;
}

static brn_status run_fold(brn__pass_context *context)
{
    int count = context->graph->node_count;
    for (int id = 0; id < count; id++)
        if (can_fold(context, context->graph->nodes[id])) BRN__TRY(fold(context, context->graph->nodes[id]));
    return BRN_OK;
}

const brn__pass brn__pass_fold_batch_norm = {"fold_batch_norm", run_fold};
