/* SPDX-License-Identifier: Apache-2.0
 * The weight gradient of 1x1 convolutions by simd/pixel_products.c: dw is cut into regions, one thread's each, which
 * stay in its cache while pixels pass by, a chunk after the other. Each number is summed over the same chunks in the same
 * order whatever the regions: the bits do not depend on the number of threads. */
#include "backends/cpu/kernel_conv1x1.h"
#include "backends/cpu/dnnl_conv2d.h"
#include "backends/cpu/blocked_conv.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/simd/pixel_products.h"
#include "base/alloc.h"

#include <omp.h>

extern const brn__pixel_products brn__pixel_products_avx512, brn__pixel_products_avx2, brn__pixel_products_portable;

const brn__pixel_products *brn__pixel_products_of(brn__isa isa)
{
    static const brn__pixel_products *const tables[BRN__ISA_COUNT] = {
        [BRN__ISA_PORTABLE] = &brn__pixel_products_portable,
        [BRN__ISA_AVX2] = &brn__pixel_products_avx2,
        [BRN__ISA_AVX512] = &brn__pixel_products_avx512,
    };
    return (isa == BRN__ISA_AVX512 ? brn__isa_has_bf16() : brn__isa_has(isa)) ? tables[isa] : NULL;
}

enum {
    BLOCK = 16,
    CHUNK = 256,  /* pixels, an even number: what 64 channels take of them stays in the first cache */
    REGION = 256, /* channels of a region's side at most: dw's and both packed chunks' stay in the second */
};

typedef struct conv1x1_data {
    const brn__pixel_products *loops;
    brn__conv2d_geometry geometry;
    dnnl_memory_desc_t x, dy;             /* owned */
    int64_t x_blocks, dy_blocks, pixels;  /* blocks of channels; pixels of all pictures of dy */
    int64_t rows, columns, row_regions, column_regions; /* of a region; numbers of regions */
    size_t thread_bytes;                  /* of scratch */
} conv1x1_data;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

bool brn__conv1x1_grad_weight_wins(const brn__conv2d_geometry *g)
{
    const bool one = g->groups == 1 && g->kh == 1 && g->kw == 1;
    const bool inside = !g->pad_begin[0] && !g->pad_begin[1] && (g->oh - 1) * g->stride[0] < g->h &&
                        (g->ow - 1) * g->stride[1] < g->w;
    const bool counts = g->n * brn__divide_up(g->c, BLOCK) * g->h * g->w <= INT32_MAX &&
                        g->n * brn__divide_up(g->o, BLOCK) * g->oh * g->ow <= INT32_MAX;
    return one && inside && counts && brn__isa_has_bf16() && !brn__isa_has_amx() &&
           brn__bf16_gains(g, .0042, g->n * (g->c * g->h * g->w + g->o * g->oh * g->ow));
}

static void release(brn__step *step)
{
    conv1x1_data *data = step->data;
    if (!data) return;
    if (data->x) dnnl_memory_desc_destroy(data->x);
    if (data->dy) dnnl_memory_desc_destroy(data->dy);
    brn__free(data);
    step->data = NULL;
}

/* A side in so many equal parts, of whole blocks; the parts that this makes. */
static int64_t part_of(int64_t blocks, int64_t longest, int64_t *parts)
{
    const int64_t part = brn__divide_up(blocks, brn__divide_up(blocks * BLOCK, longest)) * BLOCK;
    *parts = brn__divide_up(blocks * BLOCK, part);
    return part;
}

/* Regions as large as the cache allows, but as many as threads, or a multiple, or so many that no thread waits long. */
static void divide(conv1x1_data *data, int threads)
{
    int64_t rows = least(data->dy_blocks * BLOCK, REGION), columns = least(data->x_blocks * BLOCK, REGION);
    for (;;) {
        data->rows = rows = part_of(data->dy_blocks, rows, &data->row_regions);
        data->columns = columns = part_of(data->x_blocks, columns, &data->column_regions);
        const int64_t regions = data->row_regions * data->column_regions;
        if (regions % threads == 0 || regions >= 8 * threads || (rows == BLOCK && columns == BLOCK)) return;
        if (rows >= columns) rows = brn__divide_up(rows / 2, BLOCK) * BLOCK;
        else columns = brn__divide_up(columns / 2, BLOCK) * BLOCK;
    }
}

