/* SPDX-License-Identifier: Apache-2.0
 * The mean squared error over all numbers, and its root. */
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static double mean_square(const brn__answers *answers)
{
    const int64_t numbers = answers->count * answers->columns;
    double sum = 0;
    for (int64_t i = 0; i < numbers; i++) {
        const double difference = (double)answers->outputs[i] - (double)answers->targets[i];
        sum += difference * difference;
    }
    return sum / (double)numbers;
}

static brn_status mse(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "mse"));
    *value = mean_square(answers);
    return BRN_OK;
}

static brn_status rmse(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "rmse"));
    *value = sqrt(mean_square(answers));
    return BRN_OK;
}

const brn__whole_metric brn__whole_mse = {.name = "mse", .of_all = mse};
const brn__whole_metric brn__whole_rmse = {.name = "rmse", .of_all = rmse};
