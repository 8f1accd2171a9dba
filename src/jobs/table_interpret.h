/* SPDX-License-Identifier: Apache-2.0
 * What the files that interpret models of tables share. */
#ifndef BRN__JOBS_TABLE_INTERPRET_H
#define BRN__JOBS_TABLE_INTERPRET_H

#include "burnish/table_interpret.h"
#include "jobs/table_job.h"

/* ------------------------------------------------------------------ table_judged.c */

/* A table, prepared, and the rows of it that are judged. */
typedef struct brn__table_judged {
    brn_table_model *model; /* borrowed */
    brn_table *table;
    int64_t own_columns;    /* of the table, before dates became their parts */
    brn__prepared prepared; /* all rows of the table, with targets */
    int64_t *rows;          /* (count) */
    int64_t count;
    const char *target;     /* the one that is looked at; the model's */
    int64_t focus;          /* its number among several, else 0 */
    int64_t width;          /* K answers a row: 1 for one of several targets */
} brn__table_judged;

/* `data` and `target` as in brn_table_interpret. */
brn_status brn__table_judged_open(brn_table_model *model, const char *data, const char *target, brn__table_judged *out);
void brn__table_judged_close(brn__table_judged *judged); /* zeroed is fine */

/* A copy of some judged rows, to be changed at will: all of them where they are no more than `most`, else as
 * many, drawn by seed and purpose. brn__prepared_free. */
brn_status brn__table_judged_draw(const brn__table_judged *judged, int64_t most, uint64_t seed,
                                  const char *purpose, brn__prepared *out);
/* The value of a column in a row as a text in the arena: "" where it is missing. NULL without memory. */
const char *brn__table_value_text(const brn_table *table, int64_t column, int64_t row,
                                  brn__arena *arena);
/* The true number of a row, in the target's own units. */
double brn__table_judged_truth(const brn__table_judged *judged, int64_t row);
/* How good the answers to all rows of prepared ones are, of the target that is looked at. */
brn_status brn__table_judged_score(const brn__table_judged *judged, const brn__prepared *prepared,
                                   brn_table_score *out);
/* Answers (rows, K), as they are told, of all rows of prepared ones. */
brn_status brn__table_judged_answers(const brn__table_judged *judged, const brn__prepared *prepared,
                                     float *answers);

/* ------------------------------------------------------------------ the parts of an interpretation */

/* How far a long call has come; BRN_ERROR_INTERRUPTED when the listener stops it. */
typedef struct brn__table_steps {
    brn__progress progress;
    int64_t done, all;
} brn__table_steps;
brn_status brn__table_step(brn__table_steps *steps); /* table_interpret.c */

/* table_importance.c: fills importance, in the order of the model's columns. */
brn_status brn__table_find_importance(const brn__table_judged *judged,
                                      const brn_table_interpret_options *options,
                                      brn__table_steps *steps, brn_table_importance *out);
/* table_dependence.c: fills dependence (one an input that is no indicator of gaps), in the order of inputs. */
brn_status brn__table_find_dependence(const brn__table_judged *judged,
                                      const brn_table_interpret_options *options,
                                      brn__table_steps *steps, brn__arena *arena,
                                      brn_table_dependence *out);
/* Inputs of the network that are no indicators of gaps. */
int64_t brn__table_dependence_count(const brn__preparation *preparation);

#endif
