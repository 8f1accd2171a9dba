/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/cpu/gemm.h"
#include "backends/cpu/dnnl.h"
#include "backends/cpu/post_ops.h"
#include "base/alloc.h"

/* Bytes of A that are rounded at a time, so that they are still in the caches when they are multiplied. */
enum { ROUNDED_BYTES = 1 << 21, ROW_UNIT = 16, PARTS = 2 };

/* `rows` rows of C. Each primitive has a step of its own: what dnnl.h runs. */
typedef struct part {
    int64_t rows;
    brn__step rounding; /* input a, output bfloat16 row-major; no data in float32 */
    brn__step product;  /* inputs a, b, bias; output c */
} part;

struct brn__gemm {
    brn__gemm_case of;
    bool rounds;
    int64_t chunks;    /* of the first part's rows but the last, which may be the second part */
    part parts[PARTS];
    brn__step packing; /* input b, output packed; no data when B is used as it is */
    size_t packed_bytes;
    size_t at_b, at_work; /* places in the scratch: A is the first; at_work: what primitives need */
};

bool brn__gemm_gains(const brn__gemm_case *of)
{
    if (of->inner == 0) return false;
    /* Nanoseconds of one core of a Zen 5 server: an element rounded in place, one that moves, a multiply-add saved. */
    static const double straight = .13, moved = .45, saved = .0042;
    const double uses = of->pack && of->uses > 1 ? (double)of->uses : 1;
    return saved > (of->transpose_a ? moved : straight) / (double)of->columns + moved / ((double)of->rows * uses);
}

static brn_status matrix(brn__dnnl_call *call, dnnl_data_type_t type, int64_t rows, int64_t columns, int64_t row,
                         int64_t column, const_dnnl_memory_desc_t *out)
{
    int64_t dims[2] = {rows, columns}, strides[2] = {row, column};
    return brn__dnnl_strided_as(call, type, 2, dims, strides, out);
}

/* A as it is given, `rows` rows of it. */
static brn_status given_a(brn__dnnl_call *call, const brn__gemm_case *of, int64_t rows, const_dnnl_memory_desc_t *out)
{
    return matrix(call, dnnl_f32, rows, of->inner, of->transpose_a ? 1 : of->inner, of->transpose_a ? of->rows : 1,
                  out);
}

static brn_status given_b(brn__dnnl_call *call, const brn__gemm_case *of, const_dnnl_memory_desc_t *out)
{
    return matrix(call, dnnl_f32, of->inner, of->columns, of->transpose_b ? 1 : of->columns,
                  of->transpose_b ? of->inner : 1, out);
}

static brn_status sum_attributes(dnnl_primitive_attr_t *out)
{
    dnnl_post_ops_t list;
    BRN__TRY(brn__dnnl_attributes(out));
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

static brn_status attributes_of(const brn__gemm_case *of, dnnl_primitive_attr_t *out)
{
    return of->accumulate ? sum_attributes(out) : brn__dnnl_post_ops(NULL, of->activation, out);
}

static const_dnnl_memory_desc_t packed_layout(const brn__gemm *gemm)
{
    return brn__dnnl_query(gemm->parts[0].product.data, dnnl_query_weights_md, 0);
}

/* The first part chooses how B is packed, the second takes it so. */
static brn_status choose_b(const brn__gemm *gemm, brn__dnnl_call *call, bool first, const_dnnl_memory_desc_t *out)
{
    const brn__gemm_case *of = &gemm->of;
    const int64_t dims[2] = {of->inner, of->columns};
    if (!of->pack && !gemm->rounds) return given_b(call, of, out);
    if (first) return brn__dnnl_tagged_as(call, gemm->rounds ? dnnl_bf16 : dnnl_f32, 2, dims, dnnl_format_tag_any, out);
    *out = packed_layout(gemm);
    return BRN_OK;
}

static brn_status prepare_product(brn__gemm *gemm, part *of_rows)
{
    const brn__gemm_case *of = &gemm->of;
    brn__dnnl_call *call;
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attributes;
    const_dnnl_memory_desc_t a, b, c, bias = NULL;
    const int64_t wide[2] = {1, of->columns}, rows = of_rows->rows;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_call_new(&of_rows->product, &call));
    if (gemm->rounds) BRN__TRY(matrix(call, dnnl_bf16, rows, of->inner, of->inner, 1, &a));
    else BRN__TRY(given_a(call, of, rows, &a));
    BRN__TRY(choose_b(gemm, call, of_rows == gemm->parts, &b));
    BRN__TRY(matrix(call, dnnl_f32, rows, of->columns, of->columns, 1, &c));
    if (of->bias) BRN__TRY(brn__dnnl_plain(call, 2, wide, &bias));
    BRN__TRY(attributes_of(of, &attributes));
    brn_status status = brn__dnnl_check(
        dnnl_matmul_primitive_desc_create(&call->descriptor, cpu, a, b, bias, c, attributes),
        "dnnl_matmul_primitive_desc_create");
    dnnl_primitive_attr_destroy(attributes);
    BRN__TRY(status);
    b = brn__dnnl_query(call, dnnl_query_weights_md, 0);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_SRC, a, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_WEIGHTS, b, BRN__DNNL_INPUT, 1));
    if (of->bias) BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_BIAS, bias, BRN__DNNL_INPUT, 2));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_DST, c, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(&of_rows->product, call);
}

