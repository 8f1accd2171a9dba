/* SPDX-License-Identifier: Apache-2.0
 * The rate finder of a job, whose listener hears of every batch. */
#include "train/lr_finder.h"

typedef struct telling {
    brn__progress *progress;
    int64_t iterations;
    int group;
} telling;

static brn__action tell(void *state, brn__fit *fit)
{
    telling *t = state;
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = fit->iteration;
    event.batches = t->iterations;
    event.train_loss = fit->train_loss;
    event.learning_rate = fit->settings.groups[t->group].learning_rate;
    const brn_status status = brn__progress_send(t->progress, event);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

brn_status brn__lr_find_told(brn__learner *learner, const brn__fit_options *fit, const double *group_rates,
                             const brn_lr_finder_options *options, brn__progress *progress, int group,
                             brn_lr_curve *out)
{
    brn__fit_options told = *fit;
    telling t = {progress, brn__lr_find_iterations(fit, options), group};
    const brn__callback callback = {.name = "progress",
                                    .order = BRN__ORDER_PROGRESS,
                                    .on = {[BRN__AFTER_BATCH] = tell},
                                    .state = &t};
    told.callbacks[told.callback_count++] = &callback;
    return brn__lr_find(learner, &told, group_rates, options, out);
}
