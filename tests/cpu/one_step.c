/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/one_step.h"

#include "backends/cpu/dnnl.h"
#include "ops/op_list.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD = 256, GUARD_BYTE = 0x5a };
const char *const layout_names[LAYOUT_COUNT] = {"nchw", "nhwc", "nChw16c", "nChw8c", "nChw4c"};

double noise(uint32_t stream, int64_t index)
{
    /* a Weyl sequence through one multiply-xor round: cheap, and good enough for test values */
    uint64_t z = ((uint64_t)index + 1) * 0x9E3779B97F4A7C15u + stream * 0xD1B54A32D192ED03u;
    z = (z ^ z >> 32) * 0xD6E8FEB86659FD93u;
    return (double)(int64_t)(z ^ z >> 32) * 0x1p-63;
}

void assert_all_close(const char *what, int64_t n, const double *a, const double *b,
                      double tolerance)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance * fmax(1, fabs(b[i])))) {
            print_error("%s: element %lld is %.9g, expected %.9g\n", what, (long long)i, a[i],
                        b[i]);
            fail();
        }
}

static brn__layout layout_of(layout_kind kind, brn_shape shape)
{
    brn__layout layout = {NULL, (size_t)brn_shape_elements(shape) * sizeof(float)};
    if (kind == NCHW || shape.rank != 4) return layout;
    dnnl_format_tag_t tags[] = {0, dnnl_nhwc, dnnl_nChw16c, dnnl_nChw8c, dnnl_nChw4c};
    dnnl_dims_t dims = {shape.dims[0], shape.dims[1], shape.dims[2], shape.dims[3]};
    dnnl_memory_desc_t description;
    assert_int_equal(dnnl_memory_desc_create_with_tag(&description, 4, dims, dnnl_f32, tags[kind]),
                     0);
    return (brn__layout){description, dnnl_memory_desc_get_size(description)};
}

void one_step_make(one_step *one, const brn__op *op, const void *attributes,
                   const one_input *inputs, int count, layout_kind layout, int threads)
{
    *one = (one_step){0};
    assert_ok(brn_graph_new(&one->graph));
    brn__value values[BRN__INPUTS_MAX] = {0};
    for (int i = 0; i < count; i++) {
        if (!inputs[i].values) continue;
        char name[16];
        snprintf(name, sizeof name, "x%d", i);
        values[i].node =
            brn_input(one->graph, name, inputs[i].integers ? BRN_DTYPE_I64 : BRN_DTYPE_F32,
                      inputs[i].shape.dims, inputs[i].shape.rank);
        one->inputs[i] = (double *)(uintptr_t)inputs[i].values;
    }
    brn_node *node = brn__node_new(one->graph, op, attributes, values, count, "node");
    assert_ok(brn_graph_status(one->graph));
    brn__step *step = &one->step;
    *step = (brn__step){.node = node, .backend = brn__backend_find("cpu"), .threads = threads};
    step->kernel = step->backend->kernels[op->id];
    for (int j = 0; j < BRN__OUTPUTS_MAX; j++) step->in_place[j] = -1;
    for (int i = 0; i < count; i++)
        if (values[i].node) {
            step->have[i] = layout_of(layout, inputs[i].shape);
            if (inputs[i].integers) step->have[i].bytes *= 2;
        }
}

static char *guarded(one_step *one, int slot, size_t bytes)
{
    char *memory = malloc(bytes + 2 * GUARD);
    assert_non_null(memory);
    memset(memory, GUARD_BYTE, bytes + 2 * GUARD);
    one->memory[slot] = memory;
    return memory + GUARD;
}

static void check_guard(const char *what, const char *data, size_t bytes)
{
    for (int i = 0; i < GUARD; i++)
        if (data[-1 - i] != GUARD_BYTE || data[bytes + (size_t)i] != GUARD_BYTE) {
            print_error("%s: written outside of its %zu bytes\n", what, bytes);
            fail();
        }
}

/* Place of element `index` (row-major) in memory. */
static int64_t place_of(const brn__layout *layout, brn_shape shape, int64_t index)
{
    brn__blocking b;
    if (!layout->description) return index;
    assert_true(brn__blocking_of(layout, shape, &b));
    int64_t s = index % b.spatial, c = index / b.spatial % b.channels;
    int64_t n = index / b.spatial / b.channels;
    return ((n * b.channel_blocks + c / b.block) * b.spatial + s) * b.block + c % b.block;
}

/* Layouts of weights: the backend's own reorder makes and reads them. */
static void reorder(one_step *one, brn__type type, brn__layout from, brn__layout to, void *values, void *made)
{
    brn__value value = {brn_input(one->graph, "values", BRN_DTYPE_F32, type.shape.dims, type.shape.rank), 0};
    brn_node *node = brn__node_new(one->graph, &brn__op_reorder, NULL, &value, 1, "reorder");
    assert_ok(brn_graph_status(one->graph));
    node->outputs[0] = type;
    brn__step step = {.node = node, .backend = one->step.backend, .threads = one->step.threads};
    step.kernel = step.backend->kernels[brn__op_reorder.id];
    step.have[0] = step.in[0] = from;
    step.out[0] = to;
    assert_ok(step.kernel->prepare(&step));
    assert_int_equal(step.out[0].bytes, to.bytes);
    step.scratch = malloc(step.scratch_bytes + 1);
    step.inputs[0] = values;
    step.outputs[0] = made;
    assert_ok(step.kernel->run(&step, &(brn__run){0}));
    if (step.kernel->release) step.kernel->release(&step);
    free(step.scratch);
}

static bool is_weight(const brn__layout *layout, brn_shape shape)
{
    brn__blocking b;
    return layout->description && !brn__blocking_of(layout, shape, &b);
}

