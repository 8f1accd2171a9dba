/* SPDX-License-Identifier: Apache-2.0
 * Discriminative weight decay. */
#include "train/fine_tuning.h"

#include <math.h>
#include <string.h>

static brn__action set_decays(void *state, brn__fit *fit)
{
    const brn__decays *d = state;
    const int64_t batches = d->batches > 0 ? d->batches : fit->iterations;
    const double root = d->normalised && batches > 0 ? sqrt((double)batches) : 1;
    for (int g = 0; g < d->groups; g++) fit->settings.groups[g].weight_decay = d->decays[g] / root;
    return BRN__GO_ON;
}

void brn__decays_init(brn__decays *decays, const double *group_decays, int groups)
{
    *decays = (brn__decays){.groups = groups};
    memcpy(decays->decays, group_decays, (size_t)groups * sizeof *group_decays);
    decays->callback = (brn__callback){.name = "decays",
                                       .order = BRN__ORDER_RATES,
                                       .on = {[BRN__BEFORE_FIT] = set_decays},
                                       .state = decays};
}
