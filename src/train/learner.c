/* SPDX-License-Identifier: Apache-2.0
 * The loop. The smoothed training loss is fast.ai's: avg = .98 avg + .02 loss, shown divided by
 * 1 - .98^t, t from the start of the fit (Kingma and Ba's bias correction). */
#include "train/learner.h"
#include "base/alloc.h"
#include "base/status.h"

#include <math.h>
#include <string.h>
#include <time.h>

struct brn__learner {
    brn_parameters *parameters;
    brn_runner *runner;
    uint64_t seed;
    uint32_t step, epoch; /* over all fits */
    int threads;
};

static const double SMOOTHING = .98;

const char *brn__event_name(brn__event_id event)
{
    static const char *const names[] = {
#define X(name) #name,
        BRN__EVENT_LIST(X)
#undef X
    };
    return names[event];
}

double brn__seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

brn_status brn__learner_new(brn_parameters *parameters, const char *backend, int threads,
                            uint64_t seed, brn__learner **out)
{
    *out = NULL;
    brn__learner *learner = brn__alloc_zero(1, sizeof *learner);
    if (!learner) return BRN_ERROR_NO_MEMORY;
    learner->parameters = parameters;
    learner->seed = seed;
    brn_status status = brn_runner_new(parameters, backend, threads, &learner->runner);
    if (status != BRN_OK) {
        brn__learner_free(learner);
        return status;
    }
    learner->threads = brn_runner_threads(learner->runner);
    *out = learner;
    return BRN_OK;
}

void brn__learner_free(brn__learner *learner)
{
    if (!learner) return;
    brn_runner_free(learner->runner);
    brn__free(learner);
}

brn_runner *brn__learner_runner(const brn__learner *learner) { return learner->runner; }

brn_parameters *brn__learner_parameters(const brn__learner *learner) { return learner->parameters; }

brn__learner_keys brn__learner_keys_of(const brn__learner *learner)
{
    return (brn__learner_keys){.epoch = learner->epoch, .step = learner->step};
}

void brn__learner_set_keys(brn__learner *learner, brn__learner_keys keys)
{
    learner->epoch = keys.epoch;
    learner->step = keys.step;
}

brn_run brn__learner_last_run(const brn__learner *learner)
{
    return (brn_run){.seed = learner->seed, .step = learner->step - 1};
}

brn__action brn__fit_fail(brn__fit *fit, brn_status status)
{
    if (fit->status == BRN_OK) fit->status = status;
    return BRN__STOP_FIT;
}

void brn__fit_set_metric(brn__fit *fit, const char *name, double value)
{
    int i = 0;
    while (i < fit->metric_count && strcmp(fit->metrics[i].name, name) != 0) i++;
    if (i == BRN__METRICS_MAX) return;
    fit->metrics[i] = (brn_metric){name, value};
    if (i == fit->metric_count) fit->metric_count++;
}

int64_t brn__fit_outputs(const brn__fit *fit)
{
    brn_shape shape = brn_node_shape(fit->options->network.output);
    return shape.rank ? shape.dims[shape.rank - 1] : 1;
}

/* ------------------------------------------------------------------ plans */

/* Is it one number a time step? */
static bool is_sequence(const brn_node *input)
{
    return brn_node_dtype(input) == BRN_DTYPE_I64 && brn_node_shape(input).rank == 2;
}

void brn__network_resize(brn_plan_options *plan, const brn_node *input, const brn__batch *batch)
{
    brn_shape shape = brn_node_shape(input), nominal = shape;
    shape.dims[0] = batch->count;
    if (batch->length && is_sequence(input)) shape.dims[1] = batch->length;
    if (brn_shape_equal(shape, nominal)) return;
    plan->shape_inputs[plan->shape_count] = input;
    plan->shapes[plan->shape_count++] = shape;
}

/* Training may see soft targets where validation has labels. */
static brn_node *target_of(const brn__network *network, bool training)
{
    return training || !network->valid_target ? network->target : network->valid_target;
}

brn_status brn__batch_plan(brn_runner *runner, const brn__network *network,
                           const brn__fit_options *options, const brn__batch *batch, brn_plan **out)
{
    brn_plan_options plan = brn_plan_defaults();
    if (options) {
        plan.training = true;
        plan.loss = network->loss;
        plan.outputs[plan.output_count++] = network->shown ? network->shown : network->loss;
        plan.learning_groups = options->learning_groups;
        memcpy(plan.norm_form, options->norm_form, sizeof plan.norm_form);
    } else {
        plan.outputs[plan.output_count++] = network->output;
        plan.outputs[plan.output_count++] = network->measure;
    }
    brn__network_resize(&plan, network->input, batch);
    brn__network_resize(&plan, target_of(network, options), batch);
    return brn_runner_plan(runner, &plan, out);
}

