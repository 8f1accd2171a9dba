/* SPDX-License-Identifier: Apache-2.0
 * From ordered nodes to prepared steps. Layouts flow: each kernel sees the layouts in which its
 * inputs were made and says which it wants; a reorder step is put where the two differ, once per
 * value and layout. Gradients and state updates are bound to their places in the store here. */
#include "base/alloc.h"
#include "graph/plan.h"

#include <string.h>

static brn_status grow(void **items, int count, int *capacity, size_t size)
{
    if (count < *capacity) return BRN_OK;
    int larger = *capacity ? *capacity * 2 : 256;
    void *moved = brn__realloc(*items, (size_t)larger * size);
    if (!moved) return BRN_ERROR_NO_MEMORY;
    *items = moved;
    *capacity = larger;
    return BRN_OK;
}

static brn_status add_buffer(brn_plan *plan, brn__location location, int index, size_t bytes, int *out)
{
    BRN__TRY(grow((void **)&plan->buffers, plan->buffer_count, &plan->buffer_capacity,
                  sizeof *plan->buffers));
    plan->buffers[plan->buffer_count] = (brn__buffer){
        .location = location, .index = index, .bytes = bytes, .first = -1, .last = -1, .alias = -1};
    *out = plan->buffer_count++;
    return BRN_OK;
}

/* first_variant is indexed by node id; reorders append nodes to the work graph. */
static brn_status cover_nodes(brn_plan *plan)
{
    int need = plan->graph->node_count * BRN__OUTPUTS_MAX;
    if (need <= plan->first_variant_count) return BRN_OK;
    int larger = need * 2;
    int *moved = brn__realloc(plan->first_variant, (size_t)larger * sizeof *moved);
    if (!moved) return BRN_ERROR_NO_MEMORY;
    for (int i = plan->first_variant_count; i < larger; i++) moved[i] = -1;
    plan->first_variant = moved;
    plan->first_variant_count = larger;
    return BRN_OK;
}

static int *variant_head(brn_plan *plan, brn__value value)
{
    return &plan->first_variant[value.node->id * BRN__OUTPUTS_MAX + value.output];
}

/* Appends a variant at the end of the value's list (the first is the one its maker made). */
static brn_status add_variant(brn_plan *plan, brn__value value, brn__layout layout, int buffer)
{
    BRN__TRY(cover_nodes(plan));
    BRN__TRY(grow((void **)&plan->variants, plan->variant_count, &plan->variant_capacity,
                  sizeof *plan->variants));
    int *link = variant_head(plan, value);
    while (*link >= 0) link = &plan->variants[*link].next;
    plan->variants[plan->variant_count] = (brn__variant){layout, buffer, -1};
    *link = plan->variant_count++;
    return BRN_OK;
}

static brn__plan_step *add_step(brn_plan *plan, const brn_node *node)
{
    if (grow((void **)&plan->steps, plan->step_count, &plan->step_capacity, sizeof *plan->steps) != BRN_OK)
        return NULL;
    brn__plan_step *step = &plan->steps[plan->step_count++];
    *step = (brn__plan_step){.scratch_buffer = -1};
    for (int i = 0; i < BRN__INPUTS_MAX; i++) step->input_buffers[i] = -1;
    for (int i = 0; i < BRN__OUTPUTS_MAX; i++) step->output_buffers[i] = step->step.in_place[i] = -1;
    step->step.node = node;
    step->step.backend = plan->backend;
    step->step.threads = brn_runner_threads(plan->runner);
    step->step.precision = plan->options.precision;
    step->step.differentiates = plan->options.loss != NULL;
    step->step.implementation = plan->backend->name;
    return step;
}

static brn_status find_kernel(const brn_plan *plan, const brn_node *node, const brn__kernel **out)
{
    int id = node->op->id;
    const brn__backend *backend = plan->backend;
    *out = id < backend->kernel_count ? backend->kernels[id] : NULL;
    if (*out) return BRN_OK;
    return brn__fail(BRN_ERROR_UNSUPPORTED, "backend %s has no kernel for %s (needed by %s)",
                     backend->name, node->op->name, node->name);
}