static brn_status describe(const brn__conv2d_geometry *g, conv1x1_data *data)
{
    dnnl_dims_t x = {g->n, g->c, g->h, g->w}, dy = {g->n, g->o, g->oh, g->ow};
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->x, 4, x, dnnl_bf16, dnnl_nChw16c));
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->dy, 4, dy, dnnl_bf16, dnnl_nChw16c));
    return BRN_OK;
}

static brn_status prepare(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    const brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    conv1x1_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    data->loops = brn__pixel_products_of(brn__isa_best());
    if (!data->loops) data->loops = brn__pixel_products_of(BRN__ISA_AVX2); /* in tests: plans ask for bfloat16 first */
    data->geometry = g;
    data->x_blocks = brn__divide_up(g.c, BLOCK);
    data->dy_blocks = brn__divide_up(g.o, BLOCK);
    data->pixels = g.n * g.oh * g.ow;
    divide(data, step->threads);
    brn_status status = describe(&g, data);
    if (status != BRN_OK) {
        release(step);
        return status;
    }
    data->thread_bytes = sizeof(uint16_t) * CHUNK * (size_t)(data->rows + data->columns);
    step->scratch_bytes = data->thread_bytes * (size_t)step->threads;
    step->in[0] = brn__blocked_layout(data->x);
    step->in[1] = brn__blocked_layout(data->dy);
    step->implementation = data->loops->name;
    return BRN_OK; /* dw and db are canonical */
}

/* Where pixel (picture, oy, ox) of y lies in x, and in dy: in the first block of channels. */
static int32_t place_in_x(const conv1x1_data *data, int64_t picture, int64_t oy, int64_t ox)
{
    const brn__conv2d_geometry *g = &data->geometry;
    return (int32_t)((picture * data->x_blocks * g->h + oy * g->stride[0]) * g->w + ox * g->stride[1]);
}

static int32_t place_in_dy(const conv1x1_data *data, int64_t picture, int64_t oy, int64_t ox)
{
    const brn__conv2d_geometry *g = &data->geometry;
    return (int32_t)((picture * data->dy_blocks * g->oh + oy) * g->ow + ox);
}

/* Of pixels first .. first + count - 1 of all pictures. */
static void places_of(const conv1x1_data *data, int64_t first, int64_t count, int32_t *in_x, int32_t *in_dy)
{
    const brn__conv2d_geometry *g = &data->geometry;
    const int64_t plane = g->oh * g->ow;
    int64_t picture = first / plane, oy = first % plane / g->ow, ox = first % g->ow;
    for (int64_t i = 0; i < count; i++) {
        in_x[i] = place_in_x(data, picture, oy, ox);
        in_dy[i] = place_in_dy(data, picture, oy, ox);
        if (++ox < g->ow) continue;
        ox = 0;
        if (++oy < g->oh) continue;
        oy = 0;
        picture++;
    }
}

typedef struct region {
    int64_t row, rows, column, columns; /* channels: of dy, of x */
} region;

static region region_of(const conv1x1_data *data, int64_t index)
{
    const int64_t row = index / data->column_regions * data->rows, column = index % data->column_regions * data->columns;
    return (region){row, least(data->rows, data->geometry.o - row), column, least(data->columns, data->geometry.c - column)};
}

/* Channels first .. first + channels - 1 of a value whose blocks have `plane` pixels. */
static void pack_channels(const conv1x1_data *data, int64_t first, int64_t channels, int64_t plane, int64_t pixels,
                          const int32_t *places, const uint16_t *value, uint16_t *packed)
{
    for (int64_t c = 0; c < channels; c += BLOCK)
        data->loops->pack(pixels, places, value + (first + c) * plane, packed + c * brn__divide_up(pixels, 2) * 2);
}

