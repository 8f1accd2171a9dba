/* SPDX-License-Identifier: Apache-2.0
 * Fits by hand: from what was asked for to the callbacks of one fit. */
#include "train/hand_fit.h"
#include "base/status.h"

#include <stdio.h>

brn_hand_fit brn_hand_fit_defaults(int groups, double rate)
{
    brn_hand_fit fit = {.epochs = 1, .cycle_epochs = 1, .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD)};
    fit.optimizer.decay_all = true; /* as 0.7 */
    for (int g = 0; g < groups && g < BRN_GROUPS_MAX; g++) fit.rates[g] = rate;
    return fit;
}

static brn_status check(const brn__hand_fit *hand)
{
    const brn_hand_fit *fit = hand->fit;
    if (fit->epochs < 1 || fit->epochs > 100000)
        return brn__fail(BRN_ERROR_USAGE, "fit: %d epochs; expected 1 to 100000", fit->epochs);
    if (fit->metric_count < 0 || fit->metric_count > BRN_HAND_METRICS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "fit: %d metrics; expected %d or fewer", fit->metric_count,
                         BRN_HAND_METRICS_MAX);
    if (fit->metric_count > 0 && !hand->takes_metrics)
        return brn__fail(BRN_ERROR_USAGE, "fit: metrics of one's own are taken by learners of pictures and arrays only");
    if (fit->cycles && fit->cycle_epochs < 1)
        return brn__fail(BRN_ERROR_USAGE, "fit: a cycle of %d epochs; expected 1 or more", fit->cycle_epochs);
    if (!(fit->clip_norm >= 0))
        return brn__fail(BRN_ERROR_USAGE, "fit: clip_norm %g; expected more than 0, or 0 for none", fit->clip_norm);
    if (fit->snapshots && !fit->cycles)
        return brn__fail(BRN_ERROR_USAGE, "fit: snapshots are of cycles; expected rates that go in cycles");
    for (int g = 0; g < hand->groups; g++) {
        if ((hand->learning >> g & 1) && !(fit->rates[g] >= 0 && fit->rates[g] <= 1000))
            return brn__fail(BRN_ERROR_USAGE, "fit: rate %g of layer group %d; expected 0 to 1000",
                             fit->rates[g], g);
        if (!(fit->decays[g] >= 0 && fit->decays[g] <= 100))
            return brn__fail(BRN_ERROR_USAGE, "fit: weight decay %g of layer group %d; expected 0 to 100",
                             fit->decays[g], g);
    }
    return BRN_OK;
}

void brn__hand_fit_add(brn__hand_fit *hand, const brn__callback *callback)
{
    hand->options.callbacks[hand->options.callback_count++] = callback;
}

static brn_status save_snapshot(void *context, brn_parameters *parameters, int number)
{
    (void)parameters;
    const brn__hand_fit *hand = context;
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s_cyc_%d.safetensors", hand->fit->snapshots, number);
    if (length < 0 || length >= (int)sizeof path)
        return brn__fail(BRN_ERROR_USAGE, "snapshots: the path is too long");
    return hand->save(hand->context, path);
}

static void add_rates(brn__hand_fit *hand)
{
    const brn_hand_fit *fit = hand->fit;
    if (fit->cycles) {
        brn_cycles cycles = *fit->cycles;
        cycles.batches = fit->cycle_epochs * brn__loader_batch_count(hand->options.train);
        brn__scheduling_cycles(&hand->scheduling, fit->rates, hand->groups, &cycles);
        if (fit->snapshots) {
            brn__snapshots_init(&hand->snapshots, &cycles, save_snapshot, hand);
            brn__hand_fit_add(hand, &hand->snapshots.callback);
        }
    } else {
        const brn_schedule constant = brn_schedule_simple(BRN_SCHEDULE_CONSTANT, 1, 1, 0);
        brn__scheduling_init(&hand->scheduling, fit->rates, hand->groups, fit->rate ? fit->rate : &constant,
                             fit->momentum);
    }
    brn__hand_fit_add(hand, &hand->scheduling.callback);
}

static void begin_stage(brn__progress *progress, const char *stage, int epochs)
{
    progress->stage = stage;
    progress->epochs_before = 0;
    progress->epochs = epochs;
    progress->stopped = false;
}

brn_status brn__hand_fit_prepare(brn__hand_fit *hand)
{
    const brn_hand_fit *fit = hand->fit;
    BRN__TRY(check(hand));
    hand->options.epochs = fit->epochs;
    hand->options.optimizer = fit->optimizer;
    hand->options.learning_rate = fit->rates[hand->groups - 1];
    hand->options.learning_groups = hand->learning;
    brn__decays_init(&hand->decays, fit->decays, hand->groups);
    brn__hand_fit_add(hand, &hand->decays.callback);
    hand->options.clip_norm = fit->clip_norm;
    return BRN_OK;
}

brn_status brn__hand_fit_run(brn__hand_fit *hand)
{
    add_rates(hand);
    begin_stage(hand->progress, "fit", hand->fit->epochs);
    brn__hand_fit_add(hand, &hand->progress->callback);
    brn__nan_stop_init(&hand->nan_stop, hand->progress);
    brn__hand_fit_add(hand, &hand->nan_stop.callback);
    return brn__learner_fit(hand->learner, &hand->options, NULL);
}

brn_status brn__hand_fit_find(brn__hand_fit *hand, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    begin_stage(hand->progress, "lr-find", 1);
    return brn__lr_find_told(hand->learner, &hand->options, hand->fit->rates, finder, hand->progress,
                             hand->groups - 1, out);
}
