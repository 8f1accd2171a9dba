/* SPDX-License-Identifier: Apache-2.0
 * Copies a value from one layout to another (step->out[0] is given before prepare). Equal layouts
 * are a plain copy, of any element type. */
#include "backends/cpu/cpu.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/simd/weight_blocks.h"
#include "backends/cpu/winograd_weights.h"
#include "base/alloc.h"

#include <string.h>

extern const brn__weight_blocks brn__weight_blocks_avx512, brn__weight_blocks_avx512_bf16;

const brn__weight_blocks *brn__weight_blocks_now(void)
{
#if defined(__x86_64__)
    if (brn__isa_has_bf16()) return &brn__weight_blocks_avx512_bf16;
    if (brn__isa_best() == BRN__ISA_AVX512) return &brn__weight_blocks_avx512;
#endif
    return NULL;
}

/* A dense weight between canonical order and blocks of 16 x 16 channels: one of the two loops. */
typedef struct weight_case {
    void (*loop)(const float *from, int64_t row, int64_t kernel, float *to);
    void (*narrow)(const float *from, int64_t row, uint16_t *to);
    void (*end)(void); /* of each thread's last; NULL: nothing */
    bool packs; /* canonical -> blocks */
    int64_t o_blocks, i_blocks, kernel;
    int64_t o_stride, i_stride; /* numbers between blocks: either channel may be the outer one */
} weight_case;

/* True for blocks [K][16][16] of a dense (O, I, KH, KW), in bfloat16 [K][8][16][2]; says which channel is innermost (of
 * pairs: inside of a pair's half). */
static bool is_blocked_weight(const_dnnl_memory_desc_t descriptor, bool bf16, weight_case *out, bool *output_innermost)
{
    int rank = 0, blocks = 0;
    dnnl_dims_t *dims, *strides, *sizes, *which;
    dnnl_memory_desc_query(descriptor, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_nblks_s32, &blocks);
    if (rank != 4 || blocks != (bf16 ? 3 : 2)) return false;
    dnnl_memory_desc_query(descriptor, dnnl_query_dims, &dims);
    dnnl_memory_desc_query(descriptor, dnnl_query_strides, &strides);
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_blks, &sizes);
    dnnl_memory_desc_query(descriptor, dnnl_query_inner_idxs, &which);
    if ((*sizes)[0] != (bf16 ? 8 : 16) || (*sizes)[1] != 16 || (*which)[0] + (*which)[1] != 1) return false;
    if (bf16 && ((*sizes)[2] != 2 || (*which)[2] != (*which)[0])) return false;
    if ((*dims)[0] % 16 || (*dims)[1] % 16) return false;
    *output_innermost = (*which)[1] == 0;
    out->o_blocks = (*dims)[0] / 16;
    out->i_blocks = (*dims)[1] / 16;
    out->kernel = (*dims)[2] * (*dims)[3];
    out->o_stride = (*strides)[0];
    out->i_stride = (*strides)[1];
    bool width = (*dims)[3] == 1 || (*strides)[3] == 256, height = (*dims)[2] == 1 || (*strides)[2] == 256 * (*dims)[3];
    return width && height;
}

/* The loop for the case; none where `loops` has none. */
static void choose_loop(const brn__weight_blocks *loops, bool bf16, bool output_innermost, weight_case *of)
{
    if (!bf16 && of->packs) of->loop = output_innermost ? loops->pack_io : loops->pack_oi;
    else if (!bf16) of->loop = output_innermost ? loops->unpack_io : NULL;
    else if (of->packs && of->kernel == 1) {
        of->narrow = output_innermost ? loops->pack_io_bf16 : loops->pack_oi_bf16;
        of->end = loops->pack_end;
    }
}

