/* SPDX-License-Identifier: Apache-2.0
 * The rates' callback of a stage. */
#ifndef BRN__JOBS_IMAGE_RATES_H
#define BRN__JOBS_IMAGE_RATES_H

#include "jobs/image_train.h"

/* fast.ai 0.7's cycles of a stage, of `batches` an epoch. */
brn_cycles brn__image_cycles_of(const brn__image_stage *stage, int64_t batches);
/* `out` must stay where it is during the fit. */
brn_status brn__image_rates_init(const brn__image_stage *stage, int groups, int64_t batches,
                                 brn__scheduling *out);

#endif