brn_status brn__network_plan(brn_runner *runner, const brn__network *network,
                             const brn__fit_options *options, int64_t count, brn_plan **out)
{
    return brn__batch_plan(runner, network, options, &(brn__batch){.count = count}, out);
}

int64_t brn__network_measured(const brn__network *network, const brn__batch *batch)
{
    bool steps = batch->length && is_sequence(target_of(network, false));
    return batch->count * (steps ? batch->length : 1);
}

static brn_status bind(brn_plan *plan, const brn__network *network, bool training,
                       const brn__batch *batch)
{
    BRN__TRY(brn_plan_bind(plan, brn_node_name(network->input), batch->inputs));
    return brn_plan_bind(plan, brn_node_name(target_of(network, training)), batch->targets);
}

/* ------------------------------------------------------------------ events */

typedef struct loop {
    brn__fit fit; /* what callbacks see */
    const brn__callback *callbacks[BRN__CALLBACKS_MAX]; /* in order */
    brn_run run;
} loop;

/* Insertion keeps the given order among equals. */
static void sort_callbacks(loop *l, const brn__fit_options *options)
{
    for (int i = 0; i < options->callback_count; i++) {
        int place = i;
        for (; place > 0 && l->callbacks[place - 1]->order > options->callbacks[i]->order; place--)
            l->callbacks[place] = l->callbacks[place - 1];
        l->callbacks[place] = options->callbacks[i];
    }
}

static brn__action tell(loop *l, brn__event_id event)
{
    brn__action strongest = BRN__GO_ON;
    for (int i = 0; i < l->fit.options->callback_count; i++) {
        const brn__callback *callback = l->callbacks[i];
        if (!callback->on[event]) continue;
        brn__action action = callback->on[event](callback->state, &l->fit);
        if (action > strongest) strongest = action;
    }
    return strongest;
}

static brn__action fail(loop *l, brn_status status) { return brn__fit_fail(&l->fit, status); }

/* ------------------------------------------------------------------ training */

static brn__batch_pass pass_of(const loop *l, bool training)
{
    const brn__learner *learner = l->fit.learner;
    return (brn__batch_pass){.runner = learner->runner,
                       .options = training ? l->fit.options : NULL,
                       .counters = training ? l->run : (brn_run){0}};
}

static brn_status learn_in_passes(loop *l, const brn__passes *passes)
{
    brn__fit *fit = &l->fit;
    fit->plan = NULL;
    l->run.step = fit->learner->step++;
    const brn__batch_pass pass = pass_of(l, true);
    return passes->learn(passes->state, &pass, &fit->data, &fit->loss);
}

static brn_status forward_and_backward(loop *l)
{
    brn__fit *fit = &l->fit;
    const brn__fit_options *options = fit->options;
    brn__learner *learner = fit->learner;
    if (options->network.passes) return learn_in_passes(l, options->network.passes);
    BRN__TRY(brn__batch_plan(learner->runner, &options->network, options, &fit->data, &fit->plan));
    BRN__TRY(bind(fit->plan, &options->network, true, &fit->data));
    l->run.step = learner->step++;
    BRN__TRY(brn_plan_run(fit->plan, &l->run));
    fit->loss = (double)*(const float *)brn_plan_output(fit->plan, 0);
    return BRN_OK;
}

static void smooth_loss(brn__fit *fit)
{
    brn__fit_averages *a = &fit->averages;
    a->smoothed = SMOOTHING * a->smoothed + (1 - SMOOTHING) * fit->loss;
    a->decay *= SMOOTHING;
    fit->train_loss = a->train_loss = a->smoothed / (1 - a->decay);
}

/* The next batch is number `next` of the epoch; memory holds all that came before. */
static void settle(brn__fit *fit, int64_t next)
{
    const brn__learner *learner = fit->learner;
    fit->position = (brn__position){.epoch = fit->epoch,
                                    .batch = fit->batch,
                                    .next = next,
                                    .iteration = fit->iteration,
                                    .shuffle = learner->epoch,
                                    .step = learner->step};
    fit->averages.seconds = brn__seconds_now() - fit->epoch_start;
    fit->settled = true;
}

static brn__action learn_from_batch(loop *l)
{
    brn__fit *fit = &l->fit;
    fit->settled = false;
    brn__action action = tell(l, BRN__BEFORE_BATCH);
    if (action != BRN__GO_ON) return action;
    brn_status status = forward_and_backward(l);
    if (status != BRN_OK) return fail(l, status);
    smooth_loss(fit);
    action = tell(l, BRN__AFTER_LOSS);
    if (action != BRN__GO_ON) return action;
    action = tell(l, BRN__BEFORE_STEP);
    if (action != BRN__GO_ON) return action;
    status = brn_optimizer_step(fit->optimizer, &fit->settings, fit->options->learning_groups);
    if (status != BRN_OK) return fail(l, status);
    return tell(l, BRN__AFTER_STEP);
}

