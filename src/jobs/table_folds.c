/* SPDX-License-Identifier: Apache-2.0
 * Training the folds of a table, one after the other. Each is a run of its own: what is finished is
 * kept, what was interrupted is gone on with. */
#include "jobs/precision.h"
#include "jobs/table_folds.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/threads.h"
#include "jobs/run_config.h"
#include "jobs/run_folder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct folds {
    brn_table_train_options options;
    brn__arena arena; /* of a configuration that was read */
    json_t *config;
    brn__progress progress; /* what the caller hears */
    brn_precision wish;     /* the options' is what it comes to, in all folds */
    brn_event_handler *on_event;
    void *context;
    char stage[512];
    int lock, fold;
    brn_table_result one[BRN__TABLE_FOLDS_MAX]; /* of each fold */
    brn_table_result all;
} folds;

void brn__table_fold_path(const char *run, int fold, const char *rest, char out[4200])
{
    snprintf(out, 4200, "%s/fold-%d%s", run, fold, rest);
}

static brn_status read_config(const char *run, json_t **config, brn__arena *arena,
                              brn_table_train_options *out)
{
    BRN__TRY(brn__run_config_read(run, "table", config));
    return brn__table_options_read(json_object_get(*config, "options"), arena, out);
}

brn_status brn__table_folds_of(const char *run, int *out)
{
    *out = 0;
    char *path = brn__path_join(run, "config.json");
    if (!path) return BRN_ERROR_NO_MEMORY;
    bool there = brn__is_file(path);
    brn__free(path);
    if (!there) return BRN_OK;
    json_t *config = NULL;
    brn__arena arena = {0};
    brn_table_train_options options;
    if (read_config(run, &config, &arena, &options) == BRN_OK && options.fold == 0)
        *out = options.folds;
    json_decref(config);
    brn__arena_free(&arena);
    return BRN_OK;
}

/* ------------------------------------------------------------------ what is told */

/* Epochs are counted over all folds; stages are named with their fold; the begin and the end of a
 * fold are no begin and no end. */
static int hear(void *context, const brn_event *event)
{
    folds *f = context;
    brn_event told = *event;
    if (event->kind == BRN_EVENT_START || event->kind == BRN_EVENT_DONE || !f->on_event) return 0;
    if (event->epoch > 0) told.epoch += (f->fold - 1) * f->options.epochs;
    told.epochs = f->options.folds * f->options.epochs;
    if (event->stage) {
        snprintf(f->stage, sizeof f->stage, "fold %d: %s", f->fold, event->stage);
        told.stage = f->stage;
        if (event->kind == BRN_EVENT_STAGE) told.text = f->stage;
    }
    return f->on_event(f->context, &told);
}

static brn_status tell_fold(folds *f)
{
    char text[256];
    brn_metric metrics[BRN__TABLE_METRICS];
    if (!brn__table_metrics(&f->one[f->fold - 1].score, metrics)) return BRN_OK;
    snprintf(text, sizeof text, "fold %d of %d: %s %.4f", f->fold, f->options.folds,
             metrics[0].name, metrics[0].value);
    return brn__progress_send(&f->progress, brn__event_of(BRN_EVENT_NOTE, text));
}

/* ------------------------------------------------------------------ one fold */

static brn_status train_fold(folds *f)
{
    bool done;
    char path[4200], file[4200];
    brn_table_result *one = &f->one[f->fold - 1];
    BRN__TRY(brn__table_fold_read(f->all.run, f->fold, &done, one));
    if (done) return BRN_OK;
    brn__table_fold_path(f->all.run, f->fold, "", path);
    brn__table_fold_path(f->all.run, f->fold, "/config.json", file);
    if (brn__is_file(file)) {
        BRN__TRY(brn_table_resume(path, hear, f, one));
    } else {
        brn_table_train_options options = f->options;
        brn__run_folder_sweep(path); /* what a kill left before there was a run in it */
        rmdir(path);
        options.out = path;
        options.fold = f->fold;
        options.on_event = hear;
        options.context = f;
        BRN__TRY(brn_table_train(&options, one));
    }
    return tell_fold(f);
}

/* ------------------------------------------------------------------ all of them */

/* Means, and deviations by n - 1. */
static void measure(folds *f)
{
    const int count = f->options.folds;
    brn_table_result *all = &f->all;
    all->fold_count = count;
    all->score = all->deviation = brn__table_no_score();
    for (int k = 0; k < count; k++) {
        all->train_count += f->one[k].train_count;
        all->valid_count += f->one[k].valid_count;
    }
    all->score.count = all->valid_count;
    for (int i = 0; i < BRN__TABLE_METRICS; i++) {
        double sum = 0, squares = 0;
        for (int k = 0; k < count; k++) sum += *brn__table_metric(&f->one[k].score, i);
        const double mean = sum / count;
        for (int k = 0; k < count; k++)
            squares += pow(*brn__table_metric(&f->one[k].score, i) - mean, 2);
        *brn__table_metric(&all->score, i) = mean;
        *brn__table_metric(&all->deviation, i) = sqrt(squares / (count - 1));
    }
}

