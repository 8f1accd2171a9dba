/* SPDX-License-Identifier: Apache-2.0
 * Shows what the plans of a fit look like. */
#include "train/callbacks.h"

static brn__action describe(brn__plan_report *report, brn__fit *fit)
{
    char *text;
    brn_status status = brn_plan_describe(fit->plan, &text);
    if (status == BRN_OK) {
        status = brn__progress_send(report->progress, brn__event_of(BRN_EVENT_PLAN, text));
        brn_text_free(text);
    }
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action after_batch(void *state, brn__fit *fit)
{
    return fit->iteration == 1 ? describe(state, fit) : BRN__GO_ON;
}

static brn__action after_valid_batch(void *state, brn__fit *fit)
{
    return fit->epoch == 0 && fit->valid_batch == 1 ? describe(state, fit) : BRN__GO_ON;
}

void brn__plan_report_init(brn__plan_report *report, brn__progress *progress)
{
    *report = (brn__plan_report){.progress = progress};
    report->callback = (brn__callback){.name = "plan report",
                                       .order = BRN__ORDER_PLANS,
                                       .on = {[BRN__AFTER_BATCH] = after_batch,
                                              [BRN__AFTER_VALID_BATCH] = after_valid_batch},
                                       .state = report};
}