static void write_weight(one_step *one, int i)
{
    const brn__type *type = brn__type_of(one->step.node->inputs[i]);
    int64_t n = brn_shape_elements(type->shape);
    float *canonical = malloc((size_t)n * sizeof *canonical);
    assert_non_null(canonical);
    for (int64_t k = 0; k < n; k++) canonical[k] = (float)one->inputs[i][k];
    reorder(one, *type, brn__canonical_input(&one->step, i), one->step.in[i], canonical, one->step.inputs[i]);
    check_guard("reordered weights", one->step.inputs[i], one->step.in[i].bytes);
    free(canonical);
}

static void read_weight(one_step *one, int j)
{
    brn__type type = one->step.node->outputs[j];
    int64_t n = brn_shape_elements(type.shape);
    float *canonical = malloc((size_t)n * sizeof *canonical);
    assert_non_null(canonical);
    reorder(one, type, one->step.out[j], brn__canonical_output(&one->step, j), one->step.outputs[j], canonical);
    one->outputs[j] = calloc((size_t)n, sizeof(double));
    for (int64_t k = 0; k < n; k++) one->outputs[j][k] = (double)canonical[k];
    free(canonical);
}

/* The upper half of a float: values must be bfloat16 already. */
static uint16_t bf16_of(double value)
{
    const float wide = (float)value;
    uint32_t bits;
    memcpy(&bits, &wide, sizeof bits);
    assert_int_equal(bits & 0xffff, 0);
    return (uint16_t)(bits >> 16);
}

static void write_input(one_step *one, int i)
{
    const brn__type *type = brn__type_of(one->step.node->inputs[i]);
    const brn__layout *layout = &one->step.in[i];
    one->step.inputs[i] = guarded(one, i, layout->bytes);
    memset(one->step.inputs[i], 0, layout->bytes);
    if (is_weight(layout, type->shape)) {
        write_weight(one, i);
        return;
    }
    int64_t n = brn_shape_elements(type->shape);
    for (int64_t k = 0; k < n; k++) {
        int64_t at = place_of(layout, type->shape, k);
        if (type->dtype == BRN_DTYPE_I64)
            ((int64_t *)one->step.inputs[i])[at] = (int64_t)one->inputs[i][k];
        else if (brn__is_bf16(layout))
            ((uint16_t *)one->step.inputs[i])[at] = bf16_of(one->inputs[i][k]);
        else
            ((float *)one->step.inputs[i])[at] = (float)one->inputs[i][k];
    }
}

static void read_output(one_step *one, int j)
{
    brn_shape shape = one->step.node->outputs[j].shape;
    const brn__layout *layout = &one->step.out[j];
    const float *data = one->step.outputs[j];
    if (is_weight(layout, shape)) {
        read_weight(one, j);
        return;
    }
    int64_t n = brn_shape_elements(shape), stored = (int64_t)(layout->bytes / sizeof(float));
    one->outputs[j] = calloc((size_t)n, sizeof(double));
    double padding = 0, inside = 0;
    for (int64_t k = 0; k < stored; k++) padding += data[k] != 0;
    for (int64_t k = 0; k < n; k++) {
        one->outputs[j][k] = data[place_of(layout, shape, k)];
        inside += one->outputs[j][k] != 0;
    }
    if (padding != inside) {
        print_error("output %d: %g padding elements are not zero\n", j, padding - inside);
        fail();
    }
}

void one_step_run(one_step *one, unsigned wanted, bool in_place, const brn__run *run)
{
    brn__step *step = &one->step;
    bool taken[BRN__INPUTS_MAX] = {0};
    for (int j = 0; j < step->node->output_count; j++) step->wanted[j] = wanted >> j & 1;
    assert_ok(step->kernel->prepare(step));
    for (int i = 0; i < step->node->input_count; i++)
        if (brn__has(step->node, i)) write_input(one, i);
    for (int j = 0; j < step->node->output_count; j++) {
        int from = step->in_place[j];
        if (!step->wanted[j]) continue;
        if (in_place && from >= 0 && !taken[from] && step->out[j].bytes <= step->in[from].bytes) {
            step->outputs[j] = step->inputs[from];
            taken[from] = true;
        } else {
            step->outputs[j] = guarded(one, BRN__INPUTS_MAX + j, step->out[j].bytes);
        }
    }
    if (step->view) step->outputs[0] = step->inputs[0];
    step->scratch = step->scratch_bytes
                        ? guarded(one, BRN__INPUTS_MAX + BRN__OUTPUTS_MAX, step->scratch_bytes)
                        : NULL;
    assert_ok(step->kernel->run(step, run));
    for (int i = 0; i < step->node->input_count; i++)
        if (step->inputs[i]) check_guard("input", step->inputs[i], step->in[i].bytes);
    for (int j = 0; j < step->node->output_count; j++)
        if (step->outputs[j]) {
            check_guard("output", step->outputs[j], step->out[j].bytes);
            read_output(one, j);
        }
    if (step->scratch) check_guard("scratch", step->scratch, step->scratch_bytes);
}

void one_step_free(one_step *one)
{
    if (one->step.kernel->release) one->step.kernel->release(&one->step);
    for (int i = 0; i < BRN__INPUTS_MAX; i++)
        if (one->step.have[i].description)
            dnnl_memory_desc_destroy((dnnl_memory_desc_t)(uintptr_t)one->step.have[i].description);
    for (int i = 0; i < BRN__INPUTS_MAX + BRN__OUTPUTS_MAX + 1; i++) free(one->memory[i]);
    for (int j = 0; j < BRN__OUTPUTS_MAX; j++) free(one->outputs[j]);
    brn_graph_free(one->graph);
}
