/* SPDX-License-Identifier: Apache-2.0
 * A loss that is not a number never becomes one again: stop before it gets into the parameters, and say
 * where it comes from. An activation may swallow what is not a number, so the parameters and running
 * statistics are looked at after every epoch too: what is validated and kept is finite. */
#include "base/status.h"
#include "base/text.h"
#include "graph/plan.h"
#include "train/callbacks.h"
#include "train/find_nan.h"

#include <math.h>

static double rate_of(const brn__fit *fit)
{
    int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    return fit->settings.groups[groups > 0 ? groups - 1 : 0].learning_rate;
}

/* What can be told of the source; nothing when the search itself fails. */
static void add_source(brn__text *text, brn__fit *fit)
{
    brn__nan_found found;
    if (brn__find_nan(fit, &found) != BRN_OK) {
        brn__text_add(text, "; a lower rate may help");
        return;
    }
    brn__text_printf(text, ": %s", found.text);
    if (found.source == BRN__NAN_LAYER || (found.source == BRN__NAN_PARAMETER && fit->iteration > 0))
        brn__text_add(text, "; a lower rate may help");
}

static void add_epoch(brn__text *text, const brn__nan_stop *stop, const brn__fit *fit)
{
    const brn__progress *progress = stop ? stop->progress : NULL;
    brn__text_printf(text, "epoch %d", (progress ? progress->epochs_before : 0) + fit->epoch + 1);
    if (progress && progress->stage) brn__text_printf(text, " (stage \"%s\")", progress->stage);
}

static brn__action diverged(brn__fit *fit, brn__text *text)
{
    brn_status status = brn__text_finish(text);
    if (status == BRN_OK)
        status = brn__fail(BRN_ERROR_DIVERGED, "training diverged: %s", text->bytes);
    brn__text_free(text);
    return brn__fit_fail(fit, status == BRN_ERROR_DIVERGED ? status : BRN_ERROR_DIVERGED);
}

static brn__action check_loss(void *state, brn__fit *fit)
{
    if (isfinite(fit->loss)) return BRN__GO_ON;
    brn__text text = {0};
    brn__text_printf(&text, "the loss of batch %lld of %lld in ", (long long)fit->batch + 1,
                     (long long)fit->batches);
    add_epoch(&text, state, fit);
    brn__text_printf(&text, " is %g, at a learning rate of %.3g",
                     isnan(fit->loss) ? NAN : fit->loss /* never -nan */, rate_of(fit));
    add_source(&text, fit);
    return diverged(fit, &text);
}

static brn__action check_parameters(void *state, brn__fit *fit)
{
    char found[512];
    brn_parameters *parameters = brn__runner_store(brn__learner_runner(fit->learner));
    if (!brn__find_nan_parameter(parameters, true, found, sizeof found)) return BRN__GO_ON;
    brn__text text = {0};
    brn__text_add(&text, "after the training batches of ");
    add_epoch(&text, state, fit);
    brn__text_printf(&text, ", at a learning rate of %.3g, %s; a lower rate may help", rate_of(fit), found);
    return diverged(fit, &text);
}

const brn__callback brn__terminate_on_nan = {
    .name = "terminate on NaN",
    .order = BRN__ORDER_NAN,
    .on = {[BRN__AFTER_LOSS] = check_loss, [BRN__AFTER_TRAIN] = check_parameters},
};

void brn__nan_stop_init(brn__nan_stop *stop, const brn__progress *progress)
{
    *stop = (brn__nan_stop){.callback = brn__terminate_on_nan, .progress = progress};
    stop->callback.state = stop;
}
