/* SPDX-License-Identifier: Apache-2.0
 * matmul. */
#include "backends/reference/reference.h"

static brn_status run_matmul(const brn__step *step, const brn__run *run)
{
    const brn__matmul_attributes *attributes = step->node->attributes;
    bool ta = attributes->transpose_a, tb = attributes->transpose_b;
    brn_shape as = brn__step_shape(step, 0), bs = brn__step_shape(step, 1);
    brn_shape ys = step->node->outputs[0].shape;
    int64_t m = ys.dims[ys.rank - 2], n = ys.dims[ys.rank - 1];
    int64_t k = as.dims[as.rank - (ta ? 2 : 1)], stack = brn_shape_elements(ys) / (m * n);
    const double *bias = step->inputs[2];
    double *y = step->outputs[0];
    (void)run;
    for (int64_t s = 0; s < stack; s++) {
        const double *a = (const double *)step->inputs[0] + s * m * k;
        const double *b = (const double *)step->inputs[1] + (bs.rank == as.rank ? s * k * n : 0);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double z = bias ? bias[j] : 0;
                for (int64_t l = 0; l < k; l++)
                    z += brn__reference_factor(step, ta ? a[l * m + i] : a[i * k + l]) *
                         brn__reference_factor(step, tb ? b[j * k + l] : b[l * n + j]);
                y[(s * m + i) * n + j] = brn__reference_activate(attributes->activation, z);
            }
    }
    return BRN_OK;
}
REFERENCE_KERNEL(matmul);
