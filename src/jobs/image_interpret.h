/* SPDX-License-Identifier: Apache-2.0
 * What interpretation and reports of the image job share. */
#ifndef BRN__JOBS_IMAGE_INTERPRET_H
#define BRN__JOBS_IMAGE_INTERPRET_H

#include "burnish/interpret.h"
#include "jobs/image_train.h"
#include "jobs/run_facts.h"
#include "report/image_report.h"

/* ------------------------------------------------------------------ image_interpret.c */

/* As brn_image_interpret, of data that are open; they stay the caller's and must outlive `out`. */
brn_status brn__image_interpret_data(brn_image_model *model, const brn_image_data *data,
                                     const brn_image_interpret_options *options,
                                     brn__progress *progress, brn_image_interpretation *out);
/* The model's class of each class of the data (classes of the data); brn__free. */
brn_status brn__image_class_map(const brn_image_model *model, const brn_image_data *data,
                                int64_t **out);

/* ------------------------------------------------------------------ image_suspects.c */

/* Fills `suspects`: of all pictures, with probabilities[item - first] in rows of K. */
brn_status brn__image_find_suspects(brn_image_interpretation *found, const float *probabilities,
                                    int64_t first_item);

/* ------------------------------------------------------------------ image_skipped.c */

/* The list skipped.csv of a run: files that could not be read while it trained, each with its reason. */
typedef struct brn__image_skipped {
    int64_t count;
    char **paths, **reasons; /* (count) */
} brn__image_skipped;

brn_status brn__image_skipped_add(const char *run, const char *path, const char *reason);
/* Each file once; an empty list when there is no such file, a line cut short is passed over. */
brn_status brn__image_skipped_read(const char *run, brn__image_skipped *out);
void brn__image_skipped_free(brn__image_skipped *skipped); /* a zeroed one is fine */

/* ------------------------------------------------------------------ image_report.c */

/* Writes report.html of a training that has just ended and keeps its path in t->result.report. A failure
 * is told as a warning: the run itself is complete. */
void brn__image_train_report(brn__image_training *training);

#endif
