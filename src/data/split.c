/* SPDX-License-Identifier: Apache-2.0 */
#include "data/split.h"
#include "base/alloc.h"
#include "base/philox.h"
#include "base/status.h"

#include <stdlib.h>

void brn__split_order(uint64_t seed, int64_t label, int64_t *order, int64_t count)
{
    for (int64_t i = 0; i < count; i++) order[i] = i;
    brn__random random = brn__random_new(brn__philox_key(seed, "split"), (uint32_t)label, 0, 0);
    brn__random_shuffle(&random, order, count);
}

int64_t brn__split_share(double share, int64_t count)
{
    int64_t wanted = (int64_t)(share * (double)count + 0.5);
    if (wanted < 1 && share > 0) wanted = 1;
    return wanted > count - 1 ? count - 1 : wanted;
}

typedef struct labelled {
    int64_t label, item;
} labelled;

static int by_label(const void *a, const void *b)
{
    const labelled *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return x->item < y->item ? -1 : 1;
}

/* Each label's items in shuffled order, dealt out one by one; a label goes on dealing where the one
 * before stopped, so that the folds' sizes differ by one at most. */
static void deal(const labelled *sorted, int64_t n, int64_t folds, uint64_t seed, int64_t *order,
                 int64_t *fold_of)
{
    int64_t dealt = 0;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && sorted[end].label == sorted[first].label;) end++;
        brn__split_order(seed, sorted[first].label, order, end - first);
        for (int64_t i = 0; i < end - first; i++)
            fold_of[sorted[first + order[i]].item] = dealt++ % folds;
    }
}

brn_status brn_stratified_folds(const int64_t *labels, int64_t n, int64_t folds, uint64_t seed,
                                int64_t *fold_of)
{
    if (folds < 2 || folds > n)
        return brn__fail(BRN_ERROR_INPUT, "%lld folds of %lld items; expected 2 to the number of items",
                         (long long)folds, (long long)n);
    labelled *sorted = brn__alloc_array((size_t)n, sizeof *sorted);
    int64_t *order = brn__alloc_array((size_t)n, sizeof *order);
    for (int64_t i = 0; sorted && i < n; i++)
        sorted[i] = (labelled){.label = labels ? labels[i] : 0, .item = i};
    if (sorted && order) {
        qsort(sorted, (size_t)n, sizeof *sorted, by_label);
        deal(sorted, n, folds, seed, order, fold_of);
    }
    brn_status status = sorted && order ? BRN_OK : BRN_ERROR_NO_MEMORY;
    brn__free(sorted);
    brn__free(order);
    return status;
}

brn_status brn_class_weights(const int64_t *counts, int64_t classes, float *weights)
{
    double all = 0;
    int64_t filled = 0;
    for (int64_t k = 0; k < classes; k++) {
        if (counts[k] < 0)
            return brn__fail(BRN_ERROR_INPUT, "class %lld has %lld items; expected 0 or more",
                             (long long)k, (long long)counts[k]);
        all += (double)counts[k];
        filled += counts[k] > 0;
    }
    if (filled == 0)
        return brn__fail(BRN_ERROR_INPUT, "no weights for %lld classes without items",
                         (long long)classes);
    for (int64_t k = 0; k < classes; k++)
        weights[k] = counts[k] ? (float)(all / ((double)filled * (double)counts[k])) : 0;
    return BRN_OK;
}
