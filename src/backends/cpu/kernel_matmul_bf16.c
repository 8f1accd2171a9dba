/* SPDX-License-Identifier: Apache-2.0
 * Single products in bfloat16, for which kernel_matmul.c hands its step over: a gemm of its own (gemm.h). */
#include "backends/cpu/kernel_matmul_bf16.h"
#include "backends/cpu/blocking.h"
#include "backends/cpu/gemm.h"

static brn_status run(const brn__step *step, const brn__run *counters)
{
    (void)counters;
    return brn__gemm_run(step->data, step->inputs[0], step->inputs[1], step->inputs[2], step->outputs[0],
                         step->scratch);
}

static void release(brn__step *step)
{
    brn__gemm_free(step->data);
    step->data = NULL;
}

static const brn__kernel kernel = {NULL, run, release};

brn_status brn__cpu_matmul_bf16(brn__step *step, const brn__gemm_case *of)
{
    brn__gemm *gemm;
    brn__all_canonical(step);
    BRN__TRY(brn__gemm_new(step, of, &gemm));
    step->data = gemm;
    step->kernel = &kernel;
    step->scratch_bytes = brn__gemm_scratch_bytes(gemm);
    step->implementation = brn__gemm_implementation(gemm);
    return BRN_OK;
}
