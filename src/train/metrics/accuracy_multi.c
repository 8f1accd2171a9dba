/* SPDX-License-Identifier: Apache-2.0
 * The share of pairs of an item and a class that are answered right: sigmoid above 1/2, or not. */
#include "base/status.h"
#include "train/whole_metrics.h"

static brn_status of_all(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "accuracy_multi"));
    const int64_t numbers = answers->count * answers->columns;
    int64_t right = 0;
    for (int64_t i = 0; i < numbers; i++)
        right += (answers->outputs[i] > 0) == (answers->targets[i] > .5f);
    *value = (double)right / (double)numbers;
    return BRN_OK;
}

const brn__whole_metric brn__whole_accuracy_multi = {.name = "accuracy_multi", .of_all = of_all};
