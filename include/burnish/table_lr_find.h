/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder of the table job. */
#ifndef BURNISH_TABLE_LR_FIND_H
#define BURNISH_TABLE_LR_FIND_H

#include "burnish/lr_finder.h"
#include "burnish/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Finds a rate for the training that these options ask for: reads all of them but epochs, learning_rate,
 * checkpoint_seconds and out, and makes no run folder. The table is read, split and prepared as for the training.
 * With folds: on the first. The listener hears BATCH events (iterations so far of all). *out is the caller's:
 * brn_lr_curve_free. */
BRN_API brn_status brn_table_lr_find(const brn_table_train_options *options,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out);

#ifdef __cplusplus
}
#endif
#endif
