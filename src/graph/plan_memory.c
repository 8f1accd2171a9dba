/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of a plan. Steps that depend on parameters alone (packing, folding) become a prologue that
 * runs only when such a parameter has changed; what they hand to the body lives in the plan's own
 * persistent memory. Everything else lives in the runner's arena: buffers get offsets by lifetime,
 * largest first, each at the lowest gap among those alive at the same time.
 */
#include "base/alloc.h"
#include "graph/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int brn__plan_buffer(const brn_plan *plan, int buffer)
{
    while (plan->buffers[buffer].alias >= 0) buffer = plan->buffers[buffer].alias;
    return buffer;
}

/* Index of the step that makes a buffer, by buffer; -1 for sources and scratch. Views don't make. */
static int *makers_of_buffers(const brn_plan *plan)
{
    int *makers = brn__alloc_array((size_t)plan->buffer_count + 1, sizeof *makers);
    if (!makers) return NULL;
    for (int i = 0; i < plan->buffer_count; i++) makers[i] = -1;
    for (int k = 0; k < plan->step_count; k++)
        for (int i = 0; i < BRN__OUTPUTS_MAX; i++) {
            int buffer = plan->steps[k].output_buffers[i];
            if (buffer >= 0 && makers[buffer] < 0 && !(plan->steps[k].step.view && i == 0))
                makers[buffer] = k;
        }
    return makers;
}

static int compare_ints(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

/* Sets parameters_only and the dependencies of step k; earlier steps have theirs. `scratch` holds
 * at least as many ints as the store has parameters. */
static brn_status find_dependencies(brn_plan *plan, int k, const int *makers, int *scratch,
                                    unsigned char *seen, int stored)
{
    brn__plan_step *step = &plan->steps[k];
    if (step->bound || step->step.node->op->varies) return BRN_OK;
    int count = 0;
    memset(seen, 0, (size_t)stored);
    for (int i = 0; i < BRN__INPUTS_MAX; i++) {
        int buffer = step->input_buffers[i];
        if (buffer < 0) continue;
        const int *list = NULL;
        int list_count = 0;
        if (plan->buffers[buffer].location == BRN__IN_PARAMETERS && makers[buffer] < 0) {
            list = &plan->buffers[buffer].index;
            list_count = 1;
        } else if (makers[buffer] >= 0 && plan->steps[makers[buffer]].parameters_only) {
            list = plan->steps[makers[buffer]].dependencies;
            list_count = plan->steps[makers[buffer]].dependency_count;
        } else {
            return BRN_OK; /* depends on an input or on something computed */
        }
        for (int d = 0; d < list_count; d++)
            if (!seen[list[d]]) seen[list[d]] = 1, scratch[count++] = list[d];
    }
    qsort(scratch, (size_t)count, sizeof *scratch, compare_ints);
    step->dependencies = brn__arena_copy(&plan->arena, scratch, (size_t)count * sizeof *scratch);
    if (!step->dependencies) return BRN_ERROR_NO_MEMORY;
    step->dependency_count = count;
    step->parameters_only = true;
    return BRN_OK;
}

/* Stable partition: prologue first. */
static brn_status move_prologue_first(brn_plan *plan)
{
    brn__plan_step *sorted = brn__alloc_array((size_t)plan->step_count + 1, sizeof *sorted);
    if (!sorted) return BRN_ERROR_NO_MEMORY;
    int count = 0;
    for (int k = 0; k < plan->step_count; k++)
        if (plan->steps[k].parameters_only) sorted[count++] = plan->steps[k];
    plan->prologue_count = count;
    for (int k = 0; k < plan->step_count; k++)
        if (!plan->steps[k].parameters_only) sorted[count++] = plan->steps[k];
    brn__free(plan->steps);
    plan->steps = sorted;
    plan->step_capacity = plan->step_count + 1;
    return BRN_OK;
}

static brn_status split_prologue(brn_plan *plan)
{
    int stored = brn_parameters_count(brn__runner_store(plan->runner));
    int *makers = makers_of_buffers(plan);
    int *scratch = brn__alloc_array((size_t)stored + 1, sizeof *scratch);
    unsigned char *seen = brn__alloc((size_t)stored + 1);
    brn_status status = makers && scratch && seen ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int k = 0; status == BRN_OK && k < plan->step_count; k++)
        status = find_dependencies(plan, k, makers, scratch, seen, stored);
    brn__free(makers);
    brn__free(scratch);
    brn__free(seen);
    return status == BRN_OK ? move_prologue_first(plan) : status;
}

static void extend(brn__buffer *buffer, int step)
{
    if (buffer->first < 0 || step < buffer->first) buffer->first = step;
    if (step > buffer->last) buffer->last = step;
}

static void find_lifetimes(brn_plan *plan)
{
    for (int k = 0; k < plan->step_count; k++) {
        brn__plan_step *step = &plan->steps[k];
        for (int i = 0; i < BRN__INPUTS_MAX; i++)
            if (step->input_buffers[i] >= 0) extend(&plan->buffers[step->input_buffers[i]], k);
        for (int i = 0; i < BRN__OUTPUTS_MAX; i++)
            if (step->output_buffers[i] >= 0) extend(&plan->buffers[step->output_buffers[i]], k);
        if (step->scratch_buffer >= 0) extend(&plan->buffers[step->scratch_buffer], k);
    }
    for (int i = 0; i < plan->output_count; i++)
        plan->buffers[plan->output_buffers[i]].last = INT_MAX;
}

