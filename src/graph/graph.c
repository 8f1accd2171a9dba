/* SPDX-License-Identifier: Apache-2.0
 * Building graphs: nodes, names, parameters, sticky errors; copying into work graphs. */
#include "graph/graph.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const brn__op op_poison = {.name = "error"};

brn_status brn_graph_new(brn_graph **out)
{
    brn_graph *graph = brn__alloc_zero(1, sizeof *graph);
    if (!graph) return BRN_ERROR_NO_MEMORY;
    graph->group_count = 1;
    graph->poison = (brn_node){.graph = graph,
                               .id = -1,
                               .op = &op_poison,
                               .name = "error",
                               .output_count = 1,
                               .parameter = -1,
                               .input = -1};
    *out = graph;
    return BRN_OK;
}

void brn_graph_free(brn_graph *graph)
{
    if (!graph) return;
    brn__free(graph->nodes);
    brn__free(graph->parameters);
    brn__free(graph->inputs);
    brn__free(graph->scalars);
    brn__free(graph->updates);
    brn__text_free(&graph->scope);
    brn__arena_free(&graph->arena);
    brn__free(graph);
}

brn_status brn_graph_status(const brn_graph *graph)
{
    return graph->status == BRN_OK ? BRN_OK : brn__fail_again(graph->status, graph->message);
}

brn_node *brn__graph_fail(brn_graph *graph, brn_status status)
{
    if (graph->status == BRN_OK) {
        graph->status = status;
        snprintf(graph->message, sizeof graph->message, "%s", brn_error_message());
    }
    return &graph->poison;
}

bool brn__is_poison(const brn_node *node) { return node->op == &op_poison; }

/* Doubles a list so that one more element fits. */
static brn_status grow(void **items, int count, int *capacity, size_t size)
{
    if (count < *capacity) return BRN_OK;
    int larger = *capacity ? *capacity * 2 : 32;
    void *moved = brn__realloc(*items, (size_t)larger * size);
    if (!moved) return BRN_ERROR_NO_MEMORY;
    *items = moved;
    *capacity = larger;
    return BRN_OK;
}
#define GROW(list, count, capacity) grow((void **)&(list), (count), &(capacity), sizeof *(list))

static const char *scoped(brn_graph *graph, const char *name)
{
    const char *scope = graph->scope.length ? graph->scope.bytes : "";
    return brn__arena_printf(&graph->arena, "%s%s", scope, name);
}

void brn_scope_push(brn_graph *graph, const char *format, ...)
{
    char part[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(part, sizeof part, format, arguments);
    va_end(arguments);
    int depth_limit = (int)(sizeof graph->scope_marks / sizeof *graph->scope_marks);
    if (graph->scope_depth < depth_limit) graph->scope_marks[graph->scope_depth] = graph->scope.length;
    else brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE, "scope %s: more than %d scopes are open", part, depth_limit));
    graph->scope_depth++;
    brn__text_printf(&graph->scope, "%s.", part);
    if (graph->scope.failed) brn__graph_fail(graph, brn__text_finish(&graph->scope));
}

void brn_scope_pop(brn_graph *graph)
{
    if (graph->scope_depth == 0) {
        brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE, "brn_scope_pop: no scope is open"));
        return;
    }
    graph->scope_depth--;
    graph->scope.length = graph->scope_marks[graph->scope_depth];
    if (graph->scope.bytes) graph->scope.bytes[graph->scope.length] = '\0';
}

void brn_graph_set_group(brn_graph *graph, int group)
{
    if (group < 0 || group > 63) {
        brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE, "layer group %d: expected 0 to 63", group));
        return;
    }
    graph->group = group;
    if (group >= graph->group_count) graph->group_count = group + 1;
}

int brn_graph_group_count(const brn_graph *graph) { return graph->group_count; }
brn_graph *brn_node_graph(const brn_node *node) { return node->graph; }
brn_shape brn_node_shape(const brn_node *node) { return node->outputs[0].shape; }
brn_dtype brn_node_dtype(const brn_node *node) { return node->outputs[0].dtype; }
const char *brn_node_name(const brn_node *node) { return node->name; }

