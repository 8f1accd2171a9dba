/* SPDX-License-Identifier: Apache-2.0
 *
 * What a network on tables goes by: which columns matter to it, how its answers move with each column, and
 * in which rows it is wrong. And the report of a run, in which all of that can be seen.
 *
 *     brn_table_model *model;
 *     brn_table_model_open("runs/table-1", 0, &model);
 *     brn_table_interpret_options options = brn_table_interpret_defaults();
 *     brn_table_interpretation found;
 *     if (brn_table_interpret(model, NULL, &options, &found) == BRN_OK) {
 *         for (int64_t i = 0; i < found.importance_count; i++)
 *             printf("%s %g\n", found.importance[i].column, found.importance[i].mean);
 *         brn_table_interpretation_free(&found);
 *     }
 *     brn_table_model_close(model);
 */
#ifndef BURNISH_TABLE_INTERPRET_H
#define BURNISH_TABLE_INTERPRET_H

#include "burnish/table.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct brn_table_interpret_options {
    int repeats;   /* permutations of each column, 1 to 1000 */
    int64_t rows;  /* of the judged rows, at most so many (2 to 1e9), drawn, serve importance */
    int64_t sample; /* and so many (2 to 1e9) serve dependence */
    int points;    /* of a number column's dependence, 2 to 1000 */
    int values;    /* of a category column's dependence, the most frequent, 1 to 100,000 */
    int64_t worst; /* rows, 0 to 100,000 */
    uint64_t seed; /* of permutations and drawn rows: the same options give the same numbers */
    const char *target; /* of a model of several targets: the one that is looked at; NULL: the first */
    brn_event_handler *on_event; /* hears BATCH events, a column each; may be NULL */
    void *context;
} brn_table_interpret_options;

/* 5 permutations of 20,000 rows, dependence over 500 rows at 20 points or 100 values, 10 rows, seed 42. */
BRN_API brn_table_interpret_options brn_table_interpret_defaults(void);

/* Permutation importance (Breiman, "Random Forests", 2001; in this form Fisher, Rudin and Dominici, "All
 * models are wrong, but many are useful", 2019): how much worse the answers get when the values of one column
 * change places among the rows, so that the column says nothing any more. Columns that say the same share
 * their importance. */
typedef struct brn_table_importance {
    const char *column;      /* of the table: a date stands for all of its parts */
    double mean, deviation;  /* growth of the loss, over the permutations (deviation: n - 1; 0 for one) */
    double metric, metric_deviation; /* the same of accuracy lost, or of rmse gained */
} brn_table_importance;

/* Partial dependence (Friedman, "Greedy function approximation", 2001, section 8.2): the mean answer over the
 * sampled rows when this column has the same value in all of them. Numbers: all different values where these
 * are no more than `points`; else equal steps from the 5th to the 95th percentile. Parts of dates stand alone.
 * It shows combinations that may never occur: where columns hang together, read it with care. */
typedef struct brn_table_dependence {
    const char *column;        /* as the network sees it: Month of a date */
    bool category;
    int64_t count, width;      /* points; K probabilities, or 1 number in the target's own units */
    const double *at;          /* (count), rising: numbers in the column's own units; categories: 0, 1 ... */
    const char *const *values; /* (count): categories, most frequent first; NULL for numbers */
    const double *shares;      /* (count): of the judged rows that have the value; numbers: NULL */
    const double *answers;     /* (count, width) */
} brn_table_dependence;

typedef struct brn_table_worst {
    int64_t row;            /* of the file, without the header, from 1 */
    double truth, answer;   /* numbers: in the target's own units; NaN for classes */
    int64_t label, guess;   /* classes: numbers of the true one, of the most probable one; else -1 */
    double probability, label_probability; /* classes: of the guess, of the label; else NaN */
    double loss;            /* classes: -log label_probability; numbers: |answer - truth| */
    const char *const *values; /* (column_count): as texts; "" where missing */
} brn_table_worst;

/* Of several targets one is looked at, as if it were the only one: score, loss and answers are its own. Truths are
 * numbers then, 0 and 1, and their answers probabilities. */
typedef struct brn_table_interpretation {
    int64_t count;         /* rows that were judged */
    brn_table_score score; /* of all of them */
    const char *target;
    int64_t class_count;         /* K; 0: the target is a number */
    const char *const *classes;  /* (K) */
    const int64_t *confusion;    /* (K, K): row = truth, column = answer; NULL for numbers */
    const double *truths, *answers; /* (count): numbers, in the order of the file; NULL for classes */
    int64_t column_count;
    const char *const *columns; /* (column_count): of the table, that the model needs */
    int64_t unused_count;
    const char *const *unused;  /* (unused_count): of the table, that it does not use */
    int64_t importance_count;
    const brn_table_importance *importance; /* (importance_count): greatest growth of the loss first */
    int64_t dependence_count;
    const brn_table_dependence *dependence; /* (dependence_count): in the order of the importance */
    int64_t worst_count;
    const brn_table_worst *worst; /* (worst_count): greatest loss first */
    struct brn__table_kept *kept; /* owns all of the above */
} brn_table_interpretation;       /* zeroed = empty */

/* Judges the rows of a table. `data` NULL: the rows of the run's own table that validated its training, which
 * are found again by the run's split; else all rows of the file, which needs the target. Of a run of folds: the
 * first fold's model, on its rows. The same where
 * condition and joins hold as in training. BRN_ERROR_IO or _INPUT when the table is not there any more or
 * does not fit, _USAGE for a target that the model hasn't, _INTERRUPTED when the listener stops it. */
BRN_API brn_status brn_table_interpret(brn_table_model *model, const char *data,
                                       const brn_table_interpret_options *options,
                                       brn_table_interpretation *out);
BRN_API void brn_table_interpretation_free(brn_table_interpretation *found);

/* Draws a map of a category column's values as the network sees them: their learned vectors along the two
 * directions in which these differ most (principal components), both in one scale, with names. What lies close
 * together has similar effects: Guo and Berkhahn, "Entity embeddings of categorical variables", 2016, figure 3,
 * in which the states of Germany find their places. #na# is left out. An SVG file that needs nothing else; it
 * appears whole or not at all. BRN_ERROR_INPUT names the columns that have embeddings. */
BRN_API brn_status brn_table_embedding_map(const brn_table_model *model, const char *column,
                                           const char *path);

typedef struct brn_table_report_options {
    brn_table_interpret_options interpret;
    int threads;     /* 0: all processors */
    const char *out; /* file to write; NULL: report.html in the run folder */
} brn_table_report_options;

BRN_API brn_table_report_options brn_table_report_defaults(void);

/* Writes the report of a run (a run folder, or its model.safetensors): curves, answers, importance, dependence,
 * maps, worst rows, columns, options; one HTML file that needs nothing else. `data` as in brn_table_interpret;
 * where it is NULL and the run's table is gone or has changed its columns, the report is made without rows and
 * says so. `out` may be NULL; else it gets what was found (freed by the caller, zeroed when there were no rows),
 * and `path` (size bytes, may be NULL) where the report is. */
BRN_API brn_status brn_table_report(const char *run, const char *data,
                                    const brn_table_report_options *options,
                                    brn_table_interpretation *out, char *path, unsigned long size);

#ifdef __cplusplus
}
#endif
#endif
