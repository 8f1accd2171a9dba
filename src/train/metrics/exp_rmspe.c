/* SPDX-License-Identifier: Apache-2.0
 * Of numbers in logarithms: the root of the mean squared relative error of the numbers themselves
 * (Rossmann's). */
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static brn_status of_all(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "exp_rmspe"));
    const int64_t numbers = answers->count * answers->columns;
    double sum = 0;
    for (int64_t i = 0; i < numbers; i++) {
        const double relative = 1 - exp((double)answers->outputs[i] - (double)answers->targets[i]);
        sum += relative * relative;
    }
    *value = sqrt(sum / (double)numbers);
    return BRN_OK;
}

const brn__whole_metric brn__whole_exp_rmspe = {.name = "exp_rmspe", .of_all = of_all};
