/* SPDX-License-Identifier: Apache-2.0
 *
 * A fit that is asked for by hand: what the learners that are trained step by step take (image_learner.h,
 * table_learner.h, ratings_learner.h, lm_learner.h, text_learner.h).
 *
 *     brn_hand_fit fit = brn_hand_fit_defaults(brn_table_learner_groups(learner), 1e-3);
 *     fit.epochs = 3;
 *     fit.optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM);
 *     brn_table_learner_fit(learner, &fit);
 */
#ifndef BURNISH_HAND_FIT_H
#define BURNISH_HAND_FIT_H

#include "burnish/optimizer.h"
#include "burnish/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the network said of the validation items that could be read, of an epoch. */
typedef struct brn_hand_validated {
    int64_t count, outputs;
    const float *answers;  /* (count, outputs): probabilities of labels and tags, or numbers */
    const int64_t *labels; /* (count); NULL for tags and numbers */
    const float *targets;  /* (count, outputs); NULL for labels */
} brn_hand_validated;

/* A metric of one's own, over all validation items at once; of pictures and arrays. */
typedef struct brn_hand_metric {
    const char *name; /* borrowed for the fit */
    /* *out: the value. Anything but BRN_OK ends the fit with it. Called in the thread that called the fit. */
    brn_status (*of_all)(void *context, const brn_hand_validated *validated, double *out);
    void *context;
} brn_hand_metric;
enum { BRN_HAND_METRICS_MAX = 8 };

typedef struct brn_hand_fit {
    int epochs;                    /* 1 or more */
    double rates[BRN_GROUPS_MAX];  /* of each group, 0 to 1000, at the curve's 1; those of frozen groups are not read */
    double decays[BRN_GROUPS_MAX]; /* weight decay of each group, 0 to 100 */
    brn_optimizer_options optimizer; /* made anew for every fit */
    double clip_norm;                /* above 0: gradients' norm is at most this */
    const brn_schedule *rate;     /* over the fit, 1 at its top; NULL: constant */
    const brn_schedule *momentum; /* NULL: the optimizer's */
    const brn_cycles *cycles;     /* fast.ai 0.7's, instead of both; its `batches` are those of cycle_epochs */
    int cycle_epochs;             /* epochs of the first cycle */
    brn_hand_metric metrics[BRN_HAND_METRICS_MAX]; /* told beside the usual ones; of pictures and arrays */
    int metric_count;
    const char *snapshots;        /* of cycles: save the network at each one's end as SNAPSHOTS_cyc_I.safetensors,
                                   * I from 0; NULL: no */
} brn_hand_fit;

/* One epoch, constant: `rate` for each of `groups`; SGD with momentum .9, no decay: fast.ai 0.7's. */
BRN_API brn_hand_fit brn_hand_fit_defaults(int groups, double rate);

/* What answers are. */
typedef enum brn_answer_form {
    BRN_ANSWER_OUTPUTS,           /* what the network puts out */
    BRN_ANSWER_PROBABILITIES,     /* softmax of classes, sigmoid of truths or tags; numbers in their own units */
    BRN_ANSWER_LOG_PROBABILITIES, /* their natural logarithms; numbers in their own units */
} brn_answer_form;

#ifdef __cplusplus
}
#endif
#endif
