/* SPDX-License-Identifier: Apache-2.0
 * burnish runs compare RUN RUN... */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "runs.h"

#include "burnish/runs.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 256, COLUMN = 18 };

typedef struct names {
    const char *list[NAMES_MAX];
    int count;
} names;

static void add_name(names *all, const char *name)
{
    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->list[i], name)) return;
    if (all->count < NAMES_MAX) all->list[all->count++] = name;
}

/* ------------------------------------------------------------------ rows */

static void begin_row(cli_json *json, const char *event, const char *name)
{
    if (cli_is_json()) {
        *json = cli_json_event(event);
        cli_json_text(json, "name", name);
        cli_json_array(json, "values");
    } else {
        cli_print("%-24s", name);
    }
}

static void add_text(cli_json *json, const char *value)
{
    char cell[COLUMN + 1];
    if (cli_is_json()) cli_json_text(json, NULL, value);
    else cli_print("  %-*s", COLUMN, cli_visible(value ? value : "-", cell, sizeof cell));
}

static void add_number(cli_json *json, double value)
{
    char cell[COLUMN + 1];
    if (cli_is_json()) cli_json_real(json, NULL, value);
    else cli_print("  %-*s", COLUMN, cli_run_number(value, cell, sizeof cell));
}

static void end_row(cli_json *json)
{
    if (cli_is_json()) cli_json_end(json);
    else cli_print("\n");
}

static bool differs(const brn_runs *runs, const char *option)
{
    const char *first = brn_run_option_value(brn_runs_at(runs, 0), option);
    for (int64_t i = 1; i < brn_runs_count(runs); i++) {
        const char *value = brn_run_option_value(brn_runs_at(runs, i), option);
        if (!first != !value || (first && strcmp(first, value) != 0)) return true;
    }
    return false;
}

/* ------------------------------------------------------------------ parts */

static void compare_heads(const brn_runs *runs)
{
    cli_json json = {0};
    if (!cli_is_json()) cli_print("%-24s", "run");
    for (int64_t i = 0; i < brn_runs_count(runs); i++) {
        const brn_run_record *run = brn_runs_at(runs, i);
        if (!cli_is_json()) {
            add_text(&json, run->name);
            continue;
        }
        json = cli_json_event("run");
        cli_run_json(&json, run);
        cli_json_object(&json, "options");
        for (int o = 0; o < run->option_count; o++)
            cli_json_text(&json, run->options[o].name, run->options[o].value);
        cli_json_end(&json);
    }
    if (!cli_is_json()) cli_print("\n");
    begin_row(&json, "compare", "status");
    for (int64_t i = 0; i < brn_runs_count(runs); i++) add_text(&json, brn_runs_at(runs, i)->status);
    end_row(&json);
    begin_row(&json, "compare", "data_sha256");
    for (int64_t i = 0; i < brn_runs_count(runs); i++) {
        char digest[17];
        const char *whole = brn_runs_at(runs, i)->data_sha256;
        snprintf(digest, sizeof digest, "%s", whole ? whole : "-");
        add_text(&json, cli_is_json() ? whole : digest);
    }
    end_row(&json);
}

static void compare_options(const brn_runs *runs)
{
    cli_json json;
    names all = {.count = 0};
    int shown = 0;
    for (int64_t i = 0; i < brn_runs_count(runs); i++)
        for (int o = 0; o < brn_runs_at(runs, i)->option_count; o++)
            add_name(&all, brn_runs_at(runs, i)->options[o].name);
    for (int n = 0; n < all.count; n++) {
        if (!differs(runs, all.list[n])) continue;
        if (shown++ == 0) cli_print("\noptions that differ\n");
        begin_row(&json, "option", all.list[n]);
        for (int64_t i = 0; i < brn_runs_count(runs); i++)
            add_text(&json, brn_run_option_value(brn_runs_at(runs, i), all.list[n]));
        end_row(&json);
    }
    if (shown == 0) cli_print("\nall options are the same\n");
}

