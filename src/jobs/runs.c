/* SPDX-License-Identifier: Apache-2.0 */
#include "jobs/runs.h"
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "io/run_log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9 };

/* ------------------------------------------------------------------ pieces of a record */

brn_status brn__runs_text(brn_runs *runs, const char *text, const char **out)
{
    *out = NULL;
    if (!text) return BRN_OK;
    *out = brn__arena_strdup(&runs->arena, text);
    return *out ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

static brn_status value_text(brn_runs *runs, const json_t *value, const char **out)
{
    if (json_is_string(value)) return brn__runs_text(runs, json_string_value(value), out);
    char *text;
    BRN__TRY(brn__json_dump(json_incref((json_t *)(uintptr_t)value),
                            JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(DIGITS), &text));
    brn_status status = brn__runs_text(runs, text, out);
    brn__free(text);
    return status;
}

brn_status brn__runs_options(brn_runs *runs, const json_t *object, brn_run_record *out)
{
    const char *key;
    json_t *value;
    brn_run_option *options =
        brn__arena_alloc(&runs->arena, (json_object_size(object) + 1) * sizeof *options);
    if (!options) return BRN_ERROR_NO_MEMORY;
    out->options = options;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        brn_run_option *option = &options[out->option_count++];
        BRN__TRY(brn__runs_text(runs, key, &option->name));
        BRN__TRY(value_text(runs, value, &option->value));
    }
    return BRN_OK;
}

brn_status brn__runs_metrics(brn_runs *runs, const json_t *object, const brn_metric **out, int *count)
{
    const char *key;
    json_t *value;
    brn_metric *metrics =
        brn__arena_alloc(&runs->arena, (json_object_size(object) + 1) * sizeof *metrics);
    if (!metrics) return BRN_ERROR_NO_MEMORY;
    *out = metrics;
    *count = 0;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        brn_metric *metric = &metrics[(*count)++];
        metric->value = json_is_number(value) ? json_number_value(value) : NAN;
        BRN__TRY(brn__runs_text(runs, key, &metric->name));
    }
    return BRN_OK;
}

static brn_run_record *add_record(brn_runs *runs)
{
    if (runs->count == runs->capacity) {
        int64_t larger = runs->capacity ? 2 * runs->capacity : 16;
        brn_run_record *records = brn__realloc(runs->records, (size_t)larger * sizeof *records);
        if (!records) return NULL;
        runs->records = records;
        runs->capacity = larger;
    }
    brn_run_record *record = &runs->records[runs->count++];
    *record = (brn_run_record){.seconds = NAN};
    return record;
}

static brn_status is_run_folder(const char *path, bool *out)
{
    char *config = brn__path_join(path, "config.json");
    if (!config) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__test_file(config, out);
    brn__free(config);
    return status;
}

static brn_status set_path(brn_runs *runs, brn_run_record *record, const char *folder, const char *name)
{
    const bool joined = *folder && strcmp(folder, "/") != 0;
    record->path = brn__arena_printf(&runs->arena, "%s%s%s", folder, joined ? "/" : "", name);
    if (!record->path) return BRN_ERROR_NO_MEMORY;
    record->name = brn__path_name(record->path);
    return is_run_folder(record->path, &record->present);
}

/* Without numbers of its own end a run has those of its last epoch. */
static void fall_back_on_last_epoch(brn_run_record *record)
{
    if (record->metric_count > 0 || record->epochs == 0) return;
    record->metrics = record->curve[record->epochs - 1].metrics;
    record->metric_count = record->curve[record->epochs - 1].metric_count;
}

/* ------------------------------------------------------------------ from the log */

typedef struct log_reader {
    brn_runs *runs;
    const char *folder, *wanted; /* wanted: the one run to read; NULL: all */
    int64_t *ids;                /* of the records that were added */
    int64_t count;
    brn_run_epoch *curve;
    int epochs, limit;
} log_reader;

/* An object of the log; what is damaged tells nothing. NULL in *out for nothing. */
static brn_status parse(const char *text, json_t **out)
{
    brn__json_error error;
    *out = NULL;
    if (!text) return BRN_OK;
    brn_status status = brn__json_load(text, strlen(text), out, &error);
    return status == BRN_ERROR_INPUT ? BRN_OK : status;
}

static brn_status read_objects(brn_runs *runs, const brn__run_row *row, brn_run_record *out)
{
    json_t *options, *metrics = NULL;
    BRN__TRY(parse(row->options, &options));
    brn_status status = parse(row->metrics, &metrics);
    if (status == BRN_OK) status = brn__runs_options(runs, options, out);
    if (status == BRN_OK) status = brn__runs_metrics(runs, metrics, &out->metrics, &out->metric_count);
    json_decref(options);
    json_decref(metrics);
    return status;
}

