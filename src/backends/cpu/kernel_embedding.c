/* SPDX-License-Identifier: Apache-2.0
 * embedding (rows gathered) and its dense gradient. The gradient adds rows in the order of the
 * indices; threads share out the columns, so the sums are the same for any number of them. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <inttypes.h>
#include <omp.h>
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

static brn_status embedding_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    brn_shape weight = brn__step_shape(step, 0);
    int64_t width = weight.dims[1], n = brn__step_elements(step, 1);
    const int64_t *indices = step->inputs[1];
    BRN__TRY(check_indices(step, weight.dims[0]));
#pragma omp parallel for schedule(static) num_threads(step->threads) if (step->threads > 1)
    for (int64_t i = 0; i < n; i++)
        memcpy((float *)step->outputs[0] + i * width,
               (const float *)step->inputs[0] + indices[i] * width, (size_t)width * sizeof(float));
    return BRN_OK;
}

const brn__kernel brn__cpu_embedding = {embedding_prepare, embedding_run, NULL};

/* dy, indices -> dweight */
static brn_status embedding_grad_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = brn__threads_for(step, step->in[0].bytes);
    step->implementation = brn__simd_now()->name;
    return BRN_OK;
}

static brn_status embedding_grad_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__embedding_attributes *attributes = step->node->attributes;
    const brn__simd *simd = brn__simd_now();
    int64_t width = step->node->outputs[0].shape.dims[1], n = brn__step_elements(step, 1);
    const int64_t *indices = step->inputs[1];
    BRN__TRY(check_indices(step, attributes->rows));
#pragma omp parallel num_threads(step->threads) if (step->threads > 1)
    {
        int64_t begin, end;
        brn__part(width, BRN__PERIOD, omp_get_thread_num(), omp_get_num_threads(), &begin, &end);
        float *dw = (float *)step->outputs[0] + begin;
        const float *dy = (const float *)step->inputs[0] + begin;
        for (int64_t row = 0; row < attributes->rows; row++)
            memset(dw + row * width, 0, (size_t)(end - begin) * sizeof *dw);
        for (int64_t i = 0; i < n; i++) {
            float *target = dw + indices[i] * width;
            simd->add(end - begin, target, dy + i * width, target);
        }
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_embedding_grad = {embedding_grad_prepare, embedding_grad_run, NULL};
