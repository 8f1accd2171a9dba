/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules: a rate or a momentum as a pure function of where training is. Two families:
 *
 * fastai 2's, of progress in [0, 1]. Batch i of n in all uses progress i / n:
 *
 *     brn_schedule rate = brn_schedule_one_cycle(1e-3, .25, 25, 1e5);
 *     brn_schedule momentum = brn_schedule_cosine_dip(.95, .85, .95, .25);
 *     settings.groups[0].learning_rate = brn_schedule_at(&rate, (double)i / n);
 *
 * fast.ai 0.7's fit(lrs, n_cycle, cycle_len, cycle_mult, use_clr, use_clr_beta), of the number of
 * the batch:
 *
 *     brn_cycles cycles = {.form = BRN_CYCLES_COSINE, .batches = cycle_len * batches_per_epoch,
 *                          .multiplier = 2};
 *     settings.groups[0].learning_rate = brn_cycles_rate(&cycles, 1e-2, i);
 *
 * PyTorch's schedulers are the first family at other places; step t (from 0) of n in all has
 *
 *     CosineAnnealingWarmRestarts  repeat(simple(COSINE, rate, eta_min), cycles, T_mult, 1) at t / n
 *     CyclicLR                     repeat(triangle(base_lr, max_lr, up / (up + down)), cycles, 1, 1)
 *                                  at t / n; shrink 1/2 is its "triangular2"
 *     OneCycleLR                   one_cycle(max_lr, (pct_start n - 1) / (n - 1), div_factor,
 *                                  div_factor final_div_factor) at t / (n - 1)
 *     PolynomialLR                 simple(POLYNOMIAL, rate, 0, power) at t / total_iters
 *     ExponentialLR                simple(EXPONENTIAL, rate, rate gamma^n) at t / n
 *     LinearLR before another      warm_up(other, total_iters / n, start_factor) at t / n
 *     StepLR, MultiStepLR          brn_rate_steps, brn_rate_milestones at t
 *
 * (names without their prefix brn_schedule_).
 */
#ifndef BURNISH_SCHEDULE_H
#define BURNISH_SCHEDULE_H

#include "burnish/status.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From start s to end e at progress f. */
typedef enum brn_schedule_shape {
    BRN_SCHEDULE_CONSTANT,    /* s */
    BRN_SCHEDULE_LINEAR,      /* s + (e - s) f */
    BRN_SCHEDULE_COSINE,      /* s + (e - s) (1 - cos(pi f)) / 2 */
    BRN_SCHEDULE_EXPONENTIAL, /* s (e / s)^f */
    BRN_SCHEDULE_POWER,       /* s + (e - s) f^power: fastai 2's polynomial */
    BRN_SCHEDULE_POLYNOMIAL,  /* e + (s - e) (1 - f)^power: 0.7's polynomial */
} brn_schedule_shape;

typedef struct brn_schedule_piece {
    double fraction; /* of the whole */
    brn_schedule_shape shape;
    double start, end, power;
} brn_schedule_piece;

enum { BRN_SCHEDULE_PIECES_MAX = 32 };
/* Pieces one after the other; a schedule of one piece has fraction 1. */
typedef struct brn_schedule {
    int count;
    brn_schedule_piece pieces[BRN_SCHEDULE_PIECES_MAX];
} brn_schedule;

/* The value at `progress`; at a border that of the later piece, outside [0, 1] that of the end. */
BRN_API double brn_schedule_at(const brn_schedule *schedule, double progress);

/* Appends a piece; the fractions should add up to 1 (the last piece is stretched where they do
 * not). Past BRN_SCHEDULE_PIECES_MAX: an error. */
BRN_API brn_status brn_schedule_add(brn_schedule *schedule, brn_schedule_piece piece);

/* One piece over all. */
BRN_API brn_schedule brn_schedule_simple(brn_schedule_shape shape, double start, double end,
                                         double power);
/* Cosine from start to middle during `fraction`, then cosine to end. */
BRN_API brn_schedule brn_schedule_cosine_dip(double start, double middle, double end,
                                             double fraction);
/* 1cycle (Smith 2018): rate / div up to rate at pct_start, down to rate / div_final. fastai 2: .25,
 * 25, 1e5, with momentum cosine_dip(.95, .85, .95, .25). */
BRN_API brn_schedule brn_schedule_one_cycle(double rate, double pct_start, double div,
                                            double div_final);
/* `rate` until pct_start, then cosine to rate / div_final. fastai 2: .75, 1e5. */
BRN_API brn_schedule brn_schedule_flat_cosine(double rate, double pct_start, double div_final);
/* fastai 2's fit_sgdr: `cycles` cosines from rate to 0, each `multiplier` times as long as the one
 * before. Past BRN_SCHEDULE_PIECES_MAX cycles: an error. */
