/* SPDX-License-Identifier: Apache-2.0
 * locked_dropout and embedding_dropout; their gradients are the same ops on dy. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "base/philox.h"
#include "ops/attributes.h"

#include <string.h>

/* Elements of a sample, samples, steps. */
typedef struct sizes {
    int64_t steps, samples, width;
} sizes;

static sizes sizes_of(const brn__step *step)
{
    brn_shape shape = brn__step_shape(step, 0);
    sizes s = {shape.dims[0], shape.dims[1], 1};
    for (int i = 2; i < shape.rank; i++) s.width *= shape.dims[i];
    return s;
}

/* The scratch holds a row of ones and the masks of all samples. */
static brn_status locked_prepare(brn__step *step)
{
    const sizes s = sizes_of(step);
    brn__all_canonical(step);
    step->in_place[0] = 0;
    step->threads = brn__threads_for(step, step->in[0].bytes);
    step->scratch_bytes = (size_t)((s.samples + 1) * s.width) * sizeof(float);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static brn_status locked_run(const brn__step *step, const brn__run *run)
{
    const brn__dropout_attributes *attributes = step->node->attributes;
    const brn__simd *simd = brn__simd_now();
    const sizes s = sizes_of(step);
    const int64_t row = s.samples * s.width;
    const uint64_t key = brn__philox_key(run->seed, attributes->stream);
    const float p = (float)run->scalars[attributes->slot];
    float *ones = step->scratch, *masks = ones + s.width;
    for (int64_t i = 0; i < s.width; i++) ones[i] = 1;
#pragma omp parallel num_threads(step->threads) if (step->threads > 1)
    {
#pragma omp for schedule(static)
        for (int64_t n = 0; n < s.samples; n++) {
            uint32_t counter[3] = {(uint32_t)n, run->step, run->micro_batch << 16 | run->rank};
            simd->dropout(s.width, 0, key, counter, p, ones, masks + n * s.width);
        }
#pragma omp for schedule(static)
        for (int64_t t = 0; t < s.steps; t++)
            simd->mul(row, (const float *)step->inputs[0] + t * row, masks,
                      (float *)step->outputs[0] + t * row);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_locked_dropout = {locked_prepare, locked_run, NULL};

static brn_status embedding_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->in_place[0] = 0;
    step->threads = brn__threads_for(step, step->in[0].bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static brn_status embedding_run(const brn__step *step, const brn__run *run)
{
    const brn__dropout_attributes *attributes = step->node->attributes;
    const brn__simd *simd = brn__simd_now();
    const int64_t *indices = step->inputs[1];
    const int64_t rows = brn__step_elements(step, 1), width = rows ? brn__step_elements(step, 0) / rows : 0;
    const uint64_t key = brn__philox_key(run->seed, attributes->stream);
    const float p = (float)run->scalars[attributes->slot];
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t r = 0; r < rows; r++) {
        float *y = (float *)step->outputs[0] + r * width;
        const brn__philox_block block = brn__philox(key, (uint32_t)(indices[r] / 4), 0, run->step,
                                                    run->micro_batch << 16 | run->rank);
        if (brn__uniform_float(block.word[indices[r] % 4]) < p) memset(y, 0, (size_t)width * sizeof *y);
        else simd->scale(width, 1 / (1 - p), 0, (const float *)step->inputs[0] + r * width, y);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_embedding_dropout = {embedding_prepare, embedding_run, NULL};
