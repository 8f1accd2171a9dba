/* SPDX-License-Identifier: Apache-2.0
 * The mean absolute error over all numbers. */
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static brn_status of_all(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "mae"));
    const int64_t numbers = answers->count * answers->columns;
    double sum = 0;
    for (int64_t i = 0; i < numbers; i++)
        sum += fabs((double)answers->outputs[i] - (double)answers->targets[i]);
    *value = sum / (double)numbers;
    return BRN_OK;
}

const brn__whole_metric brn__whole_mae = {.name = "mae", .of_all = of_all};
