/* SPDX-License-Identifier: Apache-2.0
 * Runners: one arena, a cache of plans, binding and running. */
#include "base/alloc.h"
#include "base/threads.h"
#include "graph/plan.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PLANS_MAX = 16 };

struct brn_runner {
    brn_parameters *parameters;
    const brn__backend *backend;
    int threads;
    brn_precision precision; /* what it comes to */
    bool activation_checkpointing;
    void *memory;
    size_t memory_bytes;
    brn_plan *plans[PLANS_MAX];
    int plan_count;
    uint64_t clock;
};

brn_parameters *brn__runner_store(const brn_runner *runner) { return runner->parameters; }
int brn_runner_threads(const brn_runner *runner) { return runner->threads; }
static brn_precision precision_of(const brn__backend *backend, brn_precision wish)
{
    return backend->precision ? backend->precision(wish) : BRN_PRECISION_FP32;
}

void brn_runner_set_precision(brn_runner *runner, brn_precision precision)
{
    runner->precision = precision_of(runner->backend, precision);
}
brn_precision brn_runner_precision(const brn_runner *runner) { return runner->precision; }

void brn_runner_set_activation_checkpointing(brn_runner *runner, bool on) { runner->activation_checkpointing = on; }

size_t brn_runner_arena_bytes(const brn_runner *runner) { return runner->memory_bytes; }
size_t brn_plan_packed_bytes(const brn_plan *plan) { return plan->persistent_bytes; }

brn_plan_options brn_plan_defaults(void)
{
    brn_plan_options options;
    memset(&options, 0, sizeof options);
    options.learning_groups = UINT64_MAX;
    return options;
}

brn_status brn_runner_new(brn_parameters *parameters, const char *backend, int threads, brn_runner **out)
{
    const brn__backend *found = brn__backend_find(backend);
    if (!found) return brn__fail(BRN_ERROR_USAGE, "backend %s: not in this build", backend);
    if (found->real != brn_parameters_dtype(parameters))
        return brn__fail(BRN_ERROR_USAGE, "backend %s computes in %s; the parameter store holds %s", backend,
                         brn_dtype_name(found->real), brn_dtype_name(brn_parameters_dtype(parameters)));
    brn_runner *runner = brn__alloc_zero(1, sizeof *runner);
    if (!runner) return BRN_ERROR_NO_MEMORY;
    runner->parameters = parameters;
    runner->backend = found;
    runner->threads = threads > 0 ? threads : brn__processor_count();
    *out = runner;
    return BRN_OK;
}

void brn_runner_free(brn_runner *runner)
{
    if (!runner) return;
    for (int i = 0; i < runner->plan_count; i++) brn__plan_free(runner->plans[i]);
    if (runner->memory) runner->backend->deallocate(runner->memory);
    brn__free(runner);
}

void brn__plan_free(brn_plan *plan)
{
    if (!plan) return;
    for (int k = 0; k < plan->step_count; k++) {
        brn__step *step = &plan->steps[k].step;
        if (plan->steps[k].prepared && step->kernel->release) step->kernel->release(step);
    }
    if (plan->persistent) plan->backend->deallocate(plan->persistent);
    brn_graph_free(plan->graph);
    brn__free(plan->parameter_gradients);
    brn__free(plan->order);
    brn__free(plan->steps);
    brn__free(plan->buffers);
    brn__free(plan->variants);
    brn__free(plan->first_variant);
    brn__free(plan->bound);
    brn__free(plan->scalars);
    brn__free(plan->store_index);
    brn__free(plan->updated);
    brn__free(plan->dense);
    brn__arena_free(&plan->arena);
    brn__free(plan);
}

/* The options with everything that does not count zeroed: equal plans have equal bytes. */
static brn_plan_options normalised(const brn_runner *runner, const brn_plan_options *options)
{
    brn_plan_options key;
    memset(&key, 0, sizeof key);
    key.output_count = options->output_count;
    memcpy(key.outputs, options->outputs, (size_t)options->output_count * sizeof *key.outputs);
    key.training = options->training;
    key.precision = options->precision == BRN_PRECISION_FP32 ? runner->precision
                                                             : precision_of(runner->backend, options->precision);
    key.loss = options->loss;
    if (options->training) memcpy(key.norm_form, options->norm_form, sizeof key.norm_form);
    if (options->loss) {
        key.learning_groups = options->learning_groups;
        key.accumulate = options->accumulate;
        key.activation_checkpointing = options->activation_checkpointing || runner->activation_checkpointing;
        key.input_gradient_count = options->input_gradient_count;
        memcpy(key.input_gradients, options->input_gradients,
               (size_t)options->input_gradient_count * sizeof *key.input_gradients);
    }
    key.shape_count = options->shape_count;
    for (int i = 0; i < options->shape_count; i++) {
        key.shape_inputs[i] = options->shape_inputs[i];
        key.shapes[i] = brn_shape_of(options->shapes[i].rank, options->shapes[i].dims);
    }
    return key;
}

