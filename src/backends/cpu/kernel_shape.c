/* SPDX-License-Identifier: Apache-2.0
 *
 * reshape (a view), transpose, broadcast; concat, slice and slice_grad, which copy whole runs.
 *
 * concat and slice along the channels stay in a blocked layout (nChw16c and its like) where the
 * cuts fall between blocks: in memory that is the same copy with other lengths.
 */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/pairing.h"
#include "base/alloc.h"
#include "ops/attributes.h"

#include "oneapi/dnnl/dnnl.h"
#include <string.h>

static size_t element_bytes(const brn__step *step)
{
    brn_dtype dtype = step->node->outputs[0].dtype;
    return brn_dtype_bytes(dtype == BRN_DTYPE_F32 ? step->backend->real : dtype);
}

static brn_status plain_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

/* ---- reshape ---- */

static brn_status reshape_prepare(brn__step *step)
{
    step->view = true;
    return plain_prepare(step);
}

static brn_status reshape_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    if (step->outputs[0] != step->inputs[0])
        memcpy(step->outputs[0], step->inputs[0], step->out[0].bytes);
    return BRN_OK;
}

const brn__kernel brn__cpu_reshape = {reshape_prepare, reshape_run, NULL};

/* ---- transpose, broadcast ---- */

static void copy_strided(size_t size, int64_t n, const char *x, size_t stride, char *y)
{
    if (size == 4)
        for (int64_t i = 0; i < n; i++) memcpy(y + 4 * i, x + stride * (size_t)i, 4);
    else
        for (int64_t i = 0; i < n; i++) memcpy(y + size * (size_t)i, x + stride * (size_t)i, size);
}

static brn_status transpose_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__dims_attributes *attributes = step->node->attributes;
    brn_shape x = brn__step_shape(step, 0), y = step->node->outputs[0].shape;
    size_t size = element_bytes(step), strides[BRN_RANK_MAX] = {0}, of_y[BRN_RANK_MAX] = {0};
    size_t stride = size;
    for (int i = x.rank - 1; i >= 0; i--) strides[i] = stride, stride *= (size_t)x.dims[i];
    for (int i = 0; i < y.rank; i++) of_y[i] = strides[attributes->dims[i]];
    int last = y.rank - 1;
    int64_t n = y.rank ? y.dims[last] : 1, runs = n ? brn_shape_elements(y) / n : 0;
    for (int64_t r = 0; r < runs; r++) {
        size_t at = 0;
        int64_t rest = r;
        for (int i = last - 1; i >= 0; i--) {
            at += (size_t)(rest % y.dims[i]) * of_y[i];
            rest /= y.dims[i];
        }
        copy_strided(size, n, (const char *)step->inputs[0] + at, y.rank ? of_y[last] : size,
                     (char *)step->outputs[0] + (size_t)(r * n) * size);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_transpose = {plain_prepare, transpose_run, NULL};

static brn_status broadcast_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    brn_shape x = brn__step_shape(step, 0), y = step->node->outputs[0].shape;
    brn__pairing p = brn__pair(y, x, y);
    size_t size = element_bytes(step);
    int64_t n = p.dims[p.rank - 1], runs = brn__pairing_runs(&p);
    for (int64_t r = 0; r < runs; r++) {
        int64_t at_y, at_x;
        brn__pairing_at(&p, r, &at_y, &at_x);
        copy_strided(size, n, (const char *)step->inputs[0] + (size_t)at_x * size,
                     (size_t)p.b[p.rank - 1] * size,
                     (char *)step->outputs[0] + (size_t)(r * n) * size);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_broadcast = {plain_prepare, broadcast_run, NULL};

/* ---- concat, slice, slice_grad: rows of bytes ---- */

typedef struct copy_data {
    int64_t rows;
    size_t part[BRN__INPUTS_MAX]; /* bytes of one row: of each input (concat), of the slice */
    size_t whole, begin;          /* of the joined value; where the slice begins in it */
    dnnl_memory_desc_t descriptions[BRN__INPUTS_MAX + 1]; /* owned */
    int description_count;
} copy_data;

static void copy_release(brn__step *step)
{
    copy_data *data = step->data;
    for (int i = 0; data && i < data->description_count; i++)
        dnnl_memory_desc_destroy(data->descriptions[i]);
    brn__free(data);
    step->data = NULL;
}

/* The layout of `shape` in channel blocks of `block` (4, 8, 16). */
static brn_status blocked_layout(copy_data *data, brn_shape shape, int64_t block, brn__layout *out)
{
    dnnl_memory_desc_t *description = &data->descriptions[data->description_count];
    dnnl_format_tag_t tag = block == 16 ? dnnl_nChw16c : block == 8 ? dnnl_nChw8c : dnnl_nChw4c;
    dnnl_dims_t dims = {0};
    for (int i = 0; i < shape.rank; i++) dims[i] = shape.dims[i];
    if (dnnl_memory_desc_create_with_tag(description, shape.rank, dims, dnnl_f32, tag) !=
        dnnl_success)
        return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for a layout of %s", BRN__SHAPE(shape));
    data->description_count++;
    *out = (brn__layout){*description, dnnl_memory_desc_get_size(*description)};
    return BRN_OK;
}

/* Block of the layout in which input `input` was made, if it is one of 4, 8, 16 channels; else 0.
 */
static int64_t block_of(const brn__step *step, int input)
{
    brn__blocking b;
    brn_shape shape = brn__input_shape(step->node, input);
    bool blocked = step->have[input].description && shape.rank == 4 &&
                   brn__blocking_of(&step->have[input], shape, &b) &&
                   (b.block == 4 || b.block == 8 || b.block == 16);
    return blocked ? b.block : 0;
}

static int64_t rows_before(brn_shape shape, int axis)
{
    int64_t rows = 1;
    for (int i = 0; i < axis; i++) rows *= shape.dims[i];
    return rows;
}

static copy_data *copy_begin(brn__step *step, brn_shape whole, int axis)
{
    copy_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return NULL;
    step->data = data;
    brn__all_canonical(step);
    data->rows = rows_before(whole, axis);
    step->implementation = "copy";
    return data;
}

static void copy_end(brn__step *step, copy_data *data, size_t whole_bytes)
{
    data->whole = data->rows ? whole_bytes / (size_t)data->rows : 0;
    step->threads = brn__threads_for(step, whole_bytes);
}

static brn_status concat_layouts(brn__step *step, copy_data *data, int axis)
{
    const brn_node *node = step->node;
    int64_t block = 0;
    for (int i = 0; axis == 1 && i < node->input_count && !block; i++) block = block_of(step, i);
    for (int i = 0; block && i < node->input_count - 1; i++)
        if (brn__input_shape(node, i).dims[1] % block != 0) block = 0;
    if (!block) return BRN_OK;
    for (int i = 0; i < node->input_count; i++)
        BRN__TRY(blocked_layout(data, brn__input_shape(node, i), block, &step->in[i]));
    return blocked_layout(data, node->outputs[0].shape, block, &step->out[0]);
}

static brn_status concat_prepare(brn__step *step)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    copy_data *data = copy_begin(step, step->node->outputs[0].shape, attributes->axis);
    brn_status status = data ? concat_layouts(step, data, attributes->axis) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) {
        copy_release(step);
        return status;
    }
    for (int i = 0; i < step->node->input_count && data->rows; i++)
        data->part[i] = step->in[i].bytes / (size_t)data->rows;
    copy_end(step, data, step->out[0].bytes);
    return BRN_OK;
}

