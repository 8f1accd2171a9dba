/* SPDX-License-Identifier: Apache-2.0
 * Ratings for the loader, a batch at a time. */
#ifndef BRN__DATA_RATINGS_DATASET_H
#define BRN__DATA_RATINGS_DATASET_H

#include "data/dataset.h"
#include "data/ratings/seen.h"

typedef enum brn__ratings_loss {
    BRN__RATINGS_MSE,      /* (user, item) -> rating */
    BRN__RATINGS_BPR,      /* (user, item, user, another item) -> 1: Rendle et al. 2009 */
    BRN__RATINGS_WEIGHTED, /* (user, item, w) -> w for a rating, 0 for an item that is drawn: Hu, Koren
                              and Volinsky 2008, with samples. w = sqrt(1 + confidence value); 1 where
                              it is drawn */
} brn__ratings_loss;

typedef struct brn__ratings_samples {
    brn__ratings_loss loss;
    int negatives; /* WEIGHTED: items drawn a rating */
    double confidence;
    uint64_t seed;
} brn__ratings_samples;

/* Items of the dataset: rows; with WEIGHTED negatives + 1 of them a row, the rating first. Items that
 * are drawn are none that the user has in `train`, nor, in validation, in `all`; a user who has all of
 * them gets any. Everything is borrowed; train and all may be NULL for MSE. */
brn_status brn__ratings_dataset_new(const brn__ratings *ratings, const brn__seen *train,
                                    const brn__seen *all, const brn__ratings_samples *samples,
                                    brn__dataset **out);
/* Numbers of a sample's input. */
int64_t brn__ratings_width(brn__ratings_loss loss);
/* Items of the dataset a row. */
int64_t brn__ratings_samples_a_row(const brn__ratings_samples *samples);

#endif