static brn_status prepare_step(brn_plan *plan, brn__plan_step *step)
{
    brn__step *s = &step->step;
    BRN__TRY(find_kernel(plan, s->node, &s->kernel));
    if (plan->backend->before_step) plan->backend->before_step(s);
    brn_status status = s->kernel->prepare(s);
    if (status != BRN_OK) return brn__fail_within(status, "%s (%s)", s->node->name, s->node->op->name);
    step->prepared = true;
    return BRN_OK;
}

static brn_status add_scratch(brn_plan *plan, int step)
{
    size_t bytes = plan->steps[step].step.scratch_bytes;
    if (!bytes) return BRN_OK;
    return add_buffer(plan, BRN__IN_ARENA, 0, bytes, &plan->steps[step].scratch_buffer);
}

/* A reorder step from variant `from` into `target` (an existing buffer, or -1 for a new one). */
static brn_status add_reorder(brn_plan *plan, brn__value value, brn__variant from,
                              brn__layout layout, int target, bool bound, int *out_buffer)
{
    brn_node *node = brn__node_new(plan->graph, &brn__op_reorder, NULL, &value, 1, value.node->name);
    BRN__TRY(brn_graph_status(plan->graph));
    node->outputs[0] = *brn__type_of(value);
    brn__plan_step *step = add_step(plan, node);
    if (!step) return BRN_ERROR_NO_MEMORY;
    int index = plan->step_count - 1;
    step->bound = bound;
    step->step.wanted[0] = true;
    step->step.have[0] = step->step.in[0] = from.layout;
    step->step.out[0] = layout;
    BRN__TRY(prepare_step(plan, step));
    step->input_buffers[0] = from.buffer;
    if (target < 0) BRN__TRY(add_buffer(plan, BRN__IN_ARENA, 0, step->step.out[0].bytes, &target));
    plan->steps[index].output_buffers[0] = target;
    *out_buffer = target;
    return add_scratch(plan, index);
}

/* The buffer that holds `value` in `layout`, making a reorder when there is none yet. */
static brn_status obtain(brn_plan *plan, brn__value value, brn__layout layout, int *buffer)
{
    int head = *variant_head(plan, value);
    if (head < 0)
        return brn__fail(BRN_ERROR_INTERNAL, "plan: %s output %d is read before it is made",
                         value.node->name, value.output);
    for (int i = head; i >= 0; i = plan->variants[i].next)
        if (plan->backend->same_layout(&plan->variants[i].layout, &layout)) {
            *buffer = plan->variants[i].buffer;
            return BRN_OK;
        }
    BRN__TRY(add_reorder(plan, value, plan->variants[head], layout, -1, false, buffer));
    return add_variant(plan, value, layout, *buffer);
}

static brn_status add_source(brn_plan *plan, const brn_node *node)
{
    size_t bytes = brn__canonical_bytes(plan->backend, &node->outputs[0]);
    int buffer;
    if (node->op == &brn__op_parameter)
        BRN__TRY(add_buffer(plan, BRN__IN_PARAMETERS, plan->store_index[node->parameter], bytes, &buffer));
    else BRN__TRY(add_buffer(plan, BRN__IN_INPUT, node->input, bytes, &buffer));
    return add_variant(plan, (brn__value){(brn_node *)(uintptr_t)node, 0},
                       (brn__layout){NULL, bytes}, buffer);
}

/* Which outputs are read: by steps to come, as wanted values, or by the store. */
static void mark_wanted(const brn_plan *plan, bool *wanted)
{
    for (int k = 0; k < plan->order_count; k++)
        for (int i = 0; i < plan->order[k]->input_count; i++)
            if (brn__has(plan->order[k], i)) {
                brn__value value = plan->order[k]->inputs[i];
                wanted[value.node->id * BRN__OUTPUTS_MAX + value.output] = true;
            }
#define WANT(value) wanted[(value).node->id * BRN__OUTPUTS_MAX + (value).output] = true
    for (int i = 0; i < plan->root_count; i++) WANT(plan->roots[i]);
    for (int i = 0; i < plan->options.input_gradient_count; i++) WANT(plan->gradients[i]);
    for (int i = 0; i < plan->graph->parameter_count; i++) {
        brn__value gradient = plan->parameter_gradients[plan->store_index[i]];
        if (gradient.node) WANT(gradient);
    }
    for (int i = 0; i < plan->graph->update_count; i++)
        WANT(plan->graph->updates[i].value);
#undef WANT
}