/* An empty node at the end of the list; NULL when there is no memory. */
static brn_node *append(brn_graph *graph, const brn__op *op, const char *name)
{
    if (GROW(graph->nodes, graph->node_count, graph->node_capacity) != BRN_OK) return NULL;
    brn_node *node = brn__arena_alloc(&graph->arena, sizeof *node);
    if (!node || !name) return NULL;
    node->graph = graph;
    node->id = graph->node_count;
    node->op = op;
    node->name = name;
    node->group = graph->group;
    node->parameter = node->input = -1;
    node->output_count = op->output_count;
    graph->nodes[graph->node_count++] = node;
    return node;
}

brn_node *brn__node_new(brn_graph *graph, const brn__op *op, const void *attributes,
                        const brn__value *inputs, int input_count, const char *name)
{
    if (graph->status != BRN_OK) return &graph->poison;
    while (input_count > 0 && !inputs[input_count - 1].node) input_count--; /* absent tail */
    if (input_count < op->inputs_min || input_count > op->inputs_max)
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE, "%s: %d inputs; expected %d to %d",
                                                op->name, input_count, op->inputs_min,
                                                op->inputs_max));
    for (int i = 0; i < input_count; i++)
        if (inputs[i].node && brn__is_poison(inputs[i].node)) return &graph->poison;
    brn_node *node = append(graph, op, name ? name : scoped(graph, op->name));
    if (!node) return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    if (op->attributes_size) {
        node->attributes = brn__arena_copy(&graph->arena, attributes, op->attributes_size);
        if (!node->attributes) return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    }
    node->input_count = input_count;
    for (int i = 0; i < input_count; i++) node->inputs[i] = inputs[i];
    brn_status status = op->infer(node);
    if (status != BRN_OK) {
        graph->node_count--; /* the refused node is not part of the graph */
        return brn__graph_fail(graph, status);
    }
    return node;
}

brn_node *brn__apply(const brn__op *op, const void *attributes, brn_node *const *inputs,
                     int input_count)
{
    brn__value values[BRN__INPUTS_MAX];
    brn_graph *graph = inputs[0]->graph;
    for (int i = 0; i < input_count && i < BRN__INPUTS_MAX; i++) {
        values[i] = inputs[i] ? brn__value_of(inputs[i]) : (brn__value){0};
        if (inputs[i] && inputs[i]->graph != graph)
            return brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE,
                                                    "%s: input %d belongs to another graph",
                                                    op->name, i));
    }
    return brn__node_new(graph, op, attributes, values, input_count, NULL);
}

brn__value brn__value_of(brn_node *node)
{
    if (node->op == &brn__op_pick) return node->inputs[0];
    return (brn__value){node, 0};
}

brn_node *brn_node_output(brn_node *node, int index)
{
    brn_graph *graph = node->graph;
    if (brn__is_poison(node)) return node;
    if (index < 0 || index >= node->output_count)
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE, "%s: output %d; it has %d",
                                                node->name, index, node->output_count));
    if (index == 0) return node;
    brn__value value = {node, index};
    brn_node *pick = brn__node_new(graph, &brn__op_pick, NULL, &value, 1, NULL);
    if (!brn__is_poison(pick)) pick->outputs[0] = node->outputs[index];
    return pick;
}

brn_node *brn_input(brn_graph *graph, const char *name, brn_dtype dtype, const int64_t *dims,
                    int rank)
{
    if (graph->status != BRN_OK) return &graph->poison;
    for (int i = 0; i < graph->input_count; i++)
        if (!strcmp(graph->inputs[i]->name, name))
            return brn__graph_fail(graph, brn__fail(BRN_ERROR_USAGE,
                                                    "input %s: there is one of that name", name));
    if (rank < 0 || rank > BRN_RANK_MAX)
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_INPUT, "input %s: rank %d; expected 0 to %d",
                                                name, rank, BRN_RANK_MAX));
    brn_node *node = append(graph, &brn__op_input, brn__arena_strdup(&graph->arena, name));
    if (!node || GROW(graph->inputs, graph->input_count, graph->input_capacity) != BRN_OK)
        return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    node->outputs[0] = (brn__type){dtype, brn_shape_of(rank, dims)};
    node->input = graph->input_count;
    graph->inputs[graph->input_count++] = node;
    return node;
}

