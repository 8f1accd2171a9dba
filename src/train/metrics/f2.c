/* SPDX-License-Identifier: Apache-2.0
 * F2 of the Planet competition's notebooks: the mean over items, at the best of seven thresholds. */
#include "base/status.h"
#include "train/whole_metrics.h"

#include <math.h>

static const double BETA = 2, START = .17, STEP = .01;
enum { STEPS = 7 };

double brn__f_beta(const brn__answers *answers, double beta, double threshold)
{
    const double weight = beta * beta;
    /* the sigmoid is above the threshold where the logit is above its */
    const double least = log(threshold / (1 - threshold));
    double total = 0;
    for (int64_t i = 0; i < answers->count; i++) {
        double right = 0, wanted = 0, answered = 0;
        for (int64_t k = 0; k < answers->columns; k++) {
            const bool is_wanted = answers->targets[i * answers->columns + k] > .5f;
            const bool is_answered = (double)answers->outputs[i * answers->columns + k] > least;
            right += is_wanted && is_answered;
            wanted += is_wanted;
            answered += is_answered;
        }
        if (right > 0) total += (1 + weight) * right / (weight * wanted + answered);
    }
    return answers->count ? total / (double)answers->count : NAN;
}

double brn__best_threshold(const brn__answers *answers, double beta, double start, double step,
                           int steps, double *f_beta)
{
    double best = start;
    *f_beta = NAN;
    for (int i = 0; i < steps; i++) {
        const double threshold = start + i * step, value = brn__f_beta(answers, beta, threshold);
        if (!(value > *f_beta) && !(i == 0)) continue;
        best = threshold;
        *f_beta = value;
    }
    return best;
}

static brn_status of_all(const brn__answers *answers, double *value)
{
    BRN__TRY(brn__expect_targets(answers, "f2"));
    brn__best_threshold(answers, BETA, START, STEP, STEPS, value);
    return BRN_OK;
}

const brn__whole_metric brn__whole_f2 = {.name = "f2", .of_all = of_all};
