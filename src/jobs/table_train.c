/* SPDX-License-Identifier: Apache-2.0
 * Training on a table: from options to a run folder, and going on with one. */
#include "base/alloc.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/threads.h"
#include "data/table/dataset.h"
#include "data/table/source.h"
#include "jobs/precision.h"
#include "jobs/run_config.h"
#include "jobs/run_folder.h"
#include "jobs/table_folds.h"
#include "jobs/table_page.h"
#include "jobs/table_training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One-cycle's shape, as fastai 2's fit_one_cycle. */
static const double PCT_START = .25, DIV = 25;
enum { MANY_ROWS = 20000 };

typedef brn__table_training training;

/* ------------------------------------------------------------------ the table */

/* A column that splits says nothing that a network should know. */
static brn_status ignore_split_column(training *t, brn__prepare_options *out)
{
    const brn_table_train_options *o = &t->options;
    bool splits = o->split == BRN_TABLE_SPLIT_COLUMN;
    t->ignored = brn__alloc_array((size_t)o->ignored_count + 1, sizeof *t->ignored);
    if (!t->ignored) return BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; i < o->ignored_count; i++) t->ignored[i] = o->ignored[i];
    if (splits) t->ignored[o->ignored_count] = o->split_column;
    out->ignored = t->ignored;
    out->ignored_count = o->ignored_count + splits;
    return BRN_OK;
}

static brn_status learn(training *t, brn_table *table, const bool *valid)
{
    const brn_table_train_options *o = &t->options;
    brn__prepare_options prepare = brn__prepare_defaults();
    prepare.target = o->target;
    prepare.more_targets = o->more_targets;
    prepare.more_target_count = o->more_target_count;
    prepare.target_class = o->target_class;
    prepare.target_log = o->target_log;
    prepare.categories = o->categories;
    prepare.category_count = o->category_count;
    prepare.numbers = o->numbers;
    prepare.number_count = o->number_count;
    prepare.only_named = o->only_named;
    BRN__TRY(ignore_split_column(t, &prepare));
    bool *trains = brn__alloc_array((size_t)table->row_count, sizeof *trains);
    if (!trains) return BRN_ERROR_NO_MEMORY;
    for (int64_t row = 0; row < table->row_count; row++) trains[row] = !valid[row];
    brn_status status = brn__prepare_learn(table, trains, &prepare, &t->preparation);
    brn__free(trains);
    BRN__TRY(status);
    t->preparation->events = t->events;
    t->events = NULL;
    return brn__prepare_apply(t->preparation, table, true, &t->prepared);
}

static brn_status list_rows(training *t, const bool *valid, int64_t count)
{
    t->rows = brn__alloc_array((size_t)count, sizeof *t->rows);
    if (!t->rows) return BRN_ERROR_NO_MEMORY;
    int64_t listed = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t row = 0; row < count; row++)
            if (valid[row] == pass) t->rows[listed++] = row;
        if (pass == 0) t->result.train_count = listed;
    }
    t->result.valid_count = count - t->result.train_count;
    if (!t->options.batch_size)
        t->options.batch_size = t->result.train_count < MANY_ROWS ? 64 : 256;
    if (t->result.train_count >= 2) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT, "%s: %lld training rows; expected two or more",
                     t->options.data, (long long)t->result.train_count);
}

static brn_status split_and_learn(training *t, brn_table *table, bool *valid)
{
    BRN__TRY(brn__table_job_split(&t->options, table, valid));
    BRN__TRY(learn(t, table, valid));
    BRN__TRY(list_rows(t, valid, table->row_count));
    return brn__table_dataset_new(&t->prepared, &t->dataset);
}

