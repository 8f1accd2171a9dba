/* SPDX-License-Identifier: Apache-2.0
 * Smaller steps when a fit gets no better. The factor lies on the rates just before the step and is taken
 * off again before the next batch: so it multiplies the rates of a schedule, and those that stay as they
 * are, once only. */
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>
#include <stdio.h>

enum { BEST, WAITED, SCALE, ON, BASE }; /* of the memory; ON: the rates are scaled, BASE has them plain */

static brn__action begin(void *state, brn__fit *fit)
{
    const brn__reduce_on_plateau *reduce = state;
    brn_status status = brn__monitor_check(&reduce->monitor, fit, reduce->callback.name);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action tell(void *state, brn__fit *fit)
{
    brn__reduce_on_plateau *reduce = state;
    char text[256];
    if (!reduce->fell || !reduce->progress) return BRN__GO_ON;
    reduce->fell = false;
    snprintf(text, sizeof text, "learning rates times %.3g from here on: %s got no better than %.4g in %d %s",
             reduce->memory[SCALE], reduce->monitor.name, reduce->memory[BEST], reduce->patience,
             reduce->patience == 1 ? "epoch" : "epochs");
    brn_status status = brn__progress_send(reduce->progress, brn__event_of(BRN_EVENT_NOTE, text));
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action take_off(void *state, brn__fit *fit)
{
    brn__reduce_on_plateau *reduce = state;
    if (!reduce->memory[ON]) return BRN__GO_ON;
    for (int g = 0; g < BRN_GROUPS_MAX; g++)
        fit->settings.groups[g].learning_rate = reduce->memory[BASE + g];
    reduce->memory[ON] = 0;
    return BRN__GO_ON;
}

static brn__action put_on(void *state, brn__fit *fit)
{
    brn__reduce_on_plateau *reduce = state;
    for (int g = 0; g < BRN_GROUPS_MAX; g++) {
        double rate = fit->settings.groups[g].learning_rate;
        reduce->memory[BASE + g] = rate;
        /* min_rate never raises a rate that a schedule has made smaller itself */
        double least = fmin(rate, reduce->min_rate);
        fit->settings.groups[g].learning_rate = fmax(rate * reduce->memory[SCALE], least);
    }
    reduce->memory[ON] = 1;
    return BRN__GO_ON;
}

static brn__action after_epoch(void *state, brn__fit *fit)
{
    brn__reduce_on_plateau *reduce = state;
    double *memory = reduce->memory, value;
    brn_status status = brn__monitor_read(&reduce->monitor, fit, reduce->callback.name, &value);
    if (status != BRN_OK) return brn__fit_fail(fit, status);
    if (brn__monitor_improves(&reduce->monitor, value, memory[BEST])) {
        memory[BEST] = value;
        memory[WAITED] = 0;
    } else if (++memory[WAITED] >= reduce->patience) {
        memory[SCALE] *= reduce->factor;
        memory[WAITED] = 0;
        reduce->fell = true;
    }
    return BRN__GO_ON;
}

double brn__reduce_on_plateau_scale(const brn__reduce_on_plateau *reduce)
{
    return reduce->memory[SCALE];
}

void brn__reduce_on_plateau_init(brn__reduce_on_plateau *reduce, const brn__monitor *monitor,
                                 int patience, double factor, double min_rate,
                                 brn__progress *progress)
{
    *reduce = (brn__reduce_on_plateau){.monitor = *monitor,
                                       .patience = patience < 1 ? 1 : patience,
                                       .factor = factor,
                                       .min_rate = min_rate,
                                       .progress = progress,
                                       .memory = {[BEST] = NAN, [SCALE] = 1}};
    reduce->callback = (brn__callback){.name = "reduce on plateau",
                                       .order = BRN__ORDER_PLATEAU,
                                       .on = {[BRN__BEFORE_FIT] = begin,
                                              [BRN__BEFORE_EPOCH] = tell,
                                              [BRN__BEFORE_BATCH] = take_off,
                                              [BRN__BEFORE_STEP] = put_on,
                                              [BRN__AFTER_EPOCH] = after_epoch},
                                       .state = reduce,
                                       .memory = reduce->memory,
                                       .memory_count = BRN__PLATEAU_MEMORY};
}
