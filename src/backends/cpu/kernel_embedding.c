/* SPDX-License-Identifier: Apache-2.0
 * embedding (rows gathered) and its gradient (rows summed, by a sort). */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <inttypes.h>
#include <string.h>

static brn_status check_indices(const brn__step *step, int64_t rows)
{
    const int64_t *indices = step->inputs[1];
    int64_t n = brn__step_elements(step, 1);
    for (int64_t i = 0; i < n; i++)
        if (indices[i] < 0 || indices[i] >= rows)
            return brn__fail(BRN_ERROR_INPUT,
                             "%s: index %" PRId64 " at place %" PRId64 " is not in 0..%" PRId64,
                             step->node->op->name, indices[i], i, rows - 1);
    return BRN_OK;
}

/* weight, indices -> y */
static brn_status embedding_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->out[0].bytes);
    step->implementation = "copy";
    return BRN_OK;
}

static void gather(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const int64_t *indices = step->inputs[1], width = *(const int64_t *)context;
    for (int64_t i = begin; i < end; i++)
        memcpy((float *)step->outputs[0] + i * width,
               (const float *)step->inputs[0] + indices[i] * width, (size_t)width * sizeof(float));
}

static brn_status embedding_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    brn_shape weight = brn__step_shape(step, 0);
    BRN__TRY(check_indices(step, weight.dims[0]));
    brn__share_rows(step, step->threads, brn__step_elements(step, 1), gather, &weight.dims[1]);
    return BRN_OK;
}

const brn__kernel brn__cpu_embedding = {embedding_prepare, embedding_run, NULL};

/* dy, indices -> dweight. The places are sorted by row, equal rows in their order, so a row's sum is one
 * thread's and has the same bits for any number of them. */
typedef struct entry {
    uint32_t row, place;
} entry;

/* What the scratch holds: two lists for the sort, and where each row's entries begin. */
typedef struct sorting {
    entry *sorted, *other;
    uint32_t *begins; /* (segments + 1) */
    int64_t segments;
} sorting;

static brn_status embedding_grad_prepare(brn__step *step)
{
    const brn__embedding_attributes *attributes = step->node->attributes;
    const int64_t n = brn__step_elements(step, 1);
    if (n >= UINT32_MAX || attributes->rows >= UINT32_MAX)
        return brn__fail(BRN_ERROR_UNSUPPORTED,
                         "embedding_grad: %" PRId64 " indices into %" PRId64 " rows are too many", n,
                         attributes->rows);
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[0].bytes);
    step->implementation = brn__simd_now()->name;
    step->scratch_bytes = (size_t)n * (2 * sizeof(entry) + sizeof(uint32_t)) + sizeof(uint32_t);
    return BRN_OK;
}

/* One pass of a radix sort, by eight bits of the row; it keeps the order of equals. */
static void sort_by_byte(const entry *from, entry *to, int64_t n, int shift)
{
    int64_t starts[257] = {0};
    for (int64_t i = 0; i < n; i++) starts[(from[i].row >> shift & 255) + 1]++;
    for (int k = 0; k < 256; k++) starts[k + 1] += starts[k];
    for (int64_t i = 0; i < n; i++) to[starts[from[i].row >> shift & 255]++] = from[i];
}

static sorting sort_places(const brn__step *step, int64_t rows)
{
    const int64_t *indices = step->inputs[1], n = brn__step_elements(step, 1);
    sorting s = {.sorted = step->scratch};
    s.other = s.sorted + n;
    s.begins = (uint32_t *)(s.other + n);
    for (int64_t i = 0; i < n; i++) s.sorted[i] = (entry){(uint32_t)indices[i], (uint32_t)i};
    for (int shift = 0; shift < 32 && rows > (int64_t)1 << shift; shift += 8) {
        sort_by_byte(s.sorted, s.other, n, shift);
        entry *swap = s.sorted;
        s.sorted = s.other, s.other = swap;
    }
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || s.sorted[i].row != s.sorted[i - 1].row) s.begins[s.segments++] = (uint32_t)i;
    s.begins[s.segments] = (uint32_t)n;
    return s;
}

static void clear_rows(const brn__step *step, const void *context, int64_t begin, int64_t end)
{
    const int64_t width = *(const int64_t *)context;
    const brn__rows *listed = step->rows && step->rows->listed ? step->rows : NULL;
    float *dw = step->outputs[0];
    for (int64_t i = begin; i < end; i++)
        memset(dw + (listed ? listed->rows[i] : i) * width, 0, (size_t)width * sizeof *dw);
}

/* Zeroes what an earlier run may have left. */
static void clear(const brn__step *step, int64_t rows, int64_t width)
{
    const int64_t count = step->rows && step->rows->listed ? step->rows->count : rows;
    brn__share_rows(step, brn__threads_for(step, (size_t)(count * width) * sizeof(float)), count, clear_rows, &width);
}

static void sum_segment(const brn__step *step, const brn__simd *simd, const sorting *s, int64_t k)
{
    const int64_t width = step->node->outputs[0].shape.dims[1];
    float *target = (float *)step->outputs[0] + s->sorted[s->begins[k]].row * width;
    for (uint32_t i = s->begins[k]; i < s->begins[k + 1]; i++)
        simd->add(width, target, (const float *)step->inputs[0] + s->sorted[i].place * width, target);
}

/* Segments differ in length: a thread takes the next one when it is done. */
static void sum_segments(const brn__step *step, const sorting *s)
{
    const brn__simd *simd = brn__simd_now();
    if (step->threads <= 1) {
        for (int64_t k = 0; k < s->segments; k++) sum_segment(step, simd, s, k);
        return;
    }
#pragma omp parallel for schedule(guided) num_threads(step->threads)
    for (int64_t k = 0; k < s->segments; k++) sum_segment(step, simd, s, k);
}

static brn_status embedding_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__embedding_attributes *attributes = step->node->attributes;
    const int64_t width = step->node->outputs[0].shape.dims[1];
    BRN__TRY(check_indices(step, attributes->rows));
    clear(step, attributes->rows, width);
    const sorting s = sort_places(step, attributes->rows);
    sum_segments(step, &s);
    if (!step->rows) return BRN_OK;
    for (int64_t k = 0; k < s.segments; k++) step->rows->rows[k] = s.sorted[s.begins[k]].row;
    step->rows->count = s.segments;
    step->rows->listed = true;
    return BRN_OK;
}

const brn__kernel brn__cpu_embedding_grad = {embedding_grad_prepare, embedding_grad_run, NULL};
