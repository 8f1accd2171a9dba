/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a run's report that all jobs share: head, curves, rates that were searched, confusion, lists.
 * Whatever is not there (NULL, count 0) is left out. Names come as they are and are escaped here.
 *
 *     brn__html_begin(&page, head.title);
 *     brn__run_page_head(&page, &head);
 *     brn__run_page_curves(&page, &curves);
 *     brn__run_page_list(&page, "configuration", "Configuration", &options);
 *     brn__html_end(&page, footer);
 */
#ifndef BRN__REPORT_RUN_PAGE_H
#define BRN__REPORT_RUN_PAGE_H

#include "report/html.h"
#include "report/run_table.h"
#include <stdbool.h>

typedef struct brn__report_list {
    const brn__html_pair *pairs; /* (count) */
    int count;
} brn__report_list;

/* Title, and the few numbers that matter as tiles. */
typedef struct brn__run_head {
    const char *title, *subtitle;
    const char *remark; /* why something is missing */
    brn__report_list figures;
} brn__run_head;
void brn__run_page_head(brn__text *out, const brn__run_head *head);

/* run_page_curves.c: losses, metrics (every column of the history that is not the loop's own), rates, momentum,
 * and the epochs as a table. */
typedef struct brn__run_curves {
    const brn__run_table *history; /* history.csv */
    const brn__run_table *curve;   /* curve.csv */
    const char *items;             /* what validates: "pictures", "rows" */
} brn__run_curves;
void brn__run_page_curves(brn__text *out, const brn__run_curves *curves);

/* Plots (count) of the rate finder: SVG documents. */
void brn__run_page_rates(brn__text *out, const char *const *plots, int count);

/* run_page_confusion.c: the matrix, accuracy by class, the most confused pairs. */
typedef struct brn__report_confused {
    const char *label, *answer;
    int64_t count;
} brn__report_confused;

typedef struct brn__run_confusion {
    const char *const *classes;           /* (K) */
    int64_t class_count;                  /* K */
    const int64_t *confusion;             /* (K, K): row = truth, column = answer */
    const brn__report_confused *confused; /* (confused_count): most frequent first */
    int confused_count;
    const char *items; /* "pictures", "rows" */
} brn__run_confusion;
void brn__run_page_confusion(brn__text *out, const brn__run_confusion *confusion);

/* A section with a table of two columns. */
void brn__run_page_list(brn__text *out, const char *id, const char *heading, const brn__report_list *pairs);

#endif