static brn_status read_row(void *context, const brn__run_row *row)
{
    log_reader *reader = context;
    brn_runs *runs = reader->runs;
    if (reader->wanted && strcmp(reader->wanted, row->folder) != 0) return BRN_OK;
    int64_t *ids = brn__realloc(reader->ids, (size_t)(reader->count + 1) * sizeof *ids);
    if (!ids) return BRN_ERROR_NO_MEMORY;
    reader->ids = ids;
    ids[reader->count++] = row->id;
    brn_run_record *record = add_record(runs);
    if (!record) return BRN_ERROR_NO_MEMORY;
    record->logged = true;
    record->seconds = row->seconds;
    record->epochs = row->epochs;
    BRN__TRY(set_path(runs, record, reader->folder, row->folder));
    const struct { const char *from; const char **to; } texts[] = {
        {row->job, &record->job}, {row->architecture, &record->architecture},
        {row->library, &record->library}, {brn__run_row_status(row), &record->status},
        {row->reason, &record->reason}, {row->started, &record->started},
        {row->ended, &record->ended}, {row->data, &record->data},
        {row->data_sha256, &record->data_sha256}, {row->model_sha256, &record->model_sha256}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        BRN__TRY(brn__runs_text(runs, texts[i].from, texts[i].to));
    return read_objects(runs, row, record);
}

static brn_status read_epoch(void *context, const brn__run_epoch *epoch)
{
    log_reader *reader = context;
    if (reader->epochs == reader->limit) return BRN_OK; /* one that was written meanwhile */
    brn_run_epoch *out = &reader->curve[reader->epochs++];
    *out = (brn_run_epoch){.epoch = epoch->epoch,
                           .train_loss = epoch->train_loss,
                           .valid_loss = epoch->valid_loss,
                           .seconds = epoch->seconds};
    BRN__TRY(brn__runs_text(reader->runs, epoch->stage, &out->stage));
    json_t *metrics;
    BRN__TRY(parse(epoch->metrics, &metrics));
    brn_status status = brn__runs_metrics(reader->runs, metrics, &out->metrics, &out->metric_count);
    json_decref(metrics);
    return status;
}

static brn_status read_curve(log_reader *reader, brn__run_log *log, int64_t id, brn_run_record *record)
{
    reader->limit = record->epochs;
    reader->epochs = 0;
    reader->curve =
        brn__arena_alloc(&reader->runs->arena, ((size_t)record->epochs + 1) * sizeof *reader->curve);
    if (!reader->curve) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(brn__run_log_epochs(log, id, read_epoch, reader));
    record->curve = reader->curve;
    record->epochs = reader->epochs;
    /* A log that could not be written for a while knows less than the folder. */
    if (record->present) BRN__TRY(brn__runs_read_history(reader->runs, record));
    fall_back_on_last_epoch(record);
    return BRN_OK;
}

static brn_status read_log(log_reader *reader, const char *path)
{
    brn__run_log *log;
    const int64_t first = reader->runs->count;
    BRN__TRY(brn__run_log_open_to_read(path, BRN__RUN_LOG_BUSY, &log));
    brn_status status = brn__run_log_runs(log, read_row, reader);
    for (int64_t i = 0; status == BRN_OK && i < reader->count; i++)
        status = read_curve(reader, log, reader->ids[i], &reader->runs->records[first + i]);
    brn__run_log_close(log);
    if (status != BRN_OK) reader->runs->count = first; /* all of it or nothing */
    return status;
}

/* Adds what the log of `folder` knows; a log that can't be read is a warning. */
static brn_status add_logged(brn_runs *runs, const char *folder, const char *wanted)
{
    char *path = brn__path_join(*folder ? folder : ".", BRN__RUN_LOG_NAME);
    if (!path) return BRN_ERROR_NO_MEMORY;
    bool there;
    brn_status status = brn__test_file(path, &there);
    if (status == BRN_OK && there) {
        log_reader reader = {.runs = runs, .folder = folder, .wanted = wanted};
        status = read_log(&reader, path);
        brn__free(reader.ids);
    }
    brn__free(path);
    if (status == BRN_OK || status == BRN_ERROR_NO_MEMORY) return status;
    brn__free(runs->warning);
    runs->warning = brn__strdup(brn_error_message());
    return runs->warning ? BRN_OK : BRN_ERROR_NO_MEMORY;
}

/* ------------------------------------------------------------------ from files */

static brn_status add_folder(brn_runs *runs, const char *folder, const char *name)
{
    brn_run_record *record = add_record(runs);
    if (!record) return BRN_ERROR_NO_MEMORY;
    BRN__TRY(set_path(runs, record, folder, name));
    BRN__TRY(brn__runs_read_files(runs, record));
    fall_back_on_last_epoch(record);
    return BRN_OK;
}

static bool is_known(const brn_runs *runs, const char *path)
{
    for (int64_t i = 0; i < runs->count; i++)
        if (strcmp(runs->records[i].path, path) == 0) return true;
    return false;
}

static brn_status add_folders(brn_runs *runs, const char *folder)
{
    brn__name_list names;
    BRN__TRY(brn__list_folder(folder, &names));
    brn_status status = BRN_OK;
    for (int64_t i = 0; status == BRN_OK && i < names.count; i++) {
        char *path = brn__path_join(folder, names.names[i]);
        bool is_run = false;
        status = path ? is_run_folder(path, &is_run) : BRN_ERROR_NO_MEMORY;
        if (status == BRN_OK && is_run && !is_known(runs, path))
            status = add_folder(runs, folder, names.names[i]);
        brn__free(path);
    }
    brn__name_list_free(&names);
    return status;
}

/* ------------------------------------------------------------------ all of it */

/* Without slashes at its end; brn__free. */
static char *plain_path(const char *path)
{
    char *out = brn__strdup(path);
    for (size_t length = out ? strlen(out) : 0; length > 1 && out[length - 1] == '/';) out[--length] = '\0';
    return out;
}

static brn_status finish(brn_runs *runs, brn_status status, brn_runs **out)
{
    if (status != BRN_OK) {
        brn_runs_free(runs);
        return status;
    }
    *out = runs;
    return BRN_OK;
}

brn_status brn_runs_list(const char *folder, brn_runs **out)
{
    bool there;
    *out = NULL;
    BRN__TRY(brn__test_folder(folder, &there));
    if (!there)
        return brn__fail(BRN_ERROR_INPUT, "%s: no such folder; expected one that holds run folders", folder);
    brn_runs *runs = brn__alloc_zero(1, sizeof *runs);
    char *path = plain_path(folder);
    brn_status status = runs && path ? add_logged(runs, path, NULL) : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = add_folders(runs, path);
    brn__free(path);
    return finish(runs, status, out);
}

/* The one run, by the log beside it or by its files. */
static brn_status find_run(brn_runs *runs, const char *folder, const char *name, const char *path)
{
    const int64_t before = runs->count;
    BRN__TRY(add_logged(runs, folder, name));
    if (runs->count > before) return BRN_OK;
    bool is_run;
    BRN__TRY(is_run_folder(path, &is_run));
    return is_run ? add_folder(runs, folder, name) : BRN_OK;
}

static brn_status open_run(brn_runs *runs, const char *given)
{
    const int64_t before = runs->count;
    char *path = plain_path(given), *folder = path ? brn__strdup(path) : NULL;
    brn_status status = folder ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) {
        const char *name = brn__path_name(path);
        folder[name == path ? 0 : name == path + 1 ? 1 : name - path - 1] = '\0';
        status = find_run(runs, folder, name, path);
        char *inside = brn__path_join("runs", name);
        if (status == BRN_OK && runs->count == before && name == path)
            status = inside ? find_run(runs, "runs", name, inside) : BRN_ERROR_NO_MEMORY;
        brn__free(inside);
    }
    if (status == BRN_OK && runs->count == before)
        status = brn__fail(BRN_ERROR_INPUT,
                           "%s: no run: expected a run folder (with its config.json), or one of the log %s "
                           "beside it",
                           given, BRN__RUN_LOG_NAME);
    brn__free(folder);
    brn__free(path);
    return status;
}

