/* SPDX-License-Identifier: Apache-2.0
 * The report of a run, from its folder and from what its model got wrong. */
#ifndef BRN__JOBS_IMAGE_PAGE_H
#define BRN__JOBS_IMAGE_PAGE_H

#include "jobs/image_interpret.h"

enum { BRN__PAGE_PAIRS = 12, BRN__PAGE_RATE_PLOTS = 8 };

/* All that a page is made of, and what it borrows. */
typedef struct brn__page {
    const char *run;
    const brn_image_interpretation *found; /* NULL: no pictures */
    const brn_image_data *data;            /* NULL: none */
    const char *data_path;                 /* what `data` lists; NULL */
    int top;
    brn__config_facts config;
    brn__facts figures, provenance;
    brn__run_table history, curve;
    brn__image_skipped skipped;
    brn__image_report report;
    brn__report_picture *pictures; /* of all sections */
    brn__report_confused confused[BRN__PAGE_PAIRS];
    brn__html_pair *bad;
    int64_t *counts;               /* (2, K) */
    char *rate_plots[BRN__PAGE_RATE_PLOTS];
    char title[512], subtitle[4608], footer[128];
} brn__page;

/* Writes the page. Given are run, found, data, data_path, top and report.remark; all else is zero. */
brn_status brn__page_write(const char *path, const brn__page *given);

#endif
