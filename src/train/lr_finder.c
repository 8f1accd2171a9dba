/* SPDX-License-Identifier: Apache-2.0
 * A fit whose rate grows from batch to batch, after which all is as it was. */
#include "train/lr_finder.h"
#include "base/alloc.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

static const double SMOOTHING = .98, STOP_RATIO = 4;
enum {
    ITERATIONS = 100,
    ITERATIONS_MIN = 6,    /* fastai 2's */
    ITERATIONS_MAX = 100000,
    SHOWN_FROM = 17,       /* batches of which 0.7 shows any: it leaves out the first 10 and last 6 */
    BEST_FROM = 11,        /* the first batch (from 0) whose loss 0.7 remembers as the best */
};

typedef struct finder {
    brn_lr_finder_options options;
    brn_lr_curve *curve;
    double ratios[BRN_GROUPS_MAX];
    double best;
    brn__loader *valid; /* BRN_LR_FIND_VALID */
    bool valid_runs;    /* it is in the middle of a pass */
    double valid_smoothed, valid_decay;
} finder;

brn_lr_finder_options brn_lr_finder_defaults(brn_lr_finder_form form)
{
    return (brn_lr_finder_options){.form = form,
                                   .start = form == BRN_LR_FIND ? 1e-7 : 1e-5,
                                   .end = 10,
                                   .iterations = form == BRN_LR_FIND_EPOCH ? 0 : ITERATIONS,
                                   .stop = true};
}

/* ------------------------------------------------------------------ events */

static brn__action set_rates(void *state, brn__fit *fit)
{
    const finder *f = state;
    const brn_lr_finder_options *o = &f->options;
    const double progress = (double)fit->iteration / (double)f->curve->iterations;
    const double rate = o->linear ? o->end * progress : o->start * pow(o->end / o->start, progress);
    for (int g = 0; g < BRN_GROUPS_MAX; g++)
        fit->settings.groups[g].learning_rate = rate * f->ratios[g];
    return BRN__GO_ON;
}

/* What validation shows of a batch, with the network as it is now. */
static brn_status measure_batch(brn__fit *fit, const brn__batch *batch, double *loss)
{
    const brn__network *network = &fit->options->network;
    brn_runner *runner = brn__learner_runner(fit->learner);
    const void *output;
    brn_plan *plan;
    if (network->passes) {
        const brn__batch_pass pass = {.runner = runner};
        return network->passes->answer(network->passes->state, &pass, batch, &output, loss);
    }
    BRN__TRY(brn__batch_plan(runner, network, NULL, batch, &plan));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->input), batch->inputs));
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->target), batch->targets));
    BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
    *loss = (double)*(const float *)brn_plan_output(plan, 1);
    return BRN_OK;
}

static brn_status measure_valid(finder *f, brn__fit *fit, double *loss)
{
    brn__loader *loader = f->valid;
    brn__batch batch = {0};
    if (f->valid_runs) BRN__TRY(brn__loader_next(loader, &batch));
    if (batch.count == 0) { /* the first time, and past the end */
        BRN__TRY(brn__loader_start_epoch(loader, 0));
        BRN__TRY(brn__loader_next(loader, &batch));
        f->valid_runs = true;
    }
    if (batch.count == 0) return brn__fail(BRN_ERROR_INPUT, "the validation data have no batches");
    return measure_batch(fit, &batch, loss);
}

static brn_status smooth_valid(finder *f, brn__fit *fit, double *smoothed)
{
    double loss;
    BRN__TRY(measure_valid(f, fit, &loss));
    f->valid_smoothed = SMOOTHING * f->valid_smoothed + (1 - SMOOTHING) * loss;
    f->valid_decay *= SMOOTHING;
    *smoothed = f->valid_smoothed / (1 - f->valid_decay);
    return BRN_OK;
}

/* Is the loss of batch `index` a reason to stop? Remembers the best one. */
static bool is_too_large(finder *f, int64_t index, double loss)
{
    const bool is_07 = f->options.form != BRN_LR_FIND;
    if (!is_07 && loss < f->best) f->best = loss;
    if (f->options.stop && loss > STOP_RATIO * f->best) return true;
    if (is_07 && loss < f->best && index >= BEST_FROM) f->best = loss;
    return false;
}

/* The rate is that of the groups that the network has not: the last group's. */
static brn_lr_point point_of(const brn__fit *fit)
{
    return (brn_lr_point){fit->settings.groups[BRN_GROUPS_MAX - 1].learning_rate, fit->train_loss,
                          fit->loss, NAN};
}

/* Before the step, which a loss that is not a number would spoil for nothing. */
static brn__action end_at_nan(void *state, brn__fit *fit)
{
    finder *f = state;
    if (isfinite(fit->loss)) return BRN__GO_ON;
    brn_lr_curve *curve = f->curve;
    if (f->options.form == BRN_LR_FIND) curve->points[curve->count++] = point_of(fit);
    curve->stopped = true;
    return BRN__STOP_FIT;
}