BRN_API brn_status brn_schedule_restarts(double rate, int cycles, double multiplier,
                                         brn_schedule *out);

/* low up to high during `fraction`, then down to low: Smith's triangle (2015), straight lines. */
BRN_API brn_schedule brn_schedule_triangle(double low, double high, double fraction);
/* A schedule `cycles` times over, each time `multiplier` times as long as before and, above the lowest
 * start or end of its pieces, `shrink` times as high. Past BRN_SCHEDULE_PIECES_MAX pieces: an error. */
BRN_API brn_status brn_schedule_repeat(const brn_schedule *cycle, int cycles, double multiplier,
                                       double shrink, brn_schedule *out);
/* Linear from start_factor (in [0, 1]) times the schedule's first value up to that value during
 * `fraction` (in [0, 1)), then the schedule in what is left. */
BRN_API brn_status brn_schedule_warm_up(const brn_schedule *after, double fraction,
                                        double start_factor, brn_schedule *out);
/* `stairs` of equal length, each `factor` times the one before. */
BRN_API brn_status brn_schedule_stairs(double rate, double factor, int stairs, brn_schedule *out);

/* Of the number of the batch or the epoch: rate factor^(at / every), rounded down; */
BRN_API double brn_rate_steps(double rate, double factor, int64_t every, int64_t at);
/* rate times factor for each of the milestones (count) that is at `at` or before. */
BRN_API double brn_rate_milestones(double rate, double factor, const int64_t *milestones, int count,
                                   int64_t at);

/* fastai 2's fine_tune: a frozen fit whose rate rises for 99 % of it, then half the rate for all layers,
 * spread over the groups from rate / multiplier. */
typedef struct brn_fine_tune {
    double rate, multiplier, pct_start, div;
} brn_fine_tune;
/* 2e-3, 100, .3, 5. */
BRN_API brn_fine_tune brn_fine_tune_defaults(void);
/* The curve that every group's rate is multiplied by: 1 at its top. And the momentum's. */
BRN_API brn_schedule brn_fine_tune_curve(const brn_fine_tune *options, bool frozen);
BRN_API brn_schedule brn_fine_tune_momentum(const brn_fine_tune *options, bool frozen);
/* The groups' rates at its top; frozen, all but the last are those of a batch norm that learns. */
BRN_API void brn_fine_tune_rates(const brn_fine_tune *options, bool frozen, int groups, double *out);

typedef enum brn_cycles_form {
    BRN_CYCLES_CONSTANT, /* cycle_len None: the rate as it is */
    BRN_CYCLES_COSINE, /* SGDR (Loshchilov, Hutter 2016): rate / 2 (1 + cos(pi i / n)) at batch i of
                        * the cycle's n; the run's first n / 20 batches at rate / 100 instead */
    BRN_CYCLES_CLR, /* use_clr = (div, cut): linear rate / div -> rate in n / cut batches, back in
                     * the rest: ULMFiT's slanted triangle */
    BRN_CYCLES_CLR_BETA, /* use_clr_beta = (div, cut): up and down in two legs of
                          * int(n (1 - cut / 100) / 2) batches, the rest rate / div -> rate / (100
                          * div) */
} brn_cycles_form;

typedef struct brn_cycles {
    brn_cycles_form form;
    int64_t batches;    /* in the first cycle: cycle_len x batches per epoch */
    int64_t multiplier; /* cycle_mult: each COSINE cycle is so many times the one before; 0 is 1 */
    double div, cut;    /* CLR and CLR_BETA */
    double momentum_high, momentum_low; /* both 0: momentum is not cycled */
} brn_cycles;

/* BRN_OK, or what is wrong: no batches, a CLR cycle shorter than `cut` batches (no leg up) ... */
BRN_API brn_status brn_cycles_check(const brn_cycles *cycles);
/* Values for batch `iteration` (from 0) of the whole run. Of the checked forms only. */
BRN_API double brn_cycles_rate(const brn_cycles *cycles, double rate, int64_t iteration);
/* From high down to low and back, against the rate (as in 0.7 it runs one batch ahead of the rate);
 * `momentum` when it is not cycled. */
BRN_API double brn_cycles_momentum(const brn_cycles *cycles, double momentum, int64_t iteration);
/* Which cycle (from 0) a batch belongs to, and whether it is its last one: where a snapshot is due.
 */
BRN_API int64_t brn_cycles_index(const brn_cycles *cycles, int64_t iteration, bool *is_last);
/* Batches in the first `count` cycles: batches x (1 + multiplier + multiplier^2 + ...). */
BRN_API int64_t brn_cycles_batches(const brn_cycles *cycles, int count);

/* slice(low, high) over layer groups: rates in geometric progression; low 0 is slice(high): all but
 * the last group get high / 10. */
BRN_API void brn_rates_spread(double low, double high, int groups, double *out);

#ifdef __cplusplus
}
#endif
#endif