/* Of the files that the rows come from; where some come from a database, of the rows as well. */
static brn_status digest_sources(training *t, const brn_table *table)
{
    char one[65];
    brn__text all = {0};
    bool databases = false;
    brn_status status = BRN_OK;
    for (int64_t i = -1; status == BRN_OK && i < t->options.join_count; i++) {
        const char *source = i < 0 ? t->data : t->joins[i].data;
        bool database = brn_source_is_database(source);
        if (!database) status = brn__sha256_of_file(source, one);
        if (!database) brn__text_add(&all, one);
        databases = databases || database;
    }
    if (status == BRN_OK && databases) status = brn__table_digest(table, one);
    if (databases) brn__text_add(&all, one);
    if (status == BRN_OK) status = brn__text_finish(&all);
    if (status == BRN_OK) status = brn__sha256_of(all.bytes, all.length, t->digest);
    brn__text_free(&all);
    return status;
}

/* A run that is gone on with must meet the same table. */
static brn_status check_same_data(training *t, const brn_table *table)
{
    BRN__TRY(digest_sources(t, table));
    if (!t->config || strcmp(t->digest, brn__run_config_digest(t->config)) == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: %s is not the table that the run was begun on; train anew", t->result.run,
                     t->options.data);
}

static brn_status learn_from(training *t, brn_table *table)
{
    BRN__TRY(check_same_data(t, table));
    bool *valid = brn__alloc_array((size_t)table->row_count, sizeof *valid);
    brn_status status = valid ? split_and_learn(t, table, valid) : BRN_ERROR_NO_MEMORY;
    brn__free(valid);
    return status;
}

static brn_status open_table(training *t)
{
    brn_table *table;
    brn_table_options source = t->options.source;
    brn_table_train_options opened = t->options;
    source.threads = t->options.threads;
    opened.joins = t->joins;
    BRN__TRY(brn__table_job_open(t->data, &source, &opened, true, &t->events, &table));
    brn_status status = learn_from(t, table);
    brn_table_close(table);
    return status;
}

/* ------------------------------------------------------------------ the run folder */

static brn_status write_config(const training *t)
{
    return brn__run_config_write(t->result.run, "table", t->digest,
                                 brn__table_options_write(&t->options));
}

static brn_status read_config(training *t)
{
    BRN__TRY(brn__run_config_read(t->result.run, "table", &t->config));
    return brn__table_options_read(json_object_get(t->config, "options"), &t->arena, &t->options);
}

static void name_files(training *t)
{
    snprintf(t->history_path, sizeof t->history_path, "%s/history.csv", t->result.run);
    t->progress.epochs = t->options.epochs;
    t->progress.stage = t->history.stage = "all layers";
}

/* ------------------------------------------------------------------ the fit */

brn_status brn__table_training_loader(const training *t, bool train, brn__loader **out)
{
    brn__loader_options options = brn__loader_defaults(train);
    options.batch_size = t->options.batch_size;
    options.seed = t->options.seed;
    const int64_t *rows = train ? t->rows : t->rows + t->result.train_count;
    return brn__loader_new(t->dataset, rows, train ? t->result.train_count : t->result.valid_count,
                           &options, out);
}

static brn_status save_state(void *context, const brn__memory_item *items, int count)
{
    const training *t = context;
    const brn__run_state_facts facts = {.threads = t->options.threads};
    return brn__run_state_write(t->result.run, &facts, items, count);
}

brn__fit_options brn__table_training_fit_options(const training *t)
{
    brn__fit_options fit = {.network = t->network.ends,
                            .train = t->train,
                            .valid = t->valid,
                            .epochs = t->options.epochs,
                            .learning_groups = UINT64_MAX,
                            .optimizer = brn_optimizer_defaults(BRN_OPTIMIZER_ADAM),
                            .learning_rate = t->options.learning_rate};
    fit.optimizer.weight_decay = t->options.weight_decay;
    fit.optimizer.lazy = t->options.lazy;
    return fit;
}

