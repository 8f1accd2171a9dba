/* SPDX-License-Identifier: Apache-2.0
 * From a table to what a network sees, as fastai 2's Categorify, FillMissing and Normalize do it:
 * learned on training rows only, kept as declarative JSON, applied to any table.
 *
 *   category columns  code 0 is #na# (missing, or not seen in training), then the values seen in
 *                     training, sorted
 *   number columns    missing -> the training median; (x - mean) / (population deviation + 1e-7),
 *                     both of the filled training rows
 *   NAME_na           a category column beside each number column that has gaps in training
 *   dates             their parts (date_parts.h), which are columns like others
 *
 * A number that is not finite counts as missing. A constant column is 0 everywhere in training, and
 * elsewhere x - mean. */
#ifndef BRN__DATA_TABLE_PREPARE_H
#define BRN__DATA_TABLE_PREPARE_H

#include "data/table/events.h"
#include "data/table/table.h"

typedef enum brn__target_kind {
    BRN__TARGET_NONE,   /* no target column */
    BRN__TARGET_NUMBER, /* a float a row; with several targets a float for each of them */
    BRN__TARGET_CLASS,  /* a class number a row; classes are the sorted values */
} brn__target_kind;

enum { BRN__MOST_CATEGORIES = 1 << 24 }; /* codes are exact in a float */

typedef struct brn__prepare_options {
    const char *target; /* NULL: none */
    /* (more_target_count): further ones; all are numbers, or all truths (True and False, 0 and 1)
     */
    const char *const *more_targets;
    int64_t more_target_count;
    bool target_class; /* the target is a class, even where it is a number */
    bool target_log;   /* learn the logarithm of the target */
    const char *const *categories, *const *numbers, *const *ignored; /* column names */
    int64_t category_count, number_count, ignored_count;
    bool only_named;         /* columns not named are ignored; else they are divided up by type */
    int64_t max_cardinality; /* an integer column with more different values is a number (20) */
} brn__prepare_options;

brn__prepare_options brn__prepare_defaults(void);

typedef struct brn__category_column {
    const char *name;     /* of the column; NAME_na for an indicator */
    const char *source;   /* indicators: the number column that it tells about; else NULL */
    brn_column_type type; /* of the column in training */
    int64_t count;        /* values without #na# */
    const char **values;  /* (count), sorted; value i has code i + 1 */
} brn__category_column;

typedef struct brn__number_column {
    const char *name;
    double fill, mean, deviation; /* deviation as it divides */
} brn__number_column;

typedef struct brn__date_column {
    const char *name;
    bool time;
} brn__date_column;

/* One of several targets: its numbers (logarithms, where these are learned) become (y - mean) /
 * deviation. Truths are left as they are: 0 and 1. */
typedef struct brn__target_column {
    const char *name;
    double mean, deviation;
} brn__target_column;

/* All texts live in the arena. */
typedef struct brn__preparation {
    brn__arena arena;
    brn__events
        *events; /* what tables gain before they are prepared (brn__events_add); owned, or NULL */
    brn__date_column *dates;
    brn__category_column *categories; /* indicators are the last */
    brn__number_column *numbers;
    int64_t date_count, category_count, number_count;
    const char *target; /* NULL: none */
    brn__target_kind target_kind;
    bool target_log;
    brn__category_column classes;   /* TARGET_CLASS: without #na# */
    double target_low, target_high; /* TARGET_NUMBER: the range in training, after the logarithm */
    brn__target_column *targets;    /* (target_count): several targets; the first is `target` */
    int64_t target_count;           /* 0: there is one, or none */
    bool target_truths;             /* of several: truths, not numbers */
} brn__preparation;

/* Learns from the rows where training[row]. Date parts are added to the table. BRN_ERROR_INPUT for
 * columns that are not there, for a target that is missing in a training row or has no logarithm,
 * and when there is nothing to learn from. */
brn_status brn__prepare_learn(brn_table *table, const bool *training,
                              const brn__prepare_options *options, brn__preparation **out);
void brn__preparation_free(brn__preparation *preparation); /* NULL is fine */

/* Rows for a network. */
typedef struct brn__prepared {
    int64_t rows, category_count, number_count;
    float *inputs;  /* (rows, category_count + number_count): codes, then numbers; owned */
    float *numbers; /* (rows, target_width) target of TARGET_NUMBER, or NULL; owned */
    int64_t target_width;
    int64_t *classes; /* (rows) target of TARGET_CLASS, or NULL; owned */
} brn__prepared;

/* Date parts are added to the table. BRN_ERROR_INPUT names a column that is not there or holds
 * something else than in training. With `with_target` a target that is missing, or a class that was
 * not in training, is an error that names its row (counted from 1). */
brn_status brn__prepare_apply(const brn__preparation *preparation, brn_table *table,
                              bool with_target, brn__prepared *out);
void brn__prepared_free(brn__prepared *prepared); /* zeroed is fine */

/* The preparation as a JSON object (brn__free), and back. */
brn_status brn__preparation_write(const brn__preparation *preparation, char **out);
brn_status brn__preparation_read(const char *json, brn__preparation **out);

#endif