brn_node *brn_parameter(brn_graph *graph, const char *name, const int64_t *dims, int rank,
                        brn_parameter_kind kind, brn_init init)
{
    if (graph->status != BRN_OK) return &graph->poison;
    const char *full = scoped(graph, name);
    if (!full) return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    brn_shape shape = brn_shape_of(rank, dims);
    for (int i = 0; i < graph->parameter_count; i++) {
        brn__graph_parameter *known = &graph->parameters[i];
        if (strcmp(known->name, full)) continue;
        if (brn_shape_equal(known->shape, shape)) return known->node;
        return brn__graph_fail(graph, brn__fail(BRN_ERROR_INPUT,
                                                "parameter %s: shape %s; it was declared with %s",
                                                full, BRN__SHAPE(shape), BRN__SHAPE(known->shape)));
    }
    brn_node *node = append(graph, &brn__op_parameter, full);
    if (!node || GROW(graph->parameters, graph->parameter_count, graph->parameter_capacity) != BRN_OK)
        return brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
    node->outputs[0] = (brn__type){BRN_DTYPE_F32, shape};
    node->parameter = graph->parameter_count;
    graph->parameters[graph->parameter_count++] =
        (brn__graph_parameter){full, shape, kind, init, graph->group, node};
    return node;
}

int brn_scalar(brn_graph *graph, const char *name, double initial)
{
    for (int i = 0; i < graph->scalar_count; i++)
        if (!strcmp(graph->scalars[i].name, name)) return i;
    const char *copy = brn__arena_strdup(&graph->arena, name);
    if (!copy || GROW(graph->scalars, graph->scalar_count, graph->scalar_capacity) != BRN_OK) {
        brn__graph_fail(graph, BRN_ERROR_NO_MEMORY);
        return 0;
    }
    graph->scalars[graph->scalar_count] = (brn__graph_scalar){copy, initial};
    return graph->scalar_count++;
}

brn_status brn__graph_add_update(brn_graph *graph, brn_node *target, brn__value value)
{
    BRN__TRY(GROW(graph->updates, graph->update_count, graph->update_capacity));
    graph->updates[graph->update_count++] = (brn__update){target, value};
    return BRN_OK;
}

brn_status brn__expect_real(const brn_node *node, int input, const char *what)
{
    const brn__type *type = brn__type_of(node->inputs[input]);
    if (type->dtype == BRN_DTYPE_F32) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must be float32, got %s %s", node->op->name, what,
                     brn_dtype_name(type->dtype), BRN__SHAPE(type->shape));
}

brn_status brn__expect_rank(const brn_node *node, int input, const char *what, int low, int high)
{
    brn_shape shape = brn__input_shape(node, input);
    if (shape.rank >= low && shape.rank <= high) return BRN_OK;
    if (low == high)
        return brn__fail(BRN_ERROR_INPUT, "%s: %s must have %d dimensions, got %s", node->op->name,
                         what, low, BRN__SHAPE(shape));
    return brn__fail(BRN_ERROR_INPUT, "%s: %s must have %d to %d dimensions, got %s",
                     node->op->name, what, low, high, BRN__SHAPE(shape));
}

void brn__set_output(brn_node *node, int output, brn_dtype dtype, brn_shape shape)
{
    node->outputs[output] = (brn__type){dtype, shape};
}

void brn__same_as_input(brn_node *node, int output, int input)
{
    node->outputs[output] = *brn__type_of(node->inputs[input]);
}

static void mark_inputs(const brn_graph *graph, bool *needed)
{
    for (int id = graph->node_count - 1; id >= 0; id--) {
        if (!needed[id]) continue;
        const brn_node *node = graph->nodes[id];
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i].node) needed[node->inputs[i].node->id] = true;
    }
}

/* The state that is read and not yet carried on: marks what it will be; false when there is none. */
static bool mark_carried(const brn_graph *graph, bool *needed)
{
    bool found = false;
    for (int i = 0; i < graph->update_count; i++) {
        const brn__update *update = &graph->updates[i];
        if (!needed[update->target->id] || needed[update->value.node->id]) continue;
        found = needed[update->value.node->id] = true;
    }
    return found;
}

