/* SPDX-License-Identifier: Apache-2.0
 * A loss that is not a number never becomes one again: stop before it gets into the parameters. */
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>

static brn__action check_loss(void *state, brn__fit *fit)
{
    (void)state;
    if (isfinite(fit->loss)) return BRN__GO_ON;
    int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    double rate = fit->settings.groups[groups > 0 ? groups - 1 : 0].learning_rate;
    return brn__fit_fail(
        fit, brn__fail(BRN_ERROR_DIVERGED,
                       "training diverged: the loss of batch %lld of %lld in epoch %d is %g, at a "
                       "learning rate of %.3g; a lower rate may help",
                       (long long)fit->batch + 1, (long long)fit->batches, fit->epoch + 1,
                       fit->loss, rate));
}

const brn__callback brn__terminate_on_nan = {
    .name = "terminate on NaN",
    .order = BRN__ORDER_NAN,
    .on = {[BRN__AFTER_LOSS] = check_loss},
};
