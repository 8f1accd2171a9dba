/* SPDX-License-Identifier: Apache-2.0
 * Training on ratings: from options to a run folder, and going on with one. */
#include "base/alloc.h"
#include "base/sha256.h"
#include "base/threads.h"
#include "data/table/source.h"
#include "jobs/precision.h"
#include "jobs/ratings_job.h"
#include "jobs/run_config.h"
#include "jobs/run_folder.h"
#include "jobs/run_record.h"
#include "jobs/run_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One-cycle's shape, as fastai 2's fit_one_cycle. */
static const double PCT_START = .25, DIV = 25;
enum { PATH_BYTES = 4160, LARGE_STEP = 100000 /* numbers a rating of the batch */ };

typedef struct training {
    brn_ratings_options options;
    brn__arena arena; /* of a configuration that was read, and of paths */
    json_t *config;
    brn__ratings_store store;
    brn__ratings_facts facts;
    brn__ratings_samples_of samples;
    brn__ratings_network network;
    brn__run_state *state; /* to go on from; NULL: from the start */
    brn__progress progress;
    brn__history history;
    brn__run_record record;
    brn__callback metric;   /* of an epoch: rmse, or auc */
    int64_t pairs, ordered; /* of auc */
    brn_ratings_result result;
    double noise, began; /* mean squared error of training; seconds */
    int lock, epochs_done;
    char history_path[PATH_BYTES];
} training;

static const char *path_in(const training *t, const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/%s", t->result.run, name);
    return out;
}

static brn_status send_text(training *t, brn_event_kind kind, const char *text)
{
    return *text ? brn__progress_send(&t->progress, brn__event_of(kind, text)) : BRN_OK;
}

/* ------------------------------------------------------------------ ratings and samples */

static brn_status open_store(training *t)
{
    char path[PATH_BYTES];
    BRN__TRY(brn__ratings_store_open(path_in(t, "ratings.safetensors", path), &t->store));
    t->result.user_count = t->store.ratings.user_ids.count;
    t->result.item_count = t->store.ratings.item_ids.count;
    return BRN_OK;
}

static brn_status make_network(training *t)
{
    BRN__TRY(brn__ratings_count(&t->store.ratings, &t->facts));
    BRN__TRY(brn__ratings_samples_new(&t->options, &t->store.ratings, &t->samples));
    t->result.train_count = t->samples.train_count;
    t->result.valid_count = t->samples.valid_count;
    return brn__ratings_network_new(&t->options, t->result.user_count, t->result.item_count,
                                    &t->network);
}

/* ------------------------------------------------------------------ the run folder */

static brn_status digest_ratings(const training *t, char hex[65])
{
    char path[PATH_BYTES];
    return brn__sha256_of_file(path_in(t, "ratings.safetensors", path), hex);
}

static brn_status write_config(const training *t)
{
    char digest[65];
    BRN__TRY(digest_ratings(t, digest));
    json_t *options = brn__ratings_options_write(&t->options);
    if (!options) return brn__fail(BRN_ERROR_NO_MEMORY, "no memory to write options");
    return brn__run_config_write(t->result.run, "ratings", digest, options);
}

static brn_status read_config(training *t)
{
    char digest[65];
    BRN__TRY(brn__run_config_read(t->result.run, "ratings", &t->config));
    BRN__TRY(brn__ratings_options_read(json_object_get(t->config, "options"), &t->arena,
                                       &t->options));
    BRN__TRY(digest_ratings(t, digest));
    if (strcmp(digest, brn__run_config_digest(t->config)) == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: ratings.safetensors is not the file that the run was begun on; train anew",
                     t->result.run);
}

static void name_files(training *t)
{
    path_in(t, "history.csv", t->history_path);
    t->progress.epochs = t->options.epochs;
    t->progress.stage = t->history.stage = "all layers";
}

