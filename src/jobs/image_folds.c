/* SPDX-License-Identifier: Apache-2.0
 * Training the folds of a run, one after the other. Each is a run of its own: what is finished is kept, what
 * was interrupted is gone on with. */
#include "jobs/image_folds.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "jobs/image_recipe.h"
#include "jobs/image_targets.h"
#include "jobs/image_test.h"
#include "jobs/run_folder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct folds {
    brn__image_plan plan;
    brn__image_config config; /* of a run that is gone on with */
    brn_image_data *data;     /* as fold 1 sees them */
    brn__progress progress;   /* what the caller hears */
    brn__run_record record;
    char run[4096], stage[512];
    int lock, fold, epochs; /* epochs of one fold */
    brn_event_handler *on_event;
    void *context;
    brn_image_result one[BRN__IMAGE_FOLDS_MAX]; /* of each fold */
} folds;

void brn__image_fold_path(const char *run, int fold, const char *rest, char out[4200])
{
    snprintf(out, 4200, "%s/fold-%d%s", run, fold, rest);
}

brn_status brn__image_folds_of(const char *run, int *out)
{
    bool there;
    brn__image_config config;
    *out = 0;
    char *path = brn__path_join(run, "config.json");
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__test_file(path, &there);
    if (status == BRN_OK && there && brn__image_config_read(path, &config) == BRN_OK) {
        if (config.options.fold == 0) *out = config.options.folds;
        brn__image_config_free(&config);
    }
    brn__free(path);
    if (*out >= 0 && *out <= BRN__IMAGE_FOLDS_MAX) return status;
    return brn__fail(BRN_ERROR_INPUT, "%s: %d folds; expected at most %d", run, *out, BRN__IMAGE_FOLDS_MAX);
}

/* ------------------------------------------------------------------ what is told */

/* Epochs are counted over all folds; stages are named with their fold; the begin and the end of a fold are
 * no begin and no end. */
static int hear(void *context, const brn_event *event)
{
    folds *f = context;
    brn_event told = *event;
    if (event->kind == BRN_EVENT_START || event->kind == BRN_EVENT_DONE || !f->on_event) return 0;
    if (event->epoch > 0) told.epoch += (f->fold - 1) * f->epochs;
    told.epochs = f->plan.options.folds * f->epochs;
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
    const brn_image_result *r = &f->one[f->fold - 1];
    snprintf(text, sizeof text, "fold %d of %d: %s %.4f", f->fold, f->plan.options.folds, r->metrics[0].name,
             r->metrics[0].value);
    return brn__progress_send(&f->progress, brn__event_of(BRN_EVENT_NOTE, text));
}

/* ------------------------------------------------------------------ one fold */

/* A folder that a kill left before there was a run in it. */
static void clear_folder(const char *path)
{
    brn__run_folder_sweep(path);
    rmdir(path); /* one that has something in it is told as such */
}

static brn_status train_fold(folds *f)
{
    bool done, begun;
    char path[4200], file[4200];
    brn_image_result *one = &f->one[f->fold - 1];
    brn__image_fold_path(f->run, f->fold, "/metrics.json", file);
    BRN__TRY(brn__image_fold_read(file, &done, one));
    if (done) return BRN_OK;
    brn__image_fold_path(f->run, f->fold, "", path);
    brn__image_fold_path(f->run, f->fold, "/config.json", file);
    BRN__TRY(brn__test_file(file, &begun));
    if (begun) {
        BRN__TRY(brn_image_resume(path, hear, f, one));
    } else {
        brn_image_options options = f->plan.options;
        clear_folder(path);
        options.out = path;
        options.fold = f->fold;
        options.on_event = hear;
        options.context = f;
        BRN__TRY(brn_image_train(&options, one));
    }
    return tell_fold(f);
}

/* ------------------------------------------------------------------ all of them */

