/* SPDX-License-Identifier: Apache-2.0
 * Average precision (as scikit-learn's: no interpolation), and its mean over the classes that have
 * positive items. */
#include "base/alloc.h"
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static double average_precision(const brn__ranked *ranked, int64_t count)
{
    double positives = 0, right = 0, area = 0;
    for (int64_t i = 0; i < count; i++) positives += ranked[i].positive;
    if (positives == 0) return NAN;
    for (int64_t i = 0; i < count;) {
        double new_right = 0;
        const double score = ranked[i].score;
        for (; i < count && ranked[i].score == score; i++) new_right += ranked[i].positive;
        right += new_right;
        area += new_right / positives * right / (double)i;
    }
    return area;
}

brn_status brn__average_precisions(const brn__answers *answers, double *out)
{
    brn__ranked *ranked = brn__alloc_array((size_t)answers->count, sizeof *ranked);
    if (!ranked) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    for (int64_t k = 0; status == BRN_OK && k < answers->columns; k++) {
        status = brn__rank(answers, k, ranked);
        if (status == BRN_OK) out[k] = average_precision(ranked, answers->count);
    }
    brn__free(ranked);
    return status;
}

static brn_status of_all(const brn__answers *answers, double *value)
{
    double *each = brn__alloc_array((size_t)answers->columns, sizeof *each), sum = 0;
    if (!each) return BRN_ERROR_NO_MEMORY;
    const brn_status status = brn__average_precisions(answers, each);
    int64_t classes = 0;
    for (int64_t k = 0; status == BRN_OK && k < answers->columns; k++)
        if (!isnan(each[k])) sum += each[k], classes++;
    if (status == BRN_OK) *value = classes ? sum / (double)classes : NAN;
    brn__free(each);
    return status;
}

const brn__whole_metric brn__whole_map = {.name = "map", .of_all = of_all};
