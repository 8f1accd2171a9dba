/* SPDX-License-Identifier: Apache-2.0
 * From options to an ordered list of nodes: copy, passes, gradients, order. */
#include "base/alloc.h"
#include "graph/plan.h"

#include <string.h>

/* Collects what the copy must hold and the shapes of its inputs. */
static brn_status copy_user_graph(brn_plan *plan, brn_node **map)
{
    const brn_plan_options *options = &plan->options;
    const brn_graph *user = plan->user_graph;
    brn_node *wanted[BRN_PLAN_OUTPUTS_MAX + BRN_PLAN_INPUTS_MAX + 1];
    int count = 0;
    for (int i = 0; i < options->output_count; i++)
        wanted[count++] = brn__value_of(options->outputs[i]).node;
    if (options->loss) wanted[count++] = brn__value_of(options->loss).node;
    for (int i = 0; i < options->input_gradient_count; i++)
        wanted[count++] = options->input_gradients[i];
    const brn_shape **shapes = brn__alloc_zero((size_t)user->input_count + 1, sizeof *shapes);
    if (!shapes) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int i = 0; i < options->shape_count; i++) {
        const brn_node *input = options->shape_inputs[i];
        if (input->input < 0 || input->graph != user)
            status = brn__fail(BRN_ERROR_USAGE, "plan: %s is not an input of the graph", input->name);
        else shapes[input->input] = &options->shapes[i];
    }
    if (status == BRN_OK) status = brn__graph_copy(user, wanted, count, shapes, &plan->graph, map);
    brn__free(shapes);
    return status;
}

static brn__value mapped(brn_node *const *map, brn_node *node)
{
    brn__value value = brn__value_of(node);
    return (brn__value){map[value.node->id], value.output};
}

static brn_status find_in_store(brn_plan *plan, brn_parameters *store)
{
    brn_graph *graph = plan->graph;
    for (int i = 0; i < graph->parameter_count; i++) {
        const brn__graph_parameter *declared = &graph->parameters[i];
        int place = brn_parameters_find(store, declared->name);
        if (place < 0)
            return brn__fail(BRN_ERROR_USAGE, "plan: the parameter store has no %s", declared->name);
        brn_shape shape = brn_parameters_info(store, place).shape;
        if (!brn_shape_equal(shape, declared->shape))
            return brn__fail(BRN_ERROR_INPUT, "plan: %s is %s in the graph and %s in the store",
                             declared->name, BRN__SHAPE(declared->shape), BRN__SHAPE(shape));
        plan->store_index[i] = place;
    }
    return BRN_OK;
}

static bool learns(const brn_plan *plan, const brn__graph_parameter *parameter)
{
    if (parameter->kind == BRN_PARAMETER_BUFFER) return false;
    if (!(plan->options.learning_groups >> parameter->group & 1)) return false;
    /* Form (b): running statistics, scale and shift fixed. */
    return !(parameter->kind == BRN_PARAMETER_NORM && plan->options.training &&
             plan->options.norm_form[parameter->group] == BRN_NORM_FIXED);
}

static brn_status build_gradients(brn_plan *plan, brn_node *const *map)
{
    brn_graph *graph = plan->graph;
    size_t limit = (size_t)graph->parameter_count + BRN_PLAN_INPUTS_MAX;
    brn__value *wanted = brn__alloc_zero(limit, sizeof *wanted);
    brn__value *gradients = brn__alloc_zero(limit, sizeof *gradients);
    int *places = brn__alloc_zero(limit, sizeof *places);
    int count = 0;
    brn_status status = wanted && gradients && places ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        for (int i = 0; i < graph->parameter_count; i++) {
            if (!learns(plan, &graph->parameters[i])) continue;
            places[count] = plan->store_index[i];
            wanted[count++] = (brn__value){graph->parameters[i].node, 0};
        }
        const int parameters = count, forward_count = graph->node_count;
        const brn__value loss = plan->roots[plan->root_count - 1];
        for (int i = 0; i < plan->options.input_gradient_count; i++)
            wanted[count++] = mapped(map, plan->options.input_gradients[i]);
        status = brn__autodiff(graph, loss, wanted, count, gradients);
        if (status == BRN_OK && plan->options.activation_checkpointing)
            status = brn__checkpoint_activations(graph, loss.node, forward_count, wanted, count);
        for (int i = 0; i < parameters; i++) plan->parameter_gradients[places[i]] = gradients[i];
        for (int i = parameters; i < count; i++) plan->gradients[i - parameters] = gradients[i];
        for (int i = 0; status == BRN_OK && i < plan->options.input_gradient_count; i++)
            if (!plan->gradients[i].node)
                status = brn__fail(BRN_ERROR_INPUT, "plan: the loss does not depend on input %s",
                                   plan->options.input_gradients[i]->name);
    }
    brn__free(wanted);
    brn__free(gradients);
    brn__free(places);
    return status;
}

