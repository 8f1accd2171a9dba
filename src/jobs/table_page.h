/* SPDX-License-Identifier: Apache-2.0
 * What is drawn of a run of the table job. */
#ifndef BRN__JOBS_TABLE_PAGE_H
#define BRN__JOBS_TABLE_PAGE_H

#include "jobs/run_facts.h"
#include "jobs/table_interpret.h"
#include "report/svg.h"
#include "report/table_report.h"

/* ------------------------------------------------------------------ table_map.c */

typedef struct brn__table_map {
    int64_t embedding;                      /* its number in the model */
    const brn_table_dependence *dependence; /* of its column: colours and weights; NULL: none */
    int64_t answer;                         /* which of its answers colours */
    const char *answer_name;                /* what they are */
} brn__table_map;

/* A picture of the embedding's values, without #na#, which few rows or none have taught. */
brn_status brn__table_map_draw(const brn_table_model *model, const brn__table_map *map, brn__text *out);

/* ------------------------------------------------------------------ table_columns.c */

/* What the columns became, as texts of the arena. */
brn_status brn__table_column_facts(const brn_table_model *model, brn__arena *arena, brn__report_column **out,
                                   int *count);

/* ------------------------------------------------------------------ table_page.c */

enum { BRN__TABLE_MAPS_MAX = 6 };

/* All that a page is made of, and what it borrows. */
typedef struct brn__table_page {
    const char *run; /* folder */
    const brn_table_model *model;
    const brn_table_interpretation *found; /* NULL: no rows */
    const char *remark;
    brn__arena arena;
    brn__config_facts config;
    brn__facts figures, provenance;
    brn__run_table history, curve;
    brn__text maps[BRN__TABLE_MAPS_MAX];
    brn__table_report report;
} brn__table_page;

/* Writes the page. Given are run, model, found and remark; all else is zero. */
brn_status brn__table_page_write(const char *path, const brn__table_page *given);

/* ------------------------------------------------------------------ table_report.c */

/* At the end of a training: as brn_table_report, with the rows of `data` and joins as they are opened (with
 * passwords). */
brn_status brn__table_train_report(const char *run, const char *data, const brn_table_join *joins,
                                   brn__progress *progress, int threads, char *path, size_t size);

#endif
