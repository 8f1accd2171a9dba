/* SPDX-License-Identifier: Apache-2.0
 *
 * linear_cross_entropy, by chunks of rows: a product makes a chunk's logits, one pass over them takes the
 * loss and leaves their gradient in their place, and products add it to dx and dw. The weight is packed
 * once a run for each of its two uses. Sums over rows are in the order of the rows: their bits do not depend
 * on threads. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/cpu.h"
#include "backends/cpu/gemm.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "base/alloc.h"
#include "ops/attributes.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum {
    CHUNK_FLOATS = 1 << 21, /* of logits: 8 MB */
    CHUNK_ROWS_MIN = 64,    /* below this products slow down */
};

typedef enum product { LOGITS, DX, DW, PRODUCTS } product;

typedef struct chunks {
    int64_t rows, width, words; /* N, E, V */
    int64_t chunk, tail;        /* rows of every chunk but the last, and of that one */
    int64_t count;
    brn__gemm *gemms[PRODUCTS], *tail_gemms[PRODUCTS];
    size_t packed[PRODUCTS], logits, losses, gemm; /* places in the scratch */
} chunks;

static size_t reserve(brn__step *step, size_t bytes)
{
    const size_t at = step->scratch_bytes;
    step->scratch_bytes = (at + bytes + 63) / 64 * 64;
    return at;
}

static void *at(const brn__step *step, size_t place) { return (char *)step->scratch + place; }

/* Even chunks, so that the last one is nearly as long as the others. */
static void cut(const brn__step *step, chunks *c)
{
    const brn__linear_cross_entropy_attributes *attributes = step->node->attributes;
    brn_shape w = brn__step_shape(step, 1);
    c->rows = brn__step_elements(step, 2), c->width = w.dims[1], c->words = w.dims[0];
    int64_t most = CHUNK_FLOATS / c->words;
    if (most < CHUNK_ROWS_MIN) most = CHUNK_ROWS_MIN;
    if (attributes->chunk > 0) most = attributes->chunk;
    c->count = c->rows > most ? (c->rows + most - 1) / most : 1;
    c->chunk = (c->rows + c->count - 1) / c->count;
    c->count = c->chunk > 0 ? (c->rows + c->chunk - 1) / c->chunk : 0;
    c->tail = c->rows - (c->count - 1) * c->chunk;
}

static brn_status make_products(brn__step *step, const chunks *c, int64_t rows, bool pack, brn__gemm **out)
{
    brn__gemm_case cases[PRODUCTS] = {
        [LOGITS] = {.rows = rows, .inner = c->width, .columns = c->words, .transpose_b = true,
                    .bias = brn__has(step->node, 3), .pack = pack, .uses = c->count},
        [DX] = {.rows = rows, .inner = c->words, .columns = c->width, .pack = pack, .uses = c->count},
        [DW] = {.rows = c->words, .inner = rows, .columns = c->width, .transpose_a = true, .accumulate = true},
    };
    const bool wanted[PRODUCTS] = {true, step->wanted[2], step->wanted[3]};
    for (int i = 0; i < PRODUCTS; i++)
        if (wanted[i]) BRN__TRY(brn__gemm_new(step, &cases[i], &out[i]));
    return BRN_OK;
}

static void place(brn__step *step, chunks *c)
{
    size_t largest = 0;
    for (int i = 0; i < PRODUCTS; i++) {
        const brn__gemm *both[] = {c->gemms[i], c->tail_gemms[i]};
        for (int k = 0; k < 2; k++) {
            const size_t bytes = both[k] ? brn__gemm_scratch_bytes(both[k]) : 0;
            if (bytes > largest) largest = bytes;
        }
        if (c->gemms[i]) c->packed[i] = reserve(step, brn__gemm_packed_bytes(c->gemms[i]));
    }
    c->logits = reserve(step, (size_t)(c->chunk * c->words) * sizeof(float));
    c->losses = reserve(step, (size_t)c->rows * 2 * sizeof(double)); /* and whether each row is a hit */
    c->gemm = reserve(step, largest);
}

static void release(brn__step *step)
{
    chunks *c = step->data;
    for (int i = 0; c && i < PRODUCTS; i++) {
        brn__gemm_free(c->gemms[i]);
        brn__gemm_free(c->tail_gemms[i]);
    }
    brn__free(c);
    step->data = NULL;
}

static brn_status prepare_chunks(brn__step *step, chunks *c)
{
    cut(step, c);
    if (c->count == 0) return BRN_OK;
    BRN__TRY(make_products(step, c, c->chunk, c->count > 1, c->gemms));
    if (c->tail != c->chunk) BRN__TRY(make_products(step, c, c->tail, false, c->tail_gemms));
    place(step, c);
    step->implementation = brn__gemm_implementation(c->gemms[LOGITS]);
    return BRN_OK;
}

static brn_status prepare(brn__step *step)
{
    brn__all_canonical(step);
    brn__cpu_size_team(step, step->node->op->flops(step->node));
    chunks *c = brn__alloc_zero(1, sizeof *c);
    if (!c) return BRN_ERROR_NO_MEMORY;
    step->data = c;
    const brn_status status = prepare_chunks(step, c);
    if (status != BRN_OK) release(step);
    return status;
}

