/* SPDX-License-Identifier: Apache-2.0
 *
 * producer + add + ReLU becomes producer(residual, activation), producer + ReLU becomes
 * producer(activation), where producer is a convolution, a batch norm or (ReLU only) a matmul whose
 * value nobody else reads. The fused op's own gradient rule masks by its output.
 */
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "ops/passes/passes.h"

#include <string.h>

/* Where a producer keeps its activation and its residual input. */
typedef struct fusible {
    const brn__op *op;
    size_t activation_offset;
    int residual_input; /* -1: takes none */
} fusible;

static const fusible fusibles[] = {
    {&brn__op_conv2d, offsetof(brn__conv2d_attributes, activation), 3},
    {&brn__op_batch_norm, offsetof(brn__batch_norm_attributes, activation), 5},
    {&brn__op_matmul, offsetof(brn__matmul_attributes, activation), -1},
};

static const fusible *fusible_of(const brn_node *node)
{
    for (size_t i = 0; i < sizeof fusibles / sizeof *fusibles; i++)
        if (fusibles[i].op == node->op) return &fusibles[i];
    return NULL;
}

static brn_activation activation_of(const brn_node *node, const fusible *kind)
{
    brn_activation activation;
    memcpy(&activation, (const char *)node->attributes + kind->activation_offset, sizeof activation);
    return activation;
}

/* The producer of `value` when it may take more work in; NULL otherwise. */
static const fusible *producer(const brn__pass_context *context, brn__value value)
{
    const fusible *kind = fusible_of(value.node);
    if (!kind || value.output != 0 || activation_of(value.node, kind) != BRN_ACTIVATION_NONE) return NULL;
    return brn__pass_uses(context, value) == 1 ? kind : NULL;
}

/* The new node goes on with the old one's updates of running statistics. */
static brn_status fuse(brn__pass_context *context, brn_node *old, const fusible *kind, brn__value residual,
                       brn_activation activation, brn__value replaced)
{
    brn_graph *graph = context->graph;
    char *attributes = brn__arena_copy(&graph->arena, old->attributes, old->op->attributes_size);
    if (!attributes) return BRN_ERROR_NO_MEMORY;
    memcpy(attributes + kind->activation_offset, &activation, sizeof activation);
    brn__value inputs[BRN__INPUTS_MAX] = {0};
    memcpy(inputs, old->inputs, sizeof inputs);
    int count = old->input_count;
    if (residual.node) inputs[kind->residual_input] = residual, count = kind->residual_input + 1;
    graph->group = old->group;
    brn_node *fused = brn__node_new(graph, old->op, attributes, inputs, count, old->name);
    BRN__TRY(brn_graph_status(graph));
    for (int i = 1; i < old->output_count; i++)
        brn__pass_replace(context, (brn__value){old, i}, (brn__value){fused, i});
    brn__pass_replace(context, replaced, (brn__value){fused, 0});
    old->input_count = replaced.node->input_count = 0; /* dead: they read nothing any more */
    return BRN_OK;
}

static bool is_foldable_activation(const brn_node *node, brn_activation *kind)
{
    if (node->op != &brn__op_activation) return false;
    *kind = ((const brn__activation_attributes *)node->attributes)->kind;
    return *kind == BRN_ACTIVATION_RELU || *kind == BRN_ACTIVATION_RELU6;
}

static bool same_shapes(const brn_node *add)
{
    return brn_shape_equal(brn__input_shape(add, 0), brn__input_shape(add, 1));
}

/* add(producer, other): which side is the producer; the later one when both could be. */
static int producing_side(const brn__pass_context *context, const brn_node *add)
{
    int side = -1;
    for (int i = 0; i < 2; i++) {
        const fusible *kind = producer(context, add->inputs[i]);
        if (!kind || kind->residual_input < 0 || brn__has(add->inputs[i].node, kind->residual_input)) continue;
        if (side < 0 || add->inputs[i].node->id > add->inputs[side].node->id) side = i;
    }
    return side;
}

static brn_status fuse_at(brn__pass_context *context, brn_node *node)
{
    brn_activation activation = BRN_ACTIVATION_NONE;
    brn_node *add = NULL;
    if (is_foldable_activation(node, &activation)) {
        const fusible *kind = producer(context, node->inputs[0]);
        if (kind)
            return fuse(context, node->inputs[0].node, kind, (brn__value){0}, activation, (brn__value){node, 0});
        add = node->inputs[0].node;
        if (add->op != &brn__op_add || brn__pass_uses(context, node->inputs[0]) != 1) return BRN_OK;
    } else if (node->op == &brn__op_add) {
        add = node; /* a residual sum without an activation (linear bottlenecks) */
    }
    if (!add || !same_shapes(add)) return BRN_OK;
    int side = producing_side(context, add);
    if (side < 0) return BRN_OK;
    brn_node *old = add->inputs[side].node;
    brn__value residual = add->inputs[1 - side];
    BRN__TRY(fuse(context, old, fusible_of(old), residual, activation, (brn__value){node, 0}));
    add->input_count = 0;
    return BRN_OK;
}

/* True when `node` is an addition that one foldable activation will take in together. */
static bool activation_follows(const brn__pass_context *context, const brn_node *node)
{
    brn_activation kind;
    if (node->op != &brn__op_add || brn__pass_uses(context, (brn__value){(brn_node *)(uintptr_t)node, 0}) != 1)
        return false;
    for (int id = node->id + 1; id < context->graph->node_count; id++) {
        const brn_node *user = context->graph->nodes[id];
        if (user->input_count && user->inputs[0].node == node && is_foldable_activation(user, &kind)) return true;
    }
    return false;
}

static brn_status run_fuse(brn__pass_context *context)
{
    int count = context->graph->node_count;
    for (int id = 0; id < count; id++) {
        brn_node *node = context->graph->nodes[id];
        if (!activation_follows(context, node)) BRN__TRY(fuse_at(context, node));
    }
    return BRN_OK;
}

const brn__pass brn__pass_fuse_activation = {"fuse_activation", run_fuse};

/* sum(a, b) read only as dy of a batch norm's gradient: the kernel adds while it reads. */
static brn_status run_gradient_sum(brn__pass_context *context)
{
    for (int id = 0; id < context->graph->node_count; id++) {
        brn_node *node = context->graph->nodes[id];
        if (node->op != &brn__op_batch_norm_grad || brn__has(node, 6)) continue;
        brn_node *sum = node->inputs[0].node;
        if (sum->op != &brn__op_sum || sum->input_count != 2 || brn__pass_uses(context, node->inputs[0]) != 1)
            continue;
        while (node->input_count < 7) node->inputs[node->input_count++] = (brn__value){0};
        node->inputs[0] = sum->inputs[0];
        node->inputs[6] = sum->inputs[1];
    }
    return BRN_OK;
}

const brn__pass brn__pass_fuse_gradient_sum = {"fuse_gradient_sum", run_gradient_sum};
