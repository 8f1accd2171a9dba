/* SPDX-License-Identifier: Apache-2.0
 * dropout; its gradient is the same op on dy. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "base/philox.h"
#include "ops/attributes.h"

enum { PIECE = 4096 }; /* elements of one item that a thread takes at a time; a multiple of 4 */

static brn_status dropout_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->in_place[0] = 0;
    step->threads = brn__threads_for(step, step->in[0].bytes * 8); /* random numbers cost */
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static brn_status dropout_run(const brn__step *step, const brn__run *run)
{
    const brn__dropout_attributes *attributes = step->node->attributes;
    const brn__simd *simd = brn__simd_now();
    brn_shape shape = brn__step_shape(step, 0);
    int64_t items = shape.rank ? shape.dims[0] : 1;
    int64_t width = items ? brn_shape_elements(shape) / items : 0;
    int64_t pieces = (width + PIECE - 1) / PIECE;
    uint64_t key = brn__philox_key(run->seed, attributes->stream);
    float p = (float)run->scalars[attributes->slot];
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t k = 0; k < items * pieces; k++) {
        int64_t item = k / pieces, begin = k % pieces * PIECE, at = item * width + begin;
        uint32_t counter[3] = {(uint32_t)item, run->step, run->micro_batch << 16 | run->rank};
        simd->dropout(width - begin < PIECE ? width - begin : PIECE, begin, key, counter, p,
                      (const float *)step->inputs[0] + at, (float *)step->outputs[0] + at);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_dropout = {dropout_prepare, dropout_run, NULL};
