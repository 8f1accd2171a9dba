/* SPDX-License-Identifier: Apache-2.0
 * The list of metrics: a record `brn__metric_NAME` in metrics/NAME.c, one line here. */
#ifndef BRN__TRAIN_METRIC_LIST_H
#define BRN__TRAIN_METRIC_LIST_H

#include <stdint.h>

typedef struct brn__metric {
    const char *name;
    /* One item: its outputs (K) and its label. The metric is the mean over the items. */
    double (*of_item)(const float *output, int64_t classes, int64_t label);
} brn__metric;

#define BRN__METRIC_LIST(X) X(accuracy) X(error_rate) X(top5)

#define X(name) extern const brn__metric brn__metric_##name;
BRN__METRIC_LIST(X)
#undef X

const brn__metric *brn__metric_find(const char *name); /* NULL: none of that name */

/* Index of the largest value, the first of equals. */
int64_t brn__largest(const float *values, int64_t count);

#endif
