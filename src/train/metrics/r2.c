/* SPDX-License-Identifier: Apache-2.0
 * The share of the variance that is explained: the mean over columns of 1 - squared error / variance. A
 * column that does not vary counts 1 when it is met exactly, else 0, as in scikit-learn. */
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static double of_column(const brn__answers *answers, int64_t k)
{
    const int64_t columns = answers->columns;
    double mean = 0, error = 0, variance = 0;
    for (int64_t i = 0; i < answers->count; i++) mean += (double)answers->targets[i * columns + k];
    mean /= (double)answers->count;
    for (int64_t i = 0; i < answers->count; i++) {
        const double target = (double)answers->targets[i * columns + k];
        const double difference = (double)answers->outputs[i * columns + k] - target;
        error += difference * difference;
        variance += (target - mean) * (target - mean);
    }
    if (variance > 0) return 1 - error / variance;
    return error == 0;
}

static brn_status of_all(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "r2"));
    double sum = 0;
    for (int64_t k = 0; k < answers->columns; k++) sum += of_column(answers, k);
    *value = answers->count > 1 ? sum / (double)answers->columns : NAN;
    return BRN_OK;
}

const brn__whole_metric brn__whole_r2 = {.name = "r2", .of_all = of_all};
