/* SPDX-License-Identifier: Apache-2.0
 * The learning-rate finder on texts: the training, made in mock. */
#include "base/threads.h"
#include "jobs/lm_job.h"
#include "jobs/precision.h"
#include "train/lr_finder.h"

typedef struct search {
    brn_lm_options options;
    brn__arena arena;
    brn__lm_start start;
    brn__progress progress;
    int64_t iterations;
} search;

static brn__action show(void *state, brn__fit *fit)
{
    search *s = state;
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = fit->iteration;
    event.batches = s->iterations;
    event.train_loss = fit->train_loss;
    event.learning_rate = fit->settings.groups[0].learning_rate;
    const brn_status status = brn__progress_send(&s->progress, event);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action set_clip(void *state, brn__fit *fit)
{
    const search *s = state;
    fit->settings.clip_norm = s->options.clip;
    return BRN__GO_ON;
}

static brn_status find(search *s, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    const brn__callback progress = {.name = "progress",
                                    .order = BRN__ORDER_PROGRESS,
                                    .on = {[BRN__AFTER_BATCH] = show},
                                    .state = s};
    const brn__callback clipping = {
        .name = "clipping", .order = BRN__ORDER_RATES, .on = {[BRN__BEFORE_FIT] = set_clip}, .state = s};
    brn__fit_options fit = brn__lm_fit_options(&s->options, &s->start);
    if (finder->form != BRN_LR_FIND_VALID) fit.valid = NULL;
    else if (!fit.valid) return brn__fail(BRN_ERROR_INPUT, "no text validates: expected a larger share");
    fit.callbacks[fit.callback_count++] = &clipping;
    fit.callbacks[fit.callback_count++] = &progress;
    s->iterations = brn__lr_find_iterations(&fit, finder);
    return brn__lr_find(s->start.network.learner, &fit, NULL, finder, out);
}

static brn_status run(search *s, const brn_lm_options *options, const brn_lr_finder_options *finder,
                      brn_lr_curve *out)
{
    s->options = *options;
    BRN__TRY(brn__lm_options_settle(&s->options));
    BRN__TRY(brn__lm_start_lend(&s->options, &s->arena));
    if (!s->options.threads) s->options.threads = brn__processor_count();
    BRN__TRY(brn__lm_start_open(&s->options, NULL, true, &s->start));
    BRN__TRY(brn__precision_tell(&s->progress, options->precision));
    return find(s, finder, out);
}

brn_status brn_lm_lr_find(const brn_lm_options *options, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    search s = {0};
    brn__progress_init(&s.progress, options->on_event, options->context);
    s.progress.stage = "lr-find";
    s.progress.epochs = 1;
    brn_status status = run(&s, options, finder, out);
    if (status != BRN_OK) brn_lr_curve_free(out);
    brn__lm_start_free(&s.start);
    brn__arena_free(&s.arena);
    return status;
}