static brn_status count_targets(const brn__step *step, const chunks *c, int64_t *counted)
{
    const brn__linear_cross_entropy_attributes *attributes = step->node->attributes;
    const int64_t *target = step->inputs[2];
    *counted = 0;
    for (int64_t n = 0; n < c->rows; n++) {
        if (target[n] == attributes->ignored) continue;
        if (target[n] < 0 || target[n] >= c->words)
            return brn__fail(BRN_ERROR_INPUT,
                             "linear_cross_entropy: target %" PRId64 " of row %" PRId64
                             " is not in 0..%" PRId64,
                             target[n], n, c->words - 1);
        ++*counted;
    }
    return BRN_OK;
}

/* Whether the target is the first of the largest logits. */
static bool is_hit(const float *z, int64_t target, float top)
{
    if (z[target] != top) return false;
    for (int64_t v = 0; v < target; v++)
        if (z[v] == top) return false;
    return true;
}

/* The losses of a chunk's rows; where a gradient is wanted, the logits become dz. */
static void pass_rows(const brn__step *step, const chunks *c, int64_t first, int64_t rows, float factor)
{
    const brn__linear_cross_entropy_attributes *attributes = step->node->attributes;
    const brn__simd *simd = brn__simd_now();
    const int64_t *targets = step->inputs[2];
    const bool backwards = step->wanted[2] || step->wanted[3] || step->wanted[4];
    double *losses = at(step, c->losses), *hits = losses + c->rows;
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t r = 0; r < rows; r++) {
        float *z = (float *)at(step, c->logits) + r * c->words;
        const int64_t n = first + r, target = targets[n];
        losses[n] = hits[n] = 0;
        if (target == attributes->ignored) {
            if (backwards) memset(z, 0, (size_t)c->words * sizeof *z);
            continue;
        }
        const float top = simd->maximum(c->words, z), shift = isfinite(top) ? top : 0;
        const double sum = simd->sum_exp(c->words, shift, z);
        losses[n] = (double)shift + log(sum) - (double)z[target];
        if (step->wanted[1]) hits[n] = is_hit(z, target, top);
        if (!backwards) continue;
        simd->exp_add(c->words, shift, (float)((double)factor / sum), z, NULL, z);
        z[target] -= factor;
    }
}

static void add_columns(const brn__step *step, const chunks *c, int64_t rows)
{
    const brn__simd *simd = brn__simd_now();
#pragma omp parallel num_threads(step->threads) if (step->threads > 1)
    {
        int64_t begin, end;
        brn__part(c->words, BRN__PERIOD, omp_get_thread_num(), omp_get_num_threads(), &begin, &end);
        float *db = (float *)step->outputs[4] + begin;
        const float *z = (const float *)at(step, c->logits) + begin;
        for (int64_t r = 0; r < rows; r++) simd->add(end - begin, db, z + r * c->words, db);
    }
}

static brn_status run_chunk(const brn__step *step, const chunks *c, int64_t k, float factor)
{
    const int64_t first = k * c->chunk, rows = k == c->count - 1 ? c->tail : c->chunk;
    const bool is_tail = rows != c->chunk, packed = c->count > 1 && !is_tail;
    brn__gemm *const *gemms = is_tail ? c->tail_gemms : c->gemms;
    const float *x = (const float *)step->inputs[0] + first * c->width;
    float *z = at(step, c->logits);
    void *scratch = at(step, c->gemm);
    BRN__TRY(brn__gemm_run(gemms[LOGITS], x, packed ? at(step, c->packed[LOGITS]) : step->inputs[1],
                           step->inputs[3], z, scratch));
    pass_rows(step, c, first, rows, factor);
    if (step->wanted[2])
        BRN__TRY(brn__gemm_run(gemms[DX], z, packed ? at(step, c->packed[DX]) : step->inputs[1], NULL,
                               (float *)step->outputs[2] + first * c->width, scratch));
    if (step->wanted[3]) BRN__TRY(brn__gemm_run(gemms[DW], z, x, NULL, step->outputs[3], scratch));
    if (step->wanted[4]) add_columns(step, c, rows);
    return BRN_OK;
}

static brn_status run(const brn__step *step, const brn__run *counters)
{
    (void)counters;
    const chunks *c = step->data;
    const double *losses = at(step, c->losses), *hits = losses + c->rows;
    int64_t counted;
    double loss = 0, hit = 0;
    BRN__TRY(count_targets(step, c, &counted));
    for (int i = 3; i <= 4; i++)
        if (step->wanted[i])
            memset(step->outputs[i], 0, (size_t)brn_shape_elements(step->node->outputs[i].shape) * sizeof(float));
    for (int i = 0; i < DW && c->count > 1; i++)
        if (c->gemms[i])
            BRN__TRY(brn__gemm_pack(c->gemms[i], step->inputs[1], at(step, c->packed[i]), at(step, c->gemm)));
    for (int64_t k = 0; k < c->count; k++)
        BRN__TRY(run_chunk(step, c, k, counted ? (float)(1 / (double)counted) : 0));
    for (int64_t n = 0; n < c->rows; n++) loss += losses[n], hit += hits[n];
    const double items = counted ? (double)counted : 1;
    if (step->outputs[0]) *(float *)step->outputs[0] = (float)(loss / items);
    if (step->outputs[1]) *(float *)step->outputs[1] = (float)(hit / items);
    return BRN_OK;
}

const brn__kernel brn__cpu_linear_cross_entropy = {prepare, run, release};
