/* SPDX-License-Identifier: Apache-2.0
 * The stages of a training: gradual unfreezing with a rate a layer (Howard and Ruder 2018), in the numbers of
 * fastai 2's lesson; without an encoder one stage. */
#include "base/status.h"
#include "jobs/text_train.h"
#include "train/find_nan.h"
#include "train/fine_tuning.h"
#include "train/lr_finder.h"
#include "train/scheduling.h"

enum { FROZEN_STAGES = 3 };

static const double PCT_START = .25, DIV = 25, DIV_FINAL = 1e5;  /* fit_one_cycle */
static const double MOMENTUM_HIGH = .8, MOMENTUM_LOW = .7;       /* fastai 2's for texts */
static const double CUT = .1, RATIO = 32;                        /* the paper's slanted triangle */

typedef struct stage {
    const char *name;
    int epochs;
    int first; /* learning groups, from the end; 0: all */
    double rate;
} stage;

static int list_stages(const brn_text_train_options *o, stage out[FROZEN_STAGES + 1])
{
    const double rate = o->learning_rate;
    const stage scratch = {"all layers", o->epochs, 0, rate};
    const stage gradual[] = {{"head", o->freeze_epochs, -1, rate},
                             {"head and last layer", o->freeze_epochs, -2, rate / 2},
                             {"head and last two layers", o->freeze_epochs, -3, rate / 4},
                             {"all layers", o->epochs, 0, rate / 20}};
    out[0] = scratch;
    for (int i = 0; o->encoder && i <= FROZEN_STAGES; i++) out[i] = gradual[i];
    return o->encoder ? FROZEN_STAGES + 1 : 1;
}

int brn__text_epochs(const brn_text_train_options *options)
{
    stage stages[FROZEN_STAGES + 1];
    int epochs = 0;
    const int count = list_stages(options, stages);
    for (int i = 0; i < count; i++) epochs += stages[i].epochs;
    return epochs;
}

/* Values that have ceased to be finite are no state to go on from; the next batch will end the fit. */
static brn_status save_state(void *context, const brn__memory_item *items, int count)
{
    const brn__text_training *t = context;
    char found[128];
    if (brn__find_nan_parameter(t->network.parameters, true, found, sizeof found)) return BRN_OK;
    const brn__run_state_facts facts = {.stage = t->stage,
                                        .epochs_before = t->epochs_done,
                                        .threads = t->options.threads};
    return brn__run_state_write(t->result.run, &facts, items, count);
}

static brn_status curves(const brn_text_train_options *o, brn_schedule *rate, brn_schedule *momentum)
{
    *rate = brn_schedule_one_cycle(1, PCT_START, DIV, DIV_FINAL);
    *momentum = brn_schedule_cosine_dip(MOMENTUM_HIGH, MOMENTUM_LOW, MOMENTUM_HIGH, PCT_START);
    if (o->schedule != BRN_TEXT_SLANTED) return BRN_OK;
    *rate = brn_schedule_triangle(1 / RATIO, 1, CUT);
    *momentum = brn_schedule_simple(BRN_SCHEDULE_CONSTANT, MOMENTUM_LOW, MOMENTUM_LOW, 1);
    return BRN_OK;
}

static brn__action set_clip(void *state, brn__fit *fit)
{
    fit->settings.clip_norm = *(const double *)state;
    return BRN__GO_ON;
}

static brn__callback clipping(brn__text_training *t)
{
    return (brn__callback){.name = "clip",
                           .order = BRN__ORDER_RATES,
                           .on = {[BRN__BEFORE_BATCH] = set_clip},
                           .state = &t->options.clip};
}