static bool reads_bf16(const brn_plan *plan, const brn_node *node, int input)
{
    const brn__backend *backend = plan->backend;
    const brn__kernel *kernel = node->op->id < backend->kernel_count ? backend->kernels[node->op->id] : NULL;
    return kernel && kernel->reads_bf16 && kernel->reads_bf16(node, input, plan->options.loss != NULL);
}

/* Nodes whose output 0 is read as bfloat16 alone, so that it may lie so in memory. */
static void mark_narrow(const brn_plan *plan, bool *narrow)
{
    if (plan->options.precision != BRN_PRECISION_BF16) return;
    for (int k = 0; k < plan->order_count; k++) narrow[plan->order[k]->id] = true;
    for (int k = 0; k < plan->order_count; k++)
        for (int i = 0; i < plan->order[k]->input_count; i++)
            if (brn__has(plan->order[k], i) && plan->order[k]->inputs[i].output == 0 && !reads_bf16(plan, plan->order[k], i))
                narrow[plan->order[k]->inputs[i].node->id] = false;
#define WIDE(value) if ((value).node && (value).output == 0) narrow[(value).node->id] = false
    for (int i = 0; i < plan->root_count; i++) WIDE(plan->roots[i]);
    for (int i = 0; i < plan->options.input_gradient_count; i++) WIDE(plan->gradients[i]);
    for (int i = 0; i < plan->graph->parameter_count; i++) WIDE(plan->parameter_gradients[plan->store_index[i]]);
    for (int i = 0; i < plan->graph->update_count; i++) WIDE(plan->graph->updates[i].value);
#undef WIDE
    for (int k = 0; k < plan->order_count; k++) { /* the same as in a plan that keeps one of both for all readers */
        const int copy = plan->order[k]->id, original = plan->order[k]->copy_of ? plan->order[k]->copy_of->id : copy;
        narrow[copy] = narrow[original] = narrow[copy] && narrow[original];
    }
}

/* True when `buffer` is written by exactly one step, which makes nothing else of it. */
static int sole_maker(const brn_plan *plan, int buffer)
{
    int maker = -1;
    for (int k = 0; k < plan->step_count; k++)
        for (int i = 0; i < BRN__OUTPUTS_MAX; i++)
            if (plan->steps[k].output_buffers[i] == buffer) {
                if (maker >= 0 || plan->steps[k].step.view) return -1;
                maker = k;
            }
    return maker;
}

/* A step that makes rows of a table in their place in the gradient buffer lists them. */
static brn_status list_rows(brn_plan *plan, brn__step *step, int place)
{
    if (!step->node->op->lists_rows) return BRN_OK;
    brn_parameters *store = brn__runner_store(plan->runner);
    const int64_t named = brn__step_elements(step, 1), all = step->node->outputs[0].shape.dims[0];
    BRN__TRY(brn__parameters_reserve_rows(store, place, named < all ? named : all));
    step->rows = brn__parameters_rows(store, place);
    return BRN_OK;
}

/* Puts the canonical form of `value` into the store: by giving its buffer that place when one step
 * makes it, else by a copy. */
static brn_status bind(brn_plan *plan, brn__value value, brn__location location, int place)
{
    brn__layout canonical = {NULL, brn__canonical_bytes(plan->backend, brn__type_of(value))};
    int head = *variant_head(plan, value), target, made;
    for (int i = head; i >= 0; i = plan->variants[i].next) {
        int buffer = plan->variants[i].buffer;
        if (plan->variants[i].layout.description || plan->buffers[buffer].location != BRN__IN_ARENA) continue;
        int maker = sole_maker(plan, buffer);
        if (maker < 0) continue;
        plan->buffers[buffer].location = location;
        plan->buffers[buffer].index = place;
        plan->steps[maker].bound = true;
        if (location != BRN__IN_GRADIENTS) return BRN_OK;
        return list_rows(plan, &plan->steps[maker].step, place);
    }
    BRN__TRY(add_buffer(plan, location, place, canonical.bytes, &target));
    return add_reorder(plan, value, plan->variants[head], canonical, target, true, &made);
}

