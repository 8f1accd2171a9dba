/* SPDX-License-Identifier: Apache-2.0
 * reshape, transpose, concat, slice, slice_grad, broadcast, reduce, reduce_max_grad. */
#include "backends/reference/reference.h"

#include <math.h>
#include <string.h>

static brn_status prepare_reshape(brn__step *step)
{
    BRN__TRY(brn__reference_prepare(step));
    step->view = true;
    return BRN_OK;
}

static brn_status run_reshape(const brn__step *step, const brn__run *run)
{
    (void)run;
    if (step->outputs[0] != step->inputs[0])
        memmove(step->outputs[0], step->inputs[0], step->out[0].bytes);
    return BRN_OK;
}
const brn__kernel brn__reference_reshape = {.prepare = prepare_reshape, .run = run_reshape};

static brn_status run_transpose(const brn__step *step, const brn__run *run)
{
    const brn__dims_attributes *attributes = step->node->attributes;
    brn_shape in = brn__step_shape(step, 0), out = step->node->outputs[0].shape;
    brn__strides of_x = brn__reference_strides(in, in), strides = {{0}};
    for (int i = 0; i < out.rank; i++) strides.of[i] = of_x.of[attributes->dims[i]];
    const uint64_t *x = step->inputs[0]; /* doubles or indices: the bits go where they belong */
    uint64_t *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        y[i] = x[brn__reference_offset(out, i, &strides)];
    return BRN_OK;
}
REFERENCE_KERNEL(transpose);

static brn_status run_broadcast(const brn__step *step, const brn__run *run)
{
    brn_shape out = step->node->outputs[0].shape;
    brn__strides strides = brn__reference_strides(brn__step_shape(step, 0), out);
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++)
        y[i] = x[brn__reference_offset(out, i, &strides)];
    return BRN_OK;
}
REFERENCE_KERNEL(broadcast);

/* Around an axis a tensor is (outer, axis, inner). */
static int64_t outer_size(brn_shape shape, int axis)
{
    int64_t size = 1;
    for (int i = 0; i < axis; i++) size *= shape.dims[i];
    return size;
}

static int64_t inner_size(brn_shape shape, int axis)
{
    int64_t size = 1;
    for (int i = axis + 1; i < shape.rank; i++) size *= shape.dims[i];
    return size;
}

static brn_status run_concat(const brn__step *step, const brn__run *run)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    brn_shape out = step->node->outputs[0].shape;
    int axis = attributes->axis;
    int64_t outer = outer_size(out, axis), inner = inner_size(out, axis), begin = 0;
    double *y = step->outputs[0];
    (void)run;
    for (int part = 0; part < step->node->input_count; part++) {
        const double *x = step->inputs[part];
        int64_t length = brn__step_shape(step, part).dims[axis];
        for (int64_t o = 0; o < outer; o++)
            for (int64_t i = 0; i < length * inner; i++)
                y[(o * out.dims[axis] + begin) * inner + i] = x[o * length * inner + i];
        begin += length;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(concat);

static brn_status run_slice(const brn__step *step, const brn__run *run)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    brn_shape in = brn__step_shape(step, 0);
    int axis = attributes->axis;
    int64_t inner = inner_size(in, axis), length = attributes->end - attributes->begin;
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t o = 0; o < outer_size(in, axis); o++)
        for (int64_t i = 0; i < length * inner; i++)
            y[o * length * inner + i] = x[(o * in.dims[axis] + attributes->begin) * inner + i];
    return BRN_OK;
}
REFERENCE_KERNEL(slice);

static brn_status run_slice_grad(const brn__step *step, const brn__run *run)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    brn_shape in = attributes->x_shape;
    int axis = attributes->axis;
    int64_t inner = inner_size(in, axis), length = attributes->end - attributes->begin;
    const double *dy = step->inputs[0];
    double *dx = step->outputs[0];
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++) dx[i] = 0;
    for (int64_t o = 0; o < outer_size(in, axis); o++)
        for (int64_t i = 0; i < length * inner; i++)
            dx[(o * in.dims[axis] + attributes->begin) * inner + i] = dy[o * length * inner + i];
    return BRN_OK;
}
REFERENCE_KERNEL(slice_grad);

/* The reduced tensor's strides for each dimension of x: 0 along the reduced ones. */
static brn__strides reduced_strides(brn_shape x, unsigned axes, int64_t *count)
{
    brn__strides strides = {{0}};
    int64_t stride = 1;
    *count = 1;
    for (int i = x.rank - 1; i >= 0; i--) {
        if (axes >> i & 1) {
            *count *= x.dims[i];
            continue;
        }
        strides.of[i] = stride;
        stride *= x.dims[i];
    }
    return strides;
}

static brn_status run_reduce(const brn__step *step, const brn__run *run)
{
    const brn__reduce_attributes *attributes = step->node->attributes;
    brn_shape in = brn__step_shape(step, 0);
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    bool maximum = attributes->kind == BRN_REDUCE_MAX;
    int64_t count;
    brn__strides strides = reduced_strides(in, attributes->axes, &count);
    (void)run;
    for (int64_t i = 0; i < output_elements(step, 0); i++) y[i] = maximum ? -HUGE_VAL : 0;
    for (int64_t i = 0; i < brn__step_elements(step, 0); i++) {
        int64_t at = brn__reference_offset(in, i, &strides);
        y[at] = !maximum ? y[at] + x[i] : x[i] > y[at] ? x[i] : y[at];
    }
    if (attributes->kind == BRN_REDUCE_MEAN)
        for (int64_t i = 0; i < output_elements(step, 0); i++) y[i] /= (double)count;
    return BRN_OK;
}
REFERENCE_KERNEL(reduce);

/* dx is dy at the first maximum, 0 elsewhere. An element is that maximum when no earlier element of
 * its group is as large and no later one is larger. */
static brn_status run_reduce_max_grad(const brn__step *step, const brn__run *run)
{
    const brn__reduce_attributes *attributes = step->node->attributes;
    brn_shape in = brn__step_shape(step, 1);
    const double *dy = step->inputs[0], *x = step->inputs[1];
    double *dx = step->outputs[0];
    int64_t count, elements = brn_shape_elements(in);
    brn__strides strides = reduced_strides(in, attributes->axes, &count);
    (void)run;
    for (int64_t i = 0; i < elements; i++) {
        int64_t at = brn__reference_offset(in, i, &strides);
        bool largest = true;
        for (int64_t j = 0; largest && j < elements; j++)
            if (brn__reference_offset(in, j, &strides) == at)
                largest = j < i ? x[j] < x[i] : x[j] <= x[i];
        dx[i] = largest ? dy[at] : 0;
    }
    return BRN_OK;
}
REFERENCE_KERNEL(reduce_max_grad);
