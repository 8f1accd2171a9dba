/* SPDX-License-Identifier: Apache-2.0
 * From the loop's events to those that the caller of a job hears. */
#include "base/status.h"
#include "train/callbacks.h"

#include <math.h>

brn_event brn__event_of(brn_event_kind kind, const char *text)
{
    return (brn_event){.kind = kind,
                       .train_loss = NAN,
                       .valid_loss = NAN,
                       .learning_rate = NAN,
                       .momentum = NAN,
                       .text = text};
}

brn_status brn__progress_send(brn__progress *progress, brn_event event)
{
    event.stage = progress->stage;
    event.epochs = progress->epochs;
    if (progress->on_event && progress->on_event(progress->context, &event) != 0)
        progress->stopped = true;
    return progress->stopped ? brn__fail(BRN_ERROR_INTERRUPTED, "interrupted") : BRN_OK;
}

static brn__action send(brn__progress *progress, brn__fit *fit, brn_event_kind kind)
{
    int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    brn_event event = brn__event_of(kind, NULL);
    event.epoch = progress->epochs_before + fit->epoch + 1;
    event.batch = fit->batch + fit->valid_batch;
    event.batches = fit->batches + fit->valid_batches;
    event.train_loss = fit->train_loss;
    const brn_group_settings *last = &fit->settings.groups[groups > 0 ? groups - 1 : 0];
    event.learning_rate = last->learning_rate;
    event.momentum = last->momentum;
    if (kind == BRN_EVENT_BATCH && fit->valid_batch > 0) event.learning_rate = event.momentum = NAN;
    event.seconds = brn__seconds_now() - fit->epoch_start;
    if (kind == BRN_EVENT_EPOCH) {
        event.valid_loss = fit->valid_loss;
        event.metrics = fit->metrics;
        event.metric_count = fit->metric_count;
        event.seconds = fit->seconds;
    }
    brn_status status = brn__progress_send(progress, event);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn__action after_batch(void *state, brn__fit *fit)
{
    return send(state, fit, BRN_EVENT_BATCH);
}

static brn__action after_epoch(void *state, brn__fit *fit)
{
    return send(state, fit, BRN_EVENT_EPOCH);
}

void brn__progress_init(brn__progress *progress, brn_event_handler *on_event, void *context)
{
    *progress = (brn__progress){.on_event = on_event, .context = context};
    progress->callback = (brn__callback){.name = "progress",
                                         .order = BRN__ORDER_PROGRESS,
                                         .on = {[BRN__AFTER_BATCH] = after_batch,
                                                [BRN__AFTER_VALID_BATCH] = after_batch,
                                                [BRN__AFTER_EPOCH] = after_epoch},
                                         .state = progress};
}