/* accumulate: store place += value, by the `sum` kernel in place. */
static brn_status bind_added(brn_plan *plan, brn__value value, int place)
{
    brn__layout canonical = {NULL, brn__canonical_bytes(plan->backend, brn__type_of(value))};
    int buffer, target;
    BRN__TRY(obtain(plan, value, canonical, &buffer));
    brn__value both[2] = {value, value};
    brn_node *node = brn__node_new(plan->graph, &brn__op_sum, NULL, both, 2, value.node->name);
    BRN__TRY(brn_graph_status(plan->graph));
    BRN__TRY(cover_nodes(plan));
    BRN__TRY(add_buffer(plan, BRN__IN_GRADIENTS, place, canonical.bytes, &target));
    brn__plan_step *step = add_step(plan, node);
    if (!step) return BRN_ERROR_NO_MEMORY;
    int index = plan->step_count - 1;
    step->bound = true;
    step->step.wanted[0] = true;
    for (int i = 0; i < 2; i++) step->step.have[i] = step->step.in[i] = canonical;
    step->step.out[0] = canonical;
    BRN__TRY(prepare_step(plan, step));
    step->input_buffers[0] = buffer;
    step->input_buffers[1] = step->output_buffers[0] = target;
    return add_scratch(plan, index);
}

/* A parameter's gradient goes to its place as soon as it is made, so its memory is free again. */
static brn_status bind_gradients_of(brn_plan *plan, const brn_node *node, int output)
{
    for (int i = 0; plan->options.loss && i < plan->graph->parameter_count; i++) {
        int place = plan->store_index[i];
        brn__value gradient = plan->parameter_gradients[place];
        if (gradient.node != node || gradient.output != output) continue;
        if (plan->options.accumulate) BRN__TRY(bind_added(plan, gradient, place));
        else BRN__TRY(bind(plan, gradient, BRN__IN_GRADIENTS, place));
    }
    return BRN_OK;
}

/* By node id: what the plan finds out about its nodes before it prepares them, and the steps they become. */
typedef struct node_facts {
    bool *wanted; /* id * BRN__OUTPUTS_MAX + output */
    bool *narrow;
    int *step_of; /* -1: none yet */
} node_facts;

static brn_status add_node(brn_plan *plan, const brn_node *node, const node_facts *facts)
{
    const bool *wanted = facts->wanted;
    int *step_of = facts->step_of;
    if (node->op == &brn__op_parameter || node->op == &brn__op_input) return add_source(plan, node);
    /* Prepared on the stack first: obtaining inputs may add reorder steps, which come before. */
    brn__plan_step *step = add_step(plan, node);
    if (!step) return BRN_ERROR_NO_MEMORY;
    plan->step_count--;
    brn__plan_step made = *step;
    brn__step *s = &made.step;
    s->narrow = facts->narrow[node->id];
    for (int i = 0; i < node->output_count; i++) {
        s->wanted[i] = wanted[node->id * BRN__OUTPUTS_MAX + i];
        s->out[i] = (brn__layout){NULL, brn__canonical_bytes(plan->backend, &node->outputs[i])};
    }
    for (int i = 0; i < node->input_count; i++)
        if (brn__has(node, i)) {
            int head = *variant_head(plan, node->inputs[i]);
            s->have[i] = plan->variants[head].layout;
            s->in[i] = (brn__layout){NULL, brn__canonical_bytes(plan->backend, brn__type_of(node->inputs[i]))};
        }
    int forward = node->forward && node->forward->id >= 0 ? step_of[node->forward->id] : -1;
    s->forward = forward >= 0 ? &plan->steps[forward].step : NULL;
    brn_status status = prepare_step(plan, &made);
    for (int i = 0; status == BRN_OK && i < node->input_count; i++)
        if (brn__has(node, i)) status = obtain(plan, node->inputs[i], s->in[i], &made.input_buffers[i]);
    step = status == BRN_OK ? add_step(plan, node) : NULL;
    if (!step) {
        if (made.prepared && s->kernel->release) s->kernel->release(s);
        return status == BRN_OK ? BRN_ERROR_NO_MEMORY : status;
    }
    *step = made;
    int index = plan->step_count - 1;
    step_of[node->id] = index;
    plan->steps[index].step.forward = NULL; /* valid in prepare only */
    for (int i = 0; i < node->output_count; i++) {
        if (!made.step.wanted[i]) continue;
        int buffer = made.input_buffers[0];
        if (!(made.step.view && i == 0))
            BRN__TRY(add_buffer(plan, BRN__IN_ARENA, 0, made.step.out[i].bytes, &buffer));
        plan->steps[index].output_buffers[i] = buffer;
        BRN__TRY(add_variant(plan, (brn__value){(brn_node *)(uintptr_t)node, i}, made.step.out[i], buffer));
    }
    BRN__TRY(add_scratch(plan, index));
    for (int i = 0; i < node->output_count; i++)
        if (wanted[node->id * BRN__OUTPUTS_MAX + i]) BRN__TRY(bind_gradients_of(plan, node, i));
    return BRN_OK;
}

