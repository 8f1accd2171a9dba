/* SPDX-License-Identifier: Apache-2.0 */
#include "train/find_nan.h"
#include "base/alloc.h"
#include "graph/graph.h"
#include "graph/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Values of an array: how many are not finite, the first of these, and the largest of the others. */
typedef struct survey {
    int64_t count, bad, first;
    double value, largest;
} survey;

static survey survey_of(const void *values, int64_t count, brn_dtype dtype)
{
    survey s = {.count = count, .first = -1};
    for (int64_t i = 0; i < count; i++) {
        double value = dtype == BRN_DTYPE_F64 ? ((const double *)values)[i]
                                              : (double)((const float *)values)[i];
        if (isfinite(value)) {
            s.largest = fmax(s.largest, fabs(value));
            continue;
        }
        if (s.bad++ == 0) s.first = i, s.value = isnan(value) ? NAN : value; /* never -nan */
    }
    return s;
}

/* What nearly every call finds, at the speed of memory: an exponent of ones is infinity or NaN. */
static bool is_finite(const float *values, int64_t count)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

/* ------------------------------------------------------------------ the batch */

static int64_t values_of_item(const brn_node *node)
{
    const brn_shape shape = brn_node_shape(node);
    return shape.rank && shape.dims[0] ? brn_shape_elements(shape) / shape.dims[0] : 1;
}

static survey survey_of_batch(const brn__fit *fit, const brn_node *node, const void *values,
                              brn_dtype real)
{
    if (brn_node_dtype(node) != BRN_DTYPE_F32) return (survey){.first = -1}; /* labels */
    return survey_of(values, values_of_item(node) * fit->data.count, real);
}

static bool is_bad_batch(const brn__fit *fit, const brn_node *node, const survey *s, const char *what,
                         brn__nan_found *out)
{
    if (s->bad == 0) return false;
    out->source = BRN__NAN_INPUT;
    snprintf(out->text, sizeof out->text, "the %s of item %lld of the data holds %g", what,
             (long long)fit->data.items[s->first / values_of_item(node)], s->value);
    return true;
}

/* ------------------------------------------------------------------ parameters */

static survey survey_of_parameter(brn_parameters *store, int index)
{
    const brn_parameter_info info = brn_parameters_info(store, index);
    const brn_dtype dtype = brn_parameters_dtype(store);
    const char *values = brn_parameters_values(store);
    return survey_of(values + (size_t)info.offset * brn_dtype_bytes(dtype), info.count, dtype);
}

