/* SPDX-License-Identifier: Apache-2.0
 * The share of items whose label is among their five largest outputs; of equal outputs the first counts
 * as the larger. */
#include "train/metric_list.h"

static double of_item(const float *output, int64_t classes, int64_t label)
{
    int64_t larger = 0;
    for (int64_t k = 0; k < classes; k++)
        larger += output[k] > output[label] || (output[k] == output[label] && k < label);
    return larger < 5;
}

const brn__metric brn__metric_top5 = {.name = "top5", .of_item = of_item};
