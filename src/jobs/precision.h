/* SPDX-License-Identifier: Apache-2.0
 * The option `precision` that jobs share. */
#ifndef BRN__JOBS_PRECISION_H
#define BRN__JOBS_PRECISION_H

#include "burnish/precision.h"
#include "train/callbacks.h"

extern const char *const brn__precision_words[]; /* of an option list; NULL ends them */
brn_status brn__precision_check(brn_precision precision);
/* A warning for a user who asked for bf16 where there is none. */
brn_status brn__precision_tell(brn__progress *progress, brn_precision wish);

#endif
