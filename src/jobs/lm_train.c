/* SPDX-License-Identifier: Apache-2.0
 * Training a language model: from options to a run folder, and going on with one. */
#include "base/alloc.h"
#include "base/threads.h"
#include "jobs/lm_job.h"
#include "jobs/precision.h"
#include "jobs/run_config.h"
#include "jobs/run_folder.h"
#include "jobs/run_record.h"
#include "jobs/run_state.h"
#include "train/curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One-cycle's rise, as fastai 2's fit_one_cycle. */
static const double PCT_START = .25;
enum { PATH_BYTES = 4160, METRICS = 3 };

typedef struct training {
    brn_lm_options options;
    brn__arena arena; /* of a configuration that was read, of paths, and of the encoder's rules */
    json_t *config;
    brn__lm_start start;
    brn__run_state *state; /* to go on from; NULL: from the start */
    brn__progress progress;
    brn__history history;
    brn__curve curve;
    brn__run_record record;
    brn__lm_metrics metrics;
    brn__callback clipping;
    brn_lm_result result;
    double began;
    int lock, epochs_done;
    char history_path[PATH_BYTES];
} training;

/* ------------------------------------------------------------------ the run folder */

static const char *path_in(const training *t, const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", t->result.run, name);
    return out;
}

static brn_status write_config(const training *t)
{
    json_t *options = brn__lm_options_write(&t->options);
    if (!options) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory for the configuration of %s", t->result.run);
    return brn__run_config_write(t->result.run, "lm", t->start.texts.corpus->digest, options);
}

static brn_status read_config(training *t)
{
    BRN__TRY(brn__run_config_read(t->result.run, "lm", &t->config));
    return brn__lm_options_read(json_object_get(t->config, "options"), &t->arena, &t->options);
}

/* A run that is gone on with must meet the same texts. */
static brn_status check_same_texts(const training *t)
{
    if (strcmp(t->start.texts.corpus->digest, brn__run_config_digest(t->config)) == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: these are not the texts that the run was begun on; train anew",
                     t->result.run);
}

static void begin_record(training *t)
{
    const brn__run_begin facts = {.job = "lm",
                                  .architecture = t->options.qrnn ? "awd_qrnn" : "awd_lstm",
                                  .data = t->options.inputs[0],
                                  .data_sha256 = t->start.texts.corpus->digest,
                                  .seed = t->options.seed,
                                  .resumed = t->state != NULL,
                                  .kept_epochs = t->options.epochs};
    brn__run_record_begin(&t->record, t->result.run, &facts, &t->progress);
}

/* ------------------------------------------------------------------ the fit */

static brn_status save_state(void *context, const brn__memory_item *items, int count)
{
    const training *t = context;
    const brn__run_state_facts facts = {.threads = t->options.threads};
    return brn__run_state_write(t->result.run, &facts, items, count);
}

static brn__action set_clip(void *state, brn__fit *fit)
{
    const training *t = state;
    fit->settings.clip_norm = t->options.clip;
    return BRN__GO_ON;
}

static void make_schedule(const training *t, brn__rates *out)
{
    const brn_lm_options *o = &t->options;
    double rates[BRN_GROUPS_MAX];
    int groups;
    brn__lm_rates(o, &t->start, rates, &groups);
    brn__rates_init(out, BRN__RATES_ONE_CYCLE, rates, groups, PCT_START, o->div);
    out->momentum = brn_schedule_cosine_dip(o->momentum_high, o->momentum_low, o->momentum_high, PCT_START);
}