static brn_status send_done(folds *f)
{
    char names[BRN__TABLE_METRICS][64];
    brn_metric metrics[2 * BRN__TABLE_METRICS], deviations[BRN__TABLE_METRICS];
    brn_event event = brn__event_of(BRN_EVENT_DONE, f->all.run);
    int count = brn__table_metrics(&f->all.score, metrics);
    brn__table_metrics(&f->all.deviation, deviations); /* of the same ones */
    for (int i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%s_deviation", deviations[i].name);
        metrics[count + i] = (brn_metric){names[i], deviations[i].value};
    }
    event.metrics = metrics;
    event.metric_count = 2 * count;
    event.valid_loss = f->all.score.loss;
    event.seconds = f->all.seconds;
    brn_status status = brn__progress_send(&f->progress, event);
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : status; /* there is nothing left to stop */
}

static brn_status train_all(folds *f, double start)
{
    f->progress.epochs = f->options.folds * f->options.epochs;
    BRN__TRY(brn__progress_send(&f->progress, brn__event_of(BRN_EVENT_START, f->all.run)));
    BRN__TRY(brn__precision_tell(&f->progress, f->wish));
    for (f->fold = 1; f->fold <= f->options.folds; f->fold++) BRN__TRY(train_fold(f));
    measure(f);
    f->all.seconds = brn__seconds_now() - start;
    BRN__TRY(brn__table_folds_write(&f->all));
    return send_done(f);
}

/* What is wrong with the table is told before there is a folder. */
static brn_status check_table(const brn_table_train_options *options)
{
    brn_table *table;
    brn_table_train_options first = *options;
    brn_table_options source = options->source;
    const brn__column *target;
    source.threads = options->threads;
    first.fold = 1;
    brn__events *events = NULL;
    brn_status opened = brn__table_job_open(options->data, &source, options, true, &events, &table);
    brn__events_free(events);
    BRN__TRY(opened);
    bool *valid = brn__alloc_array((size_t)table->row_count, sizeof *valid);
    brn_status status =
        valid ? brn__table_need(table, options->target, &target) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = brn__table_job_split(&first, table, valid);
    brn__free(valid);
    brn_table_close(table);
    return status;
}

/* Each fold's configuration says which table it was begun on; the whole's need not. */
static brn_status begin(folds *f, const brn_table_train_options *options)
{
    f->options = *options;
    BRN__TRY(brn__table_options_settle(&f->options));
    f->wish = options->precision;
    f->options.precision = brn_precision_here(f->wish);
    BRN__TRY(brn__run_folder_check(options->out));
    BRN__TRY(check_table(&f->options));
    BRN__TRY(brn__run_folder_make(options->out, "table", f->all.run, sizeof f->all.run - 64));
    BRN__TRY(brn__run_folder_lock(f->all.run, &f->lock));
    const char *data;
    const brn_table_join *joins;
    brn_table_train_options told = f->options;
    BRN__TRY(brn__table_options_name(&told, &f->arena, &data, &joins));
    return brn__run_config_write(f->all.run, "table", "", brn__table_options_write(&told));
}

static brn_status go_on(folds *f)
{
    BRN__TRY(brn__run_folder_lock(f->all.run, &f->lock));
    brn__run_folder_sweep(f->all.run);
    BRN__TRY(read_config(f->all.run, &f->config, &f->arena, &f->options));
    f->wish = f->options.precision;
    f->options.precision = brn_precision_here(f->wish);
    return BRN_OK;
}

static brn_status run_folds(const brn_table_train_options *options, const char *run,
                            brn_event_handler *on_event, void *context, brn_table_result *result)
{
    const double start = brn__seconds_now();
    folds *f = brn__alloc_zero(1, sizeof *f);
    if (!f) return BRN_ERROR_NO_MEMORY;
    f->lock = -1;
    f->on_event = on_event;
    f->context = context;
    f->all.score = f->all.deviation = brn__table_no_score();
    brn__progress_init(&f->progress, on_event, context);
    if (run) snprintf(f->all.run, sizeof f->all.run, "%s", run);
    brn_status status = options ? begin(f, options) : go_on(f);
    if (status == BRN_OK) status = train_all(f, start);
    if (result) *result = f->all;
    brn__run_folder_unlock(f->lock);
    json_decref(f->config);
    brn__arena_free(&f->arena);
    brn__free(f);
    return status;
}

brn_status brn__table_folds_train(const brn_table_train_options *options, brn_table_result *result)
{
    return run_folds(options, NULL, options->on_event, options->context, result);
}

brn_status brn__table_folds_resume(const char *run, brn_event_handler *on_event, void *context,
                                   brn_table_result *result)
{
    return run_folds(NULL, run, on_event, context, result);
}
