/* SPDX-License-Identifier: Apache-2.0
 * An exponential moving average of the weights. */
#include "base/status.h"
#include "train/averages.h"

static brn__action after_step(void *state, brn__fit *fit)
{
    (void)fit;
    brn__average *average = state;
    const bool is_first = brn__average_count(average) == 0;
    brn__average_move(average, is_first ? 1 : 1 - average->decay);
    return BRN__GO_ON;
}

brn_status brn__ema_init(brn__average *average, brn_parameters *parameters, double decay)
{
    *average = (brn__average){0};
    if (!(decay >= 0 && decay < 1))
        return brn__fail(BRN_ERROR_USAGE,
                         "moving average of weights: a decay of %g; expected 0 or more, below 1", decay);
    BRN__TRY(brn__average_init(average, parameters, "moving average of weights"));
    average->decay = decay;
    average->callback.on[BRN__AFTER_STEP] = after_step;
    return BRN_OK;
}