static brn__fit_options fit_options(brn__text_training *t, const stage *s)
{
    const brn_text_train_options *o = &t->options;
    const int groups = t->network.net.groups;
    brn__fit_options fit = {.network = t->network.ends,
                            .train = t->train,
                            .valid = t->valid,
                            .epochs = s->epochs,
                            .learning_groups = brn__freeze_to(groups, s->first),
                            .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
                            .learning_rate = s->rate};
    fit.optimizer.weight_decay = o->weight_decay;
    if (t->state && brn__run_state_facts_of(t->state).stage == t->stage) {
        fit.restore = brn__run_state_restore;
        fit.restore_context = t->state;
    }
    return fit;
}

brn_status brn__text_stages_find(brn__text_training *t, const brn_lr_finder_options *finder, brn_lr_curve *out)
{
    stage stages[FROZEN_STAGES + 1];
    const int groups = t->network.net.groups;
    double rates[BRN_GROUPS_MAX];
    const brn__callback clip = clipping(t);
    list_stages(&t->options, stages);
    brn__fit_options fit = fit_options(t, &stages[0]);
    if (finder->form != BRN_LR_FIND_VALID) fit.valid = NULL;
    else if (!fit.valid) return brn__fail(BRN_ERROR_INPUT, "no text validates: expected a larger share");
    brn__rates_by_factor(1, t->options.encoder ? t->options.rate_factor : 1, groups, rates);
    fit.callbacks[fit.callback_count++] = &clip;
    return brn__lr_find_told(t->network.learner, &fit, rates, finder, &t->progress, groups - 1, out);
}

static brn_status run_fit(brn__text_training *t, const stage *s, brn__fit_result *result)
{
    const brn__metric *list[] = {&brn__metric_accuracy, &brn__metric_error_rate};
    const int groups = t->network.net.groups;
    double rates[BRN_GROUPS_MAX];
    brn_schedule rate, momentum;
    brn__metrics metrics;
    brn__scheduling schedule;
    brn__checkpoint checkpoint;
    brn__fit_options fit = fit_options(t, s);
    brn__rates_by_factor(s->rate, t->options.encoder ? t->options.rate_factor : 1, groups, rates);
    BRN__TRY(curves(&t->options, &rate, &momentum));
    brn__scheduling_init(&schedule, rates, groups, &rate, &momentum);
    brn__metrics_init(&metrics, list, 2);
    brn__checkpoint_init(&checkpoint, t->options.checkpoint_seconds, save_state, t);
    const brn__callback clip = clipping(t);
    fit.callbacks[fit.callback_count++] = &schedule.callback;
    fit.callbacks[fit.callback_count++] = &clip;
    fit.callbacks[fit.callback_count++] = &brn__terminate_on_nan;
    if (t->options.text.target == BRN_TEXT_LABEL) fit.callbacks[fit.callback_count++] = &metrics.callback;
    fit.callbacks[fit.callback_count++] = &t->history.callback;
    fit.callbacks[fit.callback_count++] = &t->record.callback;
    fit.callbacks[fit.callback_count++] = &t->progress.callback;
    fit.callbacks[fit.callback_count++] = &checkpoint.callback;
    return brn__learner_fit(t->network.learner, &fit, result);
}

static brn_status run_stage(brn__text_training *t, const stage *s)
{
    brn__fit_result result = {0};
    t->progress.stage = t->history.stage = s->name;
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_STAGE, s->name)));
    const brn_status status = run_fit(t, s, &result);
    t->epochs_done += result.epochs;
    t->progress.epochs_before = t->history.epochs_before = t->epochs_done;
    return status;
}

brn_status brn__text_stages(brn__text_training *t)
{
    stage stages[FROZEN_STAGES + 1];
    const int count = list_stages(&t->options, stages);
    const int first = t->state ? brn__run_state_facts_of(t->state).stage : 0;
    if (t->state) t->epochs_done = brn__run_state_facts_of(t->state).epochs_before;
    t->progress.epochs_before = t->history.epochs_before = t->epochs_done;
    for (t->stage = first; t->stage < count; t->stage++)
        if (stages[t->stage].epochs > 0) BRN__TRY(run_stage(t, &stages[t->stage]));
    return BRN_OK;
}