/* A chunk's pixels of a region, as they lie in x and in dy, in a block of channels each. */
typedef struct chunk {
    const uint16_t *x, *dy;
    int64_t x_blocks, dy_blocks;
    int64_t x_plane, dy_plane; /* numbers of a block */
} chunk;

static chunk chunk_at(const conv1x1_data *data, region at, int64_t first, const uint16_t *x, const uint16_t *dy)
{
    const brn__conv2d_geometry *g = &data->geometry;
    int32_t in_x, in_dy;
    places_of(data, first, 1, &in_x, &in_dy);
    return (chunk){x + at.column * g->h * g->w + (int64_t)in_x * BLOCK, dy + at.row * g->oh * g->ow + (int64_t)in_dy * BLOCK,
                   brn__divide_up(at.columns, BLOCK), brn__divide_up(at.rows, BLOCK), g->h * g->w * BLOCK, g->oh * g->ow * BLOCK};
}

/* Where block i of the chunk begins: those of x, then those of dy; NULL past them. */
static const uint16_t *block_of(const chunk *next, int64_t i)
{
    if (!next->x) return NULL;
    if (i < next->x_blocks) return next->x + i * next->x_plane;
    i -= next->x_blocks;
    return i < next->dy_blocks ? next->dy + i * next->dy_plane : NULL;
}

/* dw of one region, of one chunk of pixels. Meanwhile what follows the next chunk's first pixel in each block comes into the
 * cache: that chunk, where a picture has as many pixels and the stride is 1; else a part of it. */
static void add_chunk(const conv1x1_data *data, region at, int64_t first, const uint16_t *x, const uint16_t *dy,
                      uint16_t *scratch, float *dw)
{
    const brn__conv2d_geometry *g = &data->geometry;
    const int64_t pixels = least(CHUNK, data->pixels - first), pairs = brn__divide_up(pixels, 2);
    int32_t in_x[CHUNK], in_dy[CHUNK];
    uint16_t *packed_x = scratch, *packed_dy = scratch + CHUNK * data->columns;
    places_of(data, first, pixels, in_x, in_dy);
    pack_channels(data, at.column, at.columns, g->h * g->w, pixels, in_x, x, packed_x);
    pack_channels(data, at.row, at.rows, g->oh * g->ow, pixels, in_dy, dy, packed_dy);
    chunk next = {0};
    if (first + CHUNK < data->pixels) next = chunk_at(data, at, first + CHUNK, x, dy);
    int64_t ahead = 0;
    for (int64_t column = 0; column < at.columns; column += BRN__PIXEL_COLUMNS)
        for (int64_t row = 0; row < at.rows; row += BRN__PIXEL_ROWS, ahead += 2)
            data->loops->multiply(&(brn__pixel_product){
                .pairs = pairs, .dy = packed_dy + row * pairs * 2, .x = packed_x + column * pairs * 2,
                .rows = least(BRN__PIXEL_ROWS, at.rows - row), .columns = least(BRN__PIXEL_COLUMNS, at.columns - column),
                .dw = dw + (at.row + row) * g->c + at.column + column, .row = g->c, .add = first > 0,
                .ahead = {block_of(&next, ahead), block_of(&next, ahead + 1)}});
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    (void)counters;
    const conv1x1_data *data = step->data;
    const int64_t regions = data->row_regions * data->column_regions;
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t i = 0; i < regions; i++)
        for (int64_t first = 0; first < data->pixels; first += CHUNK)
            add_chunk(data, region_of(data, i), first, step->inputs[0], step->inputs[1],
                      (uint16_t *)((char *)step->scratch + data->thread_bytes * (size_t)omp_get_thread_num()),
                      step->outputs[0]);
    if (!step->outputs[1]) return BRN_OK;
    const brn__conv2d_geometry *g = &data->geometry;
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t block = 0; block < data->dy_blocks; block++)
        brn__block_sums_bf16(g->n, g->o, g->oh * g->ow, block, step->inputs[1], step->outputs[1]);
    return BRN_OK;
}

const brn__kernel brn__conv1x1_grad_weight = {prepare, run, release, NULL};
