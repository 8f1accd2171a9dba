/* SPDX-License-Identifier: Apache-2.0
 * Ends a fit that gets no better. Counting is fastai 2's EarlyStoppingCallback's. */
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>
#include <stdio.h>

enum { BEST, WAITED, BEST_EPOCH, STOPPED }; /* of the memory */

static brn__action begin(void *state, brn__fit *fit)
{
    const brn__early_stopping *stopping = state;
    brn_status status = brn__monitor_check(&stopping->monitor, fit, stopping->callback.name);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action after_epoch(void *state, brn__fit *fit)
{
    brn__early_stopping *stopping = state;
    double *memory = stopping->memory, value;
    brn_status status =
        brn__monitor_read(&stopping->monitor, fit, stopping->callback.name, &value);
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    if (brn__monitor_improves(&stopping->monitor, value, memory[BEST])) {
        memory[BEST] = value;
        memory[BEST_EPOCH] = fit->epoch;
        memory[WAITED] = 0;
        return BRN__GO_ON;
    }
    if (++memory[WAITED] < stopping->patience) return BRN__GO_ON;
    memory[STOPPED] = fit->epoch + 1 < fit->options->epochs;
    return BRN__STOP_FIT;
}

/* Told here, so that it comes after what is told of the last epoch. */
static brn__action end(void *state, brn__fit *fit)
{
    const brn__early_stopping *stopping = state;
    const double *memory = stopping->memory;
    if (fit->status != BRN_OK || !memory[STOPPED] || !stopping->progress) return BRN__GO_ON;
    char text[256];
    if (isnan(memory[BEST]))
        snprintf(text, sizeof text, "stopped early: %s was never a number", stopping->monitor.name);
    else
        snprintf(text, sizeof text, "stopped early: %s got no better than %.4g (of epoch %d) in %d %s",
                 stopping->monitor.name, memory[BEST],
                 stopping->progress->epochs_before + (int)memory[BEST_EPOCH] + 1, stopping->patience,
                 stopping->patience == 1 ? "epoch" : "epochs");
    brn_status status = brn__progress_send(stopping->progress, brn__event_of(BRN_EVENT_NOTE, text));
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

bool brn__early_stopping_stopped(const brn__early_stopping *stopping)
{
    return stopping->memory[STOPPED] != 0;
}

void brn__early_stopping_init(brn__early_stopping *stopping, const brn__monitor *monitor,
                              int patience, brn__progress *progress)
{
    *stopping = (brn__early_stopping){.monitor = *monitor,
                                      .patience = patience < 1 ? 1 : patience,
                                      .progress = progress,
                                      .memory = {[BEST] = NAN}};
    stopping->callback = (brn__callback){.name = "early stopping",
                                         .order = BRN__ORDER_STOPPING,
                                         .on = {[BRN__BEFORE_FIT] = begin,
                                                [BRN__AFTER_EPOCH] = after_epoch,
                                                [BRN__AFTER_FIT] = end},
                                         .state = stopping,
                                         .memory = stopping->memory,
                                         .memory_count = BRN__EARLY_STOPPING_MEMORY};
}