static void concat_rows(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const copy_data *data = context;
    for (int64_t row = begin; row < end; row++) {
        char *y = (char *)step->outputs[0] + (size_t)row * data->whole;
        for (int i = 0; i < step->node->input_count; i++) {
            memcpy(y, (const char *)step->inputs[i] + (size_t)row * data->part[i], data->part[i]);
            y += data->part[i];
        }
    }
}

static brn_status concat_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const copy_data *data = step->data;
    brn__share_rows(step, step->threads, data->rows, concat_rows, data);
    return BRN_OK;
}

const brn__kernel brn__cpu_concat = {concat_prepare, concat_run, copy_release};

/* whole: the layout of the value sliced; part: of the slice. */
static brn_status slice_layouts(brn__step *step, copy_data *data, brn_shape whole, brn_shape part,
                                brn__layout *of_whole, brn__layout *of_part)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    int64_t block = attributes->axis == 1 ? block_of(step, 0) : 0;
    if (!block || attributes->begin % block != 0 ||
        (attributes->end % block != 0 && attributes->end != whole.dims[1]))
        return BRN_OK;
    BRN__TRY(blocked_layout(data, whole, block, of_whole));
    return blocked_layout(data, part, block, of_part);
}

static brn_status slice_like_prepare(brn__step *step, brn_shape whole, brn_shape part,
                                     brn__layout *of_whole, brn__layout *of_part)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    copy_data *data = copy_begin(step, whole, attributes->axis);
    brn_status status =
        data ? slice_layouts(step, data, whole, part, of_whole, of_part) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) {
        copy_release(step);
        return status;
    }
    size_t inner = element_bytes(step);
    for (int i = attributes->axis + 1; i < whole.rank; i++) inner *= (size_t)whole.dims[i];
    data->begin = (size_t)attributes->begin * inner;
    data->part[0] = data->rows ? of_part->bytes / (size_t)data->rows : 0;
    copy_end(step, data, of_whole->bytes);
    return BRN_OK;
}

static brn_status slice_prepare(brn__step *step)
{
    return slice_like_prepare(step, brn__step_shape(step, 0), step->node->outputs[0].shape,
                              &step->in[0], &step->out[0]);
}

static void slice_rows(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const copy_data *data = context;
    for (int64_t row = begin; row < end; row++)
        memcpy((char *)step->outputs[0] + (size_t)row * data->part[0],
               (const char *)step->inputs[0] + (size_t)row * data->whole + data->begin,
               data->part[0]);
}

static brn_status slice_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const copy_data *data = step->data;
    brn__share_rows(step, step->threads, data->rows, slice_rows, data);
    return BRN_OK;
}

const brn__kernel brn__cpu_slice = {slice_prepare, slice_run, copy_release};

static brn_status slice_grad_prepare(brn__step *step)
{
    const brn__slice_attributes *attributes = step->node->attributes;
    return slice_like_prepare(step, attributes->x_shape, brn__step_shape(step, 0), &step->out[0],
                              &step->in[0]);
}

static brn_status slice_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const copy_data *data = step->data;
    size_t end = data->begin + data->part[0];
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t row = 0; row < data->rows; row++) {
        char *dx = (char *)step->outputs[0] + (size_t)row * data->whole;
        memset(dx, 0, data->begin);
        memcpy(dx + data->begin, (const char *)step->inputs[0] + (size_t)row * data->part[0],
               data->part[0]);
        memset(dx + end, 0, data->whole - end);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_slice_grad = {slice_grad_prepare, slice_grad_run, copy_release};
