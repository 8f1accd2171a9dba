/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/winograd_weights.h"
#include "backends/cpu/isa.h"
#include "base/alloc.h"

enum { TAPS = 9, BLOCK_MAX = 16, FRAME = 36, PAD = 16 };

brn__winograd_weights brn__winograd_weights_of(int64_t o, int64_t c, bool turned)
{
    /* Points a power of two apart would share few sets of the caches. */
    return (brn__winograd_weights){turned ? o : c, turned ? c : o, o * c + PAD, turned};
}

brn_status brn__winograd_describe(const brn__winograd_weights *w, dnnl_memory_desc_t *out)
{
    int64_t o = w->turned ? w->rows : w->columns, c = w->turned ? w->columns : w->rows;
    dnnl_dims_t dims = {o, c, 3, 3}, strides = {FRAME * c, FRAME, 6, 1}, turned = {FRAME, FRAME * o, 6, 1};
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_strides(out, 4, dims, dnnl_f32, w->turned ? turned : strides));
    return BRN_OK;
}

brn__layout brn__winograd_layout(const brn__winograd_weights *weights, const_dnnl_memory_desc_t descriptor)
{
    return (brn__layout){descriptor, sizeof(float) * (size_t)(BRN__WINOGRAD_POINTS * weights->step)};
}

bool brn__winograd_weights_in(const brn__layout *layout, brn__winograd_weights *out)
{
    const_dnnl_memory_desc_t description = layout->description;
    int rank = 0, blocks = 0;
    dnnl_dims_t *dims, *strides;
    if (!description) return false;
    dnnl_memory_desc_query(description, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(description, dnnl_query_inner_nblks_s32, &blocks);
    if (rank != 4 || blocks) return false;
    dnnl_memory_desc_query(description, dnnl_query_dims, &dims);
    dnnl_memory_desc_query(description, dnnl_query_strides, &strides);
    int64_t o = (*dims)[0], c = (*dims)[1];
    if ((*dims)[2] != 3 || (*dims)[3] != 3 || (*strides)[2] != 6 || (*strides)[3] != 1) return false;
    bool straight = (*strides)[0] == FRAME * c && (*strides)[1] == FRAME;
    bool turned = (*strides)[0] == FRAME && (*strides)[1] == FRAME * o;
    *out = brn__winograd_weights_of(o, c, !straight);
    return straight || turned;
}

int64_t brn__winograd_panel(const brn__winograd_weights *w, const brn__winograd *loops, int64_t panel, int *columns)
{
    int64_t before = panel * loops->columns, left = w->columns - before;
    *columns = left < loops->columns ? (int)left : loops->columns;
    return before * w->rows;
}

/* Where a block of columns begins within a point, and the floats from one row to the next. */
static int64_t place(const brn__winograd_weights *w, const brn__winograd *loops, int64_t column_block, int64_t *row)
{
    const int64_t column = column_block * loops->block, panel = column / loops->columns;
    int columns;
    const int64_t begin = brn__winograd_panel(w, loops, panel, &columns);
    *row = columns;
    return begin + column - panel * loops->columns;
}

/* Blocks of rows and of columns: the lanes are columns, y's channels, or x's when turned. */
static void spread_block(const brn__winograd_weights *w, const brn__winograd *loops, const float *canonical,
                         int64_t row_block, int64_t column_block, float *points)
{
    const brn__simd *simd = brn__simd_now();
    const int block = loops->block;
    float lanes[BLOCK_MAX * TAPS * BLOCK_MAX] __attribute__((aligned(64))); /* (rows, taps, columns) */
    if (!w->turned)
        simd->transpose(block, block * TAPS, canonical + (column_block * w->rows + row_block) * block * TAPS,
                        w->rows * TAPS, lanes, block);
    for (int i = 0; w->turned && i < block; i++) /* the last tap becomes the first */
        simd->transpose(block, TAPS, canonical + ((row_block * block + i) * w->columns + column_block * block) * TAPS, TAPS,
                        lanes + ((i + 1) * TAPS - 1) * block, -block);
    int64_t row, begin = place(w, loops, column_block, &row);
    loops->spread_weights(block, lanes, points + begin + row_block * block * row, row, w->step);
}

void brn__winograd_gather(const brn__winograd_weights *w, const brn__winograd *loops, const float *points,
                          int64_t column_block, float *dw)
{
    const int block = loops->block;
    float lanes[BLOCK_MAX * TAPS * BLOCK_MAX] __attribute__((aligned(64)));
    int64_t row, begin = place(w, loops, column_block, &row);
    for (int64_t row_block = 0; row_block < w->rows / block; row_block++) {
        for (int i = 0; i < block; i++)
            loops->gather_weight(points + begin + (row_block * block + i) * row, w->step, lanes + i * TAPS * block);
        brn__simd_now()->transpose(block * TAPS, block, lanes, block,
                                   dw + (column_block * w->rows + row_block) * block * TAPS, w->rows * TAPS);
    }
}

static brn_status prepare(brn__step *step)
{
    brn__winograd_weights *data = brn__alloc(sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    brn__winograd_weights_in(&step->out[0], data);
    step->data = data;
    step->out[0] = brn__winograd_layout(data, step->out[0].description);
    step->implementation = brn__winograd_of(brn__isa_best())->name;
    return BRN_OK;
}

static brn_status run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__winograd_weights *w = step->data;
    const brn__winograd *loops = brn__winograd_of(brn__isa_best());
    int64_t row_blocks = w->rows / loops->block, column_blocks = w->columns / loops->block;
#pragma omp parallel num_threads(step->threads)
    {
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < row_blocks * column_blocks; i++)
            spread_block(w, loops, step->inputs[0], i % row_blocks, i / row_blocks, step->outputs[0]);
        loops->spread_end();
    }
    return BRN_OK;
}

static void release(brn__step *step)
{
    brn__free(step->data);
    step->data = NULL;
}

const brn__kernel brn__winograd_reorder = {prepare, run, release};
