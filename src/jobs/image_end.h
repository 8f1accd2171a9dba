/* SPDX-License-Identifier: Apache-2.0
 * What a training leaves behind that does not come to its end. */
#ifndef BRN__JOBS_IMAGE_END_H
#define BRN__JOBS_IMAGE_END_H

#include "jobs/image_train.h"

/* After an interruption or a divergence (`status`, with its message): the run folder keeps a model where
 * there is a good one and gets a report that says at its top what happened; the message tells what the
 * folder has. Other failures are handed on as they are. Returns a failure always. */
brn_status brn__image_broken_off(brn__image_training *training, brn_status status);

#endif