static brn__action take_point(void *state, brn__fit *fit)
{
    finder *f = state;
    brn_lr_curve *curve = f->curve;
    brn_lr_point point = point_of(fit);
    const bool ends = is_too_large(f, fit->iteration - 1, point.loss);
    if (f->options.form == BRN_LR_FIND_VALID) {
        const brn_status status = smooth_valid(f, fit, &point.valid_loss);
        if (status != BRN_OK) return brn__fit_fail(fit, status);
    }
    if (!ends || f->options.form == BRN_LR_FIND) curve->points[curve->count++] = point;
    curve->stopped = ends;
    return ends || fit->iteration >= curve->iterations ? BRN__STOP_FIT : BRN__GO_ON;
}

/* ------------------------------------------------------------------ checks */

int64_t brn__lr_find_iterations(const brn__fit_options *fit, const brn_lr_finder_options *options)
{
    const int64_t batches = brn__loader_batch_count(fit->train);
    if (options->form == BRN_LR_FIND_EPOCH && options->iterations == 0)
        return batches < SHOWN_FROM ? ITERATIONS : batches;
    return options->form == BRN_LR_FIND && options->iterations < ITERATIONS_MIN ? ITERATIONS_MIN
                                                                                 : options->iterations;
}

static brn_status check(const brn_lr_finder_options *o, const brn__fit_options *fit)
{
    if (!(o->start > 0) || !(o->end > o->start) || !isfinite(o->end))
        return brn__fail(BRN_ERROR_USAGE,
                         "rate finder: rates from %g to %g; expected a start above 0 and an end above it",
                         o->start, o->end);
    const int least = o->form == BRN_LR_FIND_EPOCH ? 0 : 1;
    if (o->iterations < least || o->iterations > ITERATIONS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "rate finder: %d iterations; expected %d to %d",
                         o->iterations, least, ITERATIONS_MAX);
    if (fit->callback_count == BRN__CALLBACKS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "rate finder: %d callbacks; at most %d beside its own",
                         fit->callback_count, BRN__CALLBACKS_MAX - 1);
    if (o->form == BRN_LR_FIND_VALID && !fit->valid)
        return brn__fail(BRN_ERROR_USAGE, "rate finder: this form needs validation data");
    return BRN_OK;
}

static brn_status find_ratios(finder *f, const brn__fit_options *fit, const double *group_rates)
{
    const int groups = brn_graph_group_count(brn_node_graph(fit->network.loss));
    for (int g = 0; g < BRN_GROUPS_MAX; g++) f->ratios[g] = 1;
    if (!group_rates) return BRN_OK;
    const double last = group_rates[groups - 1];
    if (!(last > 0) || !isfinite(last))
        return brn__fail(BRN_ERROR_USAGE,
                         "rate finder: the last group's rate is %g; expected one above 0", last);
    for (int g = 0; g < groups; g++) f->ratios[g] = group_rates[g] / last;
    return BRN_OK;
}

/* ------------------------------------------------------------------ the fit */

static brn_status mock_fit(brn__learner *learner, const brn__fit_options *given, finder *f)
{
    const brn__callback callback = {.name = "rate finder",
                                    .order = BRN__ORDER_RATES,
                                    .on = {[BRN__BEFORE_BATCH] = set_rates,
                                           [BRN__AFTER_LOSS] = end_at_nan,
                                           [BRN__AFTER_BATCH] = take_point},
                                    .state = f};
    brn__fit_options fit = *given;
    fit.callbacks[fit.callback_count++] = &callback;
    fit.learning_rate = f->options.start;
    fit.restore = NULL;
    fit.valid = NULL;
    fit.epochs = (int)f->curve->iterations; /* enough: bad items may leave one batch in an epoch */
    return brn__learner_fit(learner, &fit, NULL);
}

static brn_status find_and_put_back(brn__learner *learner, const brn__fit_options *fit, finder *f)
{
    brn_parameters *parameters = brn__learner_parameters(learner);
    const size_t bytes = (size_t)brn_parameters_elements(parameters) *
                         brn_dtype_bytes(brn_parameters_dtype(parameters));
    void *copy = brn__alloc(bytes);
    if (!copy) return BRN_ERROR_NO_MEMORY;
    const brn__learner_keys keys = brn__learner_keys_of(learner);
    memcpy(copy, brn_parameters_values(parameters), bytes);
    const brn_status status = mock_fit(learner, fit, f);
    memcpy(brn_parameters_values(parameters), copy, bytes);
    brn_parameters_touch(parameters, 0, brn_parameters_elements(parameters));
    brn__learner_set_keys(learner, keys);
    brn__free(copy);
    return status;
}

brn_status brn__lr_find(brn__learner *learner, const brn__fit_options *fit, const double *group_rates,
                        const brn_lr_finder_options *options, brn_lr_curve *out)
{
    *out = (brn_lr_curve){0};
    BRN__TRY(check(options, fit));
    finder f = {.options = *options, .curve = out, .valid = fit->valid, .valid_decay = 1};
    f.best = options->form == BRN_LR_FIND ? INFINITY : 1e9; /* 0.7's */
    BRN__TRY(find_ratios(&f, fit, group_rates));
    out->iterations = brn__lr_find_iterations(fit, options);
    out->points = brn__alloc_array((size_t)out->iterations, sizeof *out->points);
    brn_status status = out->points ? find_and_put_back(learner, fit, &f) : BRN_ERROR_NO_MEMORY;
    if (status != BRN_OK) brn_lr_curve_free(out);
    return status;
}
