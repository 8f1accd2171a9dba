/* SPDX-License-Identifier: Apache-2.0
 * class_targets: labels as rows of weights, for losses weighted by class. */
#include "ops/rules.h"

#include <math.h>

static brn_status infer(brn_node *node)
{
    const brn__class_targets_attributes *attributes = node->attributes;
    BRN__TRY(brn__expect_indices(node, 0, "labels"));
    BRN__TRY(brn__expect_rank(node, 0, "labels", 1, 1));
    const int64_t dims[] = {brn__input_shape(node, 0).dims[0], attributes->classes};
    brn__set_output(node, 0, BRN_DTYPE_F32, brn_shape_of(2, dims));
    return BRN_OK;
}

static void describe(const brn_node *node, brn__text *out)
{
    const brn__class_targets_attributes *attributes = node->attributes;
    brn__text_printf(out, "%lld classes", (long long)attributes->classes);
}

const brn__op brn__op_class_targets = {.name = "class_targets",
                                       .id = BRN__OP_class_targets,
                                       .inputs_min = 1,
                                       .inputs_max = 1,
                                       .output_count = 1,
                                       .attributes_size = sizeof(brn__class_targets_attributes),
                                       .infer = infer,
                                       .describe = describe};

static brn_status check(const brn_graph *graph, const float *weights, int64_t classes, int slot)
{
    if (classes < 1)
        return brn__fail(BRN_ERROR_USAGE, "class_targets: %lld classes; expected one or more",
                         (long long)classes);
    for (int64_t k = 0; k < classes; k++)
        if (!(weights[k] >= 0) || !isfinite(weights[k]))
            return brn__fail(BRN_ERROR_USAGE,
                             "class_targets: class %lld has weight %g; expected 0 or more",
                             (long long)k, (double)weights[k]);
    if (slot < -1 || slot >= graph->scalar_count)
        return brn__fail(BRN_ERROR_USAGE, "class_targets: there is no scalar slot %d", slot);
    return BRN_OK;
}

brn_node *brn_class_targets(brn_node *labels, const float *weights, int64_t classes,
                            int smoothing_slot)
{
    if (brn__is_poison(labels)) return labels;
    brn_graph *graph = brn_node_graph(labels);
    const brn_status status = check(graph, weights, classes, smoothing_slot);
    if (status != BRN_OK) return brn__graph_fail(graph, status);
    brn__class_targets_attributes attributes = {
        .classes = classes,
        .weights = brn__arena_copy(&graph->arena, weights, (size_t)classes * sizeof *weights),
        .smoothing_slot = smoothing_slot};
    if (!attributes.weights) return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    return brn__apply(&brn__op_class_targets, &attributes, &labels, 1);
}