static brn_status fit(training *t)
{
    brn__rates schedule;
    brn__checkpoint checkpoint;
    brn__fit_result result = {0};
    make_schedule(t, &schedule);
    brn__lm_metrics_init(&t->metrics);
    brn__checkpoint_init(&checkpoint, t->options.checkpoint_seconds, save_state, t);
    t->clipping = (brn__callback){
        .name = "clipping", .order = BRN__ORDER_RATES, .on = {[BRN__BEFORE_FIT] = set_clip}, .state = t};
    const brn__callback *const more[] = {&t->clipping,          &schedule.callback,    &brn__terminate_on_nan,
                                         &t->metrics.callback,  &t->history.callback,  &t->curve.callback,
                                         &t->record.callback,   &t->progress.callback, &checkpoint.callback};
    brn__fit_options options = brn__lm_fit_options(&t->options, &t->start);
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) options.callbacks[options.callback_count++] = more[i];
    if (t->state) {
        options.restore = brn__run_state_restore;
        options.restore_context = t->state;
    }
    brn_status status = brn__learner_fit(t->start.network.learner, &options, &result);
    t->epochs_done = result.epochs;
    t->result.valid_loss = result.valid_loss;
    return status;
}

static brn_status train_network(training *t)
{
    double began = brn__seconds_now();
    brn_status status = fit(t);
    double seconds = brn__seconds_now() - began;
    t->result.tokens_per_second = (double)t->result.train_tokens * t->epochs_done / (seconds > 0 ? seconds : 1);
    return status;
}

/* ------------------------------------------------------------------ the end */

static brn_status save_model(training *t)
{
    char path[PATH_BYTES];
    return brn__lm_model_write(path_in(t, "model.safetensors", path), &t->options, t->start.texts.corpus->settings,
                               &t->result, t->start.network.parameters);
}

static int list_metrics(const training *t, brn_metric out[METRICS])
{
    out[0] = (brn_metric){"valid_loss", t->result.valid_loss};
    out[1] = (brn_metric){"perplexity", t->result.perplexity};
    out[2] = (brn_metric){"accuracy", t->result.accuracy};
    return t->start.texts.valid ? METRICS : 0;
}

static brn_status send_done(training *t)
{
    brn_metric metrics[METRICS];
    brn_event event = brn__event_of(BRN_EVENT_DONE, t->result.run);
    event.metric_count = list_metrics(t, metrics);
    event.metrics = metrics;
    event.valid_loss = t->result.valid_loss;
    event.seconds = t->result.seconds;
    event.report = t->result.report;
    brn_status status = brn__progress_send(&t->progress, event);
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : status; /* there is nothing left to stop */
}

static brn_status stopped(training *t, brn_status status)
{
    if (status != BRN_ERROR_INTERRUPTED) return status;
    BRN__TRY(save_model(t)); /* for whoever wants to use it as it is */
    return brn__fail(BRN_ERROR_INTERRUPTED,
                     "interrupted after %d of %d epochs; %s has kept where it was, and can be gone on with",
                     t->epochs_done, t->options.epochs, t->result.run);
}

/* A fit that was resumed at its end has measured nothing itself. */
static brn_status measure_again(training *t)
{
    brn_lm_score score;
    BRN__TRY(brn__lm_score_loader(&t->start.network, t->start.texts.valid, &score));
    t->result.valid_loss = score.loss;
    t->metrics.accuracy = score.accuracy;
    return BRN_OK;
}

static brn_status finish(training *t)
{
    char report[PATH_BYTES];
    if (t->start.texts.valid && !isfinite(t->metrics.accuracy)) BRN__TRY(measure_again(t));
    t->result.accuracy = t->metrics.accuracy;
    t->result.perplexity = exp(t->result.valid_loss);
    t->result.seconds = brn__seconds_now() - t->began;
    BRN__TRY(save_model(t));
    BRN__TRY(brn__lm_page_write(path_in(t, "report.html", report), &t->result, t->options.threads));
    snprintf(t->result.report, sizeof t->result.report, "%s", report);
    brn__run_state_tidy(t->result.run);
    return send_done(t);
}

/* ------------------------------------------------------------------ all of it */

static brn_status open_start(training *t, bool weights)
{
    BRN__TRY(brn__lm_start_open(&t->options, t->result.run, weights, &t->start));
    t->result.vocabulary = brn__vocabulary_count(t->start.texts.corpus->settings->vocabulary);
    t->result.train_tokens = t->start.texts.train_tokens;
    t->result.valid_tokens = t->start.texts.valid_tokens;
    path_in(t, "history.csv", t->history_path);
    t->progress.epochs = t->options.epochs;
    t->progress.stage = t->history.stage = "all layers";
    return BRN_OK;
}