bool brn__find_nan_parameter(brn_parameters *store, bool buffers, char *out, size_t size)
{
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        if (info.kind == BRN_PARAMETER_BUFFER && !buffers) continue;
        if (brn_parameters_dtype(store) == BRN_DTYPE_F32 &&
            is_finite((const float *)brn_parameters_values(store) + info.offset, info.count))
            continue;
        const survey s = survey_of_parameter(store, i);
        if (s.bad == 0) continue;
        snprintf(out, size, "the parameter %s is not finite (%lld of %lld values; the first is %g)",
                 info.name, (long long)s.bad, (long long)s.count, s.value);
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ operations */

typedef struct search {
    brn__fit *fit;
    brn_parameters *store;
    brn_node **nodes; /* (count): forward operations that the loss depends on, inputs before users */
    int count;
    double *largest;  /* by node id; NaN: was not looked at */
} search;

static bool is_operation(const brn_node *node)
{
    return node->op != &brn__op_input && node->op != &brn__op_parameter && node->op != &brn__op_pick &&
           node->outputs[0].dtype == BRN_DTYPE_F32;
}

/* Builders append, so a graph's nodes lie in order; here those are marked that the loss needs. */
static brn_status collect(search *s, const brn_graph *graph, brn_node *loss)
{
    bool *needed = brn__alloc_zero((size_t)graph->node_count, sizeof *needed);
    s->nodes = brn__alloc_zero((size_t)graph->node_count, sizeof *s->nodes);
    s->largest = brn__alloc_array((size_t)graph->node_count, sizeof *s->largest);
    const bool room = needed && s->nodes && s->largest;
    if (room) needed[brn__value_of(loss).node->id] = true;
    for (int id = graph->node_count - 1; room && id >= 0; id--) {
        const brn_node *node = graph->nodes[id];
        s->largest[id] = NAN;
        for (int i = 0; needed[id] && i < node->input_count; i++)
            if (brn__has(node, i)) needed[node->inputs[i].node->id] = true;
    }
    for (int id = 0; room && id < graph->node_count; id++)
        if (needed[id] && is_operation(graph->nodes[id])) s->nodes[s->count++] = graph->nodes[id];
    brn__free(needed);
    return room ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* "layer3.0.conv2 (conv2d" from the node's name, which ends in that of its operation. */
static int describe_node(const brn_node *node, char *out, size_t size)
{
    const char *op = node->op->name, *name = node->name;
    const size_t length = strlen(name), tail = strlen(op);
    bool ends = length > tail + 1 && name[length - tail - 1] == '.' && strcmp(name + length - tail, op) == 0;
    return snprintf(out, size, "%.*s (%s", ends ? (int)(length - tail - 1) : (int)length, name, op);
}

/* Its parameters are finite, but a running statistic may not be. */
static const char *bad_buffer(const search *s, const brn_node *node)
{
    for (int i = 0; i < node->input_count; i++) {
        if (!brn__has(node, i) || node->inputs[i].node->op != &brn__op_parameter) continue;
        const int index = brn_parameters_find(s->store, node->inputs[i].node->name);
        if (index >= 0 && survey_of_parameter(s->store, index).bad > 0) return node->inputs[i].node->name;
    }
    return NULL;
}

static void tell_node(const search *s, const brn_node *node, const survey *values, brn__nan_found *out)
{
    char where[256];
    describe_node(node, where, sizeof where);
    out->source = BRN__NAN_LAYER;
    int used = snprintf(out->text, sizeof out->text,
                        "the first value that is not finite comes out of %s: %g in %lld of %lld values; ",
                        where, values->value, (long long)values->bad, (long long)values->count);
    if (used < 0 || (size_t)used >= sizeof out->text) return;
    double largest = NAN;
    for (int i = 0; i < node->input_count; i++)
        if (brn__has(node, i)) largest = fmax(largest, s->largest[node->inputs[i].node->id]);
    const char *buffer = bad_buffer(s, node);
    if (buffer)
        snprintf(out->text + used, sizeof out->text - (size_t)used, "its %s is not finite)", buffer);
    else if (isnan(largest))
        snprintf(out->text + used, sizeof out->text - (size_t)used, "its input is finite)");
    else
        snprintf(out->text + used, sizeof out->text - (size_t)used,
                 "its input is finite, at most %.3g in size)", largest);
}

static brn_status run_nodes(search *s, int first, int count, brn_plan **out)
{
    const brn__fit *fit = s->fit;
    const brn__network *network = &fit->options->network;
    brn_plan_options options = brn_plan_defaults();
    options.training = true;
    memcpy(options.norm_form, fit->options->norm_form, sizeof options.norm_form);
    for (int i = 0; i < count; i++) options.outputs[options.output_count++] = s->nodes[first + i];
    brn__network_resize(&options, network->input, &fit->data);
    brn__network_resize(&options, network->target, &fit->data);
    BRN__TRY(brn_runner_plan(brn__learner_runner(fit->learner), &options, out));
    BRN__TRY(brn_plan_bind(*out, brn_node_name(network->input), fit->data.inputs));
    BRN__TRY(brn_plan_bind(*out, brn_node_name(network->target), fit->data.targets));
    const brn_run run = brn__learner_last_run(fit->learner);
    return brn_plan_run(*out, &run);
}

static brn_status look_at_operations(search *s, brn__nan_found *out)
{
    const brn_dtype real = brn_parameters_dtype(s->store);
    for (int first = 0; first < s->count; first += BRN_PLAN_OUTPUTS_MAX) {
        int count = s->count - first < BRN_PLAN_OUTPUTS_MAX ? s->count - first : BRN_PLAN_OUTPUTS_MAX;
        brn_plan *plan;
        BRN__TRY(run_nodes(s, first, count, &plan));
        for (int i = 0; i < count; i++) {
            const survey values = survey_of(brn_plan_output(plan, i),
                                            brn_shape_elements(brn_plan_output_shape(plan, i)), real);
            if (values.bad > 0) {
                tell_node(s, s->nodes[first + i], &values, out);
                return BRN_OK;
            }
            s->largest[s->nodes[first + i]->id] = values.largest;
        }
    }
    out->source = BRN__NAN_GONE;
    snprintf(out->text, sizeof out->text, "the same batch gives finite values when it is run again");
    return BRN_OK;
}

/* ------------------------------------------------------------------ all of it */

/* All buffers, one after the other, out of the store or back into it. */
static brn_status move_buffers(brn_parameters *store, void **kept, bool back)
{
    const size_t each = brn_dtype_bytes(brn_parameters_dtype(store));
    char *values = brn_parameters_values(store), *place;
    if (!back) *kept = brn__alloc(each * (size_t)brn_parameters_elements(store));
    if (!*kept) return BRN_ERROR_NO_MEMORY;
    place = *kept;
    for (int i = 0; i < brn_parameters_count(store); i++) {
        const brn_parameter_info info = brn_parameters_info(store, i);
        if (info.kind != BRN_PARAMETER_BUFFER) continue;
        char *mine = values + each * (size_t)info.offset;
        memcpy(back ? mine : place, back ? place : mine, each * (size_t)info.count);
        place += each * (size_t)info.count;
        if (back) brn_parameters_touch(store, info.offset, info.offset + info.count);
    }
    return BRN_OK;
}

brn_status brn__find_nan(brn__fit *fit, brn__nan_found *out)
{
    const brn__network *network = &fit->options->network;
    search s = {.fit = fit, .store = brn__runner_store(brn__learner_runner(fit->learner))};
    const brn_dtype real = brn_parameters_dtype(s.store);
    *out = (brn__nan_found){.source = BRN__NAN_GONE};
    const survey input = survey_of_batch(fit, network->input, fit->data.inputs, real);
    const survey target = survey_of_batch(fit, network->target, fit->data.targets, real);
    if (is_bad_batch(fit, network->input, &input, "input", out)) return BRN_OK;
    if (is_bad_batch(fit, network->target, &target, "target", out)) return BRN_OK;
    /* This batch may have spoilt the buffers already. */
    if (brn__find_nan_parameter(s.store, false, out->text, sizeof out->text)) {
        out->source = BRN__NAN_PARAMETER;
        return BRN_OK;
    }
    void *buffers = NULL;
    brn_status status = move_buffers(s.store, &buffers, false);
    if (status == BRN_OK) status = collect(&s, brn_node_graph(network->loss), network->loss);
    if (status == BRN_OK) {
        s.largest[network->input->id] = input.largest;
        status = look_at_operations(&s, out);
    }
    fit->plan = NULL; /* ours may have pushed it out of the runner's cache */
    if (buffers) {
        brn_status moved = move_buffers(s.store, &buffers, true);
        if (status == BRN_OK) status = moved;
    }
    brn__free(buffers);
    brn__free(s.nodes);
    brn__free(s.largest);
    return status;
}
