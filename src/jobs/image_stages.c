/* SPDX-License-Identifier: Apache-2.0
 * Going through the stages of a recipe (image_recipe.h). */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_interpret.h"
#include "burnish/lr_plot.h"
#include "jobs/image_recipe.h"
#include "jobs/image_extras.h"
#include "jobs/image_rates.h"
#include "jobs/image_targets.h"
#include "train/find_nan.h"
#include "train/lr_finder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FEATURES_BATCH = 32 };

/* What a stage is trained on. */
typedef struct ground {
    const brn__network *network;
    const brn__dataset *dataset; /* trains and validates */
} ground;

/* Pictures of the size of a stage, and the network on them. */
typedef struct sized_ground {
    brn__image_network network;
    brn__image_transform transform;
    const brn__dataset *pictures;
    brn__dataset *own; /* of another size than the training's, or NULL */
} sized_ground;

static brn_status sized_ground_of(brn__image_training *t, int size, sized_ground *out)
{
    *out = (sized_ground){.network = t->network, .transform = t->transform, .pictures = t->pictures};
    if (size == 0 || size == t->plan.options.size) return BRN_OK;
    brn_weights_preprocessing preprocessing = t->plan.preprocessing;
    preprocessing.size = preprocessing.resize = size;
    BRN__TRY(brn__image_transform_of(&preprocessing, t->plan.options.augment, &out->transform));
    BRN__TRY(brn__image_network_at(&t->network, &t->made_of, size, &out->network));
    BRN__TRY(brn__image_dataset_new(t->data, &out->transform, &out->own));
    out->pictures = out->own;
    return BRN_OK;
}

brn_status brn__image_begin_stage(brn__image_training *t, const char *name)
{
    t->progress.stage = t->history.stage = name;
    return brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_STAGE, name));
}

/* ------------------------------------------------------------------ bad pictures */

brn_status brn__image_warn_of_bad(brn__image_training *t, int64_t item, const char *reason)
{
    if (t->warned[item]) return BRN_OK;
    BRN__TRY(brn__image_skipped_add(t->run, brn_image_data_path(t->data, item), reason));
    t->warned[item] = true;
    t->result.bad_count++;
    brn_status sent = brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, reason));
    return sent == BRN_ERROR_INTERRUPTED ? BRN_OK : sent; /* the next batch stops */
}

static brn_status warn_of_bad(brn__image_training *t, const brn__loader *loader)
{
    int64_t count = 0;
    const brn__bad_item *bad = loader ? brn__loader_bad_items(loader, &count) : NULL;
    for (int64_t i = 0; i < count; i++)
        BRN__TRY(brn__image_warn_of_bad(t, bad[i].item, bad[i].reason));
    return BRN_OK;
}

/* ------------------------------------------------------------------ results */

static void fill_fit(const brn__image_training *t, const brn__image_stage *s, const ground *on,
                     brn__fit_options *fit)
{
    const brn_image_options *o = &t->plan.options;
    const int head = t->plan.model->body_groups;
    fit->network = *on->network;
    fit->epochs = s->epochs;
    fit->optimizer = s->optimizer;
    fit->learning_rate = s->rates[head];
    const int first = s->frozen ? head : s->first_group;
    fit->learning_groups = first > 0 ? brn__freeze_to(head + 1, first) : UINT64_MAX;
    const uint64_t kept = o->bn_freeze ? brn__freeze_to(head, 0) : 0; /* the head's are young */
    brn__norm_forms(head + 1, fit->learning_groups, o->train_bn ? BRN_NORM_BATCH : BRN_NORM_FIXED, kept,
                    fit->norm_form);
}

/* What was measured in the last epoch, which a resumed fit finds again: the accuracy of labels, and both
 * measures of other targets. */
typedef struct last_measures {
    brn__callback callback;
    brn_target_kind kind;
    int count;
    double values[BRN__IMAGE_MEASURES];
} last_measures;

static brn__action note_measures(void *state, brn__fit *fit)
{
    last_measures *last = state;
    for (int i = 0; i < fit->metric_count; i++)
        for (int k = 0; k < last->count; k++)
            if (strcmp(fit->metrics[i].name, brn__image_measure(last->kind, k)) == 0)
                last->values[k] = fit->metrics[i].value;
    return BRN__GO_ON;
}

