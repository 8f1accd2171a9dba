/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/experiment.h"
#include "base/philox.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 0xA5 };

static void *values_of(const experiment *e, int tensor)
{
    const experiment_tensor *t = &e->tensors[tensor];
    if (t->store_index < 0) return t->storage + GUARD_BYTES;
    brn_parameter_info info = brn_parameters_info(e->parameters, t->store_index);
    return (char *)brn_parameters_values(e->parameters) +
           (size_t)info.offset * brn_dtype_bytes(e->real);
}

double experiment_element(const experiment *e, const void *values, int64_t index)
{
    return e->real == BRN_DTYPE_F64 ? ((const double *)values)[index]
                                    : (double)((const float *)values)[index];
}

static void store(const experiment *e, void *values, int64_t index, double value)
{
    if (e->real == BRN_DTYPE_F64)
        ((double *)values)[index] = value;
    else
        ((float *)values)[index] = (float)value;
}

double experiment_get(const experiment *e, int tensor, int64_t index)
{
    return experiment_element(e, values_of(e, tensor), index);
}

void experiment_set(experiment *e, int tensor, int64_t index, double value)
{
    store(e, values_of(e, tensor), index, value);
    if (e->tensors[tensor].store_index < 0) return;
    brn_parameter_info info = brn_parameters_info(e->parameters, e->tensors[tensor].store_index);
    brn_parameters_touch(e->parameters, info.offset, info.offset + info.count);
}

/* Values that float32 holds exactly, so that all backends get the same ones. */
static void draw(experiment *e, int tensor)
{
    experiment_tensor *t = &e->tensors[tensor];
    brn__random random = brn__random_new(brn__philox_key(17, e->of->name), (uint32_t)tensor, 0, 0);
    void *values = values_of(e, tensor);
    for (int64_t i = 0; i < t->count; i++) {
        if (t->of.indices) {
            ((int64_t *)values)[i] = brn__random_below(&random, (uint32_t)t->of.limit);
            continue;
        }
        double value = brn__random_between(&random, t->of.low, t->of.high);
        store(e, values, i, (double)(float)(value + (value < 0 ? -t->of.gap : t->of.gap)));
    }
    if (t->store_index >= 0) {
        brn_parameter_info info = brn_parameters_info(e->parameters, t->store_index);
        brn_parameters_touch(e->parameters, info.offset, info.offset + info.count);
    } else {
        memcpy(t->initial, values, t->bytes);
    }
}

static void add_tensor(experiment *e, const case_tensor *of)
{
    experiment_tensor *t = &e->tensors[e->tensor_count];
    size_t element = of->indices ? sizeof(int64_t) : brn_dtype_bytes(e->real);
    t->of = *of;
    t->count = brn_shape_elements(brn_node_shape(of->node));
    t->bytes = (size_t)t->count * element;
    t->store_index = of->parameter ? brn_parameters_find(e->parameters, of->name) : -1;
    t->gradient_output = -1;
    if (!of->parameter) {
        t->storage = malloc(t->bytes + 2 * GUARD_BYTES);
        t->initial = malloc(t->bytes + 1);
        assert_non_null(t->storage);
        assert_non_null(t->initial);
        memset(t->storage, GUARD, t->bytes + 2 * GUARD_BYTES);
    }
    draw(e, e->tensor_count++);
}

/* loss = sum(v * y) */
static brn_node *weigh(case_builder *builder, brn_node *y)
{
    brn_shape shape = brn_node_shape(y);
    brn_node *v = case_input(builder, "v", shape.dims, shape.rank);
    case_range(builder, -1, 1, .25);
    case_fix(builder);
    return brn_reduce(brn_mul(y, v), BRN_REDUCE_SUM, (1u << shape.rank) - 1, false);
}

static void choose_outputs(experiment *e, brn_node *y, brn_node *loss)
{
    brn_plan_options *options = &e->options;
    *options = brn_plan_defaults();
    options->training = e->of->training;
    options->precision = e->of->precision;
    memset(options->norm_form, (int)e->of->norm_form, sizeof options->norm_form);
    e->output_count = e->of->outputs ? e->of->outputs : 1;
    for (int i = 0; i < e->output_count; i++) options->outputs[i] = brn_node_output(y, i);
    options->output_count = e->output_count;
    options->outputs[options->output_count++] = loss;
}

static void choose_gradients(experiment *e, brn_node *loss)
{
    brn_plan_options *options = &e->options;
    options->loss = loss;
    for (int i = 0; i < e->tensor_count; i++) {
        experiment_tensor *t = &e->tensors[i];
        if (t->of.fixed || t->of.parameter) continue;
        assert_true(options->input_gradient_count < BRN_PLAN_INPUTS_MAX);
        t->gradient_output = options->output_count + options->input_gradient_count;
        options->input_gradients[options->input_gradient_count++] = t->of.node;
    }
}

