/* SPDX-License-Identifier: Apache-2.0
 * Matrix products by oneDNN on row-major operands; transposition is a matter of strides. */
#include "backends/cpu/cpu.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/kernel_matmul_bf16.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/post_ops.h"
#include "ops/attributes.h"

/* A (batch, rows, columns) view of a row-major operand, transposed by strides when asked. */
static brn_status operand(brn__dnnl_call *call, int64_t batch, int64_t rows, int64_t columns, bool transposed,
                          const_dnnl_memory_desc_t *out)
{
    int64_t dims[3] = {batch, rows, columns};
    int64_t strides[3] = {rows * columns, transposed ? 1 : columns, transposed ? rows : 1};
    return batch > 1 ? brn__dnnl_strided(call, 3, dims, strides, out)
                     : brn__dnnl_strided(call, 2, dims + 1, strides + 1, out);
}

static int64_t leading(brn_shape shape)
{
    int64_t product = 1;
    for (int i = 0; i + 2 < shape.rank; i++) product *= shape.dims[i];
    return product;
}

typedef struct product {
    int64_t batch;
    brn__gemm_case one;
} product;

static product product_of(const brn__step *step)
{
    const brn__matmul_attributes *attributes = step->node->attributes;
    brn_shape a = brn__step_shape(step, 0), b = brn__step_shape(step, 1);
    int64_t batch = leading(a), inner = b.dims[attributes->transpose_b ? b.rank - 1 : b.rank - 2];
    int64_t columns = b.dims[attributes->transpose_b ? b.rank - 2 : b.rank - 1];
    int64_t rows = a.dims[attributes->transpose_a ? a.rank - 1 : a.rank - 2];
    if (b.rank == 2) { /* leading dimensions of a are more rows */
        rows *= batch;
        batch = 1;
    }
    return (product){batch,
                     {.rows = rows, .inner = inner, .columns = columns, .transpose_a = attributes->transpose_a,
                      .transpose_b = attributes->transpose_b, .bias = brn__has(step->node, 2),
                      .activation = attributes->activation}};
}

static brn_status prepare_fp32(brn__step *step, const product *p)
{
    const int64_t batch = p->batch, rows = p->one.rows, inner = p->one.inner, columns = p->one.columns;
    const bool bias = p->one.bias;
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attr;
    const_dnnl_memory_desc_t x, w, y, shift = NULL;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(step, &call));
    BRN__TRY(operand(call, batch, rows, inner, p->one.transpose_a, &x));
    BRN__TRY(operand(call, batch, inner, columns, p->one.transpose_b, &w));
    BRN__TRY(operand(call, batch, rows, columns, false, &y));
    int64_t bias_dims[3] = {1, 1, columns};
    if (bias) BRN__TRY(brn__dnnl_plain(call, batch > 1 ? 3 : 2, bias_dims + (batch > 1 ? 0 : 1), &shift));
    BRN__TRY(brn__dnnl_post_ops(NULL, p->one.activation, &attr));
    brn_status status = brn__dnnl_check(dnnl_matmul_primitive_desc_create(&call->descriptor, cpu, x, w, shift, y, attr),
                                        "dnnl_matmul_primitive_desc_create");
    dnnl_primitive_attr_destroy(attr);
    BRN__TRY(status);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SRC, x, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WEIGHTS, w, BRN__DNNL_INPUT, 1));
    if (bias) BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_BIAS, shift, BRN__DNNL_INPUT, 2));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DST, y, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(step, call);
}

static brn_status prepare(brn__step *step)
{
    const product p = product_of(step);
    brn__cpu_size_team(step, 2.0 * (double)(p.batch * p.one.rows * p.one.inner) * (double)p.one.columns);
    if (step->precision == BRN_PRECISION_BF16 && p.batch == 1 && brn__gemm_gains(&p.one))
        return brn__cpu_matmul_bf16(step, &p.one);
    brn_status status = prepare_fp32(step, &p);
    if (status != BRN_OK) brn__dnnl_release(step);
    return status;
}

const brn__kernel brn__cpu_matmul = {prepare, brn__dnnl_run, brn__dnnl_release};