static brn_status check_options(const brn_plan_options *options, const brn_graph **graph)
{
    if (options->output_count < 0 || options->output_count > BRN_PLAN_OUTPUTS_MAX ||
        options->input_gradient_count < 0 || options->input_gradient_count > BRN_PLAN_INPUTS_MAX ||
        options->shape_count < 0 || options->shape_count > BRN_PLAN_INPUTS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "plan: too many outputs, input gradients or shapes");
    const brn_node *any = options->output_count ? options->outputs[0] : options->loss;
    if (!any) return brn__fail(BRN_ERROR_USAGE, "plan: neither an output nor a loss is wanted");
    *graph = any->graph;
    BRN__TRY(brn_graph_status(any->graph));
    bool same = !options->loss || options->loss->graph == any->graph;
    for (int i = 0; i < options->output_count; i++) same &= options->outputs[i]->graph == any->graph;
    return same ? BRN_OK : brn__fail(BRN_ERROR_USAGE, "plan: the wanted values are of different graphs");
}

static brn_status compile(brn_runner *runner, const brn_plan_options *key, const brn_graph *graph,
                          brn_plan **out)
{
    brn_plan *plan = brn__alloc_zero(1, sizeof *plan);
    if (!plan) return BRN_ERROR_NO_MEMORY;
    plan->runner = runner;
    plan->backend = runner->backend;
    plan->options = *key;
    plan->user_graph = graph;
    brn_status status = brn__plan_compile(plan);
    if (status == BRN_OK) status = brn__plan_prepare(plan);
    if (status == BRN_OK) status = brn__plan_memory(plan);
    if (status == BRN_OK) {
        plan->bound = brn__alloc_zero((size_t)plan->graph->input_count + 1, sizeof *plan->bound);
        plan->scalars = brn__alloc_zero((size_t)plan->graph->scalar_count + 1, sizeof *plan->scalars);
        if (!plan->bound || !plan->scalars) status = BRN_ERROR_NO_MEMORY;
    }
    for (int i = 0; status == BRN_OK && i < plan->graph->scalar_count; i++)
        plan->scalars[i] = plan->graph->scalars[i].initial;
    if (status == BRN_OK && plan->options.loss && !brn__parameters_gradients(runner->parameters)) {
        void *gradients; /* made now, so that running can't fail for lack of memory */
        status = brn_parameters_gradients(runner->parameters, &gradients);
    }
    if (status == BRN_OK && plan->arena_bytes > runner->memory_bytes) {
        void *memory = runner->backend->allocate(plan->arena_bytes);
        if (memory) {
            if (runner->memory) runner->backend->deallocate(runner->memory);
            runner->memory = memory;
            runner->memory_bytes = plan->arena_bytes;
            for (int i = 0; i < runner->plan_count; i++) runner->plans[i]->resolved = false;
        } else {
            status = BRN_ERROR_NO_MEMORY;
        }
    }
    if (status != BRN_OK) {
        brn__plan_free(plan);
        return status;
    }
    *out = plan;
    return BRN_OK;
}

brn_status brn_runner_plan(brn_runner *runner, const brn_plan_options *options, brn_plan **out)
{
    const brn_graph *graph = NULL;
    BRN__TRY(check_options(options, &graph));
    brn_plan_options key = normalised(runner, options);
    int oldest = 0;
    for (int i = 0; i < runner->plan_count; i++) {
        brn_plan *plan = runner->plans[i];
        if (plan->user_graph == graph && !memcmp(&plan->options, &key, sizeof key)) {
            plan->last_used = ++runner->clock;
            *out = plan;
            return BRN_OK;
        }
        if (plan->last_used < runner->plans[oldest]->last_used) oldest = i;
    }
    brn_plan *plan = NULL;
    BRN__TRY(compile(runner, &key, graph, &plan));
    int place = runner->plan_count;
    if (place == PLANS_MAX) {
        brn__plan_free(runner->plans[oldest]);
        place = oldest;
    } else {
        runner->plan_count++;
    }
    runner->plans[place] = plan;
    plan->last_used = ++runner->clock;
    *out = plan;
    return BRN_OK;
}

brn_status brn_plan_bind(brn_plan *plan, const char *input, const void *data)
{
    for (int i = 0; i < plan->graph->input_count; i++)
        if (!strcmp(plan->graph->inputs[i]->name, input)) {
            if (plan->bound[i] != data) plan->resolved = false;
            plan->bound[i] = data;
            return BRN_OK;
        }
    /* An input of the user's graph that this plan does not need is fine. */
    for (int i = 0; i < plan->user_graph->input_count; i++)
        if (!strcmp(plan->user_graph->inputs[i]->name, input)) return BRN_OK;
    return brn__fail(BRN_ERROR_USAGE, "plan: the graph has no input %s", input);
}