static brn_status begin(training *t, const brn_lm_options *options)
{
    t->options = *options;
    BRN__TRY(brn__lm_options_settle(&t->options));
    BRN__TRY(brn__run_folder_check(options->out));
    BRN__TRY(brn__lm_start_settle(&t->options, &t->arena));
    BRN__TRY(brn__lm_start_lend(&t->options, &t->arena));
    if (!t->options.threads) t->options.threads = brn__processor_count();
    BRN__TRY(brn__run_folder_make(options->out, "lm", t->result.run, sizeof t->result.run - 32));
    BRN__TRY(brn__run_folder_lock(t->result.run, &t->lock));
    t->options.precision = brn_precision_here(options->precision);
    BRN__TRY(open_start(t, true));
    BRN__TRY(write_config(t));
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    return brn__precision_tell(&t->progress, options->precision);
}

static brn_status go_on(training *t)
{
    char note[BRN__MESSAGE_BYTES + 64];
    BRN__TRY(brn__run_folder_lock(t->result.run, &t->lock));
    brn__run_folder_sweep(t->result.run);
    BRN__TRY(read_config(t));
    BRN__TRY(brn__run_state_open(t->result.run, t->options.threads, &t->state, note, sizeof note));
    BRN__TRY(open_start(t, !t->state));
    BRN__TRY(check_same_texts(t));
    if (t->state) BRN__TRY(brn__run_state_parameters(t->state, t->start.network.parameters));
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    BRN__TRY(brn__precision_tell(&t->progress, t->options.precision));
    return *note ? brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, note)) : BRN_OK;
}

/* `options` NULL: goes on with the run that t->result.run names. */
static brn_status train(training *t, const brn_lm_options *options)
{
    BRN__TRY(options ? begin(t, options) : go_on(t));
    brn__history_init(&t->history, t->history_path);
    t->history.stage = t->progress.stage;
    brn__curve_init(&t->curve, &t->history);
    begin_record(t);
    brn_status status = train_network(t);
    return status == BRN_OK ? finish(t) : stopped(t, status);
}

static void end_record(training *t, brn_status status)
{
    brn_metric metrics[METRICS];
    int count = status == BRN_OK ? list_metrics(t, metrics) : 0;
    brn__run_record_end(&t->record, t->result.run, status, metrics, count, brn__seconds_now() - t->began);
}

static void training_free(training *t)
{
    brn__curve_deinit(&t->curve);
    brn__history_deinit(&t->history);
    brn__run_state_close(t->state);
    brn__lm_start_free(&t->start);
    brn__run_folder_unlock(t->lock);
    json_decref(t->config);
    brn__arena_free(&t->arena);
    brn__free(t);
}

static brn_status train_new(const brn_lm_options *options, const char *run, brn_event_handler *on_event,
                            void *context, brn_lm_result *result)
{
    training *t = brn__alloc_zero(1, sizeof *t);
    if (!t) return BRN_ERROR_NO_MEMORY;
    t->lock = -1;
    t->began = brn__seconds_now();
    t->result.valid_loss = t->result.perplexity = t->result.accuracy = (double)NAN;
    brn__progress_init(&t->progress, on_event, context);
    if (run) snprintf(t->result.run, sizeof t->result.run, "%s", run);
    brn_status status = train(t, options);
    end_record(t, status);
    if (result) *result = t->result;
    training_free(t);
    return status;
}

brn_status brn_lm_train(const brn_lm_options *options, brn_lm_result *result)
{
    return train_new(options, NULL, options->on_event, options->context, result);
}

brn_status brn_lm_resume(const char *run, brn_event_handler *on_event, void *context, brn_lm_result *result)
{
    if (!run || !*run || strlen(run) >= sizeof result->run - 32)
        return brn__fail(BRN_ERROR_USAGE, "resume: expected the path of a run folder");
    return train_new(NULL, run, on_event, context, result);
}
