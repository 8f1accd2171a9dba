/* SPDX-License-Identifier: Apache-2.0
 * Saving a fit as it goes. When it is saved changes nothing of what is learned, so the clock may decide. */
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>

static const double COST_SHARE = 50; /* of the time, at most a 50th goes into saving */

static brn__action save(brn__checkpoint *checkpoint, brn__fit *fit)
{
    const double start = brn__seconds_now();
    brn_status status = brn__fit_visit(fit, checkpoint->save, checkpoint->context);
    checkpoint->saved_at = brn__seconds_now();
    checkpoint->cost = checkpoint->saved_at - start;
    if (status == BRN_OK) return BRN__GO_ON;
    fit->status = status; /* worse than an interruption: nobody must believe that it was saved */
    return BRN__STOP_FIT;
}

static brn__action begin(void *state, brn__fit *fit)
{
    (void)fit;
    ((brn__checkpoint *)state)->saved_at = brn__seconds_now();
    return BRN__GO_ON;
}

static brn__action save_when_due(void *state, brn__fit *fit)
{
    brn__checkpoint *checkpoint = state;
    if (fit->status != BRN_OK) return BRN__GO_ON; /* AFTER_FIT sees to it */
    const double pause =
        checkpoint->seconds > 0 ? fmax(checkpoint->seconds, COST_SHARE * checkpoint->cost) : 0;
    if (brn__seconds_now() - checkpoint->saved_at < pause) return BRN__GO_ON;
    return save(checkpoint, fit);
}

/* What was interrupted between two batches is saved as it is. After a failure the last state that was
 * saved stands. */
static brn__action end(void *state, brn__fit *fit)
{
    const bool keeps = fit->status == BRN_OK || fit->status == BRN_ERROR_INTERRUPTED;
    if (!keeps || !fit->settled) return BRN__GO_ON;
    return save(state, fit);
}

void brn__checkpoint_init(brn__checkpoint *checkpoint, double seconds, brn__memory_visit *save_items,
                          void *context)
{
    *checkpoint = (brn__checkpoint){.seconds = seconds, .save = save_items, .context = context};
    checkpoint->callback = (brn__callback){.name = "checkpoint",
                                           .order = BRN__ORDER_CHECKPOINT,
                                           .on = {[BRN__BEFORE_FIT] = begin,
                                                  [BRN__AFTER_BATCH] = save_when_due,
                                                  [BRN__AFTER_EPOCH] = save_when_due,
                                                  [BRN__AFTER_FIT] = end},
                                           .state = checkpoint};
}
