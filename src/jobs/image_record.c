/* SPDX-License-Identifier: Apache-2.0
 * The image job's row in the log of runs. */
#include "base/status.h"
#include "jobs/image_targets.h"
#include "jobs/image_train.h"

#include <limits.h>
#include <math.h>

void brn__image_record_begin(brn__image_training *t)
{
    char digest[65];
    const brn_image_options *o = &t->plan.options;
    bool known = brn__image_data_digest(o->data, t->data, digest) == BRN_OK;
    const brn__run_begin facts = {.job = "image",
                                  .architecture = o->architecture,
                                  .data = o->data,
                                  .data_sha256 = known ? digest : NULL,
                                  .seed = o->seed,
                                  .resumed = t->resumed,
                                  .kept_epochs = INT_MAX}; /* those made again are the same */
    brn__run_record_begin(&t->record, t->run, &facts, &t->progress);
}

void brn__image_record_end(brn__image_training *t, brn_status status)
{
    brn_image_result r = t->result;
    brn__image_result_settle(&r, t->plan.options.tta);
    const int count = isnan(r.metrics[0].value) ? 0 : BRN_IMAGE_METRICS;
    brn__run_record_end(&t->record, t->run, status, r.metrics, count, r.seconds);
}
