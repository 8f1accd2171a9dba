/* SPDX-License-Identifier: Apache-2.0
 * The stages of a recipe: the head on cached features or on a frozen body, then all layers. */
#include "base/alloc.h"
#include "base/status.h"
#include "jobs/image_interpret.h"
#include "train/find_nan.h"

#include <math.h>
#include <string.h>

/* One-cycle's shape. fastai 2's fine_tune warms up for 99 % of the frozen stage and 30 % of the rest. */
static const double FROZEN_PCT = .3, PCT_START = .3, DIV = 5;

enum { FEATURES_BATCH = 32 };

typedef struct stage {
    int number; /* in the recipe */
    const char *name;
    bool frozen;
    int epochs;
    const brn__network *network;
    const brn__dataset *train_data; /* also validates */
    double rates[BRN_GROUPS_MAX];
} stage;

brn_status brn__image_begin_stage(brn__image_training *t, const char *name)
{
    t->progress.stage = t->history.stage = name;
    return brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_STAGE, name));
}

static brn__rates_form form_of(const brn_image_options *o)
{
    if (strcmp(o->schedule, "one-cycle") == 0) return BRN__RATES_ONE_CYCLE;
    return strcmp(o->schedule, "cosine") == 0 ? BRN__RATES_COSINE : BRN__RATES_CONSTANT;
}