brn_status brn_plan_set_scalar(brn_plan *plan, const char *name, double value)
{
    for (int i = 0; i < plan->graph->scalar_count; i++)
        if (!strcmp(plan->graph->scalars[i].name, name)) {
            plan->scalars[i] = value;
            return BRN_OK;
        }
    return brn__fail(BRN_ERROR_USAGE, "plan: the graph has no scalar %s", name);
}

static void *address_of(const brn_plan *plan, int buffer)
{
    const brn__buffer *place = &plan->buffers[brn__plan_buffer(plan, buffer)];
    brn_parameters *store = plan->runner->parameters;
    switch (place->location) {
    case BRN__IN_ARENA: return (char *)plan->runner->memory + place->offset;
    case BRN__IN_PERSISTENT: return (char *)plan->persistent + place->offset;
    case BRN__IN_PARAMETERS: return brn__parameters_address(store, place->index);
    case BRN__IN_INPUT: return (void *)(uintptr_t)plan->bound[place->index];
    case BRN__IN_GRADIENTS: break;
    }
    char *gradients = brn__parameters_gradients(store); /* exists: made at compile */
    return gradients + (size_t)brn_parameters_info(store, place->index).offset *
                                   brn_dtype_bytes(plan->backend->real);
}

static brn_status resolve(brn_plan *plan)
{
    for (int i = 0; i < plan->graph->input_count; i++)
        if (!plan->bound[i])
            return brn__fail(BRN_ERROR_USAGE, "plan: input %s %s is not bound",
                             plan->graph->inputs[i]->name,
                             BRN__SHAPE(plan->graph->inputs[i]->outputs[0].shape));
    for (int k = 0; k < plan->step_count; k++) {
        brn__plan_step *step = &plan->steps[k];
        for (int i = 0; i < BRN__INPUTS_MAX; i++)
            step->step.inputs[i] = step->input_buffers[i] < 0 ? NULL : address_of(plan, step->input_buffers[i]);
        for (int i = 0; i < BRN__OUTPUTS_MAX; i++)
            step->step.outputs[i] = step->output_buffers[i] < 0 ? NULL : address_of(plan, step->output_buffers[i]);
        step->step.scratch = step->scratch_buffer < 0 ? NULL : address_of(plan, step->scratch_buffer);
    }
    plan->resolved = true;
    return BRN_OK;
}

/* One thread is timed by its own clock, on which others that use the machine do not count. */
static double milliseconds_now(const brn_plan *plan)
{
    struct timespec now;
    clock_gettime(plan->runner->threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static brn_status run_step(brn_plan *plan, brn__step *step, const brn__run *run)
{
    if (plan->backend->before_step) plan->backend->before_step(step);
    double start = plan->profile ? milliseconds_now(plan) : 0;
    brn_status status = step->kernel->run(step, run);
    if (plan->profile) step->milliseconds += milliseconds_now(plan) - start;
    return status == BRN_OK ? BRN_OK : brn__fail_within(status, "%s", step->node->name);
}

/* Packs again what depends on parameters that changed since the last time. */
static brn_status run_prologue(brn_plan *plan, const brn__run *run)
{
    for (int k = 0; k < plan->prologue_count; k++) {
        brn__plan_step *step = &plan->steps[k];
        uint64_t version = 1;
        for (int d = 0; d < step->dependency_count; d++)
            version += brn__parameters_version(plan->runner->parameters, step->dependencies[d]);
        if (step->version == version) continue;
        BRN__TRY(run_step(plan, &step->step, run));
        step->version = version;
    }
    return BRN_OK;
}

brn_status brn_plan_run(brn_plan *plan, const brn_run *counters)
{
    if (!plan->resolved) BRN__TRY(resolve(plan));
    brn__run run = {counters->seed, counters->step, counters->micro_batch, counters->rank, plan->scalars};
    BRN__TRY(run_prologue(plan, &run));
    for (int i = 0; i < plan->dense_count; i++)
        brn__parameters_rows(plan->runner->parameters, plan->dense[i])->listed = false;
    for (int k = plan->prologue_count; k < plan->step_count; k++)
        BRN__TRY(run_step(plan, &plan->steps[k].step, &run));
    for (int i = 0; i < plan->updated_count; i++)
        brn__parameters_touch_one(plan->runner->parameters, plan->updated[i]);
    plan->profiled_runs += plan->profile;
    return BRN_OK;
}

const void *brn_plan_output(const brn_plan *plan, int index)
{
    return index >= 0 && index < plan->output_count ? address_of(plan, plan->output_buffers[index]) : NULL;
}

brn_shape brn_plan_output_shape(const brn_plan *plan, int index)
{
    return index >= 0 && index < plan->output_count ? plan->output_types[index].shape : (brn_shape){0};
}

size_t brn__canonical_bytes(const brn__backend *backend, const brn__type *type)
{
    brn_dtype stored = type->dtype == BRN_DTYPE_F32 ? backend->real : type->dtype;
    return (size_t)brn_shape_elements(type->shape) * brn_dtype_bytes(stored);
}
