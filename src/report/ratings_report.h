/* SPDX-License-Identifier: Apache-2.0
 *
 * report.html of a run on ratings: all a page needs is in one plain struct, filled by whoever has the facts.
 * Whatever is not there (NULL, count 0, NaN) is left out. Names come as they are and are escaped here. */
#ifndef BRN__REPORT_RATINGS_REPORT_H
#define BRN__REPORT_RATINGS_REPORT_H

#include "report/run_page.h"
#include "report/svg.h"

enum { BRN__REPORT_CONTENDERS = 3 };

/* A metric of the model and of what needs none. */
typedef struct brn__report_metric {
    const char *name;
    double values[BRN__REPORT_CONTENDERS];
} brn__report_metric;

/* A user or item with its bias. */
typedef struct brn__report_bias {
    const char *name;
    double bias, mean; /* mean rating; NaN: none */
    int64_t count;     /* ratings */
} brn__report_bias;

typedef struct brn__report_biases {
    const brn__report_bias *items; /* (count), strongest first */
    int count;
} brn__report_biases;

typedef struct brn__ratings_report {
    brn__run_head head;
    const char *footer;
    brn__run_curves curves;
    const char *const *contenders; /* (BRN__REPORT_CONTENDERS) */
    const brn__report_metric *metrics;
    int metric_count;
    const char *metrics_note;
    const char *const *rating_names; /* (rating_count): bars of the distribution */
    const double *rating_shares;
    int rating_count;
    brn__report_biases best_items, worst_items, kind_users, strict_users;
    const brn__svg_map *map; /* of items; NULL: none */
    brn__report_list configuration, provenance;
} brn__ratings_report;

brn_status brn__ratings_report_make(const brn__ratings_report *report, brn__text *out);
/* The file appears whole or not at all. */
brn_status brn__ratings_report_write(const char *path, const brn__ratings_report *report);

#endif