static brn_status fit(training *t)
{
    const brn__metric *list[] = {&brn__metric_accuracy, &brn__metric_error_rate};
    double rates[BRN__TABLE_GROUPS];
    brn__metrics metrics;
    brn__rates schedule;
    brn__checkpoint checkpoint;
    brn__fit_result result = {0};
    for (int i = 0; i < BRN__TABLE_GROUPS; i++) rates[i] = t->options.learning_rate;
    brn__metrics_init(&metrics, list, 2);
    brn__rates_init(&schedule, BRN__RATES_ONE_CYCLE, rates, BRN__TABLE_GROUPS, PCT_START, DIV);
    brn__checkpoint_init(&checkpoint, t->options.checkpoint_seconds, save_state, t);
    brn__fit_options fit = brn__table_training_fit_options(t);
    fit.callbacks[fit.callback_count++] = &schedule.callback;
    fit.callbacks[fit.callback_count++] = &brn__terminate_on_nan;
    if (t->preparation->target_kind == BRN__TARGET_CLASS)
        fit.callbacks[fit.callback_count++] = &metrics.callback;
    fit.callbacks[fit.callback_count++] = &t->history.callback;
    fit.callbacks[fit.callback_count++] = &t->progress.callback;
    fit.callbacks[fit.callback_count++] = &checkpoint.callback;
    if (t->state) {
        fit.restore = brn__run_state_restore;
        fit.restore_context = t->state;
    }
    brn_status status = brn__learner_fit(t->network.learner, &fit, &result);
    t->epochs_done = result.epochs;
    return status;
}

static brn_status train_network(training *t)
{
    double began = brn__seconds_now();
    brn_status status = brn__table_training_loader(t, true, &t->train);
    if (status == BRN_OK) status = brn__table_training_loader(t, false, &t->valid);
    if (status == BRN_OK) status = fit(t);
    double seconds = brn__seconds_now() - began;
    t->result.rows_per_second =
        (double)t->result.train_count * t->epochs_done / (seconds > 0 ? seconds : 1);
    return status;
}

/* ------------------------------------------------------------------ the end */

static brn_status save_model(training *t)
{
    char path[4160];
    snprintf(path, sizeof path, "%s/model.safetensors", t->result.run);
    return brn__table_model_write(path, &t->options, t->preparation, &t->result,
                                  t->network.parameters);
}

/* A failure is told as a warning: the run itself is complete. */
static brn_status make_report(training *t)
{
    char message[BRN__MESSAGE_BYTES + 64];
    brn_status status = brn__table_train_report(t->result.run, t->data, t->joins, &t->progress, t->options.threads,
                                                t->result.report, sizeof t->result.report);
    if (status == BRN_OK || status == BRN_ERROR_INTERRUPTED) return BRN_OK;
    snprintf(message, sizeof message, "no report.html was made: %s", brn_error_message());
    status = brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, message));
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : status; /* there is nothing left to stop */
}

static brn_status send_done(training *t)
{
    brn_metric metrics[BRN__TABLE_METRICS];
    brn_event event = brn__event_of(BRN_EVENT_DONE, t->result.run);
    event.metrics = metrics;
    event.metric_count = brn__table_metrics(&t->result.score, metrics);
    event.valid_loss = t->result.score.loss;
    event.seconds = t->result.seconds;
    event.report = *t->result.report ? t->result.report : NULL;
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

static brn_status finish(training *t, double began)
{
    BRN__TRY(brn__table_score_rows(&t->network, t->preparation, &t->prepared,
                                   t->rows + t->result.train_count, t->result.valid_count,
                                   &t->result.score));
    t->result.seconds = brn__seconds_now() - began;
    BRN__TRY(save_model(t));
    if (t->options.fold)
        BRN__TRY(brn__table_fold_write(&t->options, t->preparation, &t->prepared,
                                       t->rows + t->result.train_count, &t->network, &t->result));
    brn__run_state_tidy(t->result.run);
    BRN__TRY(make_report(t));
    return send_done(t);
}

/* ------------------------------------------------------------------ all of it */

brn_status brn__table_training_prepare(training *t, const brn_table_train_options *options)
{
    t->options = *options;
    BRN__TRY(brn__table_options_settle(&t->options));
    BRN__TRY(brn__table_options_name(&t->options, &t->arena, &t->data, &t->joins));
    if (!t->options.threads) t->options.threads = brn__processor_count();
    BRN__TRY(open_table(t));
    return brn__table_network_new(&t->options, t->preparation, &t->network);
}

static brn_status begin(training *t, const brn_table_train_options *options)
{
    BRN__TRY(brn__run_folder_check(options->out));
    BRN__TRY(brn__table_training_prepare(t, options));
    BRN__TRY(brn__run_folder_make(options->out, "table", t->result.run, sizeof t->result.run - 32));
    BRN__TRY(brn__run_folder_lock(t->result.run, &t->lock));
    name_files(t);
    t->options.precision = brn_precision_here(options->precision);
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
    t->data = t->options.data;
    t->joins = t->options.joins;
    BRN__TRY(open_table(t));
    BRN__TRY(brn__table_network_new(&t->options, t->preparation, &t->network));
    BRN__TRY(brn__run_state_open(t->result.run, t->options.threads, &t->state, note, sizeof note));
    if (t->state) BRN__TRY(brn__run_state_parameters(t->state, t->network.parameters));
    name_files(t);
    BRN__TRY(brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_START, t->result.run)));
    BRN__TRY(brn__precision_tell(&t->progress, t->options.precision));
    return *note ? brn__progress_send(&t->progress, brn__event_of(BRN_EVENT_WARNING, note))
                 : BRN_OK;
}

