/* SPDX-License-Identifier: Apache-2.0
 * The two schedules of fastai 2's fine_tune. */
#include "burnish/schedule.h"

/* fit_one_cycle's own, which the frozen part takes. */
static const double FROZEN_PCT = .99, FROZEN_DIV = 25, DIV_FINAL = 1e5;
static const double MOMENTUM_HIGH = .95, MOMENTUM_LOW = .85;

brn_fine_tune brn_fine_tune_defaults(void)
{
    return (brn_fine_tune){.rate = 2e-3, .multiplier = 100, .pct_start = .3, .div = 5};
}

brn_schedule brn_fine_tune_curve(const brn_fine_tune *options, bool frozen)
{
    if (frozen) return brn_schedule_one_cycle(1, FROZEN_PCT, FROZEN_DIV, DIV_FINAL);
    return brn_schedule_one_cycle(1, options->pct_start, options->div, DIV_FINAL);
}

brn_schedule brn_fine_tune_momentum(const brn_fine_tune *options, bool frozen)
{
    return brn_schedule_cosine_dip(MOMENTUM_HIGH, MOMENTUM_LOW, MOMENTUM_HIGH,
                                   frozen ? FROZEN_PCT : options->pct_start);
}

void brn_fine_tune_rates(const brn_fine_tune *options, bool frozen, int groups, double *out)
{
    const double rate = frozen ? options->rate : options->rate / 2;
    brn_rates_spread(frozen ? 0 : rate / options->multiplier, rate, groups, out);
}
