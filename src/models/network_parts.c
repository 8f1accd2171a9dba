/* SPDX-License-Identifier: Apache-2.0
 * The kinds of layers that have others inside, and how a layer is added to a graph: its path, its scope, its
 * limits, its name in what goes wrong. */
#include "graph/graph.h"
#include "models/network_list.h"

#include <stdio.h>
#include <string.h>

static const brn__layer_kind *const kinds[] = {
#define X(name) &brn__layer_##name,
    BRN__LAYER_KIND_LIST(X)
#undef X
};

const brn__layer_kind *brn__layer_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i]->name, name) == 0) return kinds[i];
    return NULL;
}

bool brn__layer_learns(const brn__layer *layer)
{
    bool learns = layer->kind->has_parameters || (layer->shortcut && brn__layer_learns(layer->shortcut));
    for (int i = 0; i < layer->part_count; i++) learns |= brn__layer_learns(&layer->parts[i]);
    return learns;
}

/* ------------------------------------------------------------------ adding one */

/* Elements of the parameters that came with the layer in hand. */
static int64_t count_parameters(brn__network_walk *walk, const brn_graph *graph)
{
    int64_t elements = 0;
    for (; walk->parameter_count < graph->parameter_count; walk->parameter_count++) {
        const brn_shape shape = graph->parameters[walk->parameter_count].shape;
        int64_t product = 1; /* every dimension is below 2^28: two of them, and two sides below 2^10 */
        for (int i = 0; i < shape.rank; i++)
            product = product > BRN_NETWORK_PARAMETERS_MAX ? product : product * shape.dims[i];
        elements += product;
    }
    walk->parameters += elements;
    return elements;
}

static brn_node *check_limits(brn__network_walk *walk, const brn__layer *layer, brn_node *x)
{
    brn_shape shape = brn_node_shape(x);
    int64_t values = 1;
    for (int i = 1; i < shape.rank; i++) values = values > BRN_NETWORK_VALUES_MAX ? values : values * shape.dims[i];
    const int64_t parameters = count_parameters(walk, x->graph);
    if (values > BRN_NETWORK_VALUES_MAX)
        return brn__graph_fail(x->graph, brn__fail(BRN_ERROR_INPUT, "its values %s are more than %d for one item",
                                                   BRN__SHAPE(shape), BRN_NETWORK_VALUES_MAX));
    if (walk->parameters > BRN_NETWORK_PARAMETERS_MAX)
        return brn__graph_fail(x->graph, brn__fail(BRN_ERROR_INPUT, "the network has more than %d parameters with it",
                                                   BRN_NETWORK_PARAMETERS_MAX));
    if (walk->hear && layer->kind->inside == BRN__LAYER_ALONE)
        walk->hear(walk->context, &(brn_network_layer){walk->path, layer->kind->name, shape, walk->group, parameters});
    return x;
}

/* What went wrong first, with the layer that it went wrong in and what came into it. */
static void tell(brn__network_walk *walk, const brn__layer *layer, brn_graph *graph, brn_shape in)
{
    if (walk->told || graph->status == BRN_OK) return;
    walk->told = true;
    const brn_status before = brn__fail_again(graph->status, graph->message);
    const brn_status kind = before == BRN_ERROR_USAGE ? BRN_ERROR_INPUT : before; /* nobody called it so */
    const brn_status status = brn__fail_within(kind, "layer %s (%s) on x %s", walk->path, layer->kind->name,
                                               BRN__SHAPE(in));
    graph->status = BRN_OK; /* the same failure, in more words */
    brn__graph_fail(graph, status);
}

brn_node *brn__layer_build(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    if (brn__is_poison(x)) return x;
    brn_graph *graph = x->graph;
    const brn_shape in = brn_node_shape(x);
    const size_t length = strlen(walk->path);
    snprintf(walk->path + length, sizeof walk->path - length, "%s%s", length ? "." : "", layer->name);
    brn_node *y = layer->kind->build(layer, walk, x);
    if (!brn__is_poison(y)) y = check_limits(walk, layer, y);
    tell(walk, layer, graph, in);
    walk->path[length] = '\0';
    return y;
}

/* ------------------------------------------------------------------ those with others inside */

