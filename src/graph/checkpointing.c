/* SPDX-License-Identifier: Apache-2.0
 *
 * Activation checkpointing: of the forward pass only what lies on a few borders is kept for the backward pass; what the
 * gradients read between two borders is computed again, from the border before it, when the backward pass gets there.
 * Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", 2016.
 *
 * A border is a value that everything after it depends on through nothing else: the output of a block of a ResNet, of a
 * layer of an LSTM. The forward nodes between borders fall into segments; neighbouring segments are joined so that the
 * backward pass never has more bytes than it must: those of one joined segment and of the borders before it. Segments
 * before the last are copied for the gradients. A copy is the node once more with the same attributes, so with its
 * random stream, and gives the same bits. Layers before the first that learns keep next to nothing and are no segment. */
#include "base/alloc.h"
#include "graph/graph.h"

#include <math.h>

enum { HALVINGS = 12 };              /* of the bytes among which the least are looked for */
static const double WORTH_IT = .9;   /* of all bytes: with more than that there is not enough to win */

typedef struct checkpointing {
    brn_graph *graph;
    int loss, forward_count; /* ids of the forward pass are below forward_count */
    bool *learns;      /* by forward id: it depends on what gradients are wanted of */
    bool *inside;      /* by forward id: the loss needs it, and it needs an input or chance, so that it is not kept anyway */
    int *last_use;     /* by forward id: the last node on the way to the loss that reads it; its own id when none does */
    double *kept;      /* by forward id: bytes of its outputs that gradients read */
    double *beside;    /* of these, without output 0 */
    int *segment;      /* by forward id, before joining and then after; a border is the last node of its segment */
    int *borders;      /* ids of the segments' last nodes */
    int border_count;  /* of all segments but the last, which ends with the loss */
    brn_node **copies; /* by forward id */
} checkpointing;

/* Of float32, in plans of any precision: it is what the estimates go by. */
static double output_bytes(const brn_node *node, int output)
{
    return (double)brn_shape_elements(node->outputs[output].shape) * (double)sizeof(float);
}

/* Inputs and parameters are there all the time, and what parameters alone give may be: packed weights. */
static bool is_source(const brn_node *node) { return node->input >= 0 || node->parameter >= 0; }

static void find_inside(checkpointing *state)
{
    brn_node **nodes = state->graph->nodes;
    state->inside[state->loss] = true; /* first what the loss needs, */
    for (int id = state->loss; id >= 0; id--)
        for (int i = 0; state->inside[id] && i < nodes[id]->input_count; i++)
            if (brn__has(nodes[id], i)) state->inside[nodes[id]->inputs[i].node->id] = true;
    for (int id = 0; id < state->forward_count; id++) { /* then without what parameters alone give */
        bool moves = nodes[id]->op->varies;
        for (int i = 0; i < nodes[id]->input_count; i++)
            if (brn__has(nodes[id], i)) {
                const brn_node *source = nodes[id]->inputs[i].node;
                moves |= state->inside[source->id] || source->input >= 0;
            }
        state->inside[id] &= moves && !is_source(nodes[id]);
    }
}

static void find_learning(checkpointing *state, const brn__value *wanted, int count)
{
    for (int i = 0; i < count; i++) state->learns[wanted[i].node->id] = true;
    for (int id = 0; id < state->forward_count; id++) {
        const brn_node *node = state->graph->nodes[id];
        for (int i = 0; i < node->input_count; i++)
            if (brn__has(node, i) && state->learns[node->inputs[i].node->id]) state->learns[id] = true;
    }
}