static void last_measures_init(last_measures *last, brn_target_kind kind)
{
    *last = (last_measures){.kind = kind,
                            .count = kind == BRN_TARGET_LABEL ? 1 : BRN__IMAGE_MEASURES,
                            .values = {NAN, NAN}};
    last->callback = (brn__callback){.name = kind == BRN_TARGET_LABEL ? "last accuracy" : "last measures",
                                     .order = BRN__ORDER_METRICS,
                                     .on = {[BRN__AFTER_EPOCH] = note_measures},
                                     .state = last,
                                     .memory = last->values,
                                     .memory_count = last->count};
}

static void set_epochs_done(brn__image_training *t, int epochs)
{
    t->epochs_done = epochs;
    t->progress.epochs_before = t->history.epochs_before = epochs;
}

static void keep_result(brn__image_training *t, const brn__fit_result *result, const last_measures *last)
{
    set_epochs_done(t, t->epochs_done + result->epochs);
    if (result->epochs == 0) return;
    t->result.valid_loss = result->valid_loss;
    for (int i = 0; i < last->count; i++)
        brn__image_result_take(&t->result, brn__image_measure(last->kind, i), last->values[i]);
}

/* ------------------------------------------------------------------ saving */

/* The state comes last: what it does not know yet is made again when the run is gone on with. Values that
 * have ceased to be finite are no state to go on from; the next batch will end the fit. */
static brn_status save_state(void *context, const brn__memory_item *items, int count)
{
    brn__image_training *t = context;
    char found[128];
    if (brn__find_nan_parameter(t->network.parameters, true, found, sizeof found)) return BRN_OK;
    BRN__TRY(warn_of_bad(t, t->train));
    BRN__TRY(warn_of_bad(t, t->valid));
    BRN__TRY(brn__curve_write(&t->curve));
    const brn__run_state_facts facts = {.stage = t->stage,
                                        .epochs_before = t->epochs_done,
                                        .threads = t->plan.options.threads};
    return brn__run_state_write(t->run, &facts, items, count);
}

static bool resumes_in(const brn__image_training *t, int number)
{
    return t->state && brn__run_state_facts_of(t->state).stage == number;
}

static bool resumes_after(const brn__image_training *t, int number)
{
    return t->state && brn__run_state_facts_of(t->state).stage > number;
}

/* ------------------------------------------------------------------ a fit */

static brn_status fit_with(brn__image_training *t, const brn__image_stage *s, brn__fit_options *fit)
{
    const brn__metric *list[] = {&brn__metric_accuracy, &brn__metric_error_rate, &brn__metric_top5};
    const brn_target_kind kind = brn_image_data_target_kind(t->data);
    brn__metrics metrics;
    brn__whole_metrics measures;
    brn__scheduling rates;
    brn__plan_report report;
    brn__checkpoint checkpoint;
    last_measures last;
    brn__nan_stop nan_stop;
    brn__metrics_init(&metrics, list, brn_image_data_class_count(t->data) > 5 ? 3 : 2);
    brn__image_measures_init(&measures, kind);
    const int64_t batches = brn__loader_batch_count(t->train);
    BRN__TRY(brn__image_rates_init(s, t->plan.model->body_groups + 1, batches, &rates));
    brn__plan_report_init(&report, &t->progress);
    brn__nan_stop_init(&nan_stop, &t->progress);
    brn__checkpoint_init(&checkpoint, t->plan.options.checkpoint_seconds, save_state, t);
    last_measures_init(&last, kind);
    if (resumes_in(t, t->stage)) {
        set_epochs_done(t, brn__run_state_facts_of(t->state).epochs_before);
        fit->restore = brn__run_state_restore;
        fit->restore_context = t->state;
    }
    fit->callbacks[fit->callback_count++] = &rates.callback;
    fit->callbacks[fit->callback_count++] = &nan_stop.callback;
    fit->callbacks[fit->callback_count++] =
        kind == BRN_TARGET_LABEL ? &metrics.callback : &measures.callback;
    fit->callbacks[fit->callback_count++] = &last.callback;
    fit->callbacks[fit->callback_count++] = &t->history.callback;
    fit->callbacks[fit->callback_count++] = &t->curve.callback;
    fit->callbacks[fit->callback_count++] = &t->record.callback;
    fit->callbacks[fit->callback_count++] = &t->progress.callback;
    fit->callbacks[fit->callback_count++] = &checkpoint.callback;
    brn__image_watch_add(t, fit);
    if (t->plan.options.describe_plans) fit->callbacks[fit->callback_count++] = &report.callback;
    brn__image_extras extras = {0};
    brn__fit_result result = {0};
    brn_status status = brn__image_extras_add(t, s, batches, fit, &extras);
    if (status == BRN_OK) status = brn__learner_fit(t->network.learner, fit, &result);
    brn__image_extras_free(&extras);
    brn__whole_metrics_deinit(&measures);
    t->result.snapshot_count = (int)extras.snapshots.count;
    keep_result(t, &result, &last);
    t->watch.last = result;
    return status;
}

