/* SPDX-License-Identifier: Apache-2.0
 *
 * report.html of an image run: all a page needs is in one plain struct, filled by whoever has the facts.
 * Whatever is not there (NULL, count 0) is left out or said to be missing. Names come as they are and
 * are escaped here. */
#ifndef BRN__REPORT_IMAGE_REPORT_H
#define BRN__REPORT_IMAGE_REPORT_H

#include "report/run_page.h"
#include <stdbool.h>

enum {
    BRN__REPORT_PICTURES_MAX = 60, /* of one section */
    BRN__REPORT_LINES_MAX = 200,   /* of a list: what is over is told as a number */
};

typedef struct brn__report_picture {
    const char *path;           /* read when the page is made */
    const char *name;           /* as shown */
    const char *label, *answer;
    double probability;         /* of the answer */
    double label_probability, loss;
} brn__report_picture;

typedef struct brn__report_pictures {
    const brn__report_picture *items; /* (count) */
    int count;
} brn__report_pictures;

typedef struct brn__image_report {
    const char *title, *subtitle, *footer;
    brn__report_list figures;       /* the few numbers that matter */
    const brn__run_table *history;  /* history.csv */
    const brn__run_table *curve;    /* curve.csv */
    const char *const *classes;     /* (K) */
    int64_t class_count;
    const int64_t *train_counts, *valid_counts; /* (K) */
    const int64_t *confusion;       /* (K, K): row = truth, column = answer */
    const brn__report_confused *confused;
    int confused_count;
    brn__report_pictures top_losses, suspects, samples;
    brn__report_list bad;           /* file, reason */
    int64_t bad_count;              /* of all: bad.pairs may hold the first only */
    brn__report_list configuration, provenance;
    const char *remark;             /* why something is missing */
    const char *const *rate_plots;  /* (rate_plot_count): SVG documents of the rate finder */
    int rate_plot_count;
} brn__image_report;

brn_status brn__image_report_make(const brn__image_report *report, brn__text *out);
/* The file appears whole or not at all. */
brn_status brn__image_report_write(const char *path, const brn__image_report *report);

/* The parts, in image_report_classes.c, _pictures.c. */
void brn__image_report_data(brn__text *out, const brn__image_report *report);
void brn__image_report_pictures(brn__text *out, const char *id, const char *heading, const char *note,
                                const brn__report_pictures *pictures);

#endif