/* Batch norm cannot learn from one item: a batch that bad pictures left with one is passed over. */
static bool is_too_small(const loop *l)
{
    return l->fit.data.count < 2 && brn__loader_batch_max(l->fit.options->train) > 1;
}

static brn__action train(loop *l)
{
    brn__fit *fit = &l->fit;
    brn__loader *loader = fit->options->train;
    brn_status status = brn__loader_start_at(loader, fit->learner->epoch, fit->position.next);
    while (status == BRN_OK) {
        status = brn__loader_next(loader, &fit->data);
        if (status != BRN_OK || fit->data.count == 0) break;
        if (is_too_small(l)) continue;
        brn__action action = learn_from_batch(l);
        if (action == BRN__STOP_FIT) return action;
        fit->batch++, fit->iteration++;
        settle(fit, fit->data.number + 1);
        brn__action after = tell(l, BRN__AFTER_BATCH);
        if (after > action) action = after;
        if (action == BRN__END_EPOCH) break;
        if (action == BRN__STOP_FIT) return action;
    }
    if (status != BRN_OK) return fail(l, status);
    settle(fit, brn__loader_batch_count(loader));
    return tell(l, BRN__AFTER_TRAIN);
}

/* ------------------------------------------------------------------ validation */

static brn_status measure_in_passes(loop *l, const brn__passes *passes, double *sum, int64_t *items)
{
    brn__fit *fit = &l->fit;
    const brn__batch_pass pass = pass_of(l, false);
    const void *output;
    double measure;
    fit->plan = NULL;
    BRN__TRY(passes->answer(passes->state, &pass, &fit->data, &output, &measure));
    fit->output = output;
    *sum += measure * (double)fit->data.count;
    *items += fit->data.count;
    return BRN_OK;
}

static brn_status measure_batch(loop *l, double *sum, int64_t *items)
{
    brn__fit *fit = &l->fit;
    const brn__network *network = &fit->options->network;
    if (network->passes) return measure_in_passes(l, network->passes, sum, items);
    BRN__TRY(brn__batch_plan(fit->learner->runner, network, NULL, &fit->data, &fit->plan));
    BRN__TRY(bind(fit->plan, network, false, &fit->data));
    BRN__TRY(brn_plan_run(fit->plan, &l->run));
    fit->output = brn_plan_output(fit->plan, 0);
    int64_t measured = brn__network_measured(network, &fit->data);
    *sum += (double)*(const float *)brn_plan_output(fit->plan, 1) * (double)measured;
    *items += measured;
    return BRN_OK;
}

static brn__action validate(loop *l)
{
    brn__fit *fit = &l->fit;
    brn__loader *loader = fit->options->valid;
    double sum = 0;
    int64_t items = 0;
    brn__action action = tell(l, BRN__BEFORE_VALIDATE);
    if (action != BRN__GO_ON) return action;
    brn_status status = brn__loader_start_epoch(loader, 0);
    while (status == BRN_OK && action < BRN__END_EPOCH) {
        status = brn__loader_next(loader, &fit->data);
        if (status != BRN_OK || fit->data.count == 0) break;
        status = measure_batch(l, &sum, &items);
        fit->valid_batch++;
        if (status == BRN_OK) action = tell(l, BRN__AFTER_VALID_BATCH);
    }
    fit->output = NULL;
    if (status != BRN_OK) return fail(l, status);
    if (action == BRN__STOP_FIT) return action;
    fit->valid_loss = fit->averages.valid_loss = items ? sum / (double)items : NAN;
    return tell(l, BRN__AFTER_VALIDATE);
}

/* ------------------------------------------------------------------ fit */

/* A resumed epoch goes on where it was. */
static brn__action run_epoch(loop *l)
{
    brn__fit *fit = &l->fit;
    fit->epoch_start = brn__seconds_now() - fit->averages.seconds;
    fit->batch = fit->position.batch;
    fit->valid_batch = 0;
    brn__action action = tell(l, BRN__BEFORE_EPOCH);
    if (action == BRN__GO_ON) action = train(l);
    fit->learner->epoch++;
    if (action == BRN__STOP_FIT) return action;
    if (fit->options->valid) action = validate(l);
    if (action == BRN__STOP_FIT) return action;
    fit->seconds = brn__seconds_now() - fit->epoch_start;
    settle(fit, 0);
    fit->position.epoch++, fit->position.batch = 0;
    fit->averages.seconds = 0;
    return tell(l, BRN__AFTER_EPOCH);
}