/* A loader over one split; NULL when the split is empty. */
static brn_status new_loader(const brn__image_training *t, const brn__dataset *dataset,
                             brn_split split, brn__loader **out)
{
    const brn_image_options *o = &t->plan.options;
    const int64_t count = brn_image_data_split_count(t->data, split);
    *out = NULL;
    if (count == 0) return BRN_OK;
    int64_t *items = brn__image_item_numbers(brn_image_data_split_start(t->data, split), count);
    if (!items) return BRN_ERROR_NO_MEMORY;
    brn__loader_options options = brn__loader_defaults(split == BRN_SPLIT_TRAIN);
    options.batch_size = o->batch_size;
    options.workers = o->loaders;
    options.seed = o->seed;
    brn_status status = brn__loader_new(dataset, items, count, &options, out);
    brn__free(items);
    return status;
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

static void fill_fit(const brn__image_training *t, const stage *s, brn__fit_options *fit)
{
    const brn_image_options *o = &t->plan.options;
    const int head = t->plan.model->body_groups;
    fit->network = *s->network;
    fit->epochs = s->epochs;
    fit->optimizer = brn__image_optimizer(&t->plan);
    fit->learning_rate = s->rates[head];
    fit->learning_groups = s->frozen ? 1ull << head : UINT64_MAX;
    for (int g = 0; s->frozen && g < head; g++)
        fit->norm_form[g] = o->train_bn ? BRN_NORM_BATCH : BRN_NORM_FIXED;
}

/* The accuracy of the last epoch, which a resumed fit finds again. */
typedef struct last_accuracy {
    brn__callback callback;
    double value;
} last_accuracy;

static brn__action note_accuracy(void *state, brn__fit *fit)
{
    for (int i = 0; i < fit->metric_count; i++)
        if (strcmp(fit->metrics[i].name, "accuracy") == 0)
            ((last_accuracy *)state)->value = fit->metrics[i].value;
    return BRN__GO_ON;
}

static void last_accuracy_init(last_accuracy *last)
{
    *last = (last_accuracy){.value = NAN};
    last->callback = (brn__callback){.name = "last accuracy",
                                     .order = BRN__ORDER_METRICS,
                                     .on = {[BRN__AFTER_EPOCH] = note_accuracy},
                                     .state = last,
                                     .memory = &last->value,
                                     .memory_count = 1};
}

static void set_epochs_done(brn__image_training *t, int epochs)
{
    t->epochs_done = epochs;
    t->progress.epochs_before = t->history.epochs_before = epochs;
}

static void keep_result(brn__image_training *t, const brn__fit_result *result, double accuracy)
{
    set_epochs_done(t, t->epochs_done + result->epochs);
    if (result->epochs == 0) return;
    t->result.valid_loss = result->valid_loss;
    t->result.accuracy = t->result.plain_accuracy = accuracy;
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

static brn_status fit_with(brn__image_training *t, const stage *s, brn__fit_options *fit)
{
    const brn__metric *list[] = {&brn__metric_accuracy, &brn__metric_error_rate, &brn__metric_top5};
    brn__metrics metrics;
    brn__rates rates;
    brn__plan_report report;
    brn__checkpoint checkpoint;
    last_accuracy last;
    brn__nan_stop nan_stop;
    brn__metrics_init(&metrics, list, brn_image_data_class_count(t->data) > 5 ? 3 : 2);
    brn__rates_init(&rates, form_of(&t->plan.options), s->rates, t->plan.model->body_groups + 1,
                    s->frozen ? FROZEN_PCT : PCT_START, DIV);
    brn__plan_report_init(&report, &t->progress);
    brn__nan_stop_init(&nan_stop, &t->progress);
    brn__checkpoint_init(&checkpoint, t->plan.options.checkpoint_seconds, save_state, t);
    last_accuracy_init(&last);
    if (resumes_in(t, s->number)) {
        set_epochs_done(t, brn__run_state_facts_of(t->state).epochs_before);
        fit->restore = brn__run_state_restore;
        fit->restore_context = t->state;
    }
    fit->callbacks[fit->callback_count++] = &rates.callback;
    fit->callbacks[fit->callback_count++] = &nan_stop.callback;
    fit->callbacks[fit->callback_count++] = &metrics.callback;
    fit->callbacks[fit->callback_count++] = &last.callback;
    fit->callbacks[fit->callback_count++] = &t->history.callback;
    fit->callbacks[fit->callback_count++] = &t->curve.callback;
    fit->callbacks[fit->callback_count++] = &t->record.callback;
    fit->callbacks[fit->callback_count++] = &t->progress.callback;
    fit->callbacks[fit->callback_count++] = &checkpoint.callback;
    brn__image_watch_add(t, fit);
    if (t->plan.options.describe_plans) fit->callbacks[fit->callback_count++] = &report.callback;
    brn__fit_result result;
    brn_status status = brn__learner_fit(t->network.learner, fit, &result);
    keep_result(t, &result, last.value);
    t->watch.last = result;
    return status;
}

static brn_status run_stage(brn__image_training *t, const stage *s)
{
    t->stage = s->number;
    BRN__TRY(brn__image_begin_stage(t, s->name));
    brn__fit_options fit = {0};
    fill_fit(t, s, &fit);
    brn_status status = new_loader(t, s->train_data, BRN_SPLIT_TRAIN, &t->train);
    if (status == BRN_OK) status = new_loader(t, s->train_data, BRN_SPLIT_VALID, &t->valid);
    fit.train = t->train;
    fit.valid = t->valid;
    if (status == BRN_OK) status = fit_with(t, s, &fit);
    brn__loader_free(t->valid);
    brn__loader_free(t->train);
    t->train = t->valid = NULL;
    return status;
}

/* ------------------------------------------------------------------ the recipe */

static brn_status frozen_on_features(brn__image_training *t, stage *s)
{
    const brn_image_options *o = &t->plan.options;
    brn__image_features *features;
    BRN__TRY(brn__image_begin_stage(t, "precompute"));
    BRN__TRY(brn__image_features_make(&t->network, t->data, &t->transform, FEATURES_BATCH,
                                      o->loaders, &t->progress, &features));
    s->network = &t->network.head;
    s->train_data = brn__image_features_dataset(features);
    brn_status status = run_stage(t, s);
    brn__image_features_free(features);
    return status;
}

static brn_status frozen_stage(brn__image_training *t)
{
    const brn_image_options *o = &t->plan.options;
    stage s = {.name = "head",
               .number = 0,
               .frozen = true,
               .epochs = o->freeze_epochs,
               .network = &t->network.whole,
               .train_data = t->pictures};
    if (s.epochs == 0 || resumes_after(t, s.number)) return BRN_OK;
    s.rates[t->plan.model->body_groups] = t->plan.frozen_rate;
    return o->precompute ? frozen_on_features(t, &s) : run_stage(t, &s);
}

static brn_status whole_stage(brn__image_training *t)
{
    stage s = {.name = "all layers",
               .number = 1,
               .epochs = t->plan.options.epochs,
               .network = &t->network.whole,
               .train_data = t->pictures};
    if (s.epochs == 0) return BRN_OK;
    memcpy(s.rates, t->plan.group_rates, sizeof s.rates);
    return run_stage(t, &s);
}

brn_status brn__image_stages(brn__image_training *t)
{
    brn__image_record_begin(t);
    BRN__TRY(frozen_stage(t));
    BRN__TRY(whole_stage(t));
    return brn__image_watch_end(t);
}