static void bind_inputs(experiment *e, brn_plan *plan)
{
    for (int i = 0; i < e->tensor_count; i++)
        if (!e->tensors[i].of.parameter)
            assert_ok(brn_plan_bind(plan, e->tensors[i].of.name, values_of(e, i)));
}

void experiment_open(experiment *e, const op_case *of, const char *backend)
{
    case_builder builder = {0};
    memset(e, 0, sizeof *e);
    e->of = of;
    e->real = strcmp(backend, "reference") ? BRN_DTYPE_F32 : BRN_DTYPE_F64;
    assert_ok(brn_graph_new(&e->graph));
    builder.graph = e->graph;
    brn_node *y = of->build(&builder, of->argument);
    brn_node *loss = weigh(&builder, y);
    choose_outputs(e, y, loss);
    assert_ok(brn_graph_status(e->graph));
    assert_ok(brn_parameters_new(e->graph, e->real, &e->parameters));
    assert_ok(brn_parameters_initialise(e->parameters, 3, -1)); /* those the case does not list */
    for (int i = 0; i < builder.tensor_count; i++) add_tensor(e, &builder.tensors[i]);
    assert_ok(brn_runner_new(e->parameters, backend, 0, &e->runner));
    brn_plan_options forward = e->options;
    forward.outputs[0] = loss;
    forward.output_count = 1;
    assert_ok(brn_runner_plan(e->runner, &forward, &e->loss_plan));
    bind_inputs(e, e->loss_plan);
    if (!of->not_differentiable) choose_gradients(e, loss);
    assert_ok(brn_runner_plan(e->runner, &e->options, &e->plan));
    bind_inputs(e, e->plan);
}

void experiment_close(experiment *e)
{
    brn_runner_free(e->runner);
    brn_parameters_free(e->parameters);
    brn_graph_free(e->graph);
    for (int i = 0; i < e->tensor_count; i++) {
        free(e->tensors[i].storage);
        free(e->tensors[i].initial);
    }
}

void experiment_run(experiment *e)
{
    assert_ok(brn_plan_run(e->plan, &(brn_run){.seed = 5, .step = 2}));
}

double experiment_loss(experiment *e)
{
    assert_ok(brn_plan_run(e->loss_plan, &(brn_run){.seed = 5, .step = 2}));
    return experiment_element(e, brn_plan_output(e->loss_plan, 0), 0);
}

const void *experiment_gradient(const experiment *e, int tensor)
{
    const experiment_tensor *t = &e->tensors[tensor];
    if (t->of.fixed) return NULL;
    if (t->gradient_output >= 0) return brn_plan_output(e->plan, t->gradient_output);
    void *gradients;
    assert_ok(brn_parameters_gradients(e->parameters, &gradients));
    brn_parameter_info info = brn_parameters_info(e->parameters, t->store_index);
    return (char *)gradients + (size_t)info.offset * brn_dtype_bytes(e->real);
}

static void check_bytes(const unsigned char *bytes, size_t count, unsigned char expected,
                        const char *what, const experiment *e, int tensor)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != expected)
            fail_msg("%s (%s): byte %zu %s %s was written", e->of->name, e->of->op, i, what,
                     e->tensors[tensor].of.name);
}

void experiment_check_guards(const experiment *e)
{
    void *gradients = NULL;
    if (!e->of->not_differentiable) assert_ok(brn_parameters_gradients(e->parameters, &gradients));
    for (int i = 0; i < e->tensor_count; i++) {
        const experiment_tensor *t = &e->tensors[i];
        if (t->store_index < 0) {
            check_bytes(t->storage, GUARD_BYTES, GUARD, "before", e, i);
            check_bytes(t->storage + GUARD_BYTES + t->bytes, GUARD_BYTES, GUARD, "after", e, i);
            if (memcmp(t->storage + GUARD_BYTES, t->initial, t->bytes))
                fail_msg("%s (%s): input %s was changed", e->of->name, e->of->op, t->of.name);
            continue;
        }
        brn_parameter_info info = brn_parameters_info(e->parameters, t->store_index);
        size_t end = (size_t)(info.offset + info.count) * brn_dtype_bytes(e->real);
        size_t gap = (64 - end % 64) % 64; /* up to the next parameter's boundary */
        const unsigned char *values = brn_parameters_values(e->parameters);
        check_bytes(values + end, gap, 0, "after the values of", e, i);
        if (gradients && !t->of.fixed)
            check_bytes((unsigned char *)gradients + end, gap, 0, "after the gradient of", e, i);
    }
}
