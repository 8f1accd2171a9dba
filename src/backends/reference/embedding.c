/* SPDX-License-Identifier: Apache-2.0
 * embedding and its gradient. */
#include "backends/reference/reference.h"

static brn_status check_indices(const brn__step *step, int64_t rows)
{
    const int64_t *indices = step->inputs[1];
    for (int64_t i = 0; i < brn__step_elements(step, 1); i++)
        if (indices[i] < 0 || indices[i] >= rows)
            return brn__fail(BRN_ERROR_INPUT, "%s: index %lld at place %lld is not in 0..%lld",
                             step->node->op->name, (long long)indices[i], (long long)i,
                             (long long)rows - 1);
    return BRN_OK;
}

static brn_status run_embedding(const brn__step *step, const brn__run *run)
{
    brn_shape table = brn__step_shape(step, 0);
    const double *weight = step->inputs[0];
    const int64_t *indices = step->inputs[1];
    double *y = step->outputs[0];
    (void)run;
    BRN__TRY(check_indices(step, table.dims[0]));
    for (int64_t i = 0; i < brn__step_elements(step, 1); i++)
        for (int64_t e = 0; e < table.dims[1]; e++)
            y[i * table.dims[1] + e] = weight[indices[i] * table.dims[1] + e];
    return BRN_OK;
}
REFERENCE_KERNEL(embedding);

/* Ascending, each once. */
static void list_rows(const brn__step *step, int64_t table_rows)
{
    const int64_t *indices = step->inputs[1];
    step->rows->count = 0;
    for (int64_t row = 0; row < table_rows; row++) {
        bool named = false;
        for (int64_t i = 0; i < brn__step_elements(step, 1) && !named; i++) named = indices[i] == row;
        if (named) step->rows->rows[step->rows->count++] = row;
    }
    step->rows->listed = true;
}

static brn_status run_embedding_grad(const brn__step *step, const brn__run *run)
{
    brn_shape table = step->node->outputs[0].shape;
    const double *dy = step->inputs[0];
    const int64_t *indices = step->inputs[1];
    double *dweight = step->outputs[0];
    (void)run;
    BRN__TRY(check_indices(step, table.dims[0]));
    for (int64_t i = 0; i < output_elements(step, 0); i++) dweight[i] = 0;
    for (int64_t i = 0; i < brn__step_elements(step, 1); i++)
        for (int64_t e = 0; e < table.dims[1]; e++)
            dweight[indices[i] * table.dims[1] + e] += dy[i * table.dims[1] + e];
    if (step->rows) list_rows(step, table.dims[0]);
    return BRN_OK;
}
REFERENCE_KERNEL(embedding_grad);
