/* SPDX-License-Identifier: Apache-2.0
 * What is drawn of a run of the table job. */
#ifndef BRN__JOBS_TABLE_PAGE_H
#define BRN__JOBS_TABLE_PAGE_H

#include "jobs/table_interpret.h"
#include "report/svg.h"

/* ------------------------------------------------------------------ table_map.c */

typedef struct brn__table_map {
    int64_t embedding;                      /* its number in the model */
    const brn_table_dependence *dependence; /* of its column: colours and weights; NULL: none */
    int64_t answer;                         /* which of its answers colours */
    const char *answer_name;                /* what they are */
} brn__table_map;

/* A picture of the embedding's values, without #na#, which few rows or none have taught. */
brn_status brn__table_map_draw(const brn_table_model *model, const brn__table_map *map, brn__text *out);

#endif
