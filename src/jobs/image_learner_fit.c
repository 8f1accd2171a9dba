/* SPDX-License-Identifier: Apache-2.0
 * The image learner: fits, and the rate finder. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_learner.h"
#include "jobs/image_targets.h"
#include "train/fine_tuning.h"
#include "train/lr_finder.h"
#include "train/scheduling.h"
#include "train/snapshots.h"
#include "train/whole_metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TOP5_CLASSES = 5 };

brn_image_fit brn_image_fit_defaults(const brn_image_learner *l, double rate)
{
    brn_image_fit fit = {.epochs = 1, .cycle_epochs = 1, .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_SGD)};
    fit.optimizer.decay_all = true; /* as 0.7 */
    for (int g = 0; g < brn_image_learner_groups(l); g++) fit.rates[g] = rate;
    return fit;
}

static brn_status check(const brn_image_learner *l, const brn_image_fit *fit)
{
    if (fit->epochs < 1 || fit->epochs > 100000)
        return brn__fail(BRN_ERROR_USAGE, "fit: %d epochs; expected 1 or more", fit->epochs);
    if (fit->metric_count < 0 || fit->metric_count > BRN_IMAGE_FIT_METRICS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "fit: %d metrics; expected %d or fewer", fit->metric_count,
                         BRN_IMAGE_FIT_METRICS_MAX);
    for (int g = 0; g < brn_image_learner_groups(l); g++) {
        if (brn_image_learner_learns(l, g) && !(fit->rates[g] >= 0 && fit->rates[g] <= 1000))
            return brn__fail(BRN_ERROR_USAGE, "fit: rate %g of layer group %d; expected 0 to 1000",
                             fit->rates[g], g);
        if (!(fit->decays[g] >= 0 && fit->decays[g] <= 100))
            return brn__fail(BRN_ERROR_USAGE, "fit: weight decay %g of layer group %d; expected 0 to 100",
                             fit->decays[g], g);
    }
    return BRN_OK;
}

/* ------------------------------------------------------------------ the parts of a fit */

/* All that one fit needs beside the learner. */
typedef struct parts {
    brn_image_learner *learner;
    const brn_image_fit *fit;
    brn__image_footing footing;
    brn__loader *train, *valid;
    brn__fit_options options;
    brn__scheduling scheduling;
    brn__decays decays;
    brn__callback clipping;
    brn__metrics metrics;
    brn__whole_metrics measures;
    brn__whole_metrics collected; /* for metrics of the caller's */
    brn__callback own_metrics;
    float *answers; /* room for `collected`, as they are told */
    int64_t answers_room;
    brn__nan_stop nan_stop;
    brn__snapshots snapshots;
} parts;

static void add(parts *p, const brn__callback *callback)
{
    p->options.callbacks[p->options.callback_count++] = callback;
}

static brn__action set_clip(void *state, brn__fit *fit)
{
    const parts *p = state;
    fit->settings.clip_norm = p->fit->clip_norm;
    return BRN__GO_ON;
}

static brn_status save_snapshot(void *context, brn_parameters *parameters, int number)
{
    (void)parameters;
    const parts *p = context;
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s_cyc_%d.safetensors", p->fit->snapshots, number);
    if (length < 0 || length >= (int)sizeof path)
        return brn__fail(BRN_ERROR_USAGE, "snapshots: the path is too long");
    return brn_image_learner_save(p->learner, path);
}

static void add_rates(parts *p)
{
    const brn_image_fit *fit = p->fit;
    const int groups = brn_image_learner_groups(p->learner);
    if (fit->cycles) {
        brn_cycles cycles = *fit->cycles;
        cycles.batches = fit->cycle_epochs * brn__loader_batch_count(p->train);
        brn__scheduling_cycles(&p->scheduling, fit->rates, groups, &cycles);
        if (fit->snapshots) {
            brn__snapshots_init(&p->snapshots, &cycles, save_snapshot, p);
            add(p, &p->snapshots.callback);
        }
    } else {
        const brn_schedule constant = brn_schedule_simple(BRN_SCHEDULE_CONSTANT, 1, 1, 0);
        brn__scheduling_init(&p->scheduling, fit->rates, groups, fit->rate ? fit->rate : &constant,
                             fit->momentum);
    }
    add(p, &p->scheduling.callback);
}

static void add_measures(parts *p)
{
    static const brn__metric *const of_labels[] = {&brn__metric_accuracy, &brn__metric_error_rate,
                                                   &brn__metric_top5};
    const brn_target_kind kind = p->learner->network.kind;
    brn__image_measures_init(&p->measures, kind);
    brn__metrics_init(&p->metrics, of_labels, p->learner->outputs > TOP5_CLASSES ? 3 : 2);
    add(p, kind == BRN_TARGET_LABEL ? &p->metrics.callback : &p->measures.callback);
}

/* ------------------------------------------------------------------ metrics of the caller's */

static brn_status tell_answers(parts *p, brn_image_validated *out)
{
    const brn__whole_metrics *m = &p->collected;
    const int64_t outputs = p->learner->outputs;
    if (m->items > p->answers_room) {
        brn__free(p->answers);
        p->answers_room = 0;
        p->answers = brn__alloc_array((size_t)(m->items * outputs), sizeof *p->answers);
        if (!p->answers) return BRN_ERROR_NO_MEMORY;
        p->answers_room = m->items;
    }
    for (int64_t i = 0; i < m->items; i++)
        brn__image_answer_of(p->learner->network.kind, m->outputs + i * outputs, outputs, p->answers + i * outputs);
    *out = (brn_image_validated){m->items, outputs, p->answers, m->labels, m->targets};
    return BRN_OK;
}