static void measure(const folds *f, brn_image_result *out)
{
    const int count = f->plan.options.folds;
    *out = f->one[0];
    brn__image_result_start(out, brn_image_data_target_kind(f->data));
    out->ensemble_accuracy = NAN;
    out->snapshot_count = 0;
    out->fold_count = count;
    out->report[0] = '\0';
    out->train_count = out->valid_count = out->bad_count = 0;
    out->metric_count = f->one[0].metric_count;
    for (int k = 0; k < count; k++) {
        out->train_count += f->one[k].train_count;
        out->valid_count += f->one[k].valid_count;
        out->bad_count += f->one[k].bad_count;
    }
    for (int i = 0; i < out->metric_count; i++) {
        double sum = 0, squares = 0;
        for (int k = 0; k < count; k++) sum += f->one[k].metrics[i].value;
        const double mean = sum / count;
        for (int k = 0; k < count; k++) squares += pow(f->one[k].metrics[i].value - mean, 2);
        out->metrics[i] = (brn_metric){f->one[0].metrics[i].name, mean};
        out->deviations[i] = sqrt(squares / (count - 1));
        if (strcmp(out->metrics[i].name, "accuracy") == 0) out->accuracy = out->plain_accuracy = mean;
        if (strcmp(out->metrics[i].name, "plain_accuracy") == 0) out->plain_accuracy = mean;
        if (strcmp(out->metrics[i].name, "valid_loss") == 0) out->valid_loss = mean;
    }
}

static brn_status send_done(folds *f, const brn_image_result *r)
{
    static const char *const names[] = {"accuracy",   "error_rate", "valid_loss", "plain_accuracy", "f2", "map",
                                        "plain_f2",   "rmse",       "mae",        "plain_rmse"};
    static const char *const words[] = {"accuracy_deviation",   "error_rate_deviation",
                                        "valid_loss_deviation", "plain_accuracy_deviation",
                                        "f2_deviation",         "map_deviation",
                                        "plain_f2_deviation",   "rmse_deviation",
                                        "mae_deviation",        "plain_rmse_deviation"};
    brn_metric metrics[2 * BRN_IMAGE_METRICS];
    brn_event event = brn__event_of(BRN_EVENT_DONE, f->run);
    for (int i = 0; i < r->metric_count; i++) {
        metrics[event.metric_count++] = r->metrics[i];
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (strcmp(names[k], r->metrics[i].name) == 0)
                metrics[event.metric_count++] = (brn_metric){words[k], r->deviations[i]};
    }
    event.metrics = metrics;
    event.valid_loss = r->valid_loss;
    event.seconds = r->seconds;
    brn_status status = brn__progress_send(&f->progress, event);
    return status == BRN_ERROR_INTERRUPTED ? BRN_OK : status; /* there is nothing left to stop */
}

static brn_status train_all(folds *f, double start, brn_image_result *result)
{
    const brn_image_options *o = &f->plan.options;
    brn__image_recipe recipe;
    BRN__TRY(brn__image_recipe_make(&f->plan, &recipe));
    f->epochs = recipe.epochs;
    f->progress.epochs = o->folds * f->epochs;
    BRN__TRY(brn__progress_send(&f->progress, brn__event_of(BRN_EVENT_START, f->run)));
    for (f->fold = 1; f->fold <= o->folds; f->fold++) BRN__TRY(train_fold(f));
    measure(f, result);
    result->seconds = brn__seconds_now() - start;
    BRN__TRY(brn__image_folds_write(f->run, o->folds, result));
    BRN__TRY(brn__image_test_write(f->run, o, f->data, &f->progress)); /* by the mean of all */
    return send_done(f, result);
}

static brn_status open_data(folds *f)
{
    return brn__image_data_of(&f->plan.options, &f->data, NULL);
}