static brn_status find_uses(checkpointing *state)
{
    const brn_graph *graph = state->graph;
    bool *counted = brn__alloc_zero((size_t)state->forward_count * BRN__OUTPUTS_MAX, sizeof *counted);
    if (!counted) return BRN_ERROR_NO_MEMORY;
    for (int id = 0; id < graph->node_count; id++) {
        const brn_node *node = graph->nodes[id];
        const bool forward = id < state->forward_count;
        if (forward) state->last_use[id] = id;
        if (forward && !state->inside[id]) continue;
        for (int i = 0; i < node->input_count; i++) {
            if (!brn__has(node, i)) continue;
            const brn__value from = node->inputs[i];
            const int source = from.node->id, place = source * BRN__OUTPUTS_MAX + from.output;
            if (forward) state->last_use[source] = id;
            if (forward || source >= state->forward_count || counted[place]) continue;
            counted[place] = true;
            state->kept[source] += output_bytes(from.node, from.output);
            if (from.output) state->beside[source] += output_bytes(from.node, from.output);
        }
    }
    brn__free(counted);
    return BRN_OK;
}

/* A node is a border when after it no value of an earlier one is read. */
static void find_borders(checkpointing *state)
{
    int open = -1;   /* the furthest use of any earlier node */
    int frozen = -1; /* the last border before anything learns */
    bool learns = false;
    for (int id = 0; id < state->forward_count; id++) {
        state->segment[id] = state->border_count;
        if (!state->inside[id]) continue;
        learns |= state->learns[id];
        const bool border = open <= id && state->last_use[id] > id;
        if (border && learns) state->borders[state->border_count++] = id;
        else if (border) frozen = id;
        if (state->last_use[id] > open) open = state->last_use[id];
    }
    for (int id = 0; id <= frozen; id++) state->inside[id] = false;
}

/* How to cut a row of segments: bytes[s] of segment s are kept for gradients, price[s] if the border after it stays. */
typedef struct cut {
    int count;
    double *bytes, *price;
    double *least; /* by s: of the borders before segment s, when one of them lies right before it */
    int *from;     /* by s: where the joined segments that end before segment s begin */
} cut;

/* Looks for borders with which no moment of the backward pass has more than `most` bytes: when it is at a segment, those
 * of the borders before it and its own; later borders are done with. */
static bool find_cut(cut *c, double most)
{
    for (int end = 1; end <= c->count; end++) {
        double between = 0;
        c->least[end] = INFINITY;
        for (int begin = end - 1; begin >= 0; begin--) {
            between += c->bytes[begin];
            if (between > most) break;
            const double price = c->least[begin] + (end < c->count ? c->price[end - 1] : 0);
            if (c->least[begin] + between <= most && price < c->least[end]) c->least[end] = price, c->from[end] = begin;
        }
    }
    return isfinite(c->least[c->count]);
}

/* Joins segments for the least bytes at the peak; false when nothing is better than to keep everything. */
static bool cut_best(const checkpointing *state, cut *c, int *joined)
{
    double all = 0, impossible = 0, most;
    for (int s = 0; s < c->count; s++) all += c->bytes[s];
    most = all;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (impossible + most) / 2;
        if (find_cut(c, middle)) most = middle;
        else impossible = middle;
    }
    find_cut(c, most);
    for (int end = c->count, part = c->count; end > 0; end = c->from[end], part--)
        for (int s = c->from[end]; s < end; s++) joined[s] = part;
    for (int id = 0; id < state->forward_count; id++) state->segment[id] = joined[state->segment[id]];
    return most < WORTH_IT * all;
}

