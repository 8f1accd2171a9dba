/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/run_record.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "burnish/version.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_MAX = 16 << 20, DIGITS = 9 };

/* The end of the record: one warning. */
static void give_up(brn__run_record *record)
{
    char text[BRN__MESSAGE_BYTES + 64];
    snprintf(text, sizeof text, "the log of runs is not kept: %s", brn_error_message());
    brn__run_log_close(record->log);
    record->log = NULL;
    brn_status status = brn__progress_send(record->progress, brn__event_of(BRN_EVENT_WARNING, text));
    (void)status; /* who wants to stop is heard at the next batch */
}

static void add_number(json_t *object, const char *name, double value)
{
    json_object_set_new(object, name, isfinite(value) ? json_real(value) : json_null());
}

/* The text of a value, which it takes; brn__free. NULL when there is no memory. */
static char *text_of(json_t *taken)
{
    char *text = NULL;
    return brn__json_dump(taken, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS), &text) == BRN_OK ? text : NULL;
}

/* {"accuracy": 0.9} */
static char *metrics_text(const brn_metric *metrics, int count)
{
    json_t *object = json_object();
    for (int i = 0; i < count; i++) add_number(object, metrics[i].name, metrics[i].value);
    return text_of(object);
}

/* The rates of the layer groups that learn, null for the others. */
static char *rates_text(const brn__fit *fit)
{
    const int groups = brn_graph_group_count(brn_node_graph(fit->options->network.loss));
    json_t *list = json_array();
    for (int g = 0; g < groups && g < BRN_GROUPS_MAX; g++) {
        bool learns = fit->options->learning_groups >> g & 1;
        json_array_append_new(list, learns ? json_real(fit->settings.groups[g].learning_rate) : json_null());
    }
    return text_of(list);
}

static brn__action after_epoch(void *state, brn__fit *fit)
{
    brn__run_record *record = state;
    if (!record->log) return BRN__GO_ON;
    char *metrics = metrics_text(fit->metrics, fit->metric_count), *rates = rates_text(fit);
    const brn__run_epoch epoch = {.epoch = record->progress->epochs_before + fit->epoch + 1,
                                  .stage = record->progress->stage,
                                  .train_loss = fit->train_loss,
                                  .valid_loss = fit->valid_loss,
                                  .seconds = fit->seconds,
                                  .metrics = metrics,
                                  .rates = rates};
    if (brn__run_log_epoch(record->log, record->run, &epoch) != BRN_OK) give_up(record);
    brn__free(metrics);
    brn__free(rates);
    return BRN__GO_ON;
}

/* ------------------------------------------------------------------ begin */

/* The object "options" of config.json; brn__free. NULL when there is none. */
static char *options_text(const char *run)
{
    char *path = brn__path_join(run, "config.json"), *text = NULL, *out = NULL;
    size_t length = 0;
    if (path && brn__read_file(path, CONFIG_MAX, &text, &length) == BRN_OK) {
        json_t *root = NULL;
        brn__json_error error;
        brn_status status = brn__json_load(text, length, &root, &error);
        json_t *options = status == BRN_OK ? json_object_get(root, "options") : NULL;
        if (options) out = text_of(json_incref(options));
        json_decref(root);
    }
    brn__free(text);
    brn__free(path);
    return out;
}

/* "runs/image-1/" -> "runs/runs.sqlite" and "image-1". */
static brn_status split_path(const char *run, char **log_path, char **name)
{
    char *path = brn__strdup(run);
    if (!path) return BRN_ERROR_NO_MEMORY;
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/';) path[--length] = '\0';
    const char *last = brn__path_name(path);
    *name = brn__strdup(last);
    path[last - path] = '\0';
    *log_path = brn__path_join(*path ? path : ".", BRN__RUN_LOG_NAME);
    brn__free(path);
    return *name && *log_path ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

void brn__run_record_begin(brn__run_record *record, const char *run, const brn__run_begin *facts,
                           brn__progress *progress)
{
    char *path = NULL, *name = NULL, *options = options_text(run);
    *record = (brn__run_record){.progress = progress};
    record->callback = (brn__callback){.name = "run log",
                                       .order = BRN__ORDER_HISTORY,
                                       .on = {[BRN__AFTER_EPOCH] = after_epoch},
                                       .state = record};
    brn_status status = split_path(run, &path, &name);
    if (status == BRN_OK) status = brn__run_log_open(path, BRN__RUN_LOG_BUSY, &record->log);
    if (status == BRN_OK) {
        brn__run_begin begin = *facts;
        begin.folder = name;
        begin.library = brn_version();
        begin.options = options;
        status = brn__run_log_begin(record->log, &begin, &record->run);
    }
    if (status != BRN_OK) give_up(record);
    brn__free(options);
    brn__free(name);
    brn__free(path);
}

/* ------------------------------------------------------------------ end */

static const char *status_word(brn_status status)
{
    switch (status) {
    case BRN_OK: return "done";
    case BRN_ERROR_INTERRUPTED: return "interrupted";
    case BRN_ERROR_DIVERGED: return "diverged";
    default: return "failed";
    }
}

/* The digest of model.safetensors; false when there is none. */
static bool model_digest(const char *run, char out[65])
{
    char *path = brn__path_join(run, "model.safetensors");
    bool there = path && brn__is_file(path) && brn__sha256_of_file(path, out) == BRN_OK;
    brn__free(path);
    return there;
}

void brn__run_record_end(brn__run_record *record, const char *run, brn_status status,
                         const brn_metric *metrics, int metric_count, double seconds)
{
    if (!record->log) return;
    char message[BRN__MESSAGE_BYTES], digest[65];
    snprintf(message, sizeof message, "%s", brn_error_message());
    char *numbers = metric_count > 0 ? metrics_text(metrics, metric_count) : NULL;
    const brn__run_end end = {.status = status_word(status),
                              .reason = status == BRN_OK ? NULL : message,
                              .metrics = numbers,
                              .model_sha256 = model_digest(run, digest) ? digest : NULL,
                              .seconds = seconds};
    if (brn__run_log_end(record->log, record->run, &end) != BRN_OK) give_up(record);
    brn__run_log_close(record->log);
    record->log = NULL;
    brn__free(numbers);
    brn_status again = brn__fail_again(status, message);
    (void)again;
}