/* Marks what `wanted` depend on, with the updates of state among it. */
static void mark(const brn_graph *graph, brn_node *const *wanted, int wanted_count, bool *needed)
{
    for (int i = 0; i < wanted_count; i++) needed[wanted[i]->id] = true;
    do mark_inputs(graph, needed);
    while (mark_carried(graph, needed));
}

static brn_status copy_updates(const brn_graph *graph, const bool *needed, brn_node *const *map, brn_graph *copy)
{
    for (int i = 0; i < graph->update_count; i++) {
        const brn__update *update = &graph->updates[i];
        if (!needed[update->target->id]) continue;
        brn__value value = {map[update->value.node->id], update->value.output};
        BRN__TRY(brn__graph_add_update(copy, map[update->target->id], value));
    }
    return BRN_OK;
}

/* Copies one node; its inputs are in `map` already. */
static brn_node *copy_node(brn_graph *to, const brn_node *from, brn_node **map,
                           const brn_shape *shape)
{
    if (from->op == &brn__op_input) {
        brn_node *node = brn_input(to, from->name, from->outputs[0].dtype,
                                   shape ? shape->dims : from->outputs[0].shape.dims,
                                   shape ? shape->rank : from->outputs[0].shape.rank);
        return node;
    }
    if (from->op == &brn__op_parameter) {
        const brn__graph_parameter *p = &from->graph->parameters[from->parameter];
        return brn_parameter(to, p->name, p->shape.dims, p->shape.rank, p->kind, p->init);
    }
    brn__value inputs[BRN__INPUTS_MAX] = {0};
    for (int i = 0; i < from->input_count; i++)
        if (from->inputs[i].node)
            inputs[i] = (brn__value){map[from->inputs[i].node->id], from->inputs[i].output};
    brn_node *node = brn__node_new(to, from->op, from->attributes, inputs, from->input_count, from->name);
    if (from->op == &brn__op_pick && !brn__is_poison(node))
        node->outputs[0] = *brn__type_of(inputs[0]);
    return node;
}

brn_status brn__graph_copy(const brn_graph *graph, brn_node *const *wanted, int wanted_count,
                           const brn_shape *const *shapes, brn_graph **out, brn_node **map)
{
    BRN__TRY(brn_graph_status(graph));
    bool *needed = brn__alloc_zero((size_t)graph->node_count + 1, sizeof *needed);
    if (!needed) return BRN_ERROR_NO_MEMORY;
    mark(graph, wanted, wanted_count, needed);
    brn_graph *copy;
    brn_status status = brn_graph_new(&copy);
    if (status != BRN_OK) {
        brn__free(needed);
        return status;
    }
    for (int i = 0; i < graph->scalar_count; i++)
        brn_scalar(copy, graph->scalars[i].name, graph->scalars[i].initial);
    for (int id = 0; id < graph->node_count && copy->status == BRN_OK; id++) {
        if (!needed[id]) continue;
        const brn_node *from = graph->nodes[id];
        brn_graph_set_group(copy, from->group);
        map[id] = copy_node(copy, from, map, from->input >= 0 ? shapes[from->input] : NULL);
        map[id]->origin = from;
    }
    status = brn_graph_status(copy);
    if (status == BRN_OK) status = copy_updates(graph, needed, map, copy);
    brn__free(needed);
    if (status != BRN_OK) brn_graph_free(copy);
    else *out = copy;
    return status;
}

void brn__graph_replace(brn_graph *graph, brn__value from, brn__value to)
{
    for (int id = 0; id < graph->node_count; id++) {
        brn_node *node = graph->nodes[id];
        if (node == to.node) continue;
        for (int i = 0; i < node->input_count; i++)
            if (node->inputs[i].node == from.node && node->inputs[i].output == from.output)
                node->inputs[i] = to;
    }
    for (int i = 0; i < graph->update_count; i++)
        if (graph->updates[i].value.node == from.node &&
            graph->updates[i].value.output == from.output)
            graph->updates[i].value = to;
}