static void compare_metrics(const brn_runs *runs)
{
    cli_json json;
    names all = {.count = 0};
    for (int64_t i = 0; i < brn_runs_count(runs); i++)
        for (int m = 0; m < brn_runs_at(runs, i)->metric_count; m++)
            add_name(&all, brn_runs_at(runs, i)->metrics[m].name);
    cli_print("\nat the end\n");
    for (int n = 0; n < all.count; n++) {
        begin_row(&json, "metric", all.list[n]);
        for (int64_t i = 0; i < brn_runs_count(runs); i++)
            add_number(&json, brn_run_metric(brn_runs_at(runs, i), all.list[n]));
        end_row(&json);
    }
    begin_row(&json, "metric", "seconds");
    for (int64_t i = 0; i < brn_runs_count(runs); i++) add_number(&json, brn_runs_at(runs, i)->seconds);
    end_row(&json);
}

typedef double reading(const brn_run_record *run);

static double last_train_loss(const brn_run_record *run)
{
    return run->epochs ? run->curve[run->epochs - 1].train_loss : NAN;
}

static double last_valid_loss(const brn_run_record *run)
{
    return run->epochs ? run->curve[run->epochs - 1].valid_loss : NAN;
}

static double least_valid_loss(const brn_run_record *run)
{
    double least = NAN;
    for (int e = 0; e < run->epochs; e++)
        if (isnan(least) || run->curve[e].valid_loss < least) least = run->curve[e].valid_loss;
    return least;
}

static double epoch_of_least(const brn_run_record *run)
{
    for (int e = 0; e < run->epochs; e++)
        if (run->curve[e].valid_loss == least_valid_loss(run)) return run->curve[e].epoch;
    return NAN;
}

static double epochs_of(const brn_run_record *run) { return run->epochs; }

static void compare_curves(const brn_runs *runs)
{
    static const struct { const char *name; reading *of; } rows[] = {
        {"epochs", epochs_of}, {"train_loss", last_train_loss}, {"valid_loss", last_valid_loss},
        {"least valid_loss", least_valid_loss}, {"  in epoch", epoch_of_least}};
    cli_json json;
    cli_print("\ncurves, last epoch\n");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        static const char *const keys[] = {"epochs", "train_loss", "valid_loss", "least_valid_loss",
                                           "least_valid_loss_epoch"};
        begin_row(&json, "curve", cli_is_json() ? keys[r] : rows[r].name);
        for (int64_t i = 0; i < brn_runs_count(runs); i++) {
            const double value = rows[r].of(brn_runs_at(runs, i));
            char whole[32];
            snprintf(whole, sizeof whole, isnan(value) ? "-" : "%.0f", value);
            if ((r == 0 || r == 4) && !cli_is_json()) add_text(&json, whole);
            else add_number(&json, value);
        }
        end_row(&json);
    }
}

static int run(const cli_call *call)
{
    brn_runs *runs;
    brn_status status = brn_runs_open(call->inputs, call->input_count, &runs);
    if (status != BRN_OK) return cli_fail_status(status);
    if (brn_runs_warning(runs)) cli_warn("%s; the run folders are read", brn_runs_warning(runs));
    compare_heads(runs);
    compare_options(runs);
    compare_metrics(runs);
    compare_curves(runs);
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_json_whole(&json, "count", brn_runs_count(runs));
        cli_json_end(&json);
    }
    brn_runs_free(runs);
    return CLI_DONE;
}

const cli_command cli_command_runs_compare = {
    .noun = "runs",
    .verb = "compare",
    .arguments = "RUN RUN...",
    .summary = "Shows where runs differ: options, results, curves",
    .details = "RUN is a run folder, or the name of a run in the folder runs. One that was deleted is\n"
               "still known to the log runs.sqlite beside it.",
    .inputs_min = 2,
    .inputs_max = INT_MAX,
    .options = {CLI_JSON, CLI_HELP},
    .run = run,
};
