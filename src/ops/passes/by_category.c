/* SPDX-License-Identifier: Apache-2.0
 *
 * linear(concat(embeddings, numbers)) becomes category_linear: where a column has few categories it is less work to
 * multiply each category's row by its part of the weight once, and to add up those products row by row, than to
 * multiply every row of the batch. Backwards likewise: the gradient is summed by category before it is multiplied.
 *
 * Work is counted in products of a number with a row of the weight's transpose, for one of the three products (forward,
 * gradient of the rows, gradient of the weight). A column of V categories of width w costs N w in a batch of N rows,
 * and V w + N by category, N being the additions. Beside that the weight is transposed for each product, which is as
 * much as 3 rows of the batch, and our own product of what stays dense takes a tenth more than oneDNN's: measured on
 * one AVX-512 processor, over batches of 8 to 256, 1 to 9 columns and layers of 50 to 1,000 outputs.
 *
 * Only embeddings that say that they may be (by_category), and only where the plan differentiates. */
#include "base/alloc.h"
#include "ops/attributes.h"
#include "ops/op_list.h"
#include "ops/passes/passes.h"

typedef struct part {
    brn__value value;
    int64_t at, width; /* columns of the weight */
    bool chosen;
} part;

typedef struct layer {
    brn_node *matmul;
    part *parts;
    int count, chosen;
    brn__value x; /* that the chosen columns lie in */
} layer;

static const double TRANSPOSES = 3, DENSE_SHARE = .1;

/* The parts of a tree of concats along the columns, from left to right; parts NULL: counts. */
static void collect(brn__value value, part *parts, int *count)
{
    const brn__slice_attributes *attributes = value.node->attributes;
    if (value.node->op == &brn__op_concat && attributes->axis == 1) {
        for (int i = 0; i < value.node->input_count; i++) collect(value.node->inputs[i], parts, count);
        return;
    }
    if (parts) parts[*count] = (part){.value = value, .width = brn__type_of(value)->shape.dims[1]};
    *count += 1;
}

static bool is_candidate(const layer *l, const part *p)
{
    const brn_node *node = p->value.node;
    if (node->op != &brn__op_embedding || !((const brn__embedding_attributes *)node->attributes)->by_category)
        return false;
    const brn_node *indices = node->inputs[1].node;
    if (indices->op != &brn__op_column_indices) return false;
    brn__value x = indices->inputs[0];
    return !l->chosen || (x.node == l->x.node && x.output == l->x.output);
}

/* Chooses the columns that are less work by category; true when that outweighs what it takes. */
static bool choose(layer *l, int64_t batch)
{
    double saved = 0;
    int64_t at = 0, dense = 0;
    for (int i = 0; i < l->count; i++) {
        part *p = &l->parts[i];
        p->at = at;
        at += p->width;
        const int64_t rows = is_candidate(l, p) ? brn__input_shape(p->value.node, 0).dims[0] : 0;
        const double gain = (double)(batch * p->width) - (double)(rows * p->width + batch);
        p->chosen = rows > 0 && gain > 0;
        if (!p->chosen) {
            dense += p->width;
            continue;
        }
        saved += gain;
        if (!l->chosen++) l->x = p->value.node->inputs[1].node->inputs[0];
    }
    return saved > TRANSPOSES * (double)at + DENSE_SHARE * (double)(batch * dense);
}

/* One value of `count` >= 1 along the axis; `values` is used up. */
static brn__value join(brn_graph *graph, brn__value *values, int count, int axis, const char *name)
{
    const brn__slice_attributes attributes = {.axis = axis};
    while (count > 1) {
        int joined = 0;
        for (int i = 0; i < count; i += BRN__INPUTS_MAX) {
            int now = count - i < BRN__INPUTS_MAX ? count - i : BRN__INPUTS_MAX;
            values[joined++] = now == 1 ? values[i]
                                        : brn__output(brn__node_new(graph, &brn__op_concat, &attributes, values + i,
                                                                    now, name), 0);
        }
        count = joined;
    }
    return values[0];
}

static brn__value flattened(brn_graph *graph, brn__value table, const char *name)
{
    const brn__dims_attributes attributes = {.rank = 1, .dims = {brn_shape_elements(brn__type_of(table)->shape)}};
    return brn__output(brn__node_new(graph, &brn__op_reshape, &attributes, &table, 1, name), 0);
}

