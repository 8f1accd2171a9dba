/* SPDX-License-Identifier: Apache-2.0
 * Learning rates by layer group. All curves here are proportional to their highest value, so one curve
 * serves all groups. One-cycle: Smith 2018, with fastai 2's cosines. */
#include "train/callbacks.h"

#include <string.h>

static const double MOMENTUM_HIGH = .95, MOMENTUM_LOW = .85, DIV_FINAL = 1e5;

static brn__action set_rates(void *state, brn__fit *fit)
{
    const brn__rates *rates = state;
    double progress = fit->iterations ? (double)fit->iteration / (double)fit->iterations : 0;
    double rate = brn_schedule_at(&rates->rate, progress);
    for (int g = 0; g < rates->groups; g++) {
        fit->settings.groups[g].learning_rate = rate * rates->rates[g];
        if (rates->moves_momentum)
            fit->settings.groups[g].momentum = brn_schedule_at(&rates->momentum, progress);
    }
    return BRN__GO_ON;
}

void brn__rates_init(brn__rates *rates, brn__rates_form form, const double *group_rates, int groups,
                     double pct_start, double div)
{
    *rates = (brn__rates){.groups = groups};
    rates->callback = (brn__callback){.name = "rates",
                                      .order = BRN__ORDER_RATES,
                                      .on = {[BRN__BEFORE_BATCH] = set_rates},
                                      .state = rates};
    memcpy(rates->rates, group_rates, (size_t)groups * sizeof *group_rates);
    if (form == BRN__RATES_ONE_CYCLE) {
        rates->rate = brn_schedule_one_cycle(1, pct_start, div, DIV_FINAL);
        rates->momentum =
            brn_schedule_cosine_dip(MOMENTUM_HIGH, MOMENTUM_LOW, MOMENTUM_HIGH, pct_start);
        rates->moves_momentum = true;
    } else if (form == BRN__RATES_COSINE) {
        rates->rate = brn_schedule_simple(BRN_SCHEDULE_COSINE, 1, 0, 1);
    } else {
        rates->rate = brn_schedule_simple(BRN_SCHEDULE_CONSTANT, 1, 1, 1);
    }
}