/* `options` NULL: goes on with the run that t->result.run names. */
static brn_status train(training *t, const brn_table_train_options *options)
{
    double began = brn__seconds_now();
    BRN__TRY(options ? begin(t, options) : go_on(t));
    brn__history_init(&t->history, t->history_path);
    t->history.stage = t->progress.stage;
    brn_status status = train_network(t);
    return status == BRN_OK ? finish(t, began) : stopped(t, status);
}

void brn__table_training_free(training *t)
{
    if (!t) return;
    brn__history_deinit(&t->history);
    brn__loader_free(t->train);
    brn__loader_free(t->valid);
    brn__run_state_close(t->state);
    brn__table_network_free(&t->network);
    brn__dataset_free(t->dataset);
    brn__prepared_free(&t->prepared);
    brn__events_free(t->events);
    brn__preparation_free(t->preparation);
    brn__run_folder_unlock(t->lock);
    brn__free(t->rows);
    brn__free(t->ignored);
    json_decref(t->config);
    brn__arena_free(&t->arena);
    brn__free(t);
}

training *brn__table_training_new(brn_event_handler *on_event, void *context)
{
    training *t = brn__alloc_zero(1, sizeof *t);
    if (!t) return NULL;
    t->lock = -1;
    t->result.score = t->result.deviation = brn__table_no_score();
    brn__progress_init(&t->progress, on_event, context);
    return t;
}

static brn_status train_new(const brn_table_train_options *options, const char *run,
                            brn_event_handler *on_event, void *context, brn_table_result *result)
{
    training *t = brn__table_training_new(on_event, context);
    if (!t) return BRN_ERROR_NO_MEMORY;
    if (run) snprintf(t->result.run, sizeof t->result.run, "%s", run);
    brn_status status = train(t, options);
    if (result) *result = t->result;
    brn__table_training_free(t);
    return status;
}

brn_status brn_table_train(const brn_table_train_options *options, brn_table_result *result)
{
    if (options->folds && !options->fold) return brn__table_folds_train(options, result);
    return train_new(options, NULL, options->on_event, options->context, result);
}

brn_status brn_table_resume(const char *run, brn_event_handler *on_event, void *context,
                            brn_table_result *result)
{
    if (!run || !*run || strlen(run) >= sizeof result->run - 32)
        return brn__fail(BRN_ERROR_USAGE, "resume: expected the path of a run folder");
    int folds;
    BRN__TRY(brn__table_folds_of(run, &folds));
    if (folds) return brn__table_folds_resume(run, on_event, context, result);
    return train_new(NULL, run, on_event, context, result);
}