/* A step that turns input 0 as `from` has it into output 0 as `to` has it. */
static brn_status prepare_reorder(brn__step *step, brn__dnnl_call *call, const_dnnl_memory_desc_t from,
                                  const_dnnl_memory_desc_t to)
{
    dnnl_engine_t cpu;
    dnnl_primitive_attr_t attributes;
    BRN__TRY(brn__dnnl_engine(&cpu));
    BRN__TRY(brn__dnnl_attributes(&attributes));
    brn_status status =
        brn__dnnl_check(dnnl_reorder_primitive_desc_create(&call->descriptor, from, cpu, to, cpu, attributes),
                        "dnnl_reorder_primitive_desc_create");
    dnnl_primitive_attr_destroy(attributes);
    BRN__TRY(status);
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_FROM, from, BRN__DNNL_INPUT, 0));
    BRN__TRY(brn__dnnl_argument(call, DNNL_ARG_TO, to, BRN__DNNL_OUTPUT, 0));
    return brn__dnnl_finish(step, call);
}

static brn_status prepare_packing(brn__gemm *gemm)
{
    const_dnnl_memory_desc_t given, packed = packed_layout(gemm);
    brn__dnnl_call *call;
    BRN__TRY(brn__dnnl_call_new(&gemm->packing, &call));
    BRN__TRY(given_b(call, &gemm->of, &given));
    gemm->packed_bytes = dnnl_memory_desc_get_size(packed);
    return prepare_reorder(&gemm->packing, call, given, packed);
}

static brn_status prepare_rounding(brn__gemm *gemm, part *of_rows)
{
    const_dnnl_memory_desc_t given, rounded;
    brn__dnnl_call *call;
    BRN__TRY(brn__dnnl_call_new(&of_rows->rounding, &call));
    BRN__TRY(given_a(call, &gemm->of, of_rows->rows, &given));
    BRN__TRY(matrix(call, dnnl_bf16, of_rows->rows, gemm->of.inner, gemm->of.inner, 1, &rounded));
    return prepare_reorder(&of_rows->rounding, call, given, rounded);
}

/* Even chunks of rows; in float32 a single one. */
static void cut(brn__gemm *gemm)
{
    const int64_t rows = gemm->of.rows, row_bytes = 2 * gemm->of.inner;
    int64_t most = gemm->rounds ? ROUNDED_BYTES / row_bytes : rows;
    if (most < 4 * ROW_UNIT) most = 4 * ROW_UNIT;
    const int64_t wanted = rows > most ? (rows + most - 1) / most : 1;
    int64_t chunk = (rows + wanted - 1) / wanted;
    if (wanted > 1) chunk = (chunk + ROW_UNIT - 1) / ROW_UNIT * ROW_UNIT;
    gemm->chunks = chunk > 0 ? (rows + chunk - 1) / chunk : 1;
    gemm->parts[0].rows = chunk;
    gemm->parts[1].rows = rows - (gemm->chunks - 1) * chunk;
}

static bool has_tail(const brn__gemm *gemm) { return gemm->parts[1].rows != gemm->parts[0].rows; }

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static void place(brn__gemm *gemm)
{
    if (!gemm->rounds) return;
    gemm->at_b = aligned((size_t)(gemm->parts[0].rows * gemm->of.inner) * 2);
    gemm->at_work = gemm->at_b + (gemm->of.pack ? 0 : aligned(gemm->packed_bytes));
}

