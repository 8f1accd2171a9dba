/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"
#include "jobs/image_targets.h"
#include "jobs/image_train.h"

#include <stdio.h>
#include <string.h>

static const double PLATEAU_FACTOR = .1; /* fastai 2's and PyTorch's */

brn_status brn__image_watch_check(const brn_image_options *o)
{
    brn__monitor monitor;
    if (o->early_stopping < 0 || o->early_stopping > 100000)
        return brn__fail(BRN_ERROR_USAGE, "early stopping: %d epochs; expected 0 (off) to 100000",
                         o->early_stopping);
    if (o->reduce_on_plateau < 0 || o->reduce_on_plateau > 100000)
        return brn__fail(BRN_ERROR_USAGE, "reduce on plateau: %d epochs; expected 0 (off) to 100000",
                         o->reduce_on_plateau);
    return brn__monitor_init(&monitor, o->monitor, 0);
}

/* ------------------------------------------------------------------ the best epoch's file */

static void take_metrics(brn_image_result *result, double valid_loss, const brn_metric *metrics,
                         int count)
{
    result->valid_loss = valid_loss;
    for (int i = 0; i < count; i++)
        brn__image_result_take(result, metrics[i].name, metrics[i].value);
}

/* A model file as any other: its summary is that of the epoch. */
static brn_status write_best(void *context, const brn__save_best *best)
{
    brn__image_training *t = context;
    const brn_image_result result = t->result;
    const int epochs_done = t->epochs_done;
    take_metrics(&t->result, best->fit->valid_loss, best->fit->metrics, best->fit->metric_count);
    t->epochs_done = brn__save_best_epoch(best);
    brn_status status = brn__image_save_model(t, BRN__IMAGE_BEST);
    t->result = result;
    t->epochs_done = epochs_done;
    return status;
}

static brn_status read_best(void *context, const brn__save_best *best)
{
    (void)best;
    brn__image_training *t = context;
    brn__model_file *file;
    char path[sizeof t->run + 32];
    snprintf(path, sizeof path, "%s/%s", t->run, BRN__IMAGE_BEST);
    BRN__TRY(brn__model_file_open(path, &file));
    brn_status status = brn__model_file_load(file, t->network.parameters);
    brn__model_file_close(file);
    return status;
}

/* ------------------------------------------------------------------ a stage */

static void add(brn__fit_options *fit, const brn__callback *callback)
{
    fit->callbacks[fit->callback_count++] = callback;
}

void brn__image_watch_add(brn__image_training *t, brn__fit_options *fit)
{
    const brn_image_options *o = &t->plan.options;
    brn__image_watch *watch = &t->watch;
    brn__monitor monitor;
    brn_status status = brn__monitor_init(&monitor, o->monitor, 0);
    if (status != BRN_OK) return; /* can't be: it was checked */
    if (o->early_stopping > 0) {
        brn__early_stopping_init(&watch->stopping, &monitor, o->early_stopping, &t->progress);
        add(fit, &watch->stopping.callback);
    }
    if (o->reduce_on_plateau > 0) {
        brn__reduce_on_plateau_init(&watch->reduce, &monitor, o->reduce_on_plateau, PLATEAU_FACTOR, 0,
                                    &t->progress);
        add(fit, &watch->reduce.callback);
    }
    if (o->save_best) {
        const brn__best_file file = {write_best, read_best, t};
        if (!watch->best.callback.state)
            brn__save_best_init(&watch->best, &monitor, &file, &t->progress);
        add(fit, &watch->best.callback);
    }
}

bool brn__image_watch_has_best(const brn__image_training *t)
{
    return t->plan.options.save_best && brn__save_best_epoch(&t->watch.best) > 0;
}

brn_status brn__image_watch_end(brn__image_training *t)
{
    brn__image_watch *watch = &t->watch;
    if (!brn__image_watch_has_best(t)) return BRN_OK;
    BRN__TRY(brn__save_best_restore(&watch->best, &watch->last));
    take_metrics(&t->result, watch->last.valid_loss, watch->last.metrics, watch->last.metric_count);
    if (watch->last.metric_count == 0) /* resumed when all epochs were done */
        for (int i = 0; i < BRN__IMAGE_MEASURES; i++)
            brn__image_result_take(&t->result, t->result.metrics[i].name,
                                   brn__save_best_metric(&watch->best, i));
    char text[256];
    snprintf(text, sizeof text, "the model is that of epoch %d, whose %s of %.4g is the best",
             brn__save_best_epoch(&watch->best), watch->best.monitor.name,
             brn__save_best_value(&watch->best));
    return brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_NOTE, text));
}