static brn_status begin(folds *f, const brn_image_options *options)
{
    char path[4200];
    BRN__TRY(brn__image_plan_make(options, &f->plan));
    brn__image_plan_settle(&f->plan);
    BRN__TRY(open_data(f)); /* before anything is fetched for it */
    BRN__TRY(brn__image_plan_for(options, f->data, &f->plan));
    BRN__TRY(brn__image_plan_obtain(&f->plan));
    BRN__TRY(brn__run_folder_make(f->plan.options.out, "image", f->run, sizeof f->run - 64));
    BRN__TRY(brn__run_folder_lock(f->run, &f->lock));
    snprintf(path, sizeof path, "%s/config.json", f->run);
    return brn__image_config_write(path, &f->plan, f->data);
}

static brn_status go_on(folds *f)
{
    char path[4200], digest[65];
    BRN__TRY(brn__run_folder_lock(f->run, &f->lock));
    brn__run_folder_sweep(f->run);
    snprintf(path, sizeof path, "%s/config.json", f->run);
    BRN__TRY(brn__image_config_read(path, &f->config));
    BRN__TRY(brn__image_plan_make(&f->config.options, &f->plan));
    BRN__TRY(open_data(f));
    BRN__TRY(brn__image_data_digest(f->plan.options.data, f->data, digest));
    if (strcmp(digest, f->config.data_digest) == 0) return BRN_OK;
    return brn__fail(BRN_ERROR_INPUT,
                     "%s: the pictures in %s are not those that the run was begun on (files were "
                     "added, taken away or changed); train anew",
                     f->run, f->plan.options.data);
}

static void begin_record(folds *f, bool resumed)
{
    char digest[65];
    const brn_image_options *o = &f->plan.options;
    const bool known = brn__image_data_digest(o->data, f->data, digest) == BRN_OK;
    const brn__run_begin facts = {.job = "image",
                                  .architecture = o->architecture,
                                  .data = o->data,
                                  .data_sha256 = known ? digest : NULL,
                                  .seed = o->seed,
                                  .resumed = resumed};
    brn__run_record_begin(&f->record, f->run, &facts, &f->progress);
}

/* `options` NULL: goes on with the run that f->run names. */
static brn_status run(folds *f, const brn_image_options *options, brn_image_result *result)
{
    const double start = brn__seconds_now();
    f->lock = -1;
    brn__progress_init(&f->progress, f->on_event, f->context);
    brn_status status = options ? begin(f, options) : go_on(f);
    if (status == BRN_OK) {
        begin_record(f, !options);
        status = train_all(f, start, result);
        brn__run_record_end(&f->record, f->run, status, result->metrics, result->metric_count,
                            result->seconds);
    }
    snprintf(result->run, sizeof result->run, "%s", f->run);
    brn_image_data_close(f->data);
    brn__image_plan_free(&f->plan);
    brn__image_config_free(&f->config);
    brn__run_folder_unlock(f->lock);
    brn__free(f);
    return status;
}

static brn_status new_folds(brn_event_handler *on_event, void *context, brn_image_result **result,
                            brn_image_result *own, folds **out)
{
    *own = (brn_image_result){.accuracy = NAN};
    if (!*result) *result = own;
    **result = *own;
    *out = brn__alloc_zero(1, sizeof **out);
    if (!*out) return BRN_ERROR_NO_MEMORY;
    (*out)->on_event = on_event;
    (*out)->context = context;
    return BRN_OK;
}

brn_status brn__image_folds_train(const brn_image_options *options, brn_image_result *result)
{
    folds *f;
    brn_image_result own;
    BRN__TRY(new_folds(options->on_event, options->context, &result, &own, &f));
    return run(f, options, result);
}

brn_status brn__image_folds_resume(const char *path, brn_event_handler *on_event, void *context,
                                   brn_image_result *result)
{
    folds *f;
    brn_image_result own;
    BRN__TRY(new_folds(on_event, context, &result, &own, &f));
    snprintf(f->run, sizeof f->run, "%s", path);
    return run(f, NULL, result);
}
