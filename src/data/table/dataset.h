/* SPDX-License-Identifier: Apache-2.0
 * Prepared rows as a dataset: a batch is copied row by row out of one matrix, with nothing to do a
 * row but the copy. */
#ifndef BRN__DATA_TABLE_DATASET_H
#define BRN__DATA_TABLE_DATASET_H

#include "data/dataset.h"
#include "data/table/prepare.h"

/* Sample: float32 (columns), codes first; target: a float32 (or as many
 * as there are targets), or an int64 class. Without a target in
 * `prepared` (borrowed), targets are float32 zeros. */
brn_status brn__table_dataset_new(const brn__prepared *prepared, brn__dataset **out);

#endif
