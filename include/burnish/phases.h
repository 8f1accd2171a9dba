/* SPDX-License-Identifier: Apache-2.0
 *
 * Training phases: a list of stretches of training, each with its own length, optimizer, rate,
 * momentum, decay and data (fast.ai 0.7's TrainingPhase). Pure functions of the number of the batch.
 *
 *     brn_phase phases[2] = {brn_phase_defaults(), brn_phase_defaults()};
 *     phases[0].rate = (brn_schedule_piece){1, BRN_SCHEDULE_LINEAR, 1e-3, 1e-2, 0};   // up
 *     phases[1].rate = (brn_schedule_piece){1, BRN_SCHEDULE_COSINE, 1e-2, 0, 0};      // and down
 *     brn_phase_place place = brn_phases_find(phases, 2, batches_per_epoch, i);
 *     settings = brn_phase_settings(&phases[place.phase], place.progress);
 */
#ifndef BURNISH_PHASES_H
#define BURNISH_PHASES_H

#include "burnish/optimizer.h"
#include "burnish/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BRN_PHASES_MAX = 64 };

typedef struct brn_phase {
    double epochs; /* above 0; may be a fraction */
    /* Its square_momentum (0.7's beta) and weight_decay hold during the phase; decoupled_decay is 0.7's
     * wd_loss=False. Phases with the same optimizer but for these two numbers and the momentum share
     * its state; another one starts anew. */
    brn_optimizer_options optimizer;
    brn_schedule_piece rate, momentum; /* over the phase; `fraction` is not read */
    double ratios[BRN_GROUPS_MAX];     /* group g's rate / rate; all 0: every group has the rate */
    double decays[BRN_GROUPS_MAX];     /* group g's weight decay; all 0: each has the optimizer's */
} brn_phase;

/* One epoch of SGD at 1e-2 with momentum .9, both constant. */
BRN_API brn_phase brn_phase_defaults(void);

/* BRN_OK, or which phase is wrong and how. `batches` (count) is how many batches an epoch of each
 * phase's data has: they differ where the data do. */
BRN_API brn_status brn_phases_check(const brn_phase *phases, int count, const int64_t *batches);

typedef struct brn_phase_place {
    int phase;
    int64_t batch;   /* in the phase, from 0 */
    int64_t batches; /* of the phase */
    double progress; /* batch / (epochs x batches an epoch), at most 1: the place on its curves */
} brn_phase_place;

/* Where batch `batch` of the whole run is; past its end, the place after the last batch. A phase ends at
 * the first batch at which the epochs so far are full, and has one batch at least. */
BRN_API brn_phase_place brn_phases_find(const brn_phase *phases, int count, const int64_t *batches,
                                        int64_t batch);
/* Batches in the first `count` phases. */
BRN_API int64_t brn_phases_batches(const brn_phase *phases, int count, const int64_t *batches);

/* Rates, momenta and decays of every group. */
BRN_API brn_optimizer_settings brn_phase_settings(const brn_phase *phase, double progress);
/* Does the optimizer of one phase live on in the other? */
BRN_API bool brn_phases_share_optimizer(const brn_phase *a, const brn_phase *b);

#ifdef __cplusplus
}
#endif
#endif
