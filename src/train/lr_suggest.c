/* SPDX-License-Identifier: Apache-2.0
 * What the losses of a rate finder suggest. The four rules are fastai 2's and are computed in float, as
 * there, because they compare. */
#include "base/alloc.h"
#include "base/status.h"
#include "burnish/lr_finder.h"

#include <math.h>

enum { SKIPPED_AT_END = 5, SLIDE_WIDTH = 15 };
static const float SLIDE_THRESHOLD = .005f;

void brn_lr_curve_free(brn_lr_curve *curve)
{
    brn__free(curve->points);
    *curve = (brn_lr_curve){0};
}

void brn_lr_curve_useful(const brn_lr_curve *curve, int64_t *begin, int64_t *count)
{
    int64_t numbers = 0; /* points before the first that is none */
    while (numbers < curve->count && isfinite(curve->points[numbers].loss)) numbers++;
    /* after a loss that is no number fastai 2 would have gone on, and drops the last five of all */
    const bool is_nan = numbers < curve->count && isnan(curve->points[numbers].loss);
    const int64_t made = is_nan ? curve->iterations : curve->count;
    int64_t end = made - SKIPPED_AT_END < numbers ? made - SKIPPED_AT_END : numbers;
    *begin = curve->iterations / 10;
    *count = end > *begin ? end - *begin : 0;
}

/* The longest run of ever lower losses, points between left out; the run may end anywhere. Returns the
 * index at a third and a sixth of it. `lengths` has room for `count`. */
static int64_t valley(const float *losses, int64_t count, int *lengths)
{
    int64_t start = 0, end = 0;
    for (int64_t i = 0; i < count; i++) lengths[i] = 1;
    for (int64_t i = 1; i < count; i++)
        for (int64_t j = 0; j < i; j++) {
            if (losses[i] < losses[j] && lengths[i] < lengths[j] + 1) lengths[i] = lengths[j] + 1;
            if (lengths[end] >= lengths[i]) continue;
            end = i; /* its start stays where this first step past the longest one put it */
            start = end - lengths[end];
        }
    const double third = (double)(end - start) / 3;
    const int64_t index = start + (int64_t)third + (int64_t)(third / 2);
    return index < 0 ? index + count : index;
}

/* Differences to both sides, halved; to one side at the ends. */
static float slope_at(const float *losses, int64_t count, int64_t i)
{
    if (i == 0) return losses[1] - losses[0];
    if (i == count - 1) return losses[i] - losses[i - 1];
    return (losses[i + 1] - losses[i - 1]) / 2;
}

static int64_t slide(const float *losses, int64_t count)
{
    int64_t right = count - 1, left = right - SLIDE_WIDTH, found = left;
    while (left >= 0 && fabsf(slope_at(losses, count, right) - slope_at(losses, count, left)) >
                            SLIDE_THRESHOLD) {
        found = left;
        right--, left--;
    }
    return found;
}

static int64_t lowest(const float *values, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] < values[best]) best = i;
    return best;
}

static int64_t steepest(const float *rates, const float *losses, int64_t count)
{
    int64_t best = 0;
    float most = INFINITY;
    for (int64_t i = 0; i + 1 < count; i++) {
        const float slope = (losses[i + 1] - losses[i]) / (logf(rates[i + 1]) - logf(rates[i]));
        if (slope < most) most = slope, best = i;
    }
    return best;
}

brn_status brn_lr_suggest_from(const float *rates, const float *losses, int64_t count,
                               brn_lr_suggestions *out)
{
    *out = (brn_lr_suggestions){NAN, NAN, NAN, NAN};
    if (count < 2) return BRN_OK; /* of one point nothing falls or rises */
    int *lengths = brn__alloc_array((size_t)count, sizeof *lengths);
    if (!lengths) return BRN_ERROR_NO_MEMORY;
    out->valley = (double)rates[valley(losses, count, lengths)];
    brn__free(lengths);
    out->minimum = (double)rates[lowest(losses, count)] / 10;
    out->steep = (double)rates[steepest(rates, losses, count)];
    if (count > SLIDE_WIDTH) out->slide = (double)rates[slide(losses, count)];
    return BRN_OK;
}

brn_lr_suggestions brn_lr_suggest(const brn_lr_curve *curve)
{
    brn_lr_suggestions suggestions = {NAN, NAN, NAN, NAN};
    int64_t begin, count;
    brn_lr_curve_useful(curve, &begin, &count);
    float *numbers = brn__alloc_array(2 * (size_t)count + 1, sizeof *numbers);
    if (!numbers) return suggestions;
    for (int64_t i = 0; i < count; i++) {
        numbers[i] = (float)curve->points[begin + i].rate;
        numbers[count + i] = (float)curve->points[begin + i].loss;
    }
    if (brn_lr_suggest_from(numbers, numbers + count, count, &suggestions) != BRN_OK)
        suggestions = (brn_lr_suggestions){NAN, NAN, NAN, NAN};
    brn__free(numbers);
    return suggestions;
}