static brn_node *all(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    for (int i = 0; i < layer->part_count; i++) x = brn__layer_build(&layer->parts[i], walk, x);
    return x;
}

static brn_node *build_sequential(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    brn_graph *graph = x->graph;
    brn_scope_push(graph, "%s", layer->name);
    x = all(layer, walk, x);
    brn_scope_pop(graph);
    return x;
}
const brn__layer_kind brn__layer_sequential = {
    .name = "sequential", .inside = BRN__LAYER_LIST, .build = build_sequential};

static brn_node *refuse(brn_graph *graph, const char *what, brn_shape a, brn_shape b)
{
    return brn__graph_fail(graph, brn__fail(BRN_ERROR_INPUT, "%s, got %s and %s", what, BRN__SHAPE(a), BRN__SHAPE(b)));
}

static const char *const activations[] = {"none", "relu", "relu6", "sigmoid", "tanh", "silu", NULL}; /* as the enum */
static brn_node *build_residual(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    brn_graph *graph = x->graph;
    brn_scope_push(graph, "%s", layer->name);
    brn_node *y = all(layer, walk, x);
    brn_node *shortcut = layer->shortcut ? brn__layer_build(layer->shortcut, walk, x) : x;
    brn_scope_pop(graph);
    if (brn__is_poison(y) || brn__is_poison(shortcut)) return &graph->poison;
    if (!brn_shape_equal(brn_node_shape(y), brn_node_shape(shortcut)))
        return refuse(graph, "its layers and its shortcut must give the same shape", brn_node_shape(y),
                      brn_node_shape(shortcut));
    y = brn_add(y, shortcut);
    const brn_activation activation = (brn_activation)(int)layer->values[0];
    return activation == BRN_ACTIVATION_NONE ? y : brn_activate(y, activation);
}
const brn__layer_kind brn__layer_residual = {.name = "residual",
                                             .fields = {{"activation", BRN__LAYER_WORD, 0, 0, 0, activations}},
                                             .inside = BRN__LAYER_SHORTCUT,
                                             .build = build_residual};

enum { BRANCHES_MAX = 8 }; /* of brn_concat */
static brn_node *build_branches(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    brn_graph *graph = x->graph;
    brn_node *parts[BRANCHES_MAX];
    if (layer->part_count > BRANCHES_MAX)
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_INPUT, "%d layers; expected %d or fewer", layer->part_count,
                                                BRANCHES_MAX));
    brn_scope_push(graph, "%s", layer->name);
    for (int i = 0; i < layer->part_count; i++) parts[i] = brn__layer_build(&layer->parts[i], walk, x);
    brn_scope_pop(graph);
    for (int i = 0; i < layer->part_count; i++)
        if (brn__is_poison(parts[i])) return parts[i];
    return layer->part_count == 1 ? parts[0] : brn_concat(parts, layer->part_count, 1);
}
const brn__layer_kind brn__layer_branches = {
    .name = "branches", .inside = BRN__LAYER_LIST, .build = build_branches};

/* x times what its layers make of x: (N, C) for the channels, or x's own shape. */
static brn_node *build_gate(const brn__layer *layer, brn__network_walk *walk, brn_node *x)
{
    brn_graph *graph = x->graph;
    brn_scope_push(graph, "%s", layer->name);
    brn_node *gate = all(layer, walk, x);
    brn_scope_pop(graph);
    if (brn__is_poison(gate)) return gate;
    const brn_shape shape = brn_node_shape(x), given = brn_node_shape(gate);
    if (given.rank == 2 && shape.rank > 2 && shape.dims[1] == given.dims[1]) {
        int64_t dims[BRN_RANK_MAX] = {0, given.dims[1]};
        for (int i = 2; i < shape.rank; i++) dims[i] = 1;
        return brn_mul(x, brn_reshape(gate, dims, shape.rank));
    }
    if (!brn_shape_equal(shape, given))
        return refuse(graph, "its layers must give one number a channel, or the shape of x", given, shape);
    return brn_mul(x, gate);
}
const brn__layer_kind brn__layer_gate = {.name = "gate", .inside = BRN__LAYER_LIST, .build = build_gate};
