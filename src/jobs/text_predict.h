/* SPDX-License-Identifier: Apache-2.0
 * What answers and explanations of single texts share. */
#ifndef BRN__JOBS_TEXT_PREDICT_H
#define BRN__JOBS_TEXT_PREDICT_H

#include "jobs/text_job.h"

/* A text as a member's network reads it: `count` tokens, then padding up to `length`. */
typedef struct brn__text_row {
    int64_t *tokens; /* (length); owned */
    int64_t count, length;
} brn__text_row;
brn_status brn__text_row_of(const brn__text_member *member, const char *text, brn__text_row *out);

/* The mean answer (K) of all members. */
brn_status brn__text_answer(brn_text_model *model, const char *text, float *values);

#endif
