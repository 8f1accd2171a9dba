/* SPDX-License-Identifier: Apache-2.0
 * class_targets. */
#include "backends/cpu/blocking.h"
#include "backends/cpu/kernels.h"
#include "ops/attributes.h"

static brn_status prepare(brn__step *step)
{
    brn__all_canonical(step);
    step->threads = 1;
    step->implementation = "c";
    return BRN_OK;
}

static brn_status run_targets(const brn__step *step, const brn__run *run)
{
    const brn__class_targets_attributes *a = step->node->attributes;
    const int64_t items = brn__step_shape(step, 0).dims[0], classes = a->classes;
    const int64_t *labels = step->inputs[0];
    float *targets = step->outputs[0];
    double total = 0;
    for (int64_t n = 0; n < items; n++) {
        if (labels[n] < 0 || labels[n] >= classes)
            return brn__fail(BRN_ERROR_INPUT, "class_targets: label %lld of item %lld is not in 0..%lld",
                             (long long)labels[n], (long long)n, (long long)classes - 1);
        total += (double)a->weights[labels[n]];
    }
    const double smoothing = a->smoothing_slot < 0 ? 0 : run->scalars[a->smoothing_slot];
    const double scale = total > 0 ? (double)items / total : 0;
    const double spread = smoothing / (double)classes * scale;
    for (int64_t n = 0; n < items; n++) {
        float *row = targets + n * classes;
        for (int64_t k = 0; k < classes; k++) row[k] = (float)(spread * (double)a->weights[k]);
        const double own = (1 - smoothing) * scale + spread;
        row[labels[n]] = (float)(own * (double)a->weights[labels[n]]);
    }
    return BRN_OK;
}

const brn__kernel brn__cpu_class_targets = {prepare, run_targets, NULL};