static void begin(loop *l, brn__learner *learner, const brn__fit_options *options)
{
    brn__fit *fit = &l->fit;
    fit->options = options;
    fit->learner = learner;
    fit->settings = brn_optimizer_settings_of(&options->optimizer, options->learning_rate);
    fit->settings.clip_norm = options->clip_norm;
    fit->batches = brn__loader_batch_count(options->train);
    fit->valid_batches = options->valid ? brn__loader_batch_count(options->valid) : 0;
    fit->iterations = fit->batches * options->epochs;
    fit->train_loss = fit->valid_loss = fit->loss = NAN;
    fit->averages = (brn__fit_averages){.decay = 1, .train_loss = NAN, .valid_loss = NAN};
    settle(fit, 0);
    fit->averages.seconds = 0;
    l->run.seed = learner->seed;
    sort_callbacks(l, options);
}

static brn_status check_fit(const brn__fit_options *options)
{
    if (options->callback_count > BRN__CALLBACKS_MAX)
        return brn__fail(BRN_ERROR_USAGE, "fit: %d callbacks; at most %d", options->callback_count,
                         BRN__CALLBACKS_MAX);
    if (options->epochs < 0)
        return brn__fail(BRN_ERROR_USAGE, "fit: %d epochs; expected 0 or more", options->epochs);
    return BRN_OK;
}

/* Into the memory of a fit that has been told to begin. */
static brn__action restore(loop *l)
{
    brn__fit *fit = &l->fit;
    if (!fit->options->restore) return BRN__GO_ON;
    brn_status status = brn__fit_visit(fit, fit->options->restore, fit->options->restore_context);
    if (status == BRN_OK) status = brn__fit_recall(fit);
    return status == BRN_OK ? BRN__GO_ON : fail(l, status);
}

static void run_epochs(loop *l)
{
    brn__fit *fit = &l->fit;
    brn__action action = tell(l, BRN__BEFORE_FIT);
    if (action != BRN__STOP_FIT) action = restore(l);
    while (action != BRN__STOP_FIT && !fit->position.ended && fit->epoch < fit->options->epochs) {
        action = run_epoch(l);
        if (action != BRN__STOP_FIT) fit->epoch++;
    }
    fit->position.ended |= fit->status == BRN_OK;
    tell(l, BRN__AFTER_FIT);
}

static void fill_result(const brn__fit *fit, brn__fit_result *result)
{
    *result = (brn__fit_result){.epochs = (int)fit->position.epoch,
                                .train_loss = fit->train_loss,
                                .valid_loss = fit->valid_loss,
                                .metric_count = fit->metric_count};
    memcpy(result->metrics, fit->metrics, sizeof result->metrics);
}

brn_status brn__learner_fit(brn__learner *learner, const brn__fit_options *options,
                            brn__fit_result *result)
{
    if (result) *result = (brn__fit_result){.train_loss = NAN, .valid_loss = NAN};
    BRN__TRY(check_fit(options));
    loop l = {0};
    begin(&l, learner, options);
    brn_optimizer_options optimizer = options->optimizer;
    if (optimizer.threads < 1) optimizer.threads = learner->threads;
    BRN__TRY(brn_optimizer_new(learner->parameters, &optimizer, &l.fit.optimizer));
    run_epochs(&l);
    brn_optimizer_free(l.fit.optimizer);
    if (result) fill_result(&l.fit, result);
    return l.fit.status;
}

static brn_status predict_in_passes(brn_runner *runner, const brn__passes *passes, brn__loader *loader,
                                    brn__predict_sink *sink, void *context)
{
    const brn__batch_pass pass = {.runner = runner};
    for (;;) {
        brn__batch batch;
        const void *output;
        BRN__TRY(brn__loader_next(loader, &batch));
        if (batch.count == 0) return BRN_OK;
        BRN__TRY(passes->answer(passes->state, &pass, &batch, &output, NULL));
        BRN__TRY(sink(context, &batch, output));
    }
}

brn_status brn__predict(brn_runner *runner, const brn__network *network, brn_node *output,
                        brn__loader *loader, brn__predict_sink *sink, void *context)
{
    if (network->passes) return predict_in_passes(runner, network->passes, loader, sink, context);
    for (;;) {
        brn__batch batch;
        brn_plan *plan;
        BRN__TRY(brn__loader_next(loader, &batch));
        if (batch.count == 0) return BRN_OK;
        brn_plan_options options = brn_plan_defaults();
        options.outputs[options.output_count++] = output;
        brn__network_resize(&options, network->input, &batch);
        BRN__TRY(brn_runner_plan(runner, &options, &plan));
        BRN__TRY(brn_plan_bind(plan, brn_node_name(network->input), batch.inputs));
        BRN__TRY(brn_plan_run(plan, &(brn_run){0}));
        BRN__TRY(sink(context, &batch, brn_plan_output(plan, 0)));
    }
}
