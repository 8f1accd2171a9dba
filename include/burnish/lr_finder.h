/* SPDX-License-Identifier: Apache-2.0
 *
 * The learning-rate finder (Smith 2015): a mock training whose rate grows from batch to batch, and what
 * its losses suggest.
 *
 *     brn_lr_finder_options options = brn_lr_finder_defaults(BRN_LR_FIND);
 *     brn_lr_curve curve;
 *     brn_image_lr_find(&image_options, &options, &curve);            // image_lr_find.h
 *     brn_lr_suggestions suggestions = brn_lr_suggest(&curve);
 *     printf("%g\n", suggestions.valley);
 *     brn_lr_curve_free(&curve);
 */
#ifndef BURNISH_LR_FINDER_H
#define BURNISH_LR_FINDER_H

#include "burnish/status.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum brn_lr_finder_form {
    BRN_LR_FIND,       /* fastai 2: 100 batches from 1e-7 to 10 */
    BRN_LR_FIND_EPOCH, /* fast.ai 0.7's lr_find: one epoch from 1e-5 to 10 */
    BRN_LR_FIND_VALID, /* its lr_find2: 100 batches from 1e-5 to 10, a validation batch after each */
} brn_lr_finder_form;

typedef struct brn_lr_finder_options {
    brn_lr_finder_form form;
    double start, end; /* rates of the last group; the others keep their ratio to it */
    int iterations;    /* batches; the training data are gone through again until they are done. 0, for
                        * BRN_LR_FIND_EPOCH: one epoch, but 100 where an epoch has fewer than 17 batches
                        * (0.7 would show none of them) */
    bool linear;       /* the rate of batch i of n is end i / n instead of start (end / start)^(i / n) */
    bool stop;         /* at a smoothed loss above 4 times the best one. fastai 2 counts every batch; 0.7
                        * takes the best from the 12th batch on. A loss that is no number, or infinite,
                        * always stops */
} brn_lr_finder_options;

/* Exponential, stopping; the numbers of the form. */
BRN_API brn_lr_finder_options brn_lr_finder_defaults(brn_lr_finder_form form);

typedef struct brn_lr_point {
    double rate;
    double loss;       /* smoothed as in training: .98, debiased */
    double batch_loss; /* of the batch alone */
    double valid_loss; /* BRN_LR_FIND_VALID: smoothed in the same way; else NaN */
} brn_lr_point;

typedef struct brn_lr_curve {
    brn_lr_point *points; /* (count); of BRN_LR_FIND, that at which it stopped too; 0.7's leave it out */
    int64_t count;
    int64_t iterations; /* that were planned */
    bool stopped;       /* the loss grew too large, or was no number, before all were done */
} brn_lr_curve;

BRN_API void brn_lr_curve_free(brn_lr_curve *curve); /* a zeroed one is fine */

/* The points that are worth a look: without the first iterations / 10 and the last five, and nothing
 * from the first loss that is not a number on (fastai 2). Writes where they begin and how many they are. */
BRN_API void brn_lr_curve_useful(const brn_lr_curve *curve, int64_t *begin, int64_t *count);

/* fastai 2's four suggestions; NaN where the useful points are too few for one. */
typedef struct brn_lr_suggestions {
    double valley;  /* in the longest valley of losses that fall, half way: the one to take */
    double slide;   /* from the right, before the slope changes by less than .005 over 15 points */
    double steep;   /* where the loss falls most steeply over the logarithm of the rate */
    double minimum; /* a tenth of the rate of the lowest loss */
} brn_lr_suggestions;
BRN_API brn_lr_suggestions brn_lr_suggest(const brn_lr_curve *curve);

/* The same of losses (count) at rates (count), all of them useful. */
BRN_API brn_status brn_lr_suggest_from(const float *rates, const float *losses, int64_t count,
                                       brn_lr_suggestions *out);

#ifdef __cplusplus
}
#endif
#endif
