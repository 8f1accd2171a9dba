/* SPDX-License-Identifier: Apache-2.0
 * Each thread takes whole channel blocks and walks the pictures in order: the bits do not depend on
 * the number of threads. */
#include "backends/cpu/kernel_depthwise.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/simd/depthwise.h"
#include "base/alloc.h"

#include <string.h>

enum { TAPS = 25 };

extern const brn__depthwise brn__depthwise_avx512;

const brn__depthwise *brn__depthwise_now(void)
{
#if defined(__x86_64__)
    if (brn__isa_best() == BRN__ISA_AVX512) return &brn__depthwise_avx512;
#endif
    return NULL;
}

typedef struct depthwise_data {
    const brn__depthwise *loops;
    brn__depthwise_case shape;
    int64_t n, blocks;
    dnnl_memory_desc_t x, y; /* nChw16c */
} depthwise_data;

bool brn__depthwise_applies(const brn__conv2d_geometry *g)
{
    if (!brn__depthwise_now() || g->groups != g->c || g->c != g->o || g->c % 16) return false;
    bool strides = g->stride[0] == g->stride[1] && (g->stride[0] == 1 || g->stride[0] == 2);
    return strides && g->kh == 5 && g->kw == 5 && g->dilation[0] == 1 && g->dilation[1] == 1;
}

static void release(brn__step *step)
{
    depthwise_data *data = step->data;
    if (!data) return;
    if (data->x) dnnl_memory_desc_destroy(data->x);
    if (data->y) dnnl_memory_desc_destroy(data->y);
    brn__free(data);
    step->data = NULL;
}

static brn_status describe(depthwise_data *data, const brn__conv2d_geometry *g)
{
    dnnl_dims_t x = {g->n, g->c, g->h, g->w}, y = {g->n, g->o, g->oh, g->ow};
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->x, 4, x, dnnl_f32, dnnl_nChw16c));
    BRN__DNNL_TRY(dnnl_memory_desc_create_with_tag(&data->y, 4, y, dnnl_f32, dnnl_nChw16c));
    return BRN_OK;
}

static brn_status prepare(brn__step *step)
{
    const brn__conv2d_attributes *attributes = step->node->attributes;
    brn__conv2d_geometry g = brn__conv2d_geometry_of(attributes, brn__step_shape(step, 0), attributes->w_shape);
    depthwise_data *data = brn__alloc_zero(1, sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    step->data = data;
    data->loops = brn__depthwise_now();
    data->shape = (brn__depthwise_case){g.h, g.w, g.oh, g.ow, g.stride[0], g.pad_begin[0], g.pad_begin[1]};
    data->n = g.n;
    data->blocks = g.c / 16;
    brn_status status = describe(data, &g);
    if (status != BRN_OK) {
        release(step);
        return status;
    }
    step->in[0] = (brn__layout){data->x, dnnl_memory_desc_get_size(data->x)};
    step->in[1] = (brn__layout){data->y, dnnl_memory_desc_get_size(data->y)};
    step->scratch_bytes = sizeof(float) * (size_t)data->blocks * TAPS * 16;
    step->implementation = data->loops->name;
    return BRN_OK; /* dw and db are canonical */
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    (void)counters;
    const depthwise_data *data = step->data;
    const brn__depthwise_case *c = &data->shape;
    const float *x = step->inputs[0], *dy = step->inputs[1];
    float *dw = step->outputs[0], *db = step->outputs[1];
    int64_t x_plane = c->h * c->w * 16, y_plane = c->oh * c->ow * 16;
#pragma omp parallel for num_threads(step->threads) schedule(static)
    for (int64_t block = 0; block < data->blocks; block++) {
        float *sums = (float *)step->scratch + block * TAPS * 16;
        memset(sums, 0, sizeof(float) * TAPS * 16);
        for (int64_t n = 0; n < data->n; n++)
            data->loops->grad_weight(c, x + (n * data->blocks + block) * x_plane,
                                     dy + (n * data->blocks + block) * y_plane, sums);
        for (int lane = 0; lane < 16; lane++)
            for (int tap = 0; tap < TAPS; tap++) dw[(block * 16 + lane) * TAPS + tap] = sums[tap * 16 + lane];
        if (db) brn__block_sums(data->n, data->blocks * 16, c->oh * c->ow, 16, block, dy, db);
    }
    return BRN_OK;
}

const brn__kernel brn__depthwise_grad_weight = {prepare, run, release};