/* The columns and runs, in the graph's arena, and in `values` the tables, then what stays dense. */
static brn_status lay_out(brn_graph *graph, const layer *l, brn__category_linear_attributes *out, brn__value *values)
{
    const size_t count = (size_t)l->count;
    brn__category_column *columns = brn__arena_alloc(&graph->arena, count * sizeof *columns);
    brn__dense_run *runs = brn__arena_alloc(&graph->arena, count * sizeof *runs);
    if (!columns || !runs) return BRN_ERROR_NO_MEMORY;
    brn__value *dense = values + l->chosen;
    for (int i = 0; i < l->count; i++) {
        const part *p = &l->parts[i];
        if (p->chosen) {
            const brn_node *embedding = p->value.node;
            const brn__column_attributes *read = embedding->inputs[1].node->attributes;
            columns[out->count] = (brn__category_column){
                read->column, brn__input_shape(embedding, 0).dims[0], p->width, p->at};
            values[out->count++] = flattened(graph, embedding->inputs[0], embedding->name);
            continue;
        }
        *dense++ = p->value;
        brn__dense_run *last = out->run_count ? &runs[out->run_count - 1] : NULL;
        if (last && last->at + last->width == p->at) last->width += p->width;
        else runs[out->run_count++] = (brn__dense_run){p->at, p->width};
    }
    out->columns = columns;
    out->runs = runs;
    return BRN_OK;
}

static brn_status replace(brn__pass_context *context, const layer *l, brn__value *values)
{
    brn_graph *graph = context->graph;
    brn_node *matmul = l->matmul;
    graph->group = matmul->group;
    brn__category_linear_attributes attributes = {
        .activation = ((const brn__matmul_attributes *)matmul->attributes)->activation};
    BRN__TRY(lay_out(graph, l, &attributes, values));
    BRN__TRY(brn_graph_status(graph));
    brn__value inputs[5] = {l->x, join(graph, values, l->chosen, 0, matmul->name), matmul->inputs[1]};
    if (l->count > l->chosen) inputs[3] = join(graph, values + l->chosen, l->count - l->chosen, 1, matmul->name);
    if (brn__has(matmul, 2)) inputs[4] = matmul->inputs[2];
    BRN__TRY(brn_graph_status(graph));
    brn_node *made = brn__node_new(graph, &brn__op_category_linear, &attributes, inputs, 5, matmul->name);
    BRN__TRY(brn_graph_status(graph));
    brn__pass_replace(context, brn__output(matmul, 0), brn__output(made, 0));
    matmul->input_count = 0; /* dead: it reads nothing any more */
    return BRN_OK;
}

static bool is_linear(const brn__pass_context *context, const brn_node *node)
{
    if (node->op != &brn__op_matmul || node->input_count < 2) return false;
    const brn__matmul_attributes *attributes = node->attributes;
    return attributes->transpose_b && !attributes->transpose_a && brn__input_shape(node, 0).rank == 2 &&
           brn__pass_uses(context, node->inputs[0]) == 1;
}

static brn_status look_at(brn__pass_context *context, brn_node *node)
{
    layer l = {.matmul = node};
    collect(node->inputs[0], NULL, &l.count);
    l.parts = brn__alloc_zero((size_t)l.count, sizeof *l.parts);
    brn__value *values = brn__alloc_zero((size_t)l.count, sizeof *values);
    brn_status status = l.parts && values ? BRN_OK : BRN_ERROR_NO_MEMORY;
    l.count = 0;
    if (status == BRN_OK) {
        collect(node->inputs[0], l.parts, &l.count);
        if (choose(&l, brn__input_shape(node, 0).dims[0])) status = replace(context, &l, values);
    }
    brn__free(l.parts);
    brn__free(values);
    return status;
}

static brn_status run(brn__pass_context *context)
{
    int count = context->graph->node_count;
    for (int id = 0; context->differentiates && id < count; id++)
        if (is_linear(context, context->graph->nodes[id])) BRN__TRY(look_at(context, context->graph->nodes[id]));
    return BRN_OK;
}

const brn__pass brn__pass_by_category = {"by_category", run};
