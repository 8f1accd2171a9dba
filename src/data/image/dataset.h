/* SPDX-License-Identifier: Apache-2.0
 * Pictures as a dataset: input float32 (3, S, S); target int64 () = the label, or float32 (K) = tags
 * or numbers. */
#ifndef BRN__DATA_IMAGE_DATASET_H
#define BRN__DATA_IMAGE_DATASET_H

#include "burnish/image_data.h"
#include "data/dataset.h"
#include "data/image/transform.h"

/* The target of one item as a batch holds it: a test item without one gets -1, or NaN that no loss can
 * take. */
void brn__image_target_write(const brn_image_data *data, int64_t item, void *out);
/* Its type, and its shape without the batch. */
brn_dtype brn__image_target_dtype(const brn_image_data *data);
brn_shape brn__image_target_shape(const brn_image_data *data);

/* Item numbers are those of `data`, which is borrowed. The transform is copied after a check. */
brn_status brn__image_dataset_new(const brn_image_data *data, const brn__image_transform *transform,
                                  brn__dataset **out);

#endif
