/* SPDX-License-Identifier: Apache-2.0
 * class_targets. */
#include "backends/reference/reference.h"
#include "ops/attributes.h"

static brn_status run_class_targets(const brn__step *step, const brn__run *run)
{
    const brn__class_targets_attributes *a = step->node->attributes;
    const int64_t items = brn__step_shape(step, 0).dims[0], classes = a->classes;
    const int64_t *labels = step->inputs[0];
    const double smoothing = a->smoothing_slot < 0 ? 0 : run->scalars[a->smoothing_slot];
    double *targets = step->outputs[0], total = 0;
    for (int64_t n = 0; n < items; n++) {
        if (labels[n] < 0 || labels[n] >= classes)
            return brn__fail(BRN_ERROR_INPUT, "class_targets: label %lld of item %lld is not in 0..%lld",
                             (long long)labels[n], (long long)n, (long long)classes - 1);
        total += (double)a->weights[labels[n]];
    }
    for (int64_t n = 0; n < items; n++)
        for (int64_t k = 0; k < classes; k++) {
            const double target =
                (1 - smoothing) * (labels[n] == k) + smoothing / (double)classes;
            const double weight = (double)a->weights[k] * (double)items;
            targets[n * classes + k] = total > 0 ? target * weight / total : 0;
        }
    return BRN_OK;
}
REFERENCE_KERNEL(class_targets);