/* *worth: false when it is best to keep everything. */
static brn_status join_segments(checkpointing *state, bool *worth)
{
    const size_t count = (size_t)state->border_count + 1;
    cut c = {.count = (int)count};
    c.bytes = brn__alloc_zero(count, sizeof *c.bytes);
    c.price = brn__alloc_zero(count, sizeof *c.price);
    c.least = brn__alloc_zero(count + 1, sizeof *c.least);
    c.from = brn__alloc_zero(count + 1, sizeof *c.from);
    int *joined = brn__alloc_zero(count, sizeof *joined);
    const bool made = c.bytes && c.price && c.least && c.from && joined;
    if (made) {
        for (int id = 0; id < state->forward_count; id++)
            if (state->inside[id]) c.bytes[state->segment[id]] += state->kept[id];
        for (int s = 0; s < state->border_count; s++) {
            const int id = state->borders[s];
            c.price[s] = output_bytes(state->graph->nodes[id], 0) + state->beside[id];
        }
        *worth = cut_best(state, &c, joined);
    }
    brn__free(c.bytes);
    brn__free(c.price);
    brn__free(c.least);
    brn__free(c.from);
    brn__free(joined);
    return made ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* Whether gradients read node `id` as it is: what lies outside, in the last segment, or on a border. */
static bool stays(const checkpointing *state, int id)
{
    const int *segment = state->segment;
    return !state->inside[id] || segment[id] == segment[state->loss] || segment[state->last_use[id]] != segment[id];
}

/* The node again, with all that it needs up to the border before it. Inputs come before their users: by id. */
static brn_status copy_segments(checkpointing *state)
{
    brn_graph *graph = state->graph;
    for (int id = 0; id < state->forward_count; id++) {
        const brn_node *node = graph->nodes[id];
        if (stays(state, id)) continue;
        brn__value inputs[BRN__INPUTS_MAX] = {{0}};
        for (int i = 0; i < node->input_count; i++) {
            inputs[i] = node->inputs[i];
            if (brn__has(node, i) && state->copies[inputs[i].node->id]) inputs[i].node = state->copies[inputs[i].node->id];
        }
        graph->group = node->group;
        state->copies[id] = brn__node_new(graph, node->op, node->attributes, inputs, node->input_count, node->name);
        BRN__TRY(brn_graph_status(graph));
        state->copies[id]->copy_of = node;
    }
    return BRN_OK;
}

static void redirect_gradients(checkpointing *state, int gradient_count)
{
    for (int id = state->forward_count; id < gradient_count; id++) {
        brn_node *node = state->graph->nodes[id];
        for (int i = 0; i < node->input_count; i++) {
            if (!brn__has(node, i)) continue;
            const int source = node->inputs[i].node->id;
            if (source >= state->forward_count || !state->copies[source]) continue;
            if (node->forward == node->inputs[i].node) node->forward = state->copies[source];
            node->inputs[i].node = state->copies[source];
        }
    }
}

static brn_status rewrite(checkpointing *state, const brn__value *wanted, int count)
{
    bool worth = false;
    const int gradient_count = state->graph->node_count;
    find_inside(state);
    find_learning(state, wanted, count);
    BRN__TRY(find_uses(state));
    find_borders(state);
    BRN__TRY(join_segments(state, &worth));
    if (!worth) return BRN_OK;
    BRN__TRY(copy_segments(state));
    redirect_gradients(state, gradient_count);
    return BRN_OK;
}

brn_status brn__checkpoint_activations(brn_graph *graph, const brn_node *loss, int forward_count, const brn__value *wanted,
                                       int count)
{
    const size_t nodes = (size_t)forward_count;
    checkpointing state = {.graph = graph, .loss = loss->id, .forward_count = forward_count};
    state.learns = brn__alloc_zero(nodes, sizeof *state.learns);
    state.inside = brn__alloc_zero(nodes, sizeof *state.inside);
    state.last_use = brn__alloc_zero(nodes, sizeof *state.last_use);
    state.kept = brn__alloc_zero(nodes, sizeof *state.kept);
    state.beside = brn__alloc_zero(nodes, sizeof *state.beside);
    state.segment = brn__alloc_zero(nodes, sizeof *state.segment);
    state.borders = brn__alloc_zero(nodes, sizeof *state.borders);
    state.copies = brn__alloc_zero(nodes, sizeof *state.copies);
    const bool made = state.learns && state.inside && state.last_use && state.kept && state.beside && state.segment && state.borders &&
                      state.copies;
    const brn_status status = made ? rewrite(&state, wanted, count) : BRN_ERROR_NO_MEMORY;
    brn__free(state.learns);
    brn__free(state.inside);
    brn__free(state.last_use);
    brn__free(state.kept);
    brn__free(state.beside);
    brn__free(state.segment);
    brn__free(state.borders);
    brn__free(state.copies);
    return status;
}
