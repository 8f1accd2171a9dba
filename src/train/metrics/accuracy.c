/* SPDX-License-Identifier: Apache-2.0
 * The share of items whose largest output is their label. */
#include "train/metric_list.h"

int64_t brn__largest(const float *values, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[best]) best = i;
    return best;
}

static double of_item(const float *output, int64_t classes, int64_t label)
{
    return brn__largest(output, classes) == label;
}

const brn__metric brn__metric_accuracy = {.name = "accuracy", .of_item = of_item};
