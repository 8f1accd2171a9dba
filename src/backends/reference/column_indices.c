/* SPDX-License-Identifier: Apache-2.0
 * column_indices. */
#include "backends/reference/reference.h"

#include <math.h>

static brn_status run_column_indices(const brn__step *step, const brn__run *run)
{
    const brn__column_attributes *attributes = step->node->attributes;
    brn_shape shape = brn__step_shape(step, 0);
    const double *x = step->inputs[0];
    int64_t *indices = step->outputs[0];
    (void)run;
    if (attributes->column == BRN__ALL_COLUMNS) {
        for (int64_t i = 0; i < shape.dims[0] * shape.dims[1]; i++) indices[i] = (int64_t)floor(x[i] + .5);
        return BRN_OK;
    }
    for (int64_t n = 0; n < shape.dims[0]; n++)
        indices[n] = (int64_t)floor(x[n * shape.dims[1] + attributes->column] + .5);
    return BRN_OK;
}
REFERENCE_KERNEL(column_indices);
