/* SPDX-License-Identifier: Apache-2.0
 *
 * Test-time augmentation: how the probabilities of several passes over the same items become one.
 *
 * fast.ai 0.7: n passes with the training transforms and ceil(n / 4) plain ones, averaged.
 * fastai 2: the mean of n augmented passes, moved towards the plain one by beta:
 *     (1 - beta) mean + beta plain; or, with use_max, the largest of all of them.
 * The plain pass is computed once, whatever its weight. */
#ifndef BRN__TRAIN_TTA_H
#define BRN__TRAIN_TTA_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

#define BRN__TTA_BETA .25 /* fastai 2's */

typedef struct brn__tta {
    int passes;   /* augmented ones; 0: the plain one alone */
    double beta;  /* weight of the plain pass, 0 to 1; < 0: 0.7's average */
    bool use_max; /* beta does not count then */
} brn__tta;

brn_status brn__tta_check(const brn__tta *tta);

/* What a pass adds to the result. The weights of all passes add up to 1. */
double brn__tta_weight(const brn__tta *tta, bool plain);

/* Takes one item's probabilities p (K) of a pass into `result` (K), which was zeroed before the first. */
void brn__tta_add(const brn__tta *tta, bool plain, const float *p, int64_t classes, float *result);

#endif
