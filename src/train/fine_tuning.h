/* SPDX-License-Identifier: Apache-2.0
 * What fine-tuning needs beside rates: which layer groups learn, what their batch norms do, a decay for
 * each, and large batches out of small ones.
 *
 *     fit.learning_groups = brn__freeze_to(groups, -1);
 *     brn__norm_forms(groups, fit.learning_groups, BRN_NORM_FIXED, 0, fit.norm_form); */
#ifndef BRN__TRAIN_FINE_TUNING_H
#define BRN__TRAIN_FINE_TUNING_H

#include "train/callbacks.h"

/* ------------------------------------------------------------------ freezing.c */

/* Sets of layer groups for learning_groups, of a network of `groups`: 1 .. BRN_GROUPS_MAX. */

/* From group `first` on; negative counts from the end: -1 is the last group alone (fast.ai's freeze), 0 all
 * (its unfreeze). A number beyond the first is all, beyond the last none. */
uint64_t brn__freeze_to(int groups, int first);
uint64_t brn__freeze_all_but(int groups, int group);
/* Gradual unfreezing (Howard and Ruder 2018): the last group in stage 0, one more in each after it. Each
 * stage is a fit of its own. */
uint64_t brn__unfreeze_gradually(int groups, int stage);

/* The forms of the groups' batch norms: `frozen` (BRN_NORM_FIXED as fast.ai 0.7, BRN_NORM_BATCH as fastai 2)
 * in groups that do not learn; in those that do, BRN_NORM_AFFINE where the bit is set in `norms_frozen`
 * (0.7's bn_freeze), else BRN_NORM_BATCH. */
void brn__norm_forms(int groups, uint64_t learning_groups, brn_norm_form frozen, uint64_t norms_frozen,
                     unsigned char *out);

/* Rates of which each is `factor` times that of the group before (ULMFiT: 2.6), up to `rate`. */
void brn__rates_by_factor(double rate, double factor, int groups, double *out);

/* ------------------------------------------------------------------ decays.c */

/* A weight decay for each group, during a fit. Those of training phases win over it. */
typedef struct brn__decays {
    brn__callback callback;
    double decays[BRN_GROUPS_MAX];
    int groups;
    bool normalised; /* 0.7's norm_wds: divided by the root of the batches of the fit (or cycle) */
    int64_t batches; /* of the cycle; 0: of the fit */
} brn__decays;
void brn__decays_init(brn__decays *decays, const double *group_decays, int groups);

/* ------------------------------------------------------------------ accumulation.c */

/* Gradients of several batches before one step: their mean over items, as of one batch of them all (batch
 * norm sees each by itself). A step is made once `items` have been seen, and for what is left over at an
 * epoch's end. Costs a double a parameter. */
typedef struct brn__accumulation {
    brn__callback callback; /* its memory: a resumed fit finds the sums again */
    brn_parameters *parameters; /* borrowed */
    int64_t items;
    double *memory; /* [0]: items so far; then the sums of items x gradient (elements) */
    int64_t elements;
} brn__accumulation;
brn_status brn__accumulation_init(brn__accumulation *accumulation, brn_parameters *parameters,
                                  int64_t items);
void brn__accumulation_deinit(brn__accumulation *accumulation); /* a zeroed one is fine */

#endif
