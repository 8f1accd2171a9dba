/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/gemm.h"
#include "backends/cpu/dnnl.h"
#include "base/alloc.h"

/* Two primitives, each in a step of its own: what dnnl.h runs. */
struct brn__gemm {
    brn__step product; /* inputs a, b, bias; output c */
    brn__step packing; /* input b, output packed; no data when B is not packed */
    size_t packed_bytes;
};

static brn_status matrix(brn__dnnl_call *call, int64_t rows, int64_t columns, bool transposed,
                         const_dnnl_memory_desc_t *out)
{
    int64_t dims[2] = {rows, columns}, strides[2] = {transposed ? 1 : columns, transposed ? rows : 1};
    return brn__dnnl_strided(call, 2, dims, strides, out);
}

static brn_status attributes_of(bool accumulate, dnnl_primitive_attr_t *out)
{
    dnnl_post_ops_t list;
    BRN__TRY(brn__dnnl_attributes(out));
    if (!accumulate) return BRN_OK;
    brn_status status = brn__dnnl_check(dnnl_post_ops_create(&list), "dnnl_post_ops_create");
    if (status == BRN_OK) {
        status = brn__dnnl_check(dnnl_post_ops_append_sum(list, 1, 0, dnnl_data_type_undef),
                                 "dnnl_post_ops_append_sum");
        if (status == BRN_OK)
            status = brn__dnnl_check(dnnl_primitive_attr_set_post_ops(*out, list),
                                     "dnnl_primitive_attr_set_post_ops");
        dnnl_post_ops_destroy(list);
    }
    if (status != BRN_OK) dnnl_primitive_attr_destroy(*out);
    return status;
}

static brn_status prepare_product(brn__gemm *gemm, const brn__gemm_case *of)
{
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attributes;
    const_dnnl_memory_desc_t a, b, c, bias = NULL;
    int64_t wide[2] = {1, of->columns}, dims[2] = {of->inner, of->columns};
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(&gemm->product, &call));
    BRN__TRY(matrix(call, of->rows, of->inner, of->transpose_a, &a));
    if (of->pack) BRN__TRY(brn__dnnl_any(call, 2, dims, &b));
    else BRN__TRY(matrix(call, of->inner, of->columns, of->transpose_b, &b));
    BRN__TRY(matrix(call, of->rows, of->columns, false, &c));
    if (of->bias) BRN__TRY(brn__dnnl_plain(call, 2, wide, &bias));
    BRN__TRY(attributes_of(of->accumulate, &attributes));
    brn_status status = brn__dnnl_check(
        dnnl_matmul_primitive_desc_create(&call->descriptor, cpu, a, b, bias, c, attributes),
        "dnnl_matmul_primitive_desc_create");
    dnnl_primitive_attr_destroy(attributes);
    BRN__TRY(status);
    if (of->pack) b = brn__dnnl_query(call, dnnl_query_weights_md, 0);
    gemm->packed_bytes = of->pack ? dnnl_memory_desc_get_size(b) : 0;
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SRC, a, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WEIGHTS, b, BRN__DNNL_INPUT, 1));
    if (of->bias) BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_BIAS, bias, BRN__DNNL_INPUT, 2));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DST, c, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(&gemm->product, call);
}

static brn_status prepare_packing(brn__gemm *gemm, const brn__gemm_case *of)
{
    const_dnnl_memory_desc_t packed = brn__dnnl_query(gemm->product.data, dnnl_query_weights_md, 0), plain;
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attributes;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(&gemm->packing, &call));
    BRN__TRY(matrix(call, of->inner, of->columns, of->transpose_b, &plain));
    BRN__TRY(brn__dnnl_attributes(&attributes));
    brn_status status =
        brn__dnnl_check(dnnl_reorder_primitive_desc_create(&call->descriptor, plain, cpu, packed, cpu, attributes),
                        "dnnl_reorder_primitive_desc_create");
    dnnl_primitive_attr_destroy(attributes);
    BRN__TRY(status);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_FROM, plain, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_TO, packed, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(&gemm->packing, call);
}

brn_status brn__gemm_new(const brn__step *step, const brn__gemm_case *of, brn__gemm **out)
{
    brn__gemm *gemm = brn__alloc_zero(1, sizeof *gemm);
    if (!gemm) return BRN_ERROR_NO_MEMORY;
    gemm->product.threads = gemm->packing.threads = step->threads;
    brn_status status = prepare_product(gemm, of);
    if (status == BRN_OK && of->pack) status = prepare_packing(gemm, of);
    if (status != BRN_OK) brn__gemm_free(gemm);
    else *out = gemm;
    return status;
}

void brn__gemm_free(brn__gemm *gemm)
{
    if (!gemm) return;
    brn__dnnl_release(&gemm->product);
    brn__dnnl_release(&gemm->packing);
    brn__free(gemm);
}

size_t brn__gemm_packed_bytes(const brn__gemm *gemm) { return gemm->packed_bytes; }
const char *brn__gemm_implementation(const brn__gemm *gemm) { return gemm->product.implementation; }

size_t brn__gemm_scratch_bytes(const brn__gemm *gemm)
{
    size_t product = gemm->product.scratch_bytes, packing = gemm->packing.scratch_bytes;
    return product > packing ? product : packing;
}

brn_status brn__gemm_pack(const brn__gemm *gemm, const float *b, void *packed, void *scratch)
{
    brn__step step = gemm->packing;
    step.inputs[0] = (void *)(uintptr_t)b;
    step.outputs[0] = packed;
    step.scratch = scratch;
    return brn__dnnl_run(&step, NULL);
}

brn_status brn__gemm_run(const brn__gemm *gemm, const float *a, const void *b, const float *bias, float *c,
                         void *scratch)
{
    brn__step step = gemm->product;
    step.inputs[0] = (void *)(uintptr_t)a;
    step.inputs[1] = (void *)(uintptr_t)b;
    step.inputs[2] = (void *)(uintptr_t)bias;
    step.outputs[0] = c;
    step.scratch = scratch;
    return brn__dnnl_run(&step, NULL);
}