static void begin_record(training *t)
{
    char digest[65];
    if (digest_ratings(t, digest) != BRN_OK) *digest = '\0';
    const brn__run_begin facts = {.job = "ratings",
                                  .architecture = t->network.is_dot ? "dot" : "neural",
                                  .data = t->options.data,
                                  .data_sha256 = digest,
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

static brn__action publish_root(void *state, brn__fit *fit)
{
    (void)state;
    brn__fit_set_metric(fit, "rmse", sqrt(fit->valid_loss));
    return BRN__GO_ON;
}

static brn__action clear_pairs(void *state, brn__fit *fit)
{
    training *t = state;
    (void)fit;
    t->pairs = t->ordered = 0;
    return BRN__GO_ON;
}

/* How often a clicked item stands before one that was drawn. */
static brn__action count_pairs(void *state, brn__fit *fit)
{
    training *t = state;
    for (int64_t k = 0; k < fit->data.count; k++) t->ordered += fit->output[k] > 0;
    t->pairs += fit->data.count;
    return BRN__GO_ON;
}

static brn__action publish_area(void *state, brn__fit *fit)
{
    const training *t = state;
    brn__fit_set_metric(fit, "auc", t->pairs ? (double)t->ordered / (double)t->pairs : (double)NAN);
    return BRN__GO_ON;
}

/* NULL: the loss says all. */
static const brn__callback *metric_of(training *t)
{
    t->metric = (brn__callback){.order = BRN__ORDER_METRICS, .state = t};
    if (t->options.loss == BRN_RATINGS_LOSS_MSE) {
        t->metric.name = "rmse";
        t->metric.on[BRN__AFTER_VALIDATE] = publish_root;
    } else if (t->options.loss == BRN_RATINGS_LOSS_BPR) {
        t->metric.name = "auc";
        t->metric.on[BRN__BEFORE_VALIDATE] = clear_pairs;
        t->metric.on[BRN__AFTER_VALID_BATCH] = count_pairs;
        t->metric.on[BRN__AFTER_VALIDATE] = publish_area;
    }
    return t->metric.name ? &t->metric : NULL;
}

static brn_status fit(training *t)
{
    double rates[BRN_GROUPS_MAX];
    brn__rates schedule;
    brn__checkpoint checkpoint;
    brn__fit_result result = {0};
    const int groups = brn_parameters_group_count(t->network.parameters);
    for (int i = 0; i < groups; i++) rates[i] = t->options.learning_rate;
    brn__rates_init(&schedule, BRN__RATES_ONE_CYCLE, rates, groups, PCT_START, DIV);
    brn__checkpoint_init(&checkpoint, t->options.checkpoint_seconds, save_state, t);
    const brn__callback *metric = metric_of(t);
    brn__fit_options options = brn__ratings_fit_options(&t->options, &t->network, &t->samples);
    options.callbacks[options.callback_count++] = &schedule.callback;
    options.callbacks[options.callback_count++] = &brn__terminate_on_nan;
    if (metric) options.callbacks[options.callback_count++] = metric;
    options.callbacks[options.callback_count++] = &t->history.callback;
    options.callbacks[options.callback_count++] = &t->record.callback;
    options.callbacks[options.callback_count++] = &t->progress.callback;
    options.callbacks[options.callback_count++] = &checkpoint.callback;
    if (t->state) {
        options.restore = brn__run_state_restore;
        options.restore_context = t->state;
    }
    brn_status status = brn__learner_fit(t->network.learner, &options, &result);
    t->epochs_done = result.epochs;
    t->noise = result.train_loss;
    t->result.valid_loss = result.valid_loss;
    return status;
}

static brn_status train_network(training *t)
{
    double began = brn__seconds_now();
    brn_status status = fit(t);
    double seconds = brn__seconds_now() - began;
    t->result.ratings_per_second =
        (double)t->result.train_count * t->epochs_done / (seconds > 0 ? seconds : 1);
    return status;
}

/* ------------------------------------------------------------------ the end */

static brn_status save_model(training *t)
{
    char path[PATH_BYTES];
    const brn__ratings_content content = {.options = &t->options,
                                          .result = &t->result,
                                          .parameters = t->network.parameters,
                                          .user_ids = &t->store.user_ids,
                                          .item_ids = &t->store.item_ids,
                                          .titles = &t->store.titles,
                                          .seen = &t->samples.all,
                                          .facts = &t->facts,
                                          .noise = t->noise};
    return brn__ratings_model_write(path_in(t, "model.safetensors", path), &content);
}

static brn_status measure(training *t)
{
    int32_t *users, *items;
    float *values;
    brn__ratings_test test = {.seen = &t->samples.all, .facts = &t->facts, .options = &t->options};
    BRN__TRY(brn__ratings_valid_rows(&t->store.ratings, &test.count, &users, &items, &values));
    test.users = users;
    test.items = items;
    test.values = values;
    brn_status status = brn__ratings_measure(&t->network, &test, &t->result.score);
    brn__free(users);
    return status;
}

static brn_status write_page(training *t)
{
    path_in(t, "report.html", t->result.report);
    const brn__ratings_page page = {.options = &t->options,
                                    .result = &t->result,
                                    .ratings = &t->store.ratings,
                                    .network = &t->network,
                                    .facts = &t->facts,
                                    .item_ids = &t->store.item_ids,
                                    .titles = &t->store.titles,
                                    .history = t->history_path};
    return brn__ratings_page_write(t->result.report, &page);
}

static brn_status send_done(training *t)
{
    brn_metric metrics[BRN__RATINGS_METRICS];
    brn_event event = brn__event_of(BRN_EVENT_DONE, t->result.run);
    event.metric_count = brn__ratings_metrics(&t->result.score, t->result.valid_loss, metrics);
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
                     "interrupted after %d of %d epochs; %s has kept where it was, and can be gone "
                     "on with",
                     t->epochs_done, t->options.epochs, t->result.run);
}

static brn_status finish(training *t)
{
    BRN__TRY(measure(t));
    t->result.seconds = brn__seconds_now() - t->began;
    BRN__TRY(save_model(t));
    BRN__TRY(write_page(t));
    brn__run_state_tidy(t->result.run);
    return send_done(t);
}

/* ------------------------------------------------------------------ all of it */

/* The source from any working folder; or, to be told and kept, without a password. */
static brn_status name_source(training *t, char *(*form)(const char *), const char **source)
{
    char *named = *source ? form(*source) : NULL;
    if (!named) return BRN_OK; /* there is none: opening it tells why */
    *source = brn__arena_strdup(&t->arena, named);
    brn__free(named);
    return *source ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status name_sources(training *t, char *(*form)(const char *))
{
    BRN__TRY(name_source(t, form, &t->options.data));
    BRN__TRY(name_source(t, form, &t->options.valid_data));
    return name_source(t, form, &t->options.titles);
}

/* Reads the tables, and leaves what was in them to the file in the run folder. */
static brn_status read_tables(training *t)
{
    char note[BRN__MESSAGE_BYTES], path[PATH_BYTES];
    brn__ratings ratings = {0};
    brn__texts titles = {0};
    int64_t found = 0;
    brn_status status = brn__ratings_open(&t->options, &ratings, note, sizeof note);
    if (status == BRN_OK)
        status = brn__ratings_read_titles(&t->options, &ratings.item_ids, &titles, &found);
    if (status == BRN_OK)
        status = brn__ratings_check_size(&t->options, ratings.user_ids.count, ratings.item_ids.count);
    if (status == BRN_OK)
        status = brn__run_folder_make(t->options.out, "ratings", t->result.run,
                                      sizeof t->result.run - 32);
    if (status == BRN_OK) status = brn__run_folder_lock(t->result.run, &t->lock);
    if (status == BRN_OK)
        status = brn__ratings_store_write(path_in(t, "ratings.safetensors", path), &ratings, &titles);
    if (status == BRN_OK) status = send_text(t, BRN_EVENT_NOTE, note);
    brn__ratings_free(&ratings);
    brn__texts_free(&titles);
    return status;
}

/* A dense step moves all vectors, however few ratings its batch has: what that costs is told ahead. */
static brn_status warn_of_size(training *t)
{
    char text[256];
    double numbers = (double)brn_parameters_elements(t->network.parameters);
    if (t->options.lazy || numbers < LARGE_STEP * (double)t->options.batch_size) return BRN_OK;
    snprintf(text, sizeof text,
             "each batch of %d moves all %.3g numbers of %lld users and %lld items: --lazy moves those of its "
             "own alone, and a larger --batch-size makes fewer steps",
             t->options.batch_size, numbers, (long long)t->result.user_count,
             (long long)t->result.item_count);
    return send_text(t, BRN_EVENT_WARNING, text);
}

static brn_status begin(training *t, const brn_ratings_options *options)
{
    t->options = *options;
    BRN__TRY(brn__ratings_options_settle(&t->options));
    BRN__TRY(brn__run_folder_check(options->out));
    BRN__TRY(name_sources(t, brn__source_absolute));
    if (!t->options.threads) t->options.threads = brn__processor_count();
    BRN__TRY(read_tables(t));
    BRN__TRY(name_sources(t, brn__source_public));
    BRN__TRY(open_store(t));
    BRN__TRY(make_network(t));
    name_files(t);
    t->options.precision = brn_precision_here(options->precision);
    BRN__TRY(write_config(t));
    BRN__TRY(warn_of_size(t));
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    return brn__precision_tell(&t->progress, options->precision);
}

static brn_status go_on(training *t)
{
    char note[BRN__MESSAGE_BYTES + 64];
    BRN__TRY(brn__run_folder_lock(t->result.run, &t->lock));
    brn__run_folder_sweep(t->result.run);
    BRN__TRY(read_config(t));
    BRN__TRY(open_store(t));
    BRN__TRY(make_network(t));
    BRN__TRY(brn__run_state_open(t->result.run, t->options.threads, &t->state, note, sizeof note));
    if (t->state) BRN__TRY(brn__run_state_parameters(t->state, t->network.parameters));
    name_files(t);
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    BRN__TRY(brn__precision_tell(&t->progress, t->options.precision));
    return send_text(t, BRN_EVENT_WARNING, note);
}

/* `options` NULL: goes on with the run that t->result.run names. */
static brn_status train(training *t, const brn_ratings_options *options)
{
    BRN__TRY(options ? begin(t, options) : go_on(t));
    brn__history_init(&t->history, t->history_path);
    t->history.stage = t->progress.stage;
    begin_record(t);
    brn_status status = train_network(t);
    return status == BRN_OK ? finish(t) : stopped(t, status);
}

static void end_record(training *t, brn_status status)
{
    brn_metric metrics[BRN__RATINGS_METRICS];
    int count = status == BRN_OK
                    ? brn__ratings_metrics(&t->result.score, t->result.valid_loss, metrics)
                    : 0;
    brn__run_record_end(&t->record, t->result.run, status, metrics, count,
                        brn__seconds_now() - t->began);
}

static void training_free(training *t)
{
    brn__history_deinit(&t->history);
    brn__ratings_samples_free(&t->samples);
    brn__run_state_close(t->state);
    brn__ratings_network_free(&t->network);
    brn__ratings_facts_free(&t->facts);
    brn__ratings_store_close(&t->store);
    brn__run_folder_unlock(t->lock);
    json_decref(t->config);
    brn__arena_free(&t->arena);
    brn__free(t);
}

static brn_status train_new(const brn_ratings_options *options, const char *run,
                            brn_event_handler *on_event, void *context, brn_ratings_result *result)
{
    training *t = brn__alloc_zero(1, sizeof *t);
    if (!t) return BRN_ERROR_NO_MEMORY;
    t->lock = -1;
    t->began = brn__seconds_now();
    t->result.valid_loss = t->noise = (double)NAN;
    t->result.score = brn__ratings_no_score();
    brn__progress_init(&t->progress, on_event, context);
    if (run) snprintf(t->result.run, sizeof t->result.run, "%s", run);
    brn_status status = train(t, options);
    end_record(t, status);
    if (result) *result = t->result;
    training_free(t);
    return status;
}

brn_status brn_ratings_train(const brn_ratings_options *options, brn_ratings_result *result)
{
    return train_new(options, NULL, options->on_event, options->context, result);
}

brn_status brn_ratings_resume(const char *run, brn_event_handler *on_event, void *context,
                              brn_ratings_result *result)
{
    if (!run || !*run || strlen(run) >= sizeof result->run - 32)
        return brn__fail(BRN_ERROR_USAGE, "resume: expected the path of a run folder");
    return train_new(NULL, run, on_event, context, result);
}
