/* SPDX-License-Identifier: Apache-2.0
 * Stochastic weight averaging. */
#include "base/status.h"
#include "train/averages.h"

static brn__action after_train(void *state, brn__fit *fit)
{
    brn__average *average = state;
    if (fit->epoch + 1 < average->start) return BRN__GO_ON;
    brn__average_move(average, 1 / (double)(brn__average_count(average) + 1));
    return BRN__GO_ON;
}

brn_status brn__swa_init(brn__average *average, brn_parameters *parameters, int start)
{
    *average = (brn__average){0};
    if (start < 1)
        return brn__fail(BRN_ERROR_USAGE,
                         "weight averaging: a start in epoch %d; expected 1 or a later one", start);
    BRN__TRY(brn__average_init(average, parameters, "weight averaging"));
    average->start = start;
    average->callback.on[BRN__AFTER_TRAIN] = after_train;
    return BRN_OK;
}
