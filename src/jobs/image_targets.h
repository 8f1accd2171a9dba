/* SPDX-License-Identifier: Apache-2.0
 * What the image job does by kind of target: one label, tags (any of the classes) or numbers. */
#ifndef BRN__JOBS_IMAGE_TARGETS_H
#define BRN__JOBS_IMAGE_TARGETS_H

#include "jobs/image_job.h"
#include "train/whole_metrics.h"

enum { BRN__IMAGE_MEASURES = 2 }; /* metrics of each epoch, by kind: the first is the one that counts */

/* The middle of those that f2 tries: of models that nothing validated. */
#define BRN__IMAGE_THRESHOLD .2

/* ------------------------------------------------------------------ options and data */

/* Checks the options that say what a list's pictures show, and gives them their defaults. */
brn_status brn__image_targets_plan(brn_image_options *options);
/* How the options' data are opened; texts are borrowed. */
brn_image_data_options brn__image_data_options_of(const brn_image_options *options);
/* BRN_ERROR_INPUT or BRN_ERROR_USAGE when nothing can be learned from the data with these options. */
brn_status brn__image_data_check(const brn_image_options *options, const brn_image_data *data);
/* K: outputs of a network for these data, and what output k stands for. */
int64_t brn__image_outputs(const brn_image_data *data);
const char *brn__image_output_name(const brn_image_data *data, int64_t k);

/* ------------------------------------------------------------------ measures */

/* accuracy, error_rate; f2, map; rmse, mae. Index BRN__IMAGE_MEASURES: the first one's name without
 * test-time augmentation, "plain_accuracy" ... */
const char *brn__image_measure(brn_target_kind kind, int index);
/* Those of tags or numbers as a callback's; deinit it. */
void brn__image_measures_init(brn__whole_metrics *metrics, brn_target_kind kind);

/* No numbers yet. */
void brn__image_result_start(brn_image_result *result, brn_target_kind kind);
/* Of the last epoch; names that the result does not keep are passed over. */
void brn__image_result_take(brn_image_result *result, const char *name, double value);
/* Makes `metrics` agree with the other members. */
void brn__image_result_settle(brn_image_result *result, int tta);

/* ------------------------------------------------------------------ what answers are worth */

typedef struct brn__image_measured {
    brn_metric metrics[BRN__IMAGE_MEASURES];
    double loss;      /* what training makes small: mean binary cross-entropy, or squared error */
    double threshold; /* of tags: the best for f2; else NaN */
    int64_t count;
} brn__image_measured;

/* Of tags or numbers: the seen answers (the plain pass's, or the averaged ones) under `targets` (count, K),
 * where NaN in an item's first place means that its targets are not known. */
brn_status brn__image_measure_answers(brn_target_kind kind, const brn__image_answers *answers, bool plain,
                                      const float *targets, brn__image_measured *out);
/* (count, K) of the items `first` and on; brn__free. NULL when there is no memory. */
float *brn__image_targets_of(const brn_image_data *data, int64_t first, int64_t count);

#endif
