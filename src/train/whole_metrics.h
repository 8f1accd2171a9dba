/* SPDX-License-Identifier: Apache-2.0
 * Metrics of all validation items at once, which no mean over items can give: rankings, searched
 * thresholds, shares of a variance. A record `brn__whole_NAME` in metrics/NAME.c, one line here.
 *
 *     brn__whole_metrics metrics;
 *     brn__whole_metrics_init(&metrics, (const brn__whole_metric *[]){&brn__whole_f2, &brn__whole_map}, 2);
 *     options.callbacks[options.callback_count++] = &metrics.callback;
 *     ...
 *     brn__whole_metrics_deinit(&metrics); */
#ifndef BRN__TRAIN_WHOLE_METRICS_H
#define BRN__TRAIN_WHOLE_METRICS_H

#include "train/callbacks.h"

/* What a network put out for each item, and what was right: n-hot or any numbers, or labels. */
typedef struct brn__answers {
    int64_t count, columns; /* N, K */
    const float *outputs;   /* (N, K): as the network puts them out: logits, or predicted numbers */
    const float *targets;   /* (N, K), or NULL */
    const int64_t *labels;  /* (N), or NULL */
} brn__answers;

typedef struct brn__whole_metric {
    const char *name;
    /* NaN where it is not defined: no items, no positive one ... BRN_ERROR_USAGE when it is not for such
     * targets. */
    brn_status (*of_all)(const brn__answers *answers, double *value);
} brn__whole_metric;

#define BRN__WHOLE_METRIC_LIST(X)                                                                  \
    X(f2)             /* multi-label: Planet's, at the best threshold of .17 .. .23 */             \
    X(accuracy_multi) /* multi-label: share of right answers at .5, over items and classes */      \
    X(map)            /* mean over classes of the average precision */                             \
    X(auc)            /* mean over classes of the area under the ROC curve; of two labels, of 1 */ \
    X(mse)            /* numbers: of all columns together */                                       \
    X(rmse)                                                                                        \
    X(mae)                                                                                         \
    X(r2)             /* mean over columns of 1 - squared error / variance */                      \
    X(exp_rmspe)      /* numbers in logarithms: root mean square of the relative error */

#define X(name) extern const brn__whole_metric brn__whole_##name;
BRN__WHOLE_METRIC_LIST(X)
#undef X

const brn__whole_metric *brn__whole_metric_find(const char *name); /* NULL: none of that name */

typedef struct brn__whole_metrics {
    brn__callback callback;
    const brn__whole_metric *metrics[BRN__METRICS_MAX];
    int count;
    int64_t items, capacity, columns;
    bool has_labels;
    float *outputs, *targets;
    int64_t *labels;
} brn__whole_metrics;
void brn__whole_metrics_init(brn__whole_metrics *metrics, const brn__whole_metric *const *list,
                             int count);
void brn__whole_metrics_deinit(brn__whole_metrics *metrics); /* a zeroed one is fine */

/* ------------------------------------------------------------------ for the metrics, and reports */

/* BRN_ERROR_USAGE naming the metric unless the answers have targets (or labels). */
brn_status brn__expect_targets(const brn__answers *answers, const char *metric);

/* Scores of class k by which items are ranked, and which are positive: sigmoids are ranked as logits, of
 * labels it is the softmax's share. In falling order of scores. */
typedef struct brn__ranked {
    double score;
    bool positive;
} brn__ranked;
brn_status brn__rank(const brn__answers *answers, int64_t k, brn__ranked *out);

/* The average precision of each class (columns), NaN where no item is positive: the sum over falling
 * thresholds of the step in recall times the precision there; equal scores are one threshold. */
brn_status brn__average_precisions(const brn__answers *answers, double *out);

/* Mean over items of F_beta of the classes whose sigmoid is above `threshold`; an item without classes,
 * right or answered, counts 0. */
double brn__f_beta(const brn__answers *answers, double beta, double threshold);
/* The best of the thresholds start + i step, i = 0 .. steps - 1, the first of equals, and its F_beta. */
double brn__best_threshold(const brn__answers *answers, double beta, double start, double step,
                           int steps, double *f_beta);

#endif
