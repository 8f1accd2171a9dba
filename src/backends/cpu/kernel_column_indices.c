/* SPDX-License-Identifier: Apache-2.0
 * column_indices: a few numbers a step; one thread. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

#include <math.h>

static brn_status column_indices_prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = 1;
    step->implementation = "copy";
    return BRN_OK;
}

/* Half is added in double, so that codes up to 2^24 stay what they are. What is no number becomes
 * -1, which the reader of the indices refuses. */
static brn_status column_indices_run(const brn__step *step, const brn__run *run)
{
    (void)run;
    const brn__column_attributes *attributes = step->node->attributes;
    brn_shape shape = brn__step_shape(step, 0);
    const bool all = attributes->column == BRN__ALL_COLUMNS;
    const float *x = (const float *)step->inputs[0] + (all ? 0 : attributes->column);
    const int64_t stride = all ? 1 : shape.dims[1], count = all ? shape.dims[0] * shape.dims[1] : shape.dims[0];
    int64_t *indices = step->outputs[0];
    for (int64_t n = 0; n < count; n++) {
        double value = floor((double)x[n * stride] + .5);
        indices[n] = fabs(value) < 0x1p62 ? (int64_t)value : -1;
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_column_indices = {column_indices_prepare, column_indices_run, NULL};