/* Everything wanted: outputs, the loss, gradients. */
static brn_status sort_graph(brn_plan *plan)
{
    int parameters = plan->graph->parameter_count, count = 0;
    size_t limit = (size_t)(plan->root_count + BRN_PLAN_INPUTS_MAX + parameters);
    brn__value *wanted = brn__alloc_zero(limit, sizeof *wanted);
    if (!wanted) return BRN_ERROR_NO_MEMORY;
    for (int i = 0; i < plan->root_count; i++) wanted[count++] = plan->roots[i];
    for (int i = 0; i < plan->options.input_gradient_count; i++) wanted[count++] = plan->gradients[i];
    for (int i = 0; i < parameters; i++) wanted[count++] = plan->parameter_gradients[plan->store_index[i]];
    brn_status status = brn__graph_sort(plan->graph, wanted, count);
    brn__free(wanted);
    return status;
}

static brn_status run_passes(brn_plan *plan, const brn__pass *const *passes)
{
    brn__pass_context context = {
        .graph = plan->graph,
        .roots = plan->roots,
        .root_count = plan->root_count,
        .training = plan->options.training,
        .differentiates = plan->options.loss != NULL,
        .learning_groups = plan->options.loss ? plan->options.learning_groups : 0,
        .norm_form = plan->options.norm_form,
    };
    for (; passes && *passes; passes++) {
        brn_status status = (*passes)->run(&context);
        if (status == BRN_OK) status = brn_graph_status(plan->graph);
        if (status == BRN_OK) status = sort_graph(plan);
        if (status != BRN_OK) return brn__fail_within(status, "pass %s", (*passes)->name);
    }
    return BRN_OK;
}

/* Depth first, inputs before users. */
static void visit(brn_plan *plan, const brn_node *node, bool *seen)
{
    if (seen[node->id]) return;
    seen[node->id] = true;
    for (int i = 0; i < node->input_count; i++)
        if (brn__has(node, i)) visit(plan, node->inputs[i].node, seen);
    plan->order[plan->order_count++] = node;
}

/* Dead nodes are those that no wanted value reaches: they are never visited. Parameters' gradients
 * are visited from the last declared to the first, so a gradient follows soon after what it needs;
 * state updates come last, after everything that reads the old state. */
static brn_status choose_order(brn_plan *plan)
{
    brn_graph *graph = plan->graph;
    bool *seen = brn__alloc_zero((size_t)graph->node_count, sizeof *seen);
    plan->order = brn__alloc_zero((size_t)graph->node_count, sizeof *plan->order);
    if (!seen || !plan->order) {
        brn__free(seen);
        return BRN_ERROR_NO_MEMORY;
    }
    for (int i = 0; i < plan->root_count; i++) visit(plan, plan->roots[i].node, seen);
    for (int i = graph->parameter_count - 1; i >= 0; i--) {
        brn__value gradient = plan->parameter_gradients[plan->store_index[i]];
        if (gradient.node) visit(plan, gradient.node, seen);
    }
    for (int i = 0; i < plan->options.input_gradient_count; i++)
        visit(plan, plan->gradients[i].node, seen);
    for (int i = 0; i < graph->update_count; i++)
        visit(plan, graph->updates[i].value.node, seen);
    brn__free(seen);
    return BRN_OK;
}

static brn_status compile_with_map(brn_plan *plan, brn_node **map)
{
    brn_parameters *store = brn__runner_store(plan->runner);
    BRN__TRY(copy_user_graph(plan, map));
    size_t parameters = (size_t)plan->graph->parameter_count + 1;
    size_t stored = (size_t)brn_parameters_count(store) + 1;
    plan->store_index = brn__alloc_zero(parameters, sizeof *plan->store_index);
    plan->parameter_gradients = brn__alloc_zero(stored, sizeof *plan->parameter_gradients);
    if (!plan->store_index || !plan->parameter_gradients) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(find_in_store(plan, store));
    for (int i = 0; i < plan->options.output_count; i++)
        plan->roots[plan->root_count++] = mapped(map, plan->options.outputs[i]);
    if (plan->options.loss) plan->roots[plan->root_count++] = mapped(map, plan->options.loss);
    BRN__TRY(run_passes(plan, plan->backend->passes));
    if (plan->options.loss) BRN__TRY(build_gradients(plan, map));
    BRN__TRY(run_passes(plan, plan->backend->late_passes));
    return choose_order(plan);
}

brn_status brn__plan_compile(brn_plan *plan)
{
    brn_node **map = brn__alloc_zero((size_t)plan->user_graph->node_count + 1, sizeof *map);
    if (!map) return BRN_ERROR_NO_MEMORY;
    brn_status status = compile_with_map(plan, map);
    brn__free(map);
    return status;
}
