/* SPDX-License-Identifier: Apache-2.0
 * The area under the ROC curve: the chance that a positive item ranks above a negative one, half of the
 * ties counted. Of two labels it is that of label 1; else the mean over the classes that have both. */
#include "base/alloc.h"
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static double area(const brn__ranked *ranked, int64_t count)
{
    double positives = 0, pairs_won = 0;
    for (int64_t i = 0; i < count; i++) positives += ranked[i].positive;
    const double negatives = (double)count - positives;
    if (positives == 0 || negatives == 0) return NAN;
    double positives_above = 0;
    for (int64_t i = 0; i < count;) {
        double p = 0, n = 0;
        const double score = ranked[i].score;
        for (; i < count && ranked[i].score == score; i++) ranked[i].positive ? p++ : n++;
        pairs_won += n * (positives_above + p / 2);
        positives_above += p;
    }
    return pairs_won / (positives * negatives);
}

static brn_status of_all(const brn__answers *answers, double *value)
{
    brn__ranked *ranked = brn__alloc_array((size_t)answers->count, sizeof *ranked);
    if (!ranked) return BRN_ERROR_NO_MEMORY;
    brn_status status = BRN_OK;
    double sum = 0;
    int64_t classes = 0;
    const int64_t first = answers->labels && answers->columns == 2 ? 1 : 0;
    for (int64_t k = first; status == BRN_OK && k < answers->columns; k++) {
        status = brn__rank(answers, k, ranked);
        const double one = status == BRN_OK ? area(ranked, answers->count) : NAN;
        if (!isnan(one)) sum += one, classes++;
    }
    if (status == BRN_OK) *value = classes ? sum / (double)classes : NAN;
    brn__free(ranked);
    return status;
}

const brn__whole_metric brn__whole_auc = {.name = "auc", .of_all = of_all};
