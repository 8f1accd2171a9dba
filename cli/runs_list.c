/* SPDX-License-Identifier: Apache-2.0
 * burnish runs list [FOLDER] */
#include "commands.h"
#include "json.h"
#include "output.h"
#include "runs.h"

#include "burnish/runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void cli_run_json(cli_json *json, const brn_run_record *run)
{
    cli_json_text(json, "run", run->path);
    cli_json_text(json, "job", run->job);
    cli_json_text(json, "architecture", run->architecture);
    cli_json_text(json, "status", run->status);
    cli_json_text(json, "reason", run->reason);
    cli_json_bool(json, "present", run->present);
    cli_json_bool(json, "logged", run->logged);
    cli_json_text(json, "started", run->started);
    cli_json_text(json, "ended", run->ended);
    cli_json_text(json, "library", run->library);
    cli_json_text(json, "data", run->data);
    cli_json_text(json, "data_sha256", run->data_sha256);
    cli_json_text(json, "model_sha256", run->model_sha256);
    cli_json_whole(json, "epochs", run->epochs);
    cli_json_object(json, "metrics");
    for (int i = 0; i < run->metric_count; i++)
        cli_json_real(json, run->metrics[i].name, run->metrics[i].value);
    cli_json_close(json);
    cli_json_real(json, "seconds", run->seconds);
}

const char *cli_run_number(double value, char *out, size_t size)
{
    snprintf(out, size, isnan(value) ? "-" : fabs(value) < 1e6 ? "%.4f" : "%.3g", value);
    return out;
}

double cli_run_valid_loss(const brn_run_record *run)
{
    double loss = brn_run_metric(run, "valid_loss");
    return isnan(loss) && run->epochs > 0 ? run->curve[run->epochs - 1].valid_loss : loss;
}

static void print_run(const brn_run_record *run, int width)
{
    char accuracy[32], loss[32], name[512], architecture[128], status[64];
    snprintf(status, sizeof status, "%s%s", run->status ? run->status : "-", run->present ? "" : " (folder gone)");
    cli_say("%-*s  %-6s  %-20s  %6d  %9s  %10s  %9.1f  %s\n", width, cli_visible(run->name, name, sizeof name),
            run->job ? run->job : "-",
            cli_visible(run->architecture ? run->architecture : "-", architecture, sizeof architecture),
            run->epochs, cli_run_number(brn_run_metric(run, "accuracy"), accuracy, sizeof accuracy),
            cli_run_number(cli_run_valid_loss(run), loss, sizeof loss),
            isnan(run->seconds) ? 0 : run->seconds, status);
}

static void list(const brn_runs *runs)
{
    int width = 3;
    for (int64_t i = 0; i < brn_runs_count(runs); i++) {
        int length = (int)strlen(brn_runs_at(runs, i)->name);
        if (length > width) width = length < 40 ? length : 40;
    }
    cli_say("%-*s  %-6s  %-20s  %6s  %9s  %10s  %9s  %s\n", width, "run", "job", "architecture", "epochs",
            "accuracy", "valid_loss", "seconds", "status");
    for (int64_t i = 0; i < brn_runs_count(runs) && !cli_output_broken(); i++) {
        const brn_run_record *run = brn_runs_at(runs, i);
        char path[4096];
        if (cli_is_json()) {
            cli_json json = cli_json_event("run");
            cli_run_json(&json, run);
            cli_json_end(&json);
        } else if (cli_is_quiet()) {
            cli_print("%s\n", cli_visible(run->path, path, sizeof path));
        } else {
            print_run(run, width);
        }
    }
}

static int run(const cli_call *call)
{
    brn_runs *runs;
    brn_status status = brn_runs_list(call->input_count > 0 ? call->inputs[0] : "runs", &runs);
    if (status != BRN_OK) return cli_fail_status(status);
    if (brn_runs_warning(runs)) cli_warn("%s; the run folders are read", brn_runs_warning(runs));
    list(runs);
    if (cli_is_json()) {
        cli_json json = cli_json_event("done");
        cli_json_whole(&json, "count", brn_runs_count(runs));
        cli_json_end(&json);
    }
    brn_runs_free(runs);
    return CLI_DONE;
}

const cli_command cli_command_runs_list = {
    .noun = "runs",
    .verb = "list",
    .arguments = "[FOLDER]",
    .summary = "Lists what was trained, and what came out",
    .details = "FOLDER holds run folders; without one it is runs. Trainings write themselves into the\n"
               "log runs.sqlite there; run folders that are not in it are read from their files.",
    .inputs_max = 1,
    .options = {CLI_QUIET, CLI_JSON, CLI_HELP},
    .run = run,
};
