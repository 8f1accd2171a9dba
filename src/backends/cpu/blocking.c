/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/blocking.h"
#include "backends/cpu/simd/simd.h"

#include "oneapi/dnnl/dnnl.h"
#include <omp.h>

static int64_t spatial_of(brn_shape shape)
{
    int64_t spatial = 1;
    for (int i = 2; i < shape.rank; i++) spatial *= shape.dims[i];
    return spatial;
}

/* strides must be those of the order n, channel block, spatial..., lane(s). */
static bool dense(const dnnl_dim_t *strides, brn_shape shape, int64_t blocks, int64_t innermost)
{
    int64_t expected = innermost;
    for (int i = shape.rank - 1; i >= 2; i--) {
        if (shape.dims[i] != 1 && strides[i] != expected) return false;
        expected *= shape.dims[i];
    }
    if (blocks != 1 && strides[1] != expected) return false;
    expected *= blocks;
    return shape.dims[0] == 1 || strides[0] == expected;
}

bool brn__blocking_of(const brn__layout *layout, brn_shape shape, brn__blocking *out)
{
    if (shape.rank != 2 && shape.rank != 4) return false;
    int64_t channels = shape.dims[1], spatial = spatial_of(shape);
    *out = (brn__blocking){shape.dims[0], channels, spatial, 1, channels};
    if (!layout->description) {
        if (spatial == 1) out->channel_blocks = 1, out->block = channels;
        return true;
    }
    const_dnnl_memory_desc_t description = layout->description;
    int rank = 0, block_count = 0;
    const dnnl_dims_t *strides, *padded, *blocks, *places;
    dnnl_format_kind_t format;
    if (dnnl_memory_desc_query(description, dnnl_query_ndims_s32, &rank) != dnnl_success ||
        rank != shape.rank ||
        dnnl_memory_desc_query(description, dnnl_query_format_kind, &format) != dnnl_success ||
        format != dnnl_blocked ||
        dnnl_memory_desc_query(description, dnnl_query_strides, &strides) != dnnl_success ||
        dnnl_memory_desc_query(description, dnnl_query_padded_dims, &padded) != dnnl_success ||
        dnnl_memory_desc_query(description, dnnl_query_inner_nblks_s32, &block_count) !=
            dnnl_success ||
        dnnl_memory_desc_query(description, dnnl_query_inner_blks, &blocks) != dnnl_success ||
        dnnl_memory_desc_query(description, dnnl_query_inner_idxs, &places) != dnnl_success)
        return false;
    for (int i = 0; i < rank; i++)
        if (i != 1 && (*padded)[i] != shape.dims[i]) return false;

    if (block_count == 1 && (*places)[0] == 1) {
        out->block = (*blocks)[0];
        out->channel_blocks = (*padded)[1] / out->block;
        return 16 % out->block == 0 && dense(*strides, shape, out->channel_blocks, out->block);
    }
    if (block_count != 0 || (*padded)[1] != channels) return false;
    if (spatial != 1 && dense(*strides, shape, channels, 1)) return true;
    out->block = channels, out->channel_blocks = 1;
    return (channels == 1 || (*strides)[1] == 1) && dense(*strides, shape, 1, channels);
}

brn__layout brn__canonical_input(const brn__step *step, int input)
{
    return (brn__layout){
        NULL, brn__canonical_bytes(step->backend, brn__type_of(step->node->inputs[input]))};
}

brn__layout brn__canonical_output(const brn__step *step, int output)
{
    return (brn__layout){NULL, brn__canonical_bytes(step->backend, &step->node->outputs[output])};
}

void brn__all_canonical(brn__step *step)
{
    for (int i = 0; i < step->node->input_count; i++)
        if (brn__has(step->node, i)) step->in[i] = brn__canonical_input(step, i);
    for (int i = 0; i < step->node->output_count; i++)
        step->out[i] = brn__canonical_output(step, i);
}

brn__layout brn__common_layout(const brn__step *step, int first, int count)
{
    brn_shape shape = brn__input_shape(step->node, first);
    for (int i = first; i < first + count; i++)
        if (brn__has(step->node, i) && step->have[i].description &&
            brn_shape_equal(brn__input_shape(step->node, i), shape))
            return step->have[i];
    return brn__canonical_input(step, first);
}

int brn__threads_for(const brn__step *step, size_t bytes)
{
    return bytes < 256 * 1024 ? 1 : step->threads;
}

/* One picture's pixels of a block: of floats, or where those are NULL of bfloat16. */
static void add_pixels(int64_t pixels, int64_t lanes, const float *dy, const uint16_t *dy16, double *sums)
{
    if (dy)
        for (int64_t i = 0; i < pixels; i++)
            for (int lane = 0; lane < lanes; lane++) sums[lane] += (double)dy[i * lanes + lane];
    else
        for (int64_t i = 0; i < pixels; i++)
            for (int lane = 0; lane < lanes; lane++) sums[lane] += (double)brn__widened(dy16[i * lanes + lane]);
}

static void block_sums(int64_t n, int64_t channels, int64_t pixels, int64_t lanes, int64_t block, const float *dy,
                       const uint16_t *dy16, float *db)
{
    double sums[BRN__PERIOD] = {0};
    const int64_t blocks = brn__divide_up(channels, lanes);
    for (int64_t picture = 0; picture < n; picture++) {
        const int64_t plane = (picture * blocks + block) * pixels * lanes;
        add_pixels(pixels, lanes, dy ? dy + plane : NULL, dy ? NULL : dy16 + plane, sums);
    }
    for (int64_t lane = 0; lane < lanes && block * lanes + lane < channels; lane++)
        db[block * lanes + lane] = (float)sums[lane];
}

void brn__block_sums(int64_t n, int64_t channels, int64_t pixels, int64_t lanes, int64_t block, const float *dy,
                     float *db)
{
    block_sums(n, channels, pixels, lanes, block, dy, NULL, db);
}

void brn__block_sums_bf16(int64_t n, int64_t channels, int64_t pixels, int64_t block, const uint16_t *dy, float *db)
{
    block_sums(n, channels, pixels, 16, block, NULL, dy, db);
}

void brn__share_rows(const brn__step *step, int threads, int64_t n, brn__rows_function *rows, const void *context)
{
    if (threads <= 1) {
        rows(step, context, 0, n);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        int64_t begin, end;
        brn__part(n, 1, omp_get_thread_num(), omp_get_num_threads(), &begin, &end);
        rows(step, context, begin, end);
    }
}