static brn_status new_loaders(brn__image_training *t, const ground *on)
{
    const brn_image_options *o = &t->plan.options;
    BRN__TRY(brn__image_loader_new(o, t->data, on->dataset, BRN_SPLIT_TRAIN, &t->train));
    return brn__image_loader_new(o, t->data, on->dataset, BRN_SPLIT_VALID, &t->valid);
}

static void free_loaders(brn__image_training *t)
{
    brn__loader_free(t->valid);
    brn__loader_free(t->train);
    t->train = t->valid = NULL;
}

/* ------------------------------------------------------------------ a stage */

static brn_status train_stage(brn__image_training *t, const brn__image_stage *s, const ground *on)
{
    brn__fit_options fit = {0};
    fill_fit(t, s, on, &fit);
    fit.train = t->train;
    fit.valid = t->valid;
    return fit_with(t, s, &fit);
}

static brn__action show_search(void *state, brn__fit *fit)
{
    brn__image_training *t = state;
    brn_event event = brn__event_of(BRN_EVENT_BATCH, NULL);
    event.batch = event.batches = fit->iteration;
    event.train_loss = fit->train_loss;
    const brn_status status = brn__progress_send(&t->progress, event);
    return status == BRN_OK ? BRN__GO_ON : brn__fit_fail(fit, status);
}

/* Leaves everything as it was, but for a picture in the run folder. */
static brn_status find_rate(brn__image_training *t, const brn__image_stage *s, const ground *on)
{
    const brn__callback callback = {.name = "search",
                                    .order = BRN__ORDER_PROGRESS,
                                    .on = {[BRN__AFTER_BATCH] = show_search},
                                    .state = t};
    brn__fit_options fit = {.callback_count = 1, .callbacks = {&callback}};
    brn_lr_finder_options finder = brn_lr_finder_defaults(BRN_LR_FIND_EPOCH);
    brn_lr_curve curve;
    char path[sizeof t->run + 64], text[256];
    fill_fit(t, s, on, &fit);
    fit.train = t->train;
    BRN__TRY(brn__lr_find(t->network.learner, &fit, s->rates, &finder, &curve));
    snprintf(path, sizeof path, "%s/lr_find_%d.svg", t->run, t->stage + 1);
    brn_status status = brn_lr_curve_svg(&curve, path);
    const brn_lr_suggestions found = brn_lr_suggest(&curve);
    snprintf(text, sizeof text, "%s: suggested %.2g (valley), %.2g (a tenth of the lowest)", s->name,
             found.valley, found.minimum);
    brn_lr_curve_free(&curve);
    if (status != BRN_OK) return status;
    return brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_NOTE, text));
}

static brn_status run_on(brn__image_training *t, const brn__image_stage *s, const ground *on)
{
    BRN__TRY(brn__image_begin_stage(t, s->name));
    brn_status status = new_loaders(t, on);
    if (status == BRN_OK) status = s->finds_rate ? find_rate(t, s, on) : train_stage(t, s, on);
    free_loaders(t);
    return status;
}

static brn_status run_on_features(brn__image_training *t, const brn__image_stage *s, sized_ground *sized)
{
    brn__image_features *features;
    BRN__TRY(brn__image_begin_stage(t, "precompute"));
    BRN__TRY(brn__image_features_make(&sized->network, t->data, &sized->transform, FEATURES_BATCH,
                                      t->plan.options.loaders, &t->progress, &features));
    const ground on = {&t->network.head, brn__image_features_dataset(features)};
    brn_status status = run_on(t, s, &on);
    brn__image_features_free(features);
    return status;
}

static brn_status run_stage(brn__image_training *t, const brn__image_stage *s)
{
    sized_ground sized;
    brn_status status = sized_ground_of(t, s->size, &sized);
    const ground pictures = {&sized.network.whole, sized.pictures};
    if (status == BRN_OK) status = s->cached ? run_on_features(t, s, &sized) : run_on(t, s, &pictures);
    brn__dataset_free(sized.own);
    return status;
}

brn_status brn__image_stages(brn__image_training *t)
{
    brn__image_record_begin(t);
    for (t->stage = 0; t->stage < t->recipe.count; t->stage++) {
        if (resumes_after(t, t->stage)) continue;
        BRN__TRY(run_stage(t, &t->recipe.stages[t->stage]));
    }
    BRN__TRY(brn__image_average_end(t));
    return brn__image_watch_end(t);
}
