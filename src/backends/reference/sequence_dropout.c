/* SPDX-License-Identifier: Apache-2.0
 * locked_dropout, embedding_dropout. */
#include "backends/reference/reference.h"
#include "base/philox.h"

/* The factor of one place of dropout's stream: 0, or 1 / (1 - p). */
static double mask(const brn__step *step, const brn__run *run, int64_t place, int64_t sample)
{
    const brn__dropout_attributes *attributes = step->node->attributes;
    const double p = run->scalars[attributes->slot];
    brn__philox_block block =
        brn__philox(brn__philox_key(run->seed, attributes->stream), (uint32_t)(place / 4),
                    (uint32_t)sample, run->step, run->micro_batch << 16 | run->rank);
    return brn__uniform_float(block.word[place % 4]) >= (float)p ? 1 / (1 - p) : 0;
}

static brn_status run_locked_dropout(const brn__step *step, const brn__run *run)
{
    const double *x = step->inputs[0];
    double *y = step->outputs[0];
    brn_shape shape = brn__step_shape(step, 0);
    const int64_t steps = shape.dims[0], samples = shape.dims[1], all = output_elements(step, 0);
    const int64_t width = all ? all / (steps * samples) : 0;
    for (int64_t n = 0; n < samples; n++)
        for (int64_t i = 0; i < width; i++) {
            const double factor = mask(step, run, i, n);
            for (int64_t t = 0; t < steps; t++) {
                const int64_t at = (t * samples + n) * width + i;
                y[at] = factor == 0 ? 0 : factor * x[at];
            }
        }
    return BRN_OK;
}
REFERENCE_KERNEL(locked_dropout);

static brn_status run_embedding_dropout(const brn__step *step, const brn__run *run)
{
    const double *x = step->inputs[0];
    const int64_t *indices = step->inputs[1];
    double *y = step->outputs[0];
    const int64_t rows = brn__step_elements(step, 1), width = rows ? output_elements(step, 0) / rows : 0;
    for (int64_t r = 0; r < rows; r++) {
        const double factor = mask(step, run, indices[r], 0);
        for (int64_t e = 0; e < width; e++)
            y[r * width + e] = factor == 0 ? 0 : factor * x[r * width + e];
    }
    return BRN_OK;
}
REFERENCE_KERNEL(embedding_dropout);