brn_status brn_runs_open(const char *const *paths, int64_t count, brn_runs **out)
{
    *out = NULL;
    brn_runs *runs = brn__alloc_zero(1, sizeof *runs);
    brn_status status = runs ? BRN_OK : BRN_ERROR_NO_MEMORY;
    for (int64_t i = 0; status == BRN_OK && i < count; i++) status = open_run(runs, paths[i]);
    return finish(runs, status, out);
}

void brn_runs_free(brn_runs *runs)
{
    if (!runs) return;
    brn__arena_free(&runs->arena);
    brn__free(runs->records);
    brn__free(runs->warning);
    brn__free(runs);
}

int64_t brn_runs_count(const brn_runs *runs) { return runs->count; }

const brn_run_record *brn_runs_at(const brn_runs *runs, int64_t index)
{
    return index >= 0 && index < runs->count ? &runs->records[index] : NULL;
}

const char *brn_runs_warning(const brn_runs *runs) { return runs->warning; }

double brn_run_metric(const brn_run_record *run, const char *name)
{
    for (int i = 0; i < run->metric_count; i++)
        if (strcmp(run->metrics[i].name, name) == 0) return run->metrics[i].value;
    return NAN;
}

const char *brn_run_option_value(const brn_run_record *run, const char *name)
{
    for (int i = 0; i < run->option_count; i++)
        if (strcmp(run->options[i].name, name) == 0) return run->options[i].value;
    return NULL;
}
