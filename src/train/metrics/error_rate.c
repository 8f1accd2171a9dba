/* SPDX-License-Identifier: Apache-2.0
 * 1 - accuracy. */
#include "train/metric_list.h"

static double of_item(const float *output, int64_t classes, int64_t label)
{
    return brn__largest(output, classes) != label;
}

const brn__metric brn__metric_error_rate = {.name = "error_rate", .of_item = of_item};