static brn__action measure(void *state, brn__fit *fit)
{
    parts *p = state;
    brn_image_validated validated;
    brn_status status = tell_answers(p, &validated);
    for (int i = 0; status == BRN_OK && i < p->fit->metric_count; i++) {
        const brn_image_metric *metric = &p->fit->metrics[i];
        double value = NAN;
        if (validated.count > 0) status = metric->of_all(metric->context, &validated, &value);
        if (status == BRN_OK) brn__fit_set_metric(fit, metric->name, value);
    }
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static void add_own_metrics(parts *p)
{
    if (p->fit->metric_count == 0) return;
    brn__whole_metrics_init(&p->collected, NULL, 0);
    add(p, &p->collected.callback);
    p->own_metrics = (brn__callback){.name = "metrics of the caller's",
                                     .order = BRN__ORDER_METRICS + 1, /* they are collected then */
                                     .on = {[BRN__AFTER_VALIDATE] = measure},
                                     .state = p};
    add(p, &p->own_metrics);
}

static brn_status prepare(parts *p)
{
    brn_image_learner *l = p->learner;
    const brn_image_fit *fit = p->fit;
    const int groups = brn_image_learner_groups(l);
    const brn_norm_form frozen = l->options.train_bn ? BRN_NORM_BATCH : BRN_NORM_FIXED;
    BRN__TRY(check(l, fit));
    if (l->counts[BRN_SPLIT_TRAIN] < 2) return brn__fail(BRN_ERROR_USAGE, "fit: the learner has nothing to learn from");
    BRN__TRY(brn__image_learner_stand(l, &p->footing));
    BRN__TRY(brn__image_learner_loader(l, &p->footing, BRN_SPLIT_TRAIN, BRN__IMAGE_TO_LEARN, &p->train));
    BRN__TRY(brn__image_learner_loader(l, &p->footing, BRN_SPLIT_VALID, BRN__IMAGE_PLAIN, &p->valid));
    p->options = (brn__fit_options){.network = *p->footing.network,
                                    .train = p->train,
                                    .valid = p->valid,
                                    .epochs = fit->epochs,
                                    .optimizer = fit->optimizer,
                                    .learning_rate = fit->rates[groups - 1],
                                    .learning_groups = l->learning};
    if (p->options.optimizer.threads == 0) p->options.optimizer.threads = l->options.threads;
    brn__norm_forms(groups, l->learning, frozen, l->norms_frozen ? UINT64_MAX : 0, p->options.norm_form);
    brn__decays_init(&p->decays, fit->decays, groups);
    add(p, &p->decays.callback);
    return BRN_OK;
}

static brn_status finish(parts *p, brn_status status)
{
    if (status == BRN_OK) status = brn__image_learner_warn(p->learner, p->train);
    if (status == BRN_OK) status = brn__image_learner_warn(p->learner, p->valid);
    brn__whole_metrics_deinit(&p->measures);
    brn__whole_metrics_deinit(&p->collected);
    brn__free(p->answers);
    brn__loader_free(p->valid);
    brn__loader_free(p->train);
    return status;
}

/* ------------------------------------------------------------------ the calls */

static brn_status run_fit(parts *p)
{
    brn_image_learner *l = p->learner;
    const uint64_t body = (1ull << l->model->body_groups) - 1;
    BRN__TRY(prepare(p));
    add_rates(p);
    add_measures(p);
    add_own_metrics(p);
    p->clipping = (brn__callback){
        .name = "clipping", .order = BRN__ORDER_RATES, .on = {[BRN__BEFORE_FIT] = set_clip}, .state = p};
    add(p, &p->clipping);
    l->progress.epochs_before = 0;
    l->progress.epochs = p->fit->epochs;
    l->progress.stage = "fit";
    l->progress.stopped = false;
    add(p, &l->progress.callback);
    brn__nan_stop_init(&p->nan_stop, &l->progress);
    add(p, &p->nan_stop.callback);
    const brn_status status = brn__learner_fit(l->network.learner, &p->options, NULL);
    if ((l->learning & body) || l->options.train_bn) brn__image_learner_forget_features(l);
    return status;
}

brn_status brn_image_learner_fit(brn_image_learner *l, const brn_image_fit *fit)
{
    parts p = {.learner = l, .fit = fit};
    return finish(&p, run_fit(&p));
}

static brn__action show(void *state, brn__fit *fit)
{
    parts *p = state;
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = fit->iteration;
    event.batches = fit->iterations;
    event.train_loss = fit->train_loss;
    event.learning_rate = fit->settings.groups[p->learner->model->body_groups].learning_rate;
    const brn_status status = brn__progress_send(&p->learner->progress, event);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

static brn_status run_lr_find(parts *p, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    brn_image_learner *l = p->learner;
    BRN__TRY(prepare(p));
    const brn__callback callback = {.name = "search",
                                    .order = BRN__ORDER_PROGRESS,
                                    .on = {[BRN__AFTER_BATCH] = show},
                                    .state = p};
    add(p, &callback);
    l->progress.stage = "lr-find";
    l->progress.epochs_before = 0;
    l->progress.epochs = 1;
    l->progress.stopped = false;
    return brn__lr_find(l->network.learner, &p->options, p->fit->rates, finder, out);
}

brn_status brn_image_learner_lr_find(brn_image_learner *l, const brn_image_fit *fit,
                                     const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    parts p = {.learner = l, .fit = fit};
    const brn_status status = finish(&p, run_lr_find(&p, finder, out));
    if (status != BRN_OK) brn_lr_curve_free(out);
    return status;
}