/* A prologue value read by the body, or by a prologue step that may run without its maker, must
 * outlive the run. */
static void choose_persistent(brn_plan *plan)
{
    for (int k = 0; k < plan->prologue_count; k++) {
        brn__plan_step *maker = &plan->steps[k];
        for (int i = 0; i < BRN__OUTPUTS_MAX; i++) {
            int buffer = maker->output_buffers[i];
            if (buffer < 0 || plan->buffers[buffer].location != BRN__IN_ARENA) continue;
            bool keep = plan->buffers[buffer].last >= plan->prologue_count;
            for (int r = k + 1; r < plan->prologue_count && !keep; r++)
                for (int j = 0; j < BRN__INPUTS_MAX; j++)
                    if (plan->steps[r].input_buffers[j] == buffer)
                        keep |= plan->steps[r].dependency_count != maker->dependency_count ||
                                memcmp(plan->steps[r].dependencies, maker->dependencies,
                                       (size_t)maker->dependency_count * sizeof(int)) != 0;
            if (keep) plan->buffers[buffer].location = BRN__IN_PERSISTENT;
        }
    }
}

/* True when another input of the step lies in the same buffer: overwriting would change it too. */
static bool read_twice(const brn_plan *plan, const brn__plan_step *step, int input, int buffer)
{
    for (int i = 0; i < BRN__INPUTS_MAX; i++)
        if (i != input && step->input_buffers[i] >= 0 && brn__plan_buffer(plan, step->input_buffers[i]) == buffer)
            return true;
    return false;
}

/* Lets outputs overwrite inputs that die in the same step, where the kernel allows it. */
static void merge_in_place(brn_plan *plan)
{
    for (int k = 0; k < plan->step_count; k++) {
        brn__plan_step *step = &plan->steps[k];
        for (int i = 0; i < BRN__OUTPUTS_MAX; i++) {
            int from = step->step.in_place[i];
            if (step->output_buffers[i] < 0 || from < 0 || step->input_buffers[from] < 0) continue;
            int out = brn__plan_buffer(plan, step->output_buffers[i]);
            int in = brn__plan_buffer(plan, step->input_buffers[from]);
            brn__buffer *a = &plan->buffers[out], *b = &plan->buffers[in];
            if (out == in || a->location != BRN__IN_ARENA || b->location != BRN__IN_ARENA) continue;
            if (b->last != k || a->first != k || a->bytes > b->bytes || read_twice(plan, step, from, in)) continue;
            a->alias = in;
            b->last = a->last;
        }
    }
}

static _Thread_local const brn_plan *sorting_plan; /* qsort passes no context */

static int compare_sizes(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    size_t bx = sorting_plan->buffers[x].bytes, by = sorting_plan->buffers[y].bytes;
    return bx != by ? (bx < by ? 1 : -1) : x - y;
}

static size_t round_up(size_t bytes) { return (bytes + 63) & ~(size_t)63; }

/* `placed` holds the buffers placed so far, by ascending offset. */
static size_t lowest_gap(const brn_plan *plan, const brn__buffer *buffer, const int *placed, int count)
{
    size_t offset = 0, need = round_up(buffer->bytes);
    for (int i = 0; i < count; i++) {
        const brn__buffer *other = &plan->buffers[placed[i]];
        if (other->first > buffer->last || other->last < buffer->first) continue;
        if (other->offset >= offset + need) break;
        size_t end = other->offset + round_up(other->bytes);
        if (end > offset) offset = end;
    }
    return offset;
}

static brn_status place_buffers(brn_plan *plan)
{
    int *order = brn__alloc_array((size_t)plan->buffer_count + 1, sizeof *order);
    int *placed = brn__alloc_array((size_t)plan->buffer_count + 1, sizeof *placed);
    int count = 0, placed_count = 0;
    if (!order || !placed) {
        brn__free(order);
        brn__free(placed);
        return BRN_ERROR_NO_MEMORY;
    }
    for (int i = 0; i < plan->buffer_count; i++) {
        brn__buffer *buffer = &plan->buffers[i];
        if (buffer->location == BRN__IN_PERSISTENT) {
            buffer->offset = plan->persistent_bytes;
            plan->persistent_bytes += round_up(buffer->bytes);
        } else if (buffer->location == BRN__IN_ARENA && buffer->alias < 0 && buffer->first >= 0) {
            order[count++] = i;
        }
    }
    sorting_plan = plan;
    qsort(order, (size_t)count, sizeof *order, compare_sizes);
    for (int i = 0; i < count; i++) {
        brn__buffer *buffer = &plan->buffers[order[i]];
        buffer->offset = lowest_gap(plan, buffer, placed, placed_count);
        size_t end = buffer->offset + round_up(buffer->bytes);
        if (end > plan->arena_bytes) plan->arena_bytes = end;
        int at = placed_count++;
        for (; at > 0 && plan->buffers[placed[at - 1]].offset > buffer->offset; at--) placed[at] = placed[at - 1];
        placed[at] = order[i];
    }
    brn__free(order);
    brn__free(placed);
    return BRN_OK;
}

brn_status brn__plan_memory(brn_plan *plan)
{
    BRN__TRY(split_prologue(plan));
    find_lifetimes(plan);
    choose_persistent(plan);
    merge_in_place(plan);
    BRN__TRY(place_buffers(plan));
    if (!plan->persistent_bytes) return BRN_OK;
    plan->persistent = plan->backend->allocate(plan->persistent_bytes);
    return plan->persistent ? BRN_OK : BRN_ERROR_NO_MEMORY;
}
