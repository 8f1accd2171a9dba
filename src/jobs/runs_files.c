/* SPDX-License-Identifier: Apache-2.0
 * A run as its folder tells it. */
#include "base/alloc.h"
#include "base/files.h"
#include "base/json.h"
#include "base/system.h"
#include "io/model_file.h"
#include "jobs/runs.h"
#include "report/run_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { CONFIG_MAX = 16 << 20 };

/* ------------------------------------------------------------------ config.json */

static brn_status time_of_file(brn_runs *runs, const char *path, const char **out)
{
    struct stat info;
    struct tm parts;
    char text[32];
    if (brn__system_stat(path, &info) != 0 || !gmtime_r(&info.st_mtime, &parts)) return BRN_OK;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return brn__runs_text(runs, text, out);
}

static brn_status read_config(brn_runs *runs, const json_t *root, brn_run_record *out)
{
    const json_t *options = json_object_get(root, "options");
    BRN__TRY(brn__runs_text(runs, json_string_value(json_object_get(root, "job")), &out->job));
    BRN__TRY(brn__runs_text(runs, json_string_value(json_object_get(root, "library")), &out->library));
    BRN__TRY(brn__runs_text(runs, json_string_value(json_object_get(options, "architecture")),
                            &out->architecture));
    BRN__TRY(brn__runs_text(runs, json_string_value(json_object_get(options, "data")), &out->data));
    return brn__runs_options(runs, options, out);
}

static brn_status read_config_file(brn_runs *runs, const char *path, brn_run_record *out)
{
    char *text;
    size_t length;
    BRN__TRY(brn__read_file(path, CONFIG_MAX, &text, &length));
    json_t *root = NULL;
    brn__json_error error;
    brn_status status = brn__json_load(text, length, &root, &error);
    brn__free(text);
    if (status == BRN_ERROR_INPUT) status = BRN_OK; /* a damaged file tells nothing; its run is still one */
    if (root) status = read_config(runs, root, out);
    json_decref(root);
    return status;
}

/* ------------------------------------------------------------------ history.csv */

static bool is_metric(const char *name)
{
    static const char *const others[] = {"epoch", "train_loss", "valid_loss", "learning_rate", "seconds"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0) return false;
    return true;
}

static double value_at(const brn__run_table *table, const char *column, int64_t row)
{
    const double *values = brn__run_table_column(table, column);
    return values ? values[row] : NAN;
}

static brn_status read_row(brn_runs *runs, const brn__run_table *table, int64_t row, brn_run_epoch *out)
{
    brn_metric *metrics =
        brn__arena_alloc(&runs->arena, (size_t)(table->columns + 1) * sizeof *metrics);
    if (!metrics) return BRN_ERROR_NO_MEMORY;
    const double epoch = value_at(table, "epoch", row);
    *out = (brn_run_epoch){.epoch = epoch >= 0 && epoch < 1e9 ? (int)epoch : 0,
                           .train_loss = value_at(table, "train_loss", row),
                           .valid_loss = value_at(table, "valid_loss", row),
                           .seconds = value_at(table, "seconds", row),
                           .metrics = metrics};
    BRN__TRY(brn__runs_text(runs, table->words[row], &out->stage));
    for (int c = 0; c < table->columns; c++) {
        if (!is_metric(table->names[c])) continue;
        brn_metric *metric = &metrics[out->metric_count++];
        metric->value = table->values[c * table->rows + row];
        BRN__TRY(brn__runs_text(runs, table->names[c], &metric->name));
    }
    return BRN_OK;
}

static brn_status read_rows(brn_runs *runs, const brn__run_table *table, brn_run_record *out)
{
    brn_run_epoch *curve =
        brn__arena_alloc(&runs->arena, (size_t)(table->rows + 1) * sizeof *curve);
    if (!curve) return BRN_ERROR_NO_MEMORY;
    for (int64_t r = 0; r < table->rows; r++) BRN__TRY(read_row(runs, table, r, &curve[r]));
    out->curve = curve;
    out->epochs = (int)table->rows;
    return BRN_OK;
}

brn_status brn__runs_read_history(brn_runs *runs, brn_run_record *record)
{
    brn__run_table table;
    char *path = brn__path_join(record->path, "history.csv");
    if (!path) return BRN_ERROR_NO_MEMORY;
    brn_status status = brn__run_table_read(path, &table);
    if (status == BRN_OK && table.rows > record->epochs) status = read_rows(runs, &table, record);
    if (status == BRN_OK) brn__run_table_free(&table);
    brn__free(path);
    return status;
}

/* ------------------------------------------------------------------ model.safetensors */

/* The numbers that a model file keeps of its training. */
static brn_status read_model(brn_runs *runs, const char *path, brn_run_record *out)
{
    static const char *const names[] = {"accuracy", "valid_loss", "plain_accuracy"};
    brn__model_file *file;
    if (brn__model_file_open(path, &file) != BRN_OK) return BRN_OK; /* it tells nothing */
    json_t *metrics = json_object();
    for (int i = 0; i < 3; i++) {
        double value = brn__model_file_number(file, names[i], NAN);
        if (isfinite(value)) json_object_set_new(metrics, names[i], json_real(value));
    }
    brn__model_file_close(file);
    brn_status status = BRN_OK;
    if (json_object_size(metrics) > 0)
        status = brn__runs_metrics(runs, metrics, &out->metrics, &out->metric_count);
    json_decref(metrics);
    return status;
}

static double planned_epochs(const brn_run_record *record)
{
    const char *names[] = {"freeze_epochs", "epochs"};
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        const char *value = brn_run_option_value(record, names[i]);
        sum += value ? strtod(value, NULL) : 0;
    }
    return sum;
}

brn_status brn__runs_read_files(brn_runs *runs, brn_run_record *record)
{
    char *config = brn__path_join(record->path, "config.json");
    char *model = brn__path_join(record->path, "model.safetensors");
    brn_status status = config && model ? BRN_OK : BRN_ERROR_NO_MEMORY;
    if (status == BRN_OK) status = read_config_file(runs, config, record);
    if (status == BRN_OK) status = brn__runs_read_history(runs, record);
    if (status == BRN_OK) status = time_of_file(runs, config, &record->started);
    bool ended = false;
    if (status == BRN_OK) status = brn__test_file(model, &ended);
    if (ended && status == BRN_OK) status = time_of_file(runs, model, &record->ended);
    if (ended && status == BRN_OK) status = read_model(runs, model, record);
    /* A model is written at the end, or when the run is interrupted. */
    const char *patience = brn_run_option_value(record, "early_stopping");
    bool whole = ended && (record->epochs >= planned_epochs(record) || (patience && strcmp(patience, "0") != 0));
    record->status = whole ? "done" : ended ? "interrupted" : "broken off";
    record->seconds = record->epochs > 0 ? 0 : NAN;
    for (int i = 0; i < record->epochs; i++) record->seconds += record->curve[i].seconds;
    brn__free(config);
    brn__free(model);
    return status;
}
