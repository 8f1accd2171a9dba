/* SPDX-License-Identifier: Apache-2.0
 *
 * report.html of a run on a table: all a page needs is in one plain struct, filled by whoever has the facts.
 * Whatever is not there (NULL, count 0) is left out or said to be missing. Names come as they are and are
 * escaped here. */
#ifndef BRN__REPORT_TABLE_REPORT_H
#define BRN__REPORT_TABLE_REPORT_H

#include "report/run_page.h"

enum {
    BRN__REPORT_IMPORTANCE_MAX = 40, /* columns of the plot of importance */
    BRN__REPORT_VALUES_MAX = 16,     /* categories of a plot of dependence */
    BRN__REPORT_COLUMNS_MAX = 8,     /* of a table of rows, beside truth and answer */
};

/* What a column of the table became. */
typedef struct brn__report_column {
    const char *name, *use, *facts; /* "category", "27 values: a, b, c ..." */
} brn__report_column;

/* How answers move with a column. */
typedef struct brn__report_dependence {
    const char *column;
    bool category;
    int64_t count, width;      /* points; K or 1 */
    const double *at;          /* (count) */
    const char *const *values; /* (count) of categories */
    const double *answers;     /* (count, width) */
} brn__report_dependence;

/* A row that was answered wrong, as texts. */
typedef struct brn__report_row {
    long long row;
    const char *truth, *answer;
    const char *const *values; /* (shown_count) */
} brn__report_row;

typedef struct brn__table_report {
    brn__run_head head;
    const char *footer;
    brn__run_curves curves;
    const char *target;
    const char *const *classes; /* (class_count); 0: numbers */
    int64_t class_count;
    brn__run_confusion confusion;
    const double *truths, *answers; /* (answer_count): numbers */
    int64_t answer_count;
    const brn__report_column *columns;
    int column_count;
    const char *unused; /* names of columns that are left out; NULL: none */
    const char *const *importance_names; /* (importance_count), greatest first */
    const double *importance, *importance_deviations;
    int importance_count;
    const char *importance_of; /* what grows: "loss" */
    const brn__report_dependence *dependence;
    int dependence_count;
    const char *const *maps; /* (map_count): SVG pictures, each with its title */
    int map_count;
    const char *const *shown; /* (shown_count): columns of the rows */
    int shown_count;
    const brn__report_row *rows;
    int row_count;
    brn__report_list configuration, provenance;
} brn__table_report;

brn_status brn__table_report_make(const brn__table_report *report, brn__text *out);
/* The file appears whole or not at all. */
brn_status brn__table_report_write(const char *path, const brn__table_report *report);

/* The parts, in table_report_columns.c and table_report_answers.c. */
void brn__table_report_columns(brn__text *out, const brn__table_report *report);
void brn__table_report_importance(brn__text *out, const brn__table_report *report);
void brn__table_report_dependence(brn__text *out, const brn__table_report *report);
void brn__table_report_maps(brn__text *out, const brn__table_report *report);
void brn__table_report_answers(brn__text *out, const brn__table_report *report);
void brn__table_report_rows(brn__text *out, const brn__table_report *report);

#endif
