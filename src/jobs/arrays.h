/* SPDX-License-Identifier: Apache-2.0
 * Arrays in memory as a dataset. */
#ifndef BRN__JOBS_ARRAYS_H
#define BRN__JOBS_ARRAYS_H

#include "burnish/array_learner.h"
#include "data/dataset.h"

/* The arrays are borrowed; the items of a part follow those of the part before it. */
brn_status brn__arrays_new(const brn_array_data *data, brn__dataset **out);

#endif