static brn_status prepare(brn__gemm *gemm)
{
    cut(gemm);
    for (int i = 0; i < 1 + has_tail(gemm); i++) {
        BRN__TRY(prepare_product(gemm, &gemm->parts[i]));
        if (gemm->rounds) BRN__TRY(prepare_rounding(gemm, &gemm->parts[i]));
    }
    if (gemm->rounds || gemm->of.pack) BRN__TRY(prepare_packing(gemm));
    place(gemm);
    return BRN_OK;
}

static void release_all(brn__gemm *gemm)
{
    for (int i = 0; i < PARTS; i++) {
        brn__dnnl_release(&gemm->parts[i].product);
        brn__dnnl_release(&gemm->parts[i].rounding);
    }
    brn__dnnl_release(&gemm->packing);
}

brn_status brn__gemm_new(const brn__step *step, const brn__gemm_case *of, brn__gemm **out)
{
    brn__gemm *gemm = brn__alloc_zero(1, sizeof *gemm);
    if (!gemm) return BRN_ERROR_NO_MEMORY;
    gemm->of = *of;
    gemm->rounds = step->precision == BRN_PRECISION_BF16 && brn__gemm_gains(of);
    gemm->packing.threads = step->threads;
    for (int i = 0; i < PARTS; i++)
        gemm->parts[i].product.threads = gemm->parts[i].rounding.threads = step->threads;
    brn_status status = prepare(gemm);
    if (status == BRN_ERROR_UNSUPPORTED && gemm->rounds) { /* oneDNN may be held to less than the processor has */
        release_all(gemm);
        gemm->rounds = false;
        status = prepare(gemm);
    }
    if (status != BRN_OK) brn__gemm_free(gemm);
    else *out = gemm;
    return status;
}

void brn__gemm_free(brn__gemm *gemm)
{
    if (!gemm) return;
    release_all(gemm);
    brn__free(gemm);
}

size_t brn__gemm_packed_bytes(const brn__gemm *gemm) { return gemm->of.pack ? gemm->packed_bytes : 0; }
const char *brn__gemm_implementation(const brn__gemm *gemm) { return gemm->parts[0].product.implementation; }

size_t brn__gemm_scratch_bytes(const brn__gemm *gemm)
{
    size_t most = gemm->packing.scratch_bytes;
    for (int i = 0; i < PARTS; i++) {
        const size_t product = gemm->parts[i].product.scratch_bytes, rounding = gemm->parts[i].rounding.scratch_bytes;
        if (product > most) most = product;
        if (rounding > most) most = rounding;
    }
    return gemm->at_work + most;
}

static brn_status reorder(const brn__step *prepared, const float *from, void *to, void *scratch)
{
    brn__step step = *prepared;
    step.inputs[0] = (void *)(uintptr_t)from;
    step.outputs[0] = to;
    step.scratch = scratch;
    return brn__dnnl_run(&step, NULL);
}

brn_status brn__gemm_pack(const brn__gemm *gemm, const float *b, void *packed, void *scratch)
{
    return reorder(&gemm->packing, b, packed, (char *)scratch + gemm->at_work);
}

static brn_status multiply(const brn__step *prepared, const void *a, const void *b, const float *bias, float *c,
                           void *scratch)
{
    brn__step step = *prepared;
    step.inputs[0] = (void *)(uintptr_t)a;
    step.inputs[1] = (void *)(uintptr_t)b;
    step.inputs[2] = (void *)(uintptr_t)bias;
    step.outputs[0] = c;
    step.scratch = scratch;
    return brn__dnnl_run(&step, NULL);
}

brn_status brn__gemm_run(const brn__gemm *gemm, const float *a, const void *b, const float *bias, float *c,
                         void *scratch)
{
    const brn__gemm_case *of = &gemm->of;
    void *work = (char *)scratch + gemm->at_work;
    if (!gemm->rounds) return multiply(&gemm->parts[0].product, a, b, bias, c, work);
    if (!of->pack) {
        void *packed = (char *)scratch + gemm->at_b;
        BRN__TRY(brn__gemm_pack(gemm, b, packed, scratch));
        b = packed;
    }
    for (int64_t k = 0; k < gemm->chunks; k++) {
        const part *now = &gemm->parts[k == gemm->chunks - 1 && has_tail(gemm)];
        const int64_t row = k * gemm->parts[0].rows;
        BRN__TRY(reorder(&now->rounding, a + row * (of->transpose_a ? 1 : of->inner), scratch, work));
        BRN__TRY(multiply(&now->product, scratch, b, bias, c + row * of->columns, work));
    }
    return BRN_OK;
}