/* BRN_OK with step->data set when our loops apply. */
static brn_status prepare_weight(brn__step *step)
{
    const brn__weight_blocks *loops = brn__weight_blocks_now();
    const brn__layout *from = &step->in[0], *to = &step->out[0];
    weight_case found = {.packs = !from->description};
    const bool bf16 = brn__is_bf16(found.packs ? to : from);
    bool output_innermost;
    if (!loops || (from->description && to->description)) return BRN_OK;
    if (!is_blocked_weight(found.packs ? to->description : from->description, bf16, &found, &output_innermost))
        return BRN_OK;
    choose_loop(loops, bf16, output_innermost, &found);
    if (!found.loop && !found.narrow) return BRN_OK;
    weight_case *data = brn__alloc(sizeof *data);
    if (!data) return BRN_ERROR_NO_MEMORY;
    *data = found;
    step->data = data;
    step->implementation = found.narrow ? loops->name_bf16 : loops->name;
    step->out[0].bytes = (found.narrow ? sizeof(uint16_t) : sizeof(float)) *
                         (size_t)(found.o_blocks * found.i_blocks * found.kernel * 256);
    return BRN_OK;
}

static void reorder_block(const brn__step *step, const weight_case *c, int64_t o, int64_t i)
{
    const int64_t row = c->i_blocks * 16 * c->kernel;
    const int64_t canonical = o * 16 * row + i * 16 * c->kernel, blocked = o * c->o_stride + i * c->i_stride;
    const float *from = (const float *)step->inputs[0] + (c->packs ? canonical : blocked);
    if (c->narrow) c->narrow(from, row, (uint16_t *)step->outputs[0] + blocked);
    else c->loop(from, row, c->kernel, (float *)step->outputs[0] + (c->packs ? blocked : canonical));
}

static brn_status run_weight(const brn__step *step, const brn__run *run)
{
    (void)run;
    const weight_case *c = step->data;
#pragma omp parallel num_threads(step->threads)
    {
#pragma omp for schedule(static) nowait
        for (int64_t o = 0; o < c->o_blocks; o++)
            for (int64_t i = 0; i < c->i_blocks; i++) reorder_block(step, c, o, i);
        if (c->end) c->end();
    }
    return BRN_OK;
}

static void release_weight(brn__step *step)
{
    brn__free(step->data);
    step->data = NULL;
}

static const brn__kernel weight_kernel = {NULL, run_weight, release_weight};

static brn_status describe(brn__dnnl_call *call, const brn__layout *layout, const brn__layout *other,
                           const_dnnl_memory_desc_t *out)
{
    if (layout->description) {
        *out = layout->description;
        return BRN_OK;
    }
    /* The canonical side takes its dimensions from the other: grouped weights have five there. */
    int rank = 0;
    dnnl_dims_t *dims;
    dnnl_memory_desc_query(other->description, dnnl_query_ndims_s32, &rank);
    dnnl_memory_desc_query(other->description, dnnl_query_dims, &dims);
    return brn__dnnl_plain(call, rank, *dims, out);
}

static brn_status prepare_primitive(brn__step *step)
{
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attr;
    const_dnnl_memory_desc_t from, to;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(describe(call, &step->in[0], &step->out[0], &from));
    BRN__TRY(describe(call, &step->out[0], &step->in[0], &to));
    BRN__TRY(brn__dnnl_attributes(&attr));
    brn_status status = brn__dnnl_check(dnnl_reorder_primitive_desc_create(&call->descriptor, from, cpu, to, cpu, attr),
                                        "dnnl_reorder_primitive_desc_create");
    dnnl_primitive_attr_destroy(attr);
    BRN__TRY(status);
    step->out[0].bytes = dnnl_memory_desc_get_size(to);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_FROM, from, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_TO, to, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(step, call);
}

static brn_status prepare(brn__step *step)
{
    if (brn__cpu_same_layout(&step->in[0], &step->out[0])) {
        step->implementation = "copy";
        return BRN_OK;
    }
    brn__winograd_weights points;
    if (brn__winograd_weights_in(&step->out[0], &points)) {
        step->kernel = &brn__winograd_reorder;
        return step->kernel->prepare(step);
    }
    BRN__TRY(prepare_weight(step));
    if (step->data) {
        step->kernel = &weight_kernel;
        return BRN_OK;
    }
    brn_status status = prepare_primitive(step);
    if (status != BRN_OK) brn__dnnl_release(step);
    return status;
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    if (step->data) return brn__dnnl_run(step, counters);
    memcpy(step->outputs[0], step->inputs[0], step->out[0].bytes);
    return BRN_OK;
}

const brn__kernel brn__cpu_reorder = {prepare, run, brn__dnnl_release};