/* Gradients that no step lists the rows of. */
static brn_status find_dense(brn_plan *plan)
{
    const int parameters = plan->graph->parameter_count;
    plan->dense = brn__alloc_zero((size_t)parameters + 1, sizeof *plan->dense);
    if (!plan->dense) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < parameters; i++) {
        const int place = plan->store_index[i];
        const brn__rows *rows = brn__parameters_rows(brn__runner_store(plan->runner), place);
        bool lists = !plan->parameter_gradients[place].node;
        for (int k = 0; k < plan->step_count; k++) lists |= plan->steps[k].step.rows == rows;
        if (!lists) plan->dense[plan->dense_count++] = place;
    }
    return BRN_OK;
}

static brn_status bind_updates(brn_plan *plan)
{
    brn_graph *graph = plan->graph;
    if (!graph->update_count) return BRN_OK;
    plan->updated = brn__alloc_zero((size_t)graph->update_count + 1, sizeof *plan->updated);
    if (!plan->updated) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < graph->update_count; i++) {
        int place = plan->store_index[graph->updates[i].target->parameter];
        BRN__TRY(bind(plan, graph->updates[i].value, BRN__IN_PARAMETERS, place));
        plan->updated[plan->updated_count++] = place;
    }
    return BRN_OK;
}

static brn_status keep_output(brn_plan *plan, brn__value value)
{
    brn__layout canonical = {NULL, brn__canonical_bytes(plan->backend, brn__type_of(value))};
    int slot = plan->output_count++;
    plan->output_types[slot] = *brn__type_of(value);
    return obtain(plan, value, canonical, &plan->output_buffers[slot]);
}

static brn_status prepare_nodes(brn_plan *plan, const node_facts *facts)
{
    mark_wanted(plan, facts->wanted);
    mark_narrow(plan, facts->narrow);
    for (int k = 0; k < plan->order_count; k++) BRN__TRY(add_node(plan, plan->order[k], facts));
    for (int i = 0; i < plan->options.output_count; i++) BRN__TRY(keep_output(plan, plan->roots[i]));
    for (int i = 0; i < plan->options.input_gradient_count; i++)
        BRN__TRY(keep_output(plan, plan->gradients[i]));
    BRN__TRY(find_dense(plan));
    return bind_updates(plan);
}

brn_status brn__plan_prepare(brn_plan *plan)
{
    size_t nodes = (size_t)plan->graph->node_count;
    const node_facts facts = {.wanted = brn__alloc_zero(nodes * BRN__OUTPUTS_MAX, sizeof(bool)),
                              .narrow = brn__alloc_zero(nodes, sizeof(bool)),
                              .step_of = brn__alloc_array(nodes, sizeof(int))};
    for (size_t i = 0; facts.step_of && i < nodes; i++) facts.step_of[i] = -1;
    const bool there = facts.wanted && facts.narrow && facts.step_of;
    brn_status status = there ? cover_nodes(plan) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = prepare_nodes(plan, &facts);
    brn__free(facts.wanted);
    brn__free(facts.narrow);
    brn__free(facts.step_of);
    return status;
}
